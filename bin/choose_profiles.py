#!/usr/bin/env python3
"""Choose the known profiles that the filters of a model start from."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from nfexplainn.errors import UserError, run_script
from nfexplainn.io.reading import read_json
from nfexplainn.io.text import write_text
from nfexplainn.io.tsv import write_tsv
from nfexplainn.motifs.diverse_subset import choose_profiles
from nfexplainn.motifs.formats import read_motifs, write_meme
from nfexplainn.motifs.motif import MotifSet
from nfexplainn.values import whole


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--motifs", required=True, help="motif file")
    parser.add_argument("--options", required=True, type=Path, help="JSON file of the settings")
    parser.add_argument("--id", required=True, help="prefix of the files written")
    parser.add_argument("--out", type=Path, default=Path(), help="folder to write to")
    return parser.parse_args()


def choose(args: argparse.Namespace, options: dict[str, Any]) -> None:
    """Read, choose, write the profiles and the order of the choice."""
    wanted = str(options.get("initial_count", "all"))
    name = options.get("initial_motifs") or args.motifs
    known = read_motifs(args.motifs, name=None if name == "jaspar" else name)
    count = len(known.motifs)
    if wanted != "all" and (whole(wanted) or 0) < 1:
        raise UserError(
            f"{args.id}, initial_count: '{wanted[:60]}' is neither all nor a whole number of at"
            " least 1; give one."
        )
    if wanted != "all" and int(wanted) > count:
        raise UserError(
            f"{args.id}, initial_count: {wanted} profiles are wanted, but {name} has {count};"
            f" choose at most {count}, or all."
        )
    profiles, similarities = choose_profiles(known, "all" if wanted == "all" else int(wanted))
    rows = [
        [place, profile.id, profile.name, len(profile.ppm), similar]
        for place, (profile, similar) in enumerate(zip(profiles, similarities, strict=True), 1)
    ]
    write_meme(MotifSet(tuple(profiles), known.background), args.out / f"{args.id}.initial.meme")
    header = ["order", "profile", "name", "width", "nearest_minus_ln_p"]
    write_tsv(args.out / f"{args.id}.initial.tsv", header, rows)


def main() -> None:
    """Choose; a user's mistake is a state, to be told with those of the data sets."""
    args = parse()
    options = read_json(args.options, args.options.name)
    args.out.mkdir(parents=True, exist_ok=True)
    status = {"dataset": args.id, "state": "ok", "reason": "", "advice": ""}
    try:
        choose(args, options)
    except UserError as error:
        status |= {"state": "error", "reason": str(error)}
    text = json.dumps(status, indent=1, sort_keys=True) + "\n"
    write_text(args.out / f"{args.id}.initial.status.json", text)


if __name__ == "__main__":
    run_script(main)
