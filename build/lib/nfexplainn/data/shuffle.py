"""Shuffle sequences and keep the count of every pair of neighbouring bases exactly.

A shuffle that keeps all dinucleotides is a random Eulerian path through the graph whose vertices
are the bases and whose edges are the sequence's pairs (Altschul and Erickson, 1985). A path leaves
each vertex through its edges in some order; the order is legal if and only if the last edges of
all vertices other than the final one form a tree towards the final one. So: draw last edges until
they do, put the other edges of each vertex into a random order, and walk. Every path is equally
likely. Here all sequences are shuffled at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.unknown import shuffle_known
from nfexplainn.dna import Codes

_LETTERS = 5
_CHUNK = 8192
_TARGET_BITS = np.uint64(3)
_SOURCE_SHIFT = np.uint64(61)


def dinucleotide_shuffle(codes: Codes, seed: int | np.random.Generator) -> Codes:
    """Shuffle each sequence uniformly among those with the same dinucleotides.

    The first and the last base stay where they are (this follows from the counts, except in
    sequences that begin and end with the same base, whose rotations are left out). Every N stays
    where it is, and the bases on both sides of it count as neighbours.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
    seed : int or Generator

    Returns
    -------
    uint8 array, shape (n, length)
    """
    rng = np.random.default_rng(seed)
    if codes.shape[1] < 4:
        return codes.copy()
    return shuffle_known(codes, lambda moved: _shuffle(moved, rng))


def _shuffle(codes: Codes, rng: np.random.Generator) -> Codes:
    """Shuffle chunk by chunk; N counts as a fifth letter."""
    out = np.empty_like(codes)
    for first in range(0, len(codes), _CHUNK):
        out[first : first + _CHUNK] = _shuffle_chunk(codes[first : first + _CHUNK], rng)
    return out


def _shuffle_chunk(codes: Codes, rng: np.random.Generator) -> Codes:
    """Shuffle as many sequences as fit comfortably into memory."""
    rows, length = codes.shape
    source, target = codes[:, :-1].astype(np.uint64), codes[:, 1:].astype(np.uint64)
    # One sort orders the edges by their source and, within it, at random; the target rides along.
    keys = rng.integers(0, 1 << 58, size=source.shape, dtype=np.uint64)
    keys <<= _TARGET_BITS
    keys |= target
    keys |= source << _SOURCE_SHIFT
    keys.sort(axis=1)
    edges = (keys & np.uint64(7)).astype(np.uint8).reshape(-1)
    degree = np.stack([(codes[:, :-1] == letter).sum(axis=1) for letter in range(_LETTERS)], axis=1)
    first = np.cumsum(degree, axis=1) - degree + (np.arange(rows) * (length - 1))[:, None]
    _choose_last_edges(edges, first, degree, codes[:, -1], rng)

    out = np.empty((length, rows), dtype=np.uint8)
    out[0] = codes[:, 0]
    pointer = np.ascontiguousarray(first).reshape(-1)
    base = np.arange(rows) * _LETTERS
    for position in range(1, length):
        vertex = base + out[position - 1]
        edge = pointer[vertex]
        out[position] = edges[edge]
        pointer[vertex] = edge + 1
    return np.ascontiguousarray(out.T)


def _choose_last_edges(
    edges: NDArray[np.uint8],
    first: NDArray[np.int64],
    degree: NDArray[np.int64],
    final: NDArray[np.uint8],
    rng: np.random.Generator,
) -> None:
    """Swap, in place, a legal choice of last edges to the end of each vertex's run of edges."""
    pending = np.arange(len(first))
    letters = np.arange(_LETTERS)
    while len(pending):
        count = degree[pending]
        pick = first[pending] + (rng.random(count.shape) * count).astype(np.int64)
        used = (count > 0) & (letters != final[pending, None])
        # A vertex without edges, and the final one, point at the end, where every path must come.
        safe = np.minimum(pick, len(edges) - 1)
        successor = np.where(used, edges[safe], final[pending, None])
        reached = successor
        for _ in range(3):  # 2 ** 3 steps are more than the five vertices need
            reached = np.take_along_axis(reached, reached, axis=1)
        legal = (reached == final[pending, None]).all(axis=1)
        rows, columns = np.nonzero(used & legal[:, None])
        chosen = pick[rows, columns]
        last = first[pending[rows], columns] + count[rows, columns] - 1
        edges[chosen], edges[last] = edges[last], edges[chosen]
        pending = pending[~legal]
