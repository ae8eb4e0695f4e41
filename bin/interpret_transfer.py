#!/usr/bin/env python3
"""Interpret a model of trained models: the effect of each of their outputs in each task."""

from __future__ import annotations

import argparse
from pathlib import Path

from nfexplainn.errors import UserError, run_script


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="R.model.safetensors")
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--predictions", required=True, help="R.predictions.parquet")
    parser.add_argument("--id", required=True, help="prefix of the file written")
    parser.add_argument("--kernel", default="auto", help="auto, native or torch")
    parser.add_argument(
        "--trust-programs", action="store_true", help="load models that may contain code"
    )
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--out", type=Path, default=Path(), help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, interpret, write."""
    args = parse()
    import torch

    from nfexplainn.analyses.transfer.units import plugged_units
    from nfexplainn.data.dataset import read_dataset
    from nfexplainn.interpret.replicates import own_parts
    from nfexplainn.interpret.unit_files import read_logits, write_tsv
    from nfexplainn.models.device import prepare_device
    from nfexplainn.models.modules import load_module
    from nfexplainn.models.torch_model import TorchModel
    from nfexplainn.models.transfer import TransferModel, use_kernel

    prepare_device(torch.device("cpu"), args.threads)
    dataset = own_parts(read_dataset(args.dataset), args.id)
    loaded = load_module(args.model, trust_programs=args.trust_programs)
    if not isinstance(loaded.model, TransferModel) or loaded.header.tasks != dataset.meta.tasks:
        raise UserError(
            f"{args.model}: this is not a model of trained models for {args.dataset}; give one of"
            " the models single_layer and nam that was trained on it."
        )
    use_kernel(loaded.model, args.kernel, "cpu")
    logits = read_logits(args.predictions, dataset)
    both = loaded.header.strand_symmetric
    table = plugged_units(TorchModel(loaded.model), dataset, logits, both_strands=both)
    args.out.mkdir(parents=True, exist_ok=True)
    write_tsv(table, args.out / f"{args.id}.transfer.tsv")


if __name__ == "__main__":
    run_script(main)
