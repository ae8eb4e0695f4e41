"""Storey's q-values, without chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LAMBDAS = np.arange(1, 101) / 200
RESAMPLE = 1000


def pi_zero(p: Floats) -> float:
    """Estimate the share of true nulls among p-values (Storey 2002, bootstrap choice of lambda).

    For each lambda, pi0 = share of p >= lambda / (1 - lambda). The one with the least mean
    squared error about the smallest estimate over resamples of 1,000 is taken. That mean has a
    closed form, the binomial variance plus the squared distance, so that no numbers are drawn:
    the result is what Tomtom's 100 resamples scatter about.

    Parameters
    ----------
    p : float64 array, shape (n,)

    Returns
    -------
    float
        From 0 to 1; 1 without p-values.
    """
    if not len(p):
        return 1.0
    above = 1 - np.searchsorted(np.sort(p), LAMBDAS) / len(p)
    estimates = above / (1 - LAMBDAS)
    variance = above * (1 - above) / (RESAMPLE * (1 - LAMBDAS) ** 2)
    error = variance + (estimates - estimates.min()) ** 2
    return float(min(1.0, estimates[error.argmin()]))


def q_values(p: Floats, pi0: float = 1.0) -> Floats:
    """Give each p-value the least false discovery rate at which it counts as a discovery.

    Parameters
    ----------
    p : float64 array, shape (n,)
    pi0 : float
        Share of true nulls; 1 gives Benjamini and Hochberg's adjusted p-values.

    Returns
    -------
    float64 array, shape (n,), at most 1
    """
    order = np.argsort(p, kind="stable")
    scaled = p[order] * (pi0 * len(p)) / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q
