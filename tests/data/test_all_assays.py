"""``-profile test_all``: eight assays in one sheet, one report, and what was planted is found."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path

import pytest

from nextflow_runs import ROOT, Run, run_nextflow

pytestmark = pytest.mark.realdata

LIMIT_S = 600
PLANTED = ("REST", "CEBPB", "EBF1", "HNF1A")
# Task, and the planted motif that must be among its strongest.
FOUND = {
    "simulated_matrix": {name: name for name in PLANTED},
    "simulated_bulk": {f"{name}_cells": name for name in PLANTED},
    "simulated_cells": {f"{name}_cells": name for name in PLANTED},
    "simulated_reporter": {"simulated_reporter": "EBF1"},
    "simulated_array": {"simulated_array": "CEBPB"},
    "simulated_selex": {"cycle_3": "HNF1A"},
}
METRICS = {
    "OCT4": {"auprc"},
    "yeast_promoters": {"auprc"},
    "simulated_matrix": {"auprc"},
    "simulated_bulk": {"pearson", "pearson_regions"},
    "simulated_cells": {"pearson", "pearson_regions"},
    "simulated_reporter": {"pearson"},
    "simulated_array": {"pearson"},
    "simulated_selex": {"accuracy", "auroc"},  # of all cycles together, and of each
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, float]:
    """One run of all, and its seconds."""
    start = time.monotonic()
    run = run_nextflow(tmp_path_factory.mktemp("all"), ROOT, "-profile", "test_all")
    assert run.code == 0, run.said
    return run, time.monotonic() - start


def rows(results: Path, name: str) -> list[dict[str, str]]:
    with (results / "tables" / f"{name}.tsv").open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def test_all_assays_end_in_one_report_in_time(finished: tuple[Run, float]) -> None:
    run, seconds = finished
    assert seconds < LIMIT_S
    page = (run.results / "multiqc_report.html").read_text(encoding="utf-8")
    assert all(dataset in page for dataset in METRICS)
    assert "Accuracy" in page and "AUPRC" in page and "Pearson r per region" in page
    assert {row["dataset"] for row in rows(run.results, "status")} == set(METRICS)


def test_each_assay_speaks_its_language(finished: tuple[Run, float]) -> None:
    seen: dict[str, set[str]] = {}
    for row in rows(finished[0].results, "summary"):
        seen.setdefault(row["dataset"], set()).add(row["metric"])
    assert seen == METRICS
    accuracy = {
        row["task"]
        for row in rows(finished[0].results, "performance")
        if (row["dataset"], row["metric"]) == ("simulated_selex", "accuracy")
        and row["split"] == "test"
    }
    assert accuracy == {"*", *(f"cycle_{number}" for number in range(4))}
    cycles = [row for row in rows(finished[0].results, "cycles") if "HNF1A" in row["annotation"]]
    assert max(float(row["auroc"]) for row in cycles) > 0.9


@pytest.mark.parametrize("dataset", FOUND)
def test_planted_motifs_are_among_the_strongest(finished: tuple[Run, float], dataset: str) -> None:
    summary = rows(finished[0].results, "summary")
    mine = {row["task"]: row["leading_motifs"] for row in summary if row["dataset"] == dataset}
    for task, motif in FOUND[dataset].items():
        assert motif in mine[task], (task, mine[task])


def test_no_model_is_worse_than_weak(finished: tuple[Run, float]) -> None:
    found = {
        path.name.split(".")[0]: json.loads(path.read_text())["verdict"]
        for path in finished[0].results.glob("*/explainn/**/*.verdict.json")
    }
    assert set(found) == set(METRICS)
    assert "unusable" not in found.values()
    assert sum(verdict == "usable" for verdict in found.values()) >= 6
