"""The best single PWM of a model beside STREME's, and whether its first row is the right one.

Needs the sets that STREME was run on, each a folder ``<factor>_<n>`` or ``yeast_<factor>`` with
``pos.fa.gz``, ``neg.fa.gz`` and ``streme.txt``, and ``<factor>_test_posneg.tsv.gz`` there or beside
it in ``chipseq``: ``--fixtures DIR``. Without them it says so and measures nothing.

Of the held-out sequences of a set, as many as it has positives (at most half) are the unseen ones
of the evidence, which is what folds would give; the others judge all PWMs and are used for nothing
else. STREME's motif is the one that is best on training and validation. At 100 positives, the first
half of the sets of 200, STREME's motifs are those that it found with all 200.

Lines ``best_pwm <set> <kind>``: AUPRC of ours, mean over the seeds, and STREME's. ``best_pwm <n>
<kind>``: means over the sets of a size; ``ratio`` is the p of the paired difference over the sets.
``<n> tuned, both``: STREME's motif, with three columns more on either side, is tuned as ours is.
``best_pwm first``: of the runs of sets where one of STREME's first three motifs is the factor's or
one of its family, the share in which the first supported row by gain is, too; ``ratio`` is their
number.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import ttest_1samp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from figure3 import YEAST
from recipe_options import RECIPES, options_of
from robust import FACTORS, read_fasta, sets

from nfexplainn import dna
from nfexplainn.cpu import prepare_cpu
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.evidence.best_pwms import best_pwms, split_view
from nfexplainn.evidence.tables import evidence_of
from nfexplainn.evidence.tuned import Labelled, tune
from nfexplainn.interpret.flanks import FlankScanner
from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.interpret.outputs import OutputCollector, StoredOutputs
from nfexplainn.interpret.run import interpret_model
from nfexplainn.interpret.tables import effect_table, unit_table
from nfexplainn.io.coordinates import shuffle_name
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.modes import clusters_of
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.scan import average_precision, best_hits
from nfexplainn.motifs.tomtom import tomtom
from nfexplainn.native.scan import NativeScanner
from nfexplainn.training.run import Plan, train_model

TOP = Path(__file__).resolve().parent.parent
VALID_SHARE, YEAST_UNSEEN = 0.1, 0.2
MOST_UNSEEN = 250
FIRST = 3  # of STREME's motifs
WIDENED = 3  # columns on either side of STREME's motif, to tune it
COLUMNS = (
    *("set", "positives", "seed", "kind", "motif", "name", "supported", "penalty", "auprc"),
    *("streme_auprc", "streme_tuned", "rows_supported", "first_is_family", "streme_has_family"),
    *("cpu_training", "cpu_evidence", "cpu_pwms"),
)


@dataclass(frozen=True)
class Case:
    """A set of one size with one seed.

    Attributes
    ----------
    name, factor : str
    dataset : Dataset
    judges : Labelled or None
        Sequences that judge the PWMs.
    streme : tuple of Motif
    """

    name: str
    factor: str
    dataset: Dataset
    judges: Labelled | None
    streme: tuple[Motif, ...]


def make_case(folder: Path, test: Path | None, positives: int | None, seed: int) -> Case:
    """Read a set; a positive and its shuffle stay in one part."""
    own, shuffled = (read_fasta(folder / name)[:positives] for name in ("pos.fa.gz", "neg.fa.gz"))
    n = len(own)
    rng = np.random.default_rng([seed, n])
    place = rng.permutation(n)
    part = np.where(place < round(VALID_SHARE * n), "valid", "train")
    names = [f"s{row}" for row in range(n)]
    parts, texts = [part, part], [*own, *shuffled]
    names += [shuffle_name(name, 1) for name in names]
    labels = [np.repeat([1.0, 0.0], n)]
    judges = None
    factor = folder.name.rpartition("_")[0]
    if test is None:
        factor = folder.name.rpartition("_")[2]
        part[place >= n - round(YEAST_UNSEEN * n)] = "test"
    else:
        with gzip.open(test, "rt", newline="") as handle:
            rows = list(csv.reader(handle, delimiter="\t"))
        classes = np.array([float(row[2]) for row in rows])
        unseen = np.zeros(len(rows), dtype=bool)
        for wanted in (0, 1):
            unseen[rng.permutation(np.flatnonzero(classes == wanted))[: min(n, MOST_UNSEEN)]] = True
        held = [row[1] for row in rows]
        texts += [text for text, use in zip(held, unseen, strict=True) if use]
        names += [f"t{at}" for at in range(int(unseen.sum()))]
        labels.append(classes[unseen])
        parts.append(np.full(int(unseen.sum()), "test"))
        judges = Labelled(dna.encode(held)[~unseen], classes[~unseen])
    meta = DatasetMeta(folder.name, "sequences", "binary", ("bound",), len(texts[0]), True, seed)
    meta = replace(meta, extra={"negatives": "shuffle"})
    all_labels = np.concatenate(labels).astype(np.float32)[:, None]
    dataset = Dataset(meta, names, dna.encode(texts), np.concatenate(parts), all_labels)
    name = folder.name if positives is None else f"{factor}_{positives}"
    return Case(name, factor, dataset, judges, read_meme(folder / "streme.txt").motifs)


def replicate(
    dataset: Dataset, recipe: str, seed: int, epochs: int
) -> tuple[StoredOutputs, pd.DataFrame]:
    """Train and interpret one model; give its outputs, and states and effects of its units."""
    plan = Plan("explainn", {"length": dataset.meta.length, "tasks": 1})
    options = options_of(recipe, seed, epochs)
    model = train_model(plan, dataset, options, report=lambda _: None).model
    logits = predict_logits(model, dataset.codes, average_strands=True)
    scanner = FlankScanner(model.filters(), NativeScanner)
    kept = OutputCollector(dataset, scanner.units, both_strands=True)
    with tempfile.NamedTemporaryFile(suffix=".parquet") as scratch:
        found = interpret_model(
            model, dataset, logits, scratch.name, make_scanner=lambda _: scanner, keep=kept.add
        )
    states = unit_table(found.states, scanner.width).frame()[["unit", "status"]]
    effects = effect_table(found, dataset.meta.tasks).frame()[["unit", "effect"]]
    units = states.merge(effects.rename(columns={"effect": "effect:bound"}))
    return kept.store(model, scanner, found.thresholds, "bce"), units


def auprc(motif: Motif, on: Labelled) -> float:
    """Judge a motif by its best hits."""
    return float(average_precision(best_hits([motif], on.codes), on.labels)[0])


def streme_auprc(case: Case) -> tuple[float, float]:
    """Judge STREME's motif that is best on training and validation: as it is, and tuned."""
    if case.judges is None:
        return float("nan"), float("nan")
    rows = case.dataset.rows("train", "valid")
    hits = best_hits(case.streme, case.dataset.codes[rows])
    areas = average_precision(hits, case.dataset.labels[rows, 0])
    best = case.streme[int(np.nanargmax(areas))]
    return auprc(best, case.judges), auprc(tuned(best, case.dataset), case.judges)


