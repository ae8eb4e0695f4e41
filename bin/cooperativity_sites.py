#!/usr/bin/env python3
"""Choose the pairs of motifs to test: those given, or of the two top annotated units."""

from __future__ import annotations

import argparse
from pathlib import Path

from nfexplainn.analyses.cooperativity.options import CooperativityOptions
from nfexplainn.analyses.cooperativity.sites import PAIR_COLUMNS, TOP, Pair, given_pairs, top_pairs
from nfexplainn.errors import run_script
from nfexplainn.interpret.options import read_options
from nfexplainn.interpret.replicates import replicate_of
from nfexplainn.interpret.unit_files import read_rows
from nfexplainn.io.tsv import read_header, write_tsv
from nfexplainn.motifs.formats import read_meme
from nfexplainn.order import natural_key

NO_UNITS = (
    "there are no two annotated units to pair: name motifs, as in AACTATCGATAG:CTCF, or add"
    " explainn to --models"
)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", required=True, help="data set, prefix of the file written")
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--known", required=True, help="MEME file of known motifs")
    parser.add_argument(
        "--files", type=Path, help="folder of D.<model>.units.tsv and the best R.units.meme"
    )
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def leading(folder: Path | None, id: str) -> list[Pair]:
    """Pair the leading units of the best replicate, in the first task.

    Of several models with units it is ExplaiNN as it is set, or that of the most units.
    """
    tables = list(folder.glob(f"{id}.*.units.tsv")) if folder else []
    if folder is None or not tables:
        return []
    names = [path.name.removeprefix(f"{id}.").removesuffix(".units.tsv") for path in tables]
    model = "explainn" if "explainn" in names else max(names, key=natural_key)
    (meme,) = folder.glob(f"{id}.{model}.r*.units.meme")
    motifs = {motif.id: motif for motif in read_meme(meme, allow_empty=True).motifs}
    columns = ("replicate", "unit", "annotation", "target_id")
    path = folder / f"{id}.{model}.units.tsv"
    units = read_rows(path, columns)
    effect = next(name for name in read_header(path) if name.startswith("effect:"))
    return top_pairs(units, motifs, effect, replicate_of(meme))


def main() -> None:
    """Read, choose, write."""
    args = parse()
    options = read_options(args.options, CooperativityOptions)
    if options.cooperativity == TOP:
        pairs = leading(args.files, args.id) or [Pair("heterotypic", TOP, TOP, reason=NO_UNITS)]
    else:
        pairs = given_pairs(options.cooperativity, read_meme(args.known).motifs)
    rows = [
        (p.name, p.kind, p.first, p.first_word, p.second, p.second_word, p.reason) for p in pairs
    ]
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    write_tsv(folder / f"{args.id}.cooperativity_pairs.tsv", PAIR_COLUMNS, rows)


if __name__ == "__main__":
    run_script(main)
