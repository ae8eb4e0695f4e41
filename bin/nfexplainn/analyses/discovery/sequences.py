"""The training positives and negatives of a data set as FASTA, two files per task and fold.

Of a contrast either side is searched against the other, as if it were a task of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.data.classes import CONTRAST, class_labels, is_contrast
from nfexplainn.data.dataset import Dataset
from nfexplainn.io.text import write_text

TASK_COLUMNS = ("number", "task", "side", "fold", "positives", "negatives", "reason")
# STREME refuses fewer sequences.
LEAST = 2


@dataclass(frozen=True)
class TaskSequences:
    """What was written for one task, or for one of a fold.

    Attributes
    ----------
    number : int
        From 1, in the order of :func:`searches`; it names the files (a task's own name need not be
        fit).
    task : str
    side : str
        Of a contrast, whose sequences are the positives; else empty.
    fold : int or None
        The fold that is held out, from 1; None without folds.
    positives, negatives : int
    reason : str
        Why nothing was written; empty where it was.
    """

    number: int
    task: str
    side: str
    fold: int | None
    positives: int
    negatives: int
    reason: str = ""


@dataclass(frozen=True)
class Search:
    """What STREME is asked for: a task, or a side of a contrast.

    Attributes
    ----------
    number : int
        From 1.
    task : int
        Column of the labels.
    side : str
        Whose motifs are searched; empty but of a contrast.
    dataset : Dataset
        For the second side of a contrast with its labels exchanged, or its values negated.
    """

    number: int
    task: int
    side: str
    dataset: Dataset

    @property
    def name(self) -> str:
        """Name of the task."""
        return self.dataset.meta.tasks[self.task]


def searches(dataset: Dataset) -> list[Search]:
    """List what STREME is asked for: every task, or both sides of a contrast.

    Parameters
    ----------
    dataset : Dataset
    """
    if not is_contrast(dataset):
        return [Search(task + 1, task, "", dataset) for task in range(len(dataset.meta.tasks))]
    first, second = dataset.meta.extra[CONTRAST]["sides"]
    values = dataset.meta.task_type == "regression"
    other = replace(dataset, labels=-dataset.labels if values else 1 - dataset.labels)
    return [Search(1, 0, first, dataset), Search(2, 0, second, other)]


def file_part(number: int, fold: int | None) -> str:
    """Give what names the files of a task, or of a task while a fold is held out."""
    return f"task{number}" + ("" if fold is None else f"_fold{fold}")


def write_task_sequences(dataset: Dataset, folder: Path, stem: str) -> list[TaskSequences]:
    """Write ``<stem>.task<N>.positives.fa`` and ``.negatives.fa`` of the training part.

    These are the sequences, and the only ones, that a model of the data set learns from. With
    folds the training part of each is written, as ``<stem>.task<N>_fold<K>.positives.fa``.
    A contrast has two, one for either side, whose sequences are the positives.
    Unknown labels are left out; for regression the upper fifth of the values is the positives and
    the lower fifth the negatives. Unknown bases at the ends, as of padding, are cut off.

    Parameters
    ----------
    dataset : Dataset
        As it was read.
    folder : path
    stem : str

    Returns
    -------
    list of TaskSequences
        One per fold and search, also of those that nothing was written for.
    """
    folds = [None] if dataset.fold is None else range(1, dataset.meta.folds + 1)
    return [
        written
        for fold, parts in zip(folds, dataset.of_folds(), strict=True)
        for written in _write_part(parts, fold, folder, stem)
    ]


def _write_part(
    dataset: Dataset, fold: int | None, folder: Path, stem: str
) -> Iterator[TaskSequences]:
    """Write one training part."""
    train = dataset.rows("train")
    for search in searches(dataset):
        labels = class_labels(search.dataset)[train, search.task]
        parts = [train[labels == wanted] for wanted in (1, 0)]
        counts = len(parts[0]), len(parts[1])
        reason = ""
        if min(counts) < LEAST:
            where = "the training part" if fold is None else f"the training part of fold {fold}"
            reason = (
                f"{where} has {counts[0]} positives and {counts[1]} negatives; at least {LEAST}"
                " of each are needed"
            )
        else:
            for kind, part in zip(("positives", "negatives"), parts, strict=True):
                path = folder / f"{stem}.{file_part(search.number, fold)}.{kind}.fa"
                write_text(path, _fasta(dataset, part))
        yield TaskSequences(search.number, search.name, search.side, fold, *counts, reason)


def _fasta(dataset: Dataset, rows: NDArray[np.intp]) -> str:
    letters = dna.decode(dataset.codes[rows])
    names = ("_".join(dataset.names[row].split()) for row in rows)
    return "".join(
        f">{name}\n{sequence.strip('N') or 'N'}\n"
        for name, sequence in zip(names, letters, strict=True)
    )
