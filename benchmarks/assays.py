"""What the assays must show on real data, held against its bars.

A data set is prepared, trained, interpreted and annotated by the pipeline's own scripts, with the
recipe that ``--recipe`` names and 100 units. A line gives what was seen (ours) and the bar
(reference); a rank counts from 1, by effect, among all 100 units, and is nan where no unit has such
a match. The real data are found in ``../shared/data`` beside the project, or where
``NFEXPLAINN_TEST_DATA`` says.

    benchmarks/assays.py [--only leaf Cebpb] [--recipe paper] [--seeds 101 102 103]
                         [--data_seeds 42] [--folder F]

``--seeds`` are of training, ``--data_seeds`` of negatives and split. With ``--folder`` results are
kept there, and what is there is not computed again: give each recipe a folder of its own. A line
"is weak" gives 1 where the verdict of a task that has too few positives says so, else nan.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from harness import print_line

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn import dna
from nfexplainn.data.dataset import read_dataset
from nfexplainn.evaluation.gather import gather_evidence
from nfexplainn.evaluation.verdict import judge
from nfexplainn.interpret.importance import EffectSums
from nfexplainn.models.checkpoint import load_model

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("NFEXPLAINN_TEST_DATA", ROOT.parent / "shared" / "data"))
RELEASE = "2026"
DATA_SEED = 42
BEHIND = ("baseline", "counts")  # what a verdict rests on beside the metrics

Match = Callable[[pd.DataFrame], pd.Series]


@dataclass(frozen=True)
class Rank:
    """A unit with some property must have at most this rank by effect on a task.

    ``everything``: by the effect over all labelled sequences, not the well-predicted ones alone.
    """

    what: str
    bar: int
    unit: Callable[[pd.DataFrame, pd.DataFrame], set[str]]
    task: str
    everything: bool = False


@dataclass(frozen=True)
class Target:
    """A data set and its bars.

    ``rows`` are sample, file, split and label; ``metrics`` are task, metric and bar on the test
    part. ``make`` makes in a folder what the rows name there, and gives what else the
    specification needs.
    """

    assay: str
    rows: Sequence[tuple[str, str, str | None, str | None]]
    metrics: Sequence[tuple[str, str, float]]
    ranks: Sequence[Rank] = ()
    options: dict[str, Any] = field(default_factory=dict)
    taxon: str = "vertebrates"
    labels: str | None = None
    cycles: float | None = None
    make: Callable[[Path, int], dict[str, Any]] | None = None
    weak: Sequence[str] = ()


@functools.cache
def known_kind(taxon_release: str, matrix: str) -> str:
    """Class and family of a JASPAR profile."""
    from pyjaspar import jaspardb

    motif = jaspardb(release=f"JASPAR{taxon_release}").fetch_motif_by_id(matrix)
    return " ".join(str(part) for part in (motif.tf_class, motif.tf_family))


def kind(text: str) -> Callable[[pd.DataFrame, pd.DataFrame], set[str]]:
    """Units with a match whose class or family holds a text."""

    def units(_units: pd.DataFrame, tomtom: pd.DataFrame) -> set[str]:
        fits = [text in known_kind(RELEASE, matrix) for matrix in tomtom["target_id"]]
        return set(tomtom["unit"][fits])

    return units


def named(pattern: str) -> Callable[[pd.DataFrame, pd.DataFrame], set[str]]:
    """Units with a match whose name or identifier fits."""

    def units(_units: pd.DataFrame, tomtom: pd.DataFrame) -> set[str]:
        names = tomtom["target_name"].astype(str).str.upper()
        fits = names.str.contains(pattern) | tomtom["target_id"].str.contains(pattern)
        return set(tomtom["unit"][fits])

    return units


def consensus(*words: str) -> Callable[[pd.DataFrame, pd.DataFrame], set[str]]:
    """Units whose consensus holds one of some words."""

    def holds(text: object) -> bool:
        return any(word in str(text) for word in words)

    return lambda units, _tomtom: set(units["unit"][units["consensus"].map(holds)])


def array(factor: str) -> list[tuple[str, str, str | None, str | None]]:
    """The two DREAM5 designs of a factor: one to train on, one to test on."""
    return [
        (f"{factor}_{design}", f"pbm/DREAM5_{factor}_{design}.tsv.gz", split, None)
        for design, split in (("HK", "train"), ("ME", "test"))
    ]


def cycles(first: int) -> list[tuple[str, str, str | None, str | None]]:
    """The cycles of ALX4 from one on."""
    file = "htselex/ALX4_TGTGTC20NGA_cycle{}.fastq.gz"
    return [(f"ALX4_c{i}", file.format(i), None, str(i)) for i in range(first, 5)]


def homeodomain(last: str) -> Rank:
    """A homeodomain must be first by effect on the last cycle."""
    return Rank("homeodomain", 1, kind("Homeo domain"), last)


# TATAWA and its reverse complement; a consensus may hold W or the bases it stands for.
TATA = ("TATAWA", "TATAAA", "TATATA", "TWTATA", "TTTATA", "TAWAWA", "TWTWTA")
WT1 = [("WT1", "pbm/UniPROBE_UP00627_WT1_REF_R1_combinatorial.txt.gz", None, None)]
PLANTS = [("leaf", "starrseq/plant_core_promoters_leaf.raw.tsv.gz", None, None)]
PRDM13 = [("PRDM13", "smileseq/PRDM13_DBD_SS014_BC07.part1.fastq.gz", None, None)]
BINS = [("bins", "atac/yeast_SRR1822137_200bp_bins.3task.explainn.tsv.gz", None, None)]
BIN_TASKS = ("NFR_log2cov", "nucleosome_log2cov", "cuts_log2")
YEAST = named("^(?:REB1|ABF1)$")

# One peak set of each factor in HepG2 on chr22; REST has too few for a bar.
HEPG2 = ("CTCF", "FOXA1", "CEBPB", "JUND", "MAX", "HNF4A", "REST")
HEPG2_BARS = (0.90, 0.82, 0.87, 0.85, 0.70, 0.70)
# CTCF by name: its family, more than three adjacent zinc fingers, would prove nothing.
HEPG2_OWN = (named("^CTCF$"), kind("FOX"), kind("CEBP-related"), kind("Jun-related"))


def hepg2_matrix(folder: Path, seed: int) -> dict[str, Any]:
    """Make the matrix of the factors' peaks and GC-matched negatives; give the genome."""
    source = DATA / "genome" / "chr22_hg19_partial.fa.gz"
    paths = [DATA / "chipseq" / "chr22_hg19" / f"HepG2.{factor}.narrowPeak" for factor in HEPG2]
    index = ("--genome", source, "--out", "chr22.fa")
    script(folder, "index_genome.py", *index, "--status", "genome.status.json")
    genome = {"name": "chr22", "path": str(folder / "chr22.fa")}
    spec = {
        "id": "peaks",
        "assay": "peaks",
        "seed": seed,
        "rows": [{"sample": factor, "line": i + 2, "data": i} for i, factor in enumerate(HEPG2)],
        "files": [{"name": path.name, "path": str(path)} for path in paths],
        "genome": genome,
    }
    (folder / "peaks.json").write_text(json.dumps(spec))
    script(folder, "prepare.py", "--spec", "peaks.json")
    table = pd.read_parquet(folder / "peaks.dataset.parquet", columns=["name", *HEPG2])
    table.to_csv(folder / "matrix.tsv", sep="\t", index=False, float_format="%g", na_rep="NA")
    return {
        "genome": genome,
        "files": [{"name": "matrix.tsv", "path": str(folder / "matrix.tsv")}],
    }


