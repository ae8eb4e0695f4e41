"""The models as networks on one-hot sequences with one module per activation, as DeepLIFT needs.

DeepLIFT puts a rule in the place of each activation's gradient, through hooks on its module; an
activation that is a mere function call has none, and is silently taken for linear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from nfexplainn.errors import UserError
from nfexplainn.models.convnet import ConvNet
from nfexplainn.models.danq import DanQ
from nfexplainn.models.explainn import ExplaiNN

# Points of the integral along the path from reference to sequence, for the recurrent layer.
_NODES = 16


class Exponential(nn.Module):
    """An exponential that a rule can be put on."""

    def forward(self, values: Tensor) -> Tensor:
        """Give exp of the values."""
        return torch.exp(values)


class Recurrent(nn.Module):
    """DanQ's recurrent layers as one module: maps (B, filters, positions) to states, flattened."""

    def __init__(self, lstm: nn.LSTM) -> None:
        super().__init__()
        self.lstm = lstm

    def forward(self, maps: Tensor) -> Tensor:
        """Give the states of all positions, float (B, positions * 2 * hidden)."""
        states, _ = self.lstm(maps.transpose(1, 2))
        return states.flatten(1)


def one_hot_network(model: nn.Module) -> nn.Sequential:
    """Give the same function as a model's in evaluation, on float (B, 4, length).

    Parameters
    ----------
    model : ExplaiNN, ConvNet or DanQ
        Its parameters are shared, but for ExplaiNN's filters, whose batch norm is folded in.

    Raises
    ------
    UserError
        If it is another architecture.
    """
    if isinstance(model, ExplaiNN):
        network = _explainn(model)
    elif isinstance(model, ConvNet):
        convolutions = [_plain(layer) for layer in model.convolutions]
        network = nn.Sequential(*convolutions, nn.Flatten(), *model.dense, model.final)
    elif isinstance(model, DanQ):
        network = nn.Sequential(
            *model.convolutions, Recurrent(model.lstm), *model.dense, model.final
        )
    else:
        name = type(model).__name__
        raise UserError(f"DeepLIFT has no rules for {name}; leave it out of --models.")
    return network.eval()


def _plain(layer: nn.Module) -> nn.Module:
    """Replace the models' own exponential by the one that has a rule."""
    return Exponential() if type(layer).__name__ == "_Exponential" else layer


def _explainn(model: ExplaiNN) -> nn.Sequential:
    """Write ExplaiNN's units as layers: one convolution, then dense layers per unit."""
    config = model.config
    weight, offset = model.filters()
    filters = nn.Conv1d(4, config.units, config.filter_length)
    filters.weight = nn.Parameter(weight)
    filters.bias = nn.Parameter(offset)
    size = config.pool_size if config.num_fc else config.conv_positions
    stride = config.pool_stride if config.num_fc else size
    layers: list[nn.Module] = [filters, Exponential(), nn.MaxPool1d(size, stride), nn.Flatten()]
    if config.num_fc:
        # A grouped convolution of width 1 is a dense layer per unit.
        layers.append(nn.Unflatten(1, (config.units * config.pooled_positions, 1)))
        for dense, norm in model.dense_layers:
            layers += [dense, norm, nn.ReLU()]
        layers.append(nn.Flatten())
    return nn.Sequential(*layers, model.final)


def rules() -> Mapping[type[nn.Module], Callable[..., Any]]:
    """Give the rules of the activations that DeepLIFT's own list lacks.

    The exponential follows the rescale rule like any activation of one value. A recurrent layer
    has no such rule; its multipliers are its gradients' mean along the straight path from the
    reference (integrated gradients over that layer), so that attributions still add up.
    """
    from tangermeme.deep_lift_shap import _nonlinear, integrated_gradients_op

    return {Exponential: _nonlinear, Recurrent: integrated_gradients_op(_NODES)}
