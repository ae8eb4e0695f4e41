#!/usr/bin/env python3
"""Predict a data set with a trained model, and score the predictions."""

from __future__ import annotations

import argparse
from pathlib import Path

from nfexplainn.errors import UserError, run_script


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="R.model.safetensors")
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--id", required=True, help="prefix of the files written")
    parser.add_argument("--device", default="auto", help="auto, cpu or gpu")
    parser.add_argument("--kernel", default="auto", help="auto, native or torch")
    parser.add_argument(
        "--trust-programs", action="store_true", help="load models that may contain code"
    )
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, predict, measure, write."""
    args = parse()
    from nfexplainn.cpu import prepare_cpu
    from nfexplainn.data.dataset import read_dataset
    from nfexplainn.models.checkpoint import load_model
    from nfexplainn.training.evaluate import evaluate

    prepare_cpu(args.threads)
    dataset = read_dataset(args.dataset)
    loaded = load_model(
        args.model,
        kernel=args.kernel,
        device=args.device,
        threads=args.threads,
        trust_programs=args.trust_programs,
    )
    header = loaded.header
    if header.tasks != dataset.meta.tasks or header.config["length"] != dataset.meta.length:
        raise UserError(
            f"{args.model}: the model is for {header.config['length']} bp and the tasks"
            f" {', '.join(header.tasks)}, but {args.dataset} has {dataset.meta.length} bp and"
            f" {', '.join(dataset.meta.tasks)}; give the data set that it was trained on."
        )
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    parts = dataset.of_replicate(header.replicate)
    evaluate(loaded.model, header, parts, run=args.id, folder=folder)


if __name__ == "__main__":
    run_script(main)