TARGETS: dict[str, Target] = {
    "leaf": Target(
        "starrseq",
        PLANTS,
        [("leaf", "pearson", 0.65)],
        [Rank("TATAWA", 3, consensus(*TATA), "leaf")],
        taxon="plants",
    ),
    "alx4": Target(
        "htselex", cycles(0), [("*", "accuracy", 0.50)], [homeodomain("cycle_4")], cycles=0.98
    ),
    "alx4_14": Target(
        "htselex", cycles(1), [("*", "accuracy", 0.55)], [homeodomain("cycle_4")], cycles=None
    ),
    "prdm13": Target(
        "smileseq",
        PRDM13,
        [("PRDM13", "auroc", 0.57)],
        [Rank("MA2536.1", 5, named(r"^MA2536\."), "PRDM13", everything=True)],
    ),
    "Cebpb": Target(
        "pbm",
        array("Cebpb"),
        [("Cebpb", "pearson", 0.55)],
        [Rank("CEBP-related", 3, kind("CEBP-related"), "Cebpb")],
    ),
    "Esr1": Target(
        "pbm",
        array("Esr1"),
        [("Esr1", "pearson", 0.45)],
        [Rank("NR3", 3, kind("Steroid hormone receptors (NR3)"), "Esr1")],
    ),
    "Sp1": Target(
        "pbm",
        array("Sp1"),
        [("Sp1", "pearson", 0.45)],
        [Rank("SP/KLF", 3, kind("Three-zinc finger Kruppel"), "Sp1")],
    ),
    "wt1": Target(
        "pbm",
        WT1,
        [("WT1", "pearson", 0.70)],
        [Rank("WT1 or EGR", 20, named("^(?:WT1|EGR[0-9])$"), "WT1")],
        {"linker": "cut"},
    ),
    "bins": Target(
        "table",
        BINS,
        [(task, "pearson", 0.45) for task in BIN_TASKS],
        [Rank("REB1 or ABF1", 3, YEAST, task) for task in (BIN_TASKS[0], BIN_TASKS[2])],
        {"split_by": "chromosome"},
        "fungi",
        "atac/yeast_SRR1822137_200bp_bins.labels.txt",
    ),
    "hepg2": Target(
        "matrix",
        [("HepG2", "matrix.tsv", None, None)],
        [(factor, "auroc", bar) for factor, bar in zip(HEPG2, HEPG2_BARS, strict=False)],
        [
            Rank(f"{factor}'s family", 3, own, factor)
            for factor, own in zip(HEPG2, HEPG2_OWN, strict=False)
        ],
        make=hepg2_matrix,
        weak=("REST",),
    ),
}


