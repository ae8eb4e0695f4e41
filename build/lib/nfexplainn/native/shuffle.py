"""Dinucleotide shuffle by the kernel, fast enough to be repeated in every epoch."""

from __future__ import annotations

import numpy as np

from nfexplainn.dna import Codes
from nfexplainn.native import library


def shuffle_letters(codes: Codes, seed: int, threads: int = 1, first: int = 0) -> Codes:
    """Shuffle each sequence uniformly among those with the same pairs of its five letters.

    An N counts as a letter; :func:`~nfexplainn.training.recipes.compiled_shuffle` leaves every N
    where it is.

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
    function = library.load().functions.nfx_shuffle
    library.check(
        function(codes.ctypes.data, *codes.shape, seed, first, max(1, threads), out.ctypes.data)
    )
    return out
