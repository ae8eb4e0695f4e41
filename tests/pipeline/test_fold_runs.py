"""Runs with folds: as many models as the preparation decides on, each tested on its own part."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import t

from nextflow_runs import DEMO, ROOT, Run, cut_fasta, run_nextflow, write_sheet

TRAINED = DEMO / "OCT4.explainn.r1.model.safetensors"
SMALL = ("--units", "4", "--max_epochs", "2")


def again(folder: Path, *more: str) -> Run:
    run = run_nextflow(folder, ROOT, "--input", folder / "sheet.csv", *SMALL, *more)
    assert run.code == 0, run.said
    return run


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Small sets: one for which folds are chosen, one with one split, one whose folds are asked
    for, one of heads on a trained model alone, and one with a value that no training survives."""
    folder = tmp_path_factory.mktemp("folds")
    cut_fasta(DEMO / "OCT4_H1hESC_200bp.fa.gz", folder / "oct4.fa", 200)
    rng = np.random.default_rng(0)
    values = ["1e30", *(f"{value:.3f}" for value in rng.normal(size=149))]
    lines = [f"{''.join(rng.choice(list('ACGT'), 60))},{value}" for value in values]
    (folder / "values.csv").write_text("\n".join(["sequence,value", *lines]) + "\n")
    columns = ("sample", "assay", "data", "folds", "replicates", "recipe", "models", "pretrained")
    write_sheet(
        folder / "sheet.csv",
        columns,
        ("chosen", "sequences", "oct4.fa", "", "", "", "", ""),
        ("single", "sequences", "oct4.fa", "1", "", "", "", ""),
        ("old", "sequences", "oct4.fa", "", "", "paper", "", ""),
        ("given", "sequences", "oct4.fa", "", "1", "", "", ""),
        ("asked", "sequences", "oct4.fa", "3", "3", "", "", ""),
        ("heads", "sequences", "oct4.fa", "", "", "", "single_layer", str(TRAINED)),
        ("wild", "table", "values.csv", "3", "3", "", "", ""),
    )
    return again(folder)


def table(run: Run, name: str) -> list[dict[str, str]]:
    with (run.results / "tables" / f"{name}.tsv").open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def test_the_preparation_decides_how_many_models_there_are(finished: Run) -> None:
    trained = Counter(
        name.partition("(")[2].split(".")[0]
        for name in finished.trace()
        if name.startswith("MODEL_TRAIN")
    )
    split = {"single": 3, "old": 3, "given": 1, "heads": 3}
    assert trained == {"chosen": 5, "asked": 3, "wild": 3} | split
    of = {"chosen": 5, "asked": 3, "wild": 3} | dict.fromkeys(split)
    for id, folds in of.items():
        status = json.loads((finished.results / id / "data" / f"{id}.status.json").read_text())
        assert status.get("folds") == folds
    assert set(finished.trace().values()) == {"COMPLETED"}


def test_every_sequence_is_tested_once(finished: Run) -> None:
    tested: Counter[str] = Counter()
    for replicate in range(1, 6):
        name = f"chosen/explainn/chosen.explainn.r{replicate}.predictions.parquet"
        rows = pq.read_table(finished.results / name)
        pairs = zip(rows["name"].to_pylist(), rows["split"].to_pylist(), strict=True)
        tested.update(name for name, split in pairs if split == "test")
    assert len(tested) == 400 and set(tested.values()) == {1}
    (facts,) = [row for row in table(finished, "evidence_tasks") if row["dataset"] == "chosen"]
    assert facts["unseen"] == "400" and facts["clusters"] == "200"
    (one,) = [row for row in table(finished, "evidence_tasks") if row["dataset"] == "single"]
    assert one["unseen"] == "40"


def logistic(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, z) - y * z