def script(folder: Path, name: str, *arguments: str | Path) -> None:
    """Run a script of the pipeline in a folder."""
    command = [sys.executable, str(ROOT / "bin" / name), *map(str, arguments)]
    log = folder / "log.txt"
    with log.open("a", encoding="utf-8") as out:
        if subprocess.run(command, cwd=folder, stdout=out, stderr=out, check=False).returncode:
            sys.exit(f"ERROR: {name} failed; see {log}.")


def prepare(name: str, target: Target, seed: int, folder: Path) -> None:
    """Write the specification and make the data set."""
    files = [{"name": Path(row[1]).name, "path": str(DATA / row[1])} for row in target.rows]
    options = dict(target.options)
    if target.labels:
        options["labels"] = len(files)
        files.append({"name": Path(target.labels).name, "path": str(DATA / target.labels)})
    rows = [
        {"sample": sample, "line": i + 2, "data": i, "split": split, "label": label}
        for i, (sample, _, split, label) in enumerate(target.rows)
    ]
    spec = {"id": name, "assay": target.assay, "seed": seed, "rows": rows, "files": files}
    made = target.make(folder, seed) if target.make else {}
    (folder / "spec.json").write_text(json.dumps(spec | {"options": options} | made))
    script(folder, "prepare.py", "--spec", "spec.json")
    status = json.loads((folder / f"{name}.status.json").read_text())
    if status["state"] != "ok":
        sys.exit(f"ERROR: {name}: {status['reason']}")


def compute(name: str, target: Target, data_seed: int, seed: int, folder: Path, known: Path) -> str:
    """Train and interpret with a seed what is not there yet; give the run's prefix."""
    run = f"{name}.explainn.r{seed - 100}"
    data = f"{name}.dataset.parquet"
    model, predictions = f"{run}.model.safetensors", f"{run}.predictions.parquet"
    if not (folder / data).exists():
        prepare(name, target, data_seed, folder)
    if target.weak and not (folder / f"{name}.baseline.tsv").exists():
        script(folder, "baseline.py", "--dataset", data, "--id", name)
    if not (folder / model).exists():
        trained = ("--dataset", data, "--options", "options.json", "--id", run)
        script(folder, "train.py", *trained, "--seed", str(seed))
    if not (folder / f"{run}.metrics.tsv").exists():
        script(folder, "evaluate.py", "--model", model, "--dataset", data, "--id", run)
    options = ("--options", "options.json", "--id", run)
    if not (folder / f"{run}.effects.tsv").exists():
        inputs = ("--model", model, "--dataset", data, "--predictions", predictions)
        script(folder, "interpret.py", *inputs, *options)
    if not (folder / f"{run}.tomtom.tsv").exists():
        units = ("--units", f"{run}.units.tsv", f"{run}.units.meme")
        script(folder, "annotate.py", *units, "--motif-set", known, *options)
    if target.cycles and not (folder / f"{run}.cycles.tsv").exists():
        files = ("--units", f"{run}.units.meme", "--dataset", data)
        script(folder, "score_cycles.py", *files, "--id", run)
    return run


