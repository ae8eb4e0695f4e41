#!/usr/bin/env python3
"""Score the motifs of a model of HT-SELEX: reads of the last cycle against those of the first."""

from __future__ import annotations

import argparse
from pathlib import Path

from nfexplainn.analyses.cycles.scores import score_cycles
from nfexplainn.data.dataset import read_dataset
from nfexplainn.errors import run_script
from nfexplainn.interpret.replicates import own_parts
from nfexplainn.interpret.unit_files import write_tsv
from nfexplainn.motifs.formats import read_meme


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", required=True, help="R.units.meme")
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--id", required=True, help="prefix of the file written")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, score, write."""
    args = parse()
    motifs = read_meme(args.units, allow_empty=True).motifs
    dataset = own_parts(read_dataset(args.dataset), args.id)
    table = score_cycles(motifs, dataset)
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    write_tsv(table, folder / f"{args.id}.cycles.tsv")


if __name__ == "__main__":
    run_script(main)
