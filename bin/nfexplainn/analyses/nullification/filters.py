"""Nullification of the first filters of a network, which needs torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
        value = torch.zeros(filters)
        if with_ == "mean":
            value = _mean_activation(layer, dataset, rows, both_strands)

        def batches() -> Iterator[Batch]:
            for part in parts(rows):
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

        return measure(dataset, batches(), filters, len(rows), report)


def _mean_activation(
    layer: FirstLayer, dataset: Dataset, rows: NDArray[np.intp], both_strands: bool
) -> Tensor:
    """Mean of every filter's map over sequences, strands and positions, shape (filters,)."""
    sums = torch.zeros(layer.convolution.out_channels, dtype=torch.float64)
    count = 0
    for part in parts(rows):
        for codes in _strands(dataset, part, both_strands):
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
