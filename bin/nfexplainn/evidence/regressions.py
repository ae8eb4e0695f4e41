"""Linear and logistic regressions with a penalty, and how their terms are standardised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit

from nfexplainn.evidence.clusters import Floats
from nfexplainn.evidence.losses import losses

Kind = Literal["bce", "mse"]
_STEPS, _ENOUGH, _LONGEST = 40, 1e-7, 3.0


@dataclass(frozen=True)
class Standard:
    """How a quantity is brought to mean 0 and variance 1."""

    mean: Floats
    sd: Floats

    def __call__(self, values: Floats) -> Floats:
        """Give standardised values."""
        return np.asarray((values - self.mean) / self.sd)


def standard_of(values: Floats) -> Standard:
    """Find mean and sd of values, float64 (n, features)."""
    sd = values.std(axis=0)
    return Standard(values.mean(axis=0), np.where(sd > 0, sd, 1.0))


def fitted_weights(
    kind: Kind, design: Floats, labels: Floats, penalty: Floats, start: Floats | None = None
) -> Floats:
    """Fit weights with the least sum of losses and of half the penalty x weight squared.

    Parameters
    ----------
    kind : {'bce', 'mse'}
        Logistic regression by Newton's steps, or linear regression.
    design : float64 array, shape (n, terms)
    labels : float64 array, shape (n,)
    penalty : float64 array, shape (terms,)
    start : float64 array, shape (terms,), optional

    Returns
    -------
    float64 array, shape (terms,)
    """
    if kind == "mse":
        return np.asarray(np.linalg.solve(design.T @ design + np.diag(penalty), design.T @ labels))
    weight = np.zeros(design.shape[1]) if start is None else start.copy()
    for _ in range(_STEPS):
        p = expit(design @ weight)
        slope = design.T @ (labels - p) - penalty * weight
        curve = (design * (p * (1 - p))[:, None]).T @ design + np.diag(penalty)
        step = np.clip(np.linalg.solve(curve, slope), -_LONGEST, _LONGEST)
        weight += step
        if np.abs(step).max() < _ENOUGH:
            break
    return weight


def loss_of(kind: Kind, predicted: Floats, labels: Floats) -> Floats:
    """Give the loss of each sequence, shape (n,), of predictions of the same shape."""
    return losses(kind, predicted[:, None], labels[:, None])[:, 0]
