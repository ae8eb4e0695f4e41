#!/usr/bin/env python3
"""Split predictions of given sequences over units and positions, and what each mutation does."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nfexplainn.analyses.explain.run import (
    ExplainOptions,
    explain,
    mutate_all,
    thresholds,
    unit_labels,
)
from nfexplainn.analyses.explain.sequences import read_located
from nfexplainn.arguments import replicate_parser
from nfexplainn.errors import run_script
from nfexplainn.interpret.motif_rows import NAMED_COLUMNS, read_rows_file
from nfexplainn.interpret.options import read_options
from nfexplainn.interpret.replicates import replicate_of
from nfexplainn.interpret.unit_files import UNIT_COLUMNS, read_rows


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = replicate_parser(__doc__)
    parser.add_argument("--units", required=True, help="R.units.tsv")
    parser.add_argument("--named", required=True, help="D.<model>.units.tsv")
    parser.add_argument("--rows", required=True, help="D.<model>.evidence.tsv, else its units.tsv")
    parser.add_argument("--sequences", required=True, help="D.explain.parquet")
    return parser.parse_args()


def main() -> None:
    """Read, split, write."""
    args = parse()
    options = read_options(args.options, ExplainOptions)

    from nfexplainn.analyses.explain.split import Splitter
    from nfexplainn.cpu import prepare_cpu
    from nfexplainn.models.checkpoint import load_model

    prepare_cpu(args.threads)
    loaded = load_model(args.model, kernel=options.kernel, threads=args.threads)
    located = read_located(args.sequences)
    units = read_rows(args.units, UNIT_COLUMNS)
    named = read_rows(args.named, NAMED_COLUMNS)
    count = loaded.header.config["units"]
    splitter = Splitter(
        loaded.model,
        loaded.header.strand_symmetric,
        thresholds(units, count),
    )
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    prefix = folder / args.id
    mine, pictures = replicate_of(args.units), options.explain_pictures
    labels = unit_labels(row for row in named if row["replicate"] == str(mine))
    logits = explain(splitter, located, loaded.header.tasks, labels, prefix, pictures)
    rows = read_rows_file(args.rows, centred=loaded.header.task_type == "multiclass")
    mutate_all(loaded, rows, mine, located, logits, prefix, pictures)
    print(f"{args.id}: {len(located):,} sequences explained", file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
