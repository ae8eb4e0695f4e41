"""Peaks, sets of regions, and what lies near one another.

Coordinates are 0-based and half-open throughout, as in BED.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Origin:
    """Where the numbers of a file of peaks come from, in words.

    Attributes
    ----------
    format : str
    summit : str
        The column of the summits, '' where the file has none.
    score : str
        The column of the scores; '' where none varies.
    flat : tuple of str
        Columns of scores before it that hold one value alone.
    """

    format: str = ""
    summit: str = ""
    score: str = ""
    flat: tuple[str, ...] = ()


@dataclass(frozen=True)
class Peaks:
    """Intervals of one file.

    Attributes
    ----------
    name : str
        The file as the user wrote it.
    chromosomes : tuple of str
        Names in order of appearance.
    chrom : int32 array, shape (n,)
        Position in ``chromosomes``.
    start, end : int64 array, shape (n,)
    summit : int64 array, shape (n,)
        Position of the summit on the chromosome; the midpoint where the file gives none.
    score : float64 array, shape (n,)
        The first column of scores that varies; NaN where there is none.
    at_summit : bool array, shape (n,)
        Whether the file gives the summit; empty where it gives none at all.
    origin : Origin
    """

    name: str
    chromosomes: tuple[str, ...]
    chrom: NDArray[np.int32]
    start: Ints
    end: Ints
    summit: Ints
    score: NDArray[np.float64]
    at_summit: Bools = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    origin: Origin = field(default_factory=Origin)

    @property
    def has_summits(self) -> bool:
        """Tell whether the file gives at least one summit."""
        return bool(self.at_summit.any())

    def __len__(self) -> int:
        """Give the number of intervals."""
        return len(self.start)

    def take(self, rows: NDArray[np.intp] | Bools) -> Peaks:
        """Keep the given rows, in the order given."""
        return Peaks(
            self.name,
            self.chromosomes,
            self.chrom[rows],
            self.start[rows],
            self.end[rows],
            self.summit[rows],
            self.score[rows],
            self.at_summit[rows] if len(self.at_summit) else self.at_summit,
            self.origin,
        )


@dataclass(frozen=True)
class Regions:
    """A set of positions on one long axis, as merged intervals.

    Attributes
    ----------
    start, end : int64 array, shape (n,)
        Ascending and disjoint.
    """

    start: Ints
    end: Ints

    @classmethod
    def merge(cls, start: Ints, end: Ints) -> Regions:
        """Make the union of intervals given in any order."""
        if not len(start):
            return cls(np.zeros(0, np.int64), np.zeros(0, np.int64))
        order = np.argsort(start, kind="stable")
        start, reach = start[order], np.maximum.accumulate(end[order])
        opens = np.concatenate([[True], start[1:] > reach[:-1]])
        closes = np.concatenate([np.flatnonzero(opens)[1:] - 1, [len(start) - 1]])
        return cls(start[opens], reach[closes])

    def overlap(self, start: Ints, end: Ints) -> Bools:
        """Tell which intervals share at least one position with the set, bool, shape (n,)."""
        if not len(self.start):
            return np.zeros(len(start), dtype=np.bool_)
        index = np.searchsorted(self.end, start, side="right")
        inside = np.minimum(index, len(self.start) - 1)
        return (index < len(self.start)) & (self.start[inside] < end)


def chain_overlapping(start: Ints, end: Ints) -> Ints:
    """Number the chains of intervals that overlap, directly or through others.

    Returns
    -------
    int64 array, shape (n,)
        The chain of each interval, from 0 in ascending order.
    """
    if not len(start):
        return np.zeros(0, dtype=np.int64)
    order = np.argsort(start, kind="stable")
    reach = np.maximum.accumulate(end[order])
    opens = np.concatenate([[False], start[order][1:] >= reach[:-1]])
    chains = np.empty(len(start), dtype=np.int64)
    chains[order] = np.cumsum(opens)
    return chains


def merge_close(position: Ints, distance: float) -> tuple[Ints, Ints]:
    """Merge positions nearer than ``distance``, the nearest ones first, into their means.

    Parameters
    ----------
    position : int64 array, shape (n,)
        On one axis, in any order.
    distance : float
        Afterwards no two means are nearer than this.

    Returns
    -------
    centre : int64 array, shape (m,)
        Means, rounded down, ascending.
    owner : int64 array, shape (n,)
        The centre that each position went into.
    """
    unique, inverse = np.unique(position, return_inverse=True)
    weights = np.bincount(inverse, minlength=len(unique)).astype(np.int64)
    if not len(unique):
        return unique, inverse.astype(np.int64)
    opens = np.concatenate([[True], np.diff(unique) >= distance])
    first = np.flatnonzero(opens)
    size = np.diff(np.append(first, len(unique)))
    owner = np.cumsum(opens) - 1
    # Positions far from all others are their own centres; only crowds are looked at one by one.
    centres = unique[first].tolist()
    shift = np.zeros(len(first), dtype=np.int64)
    crowded: list[tuple[int, list[int]]] = []
    for chain in np.flatnonzero(size > 1).tolist():
        rows = slice(int(first[chain]), int(first[chain] + size[chain]))
        means, of_member = _merge_crowd(unique[rows].tolist(), weights[rows].tolist(), distance)
        crowded.append((chain, means))
        shift[chain] = len(means) - 1
        owner[rows] += of_member
    owner += np.repeat(np.cumsum(shift) - shift, size)
    for chain, means in reversed(crowded):
        centres[chain : chain + 1] = means
    return np.array(centres, dtype=np.int64), owner[inverse]


def _merge_crowd(
    positions: list[int], weights: list[int], distance: float
) -> tuple[list[int], list[int]]:
    """Merge the nearest neighbours of a sorted crowd until none are nearer than ``distance``.

    Returns
    -------
    means : list of int
    owner : list of int
        The mean that each position went into.
    """
    n = len(positions)
    total = [p * w for p, w in zip(positions, weights, strict=True)]
    count, mean = list(weights), list(positions)
    after, before = list(range(1, n + 1)), list(range(-1, n - 1))
    alive = [True] * n
    queue = [(positions[i + 1] - positions[i], i, i + 1) for i in range(n - 1)]
    heapq.heapify(queue)
    while queue:
        gap, left, right = heapq.heappop(queue)
        if gap >= distance:
            break
        if not (alive[left] and alive[right]) or mean[right] - mean[left] != gap:
            continue  # one of the two has merged with another since
        alive[right] = False
        total[left] += total[right]
        count[left] += count[right]
        mean[left] = total[left] // count[left]
        after[left] = after[right]
        if after[left] < n:
            before[after[left]] = left
            heapq.heappush(queue, (mean[after[left]] - mean[left], left, after[left]))
        if before[left] >= 0:
            heapq.heappush(queue, (mean[left] - mean[before[left]], before[left], left))
    owner = list(itertools.accumulate(map(int, alive)))
    return [m for m, living in zip(mean, alive, strict=True) if living], [k - 1 for k in owner]
