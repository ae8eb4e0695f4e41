#!/usr/bin/env python3
"""Find the sites of a model's motifs, and what they contribute, by all of its replicates."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nfexplainn.analyses.hits.options import HitsOptions
from nfexplainn.errors import run_script
from nfexplainn.interpret.options import read_options
from nfexplainn.interpret.replicates import load_by_replicate
from nfexplainn.io.reading import read_json


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="R.model.safetensors, of all")
    parser.add_argument("--rows", required=True, help="D.<model>.evidence.tsv, else its units.tsv")
    text = "D.<model>.evidence.meme, else R.units.meme of all"
    parser.add_argument("--motifs", nargs="+", required=True, help=text)
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--regions", required=True, help="D.hits_regions.parquet")
    parser.add_argument("--read", required=True, help="D.hits_read.json")
    parser.add_argument("--genome", required=True, help="indexed FASTA, or D.hits.fa")
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--id", required=True, help="D.<model>, prefix of the files written")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Load, find, write."""
    args = parse()
    options = read_options(args.options, HitsOptions)

    from nfexplainn.analyses.hits.run import write_hits
    from nfexplainn.analyses.hits.tables import THRESHOLD_COLUMNS
    from nfexplainn.cpu import prepare_cpu
    from nfexplainn.data.dataset import read_dataset
    from nfexplainn.io.genome import open_genome
    from nfexplainn.results.hits.finder import make_finder, read_row_table
    from nfexplainn.results.hits.regions import load_regions

    prepare_cpu(args.threads)
    replicates = load_by_replicate(args.models, options.kernel, args.threads)
    centred = next(iter(replicates.values())).header.task_type == "multiclass"
    table = read_row_table(args.rows, args.motifs, centred=centred)
    dataset = read_dataset(args.dataset)
    finder = make_finder(replicates, table, dataset, options.hits_fdr, options.seed)
    read = read_json(args.read, args.read)
    genome = open_genome(args.genome, read["genome"] or read["file"])
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    lines = write_hits(
        finder, load_regions(args.regions), genome, read, folder / args.id, options.hits_fdr
    )
    hits = sum(int(str(line[THRESHOLD_COLUMNS.index("hits")])) for line in lines)
    print(f"{args.id}: {hits:,} sites of {len(finder.found)} motifs", file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
