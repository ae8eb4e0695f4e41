"""The paper's Figure 6D to G in small: four yeast factors' models predict accessibility.

Needs a folder with ``chipseq/yeast_<factor>_chexmix.bed`` of Abf1, Cbf1, Rap1 and Reb1, and
``atac/yeast_SRR1822137_200bp_bins``: ``--data DIR``. Without it says so and measures nothing. About
five CPU minutes; what lies in ``--work`` already is not computed again.

Lines ``transfer <what> <task>``: test MSE over the bins, mean over seeds, against that of a
constant, the mean of the training part. ``gc`` is the baseline of GC content alone. Then, per task,
the factors by the effect of their unit.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

import pandas as pd
from assays import DATA_SEED, TARGETS
from assays import prepare as prepare_assay
from figure1 import FACTORS, TOP, script
from figure1 import prepare as prepare_peaks
from harness import print_line

BINS = "bins"
HEADS = ("single_layer", "nam")
REGION_TASK, LEADER = "NFR_log2cov", "Reb1"


def pretrain(data: Path, folder: Path, epochs: int) -> list[str]:
    """Train a model per factor, unless that was done; give their files."""
    settings = folder / "pretrain.json"
    settings.write_text(json.dumps({"max_epochs": epochs, "recipe": "paper"}))
    found = []
    for factor in FACTORS:
        model = f"{factor}.explainn.r1.model.safetensors"
        found.append(model)
        if (folder / model).exists():
            continue
        prepare_peaks(data, folder, dataset=factor, factors=(factor,))
        dataset = f"{factor}.dataset.parquet"
        common = ("--dataset", dataset, "--id", f"{factor}.explainn.r1")
        script(folder, "train.py", *common, "--options", settings)
    return found


def compute(folder: Path, head: str, replicate: int, pretrained: list[str], epochs: int) -> None:
    """Train, measure and interpret a model over the factors' models, unless that was done."""
    run, data = f"{BINS}.{head}.r{replicate}", f"{BINS}.dataset.parquet"
    if (folder / f"{run}.transfer.tsv").exists():
        return
    settings = folder / f"{run}.json"
    options = {"model": head, "seed": 41 + replicate, "replicate": replicate}
    options["max_epochs"] = epochs
    settings.write_text(json.dumps(options))
    common = ("--dataset", data, "--id", run)
    script(folder, "train.py", *common, "--options", settings.name, "--pretrained", *pretrained)
    model = ("--model", f"{run}.model.safetensors")
    script(folder, "evaluate.py", *common, *model)
    predictions = ("--predictions", f"{run}.predictions.parquet")
    script(folder, "interpret_transfer.py", *common, *model, *predictions)


def scores(path: Path, metric: str) -> dict[tuple[str, str], float]:
    """Read a metric of the test part by model and task."""
    with path.open(encoding="utf-8") as rows:
        return {
            (row["model"], row["task"]): float(row["value"])
            for row in csv.DictReader(rows, delimiter="\t")
            if (row["split"], row["metric"], row["against"]) == ("test", metric, "all")
            and row["value"]
        }


def constants(folder: Path) -> dict[str, float]:
    """Test MSE of each task's mean over the training part."""
    table = pd.read_parquet(folder / f"{BINS}.dataset.parquet")
    train, test = table[table["split"] == "train"], table[table["split"] == "test"]
    tasks = [name for name in table.columns if name not in ("name", "sequence", "split", "flanks")]
    return {task: float(((test[task] - train[task].mean()) ** 2).mean()) for task in tasks}


def leaders(folder: Path) -> dict[tuple[str, str], list[str]]:
    """Factors by the mean effect of their unit over the seeds, by head and task."""
    effects: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted(folder.glob(f"{BINS}.*.transfer.tsv")):
        with path.open(encoding="utf-8") as rows:
            for row in csv.DictReader(rows, delimiter="\t"):
                head = path.name.split(".")[1]
                effects[head, row["task"]][row["source_task"]].append(float(row["effect"]))
    return {
        key: [
            f"{factor} {statistics.fmean(values):.3f}"
            for factor, values in sorted(of.items(), key=lambda item: -statistics.fmean(item[1]))
        ]
        for key, of in effects.items()
    }


def main() -> None:
    """Train everything, print the errors and the order of the factors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=TOP.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, help="folder to keep, and to go on from")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=100, help="at most; fewer is a trial")
    args = parser.parse_args()
    if not (args.data / "chipseq").is_dir() or not (args.data / "atac").is_dir():
        print(f"# transfer: {args.data} has no folders chipseq and atac; give --data")
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = (args.work or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        pretrained = pretrain(args.data.resolve(), folder, args.epochs)
        if not (folder / f"{BINS}.dataset.parquet").exists():
            prepare_assay(BINS, TARGETS[BINS], DATA_SEED, folder)
        if not (folder / f"{BINS}.baseline.tsv").exists():
            data = f"{BINS}.dataset.parquet"
            script(folder, "baseline.py", "--dataset", data, "--id", BINS)
        for replicate in range(1, args.seeds + 1):
            for head in HEADS:
                compute(folder, head, replicate, pretrained, args.epochs)
        constant = constants(folder)
        baseline = {m: scores(folder / f"{BINS}.baseline.tsv", m) for m in ("mse", "pearson")}
        runs = range(1, args.seeds + 1)
        holds = True
        for what in (*HEADS, "gc"):
            of_runs = {
                metric: [scores(folder / f"{BINS}.{what}.r{r}.metrics.tsv", metric) for r in runs]
                if what in HEADS
                else [baseline[metric]]
                for metric in ("mse", "pearson")
            }
            for task, error in constant.items():
                value = statistics.fmean(found[what, task] for found in of_runs["mse"])
                together = statistics.fmean(found[what, task] for found in of_runs["pearson"])
                print_line("transfer", f"{what} {task}", value, error)
                print(f"# {what} {task}: Pearson {together:.3f}")
                holds &= what == "gc" or value < error
        print(f"# MSE below the constant's in every task: {'holds' if holds else 'is missed'}")
        for (head, task), order in leaders(folder).items():
            print(f"# {head} {task}: {', '.join(order)}")
            if task == REGION_TASK:
                first = order[0].startswith(LEADER)
                print(f"# {head}: {LEADER} first for {task} {'holds' if first else 'is missed'}")


if __name__ == "__main__":
    main()
