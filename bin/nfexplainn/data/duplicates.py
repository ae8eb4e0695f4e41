"""Find equal sequences, on one or both strands, by hashes, and windows that overlap others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna

_CHUNK = 16384
MIDDLE = 32
"""Bases in the middle of a sequence by which overlapping windows are known: by chance no two of
200,000 sequences share them."""
_ROWS = 4096
_PERIODS = range(1, 7)

Hashes = NDArray[np.uint64]


def hash_sequences(codes: dna.Codes) -> tuple[Hashes, Hashes]:
    """Hash every sequence and its reverse complement to 64 bits.

    A sum of a random number per position and letter: two different sequences collide with a
    probability of 2^-64, which is one in ten million for all pairs of a million sequences.

    Returns
    -------
    forward, reverse : uint64 arrays, shape (n,)
    """
    rng = np.random.default_rng(0x5EED)  # fixed: a hash, not a sample
    top = np.iinfo(np.uint64).max
    table = rng.integers(0, top, size=(codes.shape[1], 5), dtype=np.uint64, endpoint=True)
    forward, reverse = np.empty((2, len(codes)), dtype=np.uint64)
    columns = np.arange(codes.shape[1])
    for first in range(0, len(codes), _CHUNK):
        part = codes[first : first + _CHUNK]
        stop = first + len(part)
        forward[first:stop] = table[columns, part].sum(axis=1, dtype=np.uint64)
        reverse[first:stop] = table[columns, dna.reverse_complement(part)].sum(
            axis=1, dtype=np.uint64
        )
    return forward, reverse


def strand_free_key(codes: dna.Codes) -> Hashes:
    """Hash that a sequence and its reverse complement share, uint64, shape (n,)."""
    return np.minimum(*hash_sequences(codes))


def first_of_each(keys: Hashes) -> NDArray[np.int64]:
    """Give, for every row, the first row with the same key, int64, shape (n,)."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return first[inverse].astype(np.int64)


def hold_middles(codes: dna.Codes, known: dna.Codes) -> NDArray[np.bool_]:
    """Tell which sequences hold the middle of a known one, on either strand.

    So windows of a genome that overlap by more than half are found wherever they come from: the
    same peak has another summit in every replicate. Middles with N and those that repeat 1 to 6
    bases are passed over, as are all of sequences shorter than twice :data:`MIDDLE`.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
    known : uint8 array, shape (m, length)

    Returns
    -------
    bool array, shape (n,)
    """
    found = np.zeros(len(codes), dtype=np.bool_)
    first = (known.shape[1] - MIDDLE) // 2
    middles = known[:, first : first + MIDDLE]
    if codes.shape[1] < 2 * MIDDLE or known.shape[1] < 2 * MIDDLE:
        return found
    plain = (middles != dna.N_CODE).all(axis=1)
    for period in _PERIODS:
        plain &= (middles[:, period:] != middles[:, :-period]).any(axis=1)
    wanted = np.unique(_words(middles[plain]))
    if not len(wanted):
        return found
    for row in range(0, len(codes), _ROWS):
        part = codes[row : row + _ROWS]
        words = _words(part)
        place = np.minimum(np.searchsorted(wanted, words), len(wanted) - 1)
        found[row : row + len(part)] = (wanted[place] == words).any(axis=1)
    return found


def _words(codes: dna.Codes) -> Hashes:
    """Pack every word of 32 bases, or its reverse complement where that is less, into 64 bits.

    An N counts as a T.
    """
    n, length = codes.shape
    count = length - MIDDLE + 1
    bases = np.minimum(codes, 3).astype(np.uint64)
    word, back = np.zeros((2, n, count), dtype=np.uint64)
    for place in range(MIDDLE):
        base = bases[:, place : place + count]
        word = word << np.uint64(2) | base
        back |= (np.uint64(3) - base) << np.uint64(2 * place)
    return np.minimum(word, back)
