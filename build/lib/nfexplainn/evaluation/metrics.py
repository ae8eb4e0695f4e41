"""How good predictions are, with the numbers without which a metric cannot be read.

In NumPy alone: scikit-learn and SciPy would take longer to load than most data sets to measure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.features import assay_facts

MIN_POSITIVES = 10
MIN_VALUES = 3
COLUMNS = (
    *("dataset", "model", "replicate", "split", "task", "against", "metric", "value"),
    *("n", "positives", "prevalence", "note"),
)
Floats = NDArray[np.floating]
_EVERY_TASK = "*"
UNTRAINED = "no example in the training part"
# Assays whose tasks are samples of the same measurement, so that a region has a profile over them.
WELL_PREDICTED = 0.75


@dataclass(frozen=True)
class Metric:
    """One metric of one task.

    Attributes
    ----------
    task : str
        ``*`` where it is of all tasks together (accuracy over classes).
    against : {'all', 'pure'}
        Negatives: all of the task, or only sequences that are negative in every task.
    metric : {'auprc', 'auroc', 'accuracy', 'pearson', 'spearman', 'mse', ...}
        ``pearson_regions`` and ``well_predicted`` are those of :func:`profile_metrics`.
        ``auprc`` is the average precision (a step function, not the trapezoidal area).
    value : float or None
        None where the metric means nothing; ``note`` says why.
    n : int
        Number of known labels behind it.
    positives : int or None
        None where there are none by nature (regression, accuracy).
    prevalence : float or None
        Share of positives: the AUPRC of a coin.
    note : str
        Empty, or why there is no value.
    """

    task: str
    against: str
    metric: str
    value: float | None
    n: int
    positives: int | None = None
    prevalence: float | None = None
    note: str = ""


def compute_metrics(
    labels: Floats, logits: Floats, tasks: Sequence[str], task_type: str
) -> list[Metric]:
    """Compute all metrics of one split.

    Parameters
    ----------
    labels : float array, shape (n, tasks)
        NaN where unknown; such an entry has no part in any metric.
    logits : float array, shape (n, tasks)
    tasks : sequence of str
    task_type : {'binary', 'multilabel', 'multiclass', 'regression'}
        Of ``multiclass`` each class is measured against the others, by its probability; its
        accuracy is the share of its sequences that it is the most probable class of.

    Returns
    -------
    list of Metric
    """
    if task_type == "regression":
        return [
            metric
            for column, task in enumerate(tasks)
            for metric in _regression(task, labels[:, column], logits[:, column])
        ]
    scores = _log_softmax(logits) if task_type == "multiclass" else logits
    found = []
    pure = np.all(labels == 0, axis=1)  # a NaN is not 0
    for column, task in enumerate(tasks):
        y, score = labels[:, column], scores[:, column]
        found += _ranking(task, "all", y, score)
        if task_type == "multilabel" and pure.any():
            kept = (y == 1) | pure
            found += _ranking(task, "pure", y[kept], score[kept])
    if task_type == "multiclass":
        found.append(_accuracy(labels, logits))
        for column, task in enumerate(tasks):
            mine = labels[:, column] == 1
            found.append(_accuracy(labels[mine], logits[mine], task))
    return found


def headline(labels: Floats, logits: Floats, task_type: str) -> tuple[str, float]:
    """Give the one metric that is followed in training: its name and its mean over the tasks.

    NaN where no task has one, or predictions are not finite.
    """
    name = {"regression": "pearson", "multiclass": "accuracy"}.get(task_type, "auprc")
    values: list[float] = []
    if not np.isfinite(logits).all():
        return name, float("nan")
    for column in range(labels.shape[1]):
        y, score = labels[:, column], logits[:, column]
        known = ~np.isnan(y)
        if name == "auprc" and 0 < (y == 1).sum() < known.sum():
            values.append(average_precision(y[known], score[known]))
        elif name == "pearson":
            value = _correlation(pearson, y[known], score[known])[0]
            values += [] if value is None else [value]
    if name == "accuracy":
        value = _accuracy(labels, logits).value
        values += [] if value is None else [value]
    return name, float(np.mean(values)) if values else float("nan")


def average_precision(y: Floats, score: Floats) -> float:
    """Average precision of labels 0 and 1, of which some are 1; equal scores share a threshold."""
    true, called = _thresholds(y, score)
    return float(np.sum(np.diff(true, prepend=0) * true / called) / true[-1])


def auroc(y: Floats, score: Floats) -> float:
    """Area under the ROC curve of labels 0 and 1, of which both occur; a tie counts half."""
    true, called = _thresholds(y, score)
    false = called - true
    middle = true - np.diff(true, prepend=0) / 2
    return float(np.sum(np.diff(false, prepend=0) * middle) / (true[-1] * false[-1]))


def pearson(a: Floats, b: Floats) -> float:
    """Pearson's correlation of two arrays of which neither is constant."""
    a = a.astype(np.float64) - a.mean(dtype=np.float64)
    b = b.astype(np.float64) - b.mean(dtype=np.float64)
    r = (a / np.linalg.norm(a)) @ (b / np.linalg.norm(b))
    return float(np.clip(r, -1, 1))


