"""All filters over all windows of a chunk of sequences: the place where the time goes.

A scanner offers two operations, so that a compiled kernel can take its place: the best activation
per sequence and unit, and the counts of the windows above a threshold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from nfexplainn.dna import N_CODE, Codes
from nfexplainn.filters import Filters, SiteCounts

WORD = 4
# Activations at a time (2 MB): more would leave the caches and cost page faults.
BLOCK = 1 << 19
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
        self._tables = torch.from_numpy(np.concatenate(tables).astype(np.float32))
        self._first_row = np.cumsum([0] + [len(table) for table in tables[:-1]]).astype(np.int32)
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

    def activations(self, codes: Codes) -> torch.Tensor:
        """Activations before the exponential.

        Parameters
        ----------
        codes : uint8 array, shape (n, length)

        Returns
        -------
        float32 tensor, shape (n, covered, units)

        Raises
        ------
        ValueError
            If the sequences are shorter than the windows that the pooling covers.
        """
        n, length = codes.shape
        if length < self._covered + self._width - 1:
            raise ValueError(f"sequences of {length} bp hold fewer than {self._covered} windows")
        index = np.empty((n, self._covered, len(self._starts)), dtype=np.int32)
        words: dict[int, NDArray[np.int32]] = {}
        for j, (start, size) in enumerate(zip(self._starts, self._sizes, strict=True)):
            if size not in words:
                words[size] = _words(codes, size)
            index[:, :, j] = words[size][:, start : start + self._covered]
            index[:, :, j] += self._first_row[j]
        flat = torch.from_numpy(index.reshape(n * self._covered, len(self._starts)))
        with torch.no_grad():
            summed = torch.nn.functional.embedding_bag(flat, self._tables, mode="sum")
        return summed.view(n, self._covered, self.units)

    def maxima(self, codes: Codes) -> NDArray[np.float32]:
        """Best activation (before exp) per sequence and unit, shape (n, units)."""
        best = np.empty((len(codes), self.units), dtype=np.float32)
        for rows in self._blocks(len(codes)):
            best[rows] = self.activations(codes[rows]).amax(dim=1).numpy()
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
        limit = torch.from_numpy(threshold)
        for rows in self._blocks(len(codes)):
            activations = self.activations(codes[rows])
            # Few sequences reach the threshold, so only their windows are compared one by one.
            reached = activations.amax(dim=1) >= limit
            activated[rows] = reached.numpy()
            sequence, unit = reached.nonzero(as_tuple=True)
            above = activations[sequence, :, unit] >= limit[unit, None]
            pair, position = (part.numpy() for part in above.nonzero(as_tuple=True))
            hit_unit = unit.numpy()[pair]
            windows = np.lib.stride_tricks.sliding_window_view(codes[rows], self.width, axis=1)
            found = windows[sequence.numpy()[pair], position].astype(np.int64)
            column = hit_unit[:, None] * self.width + np.arange(self.width)
            cells = (column * (N_CODE + 1) + found).ravel()
            counts += np.bincount(cells, minlength=counts.size).reshape(counts.shape)
            sites += np.bincount(hit_unit, minlength=self.units)
        return SiteCounts(counts, sites, activated)

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
