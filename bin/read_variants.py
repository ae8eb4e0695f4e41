#!/usr/bin/env python3
"""Read the variants to score, and compare them with the genome."""

from __future__ import annotations

import argparse
import json
import sys

from nfexplainn.analyses.variants.alleles import Checker, check_file
from nfexplainn.analyses.variants.options import VariantOptions
from nfexplainn.analyses.variants.run import told
from nfexplainn.errors import UserError, run_script
from nfexplainn.io.genome import open_genome
from nfexplainn.io.reading import read_json
from nfexplainn.io.text import write_text
from nfexplainn.io.variant_files import read_variants
from nfexplainn.results.windows import shape_of


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    text = 'JSON: {"name": ..., "genome": ..., "variant_offsets": ...}'
    parser.add_argument("--spec", required=True, help=text)
    parser.add_argument("--variants", required=True, help="VCF, BCF or a table")
    parser.add_argument("--header", required=True, help="D.header.json")
    parser.add_argument("--genome", required=True, help="indexed FASTA")
    parser.add_argument("--id", required=True, help="prefix of the files written")
    return parser.parse_args()


def main() -> None:
    """Read, check; a user's mistake is a state, so that all of them are told together."""
    args = parse()
    spec = read_json(args.spec, args.spec)
    length = shape_of(args.header).inner  # N of the assay are no bases of the genome
    status = {"dataset": args.id, "state": "ok", "reason": "", "advice": ""}
    try:
        offsets = VariantOptions(variant_offsets=str(spec["variant_offsets"])).offsets(length)
        checker = Checker(spec["name"], open_genome(args.genome, spec["genome"]), length, offsets)
        tally = check_file(
            read_variants(args.variants, spec["name"]),
            checker,
            f"{args.id}.variants.parquet",
            f"{args.id}.variants_left_out.tsv",
        )
        found = told(tally, spec["name"], spec["genome"])
        write_text(f"{args.id}.variants_read.json", json.dumps(found, indent=1) + "\n")
        print(
            f"{spec['name']}: {tally.judged:,} of {tally.alleles:,} alleles can be scored."
            f" {found['note']}".rstrip(),
            file=sys.stderr,
        )
    except UserError as error:
        status |= {"state": "error", "reason": str(error)}
    text = json.dumps(status, indent=1, sort_keys=True) + "\n"
    write_text(f"{args.id}.variants.status.json", text)


if __name__ == "__main__":
    run_script(main)
