"""Nullification of the first filters of a network, which needs torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nfexplainn.analyses.nullification.nullify import Batch, Floats, Influence, measure, parts
from nfexplainn.data.dataset import Dataset
from nfexplainn.models.first_layer import FirstLayer
from nfexplainn.models.units import reverse_complement

With = Literal["mean", "zero"]


def nullify_filters(
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
    layer : FirstLayer
        Of a network in evaluation mode, on the CPU.
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
    with torch.inference_mode():
        value = replacement(layer, dataset, rows, with_, both_strands)

        def batches() -> Iterator[Batch]:
            for part in parts(rows):
                whole, without = silence(layer, dataset, part, value, both_strands)
                yield part, whole, (without([index]) for index in range(filters))

        return measure(dataset, batches(), filters, len(rows), report)


def silenced_logits(
    layer: FirstLayer,
    dataset: Dataset,
    rows: NDArray[np.intp],
    groups: Sequence[NDArray[np.int64]],
    value: Tensor,
    *,
    both_strands: bool = True,
    report: Callable[[int, int], None] | None = None,
) -> tuple[Floats, NDArray[np.float32]]:
    """Silence groups of filters, each group at once.

    Parameters
    ----------
    layer : FirstLayer
        Of a network in evaluation mode, on the CPU.
    dataset : Dataset
    rows : int array
        Sequences to look at.
    groups : sequence of int64 array
        Filters; a group may be empty.
    value : Tensor, shape (filters,)
        What maps are replaced by, from :func:`replacement`.
    both_strands : bool
        Average the predictions of both strands, as everywhere.
    report : callable, optional
        Called with the number of batches done and in all.

    Returns
    -------
    whole : float64 array, shape (n, tasks)
        Logits of the network.
    lost : float32 array, shape (groups, n, tasks)
        These less those without each group: what the group adds to them.
    """
    batches = list(parts(rows))
    whole = np.zeros((len(rows), len(dataset.meta.tasks)))
    lost = np.zeros((len(groups), *whole.shape), dtype=np.float32)
    first = 0
    with torch.inference_mode():
        for done, part in enumerate(batches, start=1):
            at = slice(first, first + len(part))
            whole[at], without = silence(layer, dataset, part, value, both_strands)
            for own, group in zip(lost, groups, strict=True):
                if len(group):
                    own[at] = whole[at] - without(group.tolist())
            first = at.stop
            if report is not None:
                report(done, len(batches))
    return whole, lost


def silence(
    layer: FirstLayer,
    dataset: Dataset,
    rows: NDArray[np.intp],
    value: Tensor,
    both_strands: bool,
) -> tuple[Floats, Callable[[Sequence[int]], Floats]]:
    """Give the logits of some sequences, and what gives them without some filters.

    Returns
    -------
    whole : float64 array, shape (n, tasks)
    without : callable
        Takes filters, and gives logits (n, tasks) with all of their maps replaced by `value`,
        shape (all filters,).
    """
    pooled, base = [], []
    for codes in _strands(dataset, rows, both_strands):
        maps = layer.maps(codes)
        pooled.append(layer.pool(maps))
        base.append(layer.after_linear(pooled[-1]))
    # A constant map stays constant in the pooling: one sequence's is that of all.
    flat = layer.pool(value[None, :, None].expand(1, len(value), maps.shape[2]))[0]

    def without(filters: Sequence[int]) -> Floats:
        some = flat[list(filters)]
        strands = zip(base, pooled, strict=True)
        return _average([layer.replaced(one, two, filters, some) for one, two in strands])

    return _average([layer.rest(each) for each in base]), without


def replacement(
    layer: FirstLayer,
    dataset: Dataset,
    rows: NDArray[np.intp],
    with_: With,
    both_strands: bool,
) -> Tensor:
    """Give what each filter's map is replaced by, shape (filters,).

    Its mean over sequences, strands and positions, or 0.
    """
    sums = torch.zeros(layer.convolution.out_channels, dtype=torch.float64)
    count = 0
    for part in parts(rows if with_ == "mean" else rows[:0]):
        for codes in _strands(dataset, part, both_strands):
            with torch.inference_mode():
                maps = layer.maps(codes)
            sums += maps.double().sum(dim=(0, 2))
            count += maps.shape[0] * maps.shape[2]
    return (sums / max(1, count)).float()


def _strands(dataset: Dataset, rows: NDArray[np.intp], both: bool) -> list[Tensor]:
    codes = torch.from_numpy(np.ascontiguousarray(dataset.codes[rows]))
    return [codes, reverse_complement(codes)] if both else [codes]


def _average(strands: list[Tensor]) -> Floats:
    mean = torch.stack([one.double() for one in strands]).mean(dim=0)
    return cast(Floats, mean.numpy())
