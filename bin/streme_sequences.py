#!/usr/bin/env python3
"""Write the training positives and negatives of a data set, or of each fold, for STREME."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from nfexplainn.analyses.discovery.sequences import TASK_COLUMNS, write_task_sequences
from nfexplainn.data.dataset import read_dataset
from nfexplainn.errors import run_script
from nfexplainn.io.tsv import write_tsv


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--id", required=True, help="prefix of the files written")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, write."""
    args = parse()
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    tasks = write_task_sequences(read_dataset(args.dataset), folder, args.id)
    rows = [list(dataclasses.astuple(task)) for task in tasks]
    write_tsv(folder / f"{args.id}.streme_tasks.tsv", TASK_COLUMNS, rows)


if __name__ == "__main__":
    run_script(main)
