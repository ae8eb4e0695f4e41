"""Means over sequences of which some belong together: their error, tests and intervals.

A positive and its shuffle, overlapping windows and equal sequences are no independent observations,
so that all errors here are those of sums over such clusters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVEL = 0.95
# A mean is not normal enough for Student's t where the cluster sums are skewed below this, or fewer
# clusters than these differ from 0 by a tenth of the largest.
LEAST_SKEWNESS = -2.0
LEAST_CLUSTERS = 20
# Fewer clusters than these do not show the tails that resampling would need: on gains of real sets,
# moved so that their true mean is 0, .5 % of those over 100 clusters had a bootstrap p of .0005 or
# less (benchmarks.md).
ENOUGH_CLUSTERS = 200
_SHARE_OF_LARGEST = 0.1
RESAMPLES = 9_999
_BLOCK = 1 << 22  # weights at a time
JACKKNIFE_GROUPS = 200


@dataclass(frozen=True)
class Means:
    """Means of several quantities over the same sequences; arrays of shape (m,).

    Attributes
    ----------
    value, low, high : float64 array
        Means with their two-sided 95 % intervals.
    error : float64 array
        Standard errors.
    p : float64 array
        Of the one-sided test that the true mean is at most 0.
    test : object array of str
        ``t``, ``bootstrap`` or ``jackknife``.
    """

    value: Floats
    low: Floats
    high: Floats
    error: Floats
    p: Floats
    test: NDArray[np.object_]


def number_clusters(groups: Ints) -> Ints:
    """Number clusters from 0 without gaps, int64, shape (n,)."""
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)


def cluster_sums(values: Floats, clusters: Ints) -> tuple[Floats, Floats]:
    """Add up values over clusters.

    Parameters
    ----------
    values : float64 array, shape (m, n)
        NaN where a sequence has no part.
    clusters : int64 array, shape (n,)
        From 0 without gaps.

    Returns
    -------
    sums, sizes : float64 arrays, shape (m, clusters)
        Sizes count the sequences that have a part.
    """
    order = np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.diff(clusters[order], prepend=-1))
    known = ~np.isnan(values[:, order])
    sums = np.add.reduceat(np.where(known, values[:, order], 0.0), starts, axis=1)
    return sums, np.add.reduceat(known.astype(np.float64), starts, axis=1)


def clustered_means(
    values: Floats, clusters: Ints, rng: np.random.Generator | None = None
) -> Means:
    """Give means with clustered errors, and test whether each is above 0.

    The mean is sum s_c / sum n_c over clusters c, its error
    sqrt(C / (C - 1) x sum (s_c - mean n_c)^2) / N; the test is Student's t with C - 1 degrees of
    freedom. Where the cluster sums are not normal enough for it (see :data:`LEAST_SKEWNESS`,
    :data:`LEAST_CLUSTERS`), the statistic is held against its own distribution over resampled
    clusters (bootstrap-t); of fewer than :data:`ENOUGH_CLUSTERS` the larger p of both tests and the
    wider interval count.

    Parameters
    ----------
    values : float64 array, shape (m, n)
        NaN where a sequence has no part.
    clusters : int64 array, shape (n,)
        From 0 without gaps.
    rng : Generator, optional
        Without one all are tested by t.

    Returns
    -------
    Means
        NaN (and p = 1) with fewer than two clusters.
    """
    sums, sizes = cluster_sums(values, clusters)
    means = _by_t(sums, sizes)
    if rng is None:
        return means
    # A mean of at most 0 is no evidence by any test.
    doubtful = np.flatnonzero(needs_bootstrap(sums) & (means.value > 0) & (means.error > 0))
    return _by_bootstrap(means, sums, sizes, doubtful, rng) if len(doubtful) else means


def needs_bootstrap(sums: Floats) -> NDArray[np.bool_]:
    """Tell whose cluster sums, shape (m, clusters), Student's t would misjudge, shape (m,)."""
    centred = sums - sums.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        skewness = (centred**3).mean(axis=1) / spread**3
    size = np.abs(sums)
    large = size > _SHARE_OF_LARGEST * size.max(axis=1, keepdims=True, initial=0.0)
    few = large.sum(axis=1) < LEAST_CLUSTERS
    return np.asarray((skewness < LEAST_SKEWNESS) | few)


