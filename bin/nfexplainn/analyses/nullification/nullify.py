"""Nullification (I6): what the predictions lose when one filter, or one unit, says nothing.

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
from typing import Literal, cast

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nfexplainn.data.dataset import Dataset
from nfexplainn.evaluation.predict import evaluating, reverse_complement
from nfexplainn.interpret.run import select_rows
from nfexplainn.interpret.selection import MIN_TASKS_FOR_CORRELATION, row_correlation
from nfexplainn.models.explainn import ExplaiNN
from nfexplainn.models.first_layer import FirstLayer

With = Literal["mean", "zero"]
BATCH = 200
TOGETHER = "*"
COLUMNS = ("unit", "task", "influence", "change", "sequences", "basis")
Floats = NDArray[np.float64]


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


def nullify_filters(
    model: nn.Module,
    layer: FirstLayer,
    dataset: Dataset,
    rows: NDArray[np.intp],
    *,
    with_: With = "mean",
    both_strands: bool = True,
    report: Callable[[int, int], None] | None = None,
) -> Influence:
    """Nullify every filter of a network's first layer.

    Parameters
    ----------
    model : nn.Module
        The network that `layer` was split from; on the CPU.
    layer : FirstLayer
    dataset : Dataset
    rows : int array
        Sequences to look at.
    with_ : {'mean', 'zero'}
        What a map is replaced by.
    both_strands : bool
        Average the predictions of both strands, as everywhere.
    report : callable, optional
        Called with the number of batches done and in all.
    """
    filters = layer.convolution.out_channels
    total = -(-len(rows) // BATCH)
    with evaluating(model, torch.device("cpu")), torch.inference_mode():
        value = torch.zeros(filters)
        if with_ == "mean":
            value = _mean_activation(layer, dataset, rows, both_strands)

        def batches() -> Iterator[tuple[NDArray[np.intp], Floats, Iterator[Floats]]]:
            for part in _parts(rows):
                strands = _strands(dataset, part, both_strands)
                pooled, base = [], []
                for codes in strands:
                    maps = layer.maps(codes)
                    pooled.append(layer.pool(maps))
                    base.append(layer.after_linear(pooled[-1]))
                # A constant map stays constant in the pooling: one sequence's is that of all.
                flat = layer.pool(value[None, :, None].expand(1, filters, maps.shape[2]))[0]
                whole = _average([layer.rest(each) for each in base])
                yield (
                    part,
                    whole,
                    (
                        _average(
                            [
                                layer.replaced(one, two, index, flat[index])
                                for one, two in zip(base, pooled, strict=True)
                            ]
                        )
                        for index in range(filters)
                    ),
                )

        return _measure(dataset, batches(), filters, total, report)


def nullify_units(
    model: ExplaiNN,
    dataset: Dataset,
    rows: NDArray[np.intp],
    *,
    both_strands: bool = True,
    report: Callable[[int, int], None] | None = None,
) -> Influence:
    """Nullify every unit's output: the change is its contribution, exactly.

    Parameters are those of :func:`nullify_filters`.
    """
    weight = model.final.weight.detach().double().numpy()  # (tasks, units)
    bias = model.final.bias.detach().double().numpy()
    total = -(-len(rows) // BATCH)
    with evaluating(model, torch.device("cpu")), torch.inference_mode():

        def batches() -> Iterator[tuple[NDArray[np.intp], Floats, Iterator[Floats]]]:
            for part in _parts(rows):
                strands = _strands(dataset, part, both_strands)
                outputs = _average([model.unit_outputs(codes) for codes in strands])
                whole = outputs @ weight.T + bias
                yield (
                    part,
                    whole,
                    (
                        whole - outputs[:, unit, None] * weight[None, :, unit]
                        for unit in range(model.config.units)
                    ),
                )

        return _measure(dataset, batches(), model.config.units, total, report)


def influence_table(
    found: Influence, tasks: Sequence[str], name: Callable[[int], str], basis: str
) -> pd.DataFrame:
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
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _measure(
    dataset: Dataset,
    batches: Iterator[tuple[NDArray[np.intp], Floats, Iterator[Floats]]],
    filters: int,
    total: int,
    report: Callable[[int, int], None] | None,
) -> Influence:
    """Add up the changes of batches of (rows, logits, logits without each filter)."""
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


def _mean_activation(
    layer: FirstLayer, dataset: Dataset, rows: NDArray[np.intp], both_strands: bool
) -> Tensor:
    """Mean of every filter's map over sequences, strands and positions, shape (filters,)."""
    sums = torch.zeros(layer.convolution.out_channels, dtype=torch.float64)
    count = 0
    for part in _parts(rows):
        for codes in _strands(dataset, part, both_strands):
            maps = layer.maps(codes)
            sums += maps.double().sum(dim=(0, 2))
            count += maps.shape[0] * maps.shape[2]
    return (sums / max(1, count)).float()


def _parts(rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))


def _strands(dataset: Dataset, rows: NDArray[np.intp], both: bool) -> list[Tensor]:
    codes = torch.from_numpy(np.ascontiguousarray(dataset.codes[rows]))
    return [codes, reverse_complement(codes)] if both else [codes]


def _average(strands: list[Tensor]) -> Floats:
    mean = torch.stack([one.double() for one in strands]).mean(dim=0)
    return cast(Floats, mean.numpy())
