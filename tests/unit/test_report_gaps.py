"""The report where a score is missing: no empty line, no mean that a missing task blanks."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import report_fixtures as fixtures
from nfexplainn.report.build import build_report
from nfexplainn.report.load import load_inputs
from nfexplainn.report.mqc import Page


def content(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / f"{name}_mqc.json").read_text())


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "tables" / f"{name}.tsv").open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def without_metric(folder: Path, dataset: str) -> None:
    """Empty the validation metric of every epoch, as where the part has no positive."""
    for path in folder.glob(f"{dataset}.*.history.tsv"):
        rows = list(csv.DictReader(path.open(), delimiter="\t"))
        fixtures.table(path, [row | {"valid_metric": ""} for row in rows])


def test_model_without_a_validation_metric_has_no_line(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", fixtures.DEMO[:2], units=4)
    without_metric(tmp_path / "in", "MAFK")
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "out")
    assert list(content(tmp_path / "out", "nfx_training_validation_metric")["data"]) == ["OCT4"]


def test_no_metric_at_all_is_said(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", fixtures.DEMO[:1], units=4)
    without_metric(tmp_path / "in", "MAFK")
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "out")
    section = content(tmp_path / "out", "nfx_training_validation_metric")
    assert section["plot_type"] == "html" and "pconfig" not in section
    assert section["data"] == "<p>There is no value to draw.</p>"


def test_empty_panels_go_with_their_labels(tmp_path: Path) -> None:
    panels = [{"a": []}, {"a": [[1.0, 2.0]], "b": []}]
    labels = [{"name": "first"}, {"name": "second"}]
    config = {"data_labels": labels}
    Page(tmp_path).section("nfx_training", "x", "linegraph", panels, pconfig=config)
    section = content(tmp_path, "nfx_training_x")
    assert section["data"] == [{"a": [[1.0, 2.0]]}]
    assert section["pconfig"]["data_labels"] == [{"name": "second"}]
