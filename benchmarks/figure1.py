"""The paper's Figure 1 in small: the architectures, and the number of units, on four yeast factors.

Needs a folder with ``chipseq/yeast_<factor>_chexmix.bed`` of Abf1, Cbf1, Rap1 and Reb1: ``--data
DIR``. Without it says so and measures nothing. About 35 CPU minutes with five seeds; what lies in
``--work`` already is not computed again.

Lines ``figure1 <model>``: test AUPRC of ExplaiNN, mean over the factors and seeds, against that of
the other architecture. Lines ``figure1 units <n>``: test AUPRC of the best number of units against
that of n; the plateau is found on validation, by the one-standard-error rule.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from harness import print_line

from nfexplainn.io.tsv import write_tsv
from nfexplainn.page.load import DatasetResult, ModelResult, load_inputs
from nfexplainn.page.scores import by_replicate
from nfexplainn.page.style import REFERENCE
from nfexplainn.report.comparison import MEAN, compare
from nfexplainn.training.sweep import plateau, recommendation

TOP = Path(__file__).resolve().parent.parent
DATASET = "yeast"
FACTORS = ("Abf1", "Cbf1", "Rap1", "Reb1")
MODELS = ("explainn", "cnn1", "cnn1exp", "deepcnn", "danq")
UNITS = (1, 5, 10, 20, 50, 100)
DEFAULT_UNITS = 100
METRIC = "auprc"


def script(folder: Path, name: str, *arguments: str | Path) -> None:
    """Run a script of the pipeline in a folder."""
    command = [sys.executable, str(TOP / "bin" / name), *map(str, arguments)]
    with (folder / "log.txt").open("a", encoding="utf-8") as out:
        if subprocess.run(command, cwd=folder, stdout=out, stderr=out, check=False).returncode:
            sys.exit(f"ERROR: {name} failed; see {folder / 'log.txt'}.")


def prepare(
    data: Path, folder: Path, *, dataset: str = DATASET, factors: tuple[str, ...] = FACTORS
) -> None:
    """Make the data set of some factors, all four by default, with GC-matched negatives."""
    files = [
        {"name": f"{factor}.bed", "path": str(data / "chipseq" / f"yeast_{factor}_chexmix.bed")}
        for factor in factors
    ]
    rows = [
        {"sample": factor, "line": i + 2, "data": i, "negatives": "gc"}
        for i, factor in enumerate(factors)
    ]
    genome = folder / "sacCer3.fa"
    with gzip.open(TOP / "assets" / "demo" / "sacCer3_R64.fa.gz") as packed:
        genome.write_bytes(packed.read())
    spec = {
        **{"id": dataset, "assay": "peaks", "seed": 42, "rows": rows, "files": files},
        **{"genome": {"name": genome.name, "path": str(genome)}, "options": {"max_unknown": 0}},
    }
    (folder / "spec.json").write_text(json.dumps(spec))
    script(folder, "prepare.py", "--spec", "spec.json")
    if not (folder / f"{dataset}.dataset.parquet").exists():
        sys.exit(f"ERROR: {(folder / f'{dataset}.status.json').read_text()}")


def compute(folder: Path, name: str, replicate: int, options: dict[str, object]) -> None:
    """Train and measure a model with a seed, unless that was done; `name` is how it is called."""
    run, data = f"{DATASET}.{name}.r{replicate}", f"{DATASET}.dataset.parquet"
    if (folder / f"{run}.metrics.tsv").exists():
        return
    settings = folder / f"{run}.json"
    settings.write_text(json.dumps(options | {"seed": 41 + replicate, "replicate": replicate}))
    script(folder, "train.py", "--dataset", data, "--options", settings.name, "--id", run)
    model = f"{run}.model.safetensors"
    script(folder, "evaluate.py", "--model", model, "--dataset", data, "--id", run)


def results(folder: Path) -> DatasetResult:
    """Read what is there."""
    return next(d for d in load_inputs([folder], {}, {}).datasets if d.id == DATASET)


def main() -> None:
    """Train everything, print the comparison and the sweep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=TOP.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, help="folder to keep, and to go on from")
    parser.add_argument("--runs", type=Path, help="write a row per run and factor to this table")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--models", nargs="*", default=MODELS)
    parser.add_argument("--units", nargs="*", type=int, default=UNITS)
    parser.add_argument("--epochs", type=int, default=100, help="at most; fewer is a trial")
    args = parser.parse_args()
    if not (args.data / "chipseq").is_dir():
        print(f"# figure1: {args.data} has no folder chipseq; give --data")
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = (args.work or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / f"{DATASET}.dataset.parquet").exists():
            prepare(args.data.resolve(), folder)
        limit: dict[str, object] = {"max_epochs": args.epochs, "recipe": "paper"}
        # Seed by seed, so that what is there at any time can be compared.
        for replicate in range(1, args.seeds + 1):
            for name in args.models:
                compute(folder, name, replicate, limit | {"model": name})
            for units in args.units:
                # The default number was trained as the architecture itself, where that was asked.
                if units != DEFAULT_UNITS or REFERENCE not in args.models:
                    compute(folder, f"units{units}", replicate, limit | {"units": units})
        dataset = results(folder)
        if args.runs:
            write_runs(args.runs, dataset)
        own = [model for model in dataset.models if not model.name.startswith("units")]
        show_models(dataset, {model.name for model in own})
        sizes = {
            int(model.name.removeprefix("units").replace(REFERENCE, str(DEFAULT_UNITS))): model
            for model in dataset.models
            if model.name.startswith("units") or (args.units and model.name == REFERENCE)
        }
        if len(sizes) > 1:
            show_units(dict(sorted(sizes.items())))


