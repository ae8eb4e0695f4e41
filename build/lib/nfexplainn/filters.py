"""What a scanner is handed and gives back: filters, and the counts of their sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Filters:
    """Filters with the batch norm folded in.

    Attributes
    ----------
    weights : float32 array, shape (units, 4, width)
    offset : float32 array, shape (units,)
        The activation before the exponential is the sum of weights of a window's bases + offset.
    covered : int
        Number of window positions, from the first, that the pooling sees.
    """

    weights: NDArray[np.float32]
    offset: NDArray[np.float32]
    covered: int


@dataclass(frozen=True)
class SiteCounts:
    """Windows of a chunk at or above each unit's threshold.

    Attributes
    ----------
    counts : int64 array, shape (units, width, 5)
        Bases A, C, G, T, N per position.
    sites : int64 array, shape (units,)
        Number of windows.
    activated : bool array, shape (n, units)
        Whether a sequence has at least one.
    """

    counts: NDArray[np.int64]
    sites: NDArray[np.int64]
    activated: NDArray[np.bool_]
