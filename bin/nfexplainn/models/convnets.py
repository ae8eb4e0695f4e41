"""The networks that ExplaiNN is compared with: CNN_1, CNN_1Exp, DeepCNN, DanQ, DeepSTARR, AI-TAC.

Novakovsky, Fornes et al., Genome Biology 2023, Methods ("Model architectures"). Their shapes are
the published ones and take no settings but the sequences' length and the number of tasks, so that
a comparison is one of architectures; data, split, seeds, loss and stopping are those of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from nfexplainn.errors import UserError
from nfexplainn.models.config import ModelConfig
from nfexplainn.models.units import one_hot


@dataclass(frozen=True)
class DanQConfig(ModelConfig):
    """DanQ's configuration.

    Attributes
    ----------
    lstm_layers : int
        Bidirectional LSTM layers, one on the other: 2 in the paper, 1 in the authors' code.
    """

    lstm_layers: int = 2

    def __post_init__(self) -> None:
        """Refuse what is no number of layers.

        Raises
        ------
        UserError
            If there is no layer.
        """
        if self.lstm_layers < 1:
            raise UserError(f"lstm_layers is {self.lstm_layers}; it must be at least 1.")


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


def _after(filters: int, width: int, pool: int, padding: int) -> Convolution:
    return Convolution(filters, width, pool, padding, pool_padding=1, norm="after")


SHAPES: Mapping[str, ConvNetShape] = {
    "cnn1": ConvNetShape((Convolution(100, 19, 7),)),
    "cnn1exp": ConvNetShape((Convolution(100, 19, 7),), exponential=True),
    "deepcnn": ConvNetShape(
        (Convolution(100, 19, 3), Convolution(200, 7, 3), Convolution(200, 4, 3))
    ),
    "deepstarr": ConvNetShape(
        (
            Convolution(256, 7, 2, padding=3),
            Convolution(60, 3, 2, padding=1),
            Convolution(60, 5, 2, padding=2),
            Convolution(120, 3, 2, padding=1),
        ),
        dense=256,
        dropout=0.4,
    ),
    "aitac": ConvNetShape(
        (
            _after(300, 19, 3, padding=9),
            _after(200, 11, 4, padding=5),
            _after(200, 7, 4, padding=3),
        ),
        dropout=0.03,
        dense_norm=False,
    ),
}
_DANQ = Convolution(320, 26, 13)


class ConvNet(nn.Module):
    """A convolutional network on DNA codes.

    Parameters
    ----------
    name : str
        One of :data:`SHAPES`.
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

    def __init__(self, name: str, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        shape = SHAPES[name]
        positions = _enough(name, config.length, shape.positions)
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


class DanQ(nn.Module):
    """DanQ on DNA codes: a convolution, bidirectional LSTM layers, a dense layer.

    The dropout is a part of the module, so it is off in evaluation; the authors' code makes it
    anew in every call, where it stays on.

    Parameters
    ----------
    config : DanQConfig

    Attributes
    ----------
    config : DanQConfig
    flat : int
        Inputs of the dense layer.

    Raises
    ------
    UserError
        If the sequences are too short.
    """

    def __init__(self, config: DanQConfig) -> None:
        super().__init__()
        self.config = config
        positions = _enough("danq", config.length, _DANQ.positions)
        self.convolutions = nn.Sequential(
            nn.Conv1d(4, _DANQ.filters, _DANQ.width),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.MaxPool1d(_DANQ.pool),
        )
        self.lstm = nn.LSTM(
            _DANQ.filters, 320, config.lstm_layers, batch_first=True, bidirectional=True
        )
        self.flat = positions * 2 * 320
        self.dense = nn.Sequential(nn.Dropout(0.5), nn.Linear(self.flat, 925), nn.ReLU())
        self.final = nn.Linear(925, config.tasks)

    def forward(self, codes: Tensor) -> Tensor:
        """Give logits, float (B, tasks), of codes, uint8 (B, length)."""
        return self.from_pooled(self.convolutions(channels_of(codes, self.config, self.final)))

    def from_pooled(self, maps: Tensor) -> Tensor:
        """Give logits, float (B, tasks), of pooled maps, float (B, filters, positions)."""
        states, _ = self.lstm(maps.transpose(1, 2))
        return self.final(self.dense(states.flatten(1)))


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


def shortest(name: str) -> int:
    """Give the least length of sequences, in bp, that a network can read."""
    positions = _DANQ.positions if name == "danq" else SHAPES[name].positions
    length = 1
    while not positions(length):
        length += 1
    return length


def _enough(name: str, length: int, positions: Callable[[int], int]) -> int:
    count = positions(length)
    if not count:
        raise UserError(
            f"The sequences are {length} bp long, but the model {name} needs at least"
            f" {shortest(name)} bp; take it out of --models for this data set (the sheet's column"
            " models), or use longer sequences."
        )
    return count
