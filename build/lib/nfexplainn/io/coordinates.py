"""Where sequences come from: as arrays, as names, and as arrays read off names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.io.intervals import chain_overlapping

# ``chr1:100-300``, also with the strand and behind the name of bedtools getfasta (``peak::``); a
# number that tells equal names apart may follow. Groups: chromosome, start, end, strand.
COORDINATES = re.compile(
    r"^(?:.*::)?([^\s:]+):(\d{1,18})-(\d{1,18})(?:\(([+.-])\))?(?:\|(?:[^\s|]+\.)?\d+)?$"
)
_SHUFFLE = "|shuffle"
# Longer than any chromosome, so that one number stands for chromosome and position.
SPAN = 1 << 40


@dataclass(frozen=True)
class Coordinates:
    """Where sequences come from.

    Attributes
    ----------
    chromosomes : tuple of str
        In order of appearance.
    chrom : int64 array, shape (n,)
        Position in ``chromosomes``, -1 where the name is no coordinate.
    start, end : int64 array, shape (n,)
    parent : int64 array, shape (n,)
        Row of the sequence that a shuffle was made from, -1 for all others. A shuffle has its
        parent's chromosome, but no place of its own.
    """

    chromosomes: tuple[str, ...]
    chrom: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    parent: NDArray[np.int64]

    def chains(self) -> NDArray[np.int64]:
        """Number the chains of overlapping windows; rows without a place are chains of one."""
        n = len(self.chrom)
        out = np.arange(n)
        placed = np.flatnonzero((self.chrom >= 0) & (self.parent < 0))
        base = self.chrom[placed] * SPAN
        chain = chain_overlapping(base + self.start[placed], base + self.end[placed])
        first = np.full(int(chain.max()) + 1 if len(chain) else 0, n, dtype=np.int64)
        np.minimum.at(first, chain, placed)
        out[placed] = first[chain]
        return out

    def take(self, rows: NDArray[np.bool_]) -> Coordinates:
        """Keep some rows; a shuffle without its parent has neither parent nor chromosome."""
        kept = np.append(np.where(rows, np.cumsum(rows) - 1, -1), -1)
        parent = kept[self.parent[rows]]
        orphan = (self.parent[rows] >= 0) & (parent < 0)
        chrom = np.where(orphan, -1, self.chrom[rows])
        return order_coordinates(self.chromosomes, chrom, self.start[rows], self.end[rows], parent)


def order_coordinates(
    chromosomes: Sequence[str],
    chrom: NDArray[np.int64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    parent: NDArray[np.int64],
) -> Coordinates:
    """Give coordinates whose chromosomes are those that occur, as :func:`read_names` does.

    Parameters
    ----------
    chromosomes : sequence of str
        Of the genome.
    chrom, start, end : int64 array, shape (n,)
        Of shuffles they mean nothing.
    parent : int64 array, shape (n,)
        Row of the sequence that a shuffle was made from, -1 for all others.
    """
    own = parent < 0
    codes, first = np.unique(chrom[(chrom >= 0) & own], return_index=True)
    codes = codes[np.argsort(first)]
    number = np.full(len(chromosomes) + 1, -1, dtype=np.int64)  # the last is that of -1
    number[codes] = np.arange(len(codes))
    out = number[chrom]
    out[~own] = out[parent[~own]]
    names = tuple(chromosomes[code] for code in codes.tolist())
    return Coordinates(names, out, np.where(own, start, 0), np.where(own, end, 0), parent)


def shuffle_name(parent: str, number: int) -> str:
    """Name the shuffle with this number, from 1, of a parent."""
    return f"{parent}{_SHUFFLE}{number}"


def window_name(chromosome: str, start: int, end: int) -> str:
    """Name a window of the forward strand."""
    return f"{chromosome}:{start}-{end}(+)"


def window_names(
    chromosomes: Sequence[str], chrom: NDArray[np.int64], start: NDArray[np.int64], width: int
) -> list[str]:
    """Name windows of the forward strand; ``chrom`` are positions in ``chromosomes``."""
    places = zip(chrom.tolist(), start.tolist(), strict=True)
    return [window_name(chromosomes[code], at, at + width) for code, at in places]


def read_names(names: Sequence[str]) -> Coordinates:
    """Read coordinates and parents from the names of a data set's sequences."""
    rows = {name: row for row, name in enumerate(names)}
    n = len(names)
    chrom = np.full(n, -1, dtype=np.int64)
    start, end = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    parent = np.full(n, -1, dtype=np.int64)
    codes: dict[str, int] = {}
    for row, name in enumerate(names):
        origin, mark, number = name.rpartition(_SHUFFLE)
        if mark and number.isdecimal() and origin in rows:
            parent[row] = rows[origin]
            continue
        match = COORDINATES.match(name)
        if match and int(match[2]) < int(match[3]) < SPAN:
            chrom[row] = codes.setdefault(match[1], len(codes))
            start[row], end[row] = int(match[2]), int(match[3])
    child = parent >= 0
    chrom[child] = chrom[parent[child]]
    return Coordinates(tuple(codes), chrom, start, end, parent)
