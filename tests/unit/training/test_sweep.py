"""The one-standard-error rule on figures worked out by hand, and the curves of the report."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import report_fixtures as fixtures
from nfexplainn.page.load import load_inputs
from nfexplainn.page.style import name_of
from nfexplainn.report.build import build_report
from nfexplainn.training.sweep import plateau, recommendation, units_of_name

# Best mean .82 (50 units); standard deviation .02, three replicates: .0115; so .8085 is needed.
SCORES = {
    1: [0.30, 0.35, 0.31],
    10: [0.70, 0.74, 0.72],
    20: [0.81, 0.81, 0.81],
    50: [0.80, 0.82, 0.84],
    100: [0.81, 0.82, 0.80],
}


def test_smallest_within_one_standard_error() -> None:
    found = plateau(SCORES)
    assert found is not None
    assert (found.best, found.chosen, found.rises) == (50, 20, False)
    assert found.error == pytest.approx(0.02 / 3**0.5)
    # A hair under the limit, and the next number is taken.
    found = plateau(SCORES | {20: [0.8084, 0.8084, 0.8084]})
    assert found is not None and found.chosen == 50
    found = plateau(SCORES | {20: [0.8086, 0.8086, 0.8086]})
    assert found is not None and found.chosen == 20


def test_edges() -> None:
    assert plateau({}) is None
    assert plateau({5: [], 10: []}) is None
    alone = plateau({5: [0.4], 10: [0.6], 20: [0.6]})
    assert alone is not None
    assert (alone.best, alone.chosen, alone.error, alone.rises) == (10, 10, 0.0, False)
    rising = plateau({5: [0.4, 0.42], 10: [0.6, 0.62]})
    assert rising is not None and rising.rises
    one = plateau({5: [0.4, 0.5]})
    assert one is not None and (one.chosen, one.rises) == (5, False)
    errors = plateau({1: [9.0, 9.0], 5: [2.0, 2.2], 10: [2.1, 1.9]}, larger_is_better=False)
    assert errors is not None and (errors.best, errors.chosen) == (10, 5)


def test_words() -> None:
    found = plateau(SCORES)
    assert found is not None
    assert recommendation(found, SCORES, "AUPRC") == (
        "Use 20 units: its validation AUPRC of 0.810 is within one standard error (0.012) of the"
        " best, 0.820 with 50."
    )
    alone = {5: [0.4], 10: [0.6]}
    found = plateau(alone)
    assert found is not None
    text = recommendation(found, alone, "AUPRC")
    assert "Use 10 units: no smaller number is within" in text
    assert "train more replicates" in text and "more may be better" in text


def test_names() -> None:
    assert units_of_name("explainn_u20") == 20
    assert units_of_name("explainn") is None
    assert units_of_name("explainn_u20x") is None
    assert name_of("explainn_u5") == "ExplaiNN, 5 units"
    assert name_of("danq") == "DanQ"


def write_runs(folder: Path) -> None:
    """Two data sets of three sizes, one of them with modes, and a network beside."""
    for dataset in ("one", "two"):
        spec = fixtures.Spec(dataset)
        fixtures.write_results(folder, [spec], units=4)
        for path in list(folder.glob(f"{dataset}.explainn.*")):
            for size in (5, 20, 100):
                name = path.name.replace(".explainn.", f".explainn_u{size}.")
                (folder / name).write_bytes(path.read_bytes())
            path.unlink()
        for size, level in ((5, 0.5), (20, 0.80), (100, 0.81)):
            for replicate in (1, 2, 3):
                model = f"explainn_u{size}"
                rows = [
                    {
                        **{"dataset": dataset, "model": model, "replicate": replicate},
                        **{"split": split, "task": "bound", "against": "all", "metric": "auprc"},
                        **{"value": level + 0.02 * (replicate - 2) - (split == "test") * 0.1},
                        **{"n": 9, "positives": 4, "prevalence": 0.4, "note": ""},
                    }
                    for split in ("valid", "test")
                ]
                fixtures.table(folder / f"{dataset}.{model}.r{replicate}.metrics.tsv", rows)


def modes(*rows: tuple[int, str]) -> list[dict[str, object]]:
    return [
        {
            **{"replicate": replicate, "mode": mode, "name": "JUN, FOS", "members": 2},
            **{"unit": "unit_001", "target_id": "MA1.1", "target_name": "JUN", "q_value": 1e-4},
            "units": 1,
        }
        for replicate, mode in rows
    ]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweep")
    write_runs(folder / "in")
    fixtures.table(folder / "in" / "one.explainn_u5.modes.tsv", modes((1, "mode_001")))
    fixtures.table(
        folder / "in" / "one.explainn_u20.modes.tsv",
        modes((1, "mode_001"), (1, "mode_002"), (2, "mode_001"), (3, "mode_001")),
    )
    build_report(load_inputs([folder / "in"], dict(fixtures.PARAMS), {}), folder / "out")
    return folder / "out"


def read(path: Path) -> list[dict[str, str]]:
    with path.open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def test_table_and_curve(page: Path) -> None:
    rows = [row for row in read(page / "tables" / "sweep.tsv") if row["dataset"] == "one"]
    assert [row["n_units"] for row in rows] == ["5", "20", "100"]
    assert [float(row["valid_score"]) for row in rows] == pytest.approx([0.5, 0.8, 0.81])
    assert [float(row["test_score"]) for row in rows] == pytest.approx([0.4, 0.7, 0.71])
    assert float(rows[0]["valid_se"]) == pytest.approx(0.02 / 3**0.5, rel=1e-4)
    assert float(rows[0]["test_sd"]) == pytest.approx(0.02, rel=1e-4)
    assert [row["chosen"] for row in rows] == ["0", "1", "0"]
    assert [row["modes"] for row in rows] == ["0.333333", "1.33333", ""]
    section = json.loads((page / "nfx_performance_number_of_units_mqc.json").read_text())
    points = section["data"]["one: test"]
    assert [point[0] for point in points] == [5, 20, 100]
    assert [point[1] for point in points] == pytest.approx([0.4, 0.7, 0.71])
    assert "Use 20 units" in section["description"]
    curve = json.loads((page / "nfx_modes_modes_by_number_of_units_mqc.json").read_text())
    assert [point[1] for point in curve["data"]["one"]] == pytest.approx([1 / 3, 4 / 3])


def test_modes_of_models(page: Path) -> None:
    counts = read(page / "tables" / "mode_counts.tsv")
    assert [(row["model"], row["replicate"], row["modes"]) for row in counts] == [
        *(("explainn_u5", "1", "1"), ("explainn_u5", "2", "0"), ("explainn_u5", "3", "0")),
        *(("explainn_u20", "1", "2"), ("explainn_u20", "2", "1"), ("explainn_u20", "3", "1")),
    ]
    section = json.loads((page / "nfx_modes_modes_found_mqc.json").read_text())
    row = next(row for name, row in section["data"].items() if "explainn_u20" in name)
    assert (row["any"], row["all"], row["replicates"]) == (2, 1, 3)
    assert row["mean"] == pytest.approx(4 / 3)
    which = json.loads((page / "nfx_modes_which_modes_mqc.json").read_text())
    first = next(iter(which["data"].values()))
    assert (first["m0"], first["m1"]) == (1, 3)


def test_compared_with_the_largest(page: Path) -> None:
    rows = [row for row in read(page / "tables" / "comparison.tsv") if row["dataset"] == "one"]
    assert {row["other_model"] for row in rows} == {"", "explainn_u100"}
    methods = (page / "nfx_methods_main_mqc.json").read_text()
    assert "explainn_u" not in methods


def test_a_diverged_replicate_is_told_of_its_size(tmp_path: Path) -> None:
    write_runs(tmp_path / "in")
    for path in (tmp_path / "in").glob("one.explainn_u5.r2.*"):
        path.unlink()
    # As train.py writes it: the model is the architecture, which all sizes share.
    told = {"dataset": "one", "model": "explainn", "replicate": 2, "seed": 8}
    told |= {"reason": "The loss is nan.", "advice": "Lower it."}
    (tmp_path / "in" / "one.explainn_u5.r2.diverged.json").write_text(json.dumps(told))
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "out")
    (row,) = read(tmp_path / "out" / "tables" / "diverged.tsv")
    assert (row["model"], row["replicate"], row["seed"]) == ("explainn_u5", "2", "8")
    rows = {
        row["model"]: row["reason"]
        for row in read(tmp_path / "out" / "tables" / "summary.tsv")
        if row["dataset"] == "one"
    }
    assert "explainn" not in rows
    assert rows["explainn_u5"].endswith("Diverged and left out: r2. Lower it.")
    assert "diverged" not in rows["explainn_u20"]


def test_one_size_has_no_sweep(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", [fixtures.Spec("one")], units=4)
    build_report(load_inputs([tmp_path / "in"], dict(fixtures.PARAMS), {}), tmp_path / "out")
    assert not (tmp_path / "out" / "tables" / "sweep.tsv").exists()
    assert not (tmp_path / "out" / "tables" / "modes.tsv").exists()
    assert not list((tmp_path / "out").glob("nfx_modes*"))
