"""Which windows have a site of a motif: of a model's own rows, and of clusters of known motifs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.interpret.motif_rows import MotifRows
from nfexplainn.interpret.outputs import StoredOutputs, unseen_rows
from nfexplainn.motifs.modes import clusters_of
from nfexplainn.motifs.motif import Motif, MotifSet, column_information
from nfexplainn.motifs.places import PlaceScanner
from nfexplainn.results.windows import pad_of

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

TOP_SHARE = 0.05
"""Of the windows: those with the highest best scores of a known motif have a site of it."""


@dataclass(frozen=True)
class Sites:
    """Sites of some motifs in some windows.

    Attributes
    ----------
    windows : int64 array, shape (n,)
        Rows of the data set, ascending.
    present : bool array, shape (motifs, n)
    """

    windows: Ints
    present: Mask


def row_sites(dataset: Dataset, rows: MotifRows, stored: Mapping[int, StoredOutputs]) -> Sites:
    """Tell which windows that a model has not seen have a site of each of its rows.

    Parameters
    ----------
    dataset : Dataset
    rows : MotifRows
    stored : mapping of int to StoredOutputs
        By replicate.

    Returns
    -------
    Sites
        A window has a site where at least half of the replicates have one that have the row and
        have not seen the window.
    """
    unseen = {number: unseen_rows(dataset.of_replicate(number)) for number in stored}
    windows = np.unique(np.concatenate([*unseen.values(), np.zeros(0, dtype=np.int64)]))
    present = np.zeros((len(rows), len(windows)), dtype=np.bool_)
    for place, firsts in enumerate(rows.first_members):
        yes, of = np.zeros(len(windows)), np.zeros(len(windows))
        for number, own in unseen.items():
            if number in firsts:
                at = np.searchsorted(windows, own)
                yes[at] += stored[number].sites[:, firsts[number]]
                of[at] += 1
        present[place] = (of > 0) & (2 * yes >= of)
    return Sites(windows, present)


@dataclass(frozen=True)
class Cluster:
    """Known motifs that say the same.

    Attributes
    ----------
    id : str
    motif : Motif
        The member of middle information, which stands for all.
    names : tuple of str
        Of the members, that of the motif first.
    """

    id: str
    motif: Motif
    names: tuple[str, ...]


def known_clusters(known: MotifSet) -> list[Cluster]:
    """Join known motifs that say the same, in the order of their clusters' ids.

    JASPAR's vertebrates have 201 clusters that come with the pipeline; others are clustered here.
    """
    motifs = list({motif.id: motif for motif in known.motifs}.values())
    if not motifs:
        return []
    members: dict[str, list[Motif]] = {}
    for motif, cluster in zip(motifs, clusters_of(motifs), strict=True):
        members.setdefault(cluster, []).append(motif)
    return [_cluster(id, members[id]) for id in sorted(members)]


def _cluster(id: str, members: Sequence[Motif]) -> Cluster:
    ranked = sorted(members, key=lambda one: (float(column_information(one.ppm).sum()), one.id))
    middle = ranked[len(ranked) // 2]
    names = dict.fromkeys([middle.name or middle.id] + [one.name or one.id for one in members])
    return Cluster(id, middle, tuple(names))


def cluster_sites(dataset: Dataset, clusters: Sequence[Cluster]) -> Sites:
    """Tell which windows have a site of known motifs, by the rank of their best score.

    Nothing of it comes from the signal, so that all windows may be used.

    Returns
    -------
    Sites
        About a twentieth of the windows has a site of each; more where many have the same score,
        and none of a motif that is wider than the windows.
    """
    pad = pad_of(dataset.meta)
    codes = dataset.codes[:, pad : dataset.codes.shape[1] - pad]
    motifs = [one.motif for one in clusters]
    scores = PlaceScanner(motifs, both_strands=dataset.meta.strand_symmetric).best(codes)
    least = np.quantile(scores, 1 - TOP_SHARE, axis=0, method="higher")
    present = (scores >= least) & np.isfinite(scores)
    return Sites(np.arange(len(dataset), dtype=np.int64), np.ascontiguousarray(present.T))
