#!/usr/bin/env python3
"""Denoise single cells with PeakVI and average them over clusters (in the image of scvi-tools)."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from nfexplainn.assays.clusters import write_denoised
from nfexplainn.assays.denoise import (
    HISTORY_COLUMNS,
    DenoiseOptions,
    denoised_means,
    gather_counts,
)
from nfexplainn.assays.single_cell import read_cells
from nfexplainn.assays.spec import read_spec
from nfexplainn.errors import UserError, run_script
from nfexplainn.io.reading import read_json
from nfexplainn.io.text import write_text
from nfexplainn.io.tsv import write_tsv
from nfexplainn.typed import from_json


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spec", required=True, help="spec.json, as for prepare.py")
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, denoise, write; a mistake in the files is a state, told with those of others."""
    args = parse()
    spec = read_spec(args.spec)
    options = from_json(DenoiseOptions, read_json(args.options, args.options), args.options)
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    status = {"dataset": spec.id, "state": "ok", "reason": "", "advice": ""}
    counts = None
    try:
        cells, clusters = read_cells(spec)
        counts = gather_counts(cells, clusters)
    except UserError as error:
        status |= {"state": "error", "reason": str(error)}
    text = json.dumps(status, indent=1, sort_keys=True) + "\n"
    write_text(folder / f"{spec.id}.denoise.status.json", text)
    if counts is None:
        return
    means, history = denoised_means(counts, clusters, options, spec.options.seed, args.threads)
    write_tsv(folder / f"{spec.id}.peakvi.tsv", HISTORY_COLUMNS, history)
    path = folder / f"{spec.id}.denoised.npz"
    write_denoised(path, means, clusters.tasks, options.peakvi_latent)
    said = f"{spec.id}: {len(cells.barcodes):,} cells denoised in {len(history)} epochs"
    print(said, file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
