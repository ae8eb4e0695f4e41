"""What a contrast's model tells: whether sequence tells the sides apart, by what, and which motifs.

Scores are those of models that have not seen a sequence, and are ranked within folds alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from nfexplainn.data.classes import CONTRAST
from nfexplainn.data.dataset import Dataset
from nfexplainn.evaluation.baselines import kmer_counts
from nfexplainn.evidence.alone import auroc_influence, correlation_influence
from nfexplainn.evidence.clusters import Floats, Ints, influence_interval
from nfexplainn.evidence.contrast_words import COMPOSITION, MOTIFS, SAME
from nfexplainn.evidence.groups import MotifRow
from nfexplainn.evidence.occurrence import (
    adjusted_value_z,
    adjusted_z,
    composition,
    two_sided,
)
from nfexplainn.evidence.removal import Replicate
from nfexplainn.interpret.columns import CONTRAST_COLUMNS, CONTRAST_MOTIF_COLUMNS
from nfexplainn.motifs.naming import short_name
from nfexplainn.motifs.qvalues import q_values

LARGEST_P = 0.05
RATE_COLUMNS = (
    *("motif", "a", "b", "side", "with_site_a", "with_site_b", "fisher_p"),
    *("difference_with_site", "difference_without_site", "rank_p", "adjusted_p", "adjusted_q"),
)
_COUNTED = ("with_site_a", "with_site_b", "fisher_p")
_MEASURED = ("difference_with_site", "difference_without_site", "rank_p")
# A linear model of 4-mers, cross-validated, gave p <= .05 in 12.6 % of 500 permutations by the
# nominal variance, for the folds share what they train on; in 4.6 % by twice that.
_VARIANCE_FACTOR = 2.0
_PENALTY = 10.0

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
        Fisher's exact test, two-sided, or of values Mann-Whitney's; 1 where nothing can be tested.
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
    dataset: Dataset, rows: Sequence[MotifRow], replicates: Sequence[Replicate], sites: Mask
) -> SideRates:
    """Count the sequences of either side that have a site of each row, or compare their values.

    Parameters
    ----------
    dataset : Dataset
        Its labels are 1 for the first side, 0 for the second; or the value of the first less that
        of the second.
    rows : sequence of MotifRow
    replicates : sequence of Replicate
    sites : bool array, shape (rows, unseen)
        See :func:`nfexplainn.evidence.folds.sites_of`.
    """
    every = np.unique(np.concatenate([one.unseen.rows for one in replicates]))
    labels = dataset.labels[every, 0].astype(np.float64)
    measured = of_values(dataset)
    compare = _values_apart if measured else _shares_apart
    found = np.tile(_UNTESTED, (len(rows), 1))
    for place, row in enumerate(rows):
        judged = np.zeros(len(every), dtype=np.bool_)
        for number, one in enumerate(replicates):
            if row.strongest(number) is not None:
                judged[np.searchsorted(every, one.unseen.rows)] = True
        found[place] = compare(sites[place][judged], labels[judged])
    features = composition(dataset)[every]
    beyond = adjusted_value_z if measured else adjusted_z
    z = beyond(sites, labels, features, _folds_of(dataset)[every])
    return SideRates(found[:, 0], found[:, 1], found[:, 2], z, found[:, 3] if measured else None)


def of_values(dataset: Dataset) -> bool:
    """Tell whether a contrast is of measured values."""
    return dataset.meta.task_type == "regression"


_UNTESTED = (float("nan"), float("nan"), 1.0, 0.0)


def _shares_apart(sites: Mask, labels: Floats) -> tuple[float, float, float, float]:
    """Give the share of each side with a site, Fisher's exact test, and how far they are apart."""
    from scipy.stats import fisher_exact

    first, second = (sites[labels == side] for side in (1, 0))
    if not len(first) or not len(second):
        return _UNTESTED
    table = [[int(side.sum()), int((~side).sum())] for side in (first, second)]
    shares = float(first.mean()), float(second.mean())
    return (*shares, float(fisher_exact(table)[1]), shares[0] - shares[1])


