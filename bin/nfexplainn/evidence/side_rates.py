"""How often the sides of a contrast have a site of each row, and whether that differs.

Of measured values: how far the sides are apart in sequences with a site, and without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nfexplainn.data.classes import CONTRAST
from nfexplainn.data.dataset import Dataset
from nfexplainn.evidence.clusters import Floats, Ints
from nfexplainn.evidence.groups import MotifRow
from nfexplainn.evidence.occurrence import adjusted_value_z, adjusted_z, composition, two_sided
from nfexplainn.evidence.removal import Replicate
from nfexplainn.motifs.qvalues import q_values

LARGEST_P = 0.05
RATE_COLUMNS = (
    *("motif", "a", "b", "side", "with_site_a", "with_site_b", "fisher_p"),
    *("difference_with_site", "difference_without_site", "rank_p", "adjusted_p", "adjusted_q"),
)
_COUNTED = ("with_site_a", "with_site_b", "fisher_p")
_MEASURED = ("difference_with_site", "difference_without_site", "rank_p")

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class SideRates:
    """How often either side has a site of each row, on unseen sequences; arrays of shape (rows,).

    Of measured values: how much the sides differ in sequences with a site, and without one.

    Attributes
    ----------
    first, second : float64 array
        Shares of either side's sequences with a site, of those whose fold has the row; of values,
        the mean difference of those with a site, and without. NaN where there are none.
    p : float64 array
        Fisher's exact test, two-sided, or of values Mann-Whitney's, of what is independent (see
        :func:`side_rates`); 1 where nothing can be tested.
    z : float64 array
        The same question beyond composition (see :mod:`nfexplainn.evidence.occurrence`): above 0
        where the first side has more, or values are higher with a site.
    ranks : float64 array, optional
        Of values, to which side Mann-Whitney's test points: above 0 where those with a site rank
        higher. Their means may point to the other.
    """

    first: Floats
    second: Floats
    p: Floats
    z: Floats
    ranks: Floats | None = None

    @property
    def adjusted(self) -> Floats:
        """The two-sided p of z."""
        return two_sided(self.z)

    @property
    def adjusted_q(self) -> Floats | None:
        """Of values, Benjamini-Hochberg's q of the adjusted p over all rows.

        Values are not matched by GC content, so that composition alone makes more rows that gain.
        """
        return None if self.ranks is None else q_values(self.adjusted)

    @property
    def differ(self) -> Mask:
        """Whether the sides differ, and not by composition alone: to the same side with it."""
        q = self.adjusted_q
        beyond = self.adjusted if q is None else q
        side = np.sign(self.first - self.second)
        same = np.sign(self.z) == side
        if self.ranks is not None:
            same &= np.sign(self.ranks) == side
        return np.asarray((self.p <= LARGEST_P) & (beyond <= LARGEST_P) & same)


def side_rates(
    dataset: Dataset,
    rows: Sequence[MotifRow],
    replicates: Sequence[Replicate],
    sites: Mask,
    clusters: Ints | None = None,
) -> SideRates:
    """Count the sequences of either side that have a site of each row, or compare their values.

    Sequences that belong together are one observation to the tests: Fisher's counts clusters, each
    by the share of its sequences with a site, Mann-Whitney's ranks their means, and the tests
    beyond composition have the larger of the usual and the clustered variance.

    Parameters
    ----------
    dataset : Dataset
        Its labels are 1 for the first side, 0 for the second; or the value of the first less that
        of the second, less what GC content says of it.
    rows : sequence of MotifRow
    replicates : sequence of Replicate
    sites : bool array, shape (rows, unseen)
        See :func:`nfexplainn.evidence.folds.sites_of`.
    clusters : int64 array, shape (n,), optional
        What belongs together (:func:`nfexplainn.evidence.tables.held_out_clusters`); without, each
        sequence is one.
    """
    every = np.unique(np.concatenate([one.unseen.rows for one in replicates]))
    labels = dataset.labels[every, 0].astype(np.float64)
    measured = of_values(dataset)
    compare = _values_apart if measured else _shares_apart
    if clusters is None:
        clusters = np.arange(len(dataset), dtype=np.int64)
    own = np.unique(clusters[every], return_inverse=True)[1].astype(np.int64)
    found = np.tile(_UNTESTED, (len(rows), 1))
    for place, row in enumerate(rows):
        judged = np.zeros(len(every), dtype=np.bool_)
        for number, one in enumerate(replicates):
            if row.strongest(number) is not None:
                judged[np.searchsorted(every, one.unseen.rows)] = True
        found[place] = compare(sites[place][judged], labels[judged], own[judged])
    features = composition(dataset)[every]
    beyond = adjusted_value_z if measured else adjusted_z
    z = beyond(sites, labels, features, dataset.numbered_folds()[every], own)
    return SideRates(found[:, 0], found[:, 1], found[:, 2], z, found[:, 3] if measured else None)


def of_values(dataset: Dataset) -> bool:
    """Tell whether a contrast is of measured values."""
    return dataset.meta.task_type == "regression"


_UNTESTED = (float("nan"), float("nan"), 1.0, 0.0)


def _shares_apart(sites: Mask, labels: Floats, clusters: Ints) -> tuple[float, float, float, float]:
    """Give the share of each side with a site, Fisher's exact test, and how far they are apart."""
    from scipy.stats import fisher_exact

    first, second = (sites[labels == side] for side in (1, 0))
    if not len(first) or not len(second):
        return _UNTESTED
    table = []
    for side in (1, 0):
        with_site = cluster_means(
            sites[labels == side].astype(np.float64), clusters[labels == side]
        )
        count = round(float(with_site.sum()))
        table.append([count, len(with_site) - count])
    shares = float(first.mean()), float(second.mean())
    return (*shares, float(fisher_exact(table)[1]), shares[0] - shares[1])


