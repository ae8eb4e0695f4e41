"""Find equal sequences, on one or both strands, by hashes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna

_CHUNK = 16384

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
