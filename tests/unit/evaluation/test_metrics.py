"""Metrics: known values, a reason where there is none, and unknowns left out."""

from __future__ import annotations

import numpy as np
import pytest

from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.evaluation import metrics


def by_key(found: list[metrics.Metric]) -> dict[tuple[str, str, str], metrics.Metric]:
    return {(metric.task, metric.against, metric.metric): metric for metric in found}


def test_against_the_libraries() -> None:
    from scipy import stats
    from sklearn.metrics import average_precision_score, roc_auc_score

    rng = np.random.default_rng(0)
    for n, levels in ((20, 5), (50, 1000), (500, 20), (2000, 10**6), (30, 1)):
        y = rng.integers(0, 2, n).astype(np.float32)
        y[:2] = 0, 1
        score = rng.integers(0, levels, n).astype(np.float32) + (y * levels / 4)
        assert metrics.average_precision(y, score) == pytest.approx(
            average_precision_score(y, score), abs=1e-12
        )
        assert metrics.auroc(y, score) == pytest.approx(roc_auc_score(y, score), abs=1e-12)
        values = rng.integers(0, levels, n) + rng.normal(size=n)
        for ours, theirs in (
            (metrics.pearson, stats.pearsonr),
            (metrics.spearman, stats.spearmanr),
        ):
            assert ours(values, score) == pytest.approx(theirs(values, score)[0], abs=1e-9)


def test_known_values() -> None:
    """Ten positives over ten negatives but for one swap at the top."""
    score = np.arange(20, 0, -1.0)[:, None]
    labels = np.array([0.0] + [1.0] * 10 + [0.0] * 9)[:, None]
    found = by_key(metrics.compute_metrics(labels, score, ("a",), "binary"))
    auprc, auroc = found["a", "all", "auprc"], found["a", "all", "auroc"]
    assert auprc.value == pytest.approx(np.mean([i / (i + 1) for i in range(1, 11)]))
    assert auroc.value == pytest.approx(0.9)
    assert (auprc.n, auprc.positives, auprc.prevalence) == (20, 10, 0.5)
    assert auprc.note == ""


def test_too_few_positives_give_a_reason_and_no_value() -> None:
    labels = np.array([1.0] * 9 + [0.0] * 30)[:, None]
    score = np.random.default_rng(0).normal(size=(39, 1))
    for metric in metrics.compute_metrics(labels, score, ("a",), "binary"):
        assert metric.value is None
        assert metric.note == "fewer than 10 positives (9)"
        assert metric.positives == 9 and metric.prevalence == pytest.approx(9 / 39)
    for metric in metrics.compute_metrics(np.ones((20, 1)), score[:20], ("a",), "binary"):
        assert (metric.value, metric.note) == (None, "no negatives")
    for metric in metrics.compute_metrics(np.full((4, 1), np.nan), score[:4], ("a",), "binary"):
        assert (metric.value, metric.n, metric.prevalence) == (None, 0, None)


def test_pure_negatives() -> None:
    """Task a ranks b's sequences above its own: bad against all, perfect against the pure."""
    labels = np.array([[1.0, 0.0]] * 10 + [[0.0, 1.0]] * 10 + [[0.0, 0.0]] * 10)
    logits = np.array([[1.0, 0.0]] * 10 + [[2.0, 1.0]] * 10 + [[-1.0, -1.0]] * 10)
    found = by_key(metrics.compute_metrics(labels, logits, ("a", "b"), "multilabel"))
    assert found["a", "all", "auroc"].value == pytest.approx(0.5)
    assert found["a", "pure", "auroc"].value == pytest.approx(1.0)
    assert found["a", "pure", "auroc"].n == 20
    assert found["a", "pure", "auroc"].positives == 10
    labels[20:, 1] = np.nan  # unknown in one task: pure no longer
    found = by_key(metrics.compute_metrics(labels, logits, ("a", "b"), "multilabel"))
    assert ("a", "pure", "auroc") not in found


@pytest.mark.parametrize("task_type", ["multilabel", "regression", "multiclass"])
def test_unknown_labels_have_no_part(task_type: str) -> None:
    """Metrics with unknowns are those of the data without them, whatever is predicted there."""
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(90, 3))
    if task_type == "regression":
        labels = rng.normal(size=(90, 3))
    elif task_type == "multiclass":
        labels = np.eye(3)[rng.integers(0, 3, 90)]
    else:
        labels = rng.integers(0, 2, (90, 3)).astype(float)
    rows = np.arange(60, 90)
    labels[rows] = np.nan
    with_unknown = metrics.compute_metrics(labels, logits, "abc", task_type)
    without = metrics.compute_metrics(labels[:60], logits[:60], "abc", task_type)
    assert with_unknown == without
    changed = logits.copy()
    changed[rows] = 99.0
    assert metrics.compute_metrics(labels, changed, "abc", task_type) == without
    assert metrics.headline(labels, changed, task_type) == metrics.headline(
        labels[:60], logits[:60], task_type
    )


