#!/usr/bin/env python3
"""Read what is scanned for sites: intervals, sequences, a genome, or the data set itself."""

from __future__ import annotations

import argparse
import json
import sys

from nfexplainn.data.dataset import read_dataset
from nfexplainn.errors import UserError, run_script
from nfexplainn.io.genome import Genome, open_genome
from nfexplainn.io.reading import read_json
from nfexplainn.io.text import write_text
from nfexplainn.results.hits.regions import (
    GENOME,
    PEAKS,
    Regions,
    read_regions,
    regions_of_dataset,
    regions_of_genome,
    write_regions,
)
from nfexplainn.results.windows import shape_of


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    text = 'JSON: {"name": ..., "word": null, "genome" or "peaks", "genome": ... or null}'
    parser.add_argument("--spec", required=True, help=text)
    parser.add_argument("--regions", help="BED or similar, FASTA, a table; none for a word")
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--genome", help="indexed FASTA, for intervals")
    parser.add_argument("--id", required=True, help="prefix of the files written")
    return parser.parse_args()


def read(args: argparse.Namespace, word: str | None, name: str, genome: Genome | None) -> Regions:
    """Read what was asked for; sequences are written to ``D.hits.fa``."""
    fasta = f"{args.id}.hits.fa"
    if word == PEAKS:
        return regions_of_dataset(read_dataset(args.dataset), genome, fasta)
    if word == GENOME:
        if genome is None:
            raise UserError("hits genome: there is no genome to scan; give --genome.")
        return regions_of_genome(genome)
    return read_regions(args.regions, name, shape_of(args.dataset), genome, fasta)


def main() -> None:
    """Read, check; a user's mistake is a state, so that all of them are told together."""
    args = parse()
    spec = read_json(args.spec, args.spec)
    status = {"dataset": args.id, "state": "ok", "reason": "", "advice": ""}
    try:
        genome = open_genome(args.genome, spec["genome"]) if args.genome else None
        found = read(args, spec["word"], spec["name"], genome)
        write_regions(found, f"{args.id}.hits_regions.parquet")
        told = {
            "file": spec["name"],
            "genome": spec["genome"],
            "kind": found.kind,
            "sequences": found.sequences,
            "notes": dict(found.notes),
        }
        write_text(f"{args.id}.hits_read.json", json.dumps(told, indent=1) + "\n")
        notes = "".join(f"; {count:,} {reason}" for reason, count in found.notes.items())
        print(f"{spec['name']}: {len(found):,} regions{notes}", file=sys.stderr)
    except UserError as error:
        status |= {"state": "error", "reason": str(error)}
    text = json.dumps(status, indent=1, sort_keys=True) + "\n"
    write_text(f"{args.id}.hits.status.json", text)


if __name__ == "__main__":
    run_script(main)
