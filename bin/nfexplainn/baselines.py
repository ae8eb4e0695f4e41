"""What simple models can do, so that a network's result can be judged.

``gc``: GC content alone, logistic or linear. ``kmer4``: counts of 4-mers, logistic or ridge. Both
are fitted to the training part and measured on the same splits as the networks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from nfexplainn import dna
from nfexplainn.dataset import Dataset

BASELINES = ("gc", "kmer4")
K = 4
MAX_ROWS = 50_000
_CHUNK = 10_000

Floats = NDArray[np.float64]


def kmer_counts(codes: dna.Codes, k: int, both_strands: bool) -> Floats:
    """Count k-mers per sequence.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
    k : int
        K-mers that hold an N are not counted.
    both_strands : bool
        Count a k-mer and its reverse complement as one.

    Returns
    -------
    float64 array, shape (n, words)
        4^k words in alphabetical order or, for both strands, those not after their reverse
        complement.
    """
    words = 4**k
    counts = np.zeros((len(codes), words))
    for start in range(0, len(codes), _CHUNK):
        chunk = codes[start : start + _CHUNK]
        positions = max(0, chunk.shape[1] - k + 1)
        number = np.zeros((len(chunk), positions), dtype=np.int64)
        known = np.ones(number.shape, dtype=bool)
        for offset in range(k):
            letters = chunk[:, offset : offset + positions]
            number = number * 4 + letters
            known &= letters < dna.N_CODE
        row = np.arange(len(chunk))[:, None] * words
        found = np.bincount((row + number)[known], minlength=len(chunk) * words)
        counts[start : start + _CHUNK] = found.reshape(-1, words)
    if not both_strands:
        return counts
    every = np.array(np.meshgrid(*[range(4)] * k, indexing="ij")).reshape(k, -1).T
    other = (3 - every[:, ::-1]) @ (4 ** np.arange(k - 1, -1, -1))
    first = np.arange(words) <= other
    return (counts + np.where(np.arange(words) == other, 0, counts[:, other]))[:, first]


def baseline_logits(dataset: Dataset, name: str, seed: int = 42) -> NDArray[np.float32]:
    """Fit a baseline to the training part and predict everything.

    Parameters
    ----------
    dataset : Dataset
    name : {'gc', 'kmer4'}
    seed : int
        Of the sample of 50,000 training sequences that is used where there are more.

    Returns
    -------
    float32 array, shape (n, tasks)
        Logits, or values for regression. A task whose known training labels are all one value
        gets zeros (for regression: the mean), which rank nothing.
    """
    features = _features(dataset, name)
    rows = dataset.rows("train")
    if len(rows) > MAX_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MAX_ROWS, replace=False))
    scaler = StandardScaler().fit(features[rows])
    features = scaler.transform(features)
    labels = dataset.labels
    if dataset.meta.task_type == "multiclass":
        return _multiclass(features, labels, rows).astype(np.float32)
    fit = _regression if dataset.meta.task_type == "regression" else _binary
    columns = []
    for column in range(labels.shape[1]):
        y = labels[rows, column]
        known = rows[~np.isnan(y)]
        columns.append(fit(features, known, labels[known, column]))
    return np.stack(columns, axis=1).astype(np.float32)


def _features(dataset: Dataset, name: str) -> Floats:
    if name == "gc":
        share = dna.gc_content(dataset.codes)
        # A sequence of nothing but N tells nothing: the mean of the others.
        known = ~np.isnan(share)
        return np.where(known, share, share[known].mean() if known.any() else 0.0)[:, None]
    if name == "kmer4":
        return kmer_counts(dataset.codes, K, dataset.meta.strand_symmetric)
    raise ValueError(f"no baseline is called {name}")


def _binary(features: Floats, rows: NDArray[np.intp], y: Floats) -> Floats:
    if len(np.unique(y)) < 2:
        return np.zeros(len(features))
    model = LogisticRegression(max_iter=1000).fit(features[rows], y)
    return model.decision_function(features)


def _regression(features: Floats, rows: NDArray[np.intp], y: Floats) -> Floats:
    if len(y) < 2 or np.ptp(y) == 0:
        return np.full(len(features), y.mean() if len(y) else 0.0)
    return Ridge().fit(features[rows], y).predict(features)


def _multiclass(features: Floats, labels: NDArray[np.float32], rows: NDArray[np.intp]) -> Floats:
    """Logits per class; a class that training lacks gets one below all others."""
    rows = rows[~np.isnan(labels[rows]).any(axis=1)]
    out = np.zeros((len(features), labels.shape[1]))
    y = labels[rows].argmax(axis=1)
    classes = np.unique(y)
    if len(classes) < 2:
        return out
    model = LogisticRegression(max_iter=1000).fit(features[rows], y)
    logits = model.decision_function(features)
    if logits.ndim == 1:
        logits = np.stack([-logits / 2, logits / 2], axis=1)
    out[:] = logits.min(axis=1, keepdims=True) - 1
    out[:, classes] = logits
    return out
