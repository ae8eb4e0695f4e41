"""Pairs of motifs held against sets whose truth is known: found where planted, and nowhere else.

Sets of 120 bp with three words, the first two (A, B) in half of the sequences each, the third in
30 %; labels are drawn by a logit. ``and``: only both A and B raise it. ``spacing``: each a little,
and more where they lie within 20 bp. Without a pair: ``additive`` (each raises it, half of those
with both hold them side by side), ``saturating`` (weak sites in any number, of which the best
counts, and less the better it is), ``central`` (A and B lie in the middle of positives, anywhere in
negatives), ``composition`` (GC content, too), ``alone`` (words in positives alone),
``mislabelled`` (additive, with one label of ten wrong), ``null`` (labels by chance). 5 folds, one
training each, recipe robust, and everything as the pipeline does it. ``real``: pairs of the demo's
and of ``shared/data``'s peak sets, and sets of one factor against their shuffles.

``--table FILE`` keeps a line per set; what is in it already is not run again. Lines ``interactions
<case>``: ``ours``, the bar as ``reference``, ``ratio`` the number of sets. Takes half an hour.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from evidence_sets import PLANTED, Fitted, evidence_tables, fit, motif, parts
from harness import FOLDER, as_texts, keep, read_lines

from nfexplainn import dna
from nfexplainn.analyses.interactions.columns import COLUMNS as PAIR_COLUMNS
from nfexplainn.analyses.interactions.run import Interactions, interactions_of
from nfexplainn.cpu import prepare_cpu
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.data.shuffle import dinucleotide_shuffle
from nfexplainn.io.coordinates import shuffle_name
from nfexplainn.io.fasta import read_fasta
from nfexplainn.io.tsv import plain
from nfexplainn.motifs.formats import read_motifs
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.scan import best_hits, log_odds
from nfexplainn.simulation.sequences import background, draw_sites

COLUMNS = (
    *("kind", "set", "n", "units", "rows", "both", "found", "false", "pairs", "least_q"),
    "seconds",
)
LENGTH, WIDTH, NEAR = 120, 10, 20
WORDS = tuple(PLANTED)[:2] + tuple(PLANTED)[3:]  # the third word is like the first
SHARES = (0.5, 0.5, 0.3)
WITH_PAIR = {"and": "product", "spacing": "spacing"}
WITHOUT = ("additive", "saturating", "central", "composition", "alone", "mislabelled", "null")
KINDS = (*WITH_PAIR, *WITHOUT, "real")
FOLDS = 5
SIZES = {"and": 10, "spacing": 10, "additive": 8}
OTHERS = 4
"""Sets of each other kind, unless said."""
REAL = {
    "MAFK": "MAFK_H1hESC_200bp.fa.gz",
    "OCT4": "OCT4_H1hESC_200bp.fa.gz",
    "FOXA1": "FOXA1_HepG2.train_pos.fa.gz",
    "GABPA": "GABPA_GM12878.train_pos.fa.gz",
}
MOST_REAL = 5_000
Masks = np.ndarray


def weak(word: str) -> Motif:
    """A motif of a word, with 78 % of its letter in each column."""
    ppm = np.full((len(word), 4), 0.22 / 3)
    ppm[np.arange(len(word)), ["ACGT".index(letter) for letter in word]] = 0.78
    return Motif(word, word, ppm, 100)


def place(
    codes: dna.Codes,
    present: Masks,
    motifs: Sequence[Motif],
    rng: np.random.Generator,
    side_by_side: Masks,
    central: Masks,
) -> tuple[dna.Codes, np.ndarray]:
    """Put words into sequences; give these and where, -1 for what is not there.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
    present : bool array, shape (n, 3)
    motifs : sequence of Motif
    rng : Generator
    side_by_side, central : bool array, shape (n,)
        Whether the second lies within 15 bp of the first, and both in the middle.
    """
    out, starts = codes.copy(), np.full(present.shape, -1)
    for row, has in enumerate(present):
        for which in np.flatnonzero(has):
            used = [start for start in starts[row] if start >= 0]
            for _ in range(200):
                start = _draw(starts[row], which, side_by_side[row], central[row], rng)
                if 0 <= start <= LENGTH - WIDTH and all(abs(start - at) >= WIDTH for at in used):
                    starts[row, which] = start
                    site = draw_sites(motifs[which], 1, rng)
                    turned = site if rng.random() < 0.5 else dna.reverse_complement(site)
                    out[row, start : start + WIDTH] = turned[0]
                    break
    return out, starts


def _draw(
    starts: np.ndarray, which: int, beside: bool, central: bool, rng: np.random.Generator
) -> int:
    if which == 1 and beside and starts[0] >= 0:
        return int(starts[0] + rng.choice([-1, 1]) * (WIDTH + rng.integers(0, 16)))
    if which < 2 and central:
        return int((LENGTH - WIDTH) / 2 + rng.normal(0, 12))
    return int(rng.integers(0, LENGTH - WIDTH + 1))


def make_set(kind: str, n: int, seed: int) -> Dataset:
    """Make a set; it has no split yet."""
    rng = np.random.default_rng([seed, n, KINDS.index(kind)])
    codes, nowhere = background(n, LENGTH, rng), np.zeros(n, dtype=bool)
    labels = rng.random(n) < 0.5
    motifs = [weak(word) if kind == "saturating" else motif(word) for word in WORDS]
    shares = np.tile(SHARES, (n, 1))
    if kind == "central":
        shares *= np.where(labels[:, None], 1.2, 0.5)
    if kind == "alone":
        shares *= np.where(labels[:, None], 0.8, 0)
    beside = rng.random(n) < 0.5 if kind in ("additive", "spacing") else nowhere
    central = labels if kind == "central" else nowhere
    for _ in range(2 if kind == "saturating" else 1):
        present = rng.random((n, 3)) < shares
        codes, starts = place(codes, present, motifs, rng, beside, central)
    if kind not in ("central", "alone"):
        labels = rng.random(n) < _chance(kind, codes, starts, motifs)
    names = [f"s{row}" for row in range(n)]
    return _data_set(names, codes, labels, seed, "file")


def _chance(kind: str, codes: dna.Codes, starts: np.ndarray, motifs: Sequence[Motif]) -> np.ndarray:
    """Give the probability that each sequence is positive."""
    a, b, c = (starts >= 0).T.astype(np.float64)
    near = a * b * (np.abs(starts[:, 0] - starts[:, 1]) <= NEAR + WIDTH)
    if kind == "and":
        logit = -1.5 + 3 * a * b + 1.5 * c
    elif kind == "spacing":
        logit = -1.5 + 0.7 * a + 0.7 * b + 3 * near + c
    elif kind == "saturating":
        full = np.array([log_odds(one).max(axis=1).sum() for one in motifs])
        bound = 1 / (1 + np.exp(0.75 * full - best_hits(motifs, codes)))
        logit = -2.5 + bound @ [3, 3, 2]
    elif kind == "composition":
        content = dna.gc_content(codes)
        logit = -1.5 + 14 * (content - content.mean()) + 1.5 * a + 1.5 * b + c
    elif kind == "null":
        logit = 0 * a
    else:
        logit = -2.2 + 2 * a + 1.5 * b + 1.5 * c
    chance = 1 / (1 + np.exp(-logit))
    return 0.1 + 0.8 * chance if kind == "mislabelled" else chance


def _data_set(
    names: Sequence[str], codes: dna.Codes, labels: np.ndarray, seed: int, negatives: str
) -> Dataset:
    extra = {"negatives": negatives}
    length = codes.shape[1]
    meta = DatasetMeta("s", "sequences", "binary", ("t",), length, True, seed, extra=extra)
    split = np.full(len(names), "train")
    return Dataset(meta, list(names), codes, split, labels[:, None].astype(np.float32))


def real_set(name: str, data: Path) -> Dataset:
    """Read peaks and shuffle them, or the peaks of ``A:B``."""
    rng = np.random.default_rng(1)
    sides = [read_side(side, data, rng) for side in name.split(":")]
    if len(sides) == 1:
        own = sides[0]
        names = [f"s{row}" for row in range(len(own))]
        codes = np.concatenate([own, dinucleotide_shuffle(own, rng)])
        names += [shuffle_name(one, 1) for one in names]
        labels = np.repeat([True, False], len(own))
        return _data_set(names, codes, labels, 1, "shuffle")
    length = min(side.shape[1] for side in sides)
    cut = [side[:, (side.shape[1] - length) // 2 :][:, :length] for side in sides]
    labels = np.repeat([True, False], [len(side) for side in cut])
    codes = np.concatenate(cut)
    return _data_set([f"s{row}" for row in range(len(codes))], codes, labels, 1, "file")


def read_side(name: str, data: Path, rng: np.random.Generator) -> dna.Codes:
    """Read at most 5,000 peaks of one length."""
    path = data / "chipseq" / REAL[name]
    demo = FOLDER.parent / "assets" / "demo" / REAL[name]
    fasta = read_fasta(path if path.exists() else demo, REAL[name])
    length = int(np.median(fasta.lengths))
    rows = np.flatnonzero(fasta.lengths >= length)
    if len(rows) > MOST_REAL:
        rows = np.sort(rng.choice(rows, MOST_REAL, replace=False))
    return fasta.cut(rows, length)


def judged(
    dataset: Dataset, units: int, epochs: int, known: MotifSet
) -> tuple[Interactions, Mapping[str, str]]:
    """Train five folds, and test the pairs; give these, and the names of the supported rows."""
    seed = dataset.meta.seed
    folded = _with_folds(dataset)
    fits: list[Fitted] = [
        fit(folded.of_replicate(number), "robust", units, 1000 * seed + number, epochs)
        for number in range(1, FOLDS + 1)
    ]
    evidence = evidence_tables(folded, fits, known)
    table = evidence.rows
    lines = [
        dict(zip(table.columns, plain(row), strict=True)) for row in table.itertuples(index=False)
    ]
    stored = {number: one.stored for number, one in enumerate(fits, 1)}
    good = {line["motif"]: line["name"] for line in lines if line["supported"] == "true"}
    return interactions_of(folded, "explainn", stored, lines), good


def _with_folds(dataset: Dataset) -> Dataset:
    """Deal the sequences into five folds, those that belong together into one."""
    fold = np.zeros(len(dataset), dtype=np.int8)
    for number, one in enumerate(parts(dataset, FOLDS, FOLDS, dataset.meta.seed)):
        fold[one.split == "test"] = number
    meta = dataclasses.replace(dataset.meta, folds=FOLDS)
    return dataclasses.replace(dataset, meta=meta, fold=fold)


def run_set(
    kind: str, name: str, n: int, units: int, epochs: int, data: Path, known: MotifSet
) -> dict[str, object]:
    """Make a set, train its five models, and test its pairs."""
    started = time.process_time()
    dataset = real_set(name, data) if kind == "real" else make_set(kind, n, int(name))
    found, good = judged(dataset, units, epochs, known)
    rows = [dict(zip(PAIR_COLUMNS, row, strict=True)) for row in found.rows]
    said = [row for row in rows if row["supported"] == "true"]
    wanted = [row for row in said if _is_planted(row, kind)]
    return {
        "kind": kind,
        "set": name,
        "n": len(dataset),
        "units": units,
        "rows": len(good),
        "both": int(set(WORDS[:2]) <= set(good.values())),
        "found": int(bool(wanted)),
        "false": len(said) - len(wanted),
        "pairs": " ".join(map(_told, said)),
        "least_q": min((float(str(row["q"])) for row in rows), default=1.0),
        "seconds": time.process_time() - started,
    }


def _is_planted(row: Mapping[str, object], kind: str) -> bool:
    """Tell whether a pair is that of the first two words, acts as planted, and raises the logit."""
    names = {row["first_name"], row["second_name"]} == set(WORDS[:2])
    more = float(str(row["coefficient"])) > 0
    # What lies side by side is there together, too: either kind is right for words within 20 bp.
    kinds = {WITH_PAIR.get(kind)} | ({"product"} if kind == "spacing" else set())
    return names and more and row["kind"] in kinds


def _told(row: Mapping[str, object]) -> str:
    first, second = (row[f"{one}_name"] or row[one] for one in ("first", "second"))
    numbers = f"{row['coefficient']:+.2f}:{row['gain']:.4f}:{row['q']:.0e}"
    return f"{first}+{second}:{row['kind']}{row['distance'] or ''}:{numbers}".replace(" ", "_")


def sets_of(kind: str, count: int | None, pairs: Sequence[str]) -> list[str]:
    """Give the names of the sets of a kind."""
    if kind == "real":
        return list(pairs)
    return [str(seed) for seed in range(1, (count or SIZES.get(kind, OTHERS)) + 1)]


def summary(kind: str, lines: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, float, float]]:
    """Give name, measured number and bar of what the sets of a kind show together."""
    both = [one for one in lines if one["both"] == "1"]
    if kind in WITH_PAIR:
        found = sum(one["found"] == "1" for one in both)
        yield f"{kind}: sets with the pair, of those with both motifs", found, 0.8 * len(both)
    if kind != "real":
        false = sum(one["false"] != "0" for one in lines)
        yield f"{kind}: sets with another pair", false, 0.05 * len(lines)
    seconds = float(np.mean([float(one["seconds"]) for one in lines]))
    yield f"{kind}: CPU seconds, with five trainings", seconds, float("nan")


def main() -> None:
    """Run what is asked for, and print lines of the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--sets", type=int, help="of each kind but real")
    parser.add_argument("--pairs", nargs="+", default=[*REAL, "MAFK:OCT4"], help="of real")
    parser.add_argument("--n", type=int, default=5_000, help="sequences of a set but real")
    parser.add_argument("--units", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=100, help="at most")
    parser.add_argument("--data", type=Path, default=FOLDER.parent.parent / "shared" / "data")
    parser.add_argument("--table", type=Path, help="keep a line per set here, and go on from it")
    args = parser.parse_args()
    prepare_cpu(1)
    if not (args.data / "chipseq").is_dir() and "real" in args.only:
        print(f"# no {args.data / 'chipseq'}: simulated sets alone", file=sys.stderr)
        args.only = [kind for kind in args.only if kind != "real"]
    (path,) = (FOLDER.parent / "assets" / "motifs").glob("*vertebrates*.meme")
    planted = MotifSet(tuple(motif(word) for word in WORDS))
    lines = read_lines(args.table, COLUMNS)
    for kind in args.only:
        known = read_motifs(path, name=path.name) if kind == "real" else planted
        done = {(one["kind"], one["set"]) for one in lines}
        for name in sets_of(kind, args.sets, args.pairs):
            if (kind, name) in done:
                continue
            line = run_set(kind, name, args.n, args.units, args.epochs, args.data, known)
            lines.append(as_texts(line, COLUMNS))
            keep(lines, COLUMNS, args.table)
        own = [one for one in lines if one["kind"] == kind]
        for label, ours, bar in summary(kind, own) if own else ():
            said = "" if np.isnan(bar) else f"{bar:.4g}"
            print("interactions", label, f"{ours:.4g}", said, len(own), sep="\t", flush=True)


if __name__ == "__main__":
    main()
