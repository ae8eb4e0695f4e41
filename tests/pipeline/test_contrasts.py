# ruff: noqa: E501 (sentences in one piece can be searched for)
"""Contrasts from the command line: what is refused, all at once, and what a run gives."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from nextflow_runs import DEMO, ROOT, Run, cut_fasta, run_nextflow, write_sheet

SHEET = (
    ("sample", "assay", "data", "dataset", "width", "length", "genome", "models", "units", "contrast"),
    ("a", "peaks", "a.bed", "", "", "", "", "", "", ""),
    ("b", "peaks", "a.bed", "", "100", "", "", "", "", ""),
    ("c", "peaks", "a.bed", "", "", "", "other.fa", "", "", ""),
    ("d", "sequences", "oct4.fa", "", "", "", "", "cnn1", "", ""),
    ("e", "table", "values.tsv", "", "", "", "", "", "", ""),
    ("t1", "peaks", "a.bed", "many", "", "", "", "", "", ""),
    ("t2", "peaks", "a.bed", "many", "", "", "", "", "", ""),
    ("a_vs_many", "sequences", "oct4.fa", "", "", "50", "", "", "", ""),
    ("m", "matrix", "values.tsv", "", "", "", "", "", "", ""),
    ("x1", "htselex", "oct4.fa", "", "", "", "", "", "", ""),
    ("s", "sequences", "oct4.fa", "", "", "60", "", "", "50", "nobody"),
)  # fmt: skip
# Each pair with what is said of it.
REFUSED = {
    "a": "'a' is not a pair; write two data sets of the sheet with a colon between them, such as A:B.",
    "a:b:c": "'a:b:c' is not a pair;",
    "a:": "'a:' is not a pair;",
    ":b": "':b' is not a pair;",
    "": "'' is not a pair;",
    "a:a": "both sides are a; name two different data sets.",
    "many/t1:many/t1": "both sides are many/t1; name two different data sets.",
    "a:mny": "there is no data set 'mny' in the sheet; did you mean many? The data sets are a, a_vs_many, b,",
    "x:y": "there is no data set 'y' in the sheet",
    "many/t1:many/t3": "the data set many has no task 't3'",
    "a:e": "e holds measured values, which can only be compared between two of its tasks; name two, as in e/task1:e/task2.",
    "e/x:a": "e holds measured values, which can only be compared between two tasks of one data set; name both, as in e/task1:e/task2 (rows that share 'dataset' become tasks of one).",
    "a:x1": "x1 is of the assay htselex; a contrast compares data sets of peaks or of sequences, or two tasks of measured values.",
    "e/x:e/y": None,
    "m:a": "m is a matrix of several tasks; name one, as in m/task.",
    "many:many/t1": "many holds the peaks of its task, so one side is part of the other; name two tasks",
    "a:b": "a has windows of 200 bp and b of 100 bp, so their length alone would separate them; set --width",
    "a:c": "a uses the genome genome.fa and c uses other.fa, so peaks in both cannot be found; use one genome.",
    "a:d": "models of d is cnn1, but a contrast needs the units of explainn; add explainn.",
    "a_vs_many:s": "a_vs_many has windows of 50 bp and s of 60 bp",
    "s:a_vs_many": "s and a_vs_many have different values of units in the sheet; make them equal",
    "a:many": "its results would be called a_vs_many, like those of the data set a_vs_many; rename that in the sheet.",
    "many/t1:many/t2": None,
    "many/t2:many/t1": "this pair occurs twice (B:A is A:B with the sides exchanged); give it once.",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.bed").write_text("chrI\t100\t300\n")
    for name in ("genome.fa", "other.fa"):
        (tmp_path / name).write_text(">chrI\n" + "ACGT" * 1000 + "\n")
    (tmp_path / "oct4.fa").write_text(">a\nACGT\n")
    (tmp_path / "values.tsv").write_text("sequence\tvalue\nACGT\t1\n")
    write_sheet(tmp_path / "sheet.csv", *SHEET)
    return tmp_path


def test_every_mistake_has_its_sentence_before_any_task(folder: Path) -> None:
    run = run_nextflow(
        folder, ROOT, "--input", "sheet.csv", "--genome", "genome.fa", "--contrast", ",".join(REFUSED)
    )  # fmt: skip
    assert run.code != 0
    for pair, says in REFUSED.items():
        told = [line for line in run.errors() if f"--contrast {pair}: " in line]
        assert bool(told) == (says is not None), (pair, run.said)
        assert says is None or any(says in line for line in told), (says, told)
    # What is not trained has no settings to differ in.
    assert not [line for line in run.errors() if "--contrast a:d: " in line and "values of" in line]
    assert "column contrast, as s:nobody: there is no data set 'nobody' in the sheet" in run.said


@pytest.mark.release
def test_not_with_models_of_an_earlier_run_nor_with_an_unknown_matching(folder: Path) -> None:
    (folder / "results").mkdir()
    run = run_nextflow(folder, ROOT, "--apply", "results", "--contrast", "a:b")
    assert (
        "--contrast a:b: a contrast trains models, but --apply uses those of an earlier run; leave one of them out."
        in run.said
    )
    run = run_nextflow(
        folder, ROOT, "--input", "sheet.csv", "--contrast", "a:t", "--contrast_matching", "both"
    )
    assert "--contrast_matching" in run.said and "gc, none" in run.said


def odd_tasks(folder: Path) -> Path:
    return write_sheet(
        folder / "odd.csv",
        ("sample", "assay", "data", "dataset", "label", "streme", "interactions"),
        ("t1", "sequences", "oct4.fa", "many", "CD4+ T (rest)", "", ""),
        ("t2", "sequences", "oct4.fa", "many", "CD4+ T [rest]", "", ""),
        ("c", "sequences", "oct4.fa", "", "", "true", "true"),
    )


@pytest.mark.release
def test_tasks_may_be_called_anything(folder: Path) -> None:
    run = run_nextflow(
        folder, ROOT, "--input", str(odd_tasks(folder)), "-stub-run", "--replicates", "1",
        "--contrast", "many/CD4+ T (rest):c",
    )  # fmt: skip
    assert run.code == 0, run.said
    assert run.trace()["CONTRAST_MAKE (c_vs_many_CD4__T__rest_)"] == "COMPLETED"
    # Analyses may differ between the rows, and the contrast has those of the first.
    assert (
        "the contrast of c and many/CD4+ T (rest): c and many have different values of streme, interactions in the sheet;"
        " those of c are used (true, true)." in (folder / ".nextflow.log").read_text()
    )
    assert run.trace()["DISCOVERY_COMPARE (c_vs_many_CD4__T__rest_.explainn)"] == "COMPLETED"


@pytest.mark.release
def test_tasks_whose_folders_would_be_called_alike_are_refused(folder: Path) -> None:
    pairs = "many/CD4+ T (rest):c,many/CD4+ T [rest]:c"
    run = run_nextflow(folder, ROOT, "--input", str(odd_tasks(folder)), "--contrast", pairs)
    assert (
        "its results would be called c_vs_many_CD4__T__rest_, like those of the contrast of c and many/CD4+ T (rest);"
        " rename a task in the sheet." in run.said
    )


def rows_of(run: Run, name: str) -> list[dict[str, str]]:
    with (run.results / "tables" / f"{name}.tsv").open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two factors, one file of too few sequences, and one that cannot be read."""
    folder = tmp_path_factory.mktemp("contrasts")
    cut_fasta(DEMO / "MAFK_H1hESC_200bp.fa.gz", folder / "mafk.fa", 400)
    cut_fasta(DEMO / "OCT4_H1hESC_200bp.fa.gz", folder / "oct4.fa", 300)
    cut_fasta(DEMO / "CTCF_GM12878_top500_200bp.fa.gz", folder / "few.fa", 150)
    (folder / "broken.fa").write_text("no sequence\n")
    write_sheet(
        folder / "sheet.csv",
        ("sample", "assay", "data"),
        ("MAFK", "sequences", "mafk.fa"),
        ("OCT4", "sequences", "oct4.fa"),
        ("few", "sequences", "few.fa"),
        ("broken", "sequences", "broken.fa"),
    )
    run = run_nextflow(
        folder, ROOT, "--input", "sheet.csv", "--units", "20", "--max_epochs", "8", "--folds", "1",
        "--replicates", "1", "--contrast", "OCT4:MAFK,OCT4:few,broken:MAFK", "--streme",
    )  # fmt: skip
    assert run.code == 0, run.said
    return run