def _by_t(sums: Floats, sizes: Floats) -> Means:
    used = (sizes > 0).sum(axis=1)
    total = sizes.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = sums.sum(axis=1) / total
        residual = ((sums - value[:, None] * sizes) ** 2).sum(axis=1)
        error = np.sqrt(used / (used - 1) * residual) / total
        statistic = value / error
        p = stdtr(used - 1, -statistic)
        half = stdtrit(used - 1, (1 + LEVEL) / 2) * error
    # What is 0 in every cluster is 0.
    p = np.where((error > 0) & (used > 1), p, 1.0)
    return Means(value, value - half, value + half, error, p, np.full(len(value), "t", object))


def _by_bootstrap(
    means: Means, sums: Floats, sizes: Floats, at: NDArray[np.intp], rng: np.random.Generator
) -> Means:
    """Test the means at the places `at` by the clustered bootstrap-t."""
    statistics = _resampled(sums[at], sizes[at], means.value[at], rng)
    low, high, p = means.low.copy(), means.high.copy(), means.p.copy()
    test = means.test.copy()
    seen = means.value[at] / means.error[at]
    p[at] = (1 + (statistics >= seen[:, None]).sum(axis=1)) / (1 + statistics.shape[1])
    tails = np.quantile(statistics, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
    # Where resamples lack all that differs from 0, their tail is endless: t's interval stays.
    bounds = means.value[at] - tails * means.error[at]
    low[at] = np.where(np.isfinite(bounds[1]), bounds[1], low[at])
    high[at] = np.where(np.isfinite(bounds[0]), bounds[0], high[at])
    few = at[(sizes[at] > 0).sum(axis=1) < ENOUGH_CLUSTERS]
    p[few] = np.maximum(p[few], means.p[few])
    low[few], high[few] = (
        np.minimum(low[few], means.low[few]),
        np.maximum(high[few], means.high[few]),
    )
    test[at] = "bootstrap"
    return replace(means, low=low, high=high, p=p, test=test)


def _resampled(sums: Floats, sizes: Floats, value: Floats, rng: np.random.Generator) -> Floats:
    """Statistics (mean* - mean) / error* of resampled clusters, shape (m, RESAMPLES)."""
    count = sums.shape[1]
    terms = np.concatenate([sums, sizes, sums**2, sums * sizes, sizes**2]).T.copy()
    step = max(1, _BLOCK // count)
    parts = []
    for first in range(0, RESAMPLES, step):
        draws = min(step, RESAMPLES - first)
        drawn = rng.integers(0, count, size=(draws, count)) + count * np.arange(draws)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=draws * count).reshape(draws, count)
        s, n, ss, sn, nn = np.split(weights.astype(np.float64) @ terms, 5, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = s / n
            squares = np.maximum(ss - 2 * mean * sn + mean**2 * nn, 0.0)
            parts.append((mean - value) / (np.sqrt(count / (count - 1) * squares) / n))
    found = np.concatenate(parts).T
    # Resamples without any spread say that the mean could be anything.
    return np.where(np.isnan(found), np.inf, found)


def jackknife(full: Floats, left_out: Floats) -> Means:
    """Judge estimates by those with one group of sequences left out each.

    Parameters
    ----------
    full : float64 array, shape (m,)
        Of all sequences.
    left_out : float64 array, shape (m, groups)

    Returns
    -------
    Means
    """
    groups = left_out.shape[1]
    centred = left_out - left_out.mean(axis=1, keepdims=True)
    error = np.sqrt((groups - 1) / groups * (centred**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.where(error > 0, stdtr(groups - 1, -full / error), 1.0)
    half = stdtrit(groups - 1, (1 + LEVEL) / 2) * error
    test = np.full(len(full), "jackknife", object)
    return Means(full, full - half, full + half, error, p, test)


def jackknife_groups(clusters: Ints, rng: np.random.Generator) -> Ints:
    """Deal clusters into at most :data:`JACKKNIFE_GROUPS` groups, int64, shape (n,)."""
    count = int(clusters.max(initial=-1)) + 1
    group = np.arange(count) % min(count, JACKKNIFE_GROUPS)
    return rng.permutation(group)[clusters].astype(np.int64)


def influence_interval(value: float, influence: Floats, clusters: Ints) -> tuple[float, float]:
    """Give the 95 % interval of an estimate from each sequence's influence on it, shape (n,)."""
    sums = np.bincount(clusters, weights=influence)
    count = len(np.unique(clusters))
    if count < 2:
        return float("nan"), float("nan")
    error = float(np.sqrt(count / (count - 1) * (sums**2).sum()))
    half = float(stdtrit(count - 1, (1 + LEVEL) / 2)) * error
    return value - half, value + half
