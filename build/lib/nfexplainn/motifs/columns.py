"""Tomtom's arithmetic: column scores, best alignments, and the chance of their scores."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

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
    scores = _distances(query, targets) if distance == "ed" else _correlation(query, targets)
    scores -= _middles(scores)[:, None]
    floor = np.floor(scores.min())
    spread = scores.max() - floor
    scale = np.floor(SCORE_RANGE / spread) if spread > 0 else 1.0
    # None is below the floor: adding a half and cutting rounds halves away from zero. In place,
    # since these are the largest arrays of a comparison.
    scores -= floor
    scores *= scale
    scores += 0.5
    np.floor(scores, out=scores)
    scores -= np.floor(-floor * scale + 0.5)
    return scores.astype(np.int64)


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
    layout = _layout(width, np.asarray(lengths, dtype=np.int64).tobytes(), min_overlap)
    places = len(layout.offset)
    padded = np.zeros(places + width - 1, dtype=np.int64)
    total = np.zeros(places, dtype=np.int64)
    for column in range(width):
        padded[layout.placed] = values[column]
        total += padded[column : column + places]
    # One number per alignment whose order is that of the choice: score, then overlap.
    ranks = total * (width + 1) + layout.overlap
    ranks[layout.short] = np.iinfo(np.int64).min
    best = np.repeat(np.maximum.reduceat(ranks, layout.first), layout.spans)
    top = np.flatnonzero(ranks == best)
    chosen = top[np.searchsorted(top, layout.first)]
    return Alignments(total[chosen], layout.overlap[chosen], layout.offset[chosen])


@dataclass(frozen=True)
class _Layout:
    """Where the alignments of a query of one width with all targets lie, one after another.

    ``placed`` is the place of each target column in a row with gaps, ``first`` that of each
    target's first alignment and ``spans`` their number; ``offset`` and ``overlap`` are those of
    each alignment, and ``short`` tells the ones that overlap too little.
    """

    placed: Ints
    first: Ints
    spans: Ints
    offset: Ints
    overlap: Ints
    short: NDArray[np.bool_]


# The units of a model are all of one width, and so are most queries.
@lru_cache(maxsize=4)
def _layout(width: int, packed: bytes, min_overlap: int) -> _Layout:
    lengths = np.frombuffer(packed, dtype=np.int64)
    gap = width - 1
    # Laid out with a gap of width - 1 after each target, the alignments of one target follow
    # those of the one before without overlap: the diagonal that begins at each place.
    before = np.arange(len(lengths)) * gap
    columns = int(lengths.sum())
    placed = np.arange(columns) + gap + np.repeat(before, lengths)
    spans = lengths + gap
    first = np.cumsum(lengths) - lengths + before
    offset = np.arange(columns + gap * len(lengths)) - np.repeat(first + gap, spans)
    wide = np.repeat(lengths, spans)
    overlap = np.minimum(offset + width, wide) - np.maximum(offset, 0)
    needed = np.minimum(np.minimum(min_overlap, width), wide)
    return _Layout(placed, first, spans, offset, overlap, overlap < needed)


class NullModel:
    """How good the best of all alignments is by chance.

    A span of query columns scores the sum of independent draws from its columns' histograms. The
    spans that the alignments with a target of one length take are the beginnings, the ends and
    the windows of that length, so the logarithms of their chances are kept summed that way.

    Parameters
    ----------
    values : int64 array, shape (width, columns)
        From :func:`integer_scores`.
    lengths : collection of int, optional
        The lengths that will be asked for; any by default.
    """

    def __init__(self, values: Ints, lengths: Collection[int] | None = None) -> None:
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
        wanted = range(1, width + 1) if lengths is None else {min(x, width) for x in lengths}
        spans = [np.ones(1)] * width
        for length in range(1, width + 1):
            starts = range(width - length + 1)
            for start in starts:
                spans[start] = np.convolve(spans[start], histograms[start + length - 1])
            # A span of `length` columns has its least score this far above that of all columns.
            low = (width - length) * -self._lowest
            high = low + len(spans[0])
            # The windows between the first and the last are read for a target of this length only.
            needed = starts if length in wanted else sorted({0, starts[-1]})
            at_least = np.cumsum([spans[start][::-1] for start in needed], axis=1)[:, ::-1]
            with np.errstate(divide="ignore"):
                logs = np.log1p(-np.minimum(at_least, 1.0))
            for table in (self._window, self._begin, self._end):
                table[length, :low] = -np.inf
            self._window[length, low:high] = logs.sum(axis=0, initial=0.0)
            self._begin[length, low:high] = logs[0]
            self._end[length, low:high] = logs[-1]
        np.cumsum(self._begin, axis=0, out=self._begin)
        np.cumsum(self._end, axis=0, out=self._end)

    def log_all_below(self, length: int, scores: Ints) -> Floats:
        """Log of the chance that all alignments with a target of `length` score less than this."""
        short = min(length, self._width)
        windows = max(length - self._width, 0) + 1
        at = scores - self._width * self._lowest
        inner = self._window[short, at] * windows
        return self._begin[short - 1, at] + self._end[short - 1, at] + inner


def _distances(query: Floats, targets: Floats) -> Floats:
    """Minus the Euclidean distances, as SciPy has them to the bit: it takes long to load."""
    found = np.zeros((len(query), len(targets)))
    letters = np.ascontiguousarray(targets.T)
    difference = np.empty(len(targets))
    for row, column in zip(found, query, strict=True):
        for probability, others in zip(column, letters, strict=True):
            np.subtract(probability, others, out=difference)
            difference *= difference
            row += difference
        np.sqrt(row, out=row)
        np.negative(row, out=row)
    return found


def _middles(scores: Floats) -> Floats:
    """Value of each row at the position n/2 - 1, sorted; between two of them for an odd number."""
    count = scores.shape[1]
    low, high = max(count // 2 - 1, 0), (count + 1) // 2 - 1
    # With two places NumPy takes ten times as long as with one, also where they are the same.
    if low == high:
        return np.partition(scores, low, axis=1)[:, low]
    return np.partition(scores, [low, high], axis=1)[:, [low, high]].mean(axis=1)


def _correlation(query: Floats, targets: Floats) -> Floats:
    """Pearson correlation of columns; 0 where one of them is flat."""
    parts = []
    for columns in (query, targets):
        centred = columns - columns.mean(axis=1, keepdims=True)
        norms = np.sqrt((centred**2).sum(axis=1, keepdims=True))
        parts.append(np.divide(centred, norms, out=np.zeros_like(centred), where=norms > 1e-12))
    return parts[0] @ parts[1].T
