#!/usr/bin/env python3
"""Map the well-predicted sequences by the outputs of a model's units."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from nfexplainn import dna
from nfexplainn.analyses.unit_maps import layout as maps
from nfexplainn.arguments import read_replicate_arguments
from nfexplainn.data.dataset import read_dataset
from nfexplainn.errors import run_script
from nfexplainn.interpret.options import read_options
from nfexplainn.interpret.replicates import own_parts
from nfexplainn.interpret.status import unit_name
from nfexplainn.interpret.unit_files import read_logits
from nfexplainn.io.tsv import write_tsv

COLUMNS = ("name", "split", "x", "y", "group", "unit")


def main() -> None:
    """Choose sequences, compute the units, project, write."""
    args = read_replicate_arguments(__doc__)
    options = read_options(args.options, maps.MapOptions)
    dataset = own_parts(read_dataset(args.dataset), args.id)
    logits = read_logits(args.predictions, dataset)
    rows = maps.choose_rows(dataset, logits, options.seed)
    target = Path(args.out, f"{args.id}.umap.tsv")
    if len(rows) < maps.LEAST_SEQUENCES:
        print(f"{args.id}: {len(rows)} well-predicted sequences are too few", file=sys.stderr)
        write_tsv(target, COLUMNS, [])
        return

    from nfexplainn.cpu import prepare_cpu
    from nfexplainn.models.checkpoint import load_model

    prepare_cpu(args.threads)
    loaded = load_model(args.model, kernel=options.kernel, threads=args.threads)
    codes = dataset.codes[rows]
    outputs = loaded.model.unit_outputs(codes)
    if loaded.header.strand_symmetric:
        other = loaded.model.unit_outputs(dna.reverse_complement(codes))
        outputs = (outputs + other) / np.float32(2)
    groups = maps.groups_of(dataset, logits, rows)
    places = maps.project(outputs, options.seed)
    # The unit that adds most, in the task of the colour (in a task of its own where there is none)
    weights = loaded.model.final_weight
    tasks = {task: number for number, task in enumerate(dataset.meta.tasks)}
    own = logits[rows].argmax(axis=1).tolist()
    column = [tasks.get(group, at) for group, at in zip(groups, own, strict=True)]
    leading = (outputs * weights[column]).argmax(axis=1)
    table = [
        (dataset.names[row], str(dataset.split[row]), x, y, group, unit_name(int(unit)))
        for row, (x, y), group, unit in zip(rows, places, groups, leading, strict=True)
    ]
    write_tsv(target, COLUMNS, table)
    print(f"{args.id}: {len(rows):,} sequences mapped", file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
