"""The report of nullification: the best replicate is shown, every row is in the table."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import report_fixtures as fixtures
from nfexplainn.page.load import ModelResult, load_inputs
from nfexplainn.report.build import build_report


def rows(unit: str, tasks: tuple[str, ...], scale: float) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for number in range(1, 21):
        for place, task in enumerate(tasks):
            found.append(
                {
                    **{"unit": f"{unit}_{number:03d}", "task": task},
                    **{"influence": scale * (2.0 ** -(number - 1)) * (place + 1)},
                    **{"change": 0.5 / number, "sequences": 1234, "basis": "well-predicted"},
                }
            )
    return found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nullification")
    place = folder / "in"
    spec = fixtures.Spec("one", tasks=("a", "b"), motifs=("CTCF", "REB1"))
    fixtures.write_results(place, [spec], units=20)
    for replicate in (1, 2, 3):
        fixtures.table(
            place / f"one.explainn.r{replicate}.nullification.tsv", rows("unit", ("a", "b"), 1.0)
        )
        run = f"one.cnn1.r{replicate}"
        fixtures.table(
            place / f"{run}.nullification.tsv", rows("filter", ("a", "b"), float(replicate))
        )
        fixtures.table(
            place / f"{run}.history.tsv",
            [{"epoch": 1, "train_loss": 0.5, "valid_loss": 0.9 - 0.1 * (replicate == 2)}],
        )
        states = [
            {"unit": f"filter_{number:03d}", "status": "unannotated", "consensus": "TGACTCA"}
            for number in range(1, 21)
        ]
        fixtures.table(place / f"{run}.filters.tsv", states)
    hits = [
        {"replicate": replicate, "unit": "filter_001", "target_name": name}
        for replicate, name in ((1, "WRONG"), (2, "CTCF<b>"), (2, "SECOND"))
    ]
    fixtures.table(place / "one.cnn1.tomtom.tsv", hits)
    build_report(load_inputs([place], dict(fixtures.PARAMS), {}, {"one.cnn1": 2}), folder / "out")
    return folder / "out"


def test_every_row_is_in_the_table(page: Path) -> None:
    with (page / "tables" / "nullification.tsv").open() as handle:
        found = list(csv.DictReader(handle, delimiter="\t"))
    assert len(found) == 2 * 3 * 20 * 2
    own = [row for row in found if row["model"] == "cnn1" and row["replicate"] == "2"]
    assert own[0]["annotation"] == "CTCF<b>"
    assert own[0]["consensus"] == "TGACTCA"
    assert {row["annotation"] for row in own[2:]} == {""}
    assert sum(float(row["influence_share"]) for row in own if row["task"] == "a") == pytest.approx(
        1, 1e-4
    )
    first = next(row for row in found if row["model"] == "explainn" and row["unit"] == "unit_001")
    assert first["annotation"] == "CTCF"


def test_best_replicate_is_drawn(page: Path) -> None:
    section = json.loads((page / "nfx_nullification_influence__one___cnn1_mqc.json").read_text())
    bars = section["data"]
    assert len(bars) == 15
    label, first = next(iter(bars.items()))
    assert label == "CTCF&lt;b&gt; (filter_001)"
    assert first == {"a": 2.0, "b": 4.0}  # of replicate 2, which has the least validation loss
    assert "1\u202f234 sequences" in section["description"]
    table = json.loads((page / "nfx_nullification_most_influential_mqc.json").read_text())
    assert len(table["data"]) == 14  # seven of each model
    row = next(iter(table["data"].values()))
    assert row["share"] == pytest.approx(100 / 2, rel=1e-3)


def test_replicate_that_the_run_calls_best() -> None:
    assert ModelResult("d", "cnn1", best=2, verdict={"best_replicate": 3}).best_replicate == 2
    assert ModelResult("d", "cnn1", verdict={"best_replicate": 3}).best_replicate == 3
    assert ModelResult("d", "cnn1").best_replicate == 1


def test_many_tasks_are_a_heatmap(tmp_path: Path) -> None:
    tasks = tuple(f"t{number}" for number in range(50))
    place = tmp_path / "in"
    fixtures.write_results(place, [fixtures.Spec("one")], units=4)
    fixtures.table(place / "one.explainn.r1.nullification.tsv", rows("unit", tasks, 1.0))
    build_report(load_inputs([place], dict(fixtures.PARAMS), {}), tmp_path / "out")
    section = json.loads(
        (tmp_path / "out" / "nfx_nullification_influence__one_mqc.json").read_text()
    )
    assert section["plot_type"] == "heatmap"
    assert len(section["xcats"]) == 40 and len(section["data"]) == 15
    assert "40" in section["description"]
