"""ExplaiNN: independent convolutional units whose outputs are added up by one linear layer.

Novakovsky, Fornes et al., Genome Biology 2023, Methods ("ExplaiNN architecture"). A logit is
``bias + sum over units of weight x unit output``, exactly; that is what makes the model readable.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from nfexplainn.errors import UserError
from nfexplainn.models import units as layers

Kernel = Literal["torch", "native"]
MAX_FILTER_LENGTH = 200


@dataclass(frozen=True)
class ExplaiNNConfig:
    """Shape of an ExplaiNN model; the defaults are the paper's.

    Attributes
    ----------
    length : int
        Length of the sequences, in bp.
    tasks : int
        Number of logits.
    units : int
        Number of independent units.
    filter_length : int
        Length of a unit's one filter, in bp.
    pool_size, pool_stride : int
        Of the maximum pooling, in positions. Without dense layers the maximum is the whole map's.
    num_fc : int
        Dense layers per unit.
    hidden : int
        Nodes of a unit's hidden dense layers.
    dropout : float
        Share of the hidden nodes that is dropped in training.
    """

    length: int
    tasks: int
    units: int = 100
    filter_length: int = 19
    pool_size: int = 7
    pool_stride: int = 7
    num_fc: int = 2
    hidden: int = 100
    dropout: float = 0.3

    def __post_init__(self) -> None:
        """Refuse shapes that no model can have.

        Raises
        ------
        UserError
            If a number is out of its range, or the sequences are too short for filter and pool.
        """
        smallest = {"tasks": 1, "units": 1, "filter_length": 1, "pool_size": 1, "pool_stride": 1}
        for name, least in (smallest | {"num_fc": 0, "hidden": 1}).items():
            if getattr(self, name) < least:
                raise UserError(f"{name} is {getattr(self, name)}; it must be at least {least}.")
        if self.filter_length > MAX_FILTER_LENGTH:
            raise UserError(
                f"filter_length is {self.filter_length}; it must be at most {MAX_FILTER_LENGTH}."
            )
        if not 0 <= self.dropout < 1:
            raise UserError(f"dropout is {self.dropout}; it must be at least 0 and below 1.")
        pool = self.pool_size if self.num_fc else 1
        needed = self.filter_length + pool - 1
        if self.length < needed:
            with_pool = f" and a pool of {pool} positions" if self.num_fc else ""
            raise UserError(
                f"The sequences are {self.length} bp long, but a filter of {self.filter_length} bp"
                f"{with_pool} needs at least {needed} bp; use longer sequences, pad them with N,"
                " or choose a smaller filter_length or pool_size."
            )

    @property
    def conv_positions(self) -> int:
        """Number of positions of a filter on a sequence."""
        return self.length - self.filter_length + 1

    @property
    def pooled_positions(self) -> int:
        """Number of maxima per unit and sequence."""
        if not self.num_fc:
            return 1
        return (self.conv_positions - self.pool_size) // self.pool_stride + 1

    @property
    def covered(self) -> int:
        """Number of filter positions that the pooling sees; those after them have no effect."""
        if not self.num_fc:
            return self.conv_positions
        return (self.pooled_positions - 1) * self.pool_stride + self.pool_size


class ExplaiNN(nn.Module):
    """ExplaiNN on DNA codes.

    Parameters and ``state_dict`` keys are those of the authors' module, so weights can be copied
    one to one.

    Parameters
    ----------
    config : ExplaiNNConfig

    Attributes
    ----------
    config : ExplaiNNConfig
    kernel : {'torch', 'native'}
        What computes the units. The native kernel must have been found usable by its own module.
    threads : int
        Of the native kernel; 0 stands for as many as torch has.
    final : nn.Linear
        ``weight`` (tasks, units) and ``bias`` (tasks,).
    """

    def __init__(self, config: ExplaiNNConfig) -> None:
        super().__init__()
        self.config = config
        self.kernel: Kernel = "torch"
        self.threads = 0
        n, hidden = config.units, config.hidden
        # The numbers are the layers' places in the authors' nn.Sequential.
        self.linears = nn.ModuleDict(
            {
                "0": nn.Conv1d(4 * n, n, config.filter_length, groups=n),
                "1": nn.BatchNorm1d(n),
            }
        )
        if config.num_fc:
            out = hidden if config.num_fc > 1 else 1
            self.linears["6"] = _dense(n, config.pooled_positions, out)
            self.linears["7"] = nn.BatchNorm1d(out * n)
        if config.num_fc == 2:
            self.linears["10"] = _dense(n, hidden, 1)
            self.linears["11"] = nn.BatchNorm1d(n)
        if config.num_fc > 2:
            self.linears_bg = nn.ModuleList(
                nn.ModuleDict({"1": _dense(n, hidden, hidden), "2": nn.BatchNorm1d(hidden * n)})
                for _ in range(config.num_fc - 2)
            )
            self.last_linear = nn.ModuleDict({"1": _dense(n, hidden, 1), "2": nn.BatchNorm1d(n)})
        self.final = nn.Linear(n, config.tasks)

    @property
    def pooled_positions(self) -> int:
        """Number of maxima per unit and sequence."""
        return self.config.pooled_positions

    @property
    def covered(self) -> int:
        """Number of filter positions that the pooling sees; those after them have no effect."""
        return self.config.covered

    def forward(self, codes: Tensor) -> Tensor:
        """Give logits, float (B, tasks), of codes, uint8 (B, length)."""
        return self.final(self.unit_outputs(codes))

    def unit_outputs(self, codes: Tensor) -> Tensor:
        """Give every unit's output, float (B, units), never negative.

        Parameters
        ----------
        codes : uint8 Tensor, shape (B, length)
            0 to 3 for A, C, G, T; 4 for N, which adds nothing to a filter's sum.

        Raises
        ------
        ValueError
            If the shape or type is wrong, or a training batch holds a single sequence, of which
            batch norm has no variance.
        """
        if codes.dtype != torch.uint8 or codes.ndim != 2 or codes.shape[1] != self.config.length:
            raise ValueError(
                f"expected uint8 codes of shape (B, {self.config.length}),"
                f" got {codes.dtype} of shape {tuple(codes.shape)}"
            )
        if self.training and len(codes) < 2:
            raise ValueError("a training batch needs at least two sequences")
        if self.kernel == "native":
            native_units = importlib.import_module("nfexplainn.native.units")
            return native_units.unit_outputs(self, codes)
        return self.torch_unit_outputs(codes)

    def filters(self) -> tuple[Tensor, Tensor]:
        """Give every unit's filter with its batch norm folded in, as in evaluation.

        Returns
        -------
        weight : Tensor, shape (units, 4, filter_length)
            Detached.
        offset : Tensor, shape (units,)
            The input of the exponential at a position is ``offset`` plus the sum of ``weight`` of
            the bases there (an N adds 0). As the exponential is monotone, a threshold on the
            activation is its logarithm here.
        """
        convolution, norm = self.convolution
        assert convolution.bias is not None
        with torch.no_grad():
            scale, offset = layers.frozen_scale(norm, convolution.bias)
            return convolution.weight * scale[:, None, None], offset

    @property
    def convolution(self) -> tuple[nn.Conv1d, nn.BatchNorm1d]:
        """The filters, weight (units, 4, filter_length), and their batch norm."""
        return _pair(self.linears, "0", "1")

    @property
    def dense_layers(self) -> list[tuple[nn.Conv1d, nn.BatchNorm1d]]:
        """The dense layers of the units, first to last: weight (units * out, in, 1), and norm."""
        count = self.config.num_fc
        found = [_pair(self.linears, "6", "7")] if count else []
        if count == 2:
            found.append(_pair(self.linears, "10", "11"))
        elif count > 2:
            found += [_pair(block, "1", "2") for block in self.linears_bg]
            found.append(_pair(self.last_linear, "1", "2"))
        return found

    def torch_unit_outputs(self, codes: Tensor) -> Tensor:
        """Give :meth:`unit_outputs` by torch alone, whatever ``kernel`` says."""
        config, training = self.config, self.training
        convolution, norm = self.convolution
        channels = layers.one_hot(codes, convolution.weight.dtype)
        weight, offset = layers.folded_filters(convolution, norm, channels, training)
        size = config.pool_size if config.num_fc else config.conv_positions
        stride = config.pool_stride if config.num_fc else size
        values = layers.pooled_activations(channels, weight, offset, size, stride)  # (U, B, P)
        if not config.num_fc:
            return values.squeeze(2).t()
        dense = self.dense_layers
        rate = config.dropout if training else 0.0
        for layer, layer_norm in dense[:-2]:
            weight, shift = layers.folded_dense(layer, layer_norm, values, training)
            values = layers.dropout(torch.relu(torch.baddbmm(shift, values, weight)), rate)
        last, last_norm = dense[-1]
        last_weight = last.weight.view(config.units, -1)
        assert last.bias is not None
        if config.num_fc == 1:
            sums = torch.bmm(values, last_weight.unsqueeze(2)).squeeze(2)
        else:
            weight, shift = layers.folded_dense(*dense[-2], values, training)
            sums = layers.HiddenLayer.apply(values, weight, shift, last_weight, rate)
        return torch.relu(layers.normalised_rows(sums, last.bias, last_norm, training)).t()


def _dense(units: int, inputs: int, outputs: int) -> nn.Conv1d:
    """Make one dense layer per unit; a grouped convolution gives the authors' initialisation."""
    return nn.Conv1d(inputs * units, outputs * units, 1, groups=units)


def _pair(modules: nn.Module, layer: str, norm: str) -> tuple[nn.Conv1d, nn.BatchNorm1d]:
    assert isinstance(modules, nn.ModuleDict)
    convolution, batch_norm = modules[layer], modules[norm]
    assert isinstance(convolution, nn.Conv1d) and isinstance(batch_norm, nn.BatchNorm1d)
    return convolution, batch_norm