def refitted(z: np.ndarray, y: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Give the losses with the bias at which those of training are least."""

    def of(bias: float) -> float:
        return float(logistic(z[train] + bias, y[train]).mean())

    return logistic(z + minimize_scalar(of, bracket=(-1, 1), tol=1e-12).x, y)


def test_gains_are_those_of_all_folds_put_together_by_hand(finished: Run) -> None:
    """Each row is taken out of each model, and looked at where that model has not looked."""
    data = pq.read_table(finished.results / "chosen/data/chosen.dataset.parquet")
    fold, y = data["fold"].to_numpy(), data["chosen"].to_numpy().astype(float)
    pair = np.unique([n.partition("|")[0] for n in data["name"].to_pylist()], return_inverse=True)
    rows = [row for row in table(finished, "evidence") if row["dataset"] == "chosen"]
    assert len(rows) > 3
    increase = np.full((len(rows), len(y)), np.nan)
    for replicate in range(1, 6):
        name = f"chosen.explainn.r{replicate}.outputs.npz"
        kept = np.load(next((finished.folder / "work").rglob(name)))
        assert kept["rows"].tolist() == list(range(len(y)))
        place = (fold - (replicate - 1)) % 5
        given = kept["outputs"].astype(float) * kept["weight"][0]
        logits = given.sum(axis=1) + float(kept["bias"][0])
        whole = refitted(logits, y, place > 1)
        for number, row in enumerate(rows):
            own = [u for u in row["units"].split(",") if u.startswith(f"r{replicate}:")]
            units = [int(unit.rpartition("_")[2]) - 1 for unit in own]
            left = refitted(logits - given[:, units].sum(axis=1), y, place > 1)
            increase[number, place == 0] = (left - whole)[place == 0] if own else 0.0
    for row, values in zip(rows, increase, strict=True):
        gain = values.mean()
        residuals = np.bincount(pair[1], values - gain)
        count = len(residuals)
        error = np.sqrt(count / (count - 1) * (residuals**2).sum()) / len(values)
        assert float(row["gain"]) == pytest.approx(gain, rel=1e-4, abs=1e-7)
        if row["test"] == "t":
            assert float(row["p"]) == pytest.approx(t.sf(gain / error, count - 1), rel=1e-3)


def test_the_report_tells_of_folds_and_scores_no_ensemble(finished: Run) -> None:
    page = (finished.results / "multiqc_report.html").read_text()
    assert "5-fold cross-validation: every sequence was held out once" in page
    assert "mean over 5 folds" in page and "--folds 1 makes one split" in page
    scored = {row["dataset"] for row in table(finished, "ensemble")}
    assert scored == {"single", "old"}
    score = next(
        row
        for row in table(finished, "performance")
        if (row["dataset"], row["split"], row["metric"]) == ("chosen", "test", "auprc")
        and row["model"] == "explainn"
    )
    assert (score["n"], score["positives"], score["replicates"]) == ("400", "200", "5")
    baseline = [row for row in table(finished, "metrics") if row["model"] == "gc"]
    assert {row["replicate"] for row in baseline if row["dataset"] == "chosen"} == set("12345")
    assert {row["replicate"] for row in baseline if row["dataset"] == "single"} == {""}


def test_folds_whose_training_diverged_hold_up_nothing(finished: Run) -> None:
    """The square of the one value is no number: what trains on its fold, or is stopped by it,
    diverges on any machine, and what is tested on it does not."""
    folder = finished.results / "wild" / "explainn"
    data = pq.read_table(finished.results / "wild/data/wild.dataset.parquet")
    (at,) = np.flatnonzero(data["wild"].to_numpy() > 1e29)
    left = int(data["fold"][int(at)].as_py()) + 1
    lost = {path.name.split(".")[2] for path in folder.glob("*.diverged.json")}
    assert lost == {"r1", "r2", "r3"} - {f"r{left}"}
    assert [path.name for path in folder.glob("*.model.safetensors")] == [
        f"wild.explainn.r{left}.model.safetensors"
    ]
    verdict = json.loads((folder / "wild.explainn.verdict.json").read_text())
    assert "mean over 1 of 3 folds" in verdict["reason"]
    page = (finished.results / "multiqc_report.html").read_text()
    assert "tested on the sequences of 1 of 3 folds; the other trainings diverged" in page
    assert "tested on every sequence once (5-fold cross-validation)" in page


@pytest.mark.release
def test_nothing_runs_twice_and_more_seeds_train_no_model_anew(finished: Run) -> None:
    resumed = again(finished.folder, "-resume")
    assert set(resumed.trace().values()) == {"CACHED"}
    sheet = finished.folder / "sheet.csv"
    sheet.write_text(
        sheet.read_text().replace("asked,sequences,oct4.fa,3,3", "asked,sequences,oct4.fa,3,6")
    )
    more = again(finished.folder, "-resume")
    ran = {name for name, status in more.trace().items() if status != "CACHED"}
    trained = {name for name in ran if name.startswith("MODEL_TRAIN")}
    assert trained == {f"MODEL_TRAIN (asked.explainn.r{number})" for number in (4, 5, 6)}
    assert not any(name.startswith("DATASET_PREPARE") for name in ran)
