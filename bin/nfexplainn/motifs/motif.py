"""A motif: a position probability matrix with the number of sites behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNIFORM = (0.25, 0.25, 0.25, 0.25)
DEFAULT_NSITES = 20.0
# A row of six-decimal probabilities sums to 1 within 2e-6; two decimals reach 0.02.
SUM_TOLERANCE = 0.021
# More sites no genome has; beyond it counts are no longer whole.
MOST_SITES = 1e12


@dataclass(frozen=True)
class Motif:
    """One motif.

    Attributes
    ----------
    id : str
        Identifier without blanks (``MA0139.1``, ``unit_007``).
    name : str
        Name for people (``CTCF``); empty where there is none.
    ppm : float64 array, shape (width, 4)
        Probabilities of A, C, G, T per position; rows sum to 1 (within 1e-5 when read from a file).
    nsites : float
        Number of sites the motif was counted from; 20 where its source gives none (MEME's default).
    """

    id: str
    name: str
    ppm: NDArray[np.float64]
    nsites: float = DEFAULT_NSITES


@dataclass(frozen=True)
class MotifSet:
    """Motifs of one file, with the file's background frequencies of A, C, G, T."""

    motifs: tuple[Motif, ...]
    background: tuple[float, float, float, float] = UNIFORM


def column_information(ppm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bits of each column against a uniform background: 2 at most.

    Parameters
    ----------
    ppm : float64 array, shape (width, 4)

    Returns
    -------
    float64 array, shape (width,)
    """
    logs = np.log2(ppm, out=np.zeros_like(ppm), where=ppm > 0)
    bits: NDArray[np.float64] = 2 + (ppm * logs).sum(axis=1)
    return bits
