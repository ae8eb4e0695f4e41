#!/usr/bin/env python3
"""Check a file that several data sets share, before any of them is trained."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from nfexplainn.arguments import add_names, read_names
from nfexplainn.assays.shared_files import READERS, check_shared
from nfexplainn.assays.spec import InputFile
from nfexplainn.errors import UserError, run_script
from nfexplainn.io.text import write_text


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--holds", required=True, choices=[*READERS, "models"], help="what the file holds"
    )
    parser.add_argument("--files", nargs="+", required=True, help="the file, or several models")
    add_names(parser)
    parser.add_argument("--length", type=int, help="input length of models whose file lacks it, bp")
    parser.add_argument(
        "--trust-programs", action="store_true", help="load models that may contain code"
    )
    return parser.parse_args()


def main() -> None:
    """Read; a user's mistake is a state, so that all of them are told together."""
    args = parse()
    status = {"dataset": "shared", "state": "ok", "reason": "", "advice": ""}
    try:
        names = read_names(args.names, args.files)
        files = [InputFile(*one) for one in zip(names, args.files, strict=True)]
        check_shared(args.holds, files, args.length, trust_programs=args.trust_programs)
    except UserError as error:
        status |= {"state": "error", "reason": str(error)}
    text = json.dumps(status, indent=1, sort_keys=True) + "\n"
    write_text(Path("shared.status.json"), text)


if __name__ == "__main__":
    run_script(main)
