"""Which motifs are supported beside a factor's own, and which of STREME's ten, by recipe.

Needs the sets that STREME was run on, as ``best_pwm`` does: ``--fixtures DIR``. Each set is
modelled with five folds, so that every sequence is unseen once. Lines ``partners <set> <recipe>``:
``ours`` is how many of STREME's motifs are like a supported group, ``reference`` how many motifs it
has, and ``ratio`` how many groups are supported; the lines after, with ``#``, name them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from best_pwm import replicate
from recipe_options import RECIPES
from robust import FACTORS, read_fasta, sets

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn import dna
from nfexplainn.analyses.discovery.pairs import BOTH, pair_motifs
from nfexplainn.analyses.discovery.runs import found_motifs
from nfexplainn.cpu import prepare_cpu
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.evidence.tables import Evidence, evidence_of
from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.io.coordinates import shuffle_name
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.motif import MotifSet

TOP = Path(__file__).resolve().parent.parent
FOLDS = 5


def folded(folder: Path, seed: int) -> Dataset:
    """Read a set; a positive and its shuffle are in one fold."""
    own, shuffled = (read_fasta(folder / name) for name in ("pos.fa.gz", "neg.fa.gz"))
    fold = np.random.default_rng([seed, len(own)]).permutation(np.arange(len(own)) % FOLDS)
    names = [f"s{row}" for row in range(len(own))]
    names += [shuffle_name(name, 1) for name in names]
    extra = {"negatives": "shuffle"}
    meta = DatasetMeta(
        *(folder.name, "sequences", "binary", ("bound",), len(own[0]), True, seed),
        folds=FOLDS,
        extra=extra,
    )
    labels = np.repeat(np.float32([1, 0]), len(own))[:, None]
    codes, nowhere = dna.encode([*own, *shuffled]), np.empty(0, dtype="<U5")
    return Dataset(meta, names, codes, nowhere, labels, fold=np.tile(fold, 2).astype(np.int8))


def evidence(dataset: Dataset, known: MotifSet, recipe: str, epochs: int) -> Evidence:
    """Train and interpret a model per fold, and test its groups of units."""
    stored, tables = {}, []
    for number in range(1, FOLDS + 1):
        outputs, units = replicate(dataset.of_replicate(number), recipe, number, epochs)
        stored[number] = outputs
        tables.append(units.assign(replicate=number))
    units = pd.concat(tables)
    return evidence_of(dataset, "explainn", stored, units, known, AnnotateOptions())


def main() -> None:
    """Measure all sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixtures", type=Path, default=TOP.parent / "shared/fixtures/streme")
    parser.add_argument("--factors", nargs="+", default=list(FACTORS))
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=["words", "robust"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=100, help="at most; fewer is a trial")
    args = parser.parse_args()
    prepare_cpu(1)
    known = read_meme(next((TOP / "assets" / "motifs").glob("*vertebrates*.meme")))
    folders = [folder for folder, _ in sets(args.fixtures, args.factors, [args.size])]
    if not folders:
        print(f"# partners: no sets in {args.fixtures.name}; give --fixtures", file=sys.stderr)
    for folder in folders:
        streme = found_motifs({None: read_meme(folder / "streme.txt").motifs})
        for recipe in args.recipes:
            found = evidence(folded(folder, args.seed), known, recipe, args.epochs)
            rows = found.rows.astype(str).to_dict("records")
            motifs = {motif.id: motif for motif in found.motifs.motifs}
            lines = [
                one for one in pair_motifs(streme, rows, motifs, "bound") if "streme_place" in one
            ]
            theirs = {one["streme_place"] for one in lines if one["state"] == BOTH}
            good = found.rows[found.rows["supported"] == "true"]
            case = f"{folder.name} {recipe}"
            print("partners", case, len(theirs), len(streme), len(good), sep="\t")
            for row in good.to_dict("records"):
                told = f"{row['name'] or '-'} {row['consensus']}, gain {row['gain']:.3f}"
                print(f"# {case}: {told}, share {row['share']:.3f}", flush=True)


if __name__ == "__main__":
    main()
