"""The paper's Figure 3 in small: the best motif of the units beside STREME's best.

Needs the sets that STREME was run on, each a folder ``<factor>_<n>`` or ``yeast_<factor>`` with
``pos.fa.gz``, ``neg.fa.gz`` and ``streme.txt``, and ``<factor>_test_posneg.tsv.gz`` there or beside
it in ``chipseq``: ``--fixtures DIR``. Without them it says so and measures nothing.

Both sides get the same sequences, are scored by the same scanner, and their best motif is chosen
by the same rule (that of ``--streme``). The yeast sets have no other sequences to test on: both
sides are scored on those they learned from.

Lines ``figure3 <set> <recipe>``: ``ours`` is the test AUPRC of the best motif of the units, mean
over the seeds; of ``robust`` that of the re-estimated motifs. ``reference`` is STREME's.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from harness import print_line
from robust import FACTORS, read_fasta, read_set, sets

from nfexplainn import dna
from nfexplainn.analyses.discovery.compare import Candidates, judge, streme_candidates, unit_ranks
from nfexplainn.analyses.discovery.streme import read_streme
from nfexplainn.cpu import prepare_cpu
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.interpret.reestimate import second_motifs
from nfexplainn.interpret.run import interpret_model
from nfexplainn.interpret.tables import effect_table
from nfexplainn.training.loop import TrainingOptions
from nfexplainn.training.run import Plan, train_model

TOP = Path(__file__).resolve().parent.parent
YEAST = ("Abf1", "Cbf1", "Rap1", "Reb1")
COLUMNS = (
    *("set", "recipe", "seed", "source", "chosen_on", "motif", "consensus", "auprc_chosen"),
    *("auprc_test", "rank_effect", "rank_importance", "cpu_seconds"),
)


def yeast_set(folder: Path, seed: int) -> Dataset:
    """Make a data set whose test part is the training and validation part once more."""
    positives, negatives = (read_fasta(folder / name) for name in ("pos.fa.gz", "neg.fa.gz"))
    n = len(positives)
    valid = np.random.default_rng(seed).permutation(n) < round(0.1 * n)
    parts = [np.where(valid, "valid", "train")] * 2 + [np.full(2 * n, "test")]
    labels = np.tile(np.repeat(np.float32([1, 0]), n), 2)[:, None]
    codes = dna.encode([*positives, *negatives] * 2)
    meta = DatasetMeta(
        folder.name,
        "sequences",
        "binary",
        (folder.name.partition("_")[2],),
        codes.shape[1],
        True,
        seed,
        extra={"negatives": "shuffle"},
    )
    names = [f"s{row}" for row in range(len(codes))]
    return Dataset(meta, names, codes, np.concatenate(parts), labels)


def one_run(dataset: Dataset, recipe: str, seed: int, epochs: int) -> list[Candidates]:
    """Train and interpret a model; give its motifs of both kinds."""
    plan = Plan("explainn", {"length": dataset.meta.length, "tasks": 1})
    options = TrainingOptions(recipe=recipe, seed=seed, max_epochs=epochs)  # type: ignore[arg-type]
    model = train_model(plan, dataset, options, report=lambda _: None).model
    logits = predict_logits(model, dataset.codes, average_strands=True)
    with tempfile.NamedTemporaryFile(suffix=".parquet") as scratch:
        found = interpret_model(model, dataset, logits, scratch.name)
    motifs = tuple(state.motif for state in found.states if state.motif is not None)
    dead = [state.unit for state in found.states if state.status == "dead"]
    effects = effect_table(found, dataset.meta.tasks).frame()
    ranks = unit_ranks(effects, dataset.meta.tasks[0], dead)
    second = second_motifs(dataset, motifs, np.zeros(len(motifs), dtype=np.intp)).motifs
    return [
        Candidates("explainn", seed, motifs, ranks=ranks),
        Candidates("explainn_reestimated", seed, tuple(second), ranks=ranks),
    ]


def streme_seconds(fixtures: Path) -> dict[str, float]:
    """CPU seconds of STREME per set, where they were noted."""
    path = fixtures / "summary.tsv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    return {row["set"]: float(row["cpu_seconds"]) for row in rows}


def measured(
    folder: Path, test: Path | None, recipes: list[str], seeds: int, epochs: int
) -> Iterator[dict]:
    """Give a row per seed, recipe and side."""
    for seed in range(1, seeds + 1):
        dataset = read_set(folder, test, seed) if test else yeast_set(folder, seed)
        streme = streme_candidates(read_streme(folder / "streme.txt"), both_strands=True)
        for row in judge(dataset, 0, [streme]).best:
            yield row | {"recipe": "", "seed": seed}
        for recipe in recipes:
            started = time.process_time()
            sides = one_run(dataset, recipe, seed, epochs)
            spent = time.process_time() - started
            for row in judge(dataset, 0, sides).best:
                yield row | {"recipe": recipe, "seed": seed, "cpu_seconds": spent}


def main() -> None:
    """Measure all sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixtures", type=Path, default=TOP.parent / "shared/fixtures/streme")
    parser.add_argument("--factors", nargs="+", default=list(FACTORS))
    parser.add_argument("--sizes", nargs="+", type=int, default=[200, 1000])
    parser.add_argument("--yeast", nargs="*", default=list(YEAST))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--recipes", nargs="+", default=["paper", "robust"])
    parser.add_argument("--runs", type=Path, help="write a line per run and side to this table")
    parser.add_argument("--epochs", type=int, default=100, help="at most; fewer is a trial")
    args = parser.parse_args()
    prepare_cpu(1)
    found: list[tuple[Path, Path | None]] = list(sets(args.fixtures, args.factors, args.sizes))
    found += [
        (folder, None)
        for factor in args.yeast
        if (folder := args.fixtures / f"yeast_{factor}").is_dir()
    ]
    if not found:
        print(f"# figure3: no sets in {args.fixtures.name}; give --fixtures")
        return
    clock = streme_seconds(args.fixtures)
    rows: list[dict] = []
    for folder, test in found:
        mine = [
            row | {"set": folder.name}
            for row in measured(folder, test, args.recipes, args.seeds, args.epochs)
        ]
        for row in mine:
            if row["source"] == "streme":
                row["cpu_seconds"] = clock.get(folder.name)
        rows += mine
        streme = statistics.fmean(r["auprc_test"] for r in mine if r["source"] == "streme")
        for recipe in args.recipes:
            kind = "explainn_reestimated" if recipe == "robust" else "explainn"
            ours = [r for r in mine if (r["recipe"], r["source"]) == (recipe, kind)]
            value = statistics.fmean(r["auprc_test"] for r in ours)
            print_line("figure3", f"{folder.name} {recipe}", value, streme)
        if args.runs:
            frame = pd.DataFrame(rows, columns=list(COLUMNS))
            whole = ["rank_effect", "rank_importance"]
            frame = frame.astype(dict.fromkeys(whole, "Int64"))
            frame.to_csv(args.runs, sep="\t", index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
