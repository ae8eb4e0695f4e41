#!/usr/bin/env python3
"""Check before training whether the pretrained models of a data set can be used."""

from __future__ import annotations

import argparse
import json
import sys

from nfexplainn.arguments import add_names, read_names
from nfexplainn.data.dataset import read_meta
from nfexplainn.errors import UserError, run_script
from nfexplainn.io.text import write_text


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--header", required=True, help="D.header.json")
    parser.add_argument(
        "--pretrained", nargs="+", required=True, help="models whose outputs become units"
    )
    add_names(parser)
    parser.add_argument(
        "--trust-programs", action="store_true", help="load models that may contain code"
    )
    parser.add_argument("--length", type=int, help="input length of models whose file lacks it, bp")
    parser.add_argument("--id", required=True, help="prefix of the file written: D")
    return parser.parse_args()


def main() -> None:
    """Read; a user's mistake is a state, to be told with those of the data sets."""
    args = parse()
    length = read_meta(args.header).length

    from nfexplainn.models.pretrained import read_sources

    status = {"dataset": args.id, "state": "ok", "reason": "", "advice": ""}
    try:
        found = read_sources(
            args.pretrained,
            length=args.length,
            dataset_length=length,
            names=read_names(args.names, args.pretrained),
            trust_programs=args.trust_programs,
        )
        print(f"{args.id}: {len(found)} pretrained models can be used", file=sys.stderr)
    except UserError as error:
        reason = "\n".join(f"{args.id}, {line}" for line in str(error).splitlines())
        status |= {"state": "error", "reason": reason}
    text = json.dumps(status, indent=1, sort_keys=True) + "\n"
    write_text(f"{args.id}.pretrained.status.json", text)


if __name__ == "__main__":
    run_script(main)
