"""Contrasts of measured values on simulated tasks whose truth is known.

Two tasks share a value and a word that raises both. ``null``: nothing else but noise of their own;
``poisson``: the same as log2 of counts; ``gc``: GC content raises the first. None should have a
supported motif. ``planted``: one word raises the first (15 % of the sequences), another the second,
by as much as the difference's noise; ``planted_gc``: GC content raises the first besides. 5 folds,
one training each, recipe robust, and everything as the pipeline does it.

``--table FILE`` keeps a line per set; what is in it already is not run again. Lines
``contrast_values <case>``: ``ours``, the bar as ``reference``, ``ratio`` the number of sets.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from evidence_sets import PLANTED, evidence_tables, fit, motif
from harness import as_texts, keep, read_lines

from nfexplainn import dna
from nfexplainn.assays.common import PrepLog
from nfexplainn.assays.contrast_values import difference
from nfexplainn.assays.spec import InputFile, Options, Row, Spec
from nfexplainn.cpu import prepare_cpu
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.data.splits import make_groups
from nfexplainn.evidence.contrast import answer_of, motif_table
from nfexplainn.io.coordinates import read_names
from nfexplainn.motifs.motif import MotifSet
from nfexplainn.simulation.sequences import background, plant

COLUMNS = (
    *("kind", "set", "n", "units", "answer", "pearson", "pearson_low", "pearson_high", "p"),
    *("composition_pearson", "above_p", "supported", "motifs", "gaining", "rows", "seconds"),
)
NULLS = ("null", "poisson", "gc")
KINDS = (*NULLS, "planted", "planted_gc")
LENGTH, FOLDS = 100, 5
BOTH, FIRST, SECOND = tuple(PLANTED)[:3]
_GC = (0.4, 0.5, 0.6)
_GC_SLOPE = 5.0


def make_tasks(kind: str, n: int, seed: int) -> tuple[dna.Codes, np.ndarray]:
    """Draw sequences and their values in two tasks, float32 (n, 2)."""
    rng = np.random.default_rng([seed, n, KINDS.index(kind)])
    codes = background(n, LENGTH, rng)
    by_gc = kind in ("gc", "planted_gc")
    if by_gc:
        share = rng.choice(_GC, (n, 1))
        strong = rng.random((n, LENGTH)) < share
        either = rng.integers(0, 2, (n, LENGTH))
        codes = np.where(strong, 1 + either, 3 * either).astype(np.uint8)
    words = [motif(word) for word in (BOTH, FIRST, SECOND)]
    codes, sites = plant(codes, words, rng, probability=[0.3, 0.15, 0.15])
    has = np.zeros((n, 3))
    for site in sites:
        has[site.sequence, site.motif] = 1
    shared = np.log2(5 * rng.gamma(4, 1, n)) + 2 * has[:, 0]
    values = np.stack([shared, shared], axis=1)
    if kind.startswith("planted"):
        values += has[:, 1:]
    if by_gc:
        values[:, 0] += _GC_SLOPE * (dna.gc_content(codes) - 0.5)
    if kind == "poisson":
        return codes, np.log2(1 + rng.poisson(2**values)).astype(np.float32)
    return codes, (values + rng.normal(0, np.sqrt(0.5), values.shape)).astype(np.float32)


def contrast_of(codes: dna.Codes, values: np.ndarray, seed: int) -> Dataset:
    """Make the data set of the difference."""
    names = [f"s{row}" for row in range(len(codes))]
    meta = DatasetMeta("D", "accessibility", "regression", ("a", "b"), LENGTH, True, seed)
    dataset = Dataset(meta, names, codes, np.full(len(codes), "train"), values)
    rows = (Row("D/a", 0, label="a"), Row("D/b", 0, label="b"))
    files = (InputFile("data set D", __file__),)
    spec = Spec("D_a_vs_D_b", "contrast", rows, files, Options(folds=FOLDS, seed=seed))
    return difference(spec, dataset, PrepLog()).dataset


def run_set(kind: str, n: int, seed: int, units: int, epochs: int) -> dict[str, object]:
    """Make a set, train its five models, and judge."""
    dataset = contrast_of(*make_tasks(kind, n, seed), seed)
    started = time.process_time()
    fits = [
        fit(dataset.of_replicate(number), "robust", units, seed + number - 1, epochs)
        for number in range(1, FOLDS + 1)
    ]
    known = MotifSet(tuple(motif(word) for word in PLANTED))
    evidence = evidence_tables(dataset, fits, known)
    assert evidence.sides is not None
    motifs = motif_table(evidence.rows, evidence.sides)
    logits = {number: one.logits for number, one in enumerate(fits, 1)}
    clusters = make_groups(dataset.codes, read_names(dataset.names))
    answer = answer_of(dataset, "explainn", logits, clusters, motifs).iloc[0]
    good = motifs[motifs["supported"] == "true"]
    words = [
        f"{row['name'] or row['consensus']}@{row['side'][-1]}:{row['gain']:.3f}:{row['q']:.0e}"
        for _, row in good.iterrows()
    ]
    same = ("answer", "pearson", "pearson_low", "pearson_high", "p", "composition_pearson")
    return {key: answer[key] for key in same} | {
        "kind": kind,
        "set": seed,
        "n": n,
        "units": units,
        "above_p": answer["above_composition_p"],
        "supported": len(good),
        "motifs": " ".join(words),
        "gaining": int((motifs["q"].astype(float) <= 0.05).sum()),
        "rows": len(motifs),
        "seconds": time.process_time() - started,
    }


def holds(word: str, side: str, motifs: str) -> bool:
    """Tell whether a supported motif of a side has five letters in a row of a word."""
    other = dna.decode(dna.reverse_complement(dna.encode([word])))[0]
    parts = {text[at : at + 5] for text in (word, other) for at in range(len(word) - 4)}
    named = (one.split(":")[0].split("@") for one in motifs.split())
    return any(own == side and any(part in name for part in parts) for name, own in named)


def summary(kind: str, lines: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, float, float]]:
    """Give name, measured number and bar of what the sets of a kind show together."""
    n = len(lines)
    if kind in NULLS:
        found = sum(one["supported"] != "0" for one in lines)
        yield f"{kind}: sets with a supported motif", found, 0.15 * n
    if kind in ("null", "poisson"):
        small = sum(float(one["p"]) <= 0.05 for one in lines)
        yield f"{kind}: sets with global p <= .05", small, 0.15 * n
    if kind == "gc":
        simple = sum(one["answer"] == "composition" for one in lines)
        yield f"{kind}: sets that say composition", simple, n
    if kind.startswith("planted"):
        for word, own, other in ((FIRST, "a", "b"), (SECOND, "b", "a")):
            hits = sum(holds(word, own, one["motifs"]) for one in lines)
            yield f"{kind}, raises {own}: sets with it on that side", hits, 0.6 * n
            wrong = sum(holds(word, other, one["motifs"]) for one in lines)
            yield f"{kind}, raises {own}: sets with it on the other", wrong, 0
        both = sum(any(holds(BOTH, side, one["motifs"]) for side in "ab") for one in lines)
        yield f"{kind}, raises both: sets with it", both, 0
    yield f"{kind}: CPU seconds, mean", float(np.mean([float(one["seconds"]) for one in lines])), 30


def main() -> None:
    """Run what is asked for, and print lines of the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--sets", type=int, default=10, help="of each kind")
    parser.add_argument("--n", type=int, default=2_000, help="sequences")
    parser.add_argument("--units", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=100, help="at most")
    parser.add_argument("--table", type=Path, help="keep a line per set here, and go on from it")
    args = parser.parse_args()
    prepare_cpu(1)
    lines = read_lines(args.table, COLUMNS)
    for kind in args.only:
        for seed in range(1, args.sets + 1):
            key = (kind, str(seed), str(args.n), str(args.units))
            if key in {(one["kind"], one["set"], one["n"], one["units"]) for one in lines}:
                continue
            lines.append(as_texts(run_set(kind, args.n, seed, args.units, args.epochs), COLUMNS))
            keep(lines, COLUMNS, args.table)
        size = (str(args.n), str(args.units))
        own = [one for one in lines if one["kind"] == kind and (one["n"], one["units"]) == size]
        for label, ours, bar in summary(kind, own) if own else ():
            print("contrast_values", label, f"{ours:.4g}", f"{bar:.4g}", len(own), sep="\t")


if __name__ == "__main__":
    main()
