#!/usr/bin/env python3
"""Make a genome ready for random access: unpack plain gzip, write .fai, .gzi and .sha256."""

import argparse
import json
from pathlib import Path

from nfexplainn.arguments import add_names, read_names
from nfexplainn.errors import UserError, run_script
from nfexplainn.io.genome import index_genome
from nfexplainn.io.text import write_text


def main() -> None:
    """Parse the arguments and index; with --status a user's mistake is a state, not a failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--genome", type=Path, required=True, help="FASTA, plain, gzip or bgzip")
    add_names(parser)
    parser.add_argument(
        "--out", type=Path, default=Path("genome.fa"), help="where plain gzip is unpacked to"
    )
    parser.add_argument(
        "--status", type=Path, help="status file to write; mistakes then end with exit code 0"
    )
    arguments = parser.parse_args()
    (name,) = read_names(arguments.names, [arguments.genome])
    status = {"dataset": name, "state": "ok", "reason": "", "advice": ""}
    try:
        print(index_genome(arguments.genome, name, arguments.out))
    except UserError as error:
        if not arguments.status:
            raise
        status |= {"state": "error", "reason": str(error)}
    if arguments.status:
        write_text(arguments.status, json.dumps(status, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    run_script(main)
