#!/usr/bin/env python3
"""Score variants with all replicates of a model, by motif, compared with random variants."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nfexplainn.analyses.variants.options import VariantOptions
from nfexplainn.errors import run_script
from nfexplainn.interpret.motif_rows import read_rows_file
from nfexplainn.interpret.options import read_options
from nfexplainn.interpret.replicates import load_by_replicate, replicate_of
from nfexplainn.io.reading import read_json


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="R.model.safetensors, of all")
    parser.add_argument("--units", nargs="+", required=True, help="R.units.tsv, of all")
    parser.add_argument("--rows", required=True, help="D.<model>.evidence.tsv, else its units.tsv")
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--alleles", required=True, help="D.variants.parquet")
    parser.add_argument("--read", required=True, help="D.variants_read.json")
    parser.add_argument("--variants", required=True, help="the user's file")
    parser.add_argument("--genome", required=True, help="indexed FASTA")
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--id", required=True, help="D.<model>, prefix of the files written")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Load, judge, write."""
    args = parse()
    options = read_options(args.options, VariantOptions)

    from nfexplainn.analyses.variants.random_variants import make_background
    from nfexplainn.analyses.variants.run import Given, judge_all, lengths_of, write_summary
    from nfexplainn.analyses.variants.score import VariantScorer, with_thresholds
    from nfexplainn.cpu import prepare_cpu
    from nfexplainn.data.dataset import read_dataset
    from nfexplainn.io.genome import open_genome
    from nfexplainn.results.windows import shape_of_meta

    prepare_cpu(args.threads)
    loaded = load_by_replicate(args.models, options.kernel, args.threads)
    replicates = with_thresholds(loaded, {replicate_of(path): path for path in args.units})
    centred = replicates[0].loaded.header.task_type == "multiclass"
    rows = read_rows_file(args.rows, centred=centred)
    read = read_json(args.read, args.read)
    genome = open_genome(args.genome, read["genome"])
    dataset = read_dataset(args.dataset)
    shape = shape_of_meta(dataset.meta)
    offsets = options.offsets(shape.inner)
    scorer = VariantScorer(replicates, rows, genome, offsets, shape.pad)
    lengths = lengths_of(args.alleles)
    background = make_background(scorer, dataset, genome, lengths, offsets, options.seed)
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    prefix = folder / args.id
    given = Given(args.alleles, args.variants, read["file"])
    strongest = judge_all(scorer, background, genome, given, prefix)
    write_summary(prefix, strongest, read, background, len(replicates))
    print(f"{args.id}: {read['judged']:,} alleles scored", file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
