"""The first convolution of a network apart from the rest: its filters, its maps, what follows.

It is where a convolutional network can be read as ExplaiNN's units are (Novakovsky, Fornes et al.,
Genome Biology 2023, Methods, "Interpretability"): a filter has a motif, and its map can be taken
away to see what the predictions lose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nfexplainn.models import units as layers

Activation = Literal["relu", "exponential"]


@dataclass(frozen=True)
class FirstLayer:
    """A network split behind its first activation.

    Attributes
    ----------
    convolution : nn.Conv1d
    norm : nn.BatchNorm1d or None
        Where it lies before the activation.
    activation : {'relu', 'exponential'}
    covered : int
        Map positions, from the first, that the pooling sees.
    maps : callable
        Codes (B, length) to activations (B, filters, positions).
    pool : callable
        Activations to what the rest of the network reads, (B, filters, pooled).
    linear : nn.Conv1d, nn.Linear or None
        The next layer, if it is linear: a change of one filter then needs no new sum over all.
    rest : callable
        The output of `linear` (without one: of `pool`) to logits (B, tasks).
    """

    convolution: nn.Conv1d
    norm: nn.BatchNorm1d | None
    activation: Activation
    covered: int
    maps: Callable[[Tensor], Tensor]
    pool: Callable[[Tensor], Tensor]
    linear: nn.Conv1d | nn.Linear | None
    rest: Callable[[Tensor], Tensor]

    @property
    def padding(self) -> int:
        """Unknown bases that the convolution adds to both ends of a sequence."""
        return int(self.convolution.padding[0])

    def filters(self) -> tuple[Tensor, Tensor]:
        """Give filters (filters, 4, width) and offsets (filters,), a batch norm folded in."""
        bias = self.convolution.bias
        assert bias is not None
        with torch.no_grad():
            if self.norm is None:
                return self.convolution.weight.detach(), bias.detach()
            scale, offset = layers.frozen_scale(self.norm, bias)
            return self.convolution.weight * scale[:, None, None], offset

    def after_linear(self, pooled: Tensor) -> Tensor:
        """Give the input of :attr:`rest` for pooled maps (B, filters, pooled)."""
        if self.linear is None:
            return pooled
        return self.linear(pooled if isinstance(self.linear, nn.Conv1d) else pooled.flatten(1))

    def replaced(
        self, base: Tensor, pooled: Tensor, filters: Sequence[int], values: Tensor
    ) -> Tensor:
        """Give logits with the pooled maps of some filters replaced.

        Parameters
        ----------
        base : Tensor
            :meth:`after_linear` of `pooled`.
        pooled : Tensor, shape (B, filters, pooled)
        filters : sequence of int
        values : Tensor, shape (len(filters), pooled)
            Their maps, for all sequences.

        Returns
        -------
        Tensor, shape (B, tasks)
        """
        linear, some = self.linear, list(filters)
        if linear is None:
            changed = pooled.clone()
            changed[:, some] = values
            return self.rest(changed)
        change = values - pooled[:, some]
        if isinstance(linear, nn.Conv1d):
            added = F.conv1d(change, linear.weight[:, some], padding=linear.padding)
        else:
            weight = linear.weight.unflatten(1, (-1, change.shape[2]))[:, some]
            added = change.flatten(1) @ weight.flatten(1).t()
        return self.rest(base + added)


@runtime_checkable
class Splits(Protocol):
    """A network with a first convolution that all that follows shares."""

    def first_layer(self) -> FirstLayer:
        """Split it behind its first activation; in evaluation mode, as dropout is left out."""


def first_layer(model: nn.Module) -> FirstLayer | None:
    """Split a network behind its first activation; None for one without a shared convolution.

    Parameters
    ----------
    model : nn.Module
        In evaluation mode: the dropout between the layers is left out.
    """
    return model.first_layer() if isinstance(model, Splits) else None


def as_convolution(module: nn.Module) -> nn.Conv1d:
    """Take a module for the convolution that it is."""
    assert isinstance(module, nn.Conv1d)
    return module


def covered(length: int, convolution: nn.Conv1d, pool: nn.Module) -> int:
    """Count the positions, from the first, that some window of the pooling holds."""
    assert isinstance(pool, nn.MaxPool1d)
    size, padding = int(pool.kernel_size), int(pool.padding)  # type: ignore[arg-type]
    width, added = convolution.kernel_size[0], int(convolution.padding[0])
    positions = length + 2 * added - width + 1
    windows = (positions + 2 * padding - size) // size + 1
    return min(positions, windows * size - padding)
