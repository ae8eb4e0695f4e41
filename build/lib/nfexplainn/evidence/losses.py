"""The losses of training, sequence by sequence, and the bias with which they are least.

Without torch, and exact: a model is a sum, so what is left of it without some units is known but
for its bias, which is refitted on the training part.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Kind = Literal["bce", "mse", "cross_entropy", "pearson"]

_STEPS = 60
_TOLERANCE = 1e-9
# Beyond this a bias says "always" or "never" as surely as any.
_LARGEST_BIAS = 40.0
_PEARSON_STEPS = 50
_TINY = 1e-12


def losses(kind: Kind, logits: Floats, labels: Floats) -> Floats:
    """Give the loss of each sequence.

    Parameters
    ----------
    kind : {'bce', 'mse', 'cross_entropy', 'pearson'}
        ``pearson`` is one minus the correlation over three or more tasks.
    logits, labels : float64 array, shape (n, tasks)
        Labels with NaN where unknown.

    Returns
    -------
    float64 array, shape (n, tasks), or (n, 1) for ``cross_entropy`` and ``pearson``
        NaN where the label (or, of several, what the loss needs of them) is unknown.
    """
    if kind == "bce":
        return np.logaddexp(0, logits) - labels * logits
    if kind == "mse":
        return (logits - labels) ** 2
    if kind == "cross_entropy":
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return log_sum - (shifted * labels).sum(axis=1, keepdims=True)
    return 1 - _correlation(logits, labels)[:, None]


def best_bias(kind: Kind, logits: Floats, labels: Floats, start: Floats | None = None) -> Floats:
    """Give what must be added to the logits for the mean loss to be least.

    Parameters
    ----------
    kind, logits, labels
        As of :func:`losses`.
    start : float64 array, shape (tasks,), optional
        Where to look first.

    Returns
    -------
    float64 array, shape (tasks,)
    """
    tasks = logits.shape[1]
    first = np.zeros(tasks) if start is None else start
    if kind == "mse":
        counts = (~np.isnan(labels)).sum(axis=0)
        rest = np.nansum(labels - logits, axis=0)
        return np.asarray(np.where(counts > 0, rest / np.maximum(counts, 1), 0.0))
    if kind == "bce":
        found = [
            _best_logistic_bias(logits[:, task], labels[:, task], float(first[task]))
            for task in range(tasks)
        ]
        return np.array(found)
    known = ~np.isnan(labels).any(axis=1) if kind == "cross_entropy" else slice(None)
    if kind == "cross_entropy":
        return _best_class_biases(logits[known], labels[known], first)
    return _best_profile_biases(logits, labels, first)


def base_logits(kind: Kind, labels: Floats) -> Floats:
    """Give the best logits that are the same for every sequence, shape (tasks,)."""
    if kind == "pearson":
        known = ~np.isnan(labels)
        return np.asarray(_unit_length(_centred(labels, known)).mean(axis=0))
    return best_bias(kind, np.zeros_like(labels), labels)


def _best_logistic_bias(logits: Floats, labels: Floats, start: float) -> float:
    """Newton's method within a bracket, so that no step can lead astray."""
    known = ~np.isnan(labels)
    z = logits if known.all() else logits[known]
    positives = float(labels.sum() if known.all() else labels[known].sum())
    count = len(z)
    if not count:
        return 0.0
    low, high = -_LARGEST_BIAS, _LARGEST_BIAS
    bias = min(max(start, low), high)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-(z + bias)))
        slope = float(p.sum()) - positives
        if abs(slope) <= _TOLERANCE * count:
            break
        low, high = (low, bias) if slope > 0 else (bias, high)
        curvature = float((p * (1 - p)).sum())
        bias = bias - slope / curvature if curvature > 0 else low
        if not low < bias < high:
            bias = (low + high) / 2
    return bias


