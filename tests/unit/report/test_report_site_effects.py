"""The heatmaps of what sites do: of supported groups, of classes, and of results without either."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import report_fixtures as fixtures
from nfexplainn.interpret.columns import EVIDENCE_COLUMNS
from nfexplainn.io.tsv import write_tsv
from nfexplainn.page.load import load_inputs, number
from nfexplainn.report.build import build_report

ONE = fixtures.Spec("one", motifs=("CTCF",))
TWO = fixtures.Spec("two", tasks=("a", "b"), motifs=("CTCF", "REB1"))


def group(number: int, task: str, effect: float | None, **more: Any) -> dict[str, Any]:
    row = dict.fromkeys(EVIDENCE_COLUMNS, "") | {"model": "explainn", "task": task}
    row |= {"motif": f"row_{number:03d}", "name": f"TF{number}", "consensus": "NACGTN"}
    row |= {"gain": 0.3 / number, "gain_high": 0.4, "supported": "true", "site_effect": effect}
    row |= {"direction": "" if effect is None else "raises" if effect > 0 else "lowers"}
    return row | more


def built(folder: Path, specs: list[fixtures.Spec], **groups: list[dict[str, Any]]) -> Path:
    """Build the report of results whose evidence is given by data set."""
    fixtures.write_results(folder / "in", specs, replicates=2, units=12)
    for id, rows in groups.items():
        cells = [[{**row, "dataset": id}[column] for column in EVIDENCE_COLUMNS] for row in rows]
        write_tsv(folder / "in" / f"{id}.explainn.evidence.tsv", EVIDENCE_COLUMNS, cells)
    build_report(load_inputs([folder / "in"], fixtures.PARAMS, {}), folder / "out")
    return folder / "out"


def shown(page: Path, name: str) -> dict[str, dict[str, float | None]]:
    """Give a heatmap as values by row and column."""
    one = section(page, name)
    return {
        row: dict(zip(one["xcats"], values, strict=True))
        for row, values in zip(one["ycats"], one["data"], strict=True)
    }


def section(page: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((page / f"nfx_site_effects_{name}_mqc.json").read_text()))


def test_the_first_heatmap_is_of_supported_groups_and_of_what_is_sure(tmp_path: Path) -> None:
    rows = [
        group(1, "a", 7.9),
        group(2, "a", -0.4, supported="false"),
        group(3, "a", 0.2, direction=""),
        group(1, "b", -0.5, supported="false"),
        group(2, "b", -1.25, name=""),
        group(3, "b", 0.3, supported="false"),
        group(4, "b", 5.0, supported="false"),
    ]
    page = built(tmp_path, [ONE, TWO], two=rows, one=[group(1, "bound", 2.0)])
    assert shown(page, "two") == {
        "TF1 (row_001)": {"a": 7.9, "b": -0.5},
        "ACGT (row_002)": {"a": -0.4, "b": -1.25},  # supported in b
        "TF3 (row_003)": {"a": None, "b": 0.3},
    }
    assert "95 % interval includes 0" in section(page, "two")["description"]
    assert "mean over the tasks" not in section(page, "two")["description"]
    whole = shown(page, "all_data_sets")
    assert whole["TF1"] == {"one": 2.0, "two · a": 7.9, "two · b": -0.5}
    assert whole["ACGT"] == {"one": None, "two · a": -0.4, "two · b": -1.25}
    config = section(page, "two")["pconfig"]
    assert (config["min"], config["max"], config["zlab"]) == (-7.9, 7.9, "Site effect")
    weights = section(page, "final_weights__two")
    assert weights["pconfig"]["zlab"] == "Final weight" and "even to zero" in weights["description"]


def test_classes_take_the_strongest_unit_less_its_mean_over_the_classes(tmp_path: Path) -> None:
    rows = [group(1, "*", None, units="r2:unit_002,r1:unit_002,r1:unit_001")]
    page = built(tmp_path, [TWO], two=rows)
    model = load_inputs([tmp_path / "in"], fixtures.PARAMS, {}).models[0]
    unit = next(row for row in model.best_units if row["unit"] == "unit_002")
    effects = [number(unit[f"site_effect:{task}"]) or 0.0 for task in "ab"]
    mean = sum(effects) / 2
    (values,) = shown(page, "two").values()
    assert values == pytest.approx({"a": effects[0] - mean, "b": effects[1] - mean})
    assert sum(value or 0.0 for value in values.values()) == pytest.approx(0)
    assert "minus the unit's mean over the tasks" in section(page, "two")["description"]


def test_without_evidence_annotated_units_are_shown(tmp_path: Path) -> None:
    page = built(tmp_path, [TWO])
    model = load_inputs([tmp_path / "in"], fixtures.PARAMS, {}).models[0]
    expected = {
        f"{row['annotation']} ({row['unit']})": {
            task: number(row[f"site_effect:{task}"]) for task in "ab"
        }
        for row in model.best_units
        if row["annotation"]
    }
    assert shown(page, "two") == expected
    assert "Annotated units" in section(page, "two")["description"]


def test_where_nothing_is_supported_only_the_weights_are_shown(tmp_path: Path) -> None:
    page = built(tmp_path, [ONE], one=[group(1, "bound", 2.0, supported="false")])
    names = {path.name for path in page.glob("nfx_site_effects*_mqc.json")}
    assert names == {"nfx_site_effects_final_weights__all_data_sets_mqc.json"}
