"""Transform measured accessibility: logarithm and quantile normalisation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Floats
from nfexplainn.data.windows import Windows
from nfexplainn.errors import UserError

TRANSFORMS = ("none", "log2", "quantile", "log2_quantile", "log2_scaled")


def transform_signal(
    values: Floats, transform: str, tasks: Sequence[str], windows: Windows
) -> Floats:
    """Transform values of regions in samples.

    Parameters
    ----------
    values : float32 array, shape (n, tasks)
        NaN where unknown.
    transform : {'none', 'log2', 'quantile', 'log2_quantile', 'log2_scaled'}
        ``log2`` is log2(1 + x); ``quantile`` gives all tasks the same distribution; ``scaled``
        gives all the same mean, before the logarithm.
    tasks : sequence of str
        For messages.
    windows : Windows, of length n
        For messages.

    Raises
    ------
    UserError
        If a value is infinite, or negative, which has no logarithm.
    """
    wrong = np.argwhere(np.isinf(values))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise UserError(
            f"{tasks[column]}, region {windows.name(row)}: the signal is infinite; correct its"
            " value."
        )
    if transform.startswith("log2"):
        wrong = np.argwhere(values < 0)
        if len(wrong):
            row, column = wrong[0].tolist()
            raise UserError(
                f"{tasks[column]}, region {windows.name(row)}: the signal"
                f" {values[row, column]:g} is negative and has no logarithm; use transform none or"
                " quantile."
            )
        counts = values.astype(np.float64)
        if transform.endswith("scaled"):
            counts = scale_to_mean(counts)
        values = np.log2(1 + counts).astype(np.float32)
    return quantile_normalise(values) if transform.endswith("quantile") else values


def scale_to_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale every column, float64 (n, tasks), to the mean of the columns' means.

    Depth then shrinks no logarithm of 1 + x more than another. Other than with quantiles, what
    raises many values of one column lowers none of the others. NaN stays; so do columns of 0.
    """
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    means = np.where(known, values, 0).sum(axis=0) / np.maximum(counts, 1)
    if not (means > 0).any():
        return values
    return values * np.where(means > 0, means[means > 0].mean() / np.where(means > 0, means, 1), 1)


def quantile_normalise(values: Floats) -> Floats:
    """Give every column the same distribution: the mean of the columns' quantiles.

    Equal values of a column stay equal (they get the mean of their ranks' quantiles); unknown
    ones stay unknown, and columns with unknown values are stretched over the same quantiles.

    Parameters
    ----------
    values : float32 array, shape (n, tasks)
        NaN where unknown.

    Returns
    -------
    float32 array, shape (n, tasks)
    """
    n = len(values)
    grid = np.linspace(0, 1, n)
    mean = np.zeros(n)
    used = 0
    for column in values.T:
        known = np.sort(column[~np.isnan(column)].astype(np.float64))
        if len(known):
            mean += np.interp(grid, np.linspace(0, 1, len(known)), known)
            used += 1
    mean /= max(used, 1)
    out = np.full(values.shape, np.nan, dtype=np.float32)
    for place, column in enumerate(values.T):
        known = np.flatnonzero(~np.isnan(column))
        if len(known):
            out[known, place] = _assign(column[known], mean, grid)
    return out


def _assign(column: Floats, mean: NDArray[np.float64], grid: NDArray[np.float64]) -> Floats:
    """Give each value of a column the mean quantile of its rank."""
    _, inverse, counts = np.unique(column, return_inverse=True, return_counts=True)
    sorted_mean = np.interp(np.linspace(0, 1, len(column)), grid, mean)
    sums = np.add.reduceat(sorted_mean, np.cumsum(counts) - counts)
    return np.asarray((sums / counts)[inverse], dtype=np.float32)
