#!/usr/bin/env python3
"""Measure how predictions change without each filter of a network, or unit of ExplaiNN."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

from nfexplainn.arguments import read_replicate_arguments
from nfexplainn.data.dataset import read_dataset
from nfexplainn.errors import UserError, run_script
from nfexplainn.interpret.options import NullifyOptions, read_options
from nfexplainn.interpret.progress import Progress
from nfexplainn.interpret.replicates import own_parts
from nfexplainn.interpret.unit_files import read_logits, write_tsv


def main() -> None:
    """Read, nullify, write."""
    args = read_replicate_arguments(__doc__)
    options = read_options(args.options, NullifyOptions)
    if options.nullify_with not in ("mean", "zero"):
        raise UserError(f"nullify_with is {options.nullify_with!r}; give mean or zero.")
    dataset = own_parts(read_dataset(args.dataset), args.id)
    logits = read_logits(args.predictions, dataset)

    from nfexplainn.analyses.nullification import nullify
    from nfexplainn.cpu import prepare_cpu
    from nfexplainn.interpret.status import filter_name, unit_name
    from nfexplainn.models.checkpoint import check_tasks, load_model, read_checkpoint

    prepare_cpu(args.threads)
    header, _ = read_checkpoint(args.model)
    check_tasks(args.model, header.tasks, args.dataset, dataset.meta.tasks)
    rows, basis = nullify.choose_rows(dataset, logits, options.nullify_sequences, options.seed)
    both, report = header.strand_symmetric, Progress("batches nullified")
    if header.architecture == "explainn":
        model = load_model(args.model, kernel=options.kernel, threads=args.threads).model
        found = nullify.nullify_units(model, dataset, rows, both_strands=both, report=report)
        name = unit_name
    else:
        import torch

        from nfexplainn.analyses.nullification.filters import With, nullify_filters
        from nfexplainn.models.device import prepare_device
        from nfexplainn.models.first_layer import first_layer
        from nfexplainn.models.modules import load_module

        prepare_device(torch.device("cpu"), args.threads)
        layer = first_layer(load_module(args.model).model)
        if layer is None:
            raise UserError(
                f"{args.model}: a {header.architecture} has no filters to nullify;"
                " leave it out of nullification."
            )
        with_ = cast("With", options.nullify_with)
        found = nullify_filters(layer, dataset, rows, with_=with_, both_strands=both, report=report)
        name = filter_name
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    table = nullify.influence_table(found, dataset.meta.tasks, name, basis)
    write_tsv(table, folder / f"{args.id}.nullification.tsv")
    print(f"{args.id}: {len(rows):,} sequences ({basis})", file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
