#!/usr/bin/env python3
"""Nullify every filter of a network, or every unit of ExplaiNN, and measure what that changes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

from nfexplainn.arguments import read_replicate_arguments
from nfexplainn.data.dataset import read_dataset
from nfexplainn.errors import UserError, run_script
from nfexplainn.interpret.options import NullifyOptions, read_options
from nfexplainn.interpret.progress import Progress
from nfexplainn.interpret.unit_files import read_logits, write_tsv


def main() -> None:
    """Read, nullify, write."""
    args = read_replicate_arguments(__doc__)
    options = read_options(args.options, NullifyOptions)
    if options.nullify_with not in ("mean", "zero"):
        raise UserError(f"nullify_with is {options.nullify_with!r}; give mean or zero.")
    dataset = read_dataset(args.dataset)
    logits = read_logits(args.predictions, dataset)

    import torch

    from nfexplainn.analyses.nullification import nullify
    from nfexplainn.interpret.status import filter_name, unit_name
    from nfexplainn.models.checkpoint import check_tasks, load_model
    from nfexplainn.models.device import prepare_device
    from nfexplainn.models.explainn import ExplaiNN
    from nfexplainn.models.first_layer import first_layer
    from nfexplainn.models.kernels import choose_kernel

    cpu = torch.device("cpu")
    prepare_device(cpu, args.threads)
    loaded = load_model(args.model)
    model, both = loaded.model, loaded.header.strand_symmetric
    check_tasks(args.model, loaded.header.tasks, args.dataset, dataset.meta.tasks)
    rows, basis = nullify.choose_rows(dataset, logits, options.nullify_sequences, options.seed)
    report = Progress("batches nullified")
    layer = first_layer(model)
    if isinstance(model, ExplaiNN):
        choose_kernel(model, options.kernel, cpu)
        found = nullify.nullify_units(model, dataset, rows, both_strands=both, report=report)
        name = unit_name
    elif layer is not None:
        with_ = cast(nullify.With, options.nullify_with)
        found = nullify.nullify_filters(
            model, layer, dataset, rows, with_=with_, both_strands=both, report=report
        )
        name = filter_name
    else:
        raise UserError(
            f"{args.model}: a {loaded.header.architecture} has no filters to nullify;"
            " leave it out of nullification."
        )
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    table = nullify.influence_table(found, dataset.meta.tasks, name, basis)
    write_tsv(table, folder / f"{args.id}.nullification.tsv")
    print(f"{args.id}: {len(rows):,} sequences ({basis})", file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
