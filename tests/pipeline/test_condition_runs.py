# ruff: noqa: E501 (sentences in one piece can be searched for)
"""Conditions of samples: what is refused, all at once, and what a run gives."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from nextflow_runs import ROOT, Run, run_nextflow, write_sheet

HEADER = ("sample", "assay", "data", "dataset", "condition", "replicate", "split", "models", "reference_condition", "conditions")  # fmt: skip


def rows(
    dataset: str, *samples: tuple[str, str], assay: str = "accessibility", **more: str
) -> list[tuple[str, ...]]:
    """Rows of a data set, a sample each; more: cells of the other columns, in every row."""
    found = []
    for number, (condition, replicate) in enumerate(samples, 1):
        cells = dict.fromkeys(HEADER, "") | {"sample": f"{dataset}_{number}", "assay": assay, "data": "a.bed"}  # fmt: skip
        cells |= {"dataset": dataset, "condition": condition, "replicate": replicate} | more
        found.append(tuple(cells[name] for name in HEADER))
    return found


GOOD = (("a", "1"), ("a", "2"), ("b", "1"), ("b", "2"))
SHEET = [
    *rows("lone", ("a", "1")),
    *rows("no_replicate", *GOOD[:3], ("b", "")),
    *rows("no_condition", *GOOD[:3], ("", "2")),
    *rows("gap", *GOOD, ("", "")),
    *rows("calls", *GOOD, assay="peaks"),
    *rows("again", *GOOD, ("b", "2")),
    *rows("alike", *GOOD, ("B", "1"), ("B", "2")),
    *rows("same", *GOOD[:2]),
    *rows("single", *GOOD[:3]),
    *rows("refer", *GOOD, reference_condition="bb"),
    *rows("nothing", ("", ""), ("", ""), reference_condition="b"),
    *rows("network", *GOOD, models="cnn1"),
    *rows("parts", *GOOD, split="train"),
    *rows("both", *GOOD, conditions="good.csv"),
    *rows("good", *GOOD, ("c", "1"), ("c", "2"), reference_condition="b"),
    *rows("table", ("", ""), conditions="good.csv"),
    *rows("torn", ("", ""), conditions="torn.csv"),
    *rows("short", ("", ""), conditions="short.csv"),
    *rows("empty", ("", ""), conditions="empty.csv"),
    *rows("lost", ("", ""), conditions="lost.csv"),
]
LINES = {dataset: [at for at, row in enumerate(SHEET, 2) if row[3] == dataset] for dataset in {row[3] for row in SHEET}}  # fmt: skip
# A part of each sentence, with its place, by data set.
REFUSED = {
    "lone": ["column condition: 'lone' has only this row, but each row is one sample; give each sample a row with the same dataset, or, where they are columns of its file, name them in a table (--conditions)."],
    "no_replicate": ["column replicate: the cell is empty, but the row has the condition b; write its replicate, such as 1."],
    "no_condition": ["column condition: the cell is empty, but the row has the replicate 2; write one in each of its rows."],
    "gap": ["column condition: the cell is empty, but other rows of 'gap' have a condition; write one in each of its rows."],
    "calls": ["'calls' is of the assay peaks, but conditions are compared by measured values, which it does not have; give the signal of each sample (assay accessibility), or leave its conditions out."],
    "again": ["b has the replicate '2' 2 times; a sample is one biological replicate: merge its technical replicates, or number them separately."],
    "alike": ["conditions of 'alike': b and B differ only in upper and lower case; write them alike, or choose another name."],
    "same": ["conditions of 'same': all samples are of 'a', so there is nothing to compare; give samples of a second condition."],
    "single": ["the condition 'b' has only this sample, but a test needs at least two samples per condition"],
    "refer": ["conditions of 'refer': the reference_condition 'bb' is not one of them; did you mean b? They are a, b."],
    "nothing": ["reference_condition is 'b', but no sample of 'nothing' has a condition; add the columns condition and replicate, or --conditions."],
    "network": ["conditions are compared by the motifs of explainn, but models is cnn1; add explainn, or leave the conditions out."],
    "parts": ["column condition: the rows of 'parts' are parts of a split (column split), not samples; name its samples in a table (--conditions)."],
    "both": ["column condition: good.csv gives the conditions of 'both', too; give them in one place."],
}  # fmt: skip
OF_TABLES = (
    "torn.csv, lines 2 and 3, column sample: 'T1' occurs 2 times; give every sample one line.",
    "torn.csv, line 4, column condition: the cell is empty; write the name of a column of the data, its condition and its replicate in every line.",
    "short.csv, line 1: the column 'replicate' is missing; the first line must name sample, condition, replicate.",
    "short.csv, line 1: there is no column 'sex'",
    "empty.csv: the table of conditions is empty; its first line must name the columns sample, condition, replicate.",
    "column conditions: ",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.bed").write_text("chrI\t100\t300\n")
    (tmp_path / "genome.fa").write_text(">chrI\n" + "ACGT" * 1000 + "\n")
    table = "sample,condition,replicate\nT1,a,1\nT2,a,2\nC1,b,1\nC2,b,2\n"
    (tmp_path / "good.csv").write_text(table)
    (tmp_path / "torn.csv").write_text(
        "sample,condition,replicate\nT1,a,1\nT1,a,2\nC1,,1\nC2,b,2\n"
    )
    (tmp_path / "short.csv").write_text("sample,condition,sex\nT1,a,f\n")
    (tmp_path / "empty.csv").write_text("\n")
    write_sheet(tmp_path / "sheet.csv", HEADER, *SHEET)
    return tmp_path


def test_every_mistake_has_its_sentence_before_any_task(folder: Path) -> None:
    run = run_nextflow(folder, ROOT, "--input", "sheet.csv", "--genome", "genome.fa")
    assert run.code != 0
    for dataset, sentences in REFUSED.items():
        for says in sentences:
            told = [line for line in run.errors() if says in line]
            assert told, (says, run.said)
            placed = [str(line) for line in LINES[dataset]]
            about = f"conditions of '{dataset}'"
            assert about in told[0] or any(f"line {line}" in told[0] or f"lines {line}" in told[0] for line in placed), told  # fmt: skip
    for says in OF_TABLES:
        assert says in run.said, (says, run.said)
    for fine in ("good", "table"):
        assert f"'{fine}'" not in run.said
        assert not [one for line in LINES[fine] for one in run.errors() if f"line {line}," in one]


@pytest.mark.release
def test_not_with_models_of_an_earlier_run(folder: Path) -> None:
    write_sheet(folder / "new.csv", HEADER, *rows("new", *GOOD))
    (folder / "results").mkdir()
    run = run_nextflow(folder, ROOT, "--apply", "results", "--input", "new.csv", "--genome", "genome.fa")  # fmt: skip
    assert (
        "conditions are compared in the run that trains, but --apply uses the models of an earlier one; leave one of them out."
        in run.said
    )


WORDS = ("TGACGTCATC", "GGGCGGAAGT", "CACGTGACCT")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Sequences with values of six samples, of which the first word opens more where treated."""
    folder = tmp_path_factory.mktemp("conditions")
    rng = np.random.default_rng(3)
    n = 3_000
    letters = np.array(list("ACGT"))[rng.integers(0, 4, (n, 80))]
    has = rng.random((n, 3)) < 0.2
    for place, word in enumerate(WORDS):
        letters[has[:, place], 5 + 25 * place : 15 + 25 * place] = list(word)
    shared = rng.normal(0, 0.5, n)
    samples = [f"{condition}{number}" for condition in "CT" for number in (1, 2, 3)]
    values = []
    for sample in samples:
        does = rng.normal(1, 0.07, 3) + np.array([1.0, 0, 0]) * (sample[0] == "T")
        values.append(shared + has @ does + rng.normal(0, 0.4, n))
    lines = ["\t".join(("name", "sequence", *samples))]
    table = np.stack(values, axis=1)
    for row, own in enumerate(letters):
        cells = (f"{value:.4f}" for value in table[row])
        lines.append("\t".join((f"s{row}", "".join(own), *cells)))
    (folder / "values.tsv").write_text("\n".join(lines) + "\n")
    told = [f"{name},{'treated' if name[0] == 'T' else 'control'},{name[1]}" for name in samples]
    (folder / "samples.csv").write_text("\n".join(["sample,condition,replicate", *told]) + "\n")
    (folder / "wrong.csv").write_text("\n".join(["sample,condition,replicate", *told]).replace("T3", "T4") + "\n")  # fmt: skip
    write_sheet(
        folder / "sheet.csv",
        ("sample", "assay", "data", "conditions"),
        ("six", "table", "values.tsv", "samples.csv"),
        ("wrong", "table", "values.tsv", "wrong.csv"),
    )
    run = run_nextflow(
        folder, ROOT, "--input", "sheet.csv", "--units", "12", "--max_epochs", "12", "--folds", "1",
        "--replicates", "2", "--reference_condition", "control",
    )  # fmt: skip
    assert run.code == 0, run.said
    return run


