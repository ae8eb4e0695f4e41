#!/usr/bin/env python3
"""Attribute predictions of the best replicate to bases, and find motifs in the attributions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from nfexplainn.arguments import add_replicates
from nfexplainn.attribution.options import AttributionOptions
from nfexplainn.dataset import read_dataset
from nfexplainn.errors import UserError, run_script
from nfexplainn.interpret.options import AnnotateOptions, read_options
from nfexplainn.interpret.progress import Progress
from nfexplainn.interpret.replicates import best_of, of_replicate
from nfexplainn.interpret.unit_files import read_logits
from nfexplainn.interpret.unit_files import write_tsv as write_frame
from nfexplainn.motifs.formats import read_meme, read_motifs, write_meme
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.tables import write_tsv

COLUMNS = ("task", "sequences", "references", "largest_error", "mean_delta", "patterns", "note")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_replicates(parser, "models", "history", "predictions")
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--known", required=True, help="known motifs, MEME format")
    parser.add_argument(
        "--units", nargs="*", default=[], help="units.meme of ExplaiNN's replicates"
    )
    parser.add_argument("--units-history", nargs="*", default=[], help="and their history.tsv")
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--id", required=True, help="prefix of the files written: D.<model>")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    return parser.parse_args()


def unit_motifs(args: argparse.Namespace) -> tuple[Motif, ...]:
    """Read the motifs of ExplaiNN's best replicate, if it was trained."""
    if not args.units:
        return ()
    path = of_replicate(args.units, best_of(args.units_history))
    return read_meme(path, allow_empty=True).motifs


def main() -> None:
    """Choose, attribute, find, name, write."""
    args = parse()
    options = read_options(args.options, AttributionOptions)
    naming = read_options(args.options, AnnotateOptions)
    best = best_of(args.history)
    dataset = read_dataset(args.dataset)
    logits = read_logits(of_replicate(args.predictions, best), dataset)
    units = unit_motifs(args)
    known = read_motifs(args.known, name=Path(args.known).name)

    import torch

    from nfexplainn.attribution import deeplift, patterns
    from nfexplainn.device import prepare_device
    from nfexplainn.models.checkpoint import load_model

    prepare_device(torch.device("cpu"), args.threads)
    rows: list[tuple[object, ...]] = []
    found: list[patterns.Pattern] = []
    saved: dict[str, Any] = {"tasks": np.array(dataset.meta.tasks)}
    prefixes = patterns.prefixes(dataset.meta.tasks)
    for column, task in enumerate(dataset.meta.tasks):
        chosen = deeplift.choose_sequences(dataset, logits, column, options.attribution_sequences)
        loaded = load_model(of_replicate(args.models, best))
        try:
            result = deeplift.attribute(
                loaded.model,
                dataset.codes[chosen],
                column,
                options.seed,
                both_strands=loaded.header.strand_symmetric,
                report=Progress(f"sequences of {task} attributed"),
            )
        except UserError as error:
            rows.append((task, 0, 0, None, None, 0, str(error)))
            continue
        prefix = prefixes[column]
        motifs, note = patterns.find_patterns(dataset.codes[chosen], result, task, prefix)
        found += motifs
        largest = float(result.error.max()) if len(chosen) else None
        delta = float(result.delta.mean()) if len(chosen) else None
        if largest is not None and largest > deeplift.LARGEST_ERROR:
            note = f"the attributions miss the prediction by up to {largest:.2g}. {note}".strip()
        rows.append((task, len(chosen), deeplift.REFERENCES, largest, delta, len(motifs), note))
        saved[f"rows_{column}"] = chosen
        saved[f"hypothetical_{column}"] = result.hypothetical
        print(
            f"{args.id}: {task}: {len(chosen)} sequences, {len(motifs)} patterns", file=sys.stderr
        )

    stem = f"{args.id}.r{best}"
    table = patterns.pattern_table(found, known, units, naming)
    write_frame(table, f"{stem}.patterns.tsv")
    write_meme(MotifSet(tuple(one.motif() for one in found)), f"{stem}.patterns.meme")
    part = Path(f".{stem}.attributions.npz")
    with part.open("wb") as handle:
        np.savez_compressed(handle, **saved)
    part.replace(f"{stem}.attributions.npz")
    write_tsv(Path(f"{stem}.attribution.tsv"), COLUMNS, rows)


if __name__ == "__main__":
    run_script(main)
