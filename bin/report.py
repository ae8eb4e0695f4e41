#!/usr/bin/env python3
"""Gather the results of all data sets into the input of MultiQC, which writes the report.

    report.py --inputs DIR... --params params.json --versions versions.yml --out .
    multiqc . --config multiqc_config.yml --filename multiqc_report.html --strict

`--inputs` are folders (searched through, links followed) or files, named as docs/development.md
says; what a data set lacks is left out, other files are passed over. `params.json` holds the
resolved parameters, flat; its key `datasets`, if there, maps a data set to its own settings.
`versions.yml` maps a step (or nothing) to tools and versions. Written: `*_mqc.*` for MultiQC,
`tables/*.tsv`, which hold everything that the report shows, `methods.html`, a card of every
trained model, `cards/<dataset>/<model>/<dataset>.<model>.model_card.md`, and, of more than ten data
sets, `overview.html` and a folder of `*_mqc.*` files for a page each, `pages/<dataset>/`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import yaml

from nfexplainn.errors import UserError, run_script
from nfexplainn.page.load import load_inputs
from nfexplainn.report.answers import build_answers
from nfexplainn.report.build import build_report
from nfexplainn.report.faults import with_faults
from nfexplainn.report.model_card import write_cards
from nfexplainn.report.overview import write_overview
from nfexplainn.report.pages import MANY, build_pages


def main() -> None:
    """Parse the arguments and build the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", nargs="+", required=True, type=Path, help="folders or files")
    parser.add_argument("--params", required=True, type=Path, help="resolved parameters (JSON)")
    parser.add_argument("--versions", type=Path, help="versions of the steps' tools (YAML)")
    parser.add_argument("--best", type=Path, help="best replicate of each model (JSON)")
    parser.add_argument("--faults", type=Path, help="data sets in error: id to messages (JSON)")
    parser.add_argument("--out", default=Path(), type=Path, help="where to write")
    args = parser.parse_args()
    for path in args.inputs:
        if not path.exists():
            raise UserError(f"{path}: there is no such file or folder; check --inputs.")
    versions = yaml.safe_load(args.versions.read_text()) if args.versions else None
    best = json.loads(args.best.read_text()) if args.best else {}
    inputs = load_inputs(args.inputs, json.loads(args.params.read_text()), versions or {}, best)
    if args.faults:
        inputs = with_faults(inputs, json.loads(args.faults.read_text(encoding="utf-8")))
    if inputs.params.get("apply"):
        build_answers(inputs, args.out)
        return
    write_cards(inputs, args.out / "cards")
    if len(inputs.datasets) > MANY:
        build_pages(inputs, args.out)
        write_overview(args.out)
    else:
        build_report(inputs, args.out)


if __name__ == "__main__":
    run_script(main)
