"""Peaks and intervals: BED, narrowPeak, broadPeak and summit files, and sets of regions.

Coordinates are 0-based and half-open throughout, as in BED.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.problems import Problems
from nfexplainn.textfile import read_lines

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_SEQUENCES = (
    "this looks like a file of sequences, not of coordinates; for sequences use the assay"
    " 'sequences'."
)
_READS = (
    "this looks like FASTQ, not coordinates; for reads of HT-SELEX or SMiLE-seq use the assay"
    " 'htselex' or 'smileseq', of other reads give the peaks called from them."
)


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
        signalValue (column 7) of narrowPeak and broadPeak, else column 5; NaN where there is none.
    has_summits : bool
        Whether the file is narrowPeak with at least one summit.
    """

    name: str
    chromosomes: tuple[str, ...]
    chrom: NDArray[np.int32]
    start: Ints
    end: Ints
    summit: Ints
    score: NDArray[np.float64]
    has_summits: bool = False

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
            self.has_summits,
        )


def read_peaks(path: str | Path, name: str) -> Peaks:
    """Read BED with three columns or more, narrowPeak, broadPeak or summits.

    ``track``, ``browser`` and ``#`` lines and blank lines are passed over; strands are ignored.
    Ten columns make a narrowPeak; nine make a broadPeak, unless columns 7 and 8 are the thick
    part of a BED9.

    Raises
    ------
    UserError
        With a sentence per wrong line (the first ten), or if there is no interval at all.
    """
    problems = Problems(name)
    codes: dict[str, int] = {}
    chrom: list[int] = []
    numbers: list[tuple[int, int, int, float]] = []
    summits = 0
    for line, fields in _rows(path, name, problems):
        record = _parse(fields, line, problems)
        if record is None:
            continue
        chrom.append(codes.setdefault(fields[0], len(codes)))
        start, end, offset, score = record
        summits += offset >= 0
        numbers.append((start, end, start + offset if offset >= 0 else (start + end) // 2, score))
    problems.stop()
    if not numbers:
        problems.add("there is no interval in this file; BED lines read 'chr1<TAB>100<TAB>300'.")
        problems.stop()
    starts, ends, positions, scores = zip(*numbers, strict=True)
    return Peaks(
        name=name,
        chromosomes=tuple(codes),
        chrom=np.array(chrom, dtype=np.int32),
        start=np.array(starts, dtype=np.int64),
        end=np.array(ends, dtype=np.int64),
        summit=np.array(positions, dtype=np.int64),
        score=np.array(scores, dtype=np.float64),
        has_summits=summits > 0,
    )


def _rows(path: str | Path, name: str, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """Give line number and columns of each data line; complain of lines that are no table."""
    for number, raw in enumerate(read_lines(path, name), 1):
        text = raw.decode("latin-1")
        if not text.strip() or text.startswith(("#", "track", "browser")):
            continue
        if "\t" not in text:
            if text.startswith((">", "@")):
                problems.add(_SEQUENCES if text.startswith(">") else _READS, number)
                return
            if len(text.split()) >= 3:
                problems.add("columns are separated by blanks; BED wants tabs.", number)
            elif text.count(",") >= 2 or text.count(";") >= 2:
                problems.add(
                    "columns are separated by commas or semicolons; BED wants tabs.", number
                )
            else:
                problems.add(
                    f"'{text[:40]}' is one column; BED needs chromosome, start and end.", number
                )
            continue
        yield number, text.split("\t")


def _parse(fields: list[str], line: int, problems: Problems) -> tuple[int, int, int, float] | None:
    """Read start, end, summit offset (-1: none) and score of a line, or complain of it."""
    if len(fields) < 3:
        problems.add(f"{len(fields)} columns; BED needs at least chromosome, start and end.", line)
        return None
    try:
        start, end = int(fields[1]), int(fields[2])
    except ValueError:
        if not any(character.isdigit() for character in fields[1] + fields[2]):
            problems.add(
                f"'{fields[1][:20]}' and '{fields[2][:20]}' stand where start and end belong;"
                " if this line is a header, delete it.",
                line,
            )
        else:
            wrong = fields[2] if _is_int(fields[1]) else fields[1]
            problems.add(f"'{wrong[:20]}' is no whole number, as start and end must be.", line)
        return None
    if not fields[0].strip():
        problems.add("the chromosome's name is empty.", line)
    elif start < 0:
        problems.add(f"start {start} is negative; positions count from 0.", line)
    elif start >= end:
        problems.add(f"start {start} is not before end {end}.", line)
    elif end >= 1 << 40:
        problems.add(f"end {end} is longer than any chromosome.", line)
    else:
        return _summit_and_score(fields, start, end, line, problems)
    return None


def _summit_and_score(
    fields: list[str], start: int, end: int, line: int, problems: Problems
) -> tuple[int, int, int, float] | None:
    """Read what the columns after the third say, according to their number."""
    offset = -1
    column = 4
    if len(fields) == 10:
        if not _is_int(fields[9]):
            problems.add(f"the summit '{fields[9][:20]}' (column 10) is no whole number.", line)
            return None
        offset, column = int(fields[9]), 6
        if offset < -1 or offset > end - start:
            problems.add(
                f"the summit {offset} (column 10) lies outside the peak of {end - start} bp;"
                " it counts from the peak's start, and -1 means none.",
                line,
            )
            return None
        offset = min(offset, end - start - 1)
    elif len(fields) == 9 and not _is_bed_thick(fields, start, end):
        column = 6
    if len(fields) <= column or fields[column].strip() in (".", ""):
        return start, end, offset, math.nan
    try:
        score = float(fields[column])
    except ValueError:
        if column == 4:  # some three-column-plus files carry free text behind the coordinates
            return start, end, offset, math.nan
        problems.add(f"the signal '{fields[column][:20]}' (column 7) is no number.", line)
        return None
    return start, end, offset, score if math.isfinite(score) else math.nan


def _is_bed_thick(fields: list[str], start: int, end: int) -> bool:
    """Tell whether columns 7 and 8 are a BED's thick part rather than a peak's signal and p."""
    if not (_is_int(fields[6]) and _is_int(fields[7])):
        return False
    return start <= int(fields[6]) <= int(fields[7]) <= end


def _is_int(text: str) -> bool:
    """Tell whether a text is a whole number, perhaps negative."""
    return text.strip().removeprefix("-").isdecimal()


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
