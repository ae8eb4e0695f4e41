#!/usr/bin/env python3
"""Write a set of known motifs in MEME format: a JASPAR release (offline), or a checked file."""

from __future__ import annotations

import argparse
from pathlib import Path

from nfexplainn.errors import run_script
from nfexplainn.io.tsv import write_tsv
from nfexplainn.motifs.families import FAMILY_COLUMNS
from nfexplainn.motifs.formats import read_motifs, write_meme
from nfexplainn.motifs.jaspar import (
    DEFAULT_TAXON,
    TAXA,
    fetch_families,
    fetch_jaspar,
    jaspar_releases,
)
from nfexplainn.motifs.modes import CLUSTER_COLUMNS, cluster_rows


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--release", help="year of a JASPAR release (default: the newest)")
    source.add_argument("--file", type=Path, help="motif file to check and write")
    parser.add_argument("--taxon", default=DEFAULT_TAXON, help=f"one of {', '.join(TAXA)}")
    parser.add_argument("--clusters", type=Path, help="table of clusters of its motifs to write")
    parser.add_argument(
        "--families", type=Path, help="table of families of the release's profiles to write"
    )
    parser.add_argument("--out", required=True, type=Path, help="MEME file to write")
    return parser.parse_args()


def main() -> None:
    """Collect and write."""
    args = parse()
    release = args.release or jaspar_releases()[0]
    motifs = read_motifs(args.file) if args.file else fetch_jaspar(release, args.taxon)
    write_meme(motifs, args.out)
    if args.clusters:
        write_tsv(args.clusters, CLUSTER_COLUMNS, cluster_rows(motifs))
    if args.families:
        write_tsv(args.families, FAMILY_COLUMNS, fetch_families(release))
    print(f"{args.out}: {len(motifs.motifs)} motifs")


if __name__ == "__main__":
    run_script(main)
