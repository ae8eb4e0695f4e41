"""What a row tells by itself: how well it ranks, how often it is there, what its sites do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, xlogy

from nfexplainn.evaluation import metrics
from nfexplainn.evidence.clusters import LEVEL, Floats, Ints, influence_interval

_NAN = float("nan")


@dataclass(frozen=True)
class Alone:
    """A ranking's AUROC (r for values) with the lower end of its 95 % interval, and its AUPRC."""

    value: float = _NAN
    low: float = _NAN
    auprc: float = _NAN


@dataclass(frozen=True)
class SiteRates:
    """How often sequences of either class have a site, and the odds ratio with its interval."""

    positives: float = _NAN
    negatives: float = _NAN
    odds: float = _NAN
    low: float = _NAN
    high: float = _NAN


def ranked_alone(
    scores: Floats, labels: Floats, clusters: Ints, strata: Ints | None = None
) -> Alone:
    """Rank sequences by a row's contributions alone.

    With folds, sequences are ranked within these, whose scores are of different models: the AUROC
    is that of all pairs of a positive and a negative of one fold, the AUPRC the mean of the folds'.

    Parameters
    ----------
    scores : float64 array, shape (n,)
    labels : float64 array, shape (n,)
        1, 0, or NaN where unknown.
    clusters : int64 array, shape (n,)
    strata : int64 array, shape (n,), optional
        The fold of each sequence.
    """
    known = ~np.isnan(labels)
    own = None if strata is None else strata[known]
    value, influence = auroc_influence(scores[known], labels[known], own)
    if np.isnan(value):
        return Alone()
    positive, score = labels[known] > 0.5, scores[known]
    parts = _both_classes(positive, _strata(known, strata))
    areas = [metrics.average_precision(positive[at].astype(float), score[at]) for at in parts]
    low, _ = influence_interval(value, influence, clusters[known])
    return Alone(value, low, float(np.mean(areas)))


def auroc_influence(
    scores: Floats, labels: Floats, strata: Ints | None = None
) -> tuple[float, Floats]:
    """Give the AUROC over all pairs of one fold, and each sequence's influence on it (DeLong).

    Parameters
    ----------
    scores, labels : float64 array, shape (n,)
        Labels are 1 or 0.
    strata : int64 array, shape (n,), optional
        The fold of each sequence.

    Returns
    -------
    value : float
        NaN where no fold has both classes.
    influence : float64 array, shape (n,)
    """
    positive = labels > 0.5
    influence = np.zeros(len(scores))
    parts = _both_classes(positive, _strata(np.ones(len(scores), dtype=np.bool_), strata))
    if not parts:
        return _NAN, influence
    pairs = np.array([positive[at].sum() * (~positive[at]).sum() for at in parts])
    value = 0.0
    for at, weight in zip(parts, pairs / pairs.sum(), strict=True):
        one, is_positive = scores[at], positive[at]
        yes, no = one[is_positive], one[~is_positive]
        above, below = _share_below(yes, no), 1 - _share_below(no, yes)
        own = float(above.mean())
        value += weight * own
        influence[at[is_positive]] = weight * ((above - own) / len(yes))
        influence[at[~is_positive]] = weight * ((below - own) / len(no))
    return value, influence


def _both_classes(
    positive: NDArray[np.bool_], parts: list[NDArray[np.intp]]
) -> list[NDArray[np.intp]]:
    return [at for at in parts if positive[at].any() and not positive[at].all()]


def _strata(known: NDArray[np.bool_], strata: Ints | None) -> list[NDArray[np.intp]]:
    """Give the places, among the known sequences, of those of each fold."""
    if strata is None:
        return [np.arange(int(known.sum()))]
    own = strata[known]
    return [np.flatnonzero(own == fold) for fold in np.unique(own)]


def _share_below(scores: Floats, others: Floats) -> Floats:
    """Share of the others that each score is above; a tie counts half."""
    others = np.sort(others)
    left, right = (np.searchsorted(others, scores, side) for side in ("left", "right"))
    return (left + right) / 2 / len(others)


def correlated_alone(
    scores: Floats, values: Floats, clusters: Ints, strata: Ints | None = None
) -> Alone:
    """Correlate a row's contributions alone with measured values, as :func:`ranked_alone`.

    With folds, the mean of the correlations within these counts.
    """
    known = ~np.isnan(values)
    own = None if strata is None else strata[known]
    value, influence = correlation_influence(scores[known], values[known], own)
    if np.isnan(value):
        return Alone()
    return Alone(value, influence_interval(value, influence, clusters[known])[0])


