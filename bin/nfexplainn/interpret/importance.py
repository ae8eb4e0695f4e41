"""What a unit contributes to each task: the paper's median, and the effect of its motif."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Importance:
    """Contributions of the units in well-predicted sequences that activate them.

    Attributes
    ----------
    median, q25, q75 : float64 array, shape (units, tasks)
        NaN where no sequence activates the unit.
    n : int64 array, shape (units,)
        Number of sequences, each strand one.
    """

    median: Matrix
    q25: Matrix
    q75: Matrix
    n: NDArray[np.int64]


class OutputSamples:
    """Outputs of the units in the sequences that activate them, collected chunk by chunk.

    Parameters
    ----------
    units : int
    """

    def __init__(self, units: int) -> None:
        self._units = units
        self._unit: list[NDArray[np.int32]] = []
        self._output: list[NDArray[np.float32]] = []

    def add(self, outputs: NDArray[np.float32], activated: Mask) -> None:
        """Add a chunk: outputs and activated, both of shape (n, units)."""
        sequence, unit = np.nonzero(activated)
        self._unit.append(unit.astype(np.int32))
        self._output.append(outputs[sequence, unit])

    def importance(self, weights: Matrix) -> Importance:
        """Summarise weight x output.

        Parameters
        ----------
        weights : float array, shape (tasks, units)
            Of the final layer.
        """
        unit = np.concatenate([np.zeros(0, np.int32), *self._unit])
        output = np.concatenate([np.zeros(0, np.float32), *self._output]).astype(np.float64)
        order = np.argsort(unit, kind="stable")
        n = np.bincount(unit, minlength=self._units).astype(np.int64)
        groups = np.split(output[order], np.cumsum(n)[:-1])
        quantiles = np.full((3, self._units), np.nan)
        for index, values in enumerate(groups):
            if len(values):
                quantiles[:, index] = np.quantile(values, (0.25, 0.5, 0.75))
        # Quantiles of w x o are w x quantiles of o, in reverse for a negative w.
        scaled = quantiles[:, :, None] * weights.T.astype(np.float64)[None]
        low, high = np.minimum(scaled[0], scaled[2]), np.maximum(scaled[0], scaled[2])
        return Importance(scaled[1], low, high, n)


@dataclass
class EffectSums:
    """Running sums for the effect of each unit on each task.

    Parameters
    ----------
    labels : float array, shape (n, tasks)
        Of all sequences; read only where `rows` says so.
    rows : bool array, shape (n, tasks)
        Sequences from which a task's effect is computed.
    regression : bool
        Slope of the output on the target instead of a difference of means.
    units : int
    """

    labels: NDArray[np.float32] | Matrix
    rows: Mask
    regression: bool
    units: int
    _weighted: Matrix = field(init=False)
    _total: Matrix = field(init=False)
    _n: Matrix = field(init=False)
    _positive: Matrix = field(init=False)
    _square: Matrix = field(init=False)
    _mean: Matrix = field(init=False)

    def __post_init__(self) -> None:
        """Start the sums at 0, and centre the targets."""
        tasks = self.labels.shape[1]
        self._weighted = np.zeros((tasks, self.units))
        self._total = np.zeros((tasks, self.units))
        self._n, self._positive, self._square = np.zeros((3, tasks))
        sums = np.sum(self.labels, axis=0, dtype=np.float64, where=self.rows)
        self._mean = sums / np.maximum(self.rows.sum(axis=0), 1)

    def add(self, rows: NDArray[np.intp], outputs: NDArray[np.float32]) -> None:
        """Add the outputs, shape (n, units), of some sequences on one strand."""
        used = self.rows[rows]
        values = outputs.astype(np.float64)
        target = self.labels[rows].astype(np.float64)
        if self.regression:
            target = np.where(used, target - self._mean, 0.0)
        else:
            target = (used & (target > 0.5)).astype(np.float64)
            self._positive += target.sum(axis=0)
        self._n += used.sum(axis=0)
        self._square += (target**2).sum(axis=0)
        self._weighted += target.T @ values
        self._total += used.astype(np.float64).T @ values

    def effect(self, weights: Matrix) -> Matrix:
        """Give the effect, float64 of shape (units, tasks).

        ``w x (mean output over label 1 - mean output over label 0)``; for regression
        ``w x covariance(output, target) / variance(target)``. NaN where that is undefined.

        Parameters
        ----------
        weights : float array, shape (tasks, units)
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            if self.regression:
                slope = self._weighted / self._square[:, None]
            else:
                negative = self._n - self._positive
                slope = (
                    self._weighted / self._positive[:, None]
                    - (self._total - self._weighted) / negative[:, None]
                )
        slope[~np.isfinite(slope)] = np.nan
        return (slope * weights.astype(np.float64)).T


def undefined_effect(labels: NDArray[np.float32], rows: Mask, regression: bool) -> Sequence[str]:
    """Say per task why no effect can be computed; empty where one can."""
    reasons = []
    for task in range(labels.shape[1]):
        values = labels[rows[:, task], task]
        if not len(values):
            reasons.append("none (no label is known)")
        elif regression and values.min() == values.max():
            reasons.append("none (the target is constant)")
        elif not regression and not (values > 0.5).any():
            reasons.append("none (no positive)")
        elif not regression and (values > 0.5).all():
            reasons.append("none (no negative)")
        else:
            reasons.append("")
    return reasons
