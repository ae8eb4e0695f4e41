#!/usr/bin/env python3
"""Predict a new data set with all models of an earlier run, and score them on it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nfexplainn.errors import UserError, run_script
from nfexplainn.interpret.options import read_options


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", required=True, help="the data set of the models")
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet of the new data set")
    text = "R.model.safetensors and R.calibration.json of all, and D.dataset.parquet of the models"
    parser.add_argument("--files", required=True, nargs="+", type=Path, help=text)
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--prefix", required=True, type=Path, help="prefix of the files written")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    return parser.parse_args()


def main() -> None:
    """Read, predict, score, write."""
    args = parse()

    from nfexplainn.analyses.new_data.run import score_all
    from nfexplainn.analyses.predict.run import PredictOptions
    from nfexplainn.cpu import prepare_cpu
    from nfexplainn.results.files import group_files

    options = read_options(args.options, PredictOptions)
    prepare_cpu(args.threads)
    found = group_files(args.files, Path())
    if args.id not in found:
        raise UserError(f"--files: no model of {args.id} is among them; give *.model.safetensors.")
    told = score_all(found[args.id], args.dataset, options, args.prefix, args.threads)
    said = told["refused"] or f"{told['sequences']:,} sequences predicted"
    print(f"{told['dataset']} by the models of {args.id}: {said}", file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