def correlation_influence(
    scores: Floats, values: Floats, strata: Ints | None = None
) -> tuple[float, Floats]:
    """Give the mean correlation within folds, and each sequence's influence on it.

    Parameters
    ----------
    scores, values : float64 array, shape (n,)
    strata : int64 array, shape (n,), optional
        The fold of each sequence.

    Returns
    -------
    value : float
        NaN where in no fold both vary.
    influence : float64 array, shape (n,)
    """
    influence = np.zeros(len(scores))
    parts = [
        at
        for at in _strata(np.ones(len(scores), dtype=np.bool_), strata)
        if len(at) >= 3 and np.ptp(scores[at]) > 0 and np.ptp(values[at]) > 0
    ]
    if not parts:
        return _NAN, influence
    total = sum(map(len, parts))
    value = 0.0
    for at in parts:
        a, b = scores[at], values[at]
        a, b = (a - a.mean()) / a.std(), (b - b.mean()) / b.std()
        own = float((a * b).mean())
        value += len(at) / total * own
        influence[at] = (a * b - own * (a**2 + b**2) / 2) / total
    return value, influence


def site_rates(sites: NDArray[np.bool_], labels: Floats) -> SiteRates:
    """Count the sequences with a hit among positives and negatives.

    The odds ratio has half a sequence added to each of its four counts (Haldane), and Woolf's
    interval.

    Parameters
    ----------
    sites : bool array, shape (n,)
    labels : float64 array, shape (n,)
        1, 0, or NaN where unknown.
    """
    positive, negative = labels == 1, labels == 0
    if not positive.any() or not negative.any():
        return SiteRates()
    with_site = np.array([(sites & positive).sum(), (sites & negative).sum()], dtype=np.float64)
    count = np.array([positive.sum(), negative.sum()], dtype=np.float64)
    a, c = with_site + 0.5
    b, d = count - with_site + 0.5
    log_odds = math.log(a * d / (b * c))
    half = float(ndtri((1 + LEVEL) / 2)) * math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    rates = with_site / count
    return SiteRates(
        float(rates[0]),
        float(rates[1]),
        math.exp(log_odds),
        math.exp(log_odds - half),
        math.exp(log_odds + half),
    )


def best_threshold(scores: Floats, labels: Floats) -> float:
    """Give the score that tells the classes apart best when all at or above it count as hits.

    Best is the largest G statistic of hits and classes, as motif finders choose their thresholds
    by enrichment.

    Parameters
    ----------
    scores : float64 array, shape (n,)
        Best hits.
    labels : float64 array, shape (n,)
        1, 0, or NaN where unknown.

    Returns
    -------
    float
        Infinite where one class is missing.
    """
    known = ~np.isnan(labels)
    order = np.argsort(-scores[known], kind="stable")
    score, positive = scores[known][order], labels[known][order] > 0.5
    total, n = float(positive.sum()), float(len(score))
    if total in (0.0, n):
        return math.inf
    last = np.flatnonzero(np.diff(score, append=-np.inf) != 0)  # equal scores are hits together
    hits = last + 1.0
    with_hit = np.cumsum(positive)[last].astype(np.float64)
    cells = np.stack([with_hit, hits - with_hit, total - with_hit, n - hits - total + with_hit])
    expected = np.stack(
        [hits * total, hits * (n - total), (n - hits) * total, (n - hits) * (n - total)]
    )
    statistic = (xlogy(cells, cells * n) - xlogy(cells, np.maximum(expected, 1.0))).sum(axis=0)
    return float(score[last[int(np.argmax(statistic))]])


def site_difference(
    contributions: Floats, sites: NDArray[np.bool_], clusters: Ints, strata: Ints | None = None
) -> tuple[float, float, float]:
    """Give what sites do to a prediction: mean contribution with less that without one.

    With folds, a contribution is held against those without a site in its fold.

    Returns
    -------
    value, low, high : float
        With the 95 % interval over clusters; NaN where all sequences have a site, or none.
    """
    if not sites.any() or sites.all():
        return _NAN, _NAN, _NAN
    if strata is not None:
        counts = np.bincount(strata[~sites], minlength=int(strata.max()) + 1)
        sums = np.bincount(strata[~sites], contributions[~sites], minlength=len(counts))
        contributions = contributions - (sums / np.maximum(counts, 1))[strata]
    mean = np.array([contributions[~sites].mean(), contributions[sites].mean()])
    side = sites.astype(np.int64)
    count = np.bincount(side)
    influence = (contributions - mean[side]) / count[side] * np.where(sites, 1, -1)
    value = float(mean[1] - mean[0])
    return value, *influence_interval(value, influence, clusters)
