"""What the GC content of sequences alone says of their values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset

Floats = NDArray[np.float64]

_RIDGE = 1e-6  # where all sequences have one GC content


def gc_fits(dataset: Dataset, values: Floats) -> list[list[float]]:
    """Fit values by GC content and its square, for each fold without its sequences.

    Parameters
    ----------
    dataset : Dataset
    values : float64 array, shape (n,)

    Returns
    -------
    list of list of float
        Of each fold, or of the one split: the intercept and two weights.
    """
    features = _features(dataset)
    found = []
    for parts in dataset.of_folds():
        rows = parts.rows("train", "valid")
        own = features[rows]
        curve = own.T @ own + _RIDGE * np.eye(own.shape[1])
        found.append(np.linalg.solve(curve, own.T @ values[rows]).tolist())
    return found


def gc_part(dataset: Dataset, fits: Sequence[Sequence[float]]) -> Floats:
    """Predict each sequence from its GC content, by the fit without its fold; shape (n,).

    Parameters
    ----------
    dataset : Dataset
    fits : sequence of sequence of float
        As :func:`gc_fits` gives them for this data set.
    """
    own = np.array(fits)[dataset.numbered_folds()]
    return np.asarray((_features(dataset) * own).sum(axis=1))


def _features(dataset: Dataset) -> Floats:
    """Give 1, the GC content less a half, and its square; shape (n, 3)."""
    content = np.nan_to_num(dna.gc_content(dataset.codes), nan=0.5) - 0.5
    return np.stack([np.ones(len(content)), content, content**2], axis=1)
