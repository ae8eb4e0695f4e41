"""Moderated t-tests: variances of many rows, each of few samples, borrow strength from each other.

After Smyth (2004), Stat. Appl. Genet. Mol. Biol. 3:3, as limma does: the variances of rows, each
over what is expected of it, are draws from a scaled inverse chi-squared distribution whose two
parameters are fitted by the mean and the variance of their logarithms.

Slopes differ in two ways from what that was made for. Motifs that do much vary more between samples
than those that do nothing, so the expected variance rises with the size of the slope. And motifs
that do little, which are most, say little of how much the others vary: the variance of a row is
therefore only ever raised, never lowered below its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.special import polygamma, psi, stdtr, stdtrit

from nfexplainn.errors import UserError
from nfexplainn.motifs.qvalues import q_values

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

FEWEST_ROWS = 10
"""Of fewer rows no prior is fitted: each keeps its own variance."""
FEWEST_SAMPLES = 2
_LEAST_SHARE = 1e-5  # of the median: a variance of exactly 0 has no logarithm
_STEPS, _ENOUGH = 50, 1e-10
_HUGE, _TINY = 1e7, 1e-6  # where the first term of a series is exact enough


@dataclass(frozen=True)
class Prior:
    """What the variances of rows have in common.

    Attributes
    ----------
    variance : float
        That of a typical row.
    degrees : float
        As many degrees of freedom it counts for; 0 where nothing was fitted, infinite where rows
        differ by no more than chance.
    """

    variance: float
    degrees: float


def inverse_trigamma(value: float) -> float:
    """Give the x > 0 at which trigamma(x) is a value > 0, by Newton's steps on its reciprocal."""
    if value > _HUGE:
        return float(1 / np.sqrt(value))
    if value < _TINY:
        return 1 / value
    x = 0.5 + 1 / value
    for _ in range(_STEPS):
        trigamma = float(polygamma(1, x))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, x))
        x += step
        if -step / x < _ENOUGH:
            break
    return x


def fit_prior(variances: Floats, degrees: Floats) -> Prior:
    """Fit the distribution from which the variances of rows are drawn.

    Parameters
    ----------
    variances : float64 array, shape (rows,)
        At least two.
    degrees : float64 array, shape (rows,)
        Residual degrees of freedom of each, above 0.
    """
    floor = _LEAST_SHARE * float(np.median(variances))
    if floor <= 0:
        return Prior(float(variances.mean()), float("inf"))
    logs = np.log(np.maximum(variances, floor)) - psi(degrees / 2) + np.log(degrees / 2)
    excess = float(logs.var(ddof=1) - polygamma(1, degrees / 2).mean())
    if excess <= 0:
        pooled = float((variances * degrees).sum() / degrees.sum())
        return Prior(pooled, float("inf"))
    found = 2 * inverse_trigamma(excess)
    return Prior(float(np.exp(logs.mean() + psi(found / 2) - np.log(found / 2))), found)


def squeezed(variances: Floats, degrees: Floats, prior: Prior) -> Floats:
    """Draw variances, float64 (rows,), towards that of the prior."""
    if np.isinf(prior.degrees):
        return np.full(len(variances), prior.variance)
    total = degrees + prior.degrees
    return np.asarray((degrees * variances + prior.degrees * prior.variance) / total)


def expected_variances(variances: Floats, noise: Floats, size: Floats) -> Floats:
    """Expect the variance of each row from its noise and from the size of what is measured.

    Parameters
    ----------
    variances : float64 array, shape (rows,)
        Between samples of one condition.
    noise : float64 array, shape (rows,)
        Variance that independent errors of one size give a row, up to a factor.
    size : float64 array, shape (rows,)
        Square of the mean over the samples.

    Returns
    -------
    float64 array, shape (rows,)
        a noise + b size, with a and b not below 0: errors in proportion to what is expected, so
        that each row has the same say.
    """
    parts = np.stack([noise / noise.mean(), size], axis=1)
    least = _LEAST_SHARE * float(variances.mean())
    if least <= 0:
        return np.ones(len(variances))
    expected = np.full(len(variances), float(variances.mean()))
    for _ in range(_STEPS):
        before = expected
        found, _ = nnls(parts / before[:, None], variances / before)
        expected = np.maximum(parts @ found, least)
        if np.abs(expected / before - 1).max() < _ENOUGH:
            break
    return expected


