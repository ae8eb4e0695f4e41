"""Tomtom's arithmetic: column scores, best alignments, and the chance of their scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Distance = Literal["ed", "pearson"]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Column scores become integers over a range of about this many values.
SCORE_RANGE = 100


@dataclass(frozen=True)
class Alignments:
    """The best alignment of a query with each target on each strand.

    Attributes
    ----------
    score, overlap, offset : int64 arrays, shape (motifs,)
        `offset` is how many columns of the target lie before the query's first (below 0: of the
        query before the target's first), as Tomtom prints it.
    """

    score: Ints
    overlap: Ints
    offset: Ints


def integer_scores(query: Floats, targets: Floats, distance: Distance) -> Ints:
    """Score each query column against each target column, in integers; unaligned counts 0.

    Each query column's scores are shifted by their median, so that a column of the query that
    the alignment leaves over counts as the median ("complete scores", Tanaka et al. 2011).

    Parameters
    ----------
    query : float64 array, shape (width, 4)
    targets : float64 array, shape (columns, 4)
        The columns of all targets, on all strands.

    Returns
    -------
    int64 array, shape (width, columns)
    """
    scores = -cdist(query, targets) if distance == "ed" else _correlation(query, targets)
    # The position n/2 - 1 of the sorted scores; between two of them for an odd number.
    count = scores.shape[1]
    places = [max(count // 2 - 1, 0), (count + 1) // 2 - 1]
    scores -= np.partition(scores, places, axis=1)[:, places].mean(axis=1, keepdims=True)
    floor = np.floor(scores.min())
    spread = scores.max() - floor
    scale = np.floor(SCORE_RANGE / spread) if spread > 0 else 1.0
    # None is below the floor: adding a half and cutting rounds halves away from zero.
    rounded = np.floor((scores - floor) * scale + 0.5)
    return (rounded - np.floor(-floor * scale + 0.5)).astype(np.int64)


def best_alignments(values: Ints, lengths: Ints, min_overlap: int) -> Alignments:
    """Find each target's best ungapped alignment; ties go to the larger overlap, then the first.

    Parameters
    ----------
    values : int64 array, shape (width, columns)
        From :func:`integer_scores`.
    lengths : int64 array, shape (motifs,)
        How many of the columns belong to each target, in order.
    """
    width = len(values)
    gap = width - 1
    # Laid out with a gap of width - 1 after each target, the alignments of one target follow
    # those of the one before without overlap: the diagonal that begins at each place.
    starts = np.cumsum(lengths) - lengths
    placed = np.arange(values.shape[1]) + gap + np.repeat(np.arange(len(lengths)) * gap, lengths)
    padded = np.zeros((width, values.shape[1] + gap * (len(lengths) + 1)), dtype=np.int64)
    padded[:, placed] = values
    places = padded.shape[1] - gap
    total = np.zeros(places, dtype=np.int64)
    for column in range(width):
        total += padded[column, column : column + places]
    spans = lengths + gap
    first = starts + np.arange(len(lengths)) * gap
    offset = np.arange(places) - np.repeat(first + gap, spans)
    wide = np.repeat(lengths, spans)
    overlap = np.minimum(offset + width, wide) - np.maximum(offset, 0)
    needed = np.minimum(np.minimum(min_overlap, width), wide)
    # One number per alignment whose order is that of the choice: score, then overlap.
    ranks = total * (width + 1) + overlap
    ranks[overlap < needed] = np.iinfo(np.int64).min
    top = np.flatnonzero(ranks == np.repeat(np.maximum.reduceat(ranks, first), spans))
    chosen = top[np.searchsorted(top, first)]
    return Alignments(total[chosen], overlap[chosen], offset[chosen])


class NullModel:
    """How good the best of all alignments is by chance.

    A span of query columns scores the sum of independent draws from its columns' histograms. The
    spans that the alignments with a target of one length take are the beginnings, the ends and
    the windows of that length, so the logarithms of their chances are kept summed that way.

    Parameters
    ----------
    values : int64 array, shape (width, columns)
        From :func:`integer_scores`.
    """

    def __init__(self, values: Ints) -> None:
        width, columns = values.shape
        self._lowest = min(int(values.min()), 0)
        levels = int(values.max()) - self._lowest + 1
        shifted = values - self._lowest
        histograms = [np.bincount(row, minlength=levels) / columns for row in shifted]
        size = width * (levels - 1) + 1
        self._width = width
        self._begin = np.zeros((width + 1, size))
        self._end = np.zeros((width + 1, size))
        self._window = np.zeros((width + 1, size))
        spans = [np.ones(1)] * width
        for length in range(1, width + 1):
            # A span of `length` columns has its least score this far above that of all columns.
            low = (width - length) * -self._lowest
            for start in range(width - length + 1):
                spans[start] = np.convolve(spans[start], histograms[start + length - 1])
                at_least = np.minimum(np.cumsum(spans[start][::-1])[::-1], 1.0)
                with np.errstate(divide="ignore"):
                    logs = np.log1p(-at_least)
                window = self._window[length]
                window[:low] = -np.inf
                window[low : low + len(logs)] += logs
                if start == 0:
                    self._begin[length, :low] = -np.inf
                    self._begin[length, low : low + len(logs)] = logs
                if start == width - length:
                    self._end[length, :low] = -np.inf
                    self._end[length, low : low + len(logs)] = logs
        np.cumsum(self._begin, axis=0, out=self._begin)
        np.cumsum(self._end, axis=0, out=self._end)

    def log_all_below(self, length: int, scores: Ints) -> Floats:
        """Log of the chance that all alignments with a target of `length` score less than this."""
        short = min(length, self._width)
        windows = max(length - self._width, 0) + 1
        at = scores - self._width * self._lowest
        inner = self._window[short, at] * windows
        return self._begin[short - 1, at] + self._end[short - 1, at] + inner


def _correlation(query: Floats, targets: Floats) -> Floats:
    """Pearson correlation of columns; 0 where one of them is flat."""
    parts = []
    for columns in (query, targets):
        centred = columns - columns.mean(axis=1, keepdims=True)
        norms = np.sqrt((centred**2).sum(axis=1, keepdims=True))
        parts.append(np.divide(centred, norms, out=np.zeros_like(centred), where=norms > 1e-12))
    return parts[0] @ parts[1].T
