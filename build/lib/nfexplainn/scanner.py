"""All filters over all windows of a chunk of sequences: the place where the time goes.

A scanner offers two operations, so that a compiled kernel can take its place: the best activation
per sequence and unit, and the counts of the windows above a threshold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import N_CODE, Codes
from nfexplainn.filters import Filters, SiteCounts

WORD = 4
# Activations at a time (1 MB, and as much that is added to them): more would leave the caches.
BLOCK = 1 << 18
CHUNK = 256


class Scanner(Protocol):
    """What the interpretation needs of a scanner."""

    @property
    def units(self) -> int:
        """Number of filters."""

    @property
    def width(self) -> int:
        """Length of the filters in bp."""

    @property
    def chunk(self) -> int:
        """Number of sequences that one call should be given."""

    def maxima(self, codes: Codes) -> NDArray[np.float32]:
        """Best activation (before exp) per sequence and unit, shape (n, units)."""

    def sites(self, codes: Codes, threshold: NDArray[np.float32]) -> SiteCounts:
        """Count the windows whose activation (before exp) reaches each unit's threshold."""


class TableScanner:
    """Scan by look-up: a window is the sum of one table row per word of four bases.

    A word is five-ary, N adding nothing, as an all-zero one-hot column does in the model.

    Parameters
    ----------
    filters : Filters
    """

    def __init__(self, filters: Filters) -> None:
        self._units, letters, self._width = filters.weights.shape
        if letters != 4:
            raise ValueError(f"filters need 4 rows, one per base, not {letters}")
        self._covered = filters.covered
        self._starts = list(range(0, self._width, WORD))
        tables = []
        for start in self._starts:
            tables.append(_word_table(filters.weights[:, :, start : start + WORD]))
        tables[0] = tables[0] + filters.offset.astype(np.float64)
        self._tables = [table.astype(np.float32) for table in tables]
        self._sizes = [min(WORD, self._width - start) for start in self._starts]

    @property
    def units(self) -> int:
        """Number of filters."""
        return int(self._units)

    @property
    def width(self) -> int:
        """Length of the filters in bp."""
        return int(self._width)

    @property
    def chunk(self) -> int:
        """Number of sequences that one call should be given; it takes them in blocks."""
        return CHUNK

    def activations(self, codes: Codes) -> NDArray[np.float32]:
        """Activations before the exponential.

        Parameters
        ----------
        codes : uint8 array, shape (n, length)

        Returns
        -------
        float32 array, shape (n, covered, units)

        Raises
        ------
        ValueError
            If the sequences are shorter than the windows that the pooling covers.
        """
        n, length = codes.shape
        if length < self._covered + self._width - 1:
            raise ValueError(f"sequences of {length} bp hold fewer than {self._covered} windows")
        summed = np.empty((n, self._covered, self.units), dtype=np.float32)
        for rows in self._blocks(n):
            self._sum_rows(codes[rows], summed[rows])
        return summed

    def maxima(self, codes: Codes) -> NDArray[np.float32]:
        """Best activation (before exp) per sequence and unit, shape (n, units)."""
        best = np.empty((len(codes), self.units), dtype=np.float32)
        for rows in self._blocks(len(codes)):
            best[rows] = self.activations(codes[rows]).max(axis=1)
        return best

    def sites(self, codes: Codes, threshold: NDArray[np.float32]) -> SiteCounts:
        """Count the windows whose activation (before exp) reaches each unit's threshold.

        Parameters
        ----------
        codes : uint8 array, shape (n, length)
        threshold : float32 array, shape (units,)
        """
        counts = np.zeros((self.units, self.width, N_CODE + 1), dtype=np.int64)
        sites = np.zeros(self.units, dtype=np.int64)
        activated = np.zeros((len(codes), self.units), dtype=bool)
        for rows in self._blocks(len(codes)):
            activations = self.activations(codes[rows])
            # Few sequences reach the threshold, so only their windows are compared one by one.
            reached = activations.max(axis=1) >= threshold
            activated[rows] = reached
            sequence, unit = np.nonzero(reached)
            above = activations[sequence, :, unit] >= threshold[unit, None]
            pair, position = np.nonzero(above)
            hit_unit = unit[pair]
            windows = np.lib.stride_tricks.sliding_window_view(codes[rows], self.width, axis=1)
            found = windows[sequence[pair], position].astype(np.int64)
            column = hit_unit[:, None] * self.width + np.arange(self.width)
            cells = (column * (N_CODE + 1) + found).ravel()
            counts += np.bincount(cells, minlength=counts.size).reshape(counts.shape)
            sites += np.bincount(hit_unit, minlength=self.units)
        return SiteCounts(counts, sites, activated)

    def _sum_rows(self, codes: Codes, out: NDArray[np.float32]) -> None:
        """Write the activations of a block into an array of shape (n, covered, units)."""
        words = {size: _words(codes, size) for size in set(self._sizes)}
        taken = np.empty_like(out)
        for table, start, size in zip(self._tables, self._starts, self._sizes, strict=True):
            index = words[size][:, start : start + self._covered]
            # Every number is a row of the table; to check that, NumPy would copy all of them.
            np.take(table, index, axis=0, out=taken if start else out, mode="clip")
            if start:
                out += taken

    def _blocks(self, n: int) -> Iterator[slice]:
        size = max(1, BLOCK // (self._covered * self.units))
        return (slice(start, start + size) for start in range(0, n, size))


def _word_table(weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sum of weights of every word, shape (5 ** size, units); the first base is the high digit."""
    units, _, size = weights.shape
    padded = np.zeros((size, N_CODE + 1, units))
    padded[:, :4] = weights.transpose(2, 1, 0)
    table = np.zeros((1, units))
    for column in padded:
        table = (table[:, None] + column[None]).reshape(-1, units)
    return table


def _words(codes: Codes, size: int) -> NDArray[np.int32]:
    """Number of the word that starts at each position, shape (n, length - size + 1)."""
    last = codes.shape[1] - size + 1
    words = codes[:, :last].astype(np.int32)
    for shift in range(1, size):
        words *= N_CODE + 1
        words += codes[:, shift : shift + last]
    return words
