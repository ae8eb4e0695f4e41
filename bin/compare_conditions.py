#!/usr/bin/env python3
"""Compare the conditions of an experiment, motif by motif, with samples as the unit."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nfexplainn.analyses.conditions.options import read_condition_options
from nfexplainn.errors import run_script
from nfexplainn.interpret.columns import CONDITION_COLUMNS, CONDITION_SLOPE_COLUMNS
from nfexplainn.interpret.replicates import replicate_of
from nfexplainn.io.tsv import iterate_tsv, write_tsv


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", required=True, help="D.<model>, prefix of the files written")
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--outputs", required=True, nargs="+", help="R.outputs.npz, of all")
    parser.add_argument("--evidence", required=True, help="D.<model>.evidence.tsv")
    parser.add_argument("--known", required=True, help="known motifs, MEME or JASPAR format")
    parser.add_argument("--options", required=True, help="JSON file of the samples and settings")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, compare, write."""
    args = parse()
    options = read_condition_options(args.options)

    from nfexplainn.analyses.conditions.run import (
        compare_conditions,
        table_rows,
        told_clusters,
        told_rows,
    )
    from nfexplainn.analyses.conditions.sites import cluster_sites, known_clusters, row_sites
    from nfexplainn.data.dataset import read_dataset
    from nfexplainn.interpret.motif_rows import read_motif_rows
    from nfexplainn.interpret.outputs import read_outputs
    from nfexplainn.motifs.formats import read_motifs

    dataset = read_dataset(args.dataset)
    stored = {
        number: read_outputs(path, dataset.of_replicate(number))
        for number, path in ((replicate_of(path), path) for path in args.outputs)
    }
    evidence = list(iterate_tsv(args.evidence))
    rows = read_motif_rows(evidence)
    clusters = known_clusters(read_motifs(args.known, name=Path(args.known).name))
    found = compare_conditions(
        dataset,
        options,
        told_rows(evidence, rows.ids, row_sites(dataset, rows, stored)),
        told_clusters(clusters, cluster_sites(dataset, clusters)),
    )
    model = args.id.removeprefix(f"{dataset.meta.id}.")
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    tests = table_rows(found.tests, CONDITION_COLUMNS, model)
    slopes = table_rows(found.slopes, CONDITION_SLOPE_COLUMNS, model)
    write_tsv(folder / f"{args.id}.conditions.tsv", CONDITION_COLUMNS, tests)
    write_tsv(folder / f"{args.id}.condition_slopes.tsv", CONDITION_SLOPE_COLUMNS, slopes)
    q = [float(str(line["q"])) for line in found.tests if "q" in line]
    print(
        f"{args.id}: {sum(one <= 0.05 for one in q)} differences at q <= .05 of {len(q)} tests of"
        f" {len(options.samples)} samples",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_script(main)
