"""Motifs of low complexity: one base, or two in turn, over and over."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nfexplainn.motifs.motif import column_information

PERIODS = (1, 2)
# Of the vertebrate motifs of JASPAR 2026 the runs of A or C alone reach it (ZNF384, VEZF1, ZNF362,
# ZNF740: .94 to 1); boxes such as GGGCGGGG of KLF1 (.91) and SP1 (.88) stay below.
LEAST_REPEATED = 0.93
# Flat flanks are no part of a repeat, as they are none of a motif (bits).
_LEAST_INFORMATION = 0.25


def repeated_share(ppm: NDArray[np.float64]) -> float:
    """Share of a motif's information in columns that agree with a repeat of one or two bases.

    The columns of one phase of the repeat are averaged, each by its information. A column counts
    as far as it correlates (Pearson) with that average, by its information.

    Parameters
    ----------
    ppm : float64 array, shape (width, 4)

    Returns
    -------
    float
        1 for poly-A; 0 without an informative column.
    """
    bits = column_information(ppm)
    told = bits > _LEAST_INFORMATION
    if not told.any():
        return 0.0
    return max(_share(ppm, np.where(told, bits, 0.0), period) for period in PERIODS)


def is_low_complexity(ppm: NDArray[np.float64]) -> bool:
    """Tell whether a motif is a run of one base, or of two in turn.

    Parameters
    ----------
    ppm : float64 array, shape (width, 4)
    """
    return repeated_share(ppm) >= LEAST_REPEATED


def _share(ppm: NDArray[np.float64], bits: NDArray[np.float64], period: int) -> float:
    agree = 0.0
    for phase in range(period):
        columns, weights = ppm[phase::period] - 0.25, bits[phase::period]
        mean = weights @ columns
        sizes = np.linalg.norm(columns, axis=1) * np.linalg.norm(mean)
        cosine = columns @ mean / np.maximum(sizes, 1e-12)
        agree += float(weights @ cosine)
    return agree / float(bits.sum())
