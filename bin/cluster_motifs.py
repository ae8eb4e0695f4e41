#!/usr/bin/env python3
"""Cluster the known motifs into binding modes: by our own Tomtom, or by a table."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from nfexplainn.analyses.binding_modes import known as modes
from nfexplainn.arguments import add_names, read_names
from nfexplainn.errors import UserError, run_script
from nfexplainn.io.text import write_text
from nfexplainn.io.tsv import write_tsv
from nfexplainn.motifs.formats import read_motifs
from nfexplainn.motifs.modes import cluster_motifs


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--motif-set", required=True, help="known motifs")
    parser.add_argument("--clusters", help="table of motifs and clusters")
    add_names(parser)
    parser.add_argument("--out", required=True, help="table to write")
    parser.add_argument("--status", required=True, help="status file to write")
    return parser.parse_args()


def main() -> None:
    """Read, cluster, write; a user's mistake is a state, to be told with those of the data sets."""
    args = parse()
    status = {"dataset": "modes", "state": "ok", "reason": "", "advice": ""}
    try:
        motifs = read_motifs(args.motif_set, name=Path(args.motif_set).name)
        if args.clusters:
            (name,) = read_names(args.names, [args.clusters])
            found = modes.read_clusters(args.clusters, motifs, name=name)
        else:
            found = cluster_motifs(motifs)
        rows = modes.mode_rows(found, motifs)
        write_tsv(Path(args.out), modes.COLUMNS, rows)
        single = sum(len(mode.members) == 1 for mode in found)
        print(
            f"{len(found)} modes ({single} of one motif) of {len(rows)} of"
            f" {len(motifs.motifs)} known motifs",
            file=sys.stderr,
        )
    except UserError as error:
        status |= {"state": "error", "reason": str(error)}
    write_text(args.status, json.dumps(status, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    run_script(main)
