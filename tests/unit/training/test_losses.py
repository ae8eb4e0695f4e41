"""Losses: the textbook's values and gradients, and no part for unknown labels."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from nfexplainn.errors import UserError
from nfexplainn.training.losses import LOSSES, resolve_loss

Floats = NDArray[np.float64]


def example(name: str, seed: int = 0, unknown: bool = False) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(30, 4))
    if name == "cross_entropy":
        labels = np.eye(4)[rng.integers(0, 4, 30)]
    elif name == "bce":
        labels = rng.integers(0, 2, (30, 4)).astype(float)
    else:
        labels = rng.normal(size=(30, 4))
    if unknown:
        labels[rng.random((30, 4)) > 0.7] = np.nan
    return logits, labels


@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize("tasks", [1, 2, 4])
@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_those_of_small_changes(name: str, tasks: int, unknown: bool) -> None:
    logits, labels = example(name, unknown=unknown)
    logits, labels = logits[:, :tasks], labels[:, :tasks]
    _, slope = LOSSES[name](logits, labels)
    step = 1e-5
    for row in range(0, 30, 3):
        for task in range(tasks):
            change = np.zeros_like(logits)
            change[row, task] = step
            above, below = (LOSSES[name](logits + sign * change, labels)[0] for sign in (1, -1))
            assert slope[row, task] == pytest.approx((above - below) / (2 * step), abs=1e-8)


@pytest.mark.parametrize("name", ["bce", "mse", "pearson"])
def test_an_unknown_label_has_no_part(name: str) -> None:
    logits, labels = example(name, unknown=True)
    known = ~np.isnan(labels)
    loss, slope = LOSSES[name](logits, labels)
    assert (slope[~known] == 0).all() and (slope[known] != 0).any()
    changed, again = LOSSES[name](np.where(known, logits, 1e6), labels)
    assert changed == loss and np.array_equal(again, slope)


def test_values_without_unknowns() -> None:
    from scipy.special import log_softmax
    from scipy.stats import pearsonr

    logits, labels = example("bce")
    p = 1 / (1 + np.exp(-logits))
    expected = -(labels * np.log(p) + (1 - labels) * np.log(1 - p)).mean()
    assert LOSSES["bce"](logits, labels)[0] == pytest.approx(expected)

    a, b = example("mse")
    assert LOSSES["mse"](a, b)[0] == pytest.approx(((a - b) ** 2).mean())

    expected = np.mean([1 - pearsonr(a[i], b[i])[0] for i in range(30)])
    assert LOSSES["pearson"](a, b)[0] == pytest.approx(expected)
    single = LOSSES["pearson"](a[:, :1], b[:, :1])[0]
    assert single == pytest.approx(1 - pearsonr(a[:, 0], b[:, 0])[0])
    two = LOSSES["pearson"](a[:, :2], b[:, :2])[0]
    expected = np.mean([1 - pearsonr(a[:, i], b[:, i])[0] for i in range(2)])
    assert two == pytest.approx(expected)  # per sequence it would be 0 or 2

    logits, labels = example("cross_entropy")
    expected = -(log_softmax(logits, axis=1) * labels).sum(axis=1).mean()
    assert LOSSES["cross_entropy"](logits, labels)[0] == pytest.approx(expected)


def test_pearson_with_unknowns_is_that_of_the_known() -> None:
    from scipy.stats import pearsonr

    logits, labels = example("pearson", unknown=True)
    known = ~np.isnan(labels)
    values = [
        1 - pearsonr(logits[i][known[i]], labels[i][known[i]])[0]
        for i in range(30)
        if known[i].sum() > 1
    ]
    assert len(values) > 20
    assert LOSSES["pearson"](logits, labels)[0] == pytest.approx(np.mean(values))


@pytest.mark.parametrize("name", LOSSES)
def test_size_does_not_depend_on_the_batch(name: str) -> None:
    logits, labels = example(name, unknown=True)
    once = LOSSES[name](logits, labels)[0]
    twice = LOSSES[name](np.tile(logits, (2, 1)), np.tile(labels, (2, 1)))[0]
    assert twice == pytest.approx(once)


@pytest.mark.parametrize("name", LOSSES)
def test_nothing_known_gives_nothing_to_learn(name: str) -> None:
    logits, labels = example(name)
    loss, slope = LOSSES[name](logits, np.full_like(labels, np.nan))
    assert loss == 0
    assert (slope == 0).all()


def test_extreme_logits_stay_finite() -> None:
    logits = np.array([[-1e4, 0.0, 1e4]])
    for name in ("bce", "cross_entropy"):
        loss, slope = LOSSES[name](logits, np.array([[1.0, 0.0, 0.0]]))
        assert np.isfinite(loss) and np.isfinite(slope).all()


def test_constant_predictions_or_labels_do_not_break_pearson() -> None:
    values = np.random.default_rng(0).normal(size=(5, 3))
    for logits, labels in ((np.zeros((5, 3)), values), (values, np.ones((5, 3)))):
        loss, slope = LOSSES["pearson"](logits, labels)
        assert np.isfinite(loss) and np.isfinite(slope).all()


def test_loss_of_a_task_type() -> None:
    expected = {"binary": "bce", "multilabel": "bce", "multiclass": "cross_entropy"}
    for task_type, loss in (expected | {"regression": "mse"}).items():
        assert resolve_loss("auto", task_type) == loss
    assert resolve_loss("pearson", "regression") == "pearson"
    with pytest.raises(UserError, match=r"loss 'bce' does not fit regression.*mse or pearson"):
        resolve_loss("bce", "regression")
