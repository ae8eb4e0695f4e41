"""What simple models can do, so that a network's result can be judged.

``gc``: GC content alone, logistic or linear. ``kmer4``: counts of 4-mers, logistic or ridge. Both
are fitted to the training part, their penalty is chosen on the validation part (which the networks
use for early stopping), and they are measured on the same splits as the networks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
# scaled features, shape (n, features), to logits or values, shape (n, tasks)
Predictor = Callable[[Floats], Floats]


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
    scaler = StandardScaler().fit(features[rows].astype(np.float64))

    def scaled(part: Rows | slice) -> Floats:
        return np.asarray(scaler.transform(features[part].astype(np.float64)))

    valid = dataset.rows("valid")
    train = _Part(scaled(rows), dataset.labels[rows].astype(np.float64))
    judged = _Part(scaled(valid), dataset.labels[valid].astype(np.float64))
    if dataset.meta.task_type == "multiclass":
        predictors = [_multiclass(train, judged)]
    else:
        fit = _regression if dataset.meta.task_type == "regression" else _binary
        predictors = [
            fit(train.task(task), judged.task(task)) for task in range(dataset.labels.shape[1])
        ]
    # a part at a time: the features of a million sequences in full take gigabytes
    out = np.empty(dataset.labels.shape, dtype=np.float32)
    for start in range(0, len(features), _CHUNK):
        part = slice(start, start + _CHUNK)
        block = scaled(part)
        out[part] = np.concatenate([predict(block) for predict in predictors], axis=1)
    return out


@dataclass(frozen=True)
class _Part:
    """Scaled features of a part, and its labels (a column per task; nan where unknown)."""

    features: Floats
    labels: Floats

    def task(self, task: int) -> _Part:
        """The rows whose label of a task is known, with this label alone."""
        known = ~np.isnan(self.labels[:, task])
        return _Part(self.features[known], self.labels[known, task])


def _features(dataset: Dataset, name: str) -> NDArray[np.generic]:
    """GC contents, float64; or counts of 4-mers, as few bytes as their numbers need."""
    if name == "gc":
        share = dna.gc_content(dataset.codes)
        # A sequence of nothing but N tells nothing: the mean of the others.
        known = ~np.isnan(share)
        return np.where(known, share, share[known].mean() if known.any() else 0.0)[:, None]
    if name == "kmer4":
        symmetric, n = dataset.meta.strand_symmetric, len(dataset.codes)
        small = np.min_scalar_type(dataset.codes.shape[1])
        parts = (
            kmer_counts(dataset.codes[start : start + _CHUNK], K, symmetric).astype(small)
            for start in range(0, max(n, 1), _CHUNK)
        )
        return np.concatenate(list(parts))
    raise ValueError(f"there is no baseline called {name}")


def _constant(value: float) -> Predictor:
    return lambda features: np.full((len(features), 1), value)


def _binary(train: _Part, valid: _Part) -> Predictor:
    if len(np.unique(train.labels)) < 2:
        return _constant(0.0)
    from sklearn.linear_model import LogisticRegression

    def fit(penalty: float) -> tuple[Predictor, float]:
        model = LogisticRegression(C=1 / penalty, max_iter=1000).fit(train.features, train.labels)

        def predict(features: Floats) -> Floats:
            return np.asarray(model.decision_function(features))[:, None]

        z = predict(valid.features)[:, 0] if len(valid.labels) else np.zeros(0)
        return predict, float(np.sum(np.logaddexp(0, z) - valid.labels * z))

    return _best(fit, len(valid.labels))


def _regression(train: _Part, valid: _Part) -> Predictor:
    y = train.labels
    if len(y) < 2 or np.ptp(y) == 0:
        return _constant(float(y.mean()) if len(y) else 0.0)
    from sklearn.linear_model import Ridge

    def fit(penalty: float) -> tuple[Predictor, float]:
        model = Ridge(alpha=penalty).fit(train.features, y)

        def predict(features: Floats) -> Floats:
            return np.asarray(model.predict(features))[:, None]

        values = predict(valid.features)[:, 0] if len(valid.labels) else np.zeros(0)
        return predict, float(np.sum((values - valid.labels) ** 2))

    return _best(fit, len(valid.labels))


def _multiclass(train: _Part, valid: _Part) -> Predictor:
    """Logits per class; a class that training lacks gets one below all others."""
    tasks = train.labels.shape[1]

    def of_known_class(part: _Part) -> tuple[Floats, Rows]:
        known = np.isfinite(part.labels.sum(axis=1))
        return part.features[known], part.labels[known].argmax(axis=1)

    features, y = of_known_class(train)
    classes = np.unique(y)
    if len(classes) < 2:
        return lambda features: np.zeros((len(features), tasks))
    judged, judged_y = of_known_class(valid)
    learnt = np.isin(judged_y, classes)
    judged, judged_y = judged[learnt], judged_y[learnt]
    from sklearn.linear_model import LogisticRegression

    def fit(penalty: float) -> tuple[Predictor, float]:
        model = LogisticRegression(C=1 / penalty, max_iter=1000).fit(features, y)

        def predict(some: Floats) -> Floats:
            logits = np.asarray(model.predict_log_proba(some))
            out = np.empty((len(some), tasks))
            out[:] = logits.min(axis=1, keepdims=True) - 1
            out[:, classes] = logits
            return out

        logits = predict(judged) if len(judged) else np.zeros((0, tasks))
        return predict, -float(logits[np.arange(len(judged)), judged_y].sum())

    return _best(fit, len(judged))


def _best(fit: Callable[[float], tuple[Predictor, float]], judged: int) -> Predictor:
    """The penalty of the smallest validation loss; the second where nothing can judge."""
    if not judged:
        return fit(PENALTIES[1])[0]
    return min((fit(penalty) for penalty in PENALTIES), key=lambda found: found[1])[0]
