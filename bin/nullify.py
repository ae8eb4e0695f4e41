#!/usr/bin/env python3
"""Nullify every filter of a network, or every unit of ExplaiNN, and measure what that changes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import cast

from nfexplainn.dataset import read_dataset
from nfexplainn.errors import UserError, run_script
from nfexplainn.interpret.options import NullifyOptions, read_options
from nfexplainn.interpret.progress import Progress
from nfexplainn.interpret.unit_files import read_logits, write_tsv


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="R.model.safetensors")
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--predictions", required=True, help="R.predictions.parquet")
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--id", required=True, help="prefix of the files written")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, nullify, write."""
    args = parse()
    options = read_options(args.options, NullifyOptions)
    if options.nullify_with not in ("mean", "zero"):
        raise UserError(f"nullify_with is {options.nullify_with!r}; give mean or zero.")
    dataset = read_dataset(args.dataset)
    logits = read_logits(args.predictions, dataset)

    import torch

    from nfexplainn.device import prepare_device
    from nfexplainn.interpret import nullify
    from nfexplainn.interpret.status import filter_name, unit_name
    from nfexplainn.models.checkpoint import load_model
    from nfexplainn.models.explainn import ExplaiNN
    from nfexplainn.models.first_layer import first_layer
    from nfexplainn.models.kernels import choose_kernel

    cpu = torch.device("cpu")
    prepare_device(cpu, args.threads)
    loaded = load_model(args.model)
    model, both = loaded.model, loaded.header.strand_symmetric
    if loaded.header.tasks != dataset.meta.tasks:
        raise UserError(
            f"{args.model}: the model's tasks are {', '.join(loaded.header.tasks)}, but"
            f" {args.dataset} has {', '.join(dataset.meta.tasks)}; give the data set that it was"
            " trained on."
        )
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
