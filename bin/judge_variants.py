#!/usr/bin/env python3
"""Judge variants by all replicates of a model, split by motif, beside random variants."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nfexplainn.analyses.variants.options import VariantOptions
from nfexplainn.errors import run_script
from nfexplainn.interpret.motif_rows import read_rows_file
from nfexplainn.interpret.options import read_options
from nfexplainn.interpret.replicates import replicate_of, run_of
from nfexplainn.interpret.unit_files import UNIT_COLUMNS, read_rows
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

    from nfexplainn.analyses.explain.run import thresholds
    from nfexplainn.analyses.variants.random_variants import make_background
    from nfexplainn.analyses.variants.run import Given, judge_all, lengths_of, write_summary
    from nfexplainn.analyses.variants.score import Replicate, VariantScorer, by_number
    from nfexplainn.cpu import prepare_cpu
    from nfexplainn.data.dataset import read_dataset
    from nfexplainn.io.genome import open_genome
    from nfexplainn.models.checkpoint import load_model
    from nfexplainn.results.windows import shape_of_meta

    prepare_cpu(args.threads)
    units = {replicate_of(path): read_rows(path, UNIT_COLUMNS) for path in args.units}
    found = {}
    for path in args.models:
        number = int(run_of(Path(path).name.removesuffix(".model.safetensors"))["replicate"])
        loaded = load_model(path, kernel=options.kernel, threads=args.threads)
        limits = thresholds(units[number], loaded.header.config["units"])
        found[number] = Replicate(number, loaded, limits)
    replicates = by_number(found)
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
    print(f"{args.id}: {read['judged']:,} alleles judged", file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
