"""The small tables that a prepare step writes beside its data set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.audit import Check
from nfexplainn.data.dataset import SPLITS, Dataset
from nfexplainn.io.tsv import write_tsv


def write_counts(dataset: Dataset, path: Path) -> None:
    """Count sequences and labels per split (or fold) and task; task ``*`` is all of them.

    For ``*`` a positive is 1 in any task and a negative 0 in every one; the rest is unknown.
    ``mean`` is that of the known labels, for regression, where the counts of labels stay empty.
    """
    rows: list[tuple[object, ...]] = []
    regression = dataset.meta.task_type == "regression"
    for split, at in parts_of(dataset):
        labels = dataset.labels[at]
        unknown = np.isnan(labels)
        if regression:
            missing = int(unknown.all(axis=1).sum())
            rows.append((split, "*", len(labels), None, None, missing, None))
        else:
            positive = (labels == 1).any(axis=1)
            negative = (labels == 0).all(axis=1)
            rest = int((~positive & ~negative).sum())
            counts = (int(positive.sum()), int(negative.sum()), rest)
            rows.append((split, "*", len(labels), *counts, None))
        for column, task in enumerate(dataset.meta.tasks):
            values = labels[:, column]
            missing = int(unknown[:, column].sum())
            if regression:
                known = values[~unknown[:, column]].astype(np.float64)
                mean = float(known.mean()) if len(known) else None
                rows.append((split, task, len(values), None, None, missing, mean))
            else:
                ones, zeros = int((values == 1).sum()), int((values == 0).sum())
                rows.append((split, task, len(values), ones, zeros, missing, None))
    header = ("split", "task", "sequences", "positives", "negatives", "unknown", "mean")
    write_tsv(path, header, rows)


def parts_of(dataset: Dataset) -> list[tuple[str, NDArray[np.intp]]]:
    """Name the parts of a data set, and give their rows."""
    if dataset.fold is None:
        return [(split, dataset.rows(split)) for split in SPLITS]
    folds = range(dataset.meta.folds)
    return [(fold_name(fold), np.flatnonzero(dataset.fold == fold)) for fold in folds]


def fold_name(fold: int) -> str:
    """Name a fold, from 0, in a table's column of parts."""
    return f"fold_{fold + 1}"


def write_dropped(dropped: Iterable[tuple[str, str, int]], path: Path) -> None:
    """Write how many records of which source could not be used, and why."""
    write_tsv(path, ("source", "reason", "count"), [row for row in dropped if row[2]])


def write_readings(readings: Iterable[tuple[str, str, str]], path: Path) -> None:
    """Write what was read as what in which source."""
    write_tsv(path, ("source", "item", "value"), readings)


def write_audit(checks: Sequence[Sequence[Check]], path: Path) -> None:
    """Write the leakage audit: that of the split, or of the parts of each fold in turn."""
    header = ("check", "state", "count", "total", "example")
    rows: list[tuple[object, ...]] = [
        (c.check, c.state, c.count, c.total, c.example, fold)
        for fold, of_fold in enumerate(checks, 1)
        for c in of_fold
    ]
    folded = len(checks) > 1
    write_tsv(path, (*header, "fold") if folded else header, [r[: 5 + folded] for r in rows])
