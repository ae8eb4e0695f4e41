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
FLANK_BITS = 0.25
"""Bits of a column that a flank may hold."""
# The same motif is less sharp where its sites hold more that is none, as those of a unit do.
_WEAKENED = (0.2, 0.35, 0.5, 0.7, 1.0)
_LEAST_PROBABILITY = 0.01


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


def telling_bits(ppm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bits of each column above a quarter of one, as much as a flank may hold.

    Long weak flanks, and columns of a mere composition, add up to little this way.

    Parameters
    ----------
    ppm : float64 array, shape (width, 4)

    Returns
    -------
    float64 array, shape (width,)
    """
    bits: NDArray[np.float64] = np.maximum(column_information(ppm) - FLANK_BITS, 0.0)
    return bits


def weakened_logs(ppm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of a motif, as it is and less sharp.

    Probabilities are raised to powers of 1 and less, and normalised. The expected log-odds of the
    columns of another motif are the bits of it that this one explains (its information less the
    relative entropy of both).

    Parameters
    ----------
    ppm : float64 array, shape (width, 4)

    Returns
    -------
    float64 array, shape (powers, width, 4)
        Bits, against a uniform background.
    """
    sure = (ppm + _LEAST_PROBABILITY) / (1 + 4 * _LEAST_PROBABILITY)
    powers = sure ** np.array(_WEAKENED)[:, None, None]
    logs: NDArray[np.float64] = np.log2(4 * powers / powers.sum(axis=-1, keepdims=True))
    return logs
