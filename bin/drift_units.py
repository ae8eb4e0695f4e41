#!/usr/bin/env python3
"""Measure how much the units of a model changed from the profiles of their initial filters."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nfexplainn.analyses.plug_and_play.drift import unit_drift
from nfexplainn.errors import UserError, run_script
from nfexplainn.interpret.options import AnnotateOptions, read_options
from nfexplainn.interpret.unit_files import UNIT_COLUMNS, read_tsv, write_tsv
from nfexplainn.motifs.formats import read_meme


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="R.model.safetensors")
    parser.add_argument("--units", required=True, help="R.units.tsv")
    parser.add_argument("--motifs", required=True, help="R.units.meme")
    parser.add_argument("--initial", required=True, help="D.initial.meme")
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--id", required=True, help="prefix of the file written")
    parser.add_argument("--out", type=Path, default=Path(), help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, compare, write."""
    args = parse()
    options = read_options(args.options, AnnotateOptions)
    from nfexplainn.models.checkpoint import configured_of, read_checkpoint
    from nfexplainn.models.explainn_weights import FILTERS, expected_weights
    from nfexplainn.models.weights import check_weights

    header, weights = read_checkpoint(args.model)
    profiles = read_meme(args.initial)
    starts = 2 * len(profiles.motifs)  # one per strand
    if header.architecture != "explainn" or header.config["units"] != starts:
        raise UserError(
            f"{args.model}: this model did not start from the profiles of {args.initial}; give the"
            " file that it was trained with."
        )
    check_weights(args.model, weights, expected_weights(configured_of(args.model, header)))
    table = unit_drift(
        weights[f"{FILTERS}.weight"],
        profiles,
        read_meme(args.motifs, allow_empty=True),
        read_tsv(args.units, UNIT_COLUMNS),
        options,
    )
    args.out.mkdir(parents=True, exist_ok=True)
    write_tsv(table, args.out / f"{args.id}.drift.tsv")
    counts = table["state"].value_counts()
    said = ", ".join(f"{counts[state]} {state}" for state in sorted(counts.index))
    print(f"{args.id}: of {len(table)} units {said}", file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