def _values_apart(sites: Mask, values: Floats) -> tuple[float, float, float, float]:
    """Give the mean value with a site and without, Mann-Whitney's test, and where it points."""
    from scipy.stats import mannwhitneyu

    first, second = values[sites], values[~sites]
    if not len(first) or not len(second):
        return _UNTESTED
    test = mannwhitneyu(first, second)
    points = float(test.statistic) - len(first) * len(second) / 2
    return float(first.mean()), float(second.mean()), float(test.pvalue), points


def _folds_of(dataset: Dataset) -> Ints:
    """Give the fold of each sequence, int64 (n,); 0 without folds."""
    if dataset.fold is None:
        return np.zeros(len(dataset), dtype=np.int64)
    return dataset.fold.astype(np.int64)


def mann_whitney_p(scores: Floats, labels: Floats, folds: Ints) -> float:
    """Test whether scores rank the first side above the second within folds, one-sided.

    The statistics of the folds are added up; their variance is twice the nominal one.

    Parameters
    ----------
    scores, labels : float64 array, shape (n,)
    folds : int64 array, shape (n,)
    """
    excess = variance = 0.0
    for fold in np.unique(folds):
        own, positive = scores[folds == fold], labels[folds == fold] == 1
        n1, n0, n = int(positive.sum()), int((~positive).sum()), len(own)
        if not n1 or not n0:
            continue
        order = np.sort(own)
        left, right = (np.searchsorted(order, own, side) for side in ("left", "right"))
        ranks = (left + right + 1) / 2
        ties = np.unique(own, return_counts=True)[1].astype(np.float64)
        excess += float(ranks[positive].sum()) - n1 * (n1 + 1) / 2 - n1 * n0 / 2
        variance += n1 * n0 / 12 * (n + 1 - float((ties**3 - ties).sum()) / (n * (n - 1)))
    if variance <= 0:
        return 1.0
    return float(ndtr(-excess / np.sqrt(_VARIANCE_FACTOR * variance)))


