"""What simple models can do, so that a network's result can be judged.

``gc``: GC content alone, logistic or linear. ``kmer4``: counts of 4-mers, logistic or ridge. Both
are fitted to the training part, their penalty is chosen on the validation part (which the networks
use for early stopping), and they are measured on the same splits as the networks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset
from nfexplainn.seeds import SEED

BASELINES = ("gc", "kmer4")
K = 4
MAX_ROWS = 20_000
PENALTIES = (1.0, 10.0, 100.0, 1000.0)
_CHUNK = 10_000

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


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


def baseline_logits(dataset: Dataset, name: str, seed: int = SEED) -> NDArray[np.float32]:
    """Fit a baseline to the training part and predict everything.

    Parameters
    ----------
    dataset : Dataset
    name : {'gc', 'kmer4'}
    seed : int
        Of the sample of 20,000 training sequences that is used where there are more.

    Returns
    -------
    float32 array, shape (n, tasks)
        Logits, or values for regression. A task whose known training labels are all one value
        gets zeros (for regression: the mean), which rank nothing.
    """
    from sklearn.preprocessing import StandardScaler

    features = _features(dataset, name)
    rows = dataset.rows("train")
    if len(rows) > MAX_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MAX_ROWS, replace=False))
    scaler = StandardScaler().fit(features[rows])
    features = scaler.transform(features)
    valid = dataset.rows("valid")
    labels = dataset.labels
    if dataset.meta.task_type == "multiclass":
        return _multiclass(features, labels, rows, valid).astype(np.float32)
    fit = _regression if dataset.meta.task_type == "regression" else _binary
    columns = []
    for column in range(labels.shape[1]):
        y = labels[:, column].astype(np.float64)
        known = ~np.isnan(y)
        columns.append(fit(features, y, rows[known[rows]], valid[known[valid]]))
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


def _binary(features: Floats, y: Floats, rows: Rows, valid: Rows) -> Floats:
    if len(np.unique(y[rows])) < 2:
        return np.zeros(len(features))
    from sklearn.linear_model import LogisticRegression

    def fit(penalty: float) -> tuple[Floats, float]:
        model = LogisticRegression(C=1 / penalty, max_iter=1000).fit(features[rows], y[rows])
        logits = model.decision_function(features)
        z = logits[valid]
        return logits, float(np.sum(np.logaddexp(0, z) - y[valid] * z))

    return _best(fit, valid)


def _regression(features: Floats, y: Floats, rows: Rows, valid: Rows) -> Floats:
    if len(rows) < 2 or np.ptp(y[rows]) == 0:
        return np.full(len(features), y[rows].mean() if len(rows) else 0.0)
    from sklearn.linear_model import Ridge

    def fit(penalty: float) -> tuple[Floats, float]:
        values = Ridge(alpha=penalty).fit(features[rows], y[rows]).predict(features)
        return values, float(np.sum((values[valid] - y[valid]) ** 2))

    return _best(fit, valid)


def _multiclass(features: Floats, labels: NDArray[np.float32], rows: Rows, valid: Rows) -> Floats:
    """Logits per class; a class that training lacks gets one below all others."""
    known = np.isfinite(labels.sum(axis=1))
    y = np.where(known[:, None], labels, 0).argmax(axis=1)
    rows, valid = rows[known[rows]], valid[known[valid]]
    classes = np.unique(y[rows])
    out = np.zeros((len(features), labels.shape[1]))
    if len(classes) < 2:
        return out
    valid = valid[np.isin(y[valid], classes)]
    from sklearn.linear_model import LogisticRegression

    def fit(penalty: float) -> tuple[Floats, float]:
        model = LogisticRegression(C=1 / penalty, max_iter=1000).fit(features[rows], y[rows])
        logits = model.predict_log_proba(features)
        return logits, -float(logits[valid, np.searchsorted(classes, y[valid])].sum())

    logits = _best(fit, valid)
    out[:] = logits.min(axis=1, keepdims=True) - 1
    out[:, classes] = logits
    return out


def _best(fit: Callable[[float], tuple[Floats, float]], valid: Rows) -> Floats:
    """Predictions with the penalty of the smallest validation loss; the second where none is."""
    if not len(valid):
        return fit(PENALTIES[1])[0]
    return min((fit(penalty) for penalty in PENALTIES), key=lambda found: found[1])[0]
