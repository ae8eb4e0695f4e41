"""The training positives and negatives of a data set as FASTA, two files per task and fold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.data.classes import class_labels
from nfexplainn.data.dataset import Dataset
from nfexplainn.io.text import write_text

TASK_COLUMNS = ("number", "task", "fold", "positives", "negatives", "reason")
# STREME refuses fewer sequences.
LEAST = 2


@dataclass(frozen=True)
class TaskSequences:
    """What was written for one task, or for one of a fold.

    Attributes
    ----------
    number : int
        From 1, in the order of the tasks; it names the files (a task's own name need not be fit).
    task : str
    fold : int or None
        The fold that is held out, from 1; None without folds.
    positives, negatives : int
    reason : str
        Why nothing was written; empty where it was.
    """

    number: int
    task: str
    fold: int | None
    positives: int
    negatives: int
    reason: str = ""


def file_part(number: int, fold: int | None) -> str:
    """Give what names the files of a task, or of a task while a fold is held out."""
    return f"task{number}" + ("" if fold is None else f"_fold{fold}")


def write_task_sequences(dataset: Dataset, folder: Path, stem: str) -> list[TaskSequences]:
    """Write ``<stem>.task<N>.positives.fa`` and ``.negatives.fa`` of the training part.

    These are the sequences, and the only ones, that a model of the data set learns from. With
    folds the training part of each is written, as ``<stem>.task<N>_fold<K>.positives.fa``.
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
        One per fold and task, also of those that nothing was written for.
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
    labels = class_labels(dataset)
    train = dataset.rows("train")
    for number, task in enumerate(dataset.meta.tasks, 1):
        parts = [train[labels[train, number - 1] == wanted] for wanted in (1, 0)]
        counts = len(parts[0]), len(parts[1])
        reason = ""
        if min(counts) < LEAST:
            where = "the training part" if fold is None else f"the training part of fold {fold}"
            reason = (
                f"there are {counts[0]} positives and {counts[1]} negatives in {where};"
                f" at least {LEAST} of each are needed"
            )
        else:
            for kind, part in zip(("positives", "negatives"), parts, strict=True):
                path = folder / f"{stem}.{file_part(number, fold)}.{kind}.fa"
                write_text(path, _fasta(dataset, part))
        yield TaskSequences(number, task, fold, *counts, reason)


def _fasta(dataset: Dataset, rows: NDArray[np.intp]) -> str:
    letters = dna.decode(dataset.codes[rows])
    names = ("_".join(dataset.names[row].split()) for row in rows)
    return "".join(
        f">{name}\n{sequence.strip('N') or 'N'}\n"
        for name, sequence in zip(names, letters, strict=True)
    )
