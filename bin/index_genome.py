#!/usr/bin/env python3
"""Make a genome ready for random access: unpack plain gzip, write .fai, .gzi and .sha256."""

import argparse
from pathlib import Path

from nfexplainn.errors import run_script
from nfexplainn.genome import index_genome


def main() -> None:
    """Parse the arguments and index."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--genome", type=Path, required=True, help="FASTA, plain, gzip or bgzip")
    parser.add_argument("--name", help="what messages call it (default: the file's name)")
    parser.add_argument(
        "--out", type=Path, default=Path("genome.fa"), help="where plain gzip is unpacked to"
    )
    arguments = parser.parse_args()
    name = arguments.name or str(arguments.genome)
    print(index_genome(arguments.genome, name, arguments.out))


if __name__ == "__main__":
    run_script(main)
