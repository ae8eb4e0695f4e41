"""Intervals of scores: textbook values, and how often they hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import pearsonr

from nfexplainn.evaluation.intervals import score_interval
from nfexplainn.evaluation.metrics import auroc, average_precision

RUNS = 400


def covered(metric: str, truth: float, draw: object) -> float:
    """Share of draws (value, n, positives) whose interval holds the truth."""
    rng = np.random.default_rng(4)
    found = [score_interval(metric, *draw(rng)) for _ in range(RUNS)]  # type: ignore[operator]
    return float(np.mean([low <= truth <= high for low, high in found if low is not None]))


def test_pearson_is_scipys() -> None:
    rng = np.random.default_rng(1)
    one = rng.normal(size=40)
    two = one + rng.normal(size=40)
    known = pearsonr(one, two)
    interval = known.confidence_interval(0.95)
    assert score_interval("pearson", known.statistic, 40, None) == pytest.approx(tuple(interval))


def test_wilson_of_a_textbook() -> None:
    # 81 of 263, Newcombe 1998, table I.
    low, high = score_interval("accuracy", 81 / 263, 263, None) or (0, 0)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_aurocs_scatter_as_their_interval_says() -> None:
    rng = np.random.default_rng(2)
    labels = (np.arange(200) < 80).astype(np.float32)
    found = [float(auroc(labels, rng.normal(size=200) + labels)) for _ in range(RUNS)]
    low, high = score_interval("auroc", float(np.mean(found)), 200, 80) or (0, 0)
    assert (high - low) / (2 * 1.96) == pytest.approx(float(np.std(found)), rel=0.15)


@pytest.mark.parametrize("metric", ["auroc", "auprc"])
def test_they_hold_the_truth_about_as_often_as_said(metric: str) -> None:
    n, positives, shift = 300, 100, 1.3
    labels = (np.arange(n) < positives).astype(np.float32)
    score = auroc if metric == "auroc" else average_precision

    def draw(rng: np.random.Generator) -> tuple[float, int, int]:
        return float(score(labels, rng.normal(size=n) + shift * labels)), n, positives

    many = (np.arange(100 * n) < 100 * positives).astype(np.float32)
    rng = np.random.default_rng(0)
    truth = float(score(many, rng.normal(size=len(many)) + shift * many))
    assert 0.9 <= covered(metric, truth, draw) <= 1.0


def test_what_numbers_do_not_tell() -> None:
    assert score_interval("mse", 0.3, 100, None) is None
    assert score_interval("spearman", 0.3, 100, None) is None
    assert score_interval("pearson", 0.3, 3, None) is None
    assert score_interval("pearson", 1.0, 30, None) is None
    assert score_interval("auroc", 0.8, 30, 30) is None
    assert score_interval("auroc", 0.8, None, None) is None


@pytest.mark.parametrize("metric", ["auroc", "auprc", "pearson", "accuracy"])
def test_intervals_lie_round_the_score_and_within_bounds(metric: str) -> None:
    for value in (0.01, 0.3, 0.5, 0.9, 0.999):
        low, high = score_interval(metric, value, 80, 20) or (value, value)
        assert 0 - (metric == "pearson") <= low <= value <= high <= 1


@pytest.mark.parametrize("metric", ["auroc", "auprc"])
def test_a_perfect_score_of_few_sequences_is_not_sure(metric: str) -> None:
    few, many = (score_interval(metric, 1.0, n, n // 2) or (0, 0) for n in (40, 4000))
    assert few[0] < 0.97 and many[0] > 0.99
    assert few[1] == many[1] == 1.0
