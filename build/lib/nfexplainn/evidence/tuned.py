"""A PWM fitted to tell two classes apart: what a single motif can tell at best.

A sequence's score is the log-sum-exp of the log-odds of all its windows, so that every site counts
and the score has a slope; the slopes are written out here, as no step of this needs torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import N_CODE, Codes
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.scan import BACKGROUND, log_odds
from nfexplainn.native.adam import BETAS, EPSILON

PENALTIES = (0.03, 0.01, 0.005)
"""Tried in this order: the first is best for 100 positives, the last for 1,000."""
STEPS = 150
NOMINAL_SITES = 100_000.0
"""Of a tuned motif, which is not counted: so many that a pseudo-count changes nothing."""
_RATE, _LINE_RATE = 0.03, 0.05
_SLOPE = 0.5
# Windows are scored by words of so many letters, N among them: their table stays in a small cache.
_WORD = 5
_LETTERS = N_CODE + 1

Floats = NDArray[np.float64]
Scores = NDArray[np.floating]


@dataclass(frozen=True)
class Labelled:
    """Sequences of two classes.

    Attributes
    ----------
    codes : uint8 array, shape (n, length)
    labels : float array, shape (n,)
        1 or 0.
    """

    codes: Codes
    labels: NDArray[np.floating]


@dataclass(frozen=True)
class Tuned:
    """A fitted PWM.

    Attributes
    ----------
    odds : float64 array, shape (width, 4)
        Its log-odds.
    penalty : float
        The one chosen.
    slope, bias : float
        The logit is slope x score + bias.
    """

    odds: Floats
    penalty: float
    slope: float
    bias: float

    def motif(self, like: Motif) -> Motif:
        """Give the motif that ranks sequences by best hit as the log-odds do.

        The softmax of a column against the background shifts all its log-odds by one constant.
        """
        ppm = BACKGROUND * np.exp(self.odds - self.odds.max(axis=1, keepdims=True))
        return replace(like, ppm=ppm / ppm.sum(axis=1, keepdims=True), nsites=NOMINAL_SITES)


class SoftScan:
    """Scores of sequences by log-sum-exp over places and strands, with their slopes.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
        An N counts 0.
    width : int
        Of the PWMs to come; at most the length.
    both_strands : bool
    dtype : dtype
        Of scores; slopes are summed up in float64.
    """

    def __init__(
        self, codes: Codes, width: int, *, both_strands: bool = True, dtype: type = np.float32
    ) -> None:
        self._width, self._both, self._dtype = width, both_strands, dtype
        self._blocks = -(-width // _WORD)
        places = codes.shape[1] - width + 1
        beyond = self._blocks * _WORD - width
        padded = np.pad(codes, ((0, 0), (0, beyond)), constant_values=N_CODE).astype(np.intp)
        count = padded.shape[1] - _WORD + 1
        words = np.zeros((len(codes), count), dtype=np.intp)
        for place in range(_WORD):
            words = words * _LETTERS + padded[:, place : place + count]
        starts = range(0, self._blocks * _WORD, _WORD)
        # Of each window, the word in which each block of five columns falls.
        self._words = [np.ascontiguousarray(words[:, at : at + places]) for at in starts]

    def scores(self, odds: Floats) -> Scores:
        """Score each sequence by a PWM's log-odds, shape (width, 4)."""
        return self._scored(odds)[0]

    def scores_and_windows(self, odds: Floats) -> tuple[Scores, list[Scores]]:
        """Give scores (n,), and per strand the share (n, places) of each window in its score."""
        return self._scored(odds)

    def slope(self, windows: Sequence[Scores], weight: Scores) -> Floats:
        """Give the slope of sum(weight x score) over the log-odds, float64 (width, 4)."""
        total = np.zeros((self._width, 4))
        for strand, share in enumerate(windows):
            weighted = (share * weight[:, None].astype(self._dtype)).ravel()
            own = self._columns(weighted)
            total += own[::-1, ::-1] if strand else own
        return total

    def _scored(self, odds: Floats) -> tuple[Scores, list[Scores]]:
        strands = [odds, odds[::-1, ::-1]] if self._both else [odds]
        found = [self._windows(one) for one in strands]
        top = np.max([one.max(axis=1) for one in found], axis=0)
        for one in found:
            np.exp(one - top[:, None], out=one)
        total = np.sum([one.sum(axis=1) for one in found], axis=0)
        for one in found:
            one /= total[:, None]
        return top + np.log(total), found

    def _windows(self, odds: Floats) -> Scores:
        """Score every window of one strand, shape (n, places)."""
        wide = np.zeros((self._blocks * _WORD, _LETTERS))
        wide[: self._width, :4] = odds
        total: Scores | None = None
        for at, words in enumerate(self._words):
            table = np.zeros(1)
            for column in wide[at * _WORD : (at + 1) * _WORD]:
                table = (table[:, None] + column).ravel()
            found: Scores = np.take(table.astype(self._dtype), words)
            total = found if total is None else np.add(total, found, out=total)
        assert total is not None
        return total

    def _columns(self, weights: Scores) -> Floats:
        """Sum the weights of windows by column and letter, float64 (width, 4)."""
        found: list[Floats] = []
        for words in self._words:
            sums = np.bincount(words.ravel(), weights, _LETTERS**_WORD)
            cube = sums.reshape((_LETTERS,) * _WORD)
            for column in range(_WORD):
                others = tuple(axis for axis in range(_WORD) if axis != column)
                found.append(cube.sum(axis=others)[:4])
        return np.array(found[: self._width])


