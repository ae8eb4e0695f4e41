#!/usr/bin/env python3
"""Predict the sequences of a user with all models of a data set."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nfexplainn.errors import UserError, run_script
from nfexplainn.interpret.options import read_options


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", required=True, help="the data set, prefix of the files written")
    parser.add_argument("--sequences", required=True, help="D.predict.parquet")
    text = "models with their calibrations and predictions, and the data set: files of results"
    parser.add_argument("--files", required=True, nargs="+", type=Path, help=text)
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, predict, write."""
    args = parse()

    from nfexplainn.analyses.explain.sequences import read_located
    from nfexplainn.analyses.predict.run import PredictOptions, predict
    from nfexplainn.cpu import prepare_cpu
    from nfexplainn.results.files import group_files

    options = read_options(args.options, PredictOptions)
    prepare_cpu(args.threads)
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    found = group_files(args.files, Path())
    if args.id not in found:
        raise UserError(f"--files: no model of {args.id} is among them; give *.model.safetensors.")
    located = read_located(args.sequences)
    predict(found[args.id], located, options, folder / args.id, args.threads)
    print(f"{args.id}: {len(located):,} sequences predicted", file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
