"""What must hold of any data set before it is written."""

from __future__ import annotations

import numpy as np

from nfexplainn.data.dataset import Dataset, Floats
from nfexplainn.errors import UnusableError, UserError, printable
from nfexplainn.evaluation.advice import for_bad_split

_LONGEST_NAME = 255


def check_dataset(dataset: Dataset) -> None:
    """Refuse a data set from which nothing can be trained.

    Raises
    ------
    UserError
        If a task has the name of another column or one that is no plain text, or a label is
        infinite.
    UnusableError
        If training or validation has no sequences, or its labels do not differ in any task.
    """
    files = ", ".join(source.name for source in dataset.meta.sources)
    part = "split" if dataset.fold is None else "fold"
    reserved = {"name", "sequence", part} & set(dataset.meta.tasks)
    if reserved:
        raise UserError(
            f"{dataset.meta.id} ({files}): a task may not be called '{min(reserved)}', which is a"
            " column of the data set; rename the sample or the column of values."
        )
    for task in dataset.meta.tasks:
        if len(task) > _LONGEST_NAME or "\n" in task or printable(task) != task:
            raise UserError(
                f"{dataset.meta.id} ({files}): the name of the task {task[:40]!r} holds control"
                f" characters or is longer than {_LONGEST_NAME} characters; rename it."
            )
    infinite = np.argwhere(np.isinf(dataset.labels))
    if len(infinite):
        row, column = infinite[0].tolist()
        raise UserError(
            f"{dataset.meta.id}: the label of {dataset.names[row]} in the task"
            f" {dataset.meta.tasks[column]} is infinite; correct its value, or write NA."
        )
    for each in dataset.of_folds():
        _check_parts(each)


def _check_parts(dataset: Dataset) -> None:
    """Refuse parts from which nothing can be trained."""
    parts = {"train": "training", "valid": "validation"}
    advice = for_bad_split(dataset.meta.assay, folded=dataset.fold is not None)
    for split, what in parts.items():
        if not len(dataset.rows(split)):
            raise UnusableError(
                f"No sequence is left for {what} ({_own_count(dataset)} in all).",
                advice,
            )
    for split, what in parts.items():
        rows = dataset.rows(split)
        missing = lack(dataset.labels[rows], dataset.meta.task_type)
        if missing:
            raise UnusableError(
                f"The {what} part ({len(rows):,} of {len(dataset):,} sequences) has {missing}.",
                advice,
            )


def _own_count(dataset: Dataset) -> str:
    """Count sequences as the user does, who has given the positives."""
    if dataset.meta.task_type not in ("binary", "multilabel"):
        return _several(len(dataset), "sequence")
    positive = int((dataset.labels == 1).any(axis=1).sum())
    others = len(dataset) - positive
    return f"{_several(positive, 'positive')} and {_several(others, 'negative')}"


def _several(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def lack(labels: Floats, task_type: str) -> str:
    """Name what the labels of a part lack in every task, so that nothing is learnt or measured."""
    if task_type == "multiclass":
        return "" if (labels == 1).any() else "no known class"
    if task_type == "regression":
        low, high = (
            extreme.reduce(labels, axis=0, where=~np.isnan(labels), initial=start)
            for extreme, start in ((np.minimum, np.inf), (np.maximum, -np.inf))
        )
        return "" if (low < high).any() else "no task with values that differ"
    positive, negative = (labels == 1).any(axis=0), (labels == 0).any(axis=0)
    if not positive.any():
        return "no positive in any task"
    return "" if (positive & negative).any() else "no task with both positives and negatives"
