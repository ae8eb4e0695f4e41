"""Which sequences a unit is interpreted on: those that the model predicts well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import TaskType

MIN_TASKS_FOR_CORRELATION = 3
MIN_END_SHARE = 0.05

Floats = NDArray[np.float32] | NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Selection:
    """Well-predicted sequences, as masks over the rows that were given, never over a copy.

    Attributes
    ----------
    chosen : bool array, shape (n,)
        Sequences for motifs and importances.
    effect_rows : bool array, shape (n, tasks)
        Sequences from which the effect on each task is computed.
    effect_basis : tuple of str
        What those are, in words, per task.
    rule : str
        How the sequences were chosen, in words.
    """

    chosen: Mask
    effect_rows: Mask
    effect_basis: tuple[str, ...]
    rule: str


def select_well_predicted(
    task_type: TaskType,
    labels: Floats,
    logits: Floats,
    *,
    correlation: float = 0.75,
    percent: float = 20.0,
) -> Selection:
    """Choose the well-predicted sequences.

    Binary and multilabel: the rounded sigmoid of the logit equals the label for every task whose
    label is known, and at least one is. Multiclass: the same class is largest. Regression with
    three tasks or more: the Pearson correlation over a sequence's known tasks is above
    `correlation`; with fewer tasks: the sequence is in the upper `percent` of both label and
    prediction of a task.

    Parameters
    ----------
    task_type : {'binary', 'multilabel', 'multiclass', 'regression'}
    labels, logits : float array, shape (n, tasks)
        Labels with NaN where unknown; logits averaged over the strands.
    correlation : float
        Threshold of the correlation (paper: AI-TAC's 0.75).
    percent : float
        Share of the sequences at each end, in per cent.

    Returns
    -------
    Selection

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if labels.shape != logits.shape:
        raise ValueError(f"labels {labels.shape} and logits {logits.shape} differ in shape")
    known: Mask = np.asarray(~np.isnan(labels) & np.isfinite(logits))
    chosen: Mask
    if task_type == "regression":
        return _regression(labels, logits, known, correlation, percent)
    if task_type == "multiclass":
        chosen = np.asarray(known.all(axis=1))
        chosen[chosen] = labels[chosen].argmax(axis=1) == logits[chosen].argmax(axis=1)
        rule = "the predicted class is the true one"
    else:
        right = (logits > 0) == (labels > 0.5)
        # A prediction that is no number is wrong, whatever the label.
        chosen = known.any(axis=1) & ((right & known) | np.isnan(labels)).all(axis=1)
        rule = "all known labels are predicted correctly (probability threshold 0.5)"
    return Selection(chosen, *_class_effect_rows(labels, known, chosen), rule)


def _class_effect_rows(labels: Floats, known: Mask, chosen: Mask) -> tuple[Mask, tuple[str, ...]]:
    """Give each task its well-predicted labelled sequences; all labelled where a class has none."""
    rows = known & chosen[:, None]
    basis = []
    for task in range(labels.shape[1]):
        positive = labels[:, task] > 0.5
        lacking = [
            word
            for word, side in (("positive", positive), ("negative", ~positive))
            if not (rows[:, task] & side).any()
        ]
        if lacking:
            rows[:, task] = known[:, task]
            basis.append(f"all labelled (no well-predicted {' or '.join(lacking)})")
        else:
            basis.append("well-predicted")
    return rows, tuple(basis)


def _regression(
    labels: Floats, logits: Floats, known: Mask, correlation: float, percent: float
) -> Selection:
    n, tasks = labels.shape
    label_ends = [_ends(labels[:, task], known[:, task], percent) for task in range(tasks)]
    logit_ends = [_ends(logits[:, task], known[:, task], percent) for task in range(tasks)]
    chosen = np.zeros(n, dtype=bool)
    rule = f"correlation over the tasks above {correlation:g}"
    if tasks >= MIN_TASKS_FOR_CORRELATION:
        chosen = np.asarray(row_correlation(labels, logits, known) > correlation)
    members = np.repeat(chosen[:, None], tasks, axis=1)
    if not chosen.any():
        ends = f"label and prediction of a task are both in the upper {percent:g} %"
        several = tasks >= MIN_TASKS_FOR_CORRELATION
        rule = f"{ends} (no sequence has a {rule})" if several else ends
        upper = np.stack([a[0] & b[0] for a, b in zip(label_ends, logit_ends, strict=True)], 1)
        lower = np.stack([a[1] & b[1] for a, b in zip(label_ends, logit_ends, strict=True)], 1)
        chosen = np.asarray(upper.any(axis=1))
        members = upper | lower
    rows = known & members
    basis = []
    for task, (top, bottom) in enumerate(label_ends):
        least = MIN_END_SHARE * known[:, task].sum()
        if min((rows[:, task] & top).sum(), (rows[:, task] & bottom).sum()) < max(least, 1):
            rows[:, task] = known[:, task]
            basis.append("all labelled (under 5 % well-predicted at an end)")
        else:
            basis.append("well-predicted")
    return Selection(chosen, rows, tuple(basis), rule)


def _ends(values: Floats, known: Mask, percent: float) -> tuple[Mask, Mask]:
    """Mark the upper and the lower `percent` of the known values, ties by position."""
    rows = np.flatnonzero(known)
    count = int(len(rows) * percent / 100)
    order = rows[np.argsort(values[rows], kind="stable")]
    top, bottom = np.zeros(len(values), dtype=bool), np.zeros(len(values), dtype=bool)
    top[order[len(order) - count :]] = True
    bottom[order[:count]] = True
    return top, bottom


def row_correlation(labels: Floats, logits: Floats, known: Mask) -> NDArray[np.float64]:
    """Pearson correlation of each row over its known tasks; NaN under three or where constant."""
    count = known.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = []
        for values in (labels, logits):
            full = np.where(known, values, 0.0).astype(np.float64)
            mean = full.sum(axis=1) / count
            centred.append(np.where(known, full - mean[:, None], 0.0))
        a, b = centred
        result = (a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    result[count < MIN_TASKS_FOR_CORRELATION] = np.nan
    return np.asarray(result, dtype=np.float64)
