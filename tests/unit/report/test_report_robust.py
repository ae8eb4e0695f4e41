"""What the report says of the best PWMs, of the robust recipe, and of what computed a model."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import report_fixtures as fixtures
from nfexplainn.evidence.best_pwms import KINDS
from nfexplainn.interpret.columns import BEST_PWM_COLUMNS
from nfexplainn.interpret.reestimate import PWM_COLUMNS
from nfexplainn.motifs.formats import write_meme
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.page.load import load_inputs
from nfexplainn.report.build import build_report


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


def best_pwms(folder: Path, rows: list[tuple[str, str, float]], supported: str = "true") -> None:
    """Write task, kind and test AUPRC, and the motifs."""
    full = dict.fromkeys(BEST_PWM_COLUMNS, "") | {"motif": "row_002", "consensus": "NATGCN"}
    full |= {"dataset": "OCT4", "model": "explainn", "name": "POU5F1<b>", "supported": supported}
    lines = [
        full | {"task": task, "kind": kind, "pwm": f"t_{kind}", "auprc_test": area}
        for task, kind, area in rows
    ]
    prefix = folder / "OCT4.explainn.best_pwms"
    fixtures.table(Path(f"{prefix}.tsv"), lines)
    motifs = tuple(Motif(f"t_{kind}", "", np.eye(4), 31.0) for kind in KINDS)
    write_meme(MotifSet(motifs), f"{prefix}.meme")


def test_the_best_pwm_is_shown_in_all_kinds(folder: Path, tmp_path: Path) -> None:
    areas = [("OCT4", kind, 0.8 + at / 100) for at, kind in enumerate(KINDS)]
    best_pwms(folder, areas)
    params = {"datasets": {"OCT4": {"recipe": "robust"}, "other": {}}}
    build_report(load_inputs([folder], params, {}), tmp_path / "out")
    shown = json.loads((tmp_path / "out/nfx_evidence_best_single_motif_mqc.json").read_text())
    assert list(shown["data"]) == ["OCT4"]
    row = shown["data"]["OCT4"]
    assert [row[kind] for kind in KINDS] == [0.8, 0.81, 0.82]
    assert row["logo"].startswith("<svg") and "nfx-r0" in shown["description"]
    assert row["supported"] == "yes" and "POU5F1&lt;b&gt;" in row["name"]
    assert len(table(tmp_path / "out", "pwms")) == 6
    assert [one["kind"] for one in table(tmp_path / "out", "best_pwms")] == list(KINDS)
    methods = json.loads((tmp_path / "out/nfx_methods_main_mqc.json").read_text())["data"]
    assert "In OCT4: The robust recipe was used: training windows" in methods


def test_what_is_not_supported_or_not_tuned_is_said(folder: Path, tmp_path: Path) -> None:
    best_pwms(folder, [("one", "sites", 0.6), ("two", "sites", 0.7)], "false")
    build_report(load_inputs([folder], {}, {}), tmp_path / "out")
    shown = json.loads((tmp_path / "out/nfx_evidence_best_single_motif_mqc.json").read_text())
    assert list(shown["data"]) == ["OCT4 \u00b7 one", "OCT4 \u00b7 two"]
    assert {row["supported"] for row in shown["data"].values()} == {"not supported"}
    assert "tuned" not in shown["headers"]


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


def test_nothing_without_the_recipe(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", fixtures.DEMO[1:2])
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "out")
    assert not list((tmp_path / "out").glob("*best_single_motif*"))
    assert not (tmp_path / "out" / "tables" / "pwms.tsv").exists()
