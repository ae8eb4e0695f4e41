"""Filters that start from known profiles: ExplaiNN "plug and play" (paper, Methods, Figure 6A).

A filter is the profile's probabilities less 0.25, brought to the filter's length. Every profile
gives two units, one per strand: units 1 and 2 are the first profile and its reverse complement.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.starts import Start, filter_weights, starts

# A batch norm's gamma at or below 0 would look for the opposite of the profile.
LEAST_GAMMA = 1e-3


def start_from_profiles(
    filters: NDArray[np.float32], profiles: Sequence[Motif]
) -> tuple[NDArray[np.float32], list[Start]]:
    """Let a model's filters start from profiles; it has two units per profile.

    Parameters
    ----------
    filters : float32 array, shape (units, 4, filter_length)
        Random start; not changed.
    profiles : sequence of Motif

    Returns
    -------
    float32 array, shape (units, 4, filter_length)
    list of Start
        One per unit.

    Raises
    ------
    ValueError
        If the model has another number of units.
    """
    units, _, width = filters.shape
    found = starts(profiles, width)
    if len(found) != units:
        raise ValueError(f"{len(found)} starts for {units} units")
    return filter_weights(found).astype(np.float32), found
