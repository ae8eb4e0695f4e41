"""Removing units: exact, and the base rate where nothing is left."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from evidence_fixtures import alone, simulated
from nfexplainn.evidence.losses import base_logits, best_bias, losses
from nfexplainn.evidence.removal import Target

KINDS = [("bce", 1), ("bce", 3), ("mse", 2), ("cross_entropy", 4)]
EVERY = slice(None)


def every_row(replicate):
    return np.arange(replicate.unseen.rows.max() + 1)


def mean_loss(kind, z, y):
    """Write the losses anew, by their textbook forms."""
    if kind == "bce":
        p = 1 / (1 + np.exp(-z))
        values = -np.where(y == 1, np.log(p), np.log(1 - p))
        values[np.isnan(y)] = np.nan
    elif kind == "mse":
        values = (z - y) ** 2
    else:
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        values = -np.log((p * y).sum(axis=1, keepdims=True))
    with warnings.catch_warnings():  # of a sequence without a known label
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(values, axis=1)


def refitted(kind, train_z, train_y, z, y):
    """Give the loss of each sequence with the bias that a general optimiser finds."""

    def of(b):
        value = mean_loss(kind, train_z + b, train_y)
        # The loss of training is the mean over labels, not over sequences.
        return np.nanmean(value) if kind == "cross_entropy" else 0.0

    if kind == "cross_entropy":
        bias = minimize(of, np.zeros(z.shape[1]), method="BFGS", tol=1e-10).x
    else:
        bias = np.array(
            [
                minimize_scalar(
                    lambda b, t=t: np.nanmean(
                        mean_loss(kind, train_z[:, [t]] + b, train_y[:, [t]])
                    ),
                    bracket=(-1, 1),
                    tol=1e-12,
                ).x
                for t in range(z.shape[1])
            ]
        )
    return mean_loss(kind, z + bias, y)


@pytest.mark.parametrize(("kind", "tasks"), KINDS)
@pytest.mark.parametrize("gone", [(0,), (1, 4), (5,)])
def test_the_gain_is_the_loss_with_those_weights_0_and_the_bias_refitted(kind, tasks, gone) -> None:
    unknown = 0.0 if kind == "cross_entropy" else 0.1
    model = simulated(tasks=tasks, kind=kind, unknown=unknown)
    target = Target([model], kind, EVERY, every_row(model))
    removed = target.remove(alone(*gone))
    weight = model.weight.copy()
    weight[:, list(gone)] = 0

    def logits(part, w):
        return part.outputs.T.astype(np.float64) @ w.T + model.bias

    found = [
        refitted(
            kind,
            logits(model.train, w),
            model.train.labels,
            logits(model.unseen, w),
            model.unseen.labels,
        )
        for w in (model.weight, weight)
    ]
    np.testing.assert_allclose(removed.increase, found[1] - found[0], atol=1e-6)
    assert removed.by_replicate == pytest.approx([np.nanmean(found[1] - found[0])], abs=1e-6)


@pytest.mark.parametrize(("kind", "tasks"), [*KINDS, ("pearson", 5)])
def test_with_all_units_removed_the_base_rate_is_left(kind, tasks) -> None:
    model = simulated(tasks=tasks, kind=kind)
    target = Target([model], kind, EVERY, every_row(model))
    without = target.model_loss + target.remove(alone(*range(6))).increase
    np.testing.assert_allclose(without, target.base_loss, atol=1e-6)
    y, train = model.unseen.labels, model.train.labels
    if kind == "bce":
        rate = train.mean(axis=0)
        expected = -np.where(y == 1, np.log(rate), np.log(1 - rate)).mean(axis=1)
        np.testing.assert_allclose(target.base_loss, expected, atol=1e-9)
    if kind == "mse":
        expected = ((y - train.mean(axis=0)) ** 2).mean(axis=1)
        np.testing.assert_allclose(target.base_loss, expected, atol=1e-9)
    if kind == "cross_entropy":
        expected = -np.log((y * train.mean(axis=0)).sum(axis=1))
        np.testing.assert_allclose(target.base_loss, expected, atol=1e-6)


def test_keeping_some_is_removing_the_others() -> None:
    model = simulated(tasks=2, kind="bce")
    target = Target([model], "bce", EVERY, every_row(model))
    kept, logits = target.keep(alone(0, 2))
    np.testing.assert_allclose(
        kept, target.model_loss + target.remove(alone(1, 3, 4, 5)).increase, atol=1e-9
    )
    assert logits[0].shape == model.unseen.labels.shape


def test_a_constant_added_to_all_classes_changes_no_gain() -> None:
    """Which is why a row is removed from all classes at once."""
    model = simulated(tasks=4, kind="cross_entropy")
    shifted = dataclasses.replace(model, weight=model.weight + np.arange(6.0))
    gains = [
        Target([one], "cross_entropy", EVERY, every_row(one)).remove(alone(0, 3)).increase
        for one in (model, shifted)
    ]
    np.testing.assert_allclose(gains[0], gains[1], atol=1e-6)


def test_the_biases_of_profiles_are_the_best() -> None:
    model = simulated(tasks=5, kind="mse", n=400)
    z = model.train.outputs.T.astype(np.float64) @ model.weight.T
    y = model.train.labels

    def loss(b):
        return losses("pearson", z + b, y).mean()

    best = best_bias("pearson", z, y)
    assert loss(best) <= loss(minimize(loss, np.zeros(5), method="BFGS").x) + 1e-5
    assert loss(best) - minimize(loss, best, method="Nelder-Mead").fun < 1e-6
    constant = minimize(
        lambda b: losses("pearson", np.tile(b, (len(y), 1)), y).mean(),
        base_logits("pearson", y) + 0.01,
        method="Nelder-Mead",
    ).fun
    base = np.broadcast_to(base_logits("pearson", y), y.shape)
    assert losses("pearson", base, y).mean() == pytest.approx(constant, abs=1e-5)


def test_a_replicate_without_the_row_counts_as_0() -> None:
    one, two = simulated(seed=1), simulated(seed=1)
    target = Target([one, two], "bce", EVERY, every_row(one))
    both = target.remove([np.array([0]), np.array([0])])
    half = target.remove([np.array([0]), np.array([], dtype=np.int64)])
    np.testing.assert_allclose(half.increase, both.increase / 2)
    assert half.by_replicate.tolist() == [both.by_replicate[0], 0.0]
    assert half.on_training == both.on_training


def test_a_sequence_counts_for_the_replicates_that_have_not_seen_it() -> None:
    one = simulated(seed=1)
    swapped = dataclasses.replace(one, unseen=one.valid, valid=one.unseen)
    target = Target([one, swapped], "bce", EVERY, every_row(one))
    apart = [
        Target([each], "bce", EVERY, every_row(one)).remove(alone(0)) for each in (one, swapped)
    ]
    both = target.remove([np.array([0]), np.array([0])])
    np.testing.assert_allclose(
        both.increase, np.concatenate([apart[1].increase, apart[0].increase])
    )


def test_labels_of_one_kind_end_the_search_for_a_bias() -> None:
    z = np.zeros((50, 1))
    assert best_bias("bce", z, np.ones((50, 1)))[0] > 10
    assert best_bias("bce", z, np.full((50, 1), np.nan))[0] == 0
    classes = np.zeros((50, 3))
    classes[:, 0] = 1
    loss = losses(
        "cross_entropy", classes * 0 + best_bias("cross_entropy", 0 * classes, classes), classes
    )
    assert loss.mean() < 1e-3