def effects_over_all(name: str, run: str, folder: Path) -> pd.DataFrame:
    """Compute the effects from all labelled sequences of training and validation."""
    dataset = read_dataset(folder / f"{name}.dataset.parquet")
    model = load_model(folder / f"{run}.model.safetensors").model
    weights = model.final_weight
    rows = dataset.rows("train", "valid")
    wanted = np.zeros(dataset.labels.shape, dtype=bool)
    wanted[rows] = ~np.isnan(dataset.labels[rows])
    regression = dataset.meta.task_type == "regression"
    sums = EffectSums(dataset.labels, wanted, regression, weights.shape[1])
    for first in range(0, len(rows), 5000):
        part = rows[first : first + 5000]
        strands = [dataset.codes[part]]
        if dataset.meta.strand_symmetric:
            strands.append(dna.reverse_complement(strands[0]))
        for codes in strands:
            sums.add(part, model.unit_outputs(codes))
    effect = sums.effect(weights)
    units = [f"unit_{i + 1:03d}" for i in range(len(effect))]
    columns = [
        pd.DataFrame({"unit": units, "task": t, "effect": effect[:, i]})
        for i, t in enumerate(dataset.meta.tasks)
    ]
    return pd.concat(columns)


def show(name: str, target: Target, data_seed: int, run: str, folder: Path) -> None:
    """Print what was seen beside the bars."""
    case = run.rpartition(".")[2]
    if data_seed != DATA_SEED:
        case = f"data {data_seed} {case}"
    metrics = pd.read_csv(folder / f"{run}.metrics.tsv", sep="\t")
    for task in target.weak:
        known = [pd.read_csv(folder / f"{name}.{part}.tsv", sep="\t") for part in BEHIND]
        word = judge(gather_evidence(metrics, *known)[1][task])[0]
        print_line("assays", f"{name} {case} {task} is weak", 1 if word == "weak" else math.nan, 1)
    test = metrics[(metrics["split"] == "test") & (metrics["against"] == "all")]
    for task, metric, bar in target.metrics:
        row = test[(test["task"] == task) & (test["metric"] == metric)]
        print_line("assays", f"{name} {case} {metric} {task}", float(row["value"].iloc[0]), bar)
    if target.cycles:
        table = pd.read_csv(folder / f"{run}.cycles.tsv", sep="\t")
        print_line(
            "assays", f"{name} {case} last against first", table["auroc"].max(), target.cycles
        )
    units = pd.read_csv(folder / f"{run}.units.tsv", sep="\t")
    tomtom = pd.read_csv(folder / f"{run}.tomtom.tsv", sep="\t")
    effects = pd.read_csv(folder / f"{run}.effects.tsv", sep="\t")
    for rank in target.ranks:
        table = effects_over_all(name, run, folder) if rank.everything else effects
        mine = table[table["task"] == rank.task].sort_values("effect", ascending=False)
        order = mine["unit"].tolist()
        places = sorted(order.index(unit) + 1 for unit in rank.unit(units, tomtom))
        place = float(places[0]) if places else float("nan")
        print_line("assays", f"{name} {case} rank of {rank.what} {rank.task}", place, rank.bar)


def main() -> None:
    """Compute and show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[101, 102, 103])
    parser.add_argument("--data_seeds", nargs="+", type=int, default=[DATA_SEED])
    parser.add_argument("--folder", type=Path, help="where results are kept and looked for")
    parser.add_argument("--epochs", type=int, default=100, help="at most; fewer is a trial")
    parser.add_argument("--recipe", choices=("robust", "paper"), default="robust")
    args = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(
            f"ERROR: the real data are missing; NFEXPLAINN_TEST_DATA names their folder, {DATA}"
        )
    with tempfile.TemporaryDirectory() as scratch:
        top = (args.folder or Path(scratch)).resolve()
        for name, data_seed in itertools.product(args.only, args.data_seeds):
            target = TARGETS[name]
            folder = top / (name if data_seed == DATA_SEED else f"{name}.s{data_seed}")
            folder.mkdir(parents=True, exist_ok=True)
            options = {"max_epochs": args.epochs, "recipe": args.recipe}
            (folder / "options.json").write_text(json.dumps(options))
            known = top / f"{target.taxon}.meme"
            if not known.exists():
                script(folder, "motif_set.py", "--taxon", target.taxon, "--out", known)
            for seed in args.seeds:
                run = compute(name, target, data_seed, seed, folder, known)
                show(name, target, data_seed, run, folder)


if __name__ == "__main__":
    main()