@dataclass(frozen=True)
class Comparison:
    """Rows compared between two conditions.

    Attributes
    ----------
    difference, low, high : float64 array, shape (rows,)
        Mean of the second condition less that of the first, with its 95 % interval.
    t, p, q : float64 array, shape (rows,)
        Moderated t, its two-sided p, and Benjamini-Hochberg's q over the rows.
    degrees : float64 array, shape (rows,)
        Of t: those of the samples and of the prior, or of the samples alone where the variance is
        the row's own.
    """

    difference: Floats
    low: Floats
    high: Floats
    t: Floats
    p: Floats
    q: Floats
    degrees: Floats


@dataclass(frozen=True)
class ConditionFit:
    """Means and variances of rows over the samples of all conditions.

    Attributes
    ----------
    means : float64 array, shape (rows, conditions)
    counts : int64 array, shape (conditions,)
        Samples of each.
    variance : float64 array, shape (rows,)
        Of samples within their condition.
    degrees : int
        Number of samples less that of conditions.
    expected : float64 array, shape (rows,)
        Variance that is expected of each row, up to a factor.
    prior : Prior
        Of the variances over those expected.
    """

    means: Floats
    counts: Ints
    variance: Floats
    degrees: int
    expected: Floats
    prior: Prior

    def compare(self, first: int, second: int, rows: Mask | None = None) -> Comparison:
        """Test the second condition against the first, row by row; all, or some of them."""
        own = np.full(len(self.variance), float(self.degrees))
        moderated = squeezed(self.variance / self.expected, own, self.prior) * self.expected
        # No row can know more than all of them together.
        shared = np.minimum(own + self.prior.degrees, own.sum())
        total = np.where(self.variance > moderated * (1 + _ENOUGH), own, shared)
        scale = 1 / self.counts[first] + 1 / self.counts[second]
        error = np.sqrt(np.maximum(moderated, self.variance) * scale)
        difference = self.means[:, second] - self.means[:, first]
        if rows is not None:
            difference, error, total = difference[rows], error[rows], total[rows]
        t = np.divide(difference, error, out=np.zeros(len(error)), where=error > 0)
        p = 2 * stdtr(total, -np.abs(t))
        width = stdtrit(total, 0.975) * error
        q = q_values(p) if len(p) else p
        return Comparison(difference, difference - width, difference + width, t, p, q, total)


def fit_conditions(
    values: Floats, condition: Ints, names: Sequence[str], noise: Floats | None = None
) -> ConditionFit:
    """Fit the mean of every row in every condition, and a prior of the rows' variances.

    Parameters
    ----------
    values : float64 array, shape (rows, samples)
    condition : int64 array, shape (samples,)
        Place of each sample's condition among the names.
    names : sequence of str
        Of the conditions.
    noise : float64 array, shape (rows,), optional
        As of :func:`expected_variances`; without it the same variance is expected of all rows.

    Raises
    ------
    UserError
        With fewer than two conditions, or fewer than two samples in one, without which there are
        fewer than two residual degrees of freedom.
    """
    counts = np.bincount(condition, minlength=len(names))
    if len(names) < 2:
        raise UserError(
            f"all samples have the condition '{''.join(names)}'; give samples of a second one."
        )
    for name, count in zip(names, counts.tolist(), strict=True):
        if count < FEWEST_SAMPLES:
            raise UserError(
                f"the condition '{name}' has {count} sample{'' if count == 1 else 's'}, but at"
                f" least {FEWEST_SAMPLES} are needed; add replicates, or leave the condition out."
            )
    degrees = values.shape[1] - len(names)  # 2 at least, with two samples a condition
    own = condition[:, None] == np.arange(len(names))
    means = values @ own / counts
    rest = values - means[:, condition]
    variance = (rest**2).sum(axis=1) / degrees
    expected, prior = np.ones(len(values)), Prior(0.0, 0.0)
    if len(values) >= FEWEST_ROWS:
        own_degrees = np.full(len(values), float(degrees))
        if noise is not None:
            size = np.maximum((means**2).mean(axis=1) - variance * (1 / counts).mean(), 0)
            expected = expected_variances(variance, noise, size)
        prior = fit_prior(variance / expected, own_degrees)
    return ConditionFit(means, counts.astype(np.int64), variance, degrees, expected, prior)
