"""The training positives and negatives of a data set as FASTA, a pair of files per task."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.data.classes import class_labels
from nfexplainn.data.dataset import Dataset
from nfexplainn.io.text import write_text

TASK_COLUMNS = ("number", "task", "positives", "negatives", "reason")
# STREME refuses fewer sequences.
LEAST = 2


@dataclass(frozen=True)
class TaskSequences:
    """What was written for one task.

    Attributes
    ----------
    number : int
        From 1, in the order of the tasks; it names the files (a task's own name need not be fit).
    task : str
    positives, negatives : int
    reason : str
        Why nothing was written; empty where it was.
    """

    number: int
    task: str
    positives: int
    negatives: int
    reason: str = ""


def write_task_sequences(dataset: Dataset, folder: Path, stem: str) -> list[TaskSequences]:
    """Write ``<stem>.task<N>.positives.fa`` and ``.negatives.fa`` of the training part.

    These are the sequences, and the only ones, that a model of the data set learns from. Unknown
    labels are left out; for regression the upper fifth of the values is the positives and the
    lower fifth the negatives. Unknown bases at the ends, as of padding, are cut off.

    Parameters
    ----------
    dataset : Dataset
    folder : path
    stem : str

    Returns
    -------
    list of TaskSequences
        One per task, also of those that nothing was written for.
    """
    labels = class_labels(dataset)
    train = dataset.rows("train")
    written = []
    for number, task in enumerate(dataset.meta.tasks, 1):
        parts = [train[labels[train, number - 1] == wanted] for wanted in (1, 0)]
        counts = len(parts[0]), len(parts[1])
        reason = ""
        if min(counts) < LEAST:
            reason = (
                f"there are {counts[0]} positives and {counts[1]} negatives in the training part;"
                f" at least {LEAST} of each are needed"
            )
        else:
            for kind, part in zip(("positives", "negatives"), parts, strict=True):
                path = folder / f"{stem}.task{number}.{kind}.fa"
                write_text(path, _fasta(dataset, part))
        written.append(TaskSequences(number, task, counts[0], counts[1], reason))
    return written


def _fasta(dataset: Dataset, rows: NDArray[np.intp]) -> str:
    letters = dna.decode(dataset.codes[rows])
    names = ("_".join(dataset.names[row].split()) for row in rows)
    return "".join(
        f">{name}\n{sequence.strip('N') or 'N'}\n"
        for name, sequence in zip(names, letters, strict=True)
    )
