#!/usr/bin/env python3
"""List the binding modes that each replicate of a model has found."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nfexplainn.analyses.binding_modes.found import found_modes
from nfexplainn.analyses.binding_modes.known import COLUMNS
from nfexplainn.errors import run_script
from nfexplainn.interpret.columns import TOMTOM_COLUMNS
from nfexplainn.interpret.unit_files import read_tsv, write_tsv


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tomtom", required=True, help="D.<model>.tomtom.tsv")
    parser.add_argument("--modes", required=True, help="known_modes.tsv")
    parser.add_argument("--id", required=True, help="prefix of the files written: D.<model>")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, join, write."""
    args = parse()
    known = read_tsv(args.modes, COLUMNS)
    found = found_modes(read_tsv(args.tomtom, TOMTOM_COLUMNS), known)
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    write_tsv(found, folder / f"{args.id}.modes.tsv")
    print(
        f"{args.id}: {found['mode'].nunique()} of {known['mode'].nunique()} modes found",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_script(main)
