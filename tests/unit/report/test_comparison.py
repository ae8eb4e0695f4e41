"""The comparison of architectures against SciPy's own tests and figures counted by hand."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from scipy import stats

import report_fixtures as fixtures
from nfexplainn.page.load import load_inputs
from nfexplainn.report.build import build_report
from nfexplainn.report.comparison import MEAN, holm, paired

ONE = {1: 0.81, 2: 0.84, 3: 0.79, 4: 0.9}
TWO = {1: 0.70, 2: 0.78, 3: 0.66, 5: 0.1}


def test_only_common_replicates_are_paired() -> None:
    found = paired(ONE, TWO)
    truth = stats.ttest_rel([0.81, 0.84, 0.79], [0.70, 0.78, 0.66])
    interval = truth.confidence_interval(0.95)
    assert found.pairs == 3
    assert found.difference == pytest.approx(0.1)
    assert found.p == pytest.approx(truth.pvalue)
    assert (found.difference_low, found.difference_high) == pytest.approx(
        (interval.low, interval.high)
    )
    turned = paired(TWO, ONE)
    assert turned.difference == pytest.approx(-0.1)
    assert turned.p == pytest.approx(truth.pvalue)


def test_too_few_pairs_have_no_p_value() -> None:
    assert vars(paired({1: 0.5}, {1: 0.25})) == {
        **{"pairs": 1, "difference": 0.25},
        **{"difference_low": None, "difference_high": None, "p": None},
    }
    assert paired({1: 0.5}, {2: 0.5}).difference is None
    assert paired({1: 0.5, 2: 0.5}, {1: 0.5, 2: 0.5}).p is None


def test_holm() -> None:
    assert holm([0.01, None, 0.04, 0.03]) == pytest.approx([0.03, None, 0.06, 0.06], nan_ok=True)
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


SCORES = {
    "cnn1": {1: (0.70, 0.5), 2: (0.72, 0.48), 3: (0.69, 0.52)},
    "danq": {1: (0.99, 0.97), 2: (0.98, 0.99), 3: (0.99, 0.98)},
}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("comparison")
    spec = fixtures.Spec("two", tasks=("a", "b"))
    fixtures.write_results(folder / "in", [spec, fixtures.Spec("plain")], units=4)
    only = fixtures.Spec("only")  # a data set without ExplaiNN
    fixtures.write_results(folder / "only", [only], units=4)
    for path in (folder / "only").iterdir():
        if ".explainn." not in path.name:
            path.rename(folder / "in" / path.name)
    for dataset, tasks in (("two", "ab"), ("only", ("bound",))):
        for model, replicates in SCORES.items():
            for replicate, values in replicates.items():
                run = folder / "in" / f"{dataset}.{model}.r{replicate}"
                rows = [
                    {
                        **{"dataset": dataset, "model": model, "replicate": replicate},
                        **{"split": "test", "task": task, "against": "all", "metric": "auprc"},
                        **{"value": value, "n": 9, "positives": 4, "prevalence": 0.4, "note": ""},
                    }
                    for task, value in zip(tasks, values, strict=False)
                ]
                fixtures.table(run.with_name(run.name + ".metrics.tsv"), rows)
                size = [{"architecture": model, "parameters": 4_668_050}]
                fixtures.table(run.with_name(run.name + ".model.tsv"), size)
                epochs = [
                    {
                        **{"epoch": e, "train_loss": 0.5, "valid_loss": 0.5},
                        **{"valid_metric": 0.7, "best": int(e == 2)},
                    }
                    for e in (1, 2)
                ]
                fixtures.table(run.with_name(run.name + ".history.tsv"), epochs)
                clock = [{"epoch": e, "seconds": 1.5 * replicate} for e in (1, 2)]
                fixtures.table(run.with_name(run.name + ".timing.tsv"), clock)
    inputs = load_inputs([folder / "in"], fixtures.PARAMS, fixtures.VERSIONS)
    build_report(inputs, folder / "out")
    return folder / "out"


def rows_of(page: Path, name: str) -> list[dict[str, str]]:
    with (page / "tables" / f"{name}.tsv").open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def test_models_are_compared_with_explainn(page: Path) -> None:
    rows = [row for row in rows_of(page, "comparison") if row["dataset"] == "two"]
    assert [row["task"] for row in rows] == [MEAN] * 3 + ["a"] * 3 + ["b"] * 3
    assert [row["model"] for row in rows[:3]] == ["danq", "explainn", "cnn1"]
    scores = rows_of(page, "metrics")
    ours = [
        sum(
            float(row["value"])
            for row in scores
            if (row["dataset"], row["model"], row["split"], row["metric"])
            == ("two", "explainn", "test", "auprc")
            and row["replicate"] == str(replicate)
        )
        / 2
        for replicate in (1, 2, 3)
    ]
    theirs = [0.60, 0.60, 0.605]
    truth = stats.ttest_rel(theirs, ours)
    cnn1 = rows[2]
    assert cnn1["other_model"] == "explainn" and cnn1["pairs"] == "3"
    assert float(cnn1["mean"]) == pytest.approx(sum(theirs) / 3, rel=1e-5)
    assert float(cnn1["difference"]) == pytest.approx((sum(theirs) - sum(ours)) / 3, rel=1e-4)
    assert float(cnn1["p"]) == pytest.approx(truth.pvalue, rel=1e-4)
    assert float(cnn1["p"]) < float(cnn1["p_holm"]) <= 2 * float(cnn1["p"]) * 1.0001
    assert cnn1["parameters"] == "4668050"
    assert float(cnn1["seconds"]) == pytest.approx(6.0)
    assert rows[1]["difference"] == rows[1]["p"] == ""


def test_data_set_without_explainn_is_compared_with_its_first(page: Path) -> None:
    rows = [row for row in rows_of(page, "comparison") if row["dataset"] == "only"]
    assert {(row["model"], row["other_model"]) for row in rows} == {("cnn1", ""), ("danq", "cnn1")}


def test_page_reads_units_only_where_there_are_some(page: Path) -> None:
    summary = {(row["dataset"], row["model"]): row for row in rows_of(page, "summary")}
    assert {key for key in summary if key[0] != "only"} == {
        ("plain", "explainn"),
        ("two", "explainn"),
    }
    assert summary["only", "cnn1"]["verdict"] == "scored"
    shown = json.loads((page / "nfx_performance_architectures_mqc.json").read_text())
    names = list(shown["data"])
    assert names[:2] == ["only · DanQ", "only · CNN_1"]
    assert names[2:5] == [f"two · {MEAN} · {name}" for name in ("DanQ", "ExplaiNN", "CNN_1")]
    assert len(names) == 2 + 9
    # The data sets differ in what they are compared with.
    assert shown["headers"]["difference"]["title"] == "Minus the reference"
    methods = json.loads((page / "nfx_methods_main_mqc.json").read_text())["data"]
    assert "For comparison, CNN_1" in methods and "hybrid convolutional" in methods
