"""Ridge and logistic regression with an L2 penalty, to the one optimum that each has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Share of the loss that a whole step of Newton's gains when the next would gain nothing.
_LEAST_GAIN = 1e-7
_LEAST_STEP = 1e-4
_MOST_STEPS = 100


@dataclass(frozen=True)
class Linear:
    """A linear function of the features.

    Attributes
    ----------
    weights : float64 array, shape (features,)
    intercept : float
    """

    weights: Floats
    intercept: float

    def of(self, features: Floats) -> Floats:
        """Give its values, shape (n,), of features, shape (n, features)."""
        return np.asarray(features @ self.weights + self.intercept)


def ridge(features: Floats, values: Floats, penalty: float) -> Linear:
    """Fit values: the least sum of squares plus the penalty times the weights' sum of squares.

    Parameters
    ----------
    features : float64 array, shape (n, features)
    values : float64 array, shape (n,)
    penalty : float
        Above 0; the intercept has none.
    """
    centre = features.mean(axis=0)
    centred = features - centre
    squares = centred.T @ centred
    squares[np.diag_indices_from(squares)] += penalty
    weights = np.linalg.solve(squares, centred.T @ (values - values.mean()))
    return Linear(weights, float(values.mean() - centre @ weights))


def logistic(features: Floats, labels: Floats, penalty: float) -> Linear:
    """Fit log-odds: the least log loss plus half the penalty times the weights' sum of squares.

    By Newton's method, a step halved until it gains enough.

    Parameters
    ----------
    features : float64 array, shape (n, features)
    labels : float64 array, shape (n,)
        0 and 1, of which both occur.
    penalty : float
        Above 0; the intercept has none.
    """
    design = np.column_stack([features, np.ones(len(features))])
    penalties = np.full(design.shape[1], penalty)
    penalties[-1] = 0.0

    def loss_of(fitted: Floats) -> float:
        logits = design @ fitted
        own = np.sum(np.logaddexp(0, logits) - labels * logits)
        return float(own + penalties @ fitted**2 / 2)

    # What steers the steps may be rounded; where they end is where the slope is 0.
    rounded = design.astype(np.float32)
    fitted = np.zeros(design.shape[1])
    loss = loss_of(fitted)
    for _ in range(_MOST_STEPS):
        chance = _sigmoid(design @ fitted)
        slope = design.T @ (chance - labels) + penalties * fitted
        weighted = rounded * np.sqrt(chance * (1 - chance)).astype(np.float32)[:, None]
        curvature = (weighted.T @ weighted).astype(np.float64)
        curvature[np.diag_indices_from(curvature)] += penalties
        step = np.linalg.solve(curvature, slope)
        gain = float(slope @ step) / 2
        size = 1.0
        while (found := loss_of(fitted - size * step)) > loss - size * gain / 4:
            size /= 2
            if size < _LEAST_STEP:  # nothing but rounding is left to gain
                return Linear(fitted[:-1], float(fitted[-1]))
        fitted, loss = fitted - size * step, found
        # The next step would gain the square of this.
        if size == 1 and gain <= _LEAST_GAIN * loss:
            break
    return Linear(fitted[:-1], float(fitted[-1]))


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray((1 + np.tanh(logits / 2)) / 2)
