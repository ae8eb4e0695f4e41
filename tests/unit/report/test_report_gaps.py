"""The report where a score is missing: no empty line, no mean that a missing task blanks."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import report_fixtures as fixtures
from nfexplainn.page.chapters import TRAINING
from nfexplainn.page.load import load_inputs
from nfexplainn.page.mqc import Page
from nfexplainn.report.build import build_report


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


def test_every_validation_metric_has_an_axis_of_its_own(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", fixtures.DEMO, units=4)
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "out")
    shown = content(tmp_path / "out", "nfx_training_validation_metric")
    names = [label["ylab"] for label in shown["pconfig"]["data_labels"]]
    assert names == ["AUPRC", "Pearson r"]
    panels = [list(panel) for panel in shown["data"]]
    assert panels == [["H3K9me3_broad", "MAFK", "OCT4", "yeast_promoters"], ["starr"]]
    other = tmp_path / "other"
    fixtures.write_results(other / "in", fixtures.DEMO[:2], units=4)
    build_report(load_inputs([other / "in"], {}, {}), other / "out")
    shown = content(other / "out", "nfx_training_validation_metric")
    assert shown["pconfig"]["ylab"] == "AUPRC" and list(shown["data"]) == ["MAFK", "OCT4"]


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
    Page(tmp_path).section(TRAINING, "x", "linegraph", panels, pconfig=config)
    section = content(tmp_path, "nfx_training_x")
    assert section["data"] == [{"a": [[1.0, 2.0]]}]
    assert section["pconfig"]["data_labels"] == [{"name": "second"}]


def write_scores(folder: Path, values: dict[str, list[float | None]], split: str = "test") -> None:
    """Add metrics of the tasks of ``D`` per model and split, the same for both replicates."""
    for model, scores in values.items():
        for replicate in (1, 2):
            path = folder / f"D.{model}.r{replicate}.metrics.tsv"
            rows = list(csv.DictReader(path.open(), delimiter="\t")) if path.exists() else []
            rows += [
                {
                    **{"dataset": "D", "model": model, "replicate": replicate, "split": split},
                    **{"task": task, "against": "all", "metric": "auprc", "value": value},
                    **{"n": 40, "positives": 20, "prevalence": 0.5},
                    "note": "fewer than 10 positives (3)" if value is None else "",
                }
                for task, value in zip(("a", "b", "rare<"), scores, strict=True)
            ]
            fixtures.table(path, rows)


def three_tasks(folder: Path) -> None:
    spec = fixtures.Spec("D", tasks=("a", "b", "rare<"))
    fixtures.write_results(folder, [spec], replicates=2, units=4)
    for path in folder.glob("D.explainn.*"):
        path.unlink()


def test_mean_of_architectures_is_over_tasks_with_a_value(tmp_path: Path) -> None:
    three_tasks(tmp_path / "in")
    write_scores(
        tmp_path / "in",
        {"explainn": [0.5, 0.7, None], "cnn1": [0.9, 0.7, None], "danq": [None] * 3},
    )
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "out")
    rows = table(tmp_path / "out", "comparison")
    means = {row["model"]: row["mean"] for row in rows if row["task"] == "mean of tasks"}
    assert means == {"explainn": "0.6", "cnn1": "0.8", "danq": ""}
    words = content(tmp_path / "out", "nfx_performance_architectures")["description"]
    assert "the mean leaves them out: D: rare&lt; (fewer than 10 positives (3))." in words


def test_sweep_chooses_by_the_tasks_with_a_value(tmp_path: Path) -> None:
    three_tasks(tmp_path / "in")
    sizes = {"explainn_u5": [0.5, 0.7, None], "explainn_u20": [0.9, 0.7, None]}
    write_scores(tmp_path / "in", sizes)
    write_scores(
        tmp_path / "in", {name: [s, None, None] for name, (s, *_) in sizes.items()}, "valid"
    )
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "out")
    rows = table(tmp_path / "out", "sweep")
    assert [(row["valid_score"], row["test_score"], row["chosen"]) for row in rows] == [
        ("0.5", "0.6", "0"),
        ("0.9", "0.8", "1"),
    ]
    section = content(tmp_path / "out", "nfx_performance_number_of_units")
    assert all(section["data"].values())
    words = section["description"]
    assert "D, validation part: b (fewer than 10 positives (3)), rare&lt; (fewer" in words
    assert "D, test part: rare&lt; (fewer" in words


def test_sweep_without_any_value_is_no_failure(tmp_path: Path) -> None:
    three_tasks(tmp_path / "in")
    for split in ("test", "valid"):
        write_scores(tmp_path / "in", {f"explainn_u{n}": [None] * 3 for n in (5, 20)}, split)
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "out")
    section = content(tmp_path / "out", "nfx_performance_number_of_units")
    assert section["plot_type"] == "html"


def test_names_of_the_data_close_no_attribute(tmp_path: Path) -> None:
    title = 'x" onmouseover="alert(1)'
    headers = {"a": {"title": title, "description": f"Reads of {title}"}}
    Page(tmp_path).table(TRAINING, "t", {"r": {"a": 1}}, headers, first="#")
    text = json.dumps(content(tmp_path, "nfx_training_t")["headers"])
    assert "onmouseover=&#34;" in text and 'over=\\"' not in text
