#!/usr/bin/env python3
"""Denoise single cells with PeakVI and average them over clusters (in the image of scvi-tools)."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from nfexplainn.assays.cells import open_cells
from nfexplainn.assays.clusters import assign_clusters, write_denoised
from nfexplainn.assays.denoise import HISTORY_COLUMNS, DenoiseOptions, denoised_means
from nfexplainn.assays.regions import option_file
from nfexplainn.errors import run_script
from nfexplainn.spec import read_spec
from nfexplainn.tables import write_tsv


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spec", required=True, help="spec.json, as of prepare_single_cell.py")
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, denoise, write."""
    args = parse()
    spec = read_spec(args.spec)
    given = json.loads(Path(args.options).read_text(encoding="utf-8"))
    known = {field.name for field in dataclasses.fields(DenoiseOptions)}
    options = DenoiseOptions(**{key: value for key, value in given.items() if key in known})
    file = spec.file(spec.rows[0].data)
    cells = open_cells(file, option_file(spec, "regions"), option_file(spec, "barcodes"))
    clusters = assign_clusters(spec, cells)
    means, history = denoised_means(cells, clusters, options, spec.options.seed)
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    write_tsv(folder / f"{spec.id}.peakvi.tsv", HISTORY_COLUMNS, history)
    path = folder / f"{spec.id}.denoised.npz"
    write_denoised(path, means, clusters.tasks, options.peakvi_latent)
    text = f"{spec.id}: {len(cells.barcodes):,} cells denoised in {len(history)} epochs"
    print(text, file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
