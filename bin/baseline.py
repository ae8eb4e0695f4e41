#!/usr/bin/env python3
"""Measure what GC content alone, and 4-mers alone, can predict on a data set."""

from __future__ import annotations

import argparse
from pathlib import Path

from nfexplainn.data.dataset import read_dataset
from nfexplainn.errors import run_script
from nfexplainn.evaluation import metrics
from nfexplainn.evaluation.baselines import BASELINES, baseline_logits
from nfexplainn.io.tsv import write_tsv


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--id", required=True, help="prefix of the file written")
    parser.add_argument("--seed", type=int, default=42, help="seed of the sampling of large sets")
    parser.add_argument("--options", help="JSON file of the settings (none is used)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (one is used)")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, fit, measure, write."""
    args = parse()
    dataset = read_dataset(args.dataset)
    table = []
    for name in BASELINES:
        for fold, parts in enumerate(dataset.of_folds(), 1):
            logits = baseline_logits(parts, name, args.seed)
            number = None if dataset.fold is None else fold  # as the replicate with these parts
            rows = metrics.rows(parts, logits, model=name, replicate=number)
            table += [[row[column] for column in metrics.COLUMNS] for row in rows]
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    write_tsv(folder / f"{args.id}.baseline.tsv", metrics.COLUMNS, table)


if __name__ == "__main__":
    run_script(main)
