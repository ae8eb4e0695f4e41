#!/usr/bin/env python3
"""Train one model on a data set, with one seed, and measure it where that is asked for."""

from __future__ import annotations

import argparse
import dataclasses
import json
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
    parser.add_argument("--options", help="JSON file of the settings (the paper's by default)")
    parser.add_argument("--id", required=True, help="prefix of the files written")
    parser.add_argument("--model", help="architecture (default: the options' model, or explainn)")
    parser.add_argument("--initial", help="MEME file of the profiles that the filters start from")
    parser.add_argument("--pretrained", nargs="*", default=[], help="models to make units of")
    add_names(parser)
    parser.add_argument("--replicate", type=int, help="number (default: the options', or 1)")
    parser.add_argument("--seed", type=int, help="seed (default: the options')")
    parser.add_argument("--device", help="auto, cpu or gpu (default: the options', or auto)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--evaluate", action="store_true", help="predict and measure, too")
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

    import torch

    import nfexplainn
    from nfexplainn.data.dataset import read_dataset
    from nfexplainn.io.text import write_text
    from nfexplainn.io.tsv import write_tsv
    from nfexplainn.models import registry
    from nfexplainn.models.checkpoint import ModelHeader, save_model
    from nfexplainn.models.explainn import ExplaiNN
    from nfexplainn.models.kernels import choose_kernel, instruction_set
    from nfexplainn.models.pretrained import Source, fill_sources, fitting, read_sources
    from nfexplainn.models.profiles import HeldFilters, start_from_profiles
    from nfexplainn.models.transfer import TransferModel
    from nfexplainn.motifs.formats import read_meme
    from nfexplainn.training.device import describe_device, prepare_device, resolve_device
    from nfexplainn.training.evaluate import evaluate
    from nfexplainn.training.loop import CLOCK_FIELDS, Epoch, options_from, seeded, train
    from nfexplainn.training.recipes import start_from_words
    from nfexplainn.training.transfer import train_transfer

    device = resolve_device(args.device or values.get("device", "auto"))
    prepare_device(device, args.threads)
    dataset = read_dataset(args.dataset)
    meta = dataset.meta
    given = {} if args.seed is None else {"seed": args.seed}
    options = options_from(values, **given)
    name = args.model or values.get("model", "explainn")
    config = registry.config_from(name, values, meta.length, len(meta.tasks))
    profiles = read_meme(args.initial).motifs if args.initial else ()
    if profiles:
        config["units"] = 2 * len(profiles)  # one per strand
    sources: list[Source] = []
    if args.pretrained:
        sources = read_sources(
            args.pretrained,
            length=values.get("pretrained_length"),
            dataset_length=meta.length,
            names=read_names(args.names, args.pretrained),
            trust_programs=values.get("trust_programs", False),
        )
        config["sources"] = tuple(source.config for source in sources)
    model = seeded(options.seed, lambda: registry.build(name, config))
    kernel = choose_kernel(model, values.get("kernel", "auto"), device)
    labels: list[str] = []
    held = None
    if isinstance(model, TransferModel):
        fill_sources(model, sources)
        print(f"{model.config.units} units from {len(sources)} pretrained models", file=sys.stderr)
        for text in filter(None, (fitting(source.config, meta.length) for source in sources)):
            print(text, file=sys.stderr)
    if profiles and isinstance(model, ExplaiNN):
        labels = [start.label for start in start_from_profiles(model, profiles)]
        held = None if options.initial_filters == "free" else HeldFilters(model)
        said = f"{len(labels)} filters start from profiles, {options.initial_filters}"
        print(said, file=sys.stderr)
    elif options.recipe == "robust" and isinstance(model, ExplaiNN):
        print(f"{start_from_words(model, dataset)} filters start from words", file=sys.stderr)
    print(f"{args.id}: {name} on {describe_device(device)}, {kernel} kernel", file=sys.stderr)
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    replicate = args.replicate or values.get("replicate", 1)
    try:
        if isinstance(model, TransferModel):
            result = train_transfer(model, dataset, options, device=device)
        else:
            result = train(model, dataset, options, device=device, held=held)
    except DivergedError as error:
        print(f"{args.id}: {error}", file=sys.stderr)
        state = {"dataset": meta.id, "model": name, "replicate": replicate, "seed": options.seed}
        told = {"reason": error.reason, "advice": error.advice}
        write_text(folder / f"{args.id}.diverged.json", json.dumps(state | told, indent=2) + "\n")
        return
    computed_by = instruction_set(kernel)
    header = ModelHeader(
        architecture=name,
        config=dataclasses.asdict(model.config),  # type: ignore[call-overload]
        tasks=meta.tasks,
        task_type=meta.task_type,
        strand_symmetric=result.both_strands,
        training={
            **dataclasses.asdict(options),
            "loss": result.loss,
            "metric": result.metric,
            "epochs": len(result.history),
            "best_epoch": result.best_epoch,
            "best_valid_loss": result.best_loss,
            "kernel": kernel,
            "instruction_set": computed_by,
            **({"initial_profiles": labels} if labels else {}),
            "device": device.type,
        },
        dataset=meta.id,
        dataset_digest=dataset.digest(),
        replicate=replicate,
        seed=options.seed,
        versions={"nf-explainn": nfexplainn.__version__, "torch": torch.__version__},
    )
    rows = [dataclasses.asdict(row) | {"best": int(row.best)} for row in result.history]
    # The clock's figures lie apart: all else is the same in every run with the same seed.
    clock = ["epoch", *CLOCK_FIELDS]
    steady = [field.name for field in dataclasses.fields(Epoch) if field.name not in CLOCK_FIELDS]
    for name, columns in (("timing", clock), ("history", steady)):
        table = [[row[column] for column in columns] for row in rows]
        write_tsv(folder / f"{args.id}.{name}.tsv", columns, table)
    size = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    facts = {"architecture": header.architecture, "parameters": size, "kernel": computed_by}
    write_tsv(folder / f"{args.id}.model.tsv", list(facts), [list(facts.values())])
    save_model(folder / f"{args.id}.model.safetensors", model, header)
    if args.evaluate:
        evaluate(model, header, dataset, run=args.id, folder=folder, device=device)


if __name__ == "__main__":
    run_script(main)
