"""What a contrast's model tells: whether sequence tells the sides apart, by what, and which motifs.

Scores are those of models that have not seen a sequence, and are ranked within folds alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from nfexplainn.data.classes import CONTRAST, SUBTRACTED
from nfexplainn.data.dataset import Dataset
from nfexplainn.evaluation.baselines import kmer_counts
from nfexplainn.evaluation.gc_content import gc_part
from nfexplainn.evidence.alone import auroc_influence, correlation_influence
from nfexplainn.evidence.clusters import Floats, Ints, influence_interval
from nfexplainn.evidence.contrast_words import COMPOSITION, MOTIFS, SAME
from nfexplainn.evidence.side_rates import LARGEST_P, of_values
from nfexplainn.interpret.columns import CONTRAST_COLUMNS, CONTRAST_MOTIF_COLUMNS
from nfexplainn.motifs.naming import short_name

# A linear model of 4-mers, cross-validated, gave p <= .05 in 12.6 % of 500 permutations by the
# nominal variance, for the folds share what they train on; in 4.6 % by twice that.
_VARIANCE_FACTOR = 2.0
_PENALTY = 10.0


def mann_whitney_p(scores: Floats, labels: Floats, folds: Ints, inflation: float = 1.0) -> float:
    """Test whether scores rank the first side above the second within folds, one-sided.

    The statistics of the folds are added up; their variance is twice the nominal one.

    Parameters
    ----------
    scores, labels : float64 array, shape (n,)
    folds : int64 array, shape (n,)
    inflation : float, optional
        How many times larger the variance is, as sequences belong together (:func:`inflation_of`).
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
    return float(ndtr(-excess / np.sqrt(_VARIANCE_FACTOR * inflation * variance)))


def inflation_of(influence: Floats, clusters: Ints) -> float:
    """Give how much larger the variance of an estimate is as sequences belong together.

    Parameters
    ----------
    influence : float64 array, shape (n,)
        Of each sequence on the estimate.
    clusters : int64 array, shape (n,)
        From 0 without gaps.

    Returns
    -------
    float
        1 where none does; never less.
    """
    alone = float((influence**2).sum())
    together = float((np.bincount(clusters, weights=influence) ** 2).sum())
    return max(together / alone, 1.0) if alone > 0 else 1.0


def composition_scores(dataset: Dataset) -> Floats:
    """Score every sequence by mono- and dinucleotides, fitted without its fold; shape (n,)."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.preprocessing import StandardScaler

    both = dataset.meta.strand_symmetric
    counts = [kmer_counts(dataset.codes, k, both) for k in (1, 2)]
    features, labels = np.concatenate(counts, axis=1), dataset.labels[:, 0] + subtracted(dataset)
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


def subtracted(dataset: Dataset) -> Floats:
    """Give what GC content says of the values of a contrast, which its labels lack; shape (n,)."""
    fits = dataset.meta.extra[CONTRAST].get(SUBTRACTED)
    return gc_part(dataset, fits) if fits else np.zeros(len(dataset))


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
    # The model has learnt what GC content leaves: both predict the difference as it was measured.
    by_gc = subtracted(dataset)[known]
    labels = dataset.labels[known, 0] + by_gc
    folds = dataset.numbered_folds()[known]
    joined = np.unique(clusters[known], return_inverse=True)[1]
    measured = of_values(dataset)
    score = "pearson" if measured else "auroc"
    influence_of = correlation_influence if measured else auroc_influence
    value, influence = influence_of(scores[known] + by_gc, labels, folds)
    baseline = composition_scores(dataset)[known]
    simple, of_simple = influence_of(baseline, labels, folds)
    # Predictions that do not vary, as those of sequences of one composition, have no correlation.
    value, simple = (0.0 if np.isnan(one) else one for one in (value, simple))
    low, high = influence_interval(value, influence, joined)
    above = value - simple
    above_low, _ = influence_interval(above, influence - of_simple, joined)
    # Correlations of folds that share what they train on vary more than their influence says.
    more = np.sqrt(_VARIANCE_FACTOR) if measured else 1.0
    if measured:
        p = _one_sided(more * influence, joined, value)
    else:
        p = mann_whitney_p(scores[known], labels, folds, inflation_of(influence, joined))
    good = motifs[motifs["supported"] == "true"]
    sides = [good[good["side"] == name] for name in told["sides"]]
    above_p = _one_sided(more * (influence - of_simple), joined, above)
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
        "score_column": told.get("score_column") or None,
    }
    for letter, at in (("a", 0), ("b", 1)):
        row |= {
            letter: told["sides"][at],
            f"n_{letter}": told["kept"][at],
            f"given_{letter}": told["given"][at],
            f"in_both_{letter}": told["in_both"][at] if "in_both" in told else None,
            f"unmatched_{letter}": told["unmatched"][at] if "unmatched" in told else None,
            f"score_{letter}": told["scores"][at] if "scores" in told else None,
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