def write_runs(path: Path, dataset: DatasetResult) -> None:
    """Write every run's scores of every factor, its size and its cost."""
    columns = ["model", "replicate", "factor", "valid", "test", "parameters", "epochs", "seconds"]
    rows = []
    for model in dataset.models:
        for replicate, metrics in model.metrics.items():
            scores = {
                (row["task"], row["split"]): float(row["value"])
                for row in metrics
                if (row["metric"], row["against"]) == (METRIC, "all")
            }
            history = model.histories[replicate]
            seconds = sum(float(row["seconds"]) for row in history)
            for factor in FACTORS:
                score = [scores[factor, split] for split in ("valid", "test")]
                size = model.sizes[replicate]
                rows.append([model.name, replicate, factor, *score, size, len(history), seconds])
    write_tsv(path, columns, rows)


def show_models(dataset: DatasetResult, names: set[str]) -> None:
    """Print a line per architecture, and its paired test."""
    rows = [row for row in compare(dataset) if row["task"] == MEAN and row["model"] in names]
    ours = next((row["mean"] for row in rows if row["model"] == REFERENCE), None)
    for row in rows:
        if not isinstance(ours, float) or not isinstance(row["mean"], float):
            continue
        columns = ("mean", "sd", "pairs", "difference", "p", "parameters", "seconds")
        print("#", row["model"], *(f"{c} {row[c]:.4g}" for c in columns if row[c] is not None))
        print("figure1", row["model"], f"{ours:.4g}", f"{row['mean']:.4g}", sep="\t")


def show_units(sizes: dict[int, ModelResult]) -> None:
    """Print a line per number of units, and the plateau."""
    valid, test = (
        {n: list(by_replicate(m, METRIC, FACTORS, split).values()) for n, m in sizes.items()}
        for split in ("valid", "test")
    )
    best = max(statistics.fmean(values) for values in test.values())
    for units, values in test.items():
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        print(f"# units {units} valid {statistics.fmean(valid[units]):.4g} spread {spread:.4g}")
        print_line("figure1", f"units {units}", best, statistics.fmean(values))
    found = plateau(valid)
    assert found is not None
    print("#", recommendation(found, valid, "AUPRC"))


if __name__ == "__main__":
    main()