def loss_and_slopes(
    odds: Floats,
    line: Floats,
    scan: SoftScan,
    labels: NDArray[np.floating],
    start: Floats,
    penalty: float,
) -> tuple[float, Floats, Floats]:
    """Give what is minimised, and its slopes.

    The loss is the mean binary cross-entropy of ``line[0] x score + line[1]``, and ``penalty``
    times the squared distance of the log-odds from where they began.

    Parameters
    ----------
    odds, start : float64 array, shape (width, 4)
    line : float64 array, shape (2,)
    scan : SoftScan
    labels : float array, shape (n,)
        1 or 0.
    penalty : float

    Returns
    -------
    float, float64 array (width, 4), float64 array (2,)
    """
    scores, windows = scan.scores_and_windows(odds)
    logits = line[0] * scores + line[1]
    excess = (1 / (1 + np.exp(-logits)) - labels) / len(labels)
    away = odds - start
    loss = _cross_entropy(logits, labels) + penalty * float((away**2).sum())
    slope = scan.slope(windows, line[0] * excess) + 2 * penalty * away
    return loss, slope, np.array([(excess * scores).sum(), excess.sum()])


def tune(
    motif: Motif,
    train: Labelled,
    valid: Labelled | None = None,
    *,
    both_strands: bool = True,
    penalties: Sequence[float] = PENALTIES,
    steps: int = STEPS,
) -> Tuned:
    """Fit a motif's log-odds to tell positives from negatives.

    Parameters
    ----------
    motif : Motif
        Not wider than the sequences.
    train : Labelled
        With sequences of both classes.
    valid : Labelled, optional
        By whose cross-entropy the penalty is chosen, of equals the first; without sequences of both
        classes the first penalty is taken.
    both_strands : bool
    penalties : sequence of float
    steps : int
        Of Adam, over all training sequences each.
    """
    start = log_odds(motif)
    scan = SoftScan(train.codes, len(start), both_strands=both_strands)
    judged = valid if valid is not None and 0 < valid.labels.sum() < len(valid.labels) else None
    if judged is None:
        return _fit(scan, train.labels, start, penalties[0], steps)
    found = [_fit(scan, train.labels, start, penalty, steps) for penalty in penalties]
    check = SoftScan(judged.codes, len(start), both_strands=both_strands)
    losses = [
        _cross_entropy(one.slope * check.scores(one.odds) + one.bias, judged.labels)
        for one in found
    ]
    return found[int(np.argmin(losses))]


def _fit(
    scan: SoftScan, labels: NDArray[np.floating], start: Floats, penalty: float, steps: int
) -> Tuned:
    size = start.size
    bias = -_SLOPE * float(scan.scores(start).mean())
    values = np.concatenate([start.ravel(), [_SLOPE, bias]])
    rates = np.concatenate([np.full(size, _RATE), np.full(2, _LINE_RATE)])
    means, squares = np.zeros((2, len(values)))
    for step in range(1, steps + 1):
        odds, line = values[:size].reshape(start.shape), values[size:]
        _, of_odds, of_line = loss_and_slopes(odds, line, scan, labels, start, penalty)
        slope = np.concatenate([of_odds.ravel(), of_line])
        means = BETAS[0] * means + (1 - BETAS[0]) * slope
        squares = BETAS[1] * squares + (1 - BETAS[1]) * slope**2
        mean, square = means / (1 - BETAS[0] ** step), squares / (1 - BETAS[1] ** step)
        values = values - rates * mean / (np.sqrt(square) + EPSILON)
    slope_, bias_ = values[size:].tolist()
    return Tuned(values[:size].reshape(start.shape), penalty, slope_, bias_)


def _cross_entropy(logits: Scores, labels: NDArray[np.floating]) -> float:
    return float((np.logaddexp(0, logits) - labels * logits).mean())
