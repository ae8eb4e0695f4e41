#!/usr/bin/env python3
"""Train on parts of a data set, and extrapolate the score to twice the data."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nfexplainn.errors import run_script
from nfexplainn.io.reading import read_json


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--options", required=True, help="JSON file of the training's settings")
    parser.add_argument("--id", required=True, help="prefix of the files written")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, train, fit, write."""
    args = parse()
    given = read_json(args.options, args.options)
    values = {key: value for key, value in given.items() if value is not None}

    from nfexplainn.analyses.learning_curve.fit import write_curve
    from nfexplainn.analyses.learning_curve.measure import measure
    from nfexplainn.analyses.learning_curve.subsets import draws
    from nfexplainn.cpu import prepare_cpu
    from nfexplainn.data.dataset import read_dataset

    prepare_cpu(args.threads)
    points = []
    for share, number, own in draws(read_dataset(args.dataset)):
        points.append(measure(share, number, own, values, args.threads))
        print(f"{args.id}: {points[-1]}", file=sys.stderr)
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    write_curve(points, folder / args.id)


if __name__ == "__main__":
    run_script(main)
