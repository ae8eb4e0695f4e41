"""Approximate 95 % intervals of scores, from the numbers of sequences alone.

They tell what another test part of the same size would have scattered by, were its sequences
independent of each other. What trainings scatter by is the standard deviation over replicates.
"""

from __future__ import annotations

import math

Z = 1.959963984540054  # of the normal distribution, two-sided 95 %


def score_interval(
    metric: str, value: float, n: float | None, positives: float | None
) -> tuple[float, float] | None:
    """Give the interval of a score.

    Parameters
    ----------
    metric : str
        ``auroc`` (Hanley and McNeil 1982), ``auprc`` (the logit interval of Boyd et al. 2013),
        ``pearson`` (Fisher's z) or ``accuracy`` (Wilson); others have none. The first two are taken
        at a score a little nearer to .5, or they had no width, or all, at 1.
    value : float
    n, positives : float, optional
        Sequences with a known label, and those of the class.

    Returns
    -------
    tuple of float, or None
        The score lies within. None where the numbers do not tell: too few sequences, or a
        correlation of 1.
    """
    if metric == "pearson":
        return _fisher(value, n)
    if metric == "accuracy":
        return _wilson(value, n) if n else None
    if not n or not positives or positives >= n:
        return None
    if metric not in ("auroc", "auprc"):
        return None
    low, high = (_hanley if metric == "auroc" else _logit)(value, positives, n - positives)
    return min(low, value), max(high, value)


def _fisher(value: float, n: float | None) -> tuple[float, float] | None:
    if not n or n <= 3 or abs(value) >= 1:
        return None
    half = Z / math.sqrt(n - 3)
    return math.tanh(math.atanh(value) - half), math.tanh(math.atanh(value) + half)


def _wilson(value: float, n: float) -> tuple[float, float]:
    centre = (value + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(value * (1 - value) / n + Z**2 / (4 * n**2))
    return centre - half, centre + half


def _hanley(value: float, positives: float, negatives: float) -> tuple[float, float]:
    fewer = min(positives, negatives)
    near = (value * fewer + 0.5) / (fewer + 1)
    one, two = near / (2 - near), 2 * near**2 / (1 + near)
    variance = near * (1 - near)
    variance += (positives - 1) * (one - near**2) + (negatives - 1) * (two - near**2)
    half = Z * math.sqrt(max(0.0, variance) / (positives * negatives))
    return max(0.0, near - half), min(1.0, near + half)


def _logit(value: float, positives: float, _negatives: float) -> tuple[float, float]:
    near = (value * positives + 1) / (positives + 2)
    half = Z / math.sqrt(positives * near * (1 - near))
    centre = math.log(near / (1 - near))
    return 1 / (1 + math.exp(half - centre)), 1 / (1 + math.exp(-half - centre))