def test_one_more_data_set_of_five_folds_with_motifs_on_both_sides(finished: Run) -> None:
    (row,) = rows_of(finished, "contrasts")
    assert (row["contrast"], row["a"], row["b"]) == ("MAFK_vs_OCT4", "OCT4", "MAFK")
    assert row["answer"] == "motifs" and float(row["auroc"]) > 0.9
    motifs = [one for one in rows_of(finished, "contrast_motifs") if one["supported"] == "true"]
    assert {one["side"] for one in motifs} >= {"MAFK"}
    folder = finished.results / "MAFK_vs_OCT4"
    assert len(list((folder / "explainn").glob("*.model.safetensors"))) == 5
    assert not list((finished.results / "MAFK" / "explainn").glob("*.r2.*"))
    verdict = json.loads((folder / "explainn" / "MAFK_vs_OCT4.explainn.verdict.json").read_text())
    assert "differ in motifs" in verdict["reason"]
    page = (finished.results / "multiqc_report.html").read_text()
    assert "What differs" in page


def test_streme_searches_either_side(finished: Run) -> None:
    states = finished.trace()
    for task in "12":
        for fold in "15":
            name = f"STREME_RUN (MAFK_vs_OCT4, task {task}, fold {fold})"
            assert states[name] == "COMPLETED"
    rows = [row for row in rows_of(finished, "discovery") if row["dataset"] == "MAFK_vs_OCT4"]
    assert {row["side"] for row in rows} == {"MAFK", "OCT4"}
    assert {row["side"] for row in rows_of(finished, "discovery") if row not in rows} == {""}
    units = [row for row in rows if row["source"] == "explainn"]
    assert len(units) == 10 and all(float(row["auprc_test"]) > 0 for row in units)


def test_contrasts_that_cannot_be_made_end_alone(finished: Run) -> None:
    states = {row["dataset"]: row for row in rows_of(finished, "status")}
    assert {id for id, row in states.items() if row["state"] == "ok"} >= {
        "MAFK",
        "OCT4",
        "MAFK_vs_OCT4",
    }
    assert (
        "148 of 150 sequences of few remain after removing those that are in both"
        in states["OCT4_vs_few"]["reason"]
    )
    assert "needs the data set broken, which cannot be used" in states["MAFK_vs_broken"]["reason"]
