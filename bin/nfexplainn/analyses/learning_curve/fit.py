"""What twice the data would add: the error against the number of sequences, both as logarithms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from nfexplainn.analyses.learning_curve.measure import Point
from nfexplainn.io.text import write_text
from nfexplainn.io.tsv import write_tsv

Floats = NDArray[np.float64]
LEVEL = 0.95
FEWEST_SHARES = 3
LEAST_ERROR = 1e-4
"""Of a model without any error on its test part, which has no logarithm."""


@dataclass(frozen=True)
class Doubling:
    """What is expected of twice the data.

    Attributes
    ----------
    now : float
        Mean score with all data.
    score, low, high : float
        Expected mean score with twice the data, and its interval (95 %).
    """

    now: float
    score: float
    low: float
    high: float

    @property
    def gain(self) -> tuple[float, float, float]:
        """What it adds: expected, low, high."""
        return self.score - self.now, self.low - self.now, self.high - self.now


def doubled(points: Sequence[Point]) -> Doubling | None:
    """Predict the score with twice as many sequences as the largest subsets have.

    log(1 - score) falls about linearly with log n (a power law of the error). The line is fitted
    by least squares; where the draws are folds, each has its own offset, since its test part is
    its own. It is drawn on from the mean of the largest subsets, so that a curve that flattens
    at the smallest does not shift it.

    Parameters
    ----------
    points : sequence of Point

    Returns
    -------
    Doubling or None
        None where fewer than :data:`FEWEST_SHARES` shares have a score.
    """
    known = [one for one in points if np.isfinite(one.value)]
    if len({one.train_share for one in known}) < FEWEST_SHARES:
        return None
    x = np.log2([one.train for one in known])
    y = np.log(np.maximum(1 - np.array([one.value for one in known]), LEAST_ERROR))
    numbers = sorted({one.number for one in known})
    block = np.array([[one.number == number for number in numbers] for one in known], dtype=float)
    design = np.column_stack([block, x])
    coefficients, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
    freedom = len(y) - int(rank)
    if freedom < 1:
        return None
    residual = y - design @ coefficients
    variance = float(residual @ residual) / freedom
    most = max(one.train_share for one in known)
    last = np.array([one.train_share == most for one in known])
    at, slope = float(y[last].mean()), float(coefficients[-1])
    # The largest subsets weigh twice: in the mean that it starts from, and in the slope.
    weights = np.linalg.pinv(design)[-1] + last / last.sum()
    # The forecast scatters by these, and a mean as large that is to be met by itself.
    error = float(np.sqrt(variance * (weights @ weights + 1 / last.sum())))
    width = float(student.ppf((1 + LEVEL) / 2, freedom)) * error
    expected = at + slope
    scores = [
        1 - float(np.exp(value)) for value in (at, expected, expected + width, expected - width)
    ]
    return Doubling(*scores)


def write_curve(points: Sequence[Point], prefix: Path) -> None:
    """Write ``D.learning_curve.tsv``, a row per training, and ``D.learning_curve.json``."""
    names = [field.name for field in fields(Point)]
    rows = [[getattr(one, name) for name in names] for one in points]
    write_tsv(prefix.with_name(f"{prefix.name}.learning_curve.tsv"), names, rows)
    found = doubled(points)
    told = {
        "metric": next((one.metric for one in points if one.metric), ""),
        "doubling": None if found is None else {**asdict(found), "gain": found.gain},
    }
    text = json.dumps(told, indent=1, sort_keys=True) + "\n"
    write_text(prefix.with_name(f"{prefix.name}.learning_curve.json"), text)
