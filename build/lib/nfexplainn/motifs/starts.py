"""Profiles as starts of filters: one per strand, in the filters' length (paper, Methods)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.motifs.motif import Motif, column_information

Floats = NDArray[np.float64]
BACKGROUND = 0.25


@dataclass(frozen=True)
class Start:
    """What one unit starts from.

    Attributes
    ----------
    motif : Motif
        The profile on the unit's strand, brought to the filter's length.
    profile : Motif
        The profile as it was given.
    strand : {'+', '-'}
    """

    motif: Motif
    profile: Motif
    strand: str

    @property
    def label(self) -> str:
        """Identifier, name and strand: ``MA0363.3 REB1 (+)``."""
        named = f"{self.profile.id} {self.profile.name}".strip()
        return f"{named} ({self.strand})"


def resize(ppm: Floats, width: int) -> Floats:
    """Bring a profile to a width.

    Of a longer one the less informative of both end columns is dropped until it fits (the last of
    equals); a shorter one is centred between columns that say nothing.

    Parameters
    ----------
    ppm : float64 array, shape (n, 4)
    width : int

    Returns
    -------
    float64 array, shape (width, 4)
    """
    bits = column_information(ppm)
    begin, end = 0, len(ppm)
    while end - begin > width:
        if bits[begin] < bits[end - 1]:
            begin += 1
        else:
            end -= 1
    kept = ppm[begin:end]
    resized = np.full((width, 4), BACKGROUND)
    left = (width - len(kept)) // 2
    resized[left : left + len(kept)] = kept
    return resized


def starts(profiles: Sequence[Motif], width: int) -> list[Start]:
    """Give the starts of all units: each profile, then its reverse complement.

    Parameters
    ----------
    profiles : sequence of Motif
    width : int
        Length of the filters.
    """
    found = []
    for profile in profiles:
        forward = resize(profile.ppm, width)
        for strand, ppm in (("+", forward), ("-", forward[::-1, ::-1].copy())):
            motif = Motif(profile.id, profile.name, ppm, profile.nsites)
            found.append(Start(motif, profile, strand))
    return found


def filter_weights(of: Sequence[Start]) -> NDArray[np.float32]:
    """Give the filters that units start with, shape (units, 4, width)."""
    return np.stack([start.motif.ppm.T - BACKGROUND for start in of]).astype(np.float32)
