#!/usr/bin/env python3
"""Read the sequences to predict or explain, and cut them to the length of the data set."""

from __future__ import annotations

import argparse
import json
import sys

from nfexplainn.analyses.explain.sequences import read_sequences, write_located
from nfexplainn.errors import UserError, run_script
from nfexplainn.io.genome import open_genome
from nfexplainn.io.reading import read_json
from nfexplainn.io.text import write_text
from nfexplainn.results.windows import shape_of


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spec", required=True, help='JSON: {"name": ..., "genome": ... or null}')
    parser.add_argument("--sequences", required=True, help="FASTA, a table, BED or similar")
    text = "file with the input length: D.header.json, D.dataset.parquet or R.model.safetensors"
    parser.add_argument("--header", required=True, help=text)
    parser.add_argument("--for", dest="use", default="explain", help="explain or predict")
    parser.add_argument("--genome", help="indexed FASTA, for intervals")
    parser.add_argument("--id", required=True, help="prefix of the files written")
    return parser.parse_args()


def main() -> None:
    """Read, cut, write; a user's mistake is a state, so that all of them are told together."""
    args = parse()
    spec = read_json(args.spec, args.spec)
    shape = shape_of(args.header)
    status = {"dataset": args.id, "state": "ok", "reason": "", "advice": ""}
    try:
        genome = open_genome(args.genome, spec["genome"]) if args.genome else None
        found = read_sequences(args.sequences, spec["name"], shape, genome)
        write_located(found, f"{args.id}.{args.use}.parquet")
        notes = "".join(f"; {count:,} {reason}" for reason, count in found.notes.items())
        print(f"{spec['name']}: {len(found):,} sequences{notes}", file=sys.stderr)
    except UserError as error:
        status |= {"state": "error", "reason": str(error)}
    text = json.dumps(status, indent=1, sort_keys=True) + "\n"
    write_text(f"{args.id}.{args.use}.status.json", text)


if __name__ == "__main__":
    run_script(main)
