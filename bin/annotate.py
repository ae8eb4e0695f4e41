#!/usr/bin/env python3
"""Name the units of all replicates by known motifs, and count the replicates that support each."""

from __future__ import annotations

import argparse

from nfexplainn.errors import run_script
from nfexplainn.interpret.options import AnnotateOptions, read_options
from nfexplainn.interpret.support import annotate_files


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", required=True, help="prefix of the files written: D.<model>")
    parser.add_argument(
        "--units", required=True, nargs="+", help="units.tsv and units.meme of all replicates"
    )
    parser.add_argument("--motif-set", required=True, help="known motifs")
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, compare, write."""
    args = parse()
    options = read_options(args.options, AnnotateOptions)
    annotate_files(args.units, args.motif_set, options, args.out, args.id)


if __name__ == "__main__":
    run_script(main)
