"""The evidence of motifs held against sets whose truth is known: what it must show.

``null``: sets without a truth (random sequences against their shuffles, real positives with labels
dealt anew, windows of a genome on both sides) should have no supported row. ``planted``: of four
words in 50, 20, 10 and 5 % of the positives (``--kinds rare``: 20, 10, 5 and 2.5 %) those that can
be seen should be supported, and nothing else. On the same sets a gain is compared with the loss of
the model whose final weights are 0, and the minimal model with what was planted. ``interval``: 95 %
intervals of gains, held against the gains of the same models on 100,000 fresh sequences. ``level``:
how often rows of real sets have a small p where their true gain is 0, by the number of independent
pairs. ``cost``: CPU seconds of the evidence of 100 units, three replicates and 30,000 sequences, of
which 3,000 are unseen.

With ``--folds 5`` replicate r holds out the r-th of five parts. A row counts as planted where its
motif looks like one of the four words (Tomtom, q at most 0.05). ``--table FILE`` keeps a line per
set; what is in it already is not run again. Lines ``evidence <case>``: ``ours``, the bar as
``reference``, ``ratio`` the number of sets. Takes an hour; ``--only``, ``--sets`` make it short.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from evidence_measures import (
    Line,
    centred_gains,
    exact,
    found_by_chance,
    intervals,
    measure,
    smallest,
    told,
)
from evidence_sets import (
    NULLS,
    evidence_tables,
    few_trained,
    fit,
    fresh_sequences,
    make_set,
    parts,
    shares_of,
)
from harness import as_texts, read_lines
from recipe_options import RECIPES

from nfexplainn.cpu import prepare_cpu
from nfexplainn.motifs.formats import read_motifs

KEY = ("proof", "kind", "positives", "recipe", "folds", "replicates", "units", "seed")
COLUMNS = (
    *KEY,
    *("unseen", "rows", "tests", "below", "least_p", "least_q", "supported", "found", "false"),
    *("base_loss", "model_loss", "words", "exact", "steps", "chosen", "chosen_false"),
    *("chosen_loss", "full_loss", "intervals", "train_seconds", "evidence_seconds"),
)
FRESH = 100_000
MOST_SECONDS = 5
PROOFS = ("null", "planted", "interval")
CLUSTERS = (15, 30, 50, 100, 200, 400)
LIMITS = (0.05, 0.01, 0.002, 0.0005)
PLANTED_KINDS = ("planted", "rare")
MOTIFS = Path(__file__).resolve().parent.parent / "assets" / "motifs"


@dataclass(frozen=True)
class Case:
    """One set and how it is modelled; the fields of :data:`KEY`."""

    proof: str
    kind: str
    positives: int
    recipe: str
    folds: int
    replicates: int
    units: int
    seed: int

    @property
    def key(self) -> tuple[str, ...]:
        """Its fields as they stand in a table."""
        return tuple(str(getattr(self, name)) for name in KEY)


def run_case(case: Case, epochs: int, fresh: Callable[[], tuple[np.ndarray, ...]]) -> Line:
    """Make the set of a case, train its models, and measure."""
    sets = parts(
        make_set(case.kind, case.positives, case.seed), case.folds, case.replicates, case.seed
    )
    fits = [
        fit(dataset, case.recipe, case.units, 1000 * case.seed + number, epochs)
        for number, dataset in enumerate(sets)
    ]
    found = measure(fits)
    planted = case.proof == "planted"
    line: Line = dict(zip(KEY, case.key, strict=True)) | told(found, planted)
    line["train_seconds"] = sum(one.seconds for one in fits)
    if case.proof in ("planted", "null"):
        line |= smallest(found, case.folds)
    if case.proof == "planted":
        line["exact"] = exact(found, fits)
    if case.proof == "interval":
        line["intervals"] = intervals(found, fits, fresh())
    return line


def cost(positives: int, units: int, replicates: int) -> tuple[float, int]:
    """Give the CPU seconds of the evidence with its names and tables, and the unseen sequences.

    A tenth of the sequences is unseen. The models are trained for two epochs, since what is
    measured depends on the number of their units alone.
    """
    (dataset, *_) = parts(make_set("planted", positives, 1), 1, 1, 1)
    fits = [fit(dataset, "robust", units, seed, 2) for seed in range(replicates)]
    (path,) = MOTIFS.glob("*vertebrates*.meme")
    known = read_motifs(path, name=path.name)
    started = time.process_time()
    evidence_tables(dataset, fits, known)
    return time.process_time() - started, len(dataset.rows("test"))


def level(units: int, draws: int, epochs: int) -> Iterator[tuple[str, float, float]]:
    """Give the shares of small p of real rows whose true gain is 0, by the number of clusters.

    Rows of models of 400 pairs of MAFK's and of OCT4's peaks, on the pairs that they have not seen.
    """
    rng = np.random.default_rng(7)
    gains = [
        centred_gains([fit(few_trained(name, 400, 1), "robust", units, 7, epochs)])
        for name in ("MAFK", "OCT4")
    ]
    for clusters in CLUSTERS:
        shares = [found_by_chance(some, clusters, draws, LIMITS, rng) for some in gains]
        weights = [len(some) for some in gains]
        for limit, share in zip(LIMITS, np.average(shares, axis=0, weights=weights), strict=True):
            yield f"{clusters} clusters, share of p <= {limit:g}", float(share), limit


def cases(args: argparse.Namespace) -> Iterator[Case]:
    """Give the cases that are asked for."""
    shape = (args.recipe, args.folds, args.folds if args.folds > 1 else args.replicates)
    for proof in (some for some in args.only if some in PROOFS):
        allowed = (
            NULLS if proof == "null" else PLANTED_KINDS if proof == "planted" else ("planted",)
        )
        usual = NULLS if proof == "null" else ("planted",)
        for kind in [one for one in args.kinds or usual if one in allowed]:
            for positives in args.positives:
                for seed in range(args.seed, args.seed + args.sets):
                    yield Case(proof, kind, positives, *shape, args.units, seed)


def summary(lines: Sequence[Line], case: str) -> Iterator[tuple[str, float, float | str]]:
    """Give name, measured number and bar of what the sets of one case show together."""

    def numbers(name: str) -> np.ndarray:
        return np.array([float(str(line[name])) for line in lines if line[name] != ""])

    proof = case.split()[0]
    if proof == "null":
        yield "sets with a supported row, of 20", 20 * float((numbers("supported") > 0).mean()), 3
        yield "share of rows with p <= .05", float(numbers("below").mean()), 0.05
        yield "rows in the minimal model", float(numbers("chosen").mean()), ""
    if proof == "planted":
        found, supported = numbers("found"), np.maximum(numbers("supported"), 1)
        for count in (2, 3, 4):
            yield f"sets with {count} of 4 supported, of 5", 5 * float((found >= count).mean()), ""
        for place, share in enumerate(shares_of(str(lines[0]["kind"]), 0).values()):
            sets = [_words_of(line, place) for line in lines]
            yield f"motif in {share:.3g} of positives supported, of 5", 5 * float(np.mean(sets)), ""
        yield "false proportion", float((numbers("false") / supported).mean()), 0.05
        yield "false rows in 5 sets", 5 * float(numbers("false").mean()), 3
        yield "largest error of a gain", float(numbers("exact").max()), 1e-6
        subset = float((numbers("chosen_false") == 0).mean())
        yield "minimal model planted alone, of 5", 5 * subset, 4
        more = numbers("chosen_loss") - numbers("full_loss")
        yield "its test loss less the full model's, worst", float(more.max()), 0.002
    if proof == "interval":
        held: dict[str, list[bool]] = {}
        for line in lines:
            for one in str(line["intervals"]).split():
                word, _, low, high, true = one.split(":")
                held.setdefault(word, []).append(float(low) <= float(true) <= float(high))
        for word, each in held.items():
            yield f"intervals that hold, {word}, of {len(each)}", sum(each), f"{0.87 * len(each):g}"
    yield "CPU seconds of training a set", float(numbers("train_seconds").mean()), ""
    yield "CPU seconds of the evidence of a set", float(numbers("evidence_seconds").mean()), ""


def _words_of(line: Line, place: int) -> bool:
    """Tell whether the word of the place-th largest share is supported."""
    word = list(shares_of(str(line["kind"]), int(str(line["seed"]))))[place]
    return word in str(line["words"]).split(",")


def main() -> None:
    """Measure every set that is asked for, and say what they show."""
    parser = argparse.ArgumentParser(description=__doc__)
    every = (*PROOFS, "level", "cost")
    parser.add_argument("--only", nargs="+", choices=every, default=list(every))
    parser.add_argument("--kinds", nargs="+", choices=(*NULLS, *PLANTED_KINDS), help="of sets")
    parser.add_argument("--positives", nargs="+", type=int, default=[1000])
    parser.add_argument("--recipe", choices=RECIPES, default="robust")
    parser.add_argument("--folds", type=int, default=1, help="parts; 1: one split")
    parser.add_argument("--replicates", type=int, default=3, help="of one split")
    parser.add_argument("--units", type=int, default=100)
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the first set")
    parser.add_argument("--fresh", type=int, default=FRESH, help="sequences for the intervals")
    parser.add_argument("--cost", type=int, default=15_000, help="positives where cost is measured")
    parser.add_argument(
        "--draws", type=int, default=24, help="of each row, where level is measured"
    )
    parser.add_argument("--epochs", type=int, default=100, help="at most; fewer is a trial")
    parser.add_argument("--table", type=Path, help="keep a line per set here, and go on from it")
    args = parser.parse_args()
    prepare_cpu(1)
    held: list[tuple[np.ndarray, ...]] = []

    def fresh() -> tuple[np.ndarray, ...]:
        if not held:
            held.append(fresh_sequences(args.fresh, args.seed))
        return held[0]

    if "level" in args.only:
        for name, ours, bar in level(args.units, args.draws, args.epochs):
            print(
                "evidence", f"level: {name}", f"{ours:.2g}", bar, args.draws, sep="\t", flush=True
            )
    if "cost" in args.only:
        seconds, unseen = cost(args.cost, args.units, args.replicates)
        case = f"cost {args.units} units x {args.replicates}, {unseen} of {2 * args.cost} unseen"
        print("evidence", f"{case}: CPU seconds", f"{seconds:.3g}", MOST_SECONDS, 1, sep="\t")
    lines = read_lines(args.table, COLUMNS)
    known = {tuple(str(line[name]) for name in KEY) for line in lines}
    asked = list(cases(args))
    for case in asked:
        if case.key in known:
            continue
        lines.append(as_texts(run_case(case, args.epochs, fresh), COLUMNS))
        if args.table:
            new = not args.table.is_file()
            with args.table.open("a") as table:
                head = ["\t".join(COLUMNS)] if new else []
                table.write("\n".join([*head, "\t".join(map(str, lines[-1].values()))]) + "\n")
    wanted = {case.key[:-1]: None for case in asked}
    for shape in wanted:
        own = [line for line in lines if tuple(str(line[name]) for name in KEY[:-1]) == shape]
        for name, ours, bar in summary(own, shape[0]):
            case_name = " ".join(shape)
            print("evidence", f"{case_name}: {name}", f"{ours:.4g}", bar, len(own), sep="\t")


if __name__ == "__main__":
    main()
