"""Losses in which an unknown label has no part, with their gradients.

Every loss takes logits and labels, NaN where unknown, and gives a mean, so that its size does not
depend on the size of a batch, and the gradient of the logits. In float64, as the arrays are small.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from nfexplainn.errors import UserError

Floats = NDArray[np.float64]
Loss = Callable[[Floats, Floats], tuple[float, Floats]]
_TINY = 1e-12


def binary_cross_entropy(logits: Floats, labels: Floats) -> tuple[float, Floats]:
    """Mean binary cross-entropy over the known labels, all (n, tasks)."""
    known = np.logical_not(np.isnan(labels))
    target = np.where(known, labels, 0.0)
    decay = np.exp(-np.abs(logits))
    losses = np.maximum(logits, 0) - logits * target + np.log1p(decay)
    probability = np.where(logits >= 0, 1, decay) / (1 + decay)
    return _mean(losses, probability - target, known)


def mean_squared_error(logits: Floats, labels: Floats) -> tuple[float, Floats]:
    """Mean squared difference over the known labels, all (n, tasks)."""
    known = ~np.isnan(labels)
    difference = logits - np.where(known, labels, 0.0)
    return _mean(difference**2, 2 * difference, known)


def cross_entropy(logits: Floats, labels: Floats) -> tuple[float, Floats]:
    """Mean cross-entropy over the sequences whose class is known.

    Labels hold a column per class with one 1 per row; a row with an unknown label is left out.
    """
    labelled = np.asarray(~np.isnan(labels).any(axis=1))
    of_class = np.where(labelled[:, None], labels, 0.0).argmax(axis=1)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(logits))
    losses = log_sum[:, 0] - shifted[rows, of_class]
    slope = np.exp(shifted - log_sum)
    slope[rows, of_class] -= 1
    used = max(1, int(labelled.sum()))
    return float(losses[labelled].sum() / used), np.where(labelled[:, None], slope / used, 0.0)


def pearson(logits: Floats, labels: Floats) -> tuple[float, Floats]:
    """One minus Pearson's correlation.

    With three tasks or more it is taken per sequence across its known tasks (the authors' loss for
    accessibility over cell types: one minus the cosine of the centred vectors) and averaged over
    the sequences; the authors sum, which makes the loss grow with the batch. With one or two
    tasks, of which a sequence's correlation would be nothing or always 1 or -1, it is taken per
    task across the sequences of the batch. Where the known labels are fewer than two or all equal
    there is no correlation and no part.
    """
    axis = 1 if logits.shape[1] > 2 else 0
    known = ~np.isnan(labels)
    count = np.maximum(known.sum(axis=axis, keepdims=True), 1)

    def centred(values: Floats) -> Floats:
        filled = np.where(known, values, 0.0)
        return np.where(known, filled - filled.sum(axis=axis, keepdims=True) / count, 0.0)

    a, b = centred(logits), centred(labels)
    squares_a, squares_b = (
        (a**2).sum(axis=axis, keepdims=True),
        (b**2).sum(axis=axis, keepdims=True),
    )
    usable = (known.sum(axis=axis, keepdims=True) > 1) & (squares_b > _TINY)
    # The square root of each sum, not of their product, which could underflow.
    size_a, size_b = np.sqrt(squares_a + _TINY), np.sqrt(squares_b + _TINY)
    cosine = (a * b).sum(axis=axis, keepdims=True) / (size_a * size_b)
    used = max(1, int(usable.sum()))
    slope = -(b / (size_a * size_b) - cosine * a / size_a**2)
    slope = np.where(usable & known, slope, 0.0) / used
    slope = slope - np.where(known, slope.sum(axis=axis, keepdims=True) / count, 0.0)
    return float(np.where(usable, 1 - cosine, 0.0).sum() / used), slope


LOSSES: Mapping[str, Loss] = {
    "bce": binary_cross_entropy,
    "cross_entropy": cross_entropy,
    "mse": mean_squared_error,
    "pearson": pearson,
}
_ALLOWED = {
    "binary": ("bce",),
    "multilabel": ("bce",),
    "multiclass": ("cross_entropy",),
    "regression": ("mse", "pearson"),
}


def resolve_loss(name: str, task_type: str) -> str:
    """Name the loss of a task type, or check the one asked for.

    Parameters
    ----------
    name : str
        ``auto`` or one of :data:`LOSSES`.
    task_type : {'binary', 'multilabel', 'multiclass', 'regression'}

    Raises
    ------
    UserError
        If the loss does not fit the task type.
    """
    allowed = _ALLOWED[task_type]
    if name == "auto":
        return allowed[0]
    if name not in allowed:
        raise UserError(
            f"loss '{name}' does not fit {task_type} labels;"
            f" use auto or {' or '.join(allowed)} for this data set."
        )
    return name


def _mean(losses: Floats, slope: Floats, known: NDArray[np.bool_]) -> tuple[float, Floats]:
    """Mean of the losses of known labels, and its gradient; zero where none is known."""
    used = max(1, int(known.sum()))
    return float(losses[known].sum() / used), np.where(known, slope / used, 0.0)
