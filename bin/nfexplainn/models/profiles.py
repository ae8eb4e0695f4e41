"""Filters that start from known profiles: ExplaiNN "plug and play" (paper, Methods, Figure 6A).

A filter is the profile's probabilities less 0.25, brought to the filter's length. Every profile
gives two units, one per strand: units 1 and 2 are the first profile and its reverse complement.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from nfexplainn.models.explainn import ExplaiNN
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.starts import Start, filter_weights, starts

# A batch norm's gamma at or below 0 would look for the opposite of the profile.
LEAST_GAMMA = 1e-3


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
