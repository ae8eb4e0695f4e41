"""The robust recipe against the paper's and against STREME, on small real sets.

Needs the sets that STREME was run on, each a folder ``<factor>_<n>`` with ``pos.fa.gz``,
``neg.fa.gz`` and ``streme.txt``, and ``<factor>_test_posneg.tsv.gz`` there or beside it in
``chipseq``: ``--fixtures DIR``. Without them it says so and measures nothing.

Lines ``robust <set>_<what>``: ``ours`` is the mean over the seeds with ``--recipe robust``,
``reference`` with ``--recipe paper`` (``model``, ``top3``), or STREME's best motif (``pwm``). The
best motif is chosen on training and validation; the test set is used once. With ``--recipes robust
words`` the reference is the robust recipe before PWMs seeded filters (``before``), also in the test
loss as it is and calibrated on the validation part.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from recipe_options import RECIPES, options_of

from nfexplainn import dna
from nfexplainn.cpu import prepare_cpu
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.evaluation.calibration import fit_platt
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.interpret.reestimate import second_motifs
from nfexplainn.interpret.run import interpret_model
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.motif import MotifSet
from nfexplainn.motifs.scan import average_precision, best_hits
from nfexplainn.motifs.tomtom import tomtom
from nfexplainn.training.run import Plan, train_model

TOP = Path(__file__).resolve().parent.parent
FACTORS = ("CTCF", "REST", "FOXA1", "GABPA")
VALID_SHARE = 0.1
COLUMNS = (
    *("set", "recipe", "seed", "model_auprc", "loss", "calibrated_loss"),
    *("pwm_auprc", "second_auprc", "streme_auprc"),
    *("known_rank", "epochs", "training_seconds", "cpu_seconds"),
)


@dataclass(frozen=True)
class Run:
    """One training of one set; ``known_rank`` is 0 where no unit has the factor's motif."""

    model: float
    loss: float
    calibrated: float
    pwm: float
    second: float
    known_rank: int
    epochs: int
    training: float
    seconds: float
    logits: np.ndarray


def read_fasta(path: Path) -> list[str]:
    """Read the sequences of a gzip FASTA of one line each."""
    with gzip.open(path, "rt") as handle:
        return [line.strip() for line in handle if not line.startswith(">")]


def read_set(folder: Path, test: Path, seed: int) -> Dataset:
    """Make the data set of a folder; a positive and its shuffle stay in one part."""
    positives, negatives = (read_fasta(folder / name) for name in ("pos.fa.gz", "neg.fa.gz"))
    with gzip.open(test, "rt", newline="") as handle:
        held_out = list(csv.reader(handle, delimiter="\t"))
    texts = [*positives, *negatives, *(row[1] for row in held_out)]
    labels = [1.0] * len(positives) + [0.0] * len(negatives) + [float(r[2]) for r in held_out]
    rng = np.random.default_rng(seed)
    valid = rng.permutation(len(positives)) < round(VALID_SHARE * len(positives))
    parts = [np.where(valid, "valid", "train")] * 2 + [np.full(len(held_out), "test")]
    factor = folder.name.rpartition("_")[0]
    meta = DatasetMeta(
        folder.name,
        "sequences",
        "binary",
        (factor,),
        len(texts[0]),
        True,
        seed,
        extra={"negatives": "shuffle"},
    )
    return Dataset(
        meta,
        [f"s{row}" for row in range(len(texts))],
        dna.encode(texts),
        np.concatenate(parts),
        np.array(labels, dtype=np.float32)[:, None],
    )


def run_once(dataset: Dataset, known: MotifSet, recipe: str, seed: int, epochs: int) -> Run:
    """Train, interpret and judge one model."""
    started = time.process_time()
    plan = Plan("explainn", {"length": dataset.meta.length, "tasks": 1})
    options = options_of(recipe, seed, epochs)
    trained = train_model(plan, dataset, options, report=lambda _: None)
    model, result = trained.model, trained.result
    training = time.process_time() - started
    logits = predict_logits(model, dataset.codes, average_strands=True)
    with tempfile.NamedTemporaryFile(suffix=".parquet") as scratch:
        found = interpret_model(model, dataset, logits, scratch.name)
    states = [state for state in found.states if state.motif is not None]
    motifs = [state.motif for state in states if state.motif is not None]
    second = second_motifs(dataset, motifs, np.zeros(len(motifs), dtype=np.intp))
    table = second.table.frame()
    best = table[table["best"] == 1].set_index("kind")["auprc_test"]
    seconds = time.process_time() - started

    factor = dataset.meta.tasks[0]
    readable = tuple(state.motif for state in states if state.information >= 5)
    hits = tomtom(MotifSet(readable), known, max_q=0.05)  # type: ignore[arg-type]
    own = {motif.id for motif in known.motifs if motif.name.upper() == factor}
    with_factor = set(hits.loc[hits["target_id"].isin(own), "query_id"])
    order = np.argsort(-np.nan_to_num(found.effect[:, 0], nan=-np.inf), kind="stable")
    ranked = [found.states[at].unit for at in order]
    ranks = [place for place, unit in enumerate(ranked, 1) if unit in with_factor]
    test = dataset.rows("test")
    loss, calibrated = losses(dataset, logits)
    return Run(
        model=float(average_precision(logits[test], dataset.labels[test, 0])[0]),
        loss=loss,
        calibrated=calibrated,
        pwm=float(best["sites"]),
        second=float(best["reestimated"]),
        known_rank=min(ranks, default=0),
        epochs=len(result.history),
        training=training,
        seconds=seconds,
        logits=logits[test, 0],
    )