def spearman(a: Floats, b: Floats) -> float:
    """Spearman's correlation: Pearson's of the ranks, equal values sharing their mean rank."""
    return pearson(_ranks(a), _ranks(b))


def rows(
    dataset: Dataset,
    logits: Floats,
    *,
    model: str,
    replicate: int | None,
    splits: Sequence[str] = ("train", "valid", "test"),
) -> list[dict[str, object]]:
    """Make the rows of a metrics table.

    A task without an example in training cannot be learnt: it has no value, and its sequences have
    no part in the accuracy of all classes.

    Parameters
    ----------
    dataset : Dataset
    logits : float array, shape (n, tasks)
        In the order of the data set.
    model : str
        Name of the architecture or baseline.
    replicate : int or None
        None for baselines, which have none but with folds: there it is the fold that is tested.
    splits : sequence of str
        Those without sequences are left out.

    Returns
    -------
    list of dict
        Keys are :data:`COLUMNS`.
    """
    meta = dataset.meta
    table: list[dict[str, object]] = []
    untrained = untrained_tasks(dataset)
    for split in splits:
        at = dataset.rows(split)
        if not len(at):
            continue
        found = compute_metrics(dataset.labels[at], logits[at], meta.tasks, meta.task_type)
        if untrained.any():
            found = _without(found, untrained, dataset.labels[at], logits[at], meta.tasks)
        if assay_facts(meta.assay).profiles and len(meta.tasks) >= MIN_VALUES:
            found += profile_metrics(dataset.labels[at], logits[at])
        for metric in found:
            first = {"dataset": meta.id, "model": model, "replicate": replicate, "split": split}
            table.append(first | vars(metric))
    return table


def untrained_tasks(dataset: Dataset) -> NDArray[np.bool_]:
    """Tell which tasks have no example in the training part: no positive, or no known value.

    Returns
    -------
    bool array, shape (tasks,)
    """
    labels = dataset.labels[dataset.rows("train")]
    known = ~np.isnan(labels) if dataset.meta.task_type == "regression" else labels == 1
    return np.asarray(~known.any(axis=0))


def _without(
    found: Sequence[Metric],
    untrained: NDArray[np.bool_],
    labels: Floats,
    logits: Floats,
    tasks: Sequence[str],
) -> list[Metric]:
    """Take the values of tasks without an example in training out of the metrics of a split."""
    names = {task for task, out in zip(tasks, untrained.tolist(), strict=True) if out}
    learnt = ~(labels[:, untrained] == 1).any(axis=1)
    out = []
    for metric in found:
        if metric.task in names:
            metric = replace(metric, value=None, note=UNTRAINED)
        elif (metric.task, metric.metric) == (_EVERY_TASK, "accuracy"):
            metric = _accuracy(labels[learnt], logits[learnt])
        out.append(metric)
    return out


