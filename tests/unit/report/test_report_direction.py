"""The report on which way a motif works: units that fall silent at their own motif."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import report_fixtures as fixtures
from nfexplainn.page.load import load_inputs
from nfexplainn.report.build import build_report

Change = Callable[[dict[str, str]], None]


def built(folder: Path, change: Change) -> Path:
    """Build the report of one data set, its final units and effects changed row by row."""
    fixtures.write_results(folder / "in", fixtures.DEMO[1:2])
    for suffix in ("*.explainn.units.tsv", "*.effects.tsv"):
        for path in (folder / "in").glob(suffix):
            rows = list(csv.DictReader(path.open(), delimiter="\t"))
            for row in rows:
                change(row)
            fixtures.table(path, rows)
    build_report(load_inputs([folder / "in"], fixtures.PARAMS, fixtures.VERSIONS), folder / "out")
    return folder / "out"


def boxes(page: Path) -> list[str]:
    shown = json.loads((page / "nfx_importance_main_mqc.json").read_text())
    return list(shown["data"])


def test_a_unit_that_is_silent_at_its_motif_is_said_to_be(tmp_path: Path) -> None:
    def silence(row: dict[str, str]) -> None:
        if row["unit"] == "unit_001":
            row["importance:bound"] = "-0"
            row |= {"weight:bound": "-1", "site_effect:bound": "2.1", "direction:bound": "raises"}
        if row["unit"] == "unit_002":  # hardly ever active, but not less so at its motif
            row["importance:bound"] = "0"
            row |= {"weight:bound": "1", "site_effect:bound": "0.2", "direction:bound": "raises"}

    page = built(tmp_path, silence)
    told = {"unit_001": True, "unit_002": False, "unit_003": False}
    labels = {unit: next(name for name in boxes(page) if unit in name) for unit in told}
    assert {unit: ", silent)" in name for unit, name in labels.items()} == told
    rows = list(csv.DictReader((page / "tables/motifs.tsv").open(), delimiter="\t"))
    first = next(row for row in rows if row["unit"] == "unit_001")
    assert (first["site_effect"], first["direction"]) == ("2.1", "raises")


def test_results_from_before_the_directions_are_still_shown(tmp_path: Path) -> None:
    def forget(row: dict[str, str]) -> None:
        for name in [n for n in row if n.startswith(("site_effect", "direction"))]:
            del row[name]

    page = built(tmp_path, forget)
    rows = list(csv.DictReader((page / "tables/motifs.tsv").open(), delimiter="\t"))
    assert rows and all(row["site_effect"] == row["direction"] == "" for row in rows)
    assert not any("silent" in name for name in boxes(page))


def test_no_chapter_takes_the_effects_sign_for_the_direction(tmp_path: Path) -> None:
    page = built(tmp_path, lambda row: row.update())
    text = "".join(path.read_text() for path in page.glob("nfx_site_effects*_mqc.json"))
    assert "site_effect" in text and "is the sign of its effect" not in text