def _values_apart(sites: Mask, values: Floats, clusters: Ints) -> tuple[float, float, float, float]:
    """Give the mean value with a site and without, Mann-Whitney's test, and where it points."""
    from scipy.stats import mannwhitneyu

    first, second = values[sites], values[~sites]
    if not len(first) or not len(second):
        return _UNTESTED
    one, other = (cluster_means(values[which], clusters[which]) for which in (sites, ~sites))
    test = mannwhitneyu(one, other)
    points = float(test.statistic) - len(one) * len(other) / 2
    return float(first.mean()), float(second.mean()), float(test.pvalue), points


def cluster_means(values: Floats, clusters: Ints) -> Floats:
    """Give the mean of each cluster, shape (clusters,); the values as they are if all are alone.

    Parameters
    ----------
    values : float64 array, shape (n,)
    clusters : int64 array, shape (n,)
    """
    own, sizes = np.unique(clusters, return_inverse=True, return_counts=True)[1:]
    if len(sizes) == len(values):
        return values
    return np.asarray(np.bincount(own, weights=values) / sizes)


def rates_table(names: Mapping[int, str], rates: SideRates, dataset: Dataset) -> pd.DataFrame:
    """Give the rates of rows, by the ids that these have in the evidence.

    Parameters
    ----------
    names : mapping of int to str
        Id of each row by its place.
    rates : SideRates
    dataset : Dataset
        A contrast.
    """
    sides = dataset.meta.extra[CONTRAST]["sides"]
    columns = _MEASURED if of_values(dataset) else _COUNTED
    adjusted, adjusted_q = rates.adjusted, rates.adjusted_q
    lines = [
        {
            "motif": id,
            "a": sides[0],
            "b": sides[1],
            "side": _side(float(rates.first[row]), float(rates.second[row]), sides),
            "adjusted_p": adjusted[row],
            "adjusted_q": None if adjusted_q is None else adjusted_q[row],
        }
        | dict(zip(columns, (rates.first[row], rates.second[row], rates.p[row]), strict=True))
        for row, id in names.items()
    ]
    return pd.DataFrame(lines, columns=list(RATE_COLUMNS))


def _side(first: float, second: float, sides: Sequence[str]) -> str:
    """Name the side with the larger share, or that is higher with a site than without.

    Empty where both are equal, or unknown.
    """
    return sides[0] if first > second else sides[1] if second > first else ""
