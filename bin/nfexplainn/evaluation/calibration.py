"""Probabilities from logits: fitted on the validation part, assessed on the test part.

A trained network's logits order sequences better than they tell how often a label is 1. Platt's
method (2000) fits a slope and an offset per task; with a prior on both, few positives cannot pull
them far. For classes that exclude each other it is one temperature (Guo et al. 2017).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import TASK_TYPES
from nfexplainn.errors import UserError
from nfexplainn.io.reading import read_json, reading
from nfexplainn.io.text import write_text
from nfexplainn.typed import from_json

Method = Literal["platt", "temperature", "none"]
Floats = NDArray[np.float64]

FORMAT_VERSION = 1
BINS = 10
SD = 0.5
"""Standard deviation of the normal prior on the logarithm of the slope, and on the offset."""
_STEPS = 100
_TOLERANCE = 1e-10
_LEAST_CURVATURE = 1e-8
_TINY = 1e-12
# Of the logarithm of a slope, whose exponential must not overflow.
_LONGEST_STEP = 2.0


@dataclass(frozen=True)
class Reliability:
    """Predicted probabilities of a task beside what was seen, in bins of equal width.

    Attributes
    ----------
    task : str
    counts : tuple of int
        Sequences in each of :data:`BINS` bins from 0 to 1.
    predicted : tuple of float
        Sum of the probabilities of each bin.
    observed : tuple of float
        Positives in it.
    loss, loss_before : float
        Mean cross-entropy, in nats, after and before the calibration; of classes that exclude
        each other each against the others.
    error_before : float
        Expected calibration error of the probabilities before it.
    """

    task: str
    counts: tuple[int, ...]
    predicted: tuple[float, ...]
    observed: tuple[float, ...]
    loss: float = 0.0
    loss_before: float = 0.0
    error_before: float = 0.0

    @property
    def error(self) -> float:
        """The expected calibration error: the mean distance of predicted and observed share."""
        return expected_error(self.counts, self.predicted, self.observed)


@dataclass(frozen=True)
class Calibration:
    """How the logits of one replicate become probabilities.

    Attributes
    ----------
    method : {'platt', 'temperature', 'none'}
        ``none``: predictions are values, not logits.
    task_type : str
    tasks : tuple of str
    log_slope : tuple of float
        Per task; one for a temperature, whose logarithm is its negative; empty for ``none``.
    offset : tuple of float
        Per task, added to slope times logit; empty but for ``platt``.
    sequences : tuple of int
        Of the validation part with a known label, per task.
    unseen : tuple of Reliability
        Of the test part, per task with a known label there.
    """

    method: Method
    task_type: str
    tasks: tuple[str, ...]
    log_slope: tuple[float, ...] = ()
    offset: tuple[float, ...] = ()
    sequences: tuple[int, ...] = ()
    unseen: tuple[Reliability, ...] = ()

    def probabilities(self, logits: NDArray[np.floating]) -> Floats | None:
        """Give probabilities, float64 (n, tasks), of logits; None where predictions are values."""
        values = logits.astype(np.float64)
        if self.method == "none":
            return None
        scaled = np.exp(np.array(self.log_slope)) * values
        if self.method == "temperature":
            return softmax(scaled)
        return sigmoid(scaled + np.array(self.offset))


def sigmoid(values: Floats) -> Floats:
    """Give the logistic function, without an overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * values)))


