"""Clusters of known motifs that say the same, by their similarity.

For the set that is shipped they lie in a table beside this module, made by
``bin/motif_set.py --clusters``; of another set only what is asked about is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.io.tsv import iterate_tsv
from nfexplainn.motifs.diverse_subset import similarity
from nfexplainn.motifs.motif import Motif, MotifSet

# Mean -log10 p of Tomtom at which two groups of motifs are still one. Of 1 to 6 in steps of a half
# the one that comes nearest to JASPAR 2020's clusters (see docs/usage/binding_modes.md).
THRESHOLD = 2.5
SHIPPED = Path(__file__).with_name("jaspar2026_vertebrates.clusters.tsv")
CLUSTER_COLUMNS = ("cluster", "motif", "name")


@dataclass(frozen=True)
class Mode:
    """A cluster of known motifs.

    Attributes
    ----------
    id : str
        ``mode_001`` on, the largest first; or as a given table calls it.
    members : tuple of int
        Places in the set.
    """

    id: str
    members: tuple[int, ...]


def cluster_motifs(motifs: MotifSet, *, threshold: float = THRESHOLD) -> list[Mode]:
    """Cluster motifs by average linkage on Tomtom's mutual similarity.

    The similarity of two motifs is the mean of -log10 p of both comparisons.

    Parameters
    ----------
    motifs : MotifSet
    threshold : float
        Groups whose mean similarity is at least this are joined.

    Returns
    -------
    list of Mode
        Every motif is in exactly one; by falling size, then by first member.
    """
    count = len(motifs.motifs)
    if count < 2:
        return _ordered([[place] for place in range(count)])
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    similar: NDArray[np.float64] = similarity(motifs) / np.log(10)
    np.fill_diagonal(similar, 0.0)
    most = max(float(similar.max()), threshold)
    distance = most - similar
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), "average")
    # Rounding must not part what is exactly as similar as asked.
    return _ordered(_groups(fcluster(tree, most - threshold + 1e-9, "distance")))


def clusters_of(motifs: Sequence[Motif]) -> list[str]:
    """Give the cluster of each motif: equal for motifs that say the same.

    Parameters
    ----------
    motifs : sequence of Motif
        Each only once.
    """
    shipped = _shipped()
    if all(motif.id in shipped for motif in motifs):
        return [shipped[motif.id] for motif in motifs]
    found = [""] * len(motifs)
    for mode in cluster_motifs(MotifSet(tuple(motifs))):
        for place in mode.members:
            found[place] = mode.id
    return found


def cluster_rows(motifs: MotifSet) -> list[tuple[str, str, str]]:
    """Give the rows of a table of clusters, columns :data:`CLUSTER_COLUMNS`."""
    return [
        (mode.id, motifs.motifs[place].id, motifs.motifs[place].name)
        for mode in cluster_motifs(motifs)
        for place in mode.members
    ]


@cache
def _shipped() -> dict[str, str]:
    return {row["motif"]: row["cluster"] for row in iterate_tsv(SHIPPED)}


def _groups(labels: NDArray[np.int32]) -> list[list[int]]:
    groups: dict[int, list[int]] = {}
    for place, label in enumerate(labels.tolist()):
        groups.setdefault(label, []).append(place)
    return list(groups.values())


def _ordered(groups: list[list[int]]) -> list[Mode]:
    ranked = sorted(groups, key=lambda members: (-len(members), members[0]))
    return [
        Mode(f"mode_{number:03d}", tuple(members)) for number, members in enumerate(ranked, start=1)
    ]
