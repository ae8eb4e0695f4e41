"""What the report says of the robust recipe's motifs, and of what computed a model."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import report_fixtures as fixtures
from nfexplainn.interpret.reestimate import KINDS, PWM_COLUMNS
from nfexplainn.motifs.formats import write_meme
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.page.load import load_inputs
from nfexplainn.report.build import build_report
from nfexplainn.report.reestimated import _FILES, _WORDS


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "tables" / f"{name}.tsv").open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def pwms(folder: Path, run: str, rows: list[tuple[Any, ...]]) -> None:
    """Write unit, kind, AUPRC, best, test AUPRC of one task."""
    full = [
        ("bound", unit, kind, 31, 9.5, "ATGC", area, best, test)
        for unit, kind, area, best, test in rows
    ]
    fixtures.table(
        folder / f"{run}.pwms.tsv", [dict(zip(PWM_COLUMNS, row, strict=True)) for row in full]
    )
    motif = Motif("unit_002", "", np.eye(4), 31.0)
    write_meme(MotifSet((motif,)), folder / f"{run}.reestimated.meme")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "in"
    fixtures.write_results(place, fixtures.DEMO[1:2])
    worse = [("unit_001", "sites", 0.8, 1, 0.7), ("unit_002", "reestimated", 0.85, 1, 0.99)]
    pwms(place, "OCT4.explainn.r1", worse)
    better = [
        ("unit_001", "sites", 0.8, 0, None),
        ("unit_003", "sites", 0.88, 1, 0.81),
        ("unit_002", "reestimated", 0.9, 1, 0.82),
        ("unit_001", "reestimated", 0.6, 0, None),
    ]
    pwms(place, "OCT4.explainn.r2", better)
    for number in (1, 2, 3):
        facts = {"architecture": "explainn", "parameters": 700 + number, "kernel": "avx512"}
        fixtures.table(place / f"OCT4.explainn.r{number}.model.tsv", [facts])
    return place


def test_the_best_motif_is_chosen_without_the_test_part(folder: Path, tmp_path: Path) -> None:
    params = {"datasets": {"OCT4": {"recipe": "robust"}, "other": {}}}
    build_report(load_inputs([folder], params, {}), tmp_path / "out")
    shown = json.loads((tmp_path / "out/nfx_motifs_best_motif_per_task_mqc.json").read_text())
    (row,) = shown["data"].values()
    assert (row["auprc"], row["test"], row["other"]) == (0.9, 0.82, 0.81)
    assert "re-estimated" in row["kind"] and "unit_002, replicate 2" in row["unit"].replace(
        "&#44;", ","
    )
    assert row["logo"].startswith("<svg") and "nfx-r0" in shown["description"]
    assert len(table(tmp_path / "out", "pwms")) == 6
    methods = json.loads((tmp_path / "out/nfx_methods_main_mqc.json").read_text())["data"]
    assert "In OCT4: The robust recipe was used: training windows" in methods


def test_what_computed_a_model(folder: Path, tmp_path: Path) -> None:
    build_report(load_inputs([folder], {}, {}), tmp_path / "out")
    rows = table(tmp_path / "out", "runs")
    assert [(row["replicate"], row["parameters"], row["kernel"]) for row in rows] == [
        ("1", "701", "avx512"),
        ("2", "702", "avx512"),
        ("3", "703", "avx512"),
    ]
    shown = json.loads((tmp_path / "out/nfx_training_runs_mqc.json").read_text())["data"]
    assert all("avx512" in row["kernel"] for row in shown.values())
    methods = json.loads((tmp_path / "out/nfx_methods_main_mqc.json").read_text())["data"]
    assert "robust" not in methods


def test_the_kinds_are_those_of_the_step() -> None:
    assert tuple(_WORDS) == tuple(_FILES) == KINDS


def test_nothing_without_the_recipe(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", fixtures.DEMO[1:2])
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "out")
    assert not list((tmp_path / "out").glob("*best_motif_per_task*"))
    assert not (tmp_path / "out" / "tables" / "pwms.tsv").exists()