def composition_scores(dataset: Dataset) -> Floats:
    """Score every sequence by mono- and dinucleotides, fitted without its fold; shape (n,)."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.preprocessing import StandardScaler

    both = dataset.meta.strand_symmetric
    counts = [kmer_counts(dataset.codes, k, both) for k in (1, 2)]
    features, labels = np.concatenate(counts, axis=1), dataset.labels[:, 0]
    out = np.zeros(len(dataset))
    for parts in dataset.of_folds():
        rows, unseen = parts.rows("train", "valid"), parts.rows("test")
        scaler = StandardScaler().fit(features[rows])
        if of_values(dataset):
            linear = Ridge(alpha=_PENALTY)
            linear.fit(scaler.transform(features[rows]), labels[rows])
            out[unseen] = linear.predict(scaler.transform(features[unseen]))
            continue
        model = LogisticRegression(C=1 / _PENALTY, max_iter=1000)
        model.fit(scaler.transform(features[rows]), labels[rows])
        out[unseen] = model.decision_function(scaler.transform(features[unseen]))
    return out


def out_of_fold(dataset: Dataset, logits: Mapping[int, NDArray[np.float32]]) -> Floats:
    """Give each sequence the mean logit of the replicates that have not seen it, shape (n,).

    Parameters
    ----------
    dataset : Dataset
    logits : mapping of int to float32 array, shape (n, 1)
        By the number of the replicate.

    Returns
    -------
    float64 array
        NaN where all its replicates diverged.
    """
    total, count = np.zeros(len(dataset)), np.zeros(len(dataset))
    for number, values in sorted(logits.items()):
        rows = dataset.of_replicate(number).rows("test")
        total[rows] += values[rows, 0]
        count[rows] += 1
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def answer_of(
    dataset: Dataset,
    model: str,
    logits: Mapping[int, NDArray[np.float32]],
    clusters: Ints,
    motifs: pd.DataFrame,
) -> pd.DataFrame:
    """Say whether sequence tells the sides apart, and by what.

    Parameters
    ----------
    dataset : Dataset
        A contrast.
    model : str
    logits : mapping of int to float32 array, shape (n, 1)
        By the number of the replicate.
    clusters : int64 array, shape (n,)
        What belongs together (see :func:`nfexplainn.data.splits.make_groups`).
    motifs : DataFrame
        Columns ``CONTRAST_MOTIF_COLUMNS``.

    Returns
    -------
    DataFrame
        Columns ``CONTRAST_COLUMNS``, one row.
    """
    told = dataset.meta.extra[CONTRAST]
    scores = out_of_fold(dataset, logits)
    known = np.flatnonzero(~np.isnan(scores))
    labels = dataset.labels[known, 0].astype(np.float64)
    folds = _folds_of(dataset)[known]
    joined = np.unique(clusters[known], return_inverse=True)[1]
    measured = of_values(dataset)
    score = "pearson" if measured else "auroc"
    influence_of = correlation_influence if measured else auroc_influence
    value, influence = influence_of(scores[known], labels, folds)
    value = 0.0 if np.isnan(value) else value  # predictions that do not vary
    low, high = influence_interval(value, influence, joined)
    baseline = composition_scores(dataset)[known]
    simple, of_simple = influence_of(baseline, labels, folds)
    above = value - simple
    above_low, _ = influence_interval(above, influence - of_simple, joined)
    if measured:
        p = _one_sided(np.sqrt(_VARIANCE_FACTOR) * influence, joined, value)
    else:
        p = mann_whitney_p(scores[known], labels, folds)
    good = motifs[motifs["supported"] == "true"]
    sides = [good[good["side"] == name] for name in told["sides"]]
    above_p = _one_sided(influence - of_simple, joined, above)
    answer = MOTIFS
    if p > LARGEST_P:
        answer = SAME
    elif above_p > LARGEST_P and not len(good):
        answer = COMPOSITION
    row: dict[str, object] = {
        "contrast": dataset.meta.id,
        "model": model,
        "answer": answer,
        score: value,
        f"{score}_low": low,
        f"{score}_high": min(high, 1.0),
        "p": p,
        f"composition_{score}": simple,
        "above_composition": above,
        "above_composition_low": above_low,
        "above_composition_p": above_p,
        "matching": told["matching"],
    }
    for letter, at in (("a", 0), ("b", 1)):
        row |= {
            letter: told["sides"][at],
            f"n_{letter}": told["kept"][at],
            f"given_{letter}": told["given"][at],
            f"in_both_{letter}": told["in_both"][at] if "in_both" in told else None,
            f"unmatched_{letter}": told["unmatched"][at] if "unmatched" in told else None,
            f"motifs_{letter}": len(sides[at]),
            f"names_{letter}": ",".join(_called(one) for _, one in sides[at].iterrows()),
        }
    return pd.DataFrame([row], columns=list(CONTRAST_COLUMNS))


def _called(row: pd.Series[str]) -> str:
    return short_name(row["name"], row["family"]) or str(row["consensus"])


def _one_sided(influence: Floats, clusters: Ints, value: float) -> float:
    """Test whether an estimate is above 0 by each sequence's influence on it (paired DeLong)."""
    sums = np.bincount(clusters, weights=influence)
    count = len(sums)
    error = float(np.sqrt(count / max(count - 1, 1) * (sums**2).sum()))
    return float(ndtr(-value / error)) if error > 0 else 1.0


def motif_table(evidence: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """Join what is known of the rows of a contrast with how often either side has a site.

    Parameters
    ----------
    evidence : DataFrame
        Columns ``EVIDENCE_COLUMNS``.
    rates : DataFrame
        Columns ``RATE_COLUMNS``.

    Returns
    -------
    DataFrame
        Columns ``CONTRAST_MOTIF_COLUMNS``, in the order of the evidence.
    """
    table = evidence.merge(rates, on="motif", how="left", validate="many_to_one")
    table = table.rename(columns={"dataset": "contrast"})
    return table[list(CONTRAST_MOTIF_COLUMNS)]


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
