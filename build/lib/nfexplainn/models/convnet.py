"""A network of convolutions and dense layers as a module of torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nfexplainn.models.config import ModelConfig
from nfexplainn.models.convnets import ConvNetShape, enough_positions
from nfexplainn.models.first_layer import FirstLayer, as_convolution, covered
from nfexplainn.models.units import one_hot


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
