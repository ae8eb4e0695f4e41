"""Names of motifs: right, wrong and none, of planted motifs and of real ones, by threshold.

Known motifs of JASPAR 2026 (vertebrates) are sampled as sites with random bases on either side and
trimmed as rows are: ``whole``; ``most`` (a piece with three quarters of its information); ``part``
(with 45 %); ``weak`` (45 % of the sites hold no motif); ``composite`` (two side by side);
``permuted`` (its columns in another order) and ``word`` (random words) have no right name. Each is
named by all known motifs (``known``), and without the profile that it was sampled from (``new``),
as a unit's motif never is one of them. Right is a name of the same cluster of similar profiles
(``nfexplainn.motifs.modes``) or of the same family; of a composite that of one of both.

Lines ``names <form> <known or new> <known share> <unit share> <explained>``: ``ours`` is the per
cent of motifs with a right name, ``reference`` of those with a wrong one, ``ratio`` the number of
motifs; ``part of ...`` counts as a name, and lines ``... part`` are those alone. ``--fixtures DIR``
names the motifs of STREME on real sets too, with the first of each (lines that begin with ``#``).
Six minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn.evidence.groups import trimmed
from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.motifs import matches
from nfexplainn.motifs.families import family_of
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.jaspar import fetch_jaspar, jaspar_motifs
from nfexplainn.motifs.modes import clusters_of
from nfexplainn.motifs.motif import Motif, MotifSet, column_information
from nfexplainn.motifs.naming import names_of
from nfexplainn.motifs.tomtom import tomtom

FLANK = 10
LEAST_BITS = 5.0
# Of the known motif, of the unit, and of what is explained; the last one is the default.
THRESHOLDS = (
    (0.67, 0.0, 0.0),
    (0.5, 0.8, 0.5),
    (0.75, 0.8, 0.5),
    (0.67, 0.67, 0.0),
    (0.67, 0.8, 0.0),
    (0.67, 0.0, 0.4),
    (0.67, 0.0, 0.5),
    (0.67, 0.0, 0.67),
    (0.67, 0.67, 0.5),
    (0.67, 0.9, 0.5),
    (0.67, 0.8, 0.5),
)


@dataclass(frozen=True)
class Planted:
    """A motif as a row would hold it, and what it was sampled from."""

    form: str
    motif: Motif
    truth: tuple[str, ...]


def piece(ppm: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Cut a motif from one end to a share of its information."""
    turned = ppm[::-1, ::-1] if rng.random() < 0.5 else ppm
    bits = np.cumsum(column_information(turned))
    return turned[: int(np.searchsorted(bits / bits[-1], share)) + 1]


def sampled(ppm: np.ndarray, sites: int, rng: np.random.Generator) -> np.ndarray:
    """Count sites with random bases on either side, and trim them."""
    flat = np.full((FLANK, 4), 0.25)
    rows = np.concatenate([flat, ppm, flat])
    counts = trimmed(np.array([rng.multinomial(sites, row / row.sum()) for row in rows]))
    return counts / sites


def planted(known: MotifSet, rng: np.random.Generator, count: int) -> Iterator[Planted]:
    """Sample motifs of every form."""
    some = [known.motifs[row] for row in rng.permutation(len(known.motifs))]
    number = 0

    def one(form: str, ppm: np.ndarray, *truth: Motif) -> Planted:
        nonlocal number
        number += 1
        sites = int(rng.choice([30, 100, 300]))
        motif = Motif(f"{form}:{number}", "", sampled(ppm, sites, rng), sites)
        return Planted(form, motif, tuple(motif.id for motif in truth))

    for motif, other in zip(some[:count], some[count:] + some[:count], strict=False):
        ppm = motif.ppm
        yield one("whole", ppm, motif)
        yield one("most", piece(ppm, 0.75, rng), motif)
        yield one("part", piece(ppm, 0.45, rng), motif)
        yield one("weak", 0.55 * ppm + 0.45 * 0.25, motif)
        turned = other.ppm[::-1, ::-1] if rng.random() < 0.5 else other.ppm
        gap = np.full((int(rng.integers(4)), 4), 0.25)
        yield one("composite", np.concatenate([ppm, gap, turned]), motif, other)
        yield one("permuted", ppm[rng.permutation(len(ppm))])
        letters = np.full((int(rng.integers(7, 11)), 4), 0.04)
        letters[np.arange(len(letters)), rng.integers(0, 4, len(letters))] = 0.88
        yield one("word", letters)


