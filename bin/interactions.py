#!/usr/bin/env python3
"""Test on unseen sequences which pairs of motifs have more, or less, effect than their sum."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nfexplainn.errors import run_script
from nfexplainn.io.tsv import iterate_tsv, write_tsv


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", required=True, help="prefix of the files written: D.<model>")
    parser.add_argument(
        "--outputs", required=True, nargs="+", help="R.outputs.npz of all replicates"
    )
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--evidence", required=True, help="D.<model>.evidence.tsv")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, test, write."""
    args = parse()

    from nfexplainn.analyses.interactions.columns import COLUMNS, SPACING_COLUMNS
    from nfexplainn.analyses.interactions.model import write_models
    from nfexplainn.analyses.interactions.run import interactions_of
    from nfexplainn.data.dataset import read_dataset
    from nfexplainn.interpret.outputs import read_outputs
    from nfexplainn.interpret.progress import Progress
    from nfexplainn.interpret.replicates import replicate_of

    dataset = read_dataset(args.dataset)
    files = {replicate_of(path): path for path in args.outputs}
    stored = {
        number: read_outputs(files[number], dataset.of_replicate(number))
        for number in sorted(files)
    }
    _, _, name = args.id.rpartition(".")
    evidence = list(iterate_tsv(args.evidence))
    found = interactions_of(dataset, name, stored, evidence, Progress("tests of a round"))
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    write_tsv(folder / f"{args.id}.interactions.tsv", COLUMNS, found.rows)
    write_tsv(folder / f"{args.id}.interactions_spacing.tsv", SPACING_COLUMNS, found.spacing)
    for number, models in found.models.items():
        write_models(models, folder / f"{args.id}.r{number}.interactions.json")
    good = sum(row[-1] == "true" for row in found.rows)
    said = f"{len(found.rows)} pairs of {found.tasks} tasks tested, {good} supported"
    print(f"{args.id}: {said}", file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
