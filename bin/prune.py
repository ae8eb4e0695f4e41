#!/usr/bin/env python3
"""Write a model file with only the units of the minimal model."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nfexplainn.errors import UserError, run_script
from nfexplainn.io.tsv import iterate_tsv, write_tsv


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="R.model.safetensors")
    parser.add_argument("--outputs", required=True, help="R.outputs.npz")
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--minimal", required=True, help="D.<model>.minimal.tsv")
    parser.add_argument("--evidence", required=True, help="D.<model>.evidence.tsv")
    parser.add_argument("--id", required=True, help="prefix of the files written: R")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, prune, score, write."""
    args = parse()

    import numpy as np

    from nfexplainn.analyses.pruning import prune
    from nfexplainn.data.dataset import read_dataset
    from nfexplainn.evaluation import metrics
    from nfexplainn.evidence.tables import evidence_replicate, loss_kind
    from nfexplainn.interpret.outputs import read_outputs
    from nfexplainn.interpret.status import unit_name
    from nfexplainn.models.checkpoint import (
        check_tasks,
        configured_of,
        read_checkpoint,
        save_model,
    )

    header, weights = read_checkpoint(args.model)
    dataset = read_dataset(args.dataset).of_replicate(header.replicate)
    check_tasks(args.model, header.tasks, args.dataset, dataset.meta.tasks)
    if header.architecture != "explainn":
        raise UserError(f"{args.model}: a {header.architecture} has no units; give an explainn.")
    config = configured_of(args.model, header)
    stored = read_outputs(args.outputs, dataset)
    if stored.weight.shape != (config.tasks, config.units):
        raise UserError(f"{args.outputs}: these are not the units of {args.model}; interpret it.")
    replicate = evidence_replicate(header.replicate, stored, dataset)
    kind = loss_kind(stored.loss, dataset)
    minimal, evidence = (list(iterate_tsv(path)) for path in (args.minimal, args.evidence))
    chosen = prune.chosen_units(minimal, evidence, header.replicate)
    every = np.arange(config.units, dtype=np.int64)
    bias = prune.refitted_bias(replicate, kind, chosen.units)
    task_type, unseen = dataset.meta.task_type, replicate.unseen
    score, whole = (
        prune.scored(replicate, unseen, units, own, task_type)
        for units, own in ((chosen.units, bias), (every, replicate.bias))
    )
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    members = ",".join(unit_name(int(unit)) for unit in chosen.units)
    metric = metrics.headline(dataset.labels[:0], dataset.labels[:0], task_type)[0]
    facts = (config.units, len(chosen.units), ",".join(chosen.rows), members)
    row = (*facts, metric, score if members else None, whole)
    write_tsv(folder / f"{args.id}.pruned.tsv", prune.PRUNED_COLUMNS, [row])
    if not members:
        print(f"{args.id}: no unit belongs to a chosen group; no pruned model", file=sys.stderr)
        return
    smaller, kept = prune.prune_weights(config, weights, chosen.units, bias)
    path = folder / f"{args.id}.pruned.safetensors"
    save_model(path, kept, prune.pruned_header(header, smaller, chosen))
    said = f"{len(chosen.units)} of {config.units} units, {metric} {score:.3f} (whole {whole:.3f})"
    print(f"{args.id}: {said}", file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
