"""Tables of values and reads, from the sheet to the report, on planted motifs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from assay_fixtures import fastq, table
from nextflow_runs import ROOT, Run, run_nextflow, write_sheet
from nfexplainn import dna
from nfexplainn.analyses.cycles.scores import COLUMNS
from nfexplainn.data.dataset import read_dataset

ASSAYS = {
    "promoters": "starrseq",
    "array": "pbm",
    "selex": "htselex",
    "bound": "smileseq",
    "classes": "table",
}
FEW = ("--units", "4", "--max_epochs", "2", "--replicates", "1", "--min_positives", "50")


def planted(n: int, length: int, share: float, seed: int) -> tuple[list[str], np.ndarray]:
    """Sequences of which a share holds TAATTAAATTA, and which they are."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, length), dtype=np.uint8)
    has = rng.random(n) < share
    codes[has, 5:16] = dna.encode(["TAATTAAATTA"])[0]
    return dna.decode(codes), has


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sheet of all five assays beside their files."""
    folder = tmp_path_factory.mktemp("values")
    rng = np.random.default_rng(0)
    long, in_long = planted(300, 100, 0.5, 1)
    activity = np.round(2 * in_long + rng.normal(size=300), 3)
    short, in_short = planted(300, 35, 0.5, 2)
    signal = np.round(1000 + 5000 * in_short + 100 * rng.random(300), 1)
    (folder / "activity.tsv").write_text(
        table([("gene", "sequence", "leaf"), *zip(range(300), long, activity, strict=True)])
    )
    (folder / "array.txt").write_text(table(list(zip(signal, short, strict=True))))
    for cycle, share in enumerate((0.0, 0.4, 0.9)):
        reads, _ = planted(200, 20, share, 3 + cycle)
        (folder / f"cycle{cycle}.fastq").write_text(fastq(reads))
    (folder / "bound.fastq").write_text(fastq(planted(300, 40, 0.8, 9)[0]))
    (folder / "classes.tsv").write_text(
        table(list(zip((f"s{i}" for i in range(300)), long, in_long.astype(int), strict=True)))
    )
    rows = [
        ("promoters", "starrseq", "activity.tsv", "", ""),
        ("array", "pbm", "array.txt", "", ""),
        *((f"c{i}", "htselex", f"cycle{i}.fastq", "selex", str(i)) for i in range(3)),
        ("bound", "smileseq", "bound.fastq", "", ""),
        ("classes", "table", "classes.tsv", "", ""),
    ]
    return write_sheet(folder / "sheet.csv", ("sample", "assay", "data", "dataset", "label"), *rows)


@pytest.fixture(scope="module")
def stubs(tmp_path_factory: pytest.TempPathFactory, sheet: Path) -> Run:
    """One stub run of all."""
    folder = tmp_path_factory.mktemp("stubs")
    return run_nextflow(folder, ROOT, "--input", sheet, *FEW, "-stub-run")


@pytest.mark.parametrize("dataset", ASSAYS)
def test_stub(stubs: Run, dataset: str) -> None:
    assert stubs.code == 0, stubs.said
    assert stubs.trace()[f"DATASET_PREPARE ({dataset})"] == "COMPLETED"
    for kind in (
        "status.json",
        "dataset.parquet",
        "counts.tsv",
        "dropped.tsv",
        "readings.tsv",
        "audit.tsv",
    ):
        assert (stubs.results / dataset / "data" / f"{dataset}.{kind}").is_file()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, sheet: Path) -> Run:
    """One run of an assay of values and one of reads; the others differ in their preparation."""
    kept = [line for line in sheet.read_text().splitlines() if "starrseq" not in line]
    kept = [line for line in kept if "smileseq" not in line and "table" not in line]
    (sheet.parent / "two.csv").write_text("\n".join(kept) + "\n")
    folder = tmp_path_factory.mktemp("finished")
    run = run_nextflow(folder, ROOT, "--input", sheet.parent / "two.csv", *FEW)
    assert run.code == 0, run.said
    return run


@pytest.mark.parametrize(
    ("dataset", "task_type", "tasks", "metric", "length"),
    [
        ("array", "regression", ("array",), "pearson", 53),
        ("selex", "multiclass", ("cycle_0", "cycle_1", "cycle_2"), "accuracy", 32),
    ],
)
def test_run(
    finished: Run, dataset: str, task_type: str, tasks: tuple[str, ...], metric: str, length: int
) -> None:
    meta = read_dataset(finished.results / dataset / "data" / f"{dataset}.dataset.parquet").meta
    assert (meta.task_type, meta.tasks, meta.length) == (task_type, tasks, length)
    text = (
        finished.results / dataset / "explainn" / f"{dataset}.explainn.r1.metrics.tsv"
    ).read_text()
    header, *lines = (line.split("\t") for line in text.splitlines())
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    measured = {row["task"] for row in rows if row["metric"] == metric and row["split"] == "test"}
    assert measured - {"*"} == set(tasks)
    assert dataset in (finished.results / "multiqc_report.html").read_text()


def test_cycles_are_scored(finished: Run) -> None:
    table = finished.results / "selex/explainn/motifs/selex.explainn.r1.cycles.tsv"
    header = table.read_text().splitlines()[0]
    assert header.split("\t") == list(COLUMNS)


def test_mistakes_of_all_assays_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(
        table([("x", "ACGTACGTACGT", "high"), ("y", "ACGTACGTACGA", "1")])
    )
    (tmp_path / "p.txt").write_text(
        table([("bright", "ACGTACGTACGT"), ("2", "ACGTACGTACGT"), ("3", "ACGTACGTACGT")])
    )
    (tmp_path / "r.fastq").write_text("@r\nACGT\n")
    sheet = write_sheet(
        tmp_path / "sheet.csv",
        ("sample", "assay", "data", "label", "dataset"),
        ("a", "table", "a.tsv", "", ""),
        ("p", "pbm", "p.txt", "", ""),
        ("r", "smileseq", "r.fastq", "", ""),
        ("c", "htselex", "r.fastq", "0", "c"),
        ("d", "htselex", "r.fastq", "1", "c"),
    )
    run = run_nextflow(tmp_path, ROOT, "--input", sheet)
    assert run.code == 1  # after the report, as no data set is left
    said = (run.results / "tables" / "status.tsv").read_text()
    assert "a.tsv, line 1: 'high' is not a number" in said
    assert "p.txt, line 1: 'bright' is not a number" in said
    assert "r.fastq, line" in said
    assert "sample d: r.fastq is in two rows of 'c' (labels 0 and 1)" in said
    assert not list(run.results.rglob("*.safetensors"))


@pytest.mark.release
def test_an_assay_without_negatives_refuses_them(sheet: Path, tmp_path: Path) -> None:
    rows = [
        ("sample", "assay", "data", "negatives"),
        ("array", "pbm", str(sheet.parent / "array.txt"), "shuffle"),
    ]
    run = run_nextflow(
        tmp_path, ROOT, "--input", write_sheet(tmp_path / "s.csv", *rows), "-stub-run"
    )
    assert run.code == 1
    assert run.errors() == [
        "s.csv, line 2, column negatives: the assay pbm has no negatives; leave the cell empty."
    ]


@pytest.mark.release
def test_a_general_kind_of_negatives_leaves_values_alone(sheet: Path, tmp_path: Path) -> None:
    rows = [("sample", "assay", "data"), ("array", "pbm", str(sheet.parent / "array.txt"))]
    arguments = (
        "--input",
        write_sheet(tmp_path / "s.csv", *rows),
        "--negatives",
        "gc",
        "-stub-run",
    )
    run = run_nextflow(tmp_path, ROOT, *arguments)
    assert run.code == 0, run.said
    status = json.loads((run.results / "array/data/array.status.json").read_text())
    assert status["state"] == "ok"


@pytest.mark.release
def test_only_a_fasta_of_activities_has_values_beside_it(sheet: Path, tmp_path: Path) -> None:
    array = str(sheet.parent / "array.txt")
    rows = [
        ("sample", "assay", "data", "values"),
        ("array", "pbm", array, array),
        ("leaf", "starrseq", str(sheet.parent / "activity.tsv"), "nowhere.txt"),
    ]
    run = run_nextflow(
        tmp_path, ROOT, "--input", write_sheet(tmp_path / "s.csv", *rows), "-stub-run"
    )
    assert run.code == 1
    said = "\n".join(run.errors())
    assert "s.csv, line 3, column values: " in said and "nowhere.txt" in said
    (tmp_path / "nowhere.txt").write_text("activity\n1\n")
    run = run_nextflow(tmp_path, ROOT, "--input", tmp_path / "s.csv", "-stub-run")
    assert run.errors() == [
        "s.csv, line 2, column values: the assay pbm reads no separate table of values; leave the"
        " cell empty."
    ]