def _best_class_biases(logits: Floats, labels: Floats, start: Floats) -> Floats:
    """Newton's method for all classes at once; the biases sum to 0, halved steps where too long."""
    count, classes = logits.shape
    if not count:
        return np.zeros(classes)
    bias = start - start.mean()
    loss = float(losses("cross_entropy", logits + bias, labels).mean())
    for _ in range(_STEPS):
        shifted = logits + bias
        p = np.exp(shifted - shifted.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        slope = (p - labels).mean(axis=0)
        if np.abs(slope).max() <= _TOLERANCE:
            break
        curvature = np.diag(p.mean(axis=0)) - p.T @ p / count
        # The direction of all ones changes nothing; a class that is not there has no least bias.
        step = np.linalg.solve(curvature + 1 / classes + 1e-9 * np.eye(classes), slope)
        step = np.clip(step - step.mean(), -5, 5)
        for _ in range(_STEPS):
            trial = np.clip(bias - step, -_LARGEST_BIAS, _LARGEST_BIAS)
            now = float(losses("cross_entropy", logits + trial, labels).mean())
            if now <= loss:
                break
            step /= 2
        if loss - now < 1e-13:
            break
        bias, loss = trial, now
    return np.asarray(bias)


def _best_profile_biases(logits: Floats, labels: Floats, start: Floats) -> Floats:
    """Raise the mean correlation by fixed-point steps, halved where they are too long.

    It has several maxima. The search begins at the better of the start and of the bias that turns
    the mean profile into that of the base rate, which is the best where nothing else is left.
    """
    known = ~np.isnan(labels)
    target = _unit_length(_centred(labels, known))
    profiles = _centred(logits, known)
    length = float(np.sqrt((profiles**2).sum(axis=1).mean())) or 1.0
    base = target.mean(axis=0)
    base *= length / max(float(np.linalg.norm(base)), _TINY)
    starts = [start - start.mean(), base - profiles.mean(axis=0)]
    tried = [_profile_step(logits + one, target, known) for one in starts]
    bias, now = max(zip(starts, tried, strict=True), key=lambda pair: pair[1][0])
    for _ in range(_PEARSON_STEPS):
        step = now[1]
        for _ in range(_STEPS):
            then = _profile_step(logits + bias + step, target, known)
            if then[0] > now[0]:
                break
            step = step / 2
        else:
            return bias
        done = then[0] - now[0] <= _TOLERANCE
        bias, now = bias + step, then
        if done:
            break
    return np.asarray(bias)


def _profile_step(logits: Floats, target: Floats, known: NDArray[np.bool_]) -> tuple[float, Floats]:
    """Give the mean correlation, and the step to where its slope over the biases would be 0.

    The slope is that with the lengths of the profiles as they are.
    """
    profile = _centred(logits, known)
    length = np.sqrt((profile**2).sum(axis=1, keepdims=True) + _TINY)
    r = (profile * target).sum(axis=1, keepdims=True) / length
    weight = np.maximum(r, 0.05) / length**2
    step = (target / length - r * profile / length**2).sum(axis=0) / weight.sum()
    return float(r.mean()), np.asarray(step - step.mean())


def _correlation(logits: Floats, labels: Floats) -> Floats:
    """Pearson's correlation of each sequence over its known tasks; NaN where it has none."""
    known = ~np.isnan(labels)
    profile, target = _centred(logits, known), _centred(labels, known)
    squares = (target**2).sum(axis=1)
    size = np.sqrt((profile**2).sum(axis=1) + _TINY) * np.sqrt(squares + _TINY)
    usable = (known.sum(axis=1) > 1) & (squares > _TINY)
    return np.where(usable, (profile * target).sum(axis=1) / size, np.nan)


def _centred(values: Floats, known: NDArray[np.bool_]) -> Floats:
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    mean = np.where(known, values, 0.0).sum(axis=1, keepdims=True) / count
    return np.asarray(np.where(known, values - mean, 0.0))


def _unit_length(values: Floats) -> Floats:
    return np.asarray(values / np.sqrt((values**2).sum(axis=1, keepdims=True) + _TINY))
