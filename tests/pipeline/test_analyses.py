"""One run with every analysis switched on, and what each of them left."""

from __future__ import annotations

import csv
import shutil
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyarrow.parquet as pq
import pytest

from column_glossary import glossary, undefined
from nextflow_runs import ROOT, Run, run_nextflow

MODEL = "MAFK.explainn"
pytestmark = pytest.mark.minutes


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The profile of all analyses, once for all tests of this module."""
    run = run_nextflow(
        tmp_path_factory.mktemp("analysed"), ROOT, "-profile", "test_analyses", timeout=1800
    )
    assert run.code == 0, run.said
    return run


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))


def only(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


def test_explained_sequences(analysed: Run) -> None:
    folder = analysed.results / "MAFK" / "explainn" / "explained"
    said = rows(only(folder, f"{MODEL}.r*.explained.tsv"))
    assert len(said) == 1500 and {row["task"] for row in said} == {"MAFK"}
    table = pq.read_table(only(folder, "*.explained.parquet")).to_pydict()
    sums: dict[str, float] = defaultdict(float)
    for name, contribution in zip(table["sequence"], table["contribution"], strict=True):
        sums[name] += contribution
    for row in said:
        total = float(row["bias"]) + sums[row["sequence"]]
        assert total == pytest.approx(float(row["logit"]), abs=1e-4)
    hits = [line.split("\t") for line in only(folder, "*.hits.bed").read_text().splitlines()]
    assert len(hits) > 100 and all(len(hit) == 9 for hit in hits)
    assert all(hit[0].startswith("chr") and int(hit[2]) - int(hit[1]) == 19 for hit in hits)
    pictures = sorted(folder.glob("*.explained_*.svg"))
    assert len(pictures) == 3
    for picture in pictures:
        ElementTree.parse(picture)
    assert len(rows(analysed.results / "tables" / "explained.tsv")) == 1500


def test_unit_map(analysed: Run) -> None:
    found = rows(only(analysed.results / "MAFK" / "explainn", f"{MODEL}.r*.umap.tsv"))
    assert len(found) > 100 and {row["group"] for row in found} <= {"MAFK", "no task"}
    places = np.array([[float(row["x"]), float(row["y"])] for row in found])
    assert np.isfinite(places).all() and (places.std(axis=0) > 0).all()
    assert len(rows(analysed.results / "tables" / "unit_maps.tsv")) == len(found)


def test_attributions(analysed: Run) -> None:
    folder = analysed.results / "MAFK" / "explainn" / "attribution"
    (task,) = rows(only(folder, f"{MODEL}.r*.attribution.tsv"))
    assert 0 < int(task["sequences"]) <= 100 and float(task["largest_error"]) < 1e-3
    patterns = rows(only(folder, "*.patterns.tsv"))
    assert len(patterns) == int(task["patterns"])
    assert patterns or task["note"]
    saved = np.load(only(folder, "*.attributions.npz"))
    assert saved["hypothetical_0"].shape == (int(task["sequences"]), 200, 4)


def test_units_that_started_from_profiles(analysed: Run) -> None:
    folder = analysed.results / "MAFK"
    assert len(rows(folder / "data" / "MAFK.initial.tsv")) == 8
    for replicate in (1, 2):
        drift = rows(folder / "explainn" / "motifs" / f"{MODEL}.r{replicate}.drift.tsv")
        assert len(drift) == 16 and [row["strand"] for row in drift] == ["+", "-"] * 8
        # Released after an epoch, the filters have learnt.
        assert all(float(row["filter_change"]) > 0 for row in drift)
        history = rows(folder / "explainn" / f"{MODEL}.r{replicate}.history.tsv")
        assert len(history) == 6


def test_transferred_units(analysed: Run) -> None:
    for replicate in (1, 2):
        path = analysed.results / "MAFK" / "nam" / f"MAFK.nam.r{replicate}.transfer.tsv"
        (unit,) = rows(path)
        assert (unit["source_task"], unit["task"], unit["rank"]) == ("OCT4", "MAFK", "1")
        assert np.isfinite(float(unit["effect"])) and int(unit["contribution_n"]) > 0


def test_units_are_scored_with_or_without_streme(analysed: Run) -> None:
    found = rows(analysed.results / "tables" / "discovery.tsv")
    streme = [row for row in found if row["source"] == "streme"]
    units = [row for row in found if row["source"] == "explainn" and row["model"] == "explainn"]
    there = shutil.which("streme") is not None
    assert all((row["state"] in ("ok", "none")) == there for row in streme) and streme
    if not there:
        assert {row["reason"] for row in streme} == {"the program streme was not found"}
        page = (analysed.results / "multiqc_report.html").read_text(encoding="utf-8")
        assert "the program streme was not found" in page
    assert [row["replicate"] for row in units] == ["1", "2"]
    assert all(float(row["auprc_test"]) > float(row["prevalence"]) for row in units)


def test_the_leading_units_are_put_beside_each_other(analysed: Run) -> None:
    pairs = rows(analysed.results / "MAFK" / "cooperativity" / "MAFK.cooperativity_pairs.tsv")
    assert {row["kind"] for row in pairs} <= {"homotypic", "heterotypic", "control"}
    assert all(row["first_word"] and row["second_word"] for row in pairs if not row["reason"])
    verdicts = rows(analysed.results / "tables" / "cooperativity_verdict.tsv")
    curves = rows(analysed.results / "tables" / "cooperativity.tsv")
    usable = [row["pair"] for row in pairs if not row["reason"]]
    assert {row["pair"] for row in verdicts} == {row["pair"] for row in pairs}
    assert {row["pair"] for row in curves} == set(usable)


def test_the_glossary_defines_the_columns_of_every_table(analysed: Run) -> None:
    known = glossary(ROOT / "docs" / "output.md")
    tables = [
        path
        for path in sorted(analysed.results.rglob("*.tsv"))
        if not path.name.endswith(".streme.outcome.tsv")  # without a header
    ]
    assert len(tables) > 40
    missing: dict[str, list[str]] = {}
    for path in tables:
        with path.open(encoding="utf-8") as handle:
            header = handle.readline().rstrip("\n").split("\t")
        if lacking := undefined(header, known):
            missing[path.name] = lacking
    assert not missing


def test_report_has_the_chapters_of_the_analyses(analysed: Run) -> None:
    page = (analysed.results / "multiqc_report.html").read_text(encoding="utf-8")
    for chapter in (
        "nfx_explained",
        "nfx_maps",
        "nfx_attribution",
        "nfx_drift",
        "nfx_transfer",
        "nfx_discovery",
        "nfx_cooperativity",
    ):
        assert f'id="mqc-module-section-{chapter}"' in page
