#!/usr/bin/env python3
"""Name the units of all replicates by known motifs, and count the replicates that support each."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nfexplainn.errors import run_script
from nfexplainn.interpret.options import AnnotateOptions, read_options
from nfexplainn.interpret.support import annotate, read_replicates, support
from nfexplainn.interpret.unit_files import write_tsv
from nfexplainn.motifs.formats import read_motifs


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
    replicates = read_replicates(args.units)
    known = read_motifs(args.motif_set, name=Path(args.motif_set).name)
    matches = annotate(replicates, known, options)
    supported = support(replicates, options)
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    write_tsv(matches, folder / f"{args.id}.tomtom.tsv")
    write_tsv(supported, folder / f"{args.id}.support.tsv")
    named = len(matches.drop_duplicates(["replicate", "unit"]))
    print(
        f"{args.id}: {named} of {len(supported)} motifs match one of {len(known.motifs)} known"
        f" motifs at q <= {options.q_threshold:g}",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_script(main)
