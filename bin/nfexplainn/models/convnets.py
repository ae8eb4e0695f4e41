"""Networks of convolutions and dense layers, with which ExplaiNN is compared.

Novakovsky, Fornes et al., Genome Biology 2023, Methods ("Model architectures"). Their shapes are
the published ones and take no settings but the sequences' length and the number of tasks, so that
a comparison is one of architectures; data, split, seeds, loss and stopping are those of the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nfexplainn.errors import UserError
from nfexplainn.models.architecture import Architecture
from nfexplainn.models.config import ModelConfig

if TYPE_CHECKING:
    from torch import nn


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
            f" {least_length(positions)} bp; remove it from --models for this data set (the sheet's"
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

    def make(config: ModelConfig) -> nn.Module:
        from nfexplainn.models.convnet import ConvNet

        return ConvNet(name, shape, config)

    return Architecture(
        name,
        title,
        ModelConfig,
        make,
        shortest=least_length(shape.positions),
        reference=reference,
    )
