"""What the presence of a unit's motif does to each task: which way the motif itself works.

An output need not rise where the motif is: a unit may fall silent there. Neither the sign of the
final weight nor that of the effect then tells whether the motif raises or lowers a prediction; the
outputs with and without a site do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

RAISES, LOWERS = "raises", "lowers"
# Below this share of a task's largest site effect, a motif has no direction worth telling.
LEAST_SHARE = 0.02
_STANDARD_ERRORS = 2.0


@dataclass(frozen=True)
class SiteEffect:
    """What the presence of the units' motifs does.

    Attributes
    ----------
    value : float64 array, shape (units, tasks)
        ``w x (mean output over sequences with a site - mean over those without)``; NaN where a
        unit has a site in no sequence, or in all of them.
    direction : object array of str, shape (units, tasks)
        ``raises`` or ``lowers``. Empty where the value is NaN, within two standard errors of 0 (or
        from a single sequence on a side), or below :data:`LEAST_SHARE` of the task's largest.
    """

    value: Matrix
    direction: NDArray[np.object_]


class SiteSums:
    """Running sums of the units' outputs in sequences with and without a site.

    Memory does not depend on the number of sequences.

    Parameters
    ----------
    units : int
    """

    def __init__(self, units: int) -> None:
        # First row: sequences without a site; second row: with one.
        self._n, self._sum, self._square = np.zeros((3, 2, units))

    def add(self, outputs: NDArray[np.float32], activated: NDArray[np.bool_]) -> None:
        """Add a chunk: outputs, and whether there is a site, both of shape (n, units)."""
        values = outputs.astype(np.float64)
        for row, mask in enumerate((~activated, activated)):
            part = np.where(mask, values, 0.0)
            self._n[row] += mask.sum(axis=0)
            self._sum[row] += part.sum(axis=0)
            self._square[row] += (part**2).sum(axis=0)

    def site_effect(self, weights: Matrix) -> SiteEffect:
        """Compare the sequences with a site to those without.

        Parameters
        ----------
        weights : float array, shape (tasks, units)
            Of the final layer.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = self._sum / self._n
            spread = np.maximum(self._square - self._n * mean**2, 0.0) / (self._n - 1)
            error = np.sqrt((spread / self._n).sum(axis=0))
            contrast = mean[1] - mean[0]
            sure = np.abs(contrast) > _STANDARD_ERRORS * error  # NaN is not sure
        value = contrast[:, None] * weights.T.astype(np.float64)
        size = np.where(np.isnan(value), 0.0, np.abs(value))
        told = sure[:, None] & (size > 0) & (size >= LEAST_SHARE * size.max(axis=0, initial=0.0))
        direction = np.where(told, np.where(value > 0, RAISES, LOWERS), "").astype(object)
        return SiteEffect(value, direction)
