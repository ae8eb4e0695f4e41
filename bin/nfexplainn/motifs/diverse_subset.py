"""Choose profiles that differ as much as they can: farthest point sampling (paper, Methods)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.tomtom import compare

Floats = NDArray[np.float64]
# Chances smaller than this are all the same: surely similar.
LEAST_P = 1e-300


def similarity(motifs: MotifSet) -> Floats:
    """Compare every motif with every other: minus the logarithm of Tomtom's p, both ways' mean.

    Returns
    -------
    float64 array, shape (n, n)
        Symmetric, from 0 (nothing in common); the diagonal is infinite.
    """
    count = len(motifs.motifs)
    hits = compare(motifs, motifs)
    at = {motif.id: place for place, motif in enumerate(motifs.motifs)}
    rows, columns = ([at[id] for id in hits[name].tolist()] for name in ("query_id", "target_id"))
    found = np.zeros((count, count))
    found[rows, columns] = -np.log(np.clip(hits["p_value"], LEAST_P, 1.0))
    found = (found + found.T) / 2
    np.fill_diagonal(found, np.inf)
    return found


def farthest_points(similar: Floats, count: int) -> list[tuple[int, float]]:
    """Sample points, each the least similar to those before it.

    The first is the one that is least similar to all others on the whole; of equals the first in
    the order given is taken.

    Parameters
    ----------
    similar : float64 array, shape (n, n)
        Of :func:`similarity`.
    count : int
        At most n.

    Returns
    -------
    list of (int, float)
        The point, and its similarity to the nearest of the points before it (of the first: NaN).
    """
    others = np.where(np.isinf(similar), 0.0, similar)
    first = int(np.argmin(others.sum(axis=1)))
    chosen = [(first, float("nan"))]
    nearest = similar[first].copy()
    while len(chosen) < count:
        nearest[chosen[-1][0]] = np.inf
        point = int(np.argmin(nearest))
        chosen.append((point, float(nearest[point])))
        nearest = np.maximum(nearest, similar[point])
    return chosen


def choose_profiles(
    motifs: MotifSet, count: int | Literal["all"]
) -> tuple[list[Motif], list[float]]:
    """Choose `count` profiles by farthest point sampling, or take all in their order.

    Returns
    -------
    profiles : list of Motif
    similarities : list of float
        Of each to the nearest before it (-ln p of Tomtom); NaN for the first, and for ``all``.

    Raises
    ------
    ValueError
        If there are fewer than `count`.
    """
    if count == "all":
        return list(motifs.motifs), [float("nan")] * len(motifs.motifs)
    if not 1 <= count <= len(motifs.motifs):
        raise ValueError(f"{count} of {len(motifs.motifs)} profiles")
    chosen = farthest_points(similarity(motifs), count)
    return [motifs.motifs[at] for at, _ in chosen], [near for _, near in chosen]
