"""Split predictions over the units of a model, with the place where each unit fits best.

A logit of ExplaiNN is a bias and a sum over the units of weight times output, so the split is the
model itself, no approximation (Novakovsky et al. 2023, "Local interpretation").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.models.model import FilterModel
from nfexplainn.scanner import TableScanner

# Activations of a chunk (64 MB), and contributions (whose rows take 40 bytes each).
_CELLS, _CONTRIBUTIONS = 1 << 24, 1 << 23


@dataclass(frozen=True)
class Split:
    """Predictions of some sequences, split over units and strands.

    Attributes
    ----------
    rows : int array, shape (n,)
        Rows of the sequences.
    strands : tuple of int
        1, and -1 where the model averages both strands.
    outputs : float32 array, shape (strands, n, units)
        Divided by the number of strands, so that their sum is the mean over the strands.
    position : int32 array, shape (strands, n, units)
        Leftmost base of the filter's best window, on the sequence as given (not its reverse
        complement); of equals the first on its strand.
    activation : float32 array, shape (strands, n, units)
        Natural logarithm of the unit's activation there.
    hits : int32 array, shape (hits, 4)
        Every window at or above its unit's threshold, of units whose output is not 0: strand (its
        place in ``strands``), sequence (its place in ``rows``), unit, leftmost base.
    hit_activation : float32 array, shape (hits,)
    """

    rows: NDArray[np.intp]
    strands: tuple[int, ...]
    outputs: NDArray[np.float32]
    position: NDArray[np.int32]
    activation: NDArray[np.float32]
    hits: NDArray[np.int32]
    hit_activation: NDArray[np.float32]


class Splitter:
    """Split the predictions of one model.

    Parameters
    ----------
    model : FilterModel
    both_strands : bool
        Whether its predictions are the mean over both strands.
    threshold : float array, shape (units,)
        Natural logarithm of the activation from which a window is a hit; NaN: never.
    """

    def __init__(
        self, model: FilterModel, both_strands: bool, threshold: NDArray[np.floating]
    ) -> None:
        self._model = model
        self._scanner = TableScanner(model.filters())
        self.strands = (1, -1) if both_strands else (1,)
        self._limit = np.where(np.isnan(threshold), np.inf, threshold).astype(np.float32)
        self.weights = model.final_weight
        self.bias = model.final_bias

    @property
    def units(self) -> int:
        """Number of units."""
        return self._scanner.units

    @property
    def width(self) -> int:
        """Length of the filters in bp."""
        return self._scanner.width

    def split(self, codes: dna.Codes) -> Iterator[Split]:
        """Go through sequences, uint8 (n, length), chunk by chunk, in their order."""
        n, length = codes.shape
        rows_each = len(self.strands) * self.units * len(self.weights)
        size = _CELLS // ((length - self.width + 1) * self.units)
        size = max(1, min(size, _CONTRIBUTIONS // rows_each))
        for first in range(0, n, size):
            rows: NDArray[np.intp] = np.arange(first, min(first + size, n))
            yield self._chunk(rows, codes[rows])

    def _chunk(self, rows: NDArray[np.intp], codes: dna.Codes) -> Split:
        last = codes.shape[1] - self.width
        shape = (len(self.strands), len(rows), self.units)
        outputs = np.empty(shape, dtype=np.float32)
        position = np.empty(shape, dtype=np.int32)
        activation = np.empty(shape, dtype=np.float32)
        hits, heights = [], []
        for number, strand in enumerate(self.strands):
            read = codes if strand > 0 else dna.reverse_complement(codes)
            outputs[number] = self._model.unit_outputs(read) / len(self.strands)
            found = self._scanner.activations(read)
            where = found.argmax(axis=1)
            activation[number] = np.take_along_axis(found, where[:, None], axis=1)[:, 0]
            position[number] = where if strand > 0 else last - where
            above = (found >= self._limit) & (outputs[number] != 0)[:, None, :]
            sequence, window, unit = np.nonzero(above)
            left = window if strand > 0 else last - window
            hits.append(np.stack([np.full_like(unit, number), sequence, unit, left], axis=1))
            heights.append(found[above])
        return Split(
            rows,
            self.strands,
            outputs,
            position,
            activation,
            np.concatenate(hits).astype(np.int32),
            np.concatenate(heights),
        )

    def logits(self, found: Split) -> NDArray[np.float64]:
        """Add a split up again: bias plus all contributions, float64 (n, tasks)."""
        total = found.outputs.astype(np.float64).sum(axis=0) @ self.weights.T.astype(np.float64)
        return np.asarray(total + self.bias, dtype=np.float64)
