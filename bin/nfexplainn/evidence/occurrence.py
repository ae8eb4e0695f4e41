"""Whether the sides of a contrast differ in how many sequences have a site, beyond composition.

Fisher's exact test alone finds a difference wherever the sides differ in composition: words of the
commoner bases are then more frequent on one side, whatever binds there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset
from nfexplainn.evaluation.baselines import kmer_counts
from nfexplainn.evidence.clusters import Floats, Ints
from nfexplainn.evidence.regressions import fitted_weights, standard_of

_RIDGE = 1e-3  # keeps what says the same twice from having no solution
_LEAST = 1e-9  # of the variance that composition leaves to sites
Mask = NDArray[np.bool_]


def composition(dataset: Dataset) -> Floats:
    """Describe the composition of each sequence by dinucleotides, GC content and its square.

    Returns
    -------
    float64 array, shape (n, features)
        Of mean 0 and variance 1.
    """
    content = np.nan_to_num(dna.gc_content(dataset.codes), nan=0.5)
    middle = float(content.mean())
    every = composition_features(dataset.codes, dataset.meta.strand_symmetric, middle)
    return standard_of(every)(every)


def composition_features(codes: dna.Codes, both_strands: bool, middle: float = 0.5) -> Floats:
    """Count dinucleotides, GC content above a middle, and its square, float64 (n, features)."""
    pairs = kmer_counts(codes, 2, both_strands)
    content = np.nan_to_num(dna.gc_content(codes), nan=0.5) - middle
    return np.column_stack([pairs, content, content**2]).astype(np.float64)


def adjusted_z(
    sites: Mask, labels: Floats, features: Floats, folds: Ints, clusters: Ints | None = None
) -> Floats:
    """Tell how much sites tell the sides apart beyond composition: statistics of score tests.

    The model without sites is a logistic regression of the side on composition, with an intercept
    for each fold, as models of other folds have other sites. Where sequences belong together, the
    variance is the larger of that of independent ones and that of sums over clusters.

    Parameters
    ----------
    sites : bool array, shape (rows, n)
        False in folds without the row.
    labels : float64 array, shape (n,)
        1 or 0.
    features : float64 array, shape (n, features)
    folds : int64 array, shape (n,)
    clusters : int64 array, shape (n,), optional
        From 0 without gaps; without, each sequence is one.

    Returns
    -------
    float64 array, shape (rows,)
        Standard normal where they do not; above 0 where the first side, which is 1, has more of
        them than its composition explains. 0 where no sequence, or each, has a site.
    """
    own = (folds[:, None] == np.unique(folds)).astype(np.float64)
    design = np.concatenate([own, features], axis=1)
    penalty = np.full(design.shape[1], _RIDGE)
    p = expit(design @ fitted_weights("bce", design, labels, penalty))
    weight = p * (1 - p)
    weighted = design * weight[:, None]
    curve = weighted.T @ design + _RIDGE * np.eye(design.shape[1])
    together = _belong(clusters, len(labels))
    found = np.zeros(len(sites))
    for row, holds in enumerate(sites):
        rows = np.flatnonzero(holds)
        shared = weighted[rows].sum(axis=0)
        explained = np.linalg.solve(curve, shared)
        left = weight[rows].sum() - shared @ explained
        if left <= _LEAST:
            continue
        if together:
            parts = (labels - p) * (holds - design @ explained)
            left = max(left, _clustered(parts, clusters))
        found[row] = (labels - p)[rows].sum() / np.sqrt(left)
    return found


def adjusted_value_z(
    sites: Mask, values: Floats, features: Floats, folds: Ints, clusters: Ints | None = None
) -> Floats:
    """Tell how much higher values are with sites, beyond composition: statistics of score tests.

    As :func:`adjusted_z`, the model without sites being a linear regression of the values. The
    variance is the larger of that of equal errors and White's, which allows for others where there
    are sites but is too small where these are few; White's is of sums over clusters.

    Parameters
    ----------
    sites : bool array, shape (rows, n)
        False in folds without the row.
    values : float64 array, shape (n,)
    features : float64 array, shape (n, features)
    folds : int64 array, shape (n,)
    clusters : int64 array, shape (n,), optional
        From 0 without gaps; without, each sequence is one.

    Returns
    -------
    float64 array, shape (rows,)
        Standard normal where they are not; above 0 where values are higher with a site. 0 where no
        sequence, or each, has a site.
    """
    own = (folds[:, None] == np.unique(folds)).astype(np.float64)
    design = np.concatenate([own, features], axis=1)
    curve = design.T @ design + _RIDGE * np.eye(design.shape[1])
    scale = float(values.std()) or 1.0
    left = values / scale
    left = left - design @ np.linalg.solve(curve, design.T @ left)
    degrees = max(len(values) - design.shape[1], 1)
    equal = float(left @ left) / degrees
    found = np.zeros(len(sites))
    for row, holds in enumerate(sites):
        rest = holds - design @ np.linalg.solve(curve, design[holds].sum(axis=0))
        variance = max(equal * float(rest @ rest), _clustered(rest * left, clusters))
        if variance > _LEAST:
            found[row] = float(rest @ left) / np.sqrt(variance)
    return found


def _belong(clusters: Ints | None, count: int) -> bool:
    """Tell whether any sequences belong together."""
    return clusters is not None and len(np.unique(clusters)) < count


def _clustered(parts: Floats, clusters: Ints | None) -> float:
    """Give the variance of a sum over sequences by its sums over clusters."""
    sums = parts if clusters is None else np.bincount(clusters, weights=parts)
    return float(sums @ sums)


def two_sided(z: Floats) -> Floats:
    """Give the two-sided p of standard normal statistics."""
    return np.asarray(2 * ndtr(-np.abs(z)))
