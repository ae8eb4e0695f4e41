"""Dinucleotide shuffle by the kernel, fast enough to be repeated in every epoch."""

from __future__ import annotations

import numpy as np

from nfexplainn.dna import Codes
from nfexplainn.native import library


def dinucleotide_shuffle(codes: Codes, seed: int, threads: int = 1, first: int = 0) -> Codes:
    """Shuffle each sequence uniformly among those with the same dinucleotides.

    Every sequence has random numbers of its own, from ``seed`` and its number, so that the result
    depends neither on the number of threads nor on how the sequences are divided into calls. The
    first and the last base stay; N counts as a fifth letter.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
    seed : int
        At least 0, below 2**64.
    threads : int
    first : int
        Number of the first sequence.

    Returns
    -------
    uint8 array, shape (n, length)

    Raises
    ------
    library.KernelError
        If there is no kernel.
    """
    codes = np.ascontiguousarray(codes, dtype=np.uint8)
    out = np.empty_like(codes)
    n, length = codes.shape
    shuffle = library.load().functions.nfx_shuffle
    library.check(
        shuffle(codes.ctypes.data, n, length, seed, first, max(1, threads), out.ctypes.data)
    )
    return out
