"""Medians with intervals, and whether an interaction changes with distance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BIN = 10  # bases of gap per bin
LEAST_P = 0.01
LEAST_SHARE = 0.1


@dataclass(frozen=True)
class Trend:
    """Whether an interaction changes with the gap between two motifs.

    Attributes
    ----------
    least_gap : int
        Only places with at least this gap were looked at.
    bins : int
        Of gaps; fewer than two tell nothing.
    p : float
        Of Friedman's test over the bins, with a backbone as block; NaN where it cannot be done, 1
        where no bin differs.
    range : float
        Largest minus smallest median of a bin, in units of the output.
    """

    least_gap: int
    bins: int
    p: float
    range: float


@cache
def median_ranks(n: int, level: float = 0.95) -> tuple[int, int]:
    """Ranks (from 0) of the values that bound a median, by the bootstrap without its noise.

    The bootstrap distribution of a median of n values is known: of n draws, the number that are at
    most the k-th value is binomial with share k/n. Its quantiles are what infinitely many
    resamples give.
    """
    from scipy import stats

    ranks = np.arange(1, n + 1)
    low, high = (1 - level) / 2, (1 + level) / 2
    lower, upper = (n + 1) // 2, n // 2 + 1
    at_most_lower = stats.binom.sf(lower - 1, n, ranks / n)
    at_most_upper = stats.binom.sf(upper - 1, n, ranks / n)
    return int(np.argmax(at_most_lower > low)), int(np.argmax(at_most_upper >= high))


def median_interval(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Median over the first axis, and its 95 % bootstrap interval.

    Parameters
    ----------
    values : float64 array, shape (n, ...)
        NaN throughout where there is no value.
    """
    low, high = median_ranks(len(values))
    ordered = np.sort(values, axis=0)
    return np.median(values, axis=0), ordered[low], ordered[high]


def ratio(both: Floats, first: Floats, second: Floats, none: Floats) -> Floats:
    """The paper's ratio, both / (first + second - none); shape (n, places) of all.

    NaN at places where the denominator changes its sign over the backbones: the ratio of outputs
    near 0 means nothing.
    """
    expected = first + second - none
    stable = (expected > 0).all(axis=0) | (expected < 0).all(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(stable, both / expected, np.nan)


def trend(values: Floats, gaps: NDArray[np.intp], least_gap: int) -> Trend:
    """Test whether an interaction changes with the gap, on both sides of the first motif alike.

    Parameters
    ----------
    values : float64 array, shape (n, places)
        A row per backbone.
    gaps : int array, shape (places,)
    least_gap : int
    """
    numbers = (gaps - least_gap) // BIN
    found = np.unique(numbers[gaps >= least_gap]).tolist()
    if len(found) > 1 and (numbers == found[-1]).sum() * 2 < (numbers == found[-2]).sum():
        found.pop()  # a bin that the sequence's end cuts to less than half
    means = np.stack([values[:, numbers == bin].mean(axis=1) for bin in found]) if found else None
    if means is None or len(means) < 2:
        return Trend(least_gap, len(found), float("nan"), float("nan"))
    medians = np.median(means, axis=1)
    widest = float(medians.max() - medians.min())
    if np.ptp(means, axis=0).max() == 0:
        return Trend(least_gap, len(means), 1.0, 0.0)
    from scipy import stats

    if len(means) == 2:
        test = stats.wilcoxon(means[0], means[1])
    else:
        test = stats.friedmanchisquare(*means)
    return Trend(least_gap, len(means), float(test.pvalue), widest)