def softmax(logits: Floats) -> Floats:
    """Give the probabilities of classes, (n, classes)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def calibrate(
    labels: NDArray[np.floating],
    logits: NDArray[np.floating],
    split: NDArray[np.str_],
    tasks: Sequence[str],
    task_type: str,
) -> Calibration:
    """Fit on the sequences of ``valid``, and assess on those of ``test``.

    Parameters
    ----------
    labels, logits : float array, shape (n, tasks)
        Labels with NaN where unknown.
    split : array of str, shape (n,)
    tasks : sequence of str
    task_type : {'binary', 'multilabel', 'multiclass', 'regression'}
    """
    names = tuple(tasks)
    if task_type == "regression":
        return Calibration("none", task_type, names)
    valid, test = split == "valid", split == "test"
    y, z = labels[valid].astype(np.float64), logits[valid].astype(np.float64)
    known = ~np.isnan(y)
    sequences = tuple(int(count) for count in known.sum(axis=0))
    if task_type == "multiclass":
        rows = known.all(axis=1)
        slope = (fit_temperature(y[rows], z[rows]),)
        found = Calibration("temperature", task_type, names, slope, (), sequences)
    else:
        fitted = [
            fit_platt(y[known[:, task], task], z[known[:, task], task])
            for task in range(len(names))
        ]
        slopes, offsets = zip(*fitted, strict=True)
        found = Calibration("platt", task_type, names, slopes, offsets, sequences)
    return dataclasses.replace(found, unseen=_assess(found, labels[test], logits[test]))


def fit_platt(labels: Floats, logits: Floats) -> tuple[float, float]:
    """Give the most probable logarithm of the slope, and offset, of one task.

    Both have a normal prior with mean 0 and standard deviation :data:`SD`.

    Parameters
    ----------
    labels, logits : float64 array, shape (n,)
        Labels 0 or 1.
    """
    at = np.zeros(2)

    def cost(place: Floats) -> float:
        scaled = np.exp(place[0]) * logits + place[1]
        fit = float((np.logaddexp(0, scaled) - labels * scaled).sum())
        return fit + float((place**2).sum()) / (2 * SD**2)

    value = cost(at)
    for _ in range(_STEPS):
        steep = np.exp(at[0]) * logits
        p = sigmoid(steep + at[1])
        rest, weight = p - labels, p * (1 - p)
        gradient = np.array([rest @ steep, rest.sum()]) + at / SD**2
        cross = float(weight @ steep)
        curve = np.array(
            [[weight @ steep**2 + max(rest @ steep, 0.0), cross], [cross, weight.sum()]]
        )
        step = np.asarray(np.linalg.solve(curve + np.eye(2) / SD**2, gradient), dtype=np.float64)
        step = np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        at, value, moved = _descend(cost, at, step, value)
        if moved < _TOLERANCE:
            break
    return float(at[0]), float(at[1])


def fit_temperature(labels: Floats, logits: Floats) -> float:
    """Give the most probable logarithm of the slope (of 1 / temperature), with the same prior.

    Parameters
    ----------
    labels, logits : float64 array, shape (n, classes)
        One label of a row is 1.
    """
    at = np.zeros(1)

    def cost(place: Floats) -> float:
        scaled = np.exp(place[0]) * logits
        top = scaled.max(axis=1, keepdims=True)
        total = top[:, 0] + np.log(np.exp(scaled - top).sum(axis=1))
        return float((total - (labels * scaled).sum(axis=1)).sum() + place[0] ** 2 / (2 * SD**2))

    if not len(labels):
        return 0.0
    value = cost(at)
    for _ in range(_STEPS):
        scaled = np.exp(at[0]) * logits
        p = softmax(scaled)
        mean = (p * scaled).sum(axis=1)
        slope = float((mean - (labels * scaled).sum(axis=1)).sum())
        spread = float(((p * scaled**2).sum(axis=1) - mean**2).sum())
        curve = max(spread + max(slope, 0.0), _LEAST_CURVATURE) + 1 / SD**2
        step = np.array([(slope + at[0] / SD**2) / curve]).clip(-_LONGEST_STEP, _LONGEST_STEP)
        at, value, moved = _descend(cost, at, step, value)
        if moved < _TOLERANCE:
            break
    return float(at[0])


def _descend(cost: Any, at: Floats, step: Floats, value: float) -> tuple[Floats, float, float]:
    """Take a step, halved until the cost falls; give the place, its cost and what was gained."""
    for _ in range(40):
        there = at - step
        found = cost(there)
        if found <= value:
            return there, found, float(np.abs(step).max())
        step = step / 2
    return at, value, 0.0


def _assess(
    found: Calibration, labels: NDArray[np.floating], logits: NDArray[np.floating]
) -> tuple[Reliability, ...]:
    """Compare probabilities with the labels of sequences that nothing was fitted to."""
    after = found.probabilities(logits)
    values = logits.astype(np.float64)
    before = softmax(values) if found.method == "temperature" else sigmoid(values)
    assert after is not None  # only regression has none
    out = []
    for column, task in enumerate(found.tasks):
        known = ~np.isnan(labels[:, column])
        if not known.any():
            continue
        y = labels[known, column].astype(np.float64)
        counts, predicted, observed = reliability_bins(y, after[known, column])
        out.append(
            Reliability(
                task,
                counts,
                predicted,
                observed,
                _loss(y, after[known, column]),
                _loss(y, before[known, column]),
                expected_error(*reliability_bins(y, before[known, column])),
            )
        )
    return tuple(out)


def reliability_bins(
    labels: Floats, probabilities: Floats
) -> tuple[tuple[int, ...], tuple[float, ...], tuple[float, ...]]:
    """Count sequences, and sum probabilities and labels, in bins of equal width.

    Parameters
    ----------
    labels, probabilities : float64 array, shape (n,)
    """
    place = np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(place, minlength=BINS)
    predicted = np.bincount(place, weights=probabilities, minlength=BINS)
    observed = np.bincount(place, weights=labels, minlength=BINS)
    return (
        tuple(int(count) for count in counts),
        tuple(float(value) for value in predicted),
        tuple(float(value) for value in observed),
    )


def expected_error(
    counts: Sequence[int], predicted: Sequence[float], observed: Sequence[float]
) -> float:
    """Give the expected calibration error of bins (Naeini et al. 2015)."""
    apart = sum(abs(p - o) for p, o in zip(predicted, observed, strict=True))
    return apart / max(sum(counts), 1)


def _loss(labels: Floats, probabilities: Floats) -> float:
    p = np.clip(probabilities, _TINY, 1 - _TINY)
    return float(-(labels * np.log(p) + (1 - labels) * np.log1p(-p)).mean())


def write_calibration(found: Calibration, path: str | Path) -> None:
    """Write a calibration as JSON; the same gives the same bytes."""
    fields = {"format_version": FORMAT_VERSION, **dataclasses.asdict(found)}
    write_text(path, json.dumps(fields, indent=1, sort_keys=True) + "\n")


def read_calibration(path: str | Path) -> Calibration:
    """Read what :func:`write_calibration` wrote.

    Raises
    ------
    UserError
        If the file is damaged or of another format version.
    """
    fields = read_json(str(path), str(path))
    with reading(str(path), "this is not a readable calibration", "delete it, or train again"):
        if fields["format_version"] != FORMAT_VERSION:
            raise UserError(
                f"{path}: calibration format {fields['format_version']}, this release reads"
                f" {FORMAT_VERSION}; delete it, and it is fitted again."
            )
        found = from_json(Calibration, {**fields, "unseen": []}, str(path))
        tasks = tuple(fields["tasks"])
        unseen = tuple(from_json(Reliability, one, str(path)) for one in fields["unseen"])
        wanted = {"platt": (len(tasks), len(tasks)), "temperature": (1, 0), "none": (0, 0)}
        if (len(found.log_slope), len(found.offset)) != wanted[found.method]:
            raise ValueError("it has the wrong number of slopes")
        if found.task_type not in TASK_TYPES:
            raise ValueError(f"its task type is '{found.task_type}'")
        return dataclasses.replace(found, tasks=tasks, unseen=unseen)