def measured(items: list[Planted], known: MotifSet) -> pd.DataFrame:
    """Compare all with all known motifs; tell of each match what decides, and if it is right."""
    queries = MotifSet(tuple(item.motif for item in items))
    options = AnnotateOptions()
    hits = tomtom(queries, known, max_q=options.q_threshold)
    hits["coverage"] = matches.coverage(hits, known)
    hits["own"] = matches.unit_coverage(hits, queries)
    hits["explained"] = matches.explained(hits, queries, known)
    by_id = {motif.id: motif for motif in known.motifs}
    clusters = dict(zip(by_id, clusters_of(list(by_id.values())), strict=True))
    truth = {item.motif.id: item.truth for item in items}

    def alike(one: str, other: str) -> bool:
        family = family_of(by_id[one])
        return clusters[one] == clusters[other] or bool(
            family and family == family_of(by_id[other])
        )

    pairs = list(zip(hits["query_id"], hits["target_id"], strict=True))
    hits["right"] = [any(alike(target, one) for one in truth[query]) for query, target in pairs]
    hits["itself"] = [target in truth[query] for query, target in pairs]
    return hits


def first_names(hits: pd.DataFrame, known: float, unit: float, told: float) -> pd.DataFrame:
    """Give the match that names each, as ``known_matches`` chooses it with these thresholds."""
    part = hits["coverage"] < known
    least = np.where(part, matches.PART_EXPLAINED if told else np.inf, told)
    good = hits[(hits["explained"] >= least) & (hits["own"] >= unit)].assign(part=part)
    if told:
        key = good["explained"] - 0.1 * good["part"]
        good = good.assign(key=-key).sort_values(["query_id", "key"], kind="stable")
    return good.drop_duplicates("query_id")


def name_real(fixtures: Path) -> None:
    """Name STREME's motifs of real sets."""
    sets = {"yeast": fetch_jaspar("2026", "fungi"), "": jaspar_motifs()}
    for path in sorted(fixtures.glob("*/streme.txt")):
        known = sets["yeast" if path.parent.name.startswith("yeast") else ""]
        queries = MotifSet(read_meme(path).motifs[:5])
        hits = matches.known_matches(queries, known, **AnnotateOptions().matching())
        for id, name in names_of(hits, queries, known).items():
            print(f"# {path.parent.name} {id}: {name.family or '-'}")


def main() -> None:
    """Plant, name, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--motifs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fixtures", type=Path, help="folder of sets that STREME was run on")
    args = parser.parse_args()
    known = jaspar_motifs()
    drawn = planted(known, np.random.default_rng(args.seed), args.motifs)
    items = [one for one in drawn if column_information(one.motif.ppm).sum() >= LEAST_BITS]
    totals = pd.Series([item.form for item in items]).value_counts()
    hits = measured(items, known)
    form = hits["query_id"].str.partition(":")[0]
    for thresholds in THRESHOLDS:
        for kind, some in (("known", hits), ("new", hits[~hits["itself"]])):
            first = first_names(some, *thresholds)
            own = form[first.index]
            for name, total in totals.items():
                for suffix, chosen in (("", first), (" part", first[first["part"]])):
                    of_form = chosen[own[chosen.index] == name]
                    if suffix and not len(of_form):
                        continue
                    right = 100 * of_form["right"].sum() / total
                    wrong = 100 * len(of_form) / total - right
                    case = f"{name} {kind} {' '.join(f'{one:g}' for one in thresholds)}{suffix}"
                    print(
                        "names", case, f"{right:.1f}", f"{wrong:.1f}", total, sep="\t", flush=True
                    )
    if args.fixtures:
        name_real(args.fixtures)


if __name__ == "__main__":
    main()
