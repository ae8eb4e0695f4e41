"""Scan regions of a genome for the places of motif rows, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.io.genome import Genome
from nfexplainn.motifs.places import CHUNK, Places, PlaceScanner, best_apart, join_places

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """Hits in some regions that no later ones overlap.

    Attributes
    ----------
    chrom : int64 array, shape (n,)
        Position in the genome's names.
    places : Places
        By chromosome and start; ``start`` is on the chromosome.
    begin, end : int
        The stretch of the common axis (``Genome.axis``) in which all hits lie that are told here.
    """

    chrom: Ints
    places: Places
    begin: int
    end: int


def union(genome: Genome, chrom: Ints, start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Join regions that overlap or touch, so that each base is scanned once.

    Returns
    -------
    start, end : int64 arrays, shape (regions,)
        On the common axis of the genome, ascending; empty ones are none.
    """
    base = genome.axis[chrom]
    first, last = base + start, base + end
    kept = last > first
    order = np.argsort(first[kept], kind="stable")
    first, last = first[kept][order], last[kept][order]
    if not len(first):
        return first, last
    reach = np.maximum.accumulate(last)
    new = np.append(True, first[1:] > reach[:-1])
    return first[new], reach[np.append(new[1:], True)]


@dataclass(frozen=True)
class _Piece:
    """A stretch to scan: places may begin in its first ``own`` bases."""

    chrom: int
    start: int
    length: int
    own: int
    closes: bool


def _pieces(genome: Genome, first: Ints, last: Ints, widest: int) -> Iterator[_Piece]:
    """Cut regions into stretches that overlap by what a place needs."""
    axis = genome.axis
    chroms = np.searchsorted(axis, first, side="right") - 1
    for chrom, begin, end in zip(chroms.tolist(), first.tolist(), last.tolist(), strict=True):
        base = int(axis[chrom])
        for at in range(begin, end, CHUNK):
            stop = min(at + CHUNK, end)
            length = min(stop + widest - 1, end) - at
            yield _Piece(chrom, at - base, length, stop - at, stop == end)


def _batches(pieces: Iterator[_Piece]) -> Iterator[list[_Piece]]:
    """Put stretches together until there is enough to scan at a time."""
    held: list[_Piece] = []
    total = 0
    for piece in pieces:
        held.append(piece)
        total += piece.length
        if total >= CHUNK:
            yield held
            held, total = [], 0
    if held:
        yield held


def scan(
    genome: Genome, first: Ints, last: Ints, scanner: PlaceScanner, threshold: NDArray[np.floating]
) -> Iterator[Found]:
    """Find the hits in regions, region by region in the genome's order.

    Of places of a row that overlap, the best is a hit. What is held is the places of one region,
    and the bases of about :data:`~nfexplainn.motifs.places.CHUNK`.

    Parameters
    ----------
    genome : Genome
    first, last : int64 arrays, shape (regions,)
        As :func:`union` gives them.
    scanner : PlaceScanner
    threshold : float array, shape (motifs,)
        Lowest score of a hit.
    """
    axis = genome.axis
    widest = int(scanner.widths.max(initial=1))
    open_: list[Places] = []
    begin = int(first[0]) if len(first) else 0
    for batch in _batches(_pieces(genome, first, last, widest)):
        found = _scan_batch(genome, axis, batch, scanner, threshold)
        # The region of the last stretch may go on.
        closed = [piece for piece in batch if piece.closes]
        if not closed:
            open_.append(found)
            continue
        end = int(axis[closed[-1].chrom]) + closed[-1].start + closed[-1].length
        done = found.start < end
        places = best_apart(join_places([*open_, found.take(done)]), scanner.widths)
        open_ = [found.take(~done)]
        chrom = np.searchsorted(axis, places.start, side="right") - 1
        local = Places(places.motif, places.start - axis[chrom], places.strand, places.score)
        yield Found(chrom.astype(np.int64), local, begin, end)
        begin = end


def _scan_batch(
    genome: Genome,
    axis: Ints,
    batch: Sequence[_Piece],
    scanner: PlaceScanner,
    threshold: NDArray[np.floating],
) -> Places:
    """Find all places in some stretches; their starts are on the common axis."""
    codes = np.concatenate(_fetch(genome, batch))
    room = np.concatenate([np.arange(one.length, 0, -1) for one in batch])
    offsets = np.cumsum([0, *(one.length for one in batch[:-1])])
    for offset, one in zip(offsets.tolist(), batch, strict=True):
        room[offset + one.own : offset + one.length] = 0
    places = scanner.places(codes, room, threshold)
    piece = np.searchsorted(offsets, places.start, side="right") - 1
    base = np.array([int(axis[one.chrom]) + one.start for one in batch], dtype=np.int64)
    start = places.start - offsets[piece] + base[piece]
    return Places(places.motif, start, places.strand, places.score)


def _fetch(genome: Genome, batch: Sequence[_Piece]) -> list[dna.Codes]:
    """Fetch stretches, all of a length at once: a genome may have 100,000 contigs."""
    found = [np.zeros(0, dtype=np.uint8)] * len(batch)
    groups: dict[int, list[int]] = {}
    for row, piece in enumerate(batch):
        groups.setdefault(piece.length, []).append(row)
    for length, rows in groups.items():
        chrom = np.array([batch[row].chrom for row in rows])
        start = np.array([batch[row].start for row in rows], dtype=np.int64)
        for row, codes in zip(rows, genome.fetch(chrom, start, length), strict=True):
            found[row] = codes
    return found
