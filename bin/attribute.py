#!/usr/bin/env python3
"""Attribute a model's predictions to bases, and find motifs in the attributions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from nfexplainn.analyses.attribution.options import AttributionOptions
from nfexplainn.arguments import replicate_parser
from nfexplainn.data.dataset import read_dataset
from nfexplainn.errors import UserError, run_script
from nfexplainn.interpret.options import AnnotateOptions, read_options
from nfexplainn.interpret.progress import Progress
from nfexplainn.interpret.replicates import own_parts
from nfexplainn.interpret.unit_files import read_logits
from nfexplainn.interpret.unit_files import write_tsv as write_frame
from nfexplainn.io.tsv import write_tsv
from nfexplainn.motifs.formats import read_meme, read_motifs, write_meme
from nfexplainn.motifs.motif import MotifSet

COLUMNS = ("task", "sequences", "references", "largest_error", "mean_delta", "patterns", "note")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = replicate_parser(__doc__, "dataset", "predictions")
    parser.add_argument("--known", required=True, help="known motifs, MEME format")
    parser.add_argument("--units", help="units.meme of ExplaiNN, if it was trained")
    return parser.parse_args()


def main() -> None:
    """Choose, attribute, find, name, write."""
    args = parse()
    options = read_options(args.options, AttributionOptions)
    naming = read_options(args.options, AnnotateOptions)
    dataset = own_parts(read_dataset(args.dataset), args.id)
    logits = read_logits(args.predictions, dataset)
    units = read_meme(args.units, allow_empty=True).motifs if args.units else ()
    known = read_motifs(args.known, name=Path(args.known).name)

    import torch

    from nfexplainn.analyses.attribution import deeplift, patterns
    from nfexplainn.models.device import prepare_device
    from nfexplainn.models.modules import load_module

    prepare_device(torch.device("cpu"), args.threads)
    rows: list[tuple[object, ...]] = []
    found: list[patterns.Pattern] = []
    saved: dict[str, Any] = {"tasks": np.array(dataset.meta.tasks)}
    prefixes = patterns.prefixes(dataset.meta.tasks)
    for column, task in enumerate(dataset.meta.tasks):
        chosen = deeplift.choose_sequences(dataset, logits, column, options.attribution_sequences)
        loaded = load_module(args.model)
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

    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    table = patterns.pattern_table(found, known, units, naming)
    write_frame(table, folder / f"{args.id}.patterns.tsv")
    write_meme(MotifSet(tuple(one.motif() for one in found)), folder / f"{args.id}.patterns.meme")
    part = folder / f".{args.id}.attributions.npz"
    with part.open("wb") as handle:
        np.savez_compressed(handle, **saved)
    part.replace(folder / f"{args.id}.attributions.npz")
    write_tsv(folder / f"{args.id}.attribution.tsv", COLUMNS, rows)


if __name__ == "__main__":
    run_script(main)