def table_of(run: Run, name: str) -> list[dict[str, str]]:
    with (run.results / "tables" / f"{name}.tsv").open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def test_the_word_that_differs_is_found_with_samples_as_the_unit(finished: Run) -> None:
    tests = [one for one in table_of(finished, "conditions") if one["kind"] == "row"]
    assert {(one["condition"], one["reference"]) for one in tests} == {("treated", "control")}
    assert {(one["samples"], one["samples_reference"]) for one in tests} == {("3", "3")}
    differing = [one for one in tests if one["q"] and float(one["q"]) <= 0.05]
    assert differing and all(one["higher_in"] == "treated" for one in differing)
    first = differing[0]
    assert float(first["difference_low"]) < 1 < float(first["difference_high"]) + 0.3
    points = [one for one in table_of(finished, "condition_slopes") if one["motif"] == first["motif"] and one["kind"] == "row"]  # fmt: skip
    assert [one["sample"] for one in points] == ["C1", "C2", "C3", "T1", "T2", "T3"]
    folder = finished.results / "six" / "explainn" / "conditions"
    assert sorted(path.name for path in folder.iterdir()) == [
        "six.explainn.condition_slopes.tsv",
        "six.explainn.conditions.tsv",
    ]
    page = (finished.results / "multiqc_report.html").read_text()
    assert "treated against control" in page and "with 3 and 3 samples as the unit" in page


def test_a_sample_that_the_data_lack_ends_its_data_set_before_it_is_trained(finished: Run) -> None:
    states = {one["dataset"]: one for one in table_of(finished, "status")}
    assert (states["six"]["state"], states["wrong"]["state"]) == ("ok", "error")
    reason = states["wrong"]["reason"]
    assert "conditions of 'wrong': the data set has no sample 'T4'" in reason
    assert "Its samples are C1, C2, C3, T1, T2, T3." in reason
    assert not [name for name in finished.trace() if name.startswith("MODEL_TRAIN (wrong")]
