#!/usr/bin/env python3
"""Train one model on a data set, with one seed, and optionally evaluate it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from nfexplainn.arguments import add_names, read_names
from nfexplainn.errors import DivergedError, run_script
from nfexplainn.io.reading import read_json


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--options", help="JSON file of the settings (by default the pipeline's)")
    parser.add_argument("--id", required=True, help="prefix of the files written")
    parser.add_argument("--model", help="architecture (default: the options' model, or explainn)")
    parser.add_argument("--initial", help="MEME file of the profiles that the filters start from")
    parser.add_argument(
        "--pretrained", nargs="*", default=[], help="models whose outputs become units"
    )
    add_names(parser)
    parser.add_argument(
        "--replicate", type=int, help="replicate number (default: the options', or 1)"
    )
    parser.add_argument("--seed", type=int, help="seed (default: the options')")
    parser.add_argument("--device", help="auto, cpu or gpu (default: the options', or auto)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--evaluate", action="store_true", help="also predict and evaluate")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def read_options(path: str | None) -> dict[str, Any]:
    """Read the settings; those that are null are as if they were not there."""
    if path is None:
        return {}
    return {key: value for key, value in read_json(path, path).items() if value is not None}


def main() -> None:
    """Read, train, write."""
    args = parse()
    values = read_options(args.options)

    from nfexplainn.cpu import prepare_cpu
    from nfexplainn.data.dataset import read_dataset
    from nfexplainn.models import registry
    from nfexplainn.motifs.formats import read_meme
    from nfexplainn.training.evaluate import evaluate
    from nfexplainn.training.loop import options_from
    from nfexplainn.training.run import Plan, train_model, write_diverged, write_trained

    prepare_cpu(args.threads)
    replicate = args.replicate or values.get("replicate", 1)
    dataset = read_dataset(args.dataset).of_replicate(replicate)
    meta = dataset.meta
    given: dict[str, Any] = {} if args.seed is None else {"seed": args.seed}
    if args.pretrained and "recipe" not in values:
        given["recipe"] = "paper"  # robust, the default, is refused there
    options = options_from(values, **given)
    name = args.model or values.get("model", "explainn")
    config = registry.config_from(name, values, meta.length, len(meta.tasks))
    profiles = read_meme(args.initial).motifs if args.initial else ()
    if profiles:
        config["units"] = 2 * len(profiles)  # one per strand
    device = args.device or values.get("device", "auto")
    kernel = values.get("kernel", "auto")
    plan = Plan(name, config, tuple(profiles), kernel, device, args.threads)
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    about: dict[str, Any] = {"run": args.id, "replicate": replicate, "folder": folder}
    try:
        if args.pretrained:
            from nfexplainn.training.torch_run import train_on_pretrained

            names = read_names(args.names, args.pretrained)
            trained = train_on_pretrained(plan, dataset, options, args.pretrained, names, values)
        else:
            trained = train_model(plan, dataset, options)
    except DivergedError as error:
        print(f"{args.id}: {error}", file=sys.stderr)
        write_diverged(error, plan, dataset, options, **about)
        return
    header = write_trained(trained, plan, dataset, **about)
    if args.evaluate:
        evaluate(trained.model, header, dataset, run=args.id, folder=folder)


if __name__ == "__main__":
    run_script(main)
