#!/usr/bin/env python3
"""Write the known motifs that units are compared with: a JASPAR release, or a user's file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from nfexplainn.errors import UserError, run_script
from nfexplainn.io.reading import read_json
from nfexplainn.io.text import write_text
from nfexplainn.motifs.formats import read_motifs, write_meme
from nfexplainn.motifs.jaspar import jaspar_motifs


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--options", required=True, type=Path, help="JSON file of the settings")
    parser.add_argument("--motif-db", type=Path, help="motif file instead of JASPAR's")
    parser.add_argument("--out", required=True, type=Path, help="MEME file to write")
    parser.add_argument("--status", required=True, type=Path, help="status file to write")
    return parser.parse_args()


def main() -> None:
    """Read, check, write; a user's mistake is a state, to be told with those of the data sets."""
    args = parse()
    options = read_json(args.options, args.options.name)
    status = {"dataset": "motifs", "state": "ok", "reason": "", "advice": ""}
    try:
        if args.motif_db:
            motifs = read_motifs(args.motif_db, name=options["motif_db"])
        else:
            motifs = jaspar_motifs(options["jaspar_taxon"], options["jaspar_release"])
        write_meme(motifs, args.out)
    except UserError as error:
        status |= {"state": "error", "reason": str(error)}
    write_text(args.status, json.dumps(status, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    run_script(main)
