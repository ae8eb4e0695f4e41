#!/usr/bin/env python3
"""Group the first-layer filters of a network's replicates; test each group on unseen sequences."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from nfexplainn.data.dataset import read_dataset
from nfexplainn.errors import UserError, run_script
from nfexplainn.interpret.columns import EVIDENCE_COLUMNS, EVIDENCE_TASK_COLUMNS
from nfexplainn.interpret.filter_sites import read_sites
from nfexplainn.interpret.options import (
    AnnotateOptions,
    InterpretOptions,
    NullifyOptions,
    read_options,
)
from nfexplainn.interpret.progress import Progress
from nfexplainn.interpret.replicates import replicate_of
from nfexplainn.interpret.unit_files import read_tsv, write_tsv
from nfexplainn.motifs.formats import read_motifs, write_meme
from nfexplainn.motifs.motif import MotifSet


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", required=True, help="prefix of the files written: D.<model>")
    for name, text in (
        ("models", "R.model.safetensors"),
        ("sites", "R.filters.npz"),
        ("influence", "R.nullification.tsv"),
    ):
        parser.add_argument(f"--{name}", required=True, nargs="+", help=f"{text} of all replicates")
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--motif-set", required=True, help="known motifs, MEME or JASPAR format")
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def influence_of(path: str, filters: int) -> np.ndarray:
    """Give the largest influence of each filter over the tasks, float64 (filters,)."""
    table = read_tsv(path, ("unit", "task", "influence"))
    found = table[table["task"] != "*"].groupby("unit", sort=False)["influence"].max()
    if len(found) != filters:
        raise UserError(
            f"{path}: {len(found)} filters, but the model has {filters}; nullify the model again."
        )
    return np.asarray(found.to_numpy(dtype=np.float64))


def main() -> None:
    """Read, join, silence, judge, write."""
    args = parse()
    _, _, name = args.id.rpartition(".")
    options = read_options(args.options, NullifyOptions)
    dataset = read_dataset(args.dataset)
    known = read_motifs(args.motif_set, name=Path(args.motif_set).name)
    by_number = {
        what: {replicate_of(path): path for path in getattr(args, what)}
        for what in ("models", "sites", "influence")
    }

    import pandas as pd
    import torch

    from nfexplainn.analyses.nullification.evidence import Network, filter_evidence, filter_rows
    from nfexplainn.models.checkpoint import check_tasks
    from nfexplainn.models.device import prepare_device
    from nfexplainn.models.first_layer import first_layer
    from nfexplainn.models.modules import load_module

    prepare_device(torch.device("cpu"), args.threads)
    networks = {}
    for number, path in sorted(by_number["models"].items()):
        loaded = load_module(path)
        header, layer = loaded.header, first_layer(loaded.model)
        if layer is None:
            raise UserError(f"{path}: a {header.architecture} has no filters; leave it out.")
        check_tasks(path, header.tasks, args.dataset, dataset.meta.tasks)
        networks[number] = Network(
            layer,
            header.strand_symmetric,
            str(header.training.get("loss", "")),
            read_sites(by_number["sites"][number], dataset.of_replicate(number)),
            influence_of(by_number["influence"][number], layer.convolution.out_channels),
        )
    min_sites = read_options(args.options, InterpretOptions).min_sites
    rows = filter_rows(networks, known, read_options(args.options, AnnotateOptions), min_sites)
    report = Progress("batches of a replicate")
    found = filter_evidence(dataset, name, networks, rows, options, report)

    prefix = Path(args.out) / args.id
    prefix.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(columns=list(EVIDENCE_COLUMNS)) if found is None else found.rows
    tasks = pd.DataFrame(columns=list(EVIDENCE_TASK_COLUMNS)) if found is None else found.tasks
    write_tsv(table, f"{prefix}.evidence.tsv")
    write_tsv(tasks, f"{prefix}.evidence_tasks.tsv")
    write_meme(MotifSet(()) if found is None else found.motifs, f"{prefix}.evidence.meme")
    good = int((table["supported"] == "true").sum())
    print(f"{args.id}: {len(rows)} groups of filters, {good} supported", file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