def test_regression() -> None:
    labels = np.array([[0.0], [1.0], [2.0], [4.0]])
    logits = np.array([[0.0], [1.0], [3.0], [9.0]])
    found = by_key(metrics.compute_metrics(labels, logits, ("a",), "regression"))
    assert found["a", "all", "spearman"].value == pytest.approx(1)
    assert found["a", "all", "pearson"].value == pytest.approx(
        np.corrcoef(labels.T, logits.T)[0, 1]
    )
    assert found["a", "all", "mse"].value == pytest.approx((1 + 25) / 4)
    flat = by_key(metrics.compute_metrics(labels, np.zeros((4, 1)), ("a",), "regression"))
    assert flat["a", "all", "pearson"].value is None
    assert flat["a", "all", "pearson"].note == "the predictions are all equal"


def test_multiclass() -> None:
    labels = np.eye(3)[[0] * 10 + [1] * 10 + [2] * 10]
    logits = labels * 2
    logits[0] = [0, 3, 0]
    found = by_key(metrics.compute_metrics(labels, logits, "abc", "multiclass"))
    assert found["*", "all", "accuracy"].value == pytest.approx(29 / 30)
    assert found["a", "all", "accuracy"].value == pytest.approx(9 / 10)
    assert found["b", "all", "accuracy"].value == 1
    assert found["c", "all", "auroc"].value == pytest.approx(1)
    assert found["a", "all", "auroc"].value == pytest.approx(0.9)  # row 0 is below all others


def test_table() -> None:
    rng = np.random.default_rng(0)
    labels = np.array([1.0, 0.0] * 30, dtype=np.float32)[:, None]
    split = np.array(["train"] * 40 + ["test"] * 20)
    meta = DatasetMeta("d", "sequences", "binary", ("a",), 4, True, 0)
    codes = np.zeros((60, 4), dtype=np.uint8)
    dataset = Dataset(meta, [str(i) for i in range(60)], codes, split, labels)
    table = metrics.rows(dataset, rng.normal(size=(60, 1)), model="gc", replicate=None)
    assert [row["split"] for row in table] == ["train", "train", "test", "test"]
    assert set(table[0]) == set(metrics.COLUMNS)
    assert table[0]["n"] == 40 and table[2]["n"] == 20


@pytest.mark.parametrize("task_type", ["multiclass", "multilabel"])
def test_a_class_without_an_example_in_training_has_no_score(task_type: str) -> None:
    rng = np.random.default_rng(2)
    split = np.array(["train"] * 60 + ["test"] * 90)
    kinds = np.concatenate([np.arange(60) % 2, np.arange(90) % 3])
    labels = np.eye(3, dtype=np.float32)[kinds]
    logits = 3 * labels + rng.normal(size=labels.shape)
    logits[kinds == 2] = (2, 1, 0)
    meta = DatasetMeta("d", "table", task_type, ("a", "b", "c"), 4, True, 0)  # type: ignore[arg-type]
    codes = np.zeros((150, 4), dtype=np.uint8)
    dataset = Dataset(meta, [str(i) for i in range(150)], codes, split, labels)
    table = metrics.rows(dataset, logits, model="explainn", replicate=1)
    mine = [row for row in table if row["task"] == "c"]
    assert {row["value"] for row in mine} == {None}
    assert {row["note"] for row in mine} == {"no example in the training part"}
    assert all(row["value"] is not None for row in table if row["task"] in "ab")
    test = kinds[60:]
    for row in table:
        if (row["split"], row["task"], row["metric"]) == ("test", "*", "accuracy"):
            known = test < 2
            right = logits[60:][known].argmax(axis=1) == test[known]
            assert (row["value"], row["n"]) == (right.mean(), 60)


def test_profiles_of_regions_equal_a_loop_over_them() -> None:
    rng = np.random.default_rng(8)
    labels = rng.normal(size=(40, 6))
    logits = labels + rng.normal(size=(40, 6))
    labels[rng.random(labels.shape) < 0.3] = np.nan
    labels[5] = 2.5  # no variation
    labels[6, 2:] = np.nan  # too few
    values = []
    for y, x in zip(labels, logits, strict=True):
        known = ~np.isnan(y)
        if known.sum() >= 3 and np.ptp(y[known]) > 0:
            values.append(np.corrcoef(y[known], x[known])[0, 1])
    mean, share = metrics.profile_metrics(labels, logits)
    assert (mean.metric, share.metric) == ("pearson_regions", "well_predicted")
    assert mean.n == share.n == len(values)
    assert mean.value == pytest.approx(np.mean(values), abs=1e-12)
    assert share.value == np.mean(np.array(values) >= 0.75)
    # Neither level nor scale of a region's prediction matters, nor what stands at unknown labels.
    moved = np.where(np.isnan(labels), 99.0, logits * 3 + np.arange(40)[:, None])
    assert metrics.profile_metrics(labels, moved)[0].value == pytest.approx(mean.value, abs=1e-9)
    assert metrics.profile_metrics(np.ones((4, 3)), np.ones((4, 3)))[0].value is None
