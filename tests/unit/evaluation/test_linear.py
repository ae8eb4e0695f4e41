"""Ridge and logistic regression against scikit-learn's, which is let come as near as it can."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from nfexplainn.evaluation.linear import logistic, ridge


def features_of(n: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Counts that hang together, and a linear function of them."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(1.0, (n, width)).astype(float)
    counts[:, 1:] += counts[:, :-1]
    spread = counts.std(axis=0)
    features = (counts - counts.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return features, features @ rng.normal(scale=0.5, size=width) - 0.8


@pytest.mark.parametrize("penalty", [1.0, 1000.0])
@pytest.mark.parametrize(("n", "width"), [(40, 1), (60, 136), (3000, 30)])
def test_both_are_at_the_optimum(n: int, width: int, penalty: float) -> None:
    features, truth = features_of(n, width)
    rng = np.random.default_rng(1)
    values = truth + rng.normal(size=n)
    expected = Ridge(alpha=penalty).fit(features, values).predict(features)
    assert ridge(features, values, penalty).of(features) == pytest.approx(expected, abs=1e-9)

    labels = (rng.random(n) < 1 / (1 + np.exp(-truth))).astype(float)
    exact = LogisticRegression(C=1 / penalty, max_iter=100_000, tol=1e-10).fit(features, labels)
    found = logistic(features, labels, penalty)
    assert found.of(features) == pytest.approx(exact.decision_function(features), abs=1e-4)
    # The slope of the loss is 0 there, also for the intercept, which has no penalty.
    chance = 1 / (1 + np.exp(-found.of(features)))
    slope = features.T @ (chance - labels) + penalty * found.weights
    assert np.abs(slope).max() < 1e-3 and abs((chance - labels).sum()) < 1e-3


def test_classes_far_apart_and_features_without_any_difference() -> None:
    features = np.zeros((50, 3))
    features[:, 0] = np.where(np.arange(50) % 2, 1e3, -1e3)
    labels = (np.arange(50) % 2).astype(float)
    found = logistic(features, labels, 1e-3)
    assert np.isfinite(found.weights).all() and not found.weights[1:].any()
    assert ((found.of(features) > 0) == (labels > 0)).all()
    rare = np.zeros(1000)
    rare[:3] = 1
    flat = logistic(np.zeros((1000, 2)), rare, 1.0)
    assert flat.intercept == pytest.approx(np.log(3 / 997), abs=1e-6) and not flat.weights.any()
