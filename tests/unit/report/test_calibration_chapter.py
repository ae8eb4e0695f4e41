"""The reliability plot: bins of all replicates together, a row per replicate in the table."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from nfexplainn.evaluation.calibration import Calibration, Reliability, write_calibration
from nfexplainn.page.load import load_inputs
from nfexplainn.page.mqc import Page
from nfexplainn.report.calibration import curve, write_calibration_part

ONE = Reliability(
    "d", (6, 0, *[0] * 7, 4), (0.3, 0, *[0] * 7, 3.8), (1, 0, *[0] * 7, 4), 0.2, 0.4, 0.1
)
TWO = Reliability(
    "d", (2, 1, *[0] * 7, 4), (0.1, 0.1, *[0] * 7, 3.6), (1, 0, *[0] * 7, 2), 0.1, 0.2, 0.3
)


def test_curve_pools_replicates_and_leaves_small_bins_out() -> None:
    assert curve([ONE, TWO]) == [pytest.approx([0.05, 0.25]), pytest.approx([7.4 / 8, 6 / 8])]


def test_sections_and_table(tmp_path: Path) -> None:
    for number, unseen in ((1, ONE), (2, TWO)):
        found = Calibration("platt", "binary", ("d",), (0.1,), (0.2,), (9,), (unseen,))
        write_calibration(found, tmp_path / f"d.explainn.r{number}.calibration.json")
    write_calibration(
        Calibration("none", "regression", ("v",)), tmp_path / "v.cnn1.r1.calibration.json"
    )
    (tmp_path / "d.status.json").write_text('{"state": "ok"}')
    page = Page(tmp_path / "page")
    write_calibration_part(page, load_inputs([tmp_path], {}, {}))
    plot = json.loads((tmp_path / "page/nfx_performance_calibration_mqc.json").read_text())
    assert list(plot["data"]) == ["as predicted", "d"]
    table = json.loads((tmp_path / "page/nfx_performance_calibration_error_mqc.json").read_text())
    assert table["data"]["d"]["loss"] == pytest.approx(0.15)
    assert table["data"]["d"]["error_before"] == pytest.approx(0.2)
    rows = pd.read_csv(tmp_path / "page/tables/calibration.tsv", sep="\t")
    assert list(rows["replicate"]) == [1, 2] and list(rows["n"]) == [10, 7]
    assert list(rows["positives"]) == [5, 3]


def test_nothing_is_written_where_nothing_was_calibrated(tmp_path: Path) -> None:
    write_calibration_part(Page(tmp_path / "page"), load_inputs([], {}, {}))
    assert not list((tmp_path / "page").glob("*_mqc.json"))
