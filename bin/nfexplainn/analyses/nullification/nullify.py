"""Nullification: what the predictions lose when one filter, or one unit, says nothing.

After Maslova et al. 2020 (AI-TAC), as Novakovsky, Fornes et al., Genome Biology 2023, apply it to
their convolutional networks. A filter's activation map is replaced by its mean (or by 0) before the
pooling; the influence is the mean squared change of the prediction. AI-TAC takes the mean over a
batch; here it is that over all sequences looked at, so that no batch size shows in the result.

A unit of ExplaiNN is nullified by setting its output to 0, which changes a logit by exactly the
final weight times the output, per sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.dna import reverse_complement
from nfexplainn.interpret.run import select_rows
from nfexplainn.interpret.selection import MIN_TASKS_FOR_CORRELATION, row_correlation
from nfexplainn.io.tsv import Table
from nfexplainn.models.model import UnitModel

BATCH = 200
TOGETHER = "*"
COLUMNS = ("unit", "task", "influence", "change", "sequences", "basis")
Floats = NDArray[np.float64]
# Rows, their logits, and their logits without each filter.
Batch = tuple[NDArray[np.intp], Floats, Iterator[Floats]]


@dataclass(frozen=True)
class Influence:
    """What every filter does to the predictions.

    Attributes
    ----------
    squared : float64 array, shape (filters, tasks)
        Mean squared change of the logit (of the predicted value, for regression).
    change : float64 array, shape (filters, tasks)
        Mean of the logit minus that without the filter: above 0, the filter raises it.
    correlation : float64 array, shape (filters,)
        Mean squared change of a sequence's Pearson correlation over tasks; NaN without three tasks
        of regression.
    sequences : int
        Number of sequences looked at.
    """

    squared: Floats
    change: Floats
    correlation: Floats
    sequences: int


def choose_rows(
    dataset: Dataset, logits: NDArray[np.float32], limit: int, seed: int
) -> tuple[NDArray[np.intp], str]:
    """Choose the sequences to look at: the well-predicted of training and validation part.

    Where there is none, all that have a label. Of more than `limit`, a random sample.

    Returns
    -------
    rows : int array, ascending
    basis : str
        What they are, in words.
    """
    selection = select_rows(dataset, logits)
    rows, basis = np.flatnonzero(selection.chosen), "well-predicted"
    if not len(rows):
        rows = np.flatnonzero(selection.effect_rows.any(axis=1))
        basis = "all labelled (no well-predicted)"
    if len(rows) > limit:
        rows = np.sort(np.random.default_rng(seed).choice(rows, limit, replace=False))
    return rows, basis


def nullify_units(
    model: UnitModel,
    dataset: Dataset,
    rows: NDArray[np.intp],
    *,
    both_strands: bool = True,
    report: Callable[[int, int], None] | None = None,
) -> Influence:
    """Nullify every unit's output: the change is its contribution, exactly.

    Parameters
    ----------
    model : UnitModel
    dataset : Dataset
    rows : int array
        Sequences to look at.
    both_strands : bool
        Average the predictions of both strands, as everywhere.
    report : callable, optional
        Called with the number of batches done and in all.
    """
    weight = model.final_weight.astype(np.float64)  # (tasks, units)
    bias = model.final_bias.astype(np.float64)
    units = weight.shape[1]

    def batches() -> Iterator[Batch]:
        for part in parts(rows):
            codes = np.ascontiguousarray(dataset.codes[part])
            strands = [codes, reverse_complement(codes)] if both_strands else [codes]
            outputs = np.stack([model.unit_outputs(one) for one in strands]).mean(
                axis=0, dtype=np.float64
            )
            whole = outputs @ weight.T + bias
            yield (
                part,
                whole,
                (whole - outputs[:, unit, None] * weight[None, :, unit] for unit in range(units)),
            )

    return measure(dataset, batches(), units, len(rows), report)


def influence_table(
    found: Influence, tasks: Sequence[str], name: Callable[[int], str], basis: str
) -> Table:
    """Give a row per filter and task; the task ``*`` holds the correlation over tasks, if any.

    Columns :data:`COLUMNS`; ``unit`` is what `name` calls a 0-based filter, ``influence`` the mean
    squared change, ``change`` the mean change, ``sequences`` their number and ``basis`` what they
    are.
    """
    rows = []
    for index in range(len(found.squared)):
        about = (found.sequences, basis)
        for column, task in enumerate(tasks):
            squared, change = found.squared[index, column], found.change[index, column]
            rows.append((name(index), task, squared, change, *about))
        if np.isfinite(found.correlation[index]):
            rows.append((name(index), TOGETHER, found.correlation[index], None, *about))
    return Table(COLUMNS, rows)


def measure(
    dataset: Dataset,
    batches: Iterator[Batch],
    filters: int,
    sequences: int,
    report: Callable[[int, int], None] | None,
) -> Influence:
    """Add up the changes of batches of :func:`parts` of a number of sequences."""
    total = -(-sequences // BATCH)
    tasks = len(dataset.meta.tasks)
    squared, change = np.zeros((2, filters, tasks))
    correlation, correlated = np.zeros((2, filters))
    several = dataset.meta.task_type == "regression" and tasks >= MIN_TASKS_FOR_CORRELATION
    count = 0
    for done, (part, whole, without) in enumerate(batches, start=1):
        labels = dataset.labels[part]
        known = ~np.isnan(labels)
        before = row_correlation(labels, whole, known) if several else None
        for index, logits in enumerate(without):
            lost = whole - logits
            squared[index] += (lost * lost).sum(axis=0)
            change[index] += lost.sum(axis=0)
            if before is not None:
                moved = (before - row_correlation(labels, logits, known)) ** 2
                correlation[index] += np.nansum(moved)
                correlated[index] += np.isfinite(moved).sum()
        count += len(part)
        if report is not None:
            report(done, total)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Influence(squared / count, change / count, correlation / correlated, count)


def parts(rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Take rows in batches."""
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
