"""How like the training data a sequence is: its likelihood under a Markov model of them.

A model answers whatever it is asked. A sequence of another composition or of repeats is far from
what it has learnt from, and its prediction extrapolates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset

ORDER = 5
_WORDS = 4 ** (ORDER + 1)
_CHUNK = 4096
_PLACE = (4 ** np.arange(ORDER, -1, -1)).astype(np.int64)
LOW, HIGH = 1.0, 99.0
"""Percentiles beyond which a sequence is said to be unlike the training data."""


@dataclass(frozen=True)
class Likeness:
    """A Markov model of training sequences, and what held-out ones have under it.

    Attributes
    ----------
    table : float64 array, shape (folds, 4096)
        Natural logarithm of the probability of each word's last base after its first five, mean
        over both strands where these are one observation; without folds one row.
    reference : float64 array, shape (m,)
        Mean log-likelihood per base of every held-out sequence under the model of its training
        part, ascending.
    """

    table: NDArray[np.float64]
    reference: NDArray[np.float64]

    def percentiles(self, codes: dna.Codes) -> NDArray[np.float64]:
        """Give the percentile of sequences among the held-out ones.

        Parameters
        ----------
        codes : uint8 array, shape (n, length)

        Returns
        -------
        float64 array, shape (n,)
            0 to 100; NaN for a sequence without six known bases in a row, or where nothing was
            held out.
        """
        values = np.mean([log_likelihood(codes, table) for table in self.table], axis=0)
        if not len(self.reference):
            return np.full(len(codes), np.nan)
        below = np.searchsorted(self.reference, values, side="left")
        up_to = np.searchsorted(self.reference, values, side="right")
        found = 100 * (below + up_to) / (2 * len(self.reference))
        return np.asarray(np.where(np.isnan(values), np.nan, found))


def fit_likeness(dataset: Dataset) -> Likeness:
    """Fit the Markov model of order five to the training part, and score what was held out.

    With folds there is a model per fold, each sequence is scored by the one that has not seen it,
    and others by the mean over all.

    Parameters
    ----------
    dataset : Dataset
    """
    tables, held = [], []
    for parts in dataset.of_folds():
        both = dataset.meta.strand_symmetric
        tables.append(_fit(dataset.codes, parts.rows("train"), both))
        out = parts.rows("test") if dataset.fold is not None else parts.rows("valid", "test")
        held.append(log_likelihood(dataset.codes[out], tables[-1]))
    reference = np.concatenate(held)
    return Likeness(np.stack(tables), np.sort(reference[~np.isnan(reference)]))


def _fit(codes: dna.Codes, rows: NDArray[np.intp], both: bool) -> NDArray[np.float64]:
    counts = np.zeros(_WORDS, dtype=np.int64)
    for first in range(0, len(rows), _CHUNK):
        words, known = _words(codes[rows[first : first + _CHUNK]])
        counts += np.bincount(words[known], minlength=_WORDS)
    turned = _reverse_words()
    if both:
        counts = counts + counts[turned]
    grouped = counts.reshape(-1, 4) + 1.0
    table = np.log(grouped / grouped.sum(axis=1, keepdims=True)).reshape(-1)
    return (table + table[turned]) / 2 if both else table


def _reverse_words() -> NDArray[np.int64]:
    """Give the number of each word's reverse complement."""
    letters = np.arange(_WORDS)[:, None] // _PLACE % 4
    return np.asarray((3 - letters[:, ::-1]) @ _PLACE)


def _words(codes: dna.Codes) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Number the words of six bases, and tell which hold known bases only."""
    count = max(codes.shape[1] - ORDER, 0)
    words = np.zeros((len(codes), count), dtype=np.int32)
    known = np.ones((len(codes), count), dtype=np.bool_)
    for offset in range(ORDER + 1):
        part = codes[:, offset : offset + count]
        words = words * 4 + np.minimum(part, 3)
        known &= part < dna.N_CODE
    return words, known


def log_likelihood(codes: dna.Codes, table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the mean log-likelihood per base, shape (n,), of sequences, uint8 (n, length).

    Words with an unknown base, and the first five bases, take no part; NaN where nothing is left.
    """
    found = np.full(len(codes), np.nan)
    for first in range(0, len(codes), _CHUNK):
        words, known = _words(codes[first : first + _CHUNK])
        counts = known.sum(axis=1)
        sums = np.where(known, table[words], 0.0).sum(axis=1)
        whole = counts > 0
        found[first : first + _CHUNK][whole] = sums[whole] / counts[whole]
    return found
