"""Networks of convolutions and dense layers, with which ExplaiNN is compared.

Novakovsky, Fornes et al., Genome Biology 2023, Methods ("Model architectures"). Their shapes are
the published ones and take no settings but the sequences' length and the number of tasks, so that
a comparison is one of architectures; data, split, seeds, loss and stopping are those of the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from nfexplainn.errors import UserError
from nfexplainn.models.architecture import Architecture
from nfexplainn.models.config import ModelConfig
from nfexplainn.models.first_layer import FirstLayer, as_convolution, covered
from nfexplainn.models.units import one_hot


@dataclass(frozen=True)
class Convolution:
    """One convolution with its pooling (the stride is the pool's size).

    Attributes
    ----------
    filters, width, padding : int
        Width and padding in positions.
    pool, pool_padding : int
    norm : {'before', 'after'}
        Batch norm before the activation, or after the pooling.
    """

    filters: int
    width: int
    pool: int
    padding: int = 0
    pool_padding: int = 0
    norm: Literal["before", "after"] = "before"

    def positions(self, length: int) -> int:
        """Number of pooled positions that are left of ``length``; 0 where it is too short."""
        convolved = length + 2 * self.padding - self.width + 1
        if convolved < 1:
            return 0
        return max(0, (convolved + 2 * self.pool_padding - self.pool) // self.pool + 1)


@dataclass(frozen=True)
class ConvNetShape:
    """A network of convolutions and two dense layers of equal size.

    Attributes
    ----------
    convolutions : tuple of Convolution
    dense : int
        Nodes of each of the two dense layers.
    dropout : float
        After each of them.
    dense_norm : bool
        Batch norm in the dense layers.
    exponential : bool
        An exponential in place of the first convolution's ReLU.
    """

    convolutions: tuple[Convolution, ...]
    dense: int = 1000
    dropout: float = 0.3
    dense_norm: bool = True
    exponential: bool = False

    def positions(self, length: int) -> int:
        """Number of positions after the last pooling; 0 where the sequences are too short."""
        for layer in self.convolutions:
            length = layer.positions(length)
        return length


class ConvNet(nn.Module):
    """A convolutional network on DNA codes.

    Parameters
    ----------
    name : str
        For messages.
    shape : ConvNetShape
    config : ModelConfig

    Attributes
    ----------
    config : ModelConfig
    flat : int
        Inputs of the first dense layer.

    Raises
    ------
    UserError
        If the sequences are too short.
    """

    def __init__(self, name: str, shape: ConvNetShape, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        positions = enough_positions(name, config.length, shape.positions)
        layers: list[nn.Module] = []
        channels = 4
        for number, layer in enumerate(shape.convolutions):
            activation = _Exponential() if shape.exponential and not number else nn.ReLU()
            norm = nn.BatchNorm1d(layer.filters)
            pool = nn.MaxPool1d(layer.pool, padding=layer.pool_padding)
            layers.append(nn.Conv1d(channels, layer.filters, layer.width, padding=layer.padding))
            ordered = (norm, activation, pool), (activation, pool, norm)
            layers += ordered[layer.norm == "after"]
            channels = layer.filters
        self.convolutions = nn.Sequential(*layers)
        self.flat = inputs = channels * positions
        dense: list[nn.Module] = []
        for _ in range(2):
            dense.append(nn.Linear(inputs, shape.dense))
            if shape.dense_norm:
                dense.append(nn.BatchNorm1d(shape.dense))
            dense += [nn.ReLU(), nn.Dropout(shape.dropout)]
            inputs = shape.dense
        self.dense = nn.Sequential(*dense)
        self.final = nn.Linear(inputs, config.tasks)

    def forward(self, codes: Tensor) -> Tensor:
        """Give logits, float (B, tasks), of codes, uint8 (B, length)."""
        maps = self.convolutions(channels_of(codes, self.config, self.final))
        return self.final(self.dense(maps.flatten(1)))

    def first_layer(self) -> FirstLayer:
        """Split it behind its first activation; in evaluation mode, as dropout is left out."""
        modules = list(self.convolutions)
        convolution = as_convolution(modules[0])
        norm = modules[1] if isinstance(modules[1], nn.BatchNorm1d) else None
        # Batch norm stands before the activation, or after the pooling.
        middle = 3 if norm is not None else 2
        head, pool = nn.Sequential(*modules[:middle]), nn.Sequential(*modules[middle:4])
        deeper, dense = modules[4:], list(self.dense)
        linear = deeper[0] if deeper else dense[0]
        assert isinstance(linear, nn.Conv1d | nn.Linear)
        flatten = [nn.Flatten()] if deeper else []
        tail = nn.Sequential(*deeper[1:], *flatten, *dense[0 if deeper else 1 :], self.final)
        return FirstLayer(
            convolution=convolution,
            norm=norm,
            activation="exponential" if not isinstance(modules[middle - 1], nn.ReLU) else "relu",
            covered=covered(self.config.length, convolution, modules[middle]),
            maps=lambda codes: head(channels_of(codes, self.config, self.final)),
            pool=pool,
            linear=linear,
            rest=tail,
        )


class _Exponential(nn.Module):
    def forward(self, values: Tensor) -> Tensor:
        return torch.exp(values)


def channels_of(codes: Tensor, config: ModelConfig, final: nn.Linear) -> Tensor:
    """Give channels, (B, 4, length), of codes; N is four zeros."""
    if codes.dtype != torch.uint8 or codes.ndim != 2 or codes.shape[1] != config.length:
        raise ValueError(
            f"expected uint8 codes of shape (B, {config.length}),"
            f" got {codes.dtype} of shape {tuple(codes.shape)}"
        )
    return one_hot(codes, final.weight.dtype).transpose(1, 2)


def least_length(positions: Callable[[int], int]) -> int:
    """Give the least length of sequences, in bp, of which a position is left."""
    length = 1
    while not positions(length):
        length += 1
    return length


def enough_positions(name: str, length: int, positions: Callable[[int], int]) -> int:
    """Give the number of positions that are left of sequences.

    Raises
    ------
    UserError
        If there is none.
    """
    count = positions(length)
    if not count:
        raise UserError(
            f"The sequences are {length} bp long, but the model {name} needs at least"
            f" {least_length(positions)} bp; take it out of --models for this data set (the sheet's"
            " column models), or use longer sequences."
        )
    return count


def convnet(
    name: str, title: str, shape: ConvNetShape, reference: tuple[str, ...] = ()
) -> Architecture:
    """Describe a network of convolutions and two dense layers.

    Parameters
    ----------
    name, title : str
    shape : ConvNetShape
    reference : tuple of str
        What is cited, and its DOI.
    """
    return Architecture(
        name,
        title,
        ModelConfig,
        partial(ConvNet, name, shape),
        shortest=least_length(shape.positions),
        reference=reference,
    )
