"""Dinucleotide shuffle by the kernel, fast enough to be repeated in every epoch."""

from __future__ import annotations

import numpy as np

from nfexplainn.dna import Codes
from nfexplainn.native import library
from nfexplainn.unknown import shuffle_known


def dinucleotide_shuffle(codes: Codes, seed: int, threads: int = 1, first: int = 0) -> Codes:
    """Shuffle each sequence uniformly among those with the same dinucleotides.

    Every sequence has random numbers of its own, from ``seed`` and its number, so that the result
    depends neither on the number of threads nor on how the sequences are divided into calls. The
    first and the last base stay, and so does every N, whose neighbours count as each other's.

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

    def shuffle(moved: Codes) -> Codes:
        moved = np.ascontiguousarray(moved, dtype=np.uint8)
        out = np.empty_like(moved)
        function = library.load().functions.nfx_shuffle
        library.check(
            function(moved.ctypes.data, *moved.shape, seed, first, max(1, threads), out.ctypes.data)
        )
        return out

    return shuffle_known(codes, shuffle)
