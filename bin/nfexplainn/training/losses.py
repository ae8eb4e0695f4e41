"""Losses in which an unknown label has no part.

Every loss takes logits, labels and a mask of known labels; what stands behind the mask is never
looked at. All are means, so that their size does not depend on the size of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from nfexplainn.errors import UserError

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]
_TINY = 1e-12


def binary_cross_entropy(logits: Tensor, labels: Tensor, known: Tensor) -> Tensor:
    """Mean binary cross-entropy over the known labels, all (B, tasks)."""
    losses = F.binary_cross_entropy_with_logits(logits, _filled(labels, known), reduction="none")
    return _mean(losses, known)


def mean_squared_error(logits: Tensor, labels: Tensor, known: Tensor) -> Tensor:
    """Mean squared difference over the known labels, all (B, tasks)."""
    return _mean((logits - _filled(labels, known)).square(), known)


def cross_entropy(logits: Tensor, labels: Tensor, known: Tensor) -> Tensor:
    """Mean cross-entropy over the sequences whose class is known.

    Labels hold a column per class with one 1 per row; a row with an unknown label is left out.
    """
    labelled = known.all(dim=1)
    losses = F.cross_entropy(logits, _filled(labels, known).argmax(dim=1), reduction="none")
    return _mean(losses, labelled)


def pearson(logits: Tensor, labels: Tensor, known: Tensor) -> Tensor:
    """One minus Pearson's correlation.

    With three tasks or more it is taken per sequence across its known tasks (the authors' loss for
    accessibility over cell types: one minus the cosine of the centred vectors) and averaged over
    the sequences; the authors sum, which makes the loss grow with the batch. With one or two
    tasks, of which a sequence's correlation would be nothing or always 1 or -1, it is taken per
    task across the sequences of the batch. Where the known labels are fewer than two or all equal
    there is no correlation and no part.
    """
    dim = 1 if logits.shape[1] > 2 else 0
    weight = known.to(logits.dtype)
    count = weight.sum(dim, keepdim=True).clamp(min=1)
    target = _filled(labels, known)
    a = (logits - (logits * weight).sum(dim, keepdim=True) / count) * weight
    b = (target - (target * weight).sum(dim, keepdim=True) / count) * weight
    squares_a, squares_b = a.square().sum(dim), b.square().sum(dim)
    usable = (known.sum(dim) > 1) & (squares_b > _TINY)
    # The square root of each sum, not of their product, which could underflow.
    size = (squares_a + _TINY).sqrt() * (squares_b + _TINY).sqrt()
    return _mean(1 - (a * b).sum(dim) / size, usable)


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


def _filled(labels: Tensor, known: Tensor) -> Tensor:
    """Labels with zeros for the unknown, so that no NaN reaches the arithmetic."""
    return torch.where(known, labels, torch.zeros_like(labels))


def _mean(losses: Tensor, used: Tensor) -> Tensor:
    """Mean of the losses used; zero, with a zero gradient, where none is."""
    used_losses = torch.where(used, losses, torch.zeros_like(losses))
    return used_losses.sum() / used.sum().clamp(min=1)
