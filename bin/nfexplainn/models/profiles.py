"""Filters that start from known profiles: ExplaiNN "plug and play" (paper, Methods, Figure 6A).

A filter is the profile's probabilities less 0.25, brought to the filter's length. Every profile
gives two units, one per strand: units 1 and 2 are the first profile and its reverse complement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from nfexplainn.models.explainn import ExplaiNN
from nfexplainn.motifs.motif import Motif

Floats = NDArray[np.float64]
BACKGROUND = 0.25
# A batch norm's gamma at or below 0 would look for the opposite of the profile.
LEAST_GAMMA = 1e-3


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
    bits = _information(ppm)
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


def start_from_profiles(model: ExplaiNN, profiles: Sequence[Motif]) -> list[Start]:
    """Let a model's filters start from profiles; it has two units per profile.

    Returns
    -------
    list of Start
        One per unit.

    Raises
    ------
    ValueError
        If the model has another number of units.
    """
    found = starts(profiles, model.config.filter_length)
    if len(found) != model.config.units:
        raise ValueError(f"{len(found)} starts for {model.config.units} units")
    convolution, _ = model.convolution
    with torch.no_grad():
        convolution.weight.copy_(torch.from_numpy(filter_weights(found)))
    return found


class HeldFilters:
    """Filters that training leaves as they are, bit for bit, until they are released.

    Parameters
    ----------
    model : ExplaiNN
        Its filters no longer take gradients.
    """

    def __init__(self, model: ExplaiNN) -> None:
        convolution, norm = model.convolution
        self._weight, self._gamma = convolution.weight, norm.weight
        self._weight.requires_grad_(False)

    def after_step(self) -> None:
        """Keep the gammas positive, or a unit would look for the opposite of its profile."""
        with torch.no_grad():
            self._gamma.clamp_(min=LEAST_GAMMA)

    def release(self) -> None:
        """Let the filters learn from here on."""
        self._weight.requires_grad_(True)


def _information(ppm: Floats) -> Floats:
    """Bits of each column against a uniform background, shape (n,)."""
    logs = np.log2(ppm, out=np.zeros_like(ppm), where=ppm > 0)
    bits: Floats = 2 + (ppm * logs).sum(axis=1)
    return bits