def tuned(motif: Motif, dataset: Dataset) -> Motif:
    """Tune a motif as the best PWM of a model is tuned."""
    flat = np.full((WIDENED, 4), 0.25)
    wide = replace(motif, ppm=np.concatenate([flat, motif.ppm, flat]))
    train, valid = (
        Labelled(dataset.codes[rows], dataset.labels[rows, 0])
        for rows in (dataset.rows("train"), dataset.rows("valid"))
    )
    return tune(wide, train, valid).motif(wide)


def are_family(motifs: tuple[Motif, ...], factor: str, known: MotifSet) -> list[bool]:
    """Tell which motifs are like one of the factor's family, by similarity of known motifs."""
    family = _family(factor, known)
    if not motifs:
        return []
    hits = tomtom(MotifSet(motifs), known, max_q=0.05)
    found = set(hits.loc[hits["target_id"].isin(family), "query_id"])
    return [motif.id in found for motif in motifs]


@cache
def _known(path: Path) -> MotifSet:
    return read_meme(path)


def _family(factor: str, known: MotifSet) -> set[str]:
    clusters = clusters_of(known.motifs)
    own = {
        cluster
        for motif, cluster in zip(known.motifs, clusters, strict=True)
        if factor.upper() in motif.name.upper().split("::")
    }
    return {
        motif.id for motif, cluster in zip(known.motifs, clusters, strict=True) if cluster in own
    }


def measured(case: Case, known: MotifSet, args: argparse.Namespace, seed: int) -> Iterator[dict]:
    """Give a row per kind of PWM."""
    clock = [time.process_time()]
    stored, tables = {}, []
    for number in range(1, args.replicates + 1):
        outputs, units = replicate(case.dataset, args.recipe, 1000 * seed + number, args.epochs)
        stored[number] = outputs
        tables.append(units.assign(replicate=number))
    clock.append(time.process_time())
    units = pd.concat(tables)
    evidence = evidence_of(case.dataset, "explainn", stored, units, known, AnnotateOptions())
    clock.append(time.process_time())
    view = split_view(case.dataset, evidence.motifs)
    table, motifs = best_pwms(case.dataset, "explainn", evidence.rows, view)
    clock.append(time.process_time())

    supported = evidence.rows[evidence.rows["supported"] == "true"]
    by_id = {motif.id: motif for motif in evidence.motifs.motifs}
    first = tuple(by_id[motif] for motif in supported["motif"][:1])
    about = {
        "set": case.name,
        "positives": int(case.dataset.labels[case.dataset.rows("train", "valid")].sum()),
        "seed": seed,
        **dict(zip(("streme_auprc", "streme_tuned"), streme_auprc(case), strict=True)),
        "rows_supported": len(supported),
        "first_is_family": int(any(are_family(first, case.factor, known))),
        "streme_has_family": int(any(are_family(case.streme[:FIRST], case.factor, known))),
    }
    about |= dict(zip(COLUMNS[-3:], np.diff(clock).tolist(), strict=True))
    for row, motif in zip(table.to_dict("records"), motifs.motifs, strict=True):
        value = auprc(motif, case.judges) if case.judges else float("nan")
        kept = {name: row[name] for name in ("kind", "motif", "name", "supported", "penalty")}
        yield about | kept | {"auprc": value}