def losses(dataset: Dataset, logits: np.ndarray) -> tuple[float, float]:
    """Give the test loss as it is, and with a slope and an offset of the validation part."""
    test, valid = dataset.rows("test"), dataset.rows("valid")
    truth, own = dataset.labels[test, 0], logits[test, 0].astype(np.float64)
    slope, offset = fit_platt(
        dataset.labels[valid, 0].astype(np.float64), logits[valid, 0].astype(np.float64)
    )
    before, after = (
        float((np.logaddexp(0, z) - truth * z).mean()) for z in (own, np.exp(slope) * own + offset)
    )
    return before, after


def streme_auprc(folder: Path, dataset: Dataset) -> float:
    """Give the test AUPRC of STREME's motif that is best on training and validation."""
    motifs = read_meme(folder / "streme.txt").motifs
    rows, test = dataset.rows("train", "valid"), dataset.rows("test")
    areas = average_precision(best_hits(motifs, dataset.codes[rows]), dataset.labels[rows, 0])
    best = motifs[int(np.nanargmax(areas))]
    scores = best_hits([best], dataset.codes[test])
    return float(average_precision(scores, dataset.labels[test, 0])[0])


def sets(fixtures: Path, factors: list[str], sizes: list[int]) -> Iterator[tuple[Path, Path]]:
    """Give the folder and the test file of every set."""
    for size in sizes:
        for factor in factors:
            tests = [
                *fixtures.glob(f"{factor}_test_posneg.tsv.gz"),
                *(fixtures.parents[1] / "data" / "chipseq").glob(f"{factor}_*.test_posneg.tsv.gz"),
            ]
            folder = fixtures / f"{factor}_{size}"
            if folder.is_dir() and tests:
                yield folder, tests[0]


def main() -> None:
    """Measure all sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixtures", type=Path, default=TOP.parent / "shared/fixtures/streme")
    parser.add_argument("--factors", nargs="+", default=list(FACTORS))
    parser.add_argument("--sizes", nargs="+", type=int, default=[200, 500])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=["robust", "paper"])
    parser.add_argument("--runs", type=Path, help="append a line per training to this table")
    parser.add_argument("--epochs", type=int, default=100, help="at most; fewer is a trial")
    args = parser.parse_args()
    prepare_cpu(1)
    known = read_meme(next((TOP / "assets" / "motifs").glob("*vertebrates*.meme")))
    found = list(sets(args.fixtures, args.factors, args.sizes))
    if not found:
        print(f"# robust: no sets in {args.fixtures.name}; give --fixtures", file=sys.stderr)
    if args.runs and not args.runs.exists():
        args.runs.write_text("\t".join(COLUMNS) + "\n")
    for folder, test in found:
        runs: dict[str, list[Run]] = {recipe: [] for recipe in args.recipes}
        for recipe in args.recipes:
            for seed in range(1, args.seeds + 1):
                dataset = read_set(folder, test, seed)
                streme = streme_auprc(folder, dataset)
                run = run_once(dataset, known, recipe, seed, args.epochs)
                runs[recipe].append(run)
                numbers = (run.model, run.loss, run.calibrated, run.pwm, run.second, streme)
                line = [folder.name, recipe, str(seed), *(f"{value:.4f}" for value in numbers)]
                line += [str(run.known_rank), str(run.epochs)]
                line += [f"{run.training:.1f}", f"{run.seconds:.1f}"]
                if args.runs:
                    with args.runs.open("a") as table:
                        table.write("\t".join(line) + "\n")
        report(folder.name, runs, streme, dataset)


def report(name: str, runs: dict[str, list[Run]], streme: float, dataset: Dataset) -> None:
    """Print the means of a set, ours against the reference."""
    robust, paper, words = (runs.get(recipe, []) for recipe in ("robust", "paper", "words"))
    truth = dataset.labels[dataset.rows("test"), 0]

    def ensemble(some: list[Run]) -> float:
        logits = np.mean([run.logits for run in some], axis=0)
        return float(average_precision(logits[:, None], truth)[0])

    def top3(some: list[Run]) -> float:
        return float(np.mean([1 <= run.known_rank <= 3 for run in some]))

    if robust and paper:
        means = [float(np.mean([run.model for run in some])) for some in (robust, paper)]
        line(f"{name}_model", *means)
        line(f"{name}_ensemble", ensemble(robust), ensemble(paper))
        line(f"{name}_top3", top3(robust), top3(paper))
    if robust and words:
        for what in ("model", "loss", "calibrated", "training"):
            values = [[float(getattr(run, what)) for run in some] for some in (robust, words)]
            line(f"{name}_before_{what}", *(float(np.mean(some)) for some in values))
    for recipe, some in runs.items():
        if some:
            line(f"{name}_pwm_{recipe}", float(np.mean([run.pwm for run in some])), streme)
            second = float(np.mean([run.second for run in some]))
            line(f"{name}_pwm_{recipe}_second", second, streme)


def line(case: str, ours: float, reference: float) -> None:
    """Print a line of the table; the ratio is ours over the reference, since more is better."""
    print("robust", case, f"{ours:.4f}", f"{reference:.4f}", f"{ours / reference:.3f}", sep="\t")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