def profile_metrics(labels: Floats, logits: Floats) -> list[Metric]:
    """Measure how well the profile of each region over the tasks is predicted.

    The paper's measures for accessibility over cell types: Pearson's correlation across the tasks
    of one region, its mean over the regions, and the share of regions where it is at least 0.75.
    Regions with fewer than 3 known values, or whose values are all equal, have none.

    Parameters
    ----------
    labels : float array, shape (n, tasks)
        NaN where unknown.
    logits : float array, shape (n, tasks)
    """
    known = ~np.isnan(labels)
    count = known.sum(axis=1)
    y = np.where(known, labels, 0).astype(np.float64)
    x = np.where(known, logits, 0).astype(np.float64)
    y = np.where(known, y - (y.sum(axis=1) / np.maximum(count, 1))[:, None], 0)
    x = np.where(known, x - (x.sum(axis=1) / np.maximum(count, 1))[:, None], 0)
    spread = np.sqrt((y**2).sum(axis=1) * (x**2).sum(axis=1))
    # What rounding leaves of equal labels is no variation.
    size = np.where(known, np.abs(labels), 0).max(axis=1, initial=0)
    usable = (count >= MIN_VALUES) & (np.abs(y).max(axis=1, initial=0) > 1e-6 * size)
    n = int(usable.sum())
    note = "" if n else f"no region has {MIN_VALUES} known values that differ"
    if n and not np.isfinite(logits).all():
        note = "the predictions are not all finite"
    mean = share = None
    if not note:
        # A prediction that is the same for all tasks says nothing of the profile.
        r = np.divide((x * y).sum(axis=1), spread, out=np.zeros(len(y)), where=spread > 0)[usable]
        mean, share = float(r.mean()), float((r >= WELL_PREDICTED).mean())
    return [
        Metric(_EVERY_TASK, "all", "pearson_regions", mean, n, note=note),
        Metric(_EVERY_TASK, "all", "well_predicted", share, n, note=note),
    ]


def _thresholds(y: Floats, score: Floats) -> tuple[Floats, Floats]:
    """Positives, and all, at or above each distinct score, from the highest on."""
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    return np.cumsum(y[order] == 1)[last].astype(np.float64), last + 1.0


def _ranks(values: Floats) -> Floats:
    _, group, size = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(size) - (size - 1) / 2)[group]


def _ranking(task: str, against: str, y: Floats, score: Floats) -> list[Metric]:
    known = ~np.isnan(y)
    y, score = y[known], score[known]
    n, positives = len(y), int((y == 1).sum())
    prevalence = positives / n if n else None
    note = ""
    if positives < MIN_POSITIVES:
        note = f"fewer than {MIN_POSITIVES} positives ({positives})"
    elif positives == n:
        note = "no negatives"
    elif not np.isfinite(score).all():
        note = "the predictions are not all finite"
    found = []
    for name, function in (("auprc", average_precision), ("auroc", auroc)):
        value = None if note else function(y, score)
        found.append(Metric(task, against, name, value, n, positives, prevalence, note))
    return found


def _regression(task: str, y: Floats, score: Floats) -> list[Metric]:
    known = ~np.isnan(y)
    y, score = y[known].astype(np.float64), score[known].astype(np.float64)
    found = []
    for name, function in (("pearson", pearson), ("spearman", spearman)):
        value, note = _correlation(function, y, score)
        found.append(Metric(task, "all", name, value, len(y), note=note))
    error = float(np.mean((y - score) ** 2)) if len(y) else None
    note = "" if len(y) else "no known values"
    return [*found, Metric(task, "all", "mse", error, len(y), note=note)]


def _correlation(
    function: Callable[[Floats, Floats], float], y: Floats, score: Floats
) -> tuple[float | None, str]:
    """Correlate, or say why that means nothing."""
    if len(y) < MIN_VALUES:
        return None, f"fewer than {MIN_VALUES} known values ({len(y)})"
    if not np.isfinite(score).all():
        return None, "the predictions are not all finite"
    for values, what in ((y, "labels"), (score, "predictions")):
        if np.ptp(values) == 0:
            return None, f"the {what} are all equal"
    return function(y, score), ""


def _accuracy(labels: Floats, logits: Floats, task: str = _EVERY_TASK) -> Metric:
    labelled = ~np.isnan(labels).any(axis=1)
    n = int(labelled.sum())
    if not n:
        return Metric(task, "all", "accuracy", None, 0, note="no known labels")
    right = labels[labelled].argmax(axis=1) == logits[labelled].argmax(axis=1)
    return Metric(task, "all", "accuracy", float(right.mean()), n)


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