def line(case: str, ours: float, reference: float, ratio: str) -> None:
    """Print a line of the table."""
    print("best_pwm", case, f"{ours:.4f}", f"{reference:.4f}", ratio, sep="\t", flush=True)


def report(runs: pd.DataFrame) -> None:
    """Print the lines of all sets, of each size, and of the first rows."""
    means = runs.groupby(["set", "positives", "kind"], sort=False)[
        ["auprc", "streme_auprc", "streme_tuned"]
    ].mean()
    for (name, _, kind), row in means.dropna().iterrows():
        ratio = f"{row['auprc'] / row['streme_auprc']:.3f}"
        line(f"{name} {kind}", row["auprc"], row["streme_auprc"], ratio)
    for (positives, kind), some in means.dropna().groupby(["positives", "kind"], sort=False):
        against = {f"{positives} {kind}": "streme_auprc"}
        against |= {f"{positives} tuned, both": "streme_tuned"} if kind == "tuned" else {}
        for case, theirs in against.items():
            difference = some["auprc"] - some[theirs]
            p = ttest_1samp(difference, 0).pvalue if len(some) > 1 else float("nan")
            line(case, some["auprc"].mean(), some[theirs].mean(), f"{p:.2g}")
    once = runs.drop_duplicates(["set", "seed"])
    told = once[once["streme_has_family"] == 1]
    if len(told):
        line("first", told["first_is_family"].mean(), 1.0, f"{len(told)}")


def main() -> None:
    """Measure all sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixtures", type=Path, default=TOP.parent / "shared/fixtures/streme")
    parser.add_argument("--fungi", type=Path, help="known motifs for the yeast sets")
    parser.add_argument("--factors", nargs="+", default=list(FACTORS))
    parser.add_argument("--sizes", nargs="+", type=int, default=[100, 200, 500, 1000])
    parser.add_argument("--yeast", nargs="*", default=list(YEAST))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--recipe", choices=RECIPES, default="robust")
    parser.add_argument("--runs", type=Path, help="write a line per run and kind to this table")
    parser.add_argument("--epochs", type=int, default=100, help="at most; fewer is a trial")
    args = parser.parse_args()
    prepare_cpu(1)
    vertebrates = next((TOP / "assets" / "motifs").glob("*vertebrates*.meme"))
    jaspar = args.fixtures.parents[1] / "data" / "jaspar"
    fungi = args.fungi or next(jaspar.glob("*fungi*.meme"), None)
    found: list[tuple[Path, Path | None, int | None, Path]] = []
    for size in args.sizes:
        halved = size == 100
        for folder, test in sets(args.fixtures, args.factors, [200 if halved else size]):
            found.append((folder, test, size if halved else None, vertebrates))
    for factor in args.yeast if fungi else ():
        if (folder := args.fixtures / f"yeast_{factor}").is_dir():
            found.append((folder, None, None, fungi))
    if not found:
        print(f"# best_pwm: no sets in {args.fixtures.name}; give --fixtures", file=sys.stderr)
        return
    rows: list[dict] = []
    for folder, test, positives, motifs in found:
        for seed in range(1, args.seeds + 1):
            case = make_case(folder, test, positives, seed)
            mine = list(measured(case, _known(motifs), args, seed))
            rows += mine
            spent = (
                statistics.fmean(sum(row[name] for name in COLUMNS[-3:]) for row in mine)
                if mine
                else 0.0
            )
            said = ", ".join(f"{row['kind']} {row['auprc']:.3f}" for row in mine)
            print(f"# {case.name} {seed}: {said or 'no row'}; {spent:.0f} s", flush=True)
            if args.runs:
                frame = pd.DataFrame(rows, columns=list(COLUMNS))
                frame.to_csv(args.runs, sep="\t", index=False, float_format="%.4g")
    report(pd.DataFrame(rows, columns=list(COLUMNS)))


if __name__ == "__main__":
    main()
