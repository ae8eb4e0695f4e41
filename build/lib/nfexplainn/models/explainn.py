"""ExplaiNN: independent convolutional units whose outputs are added up by one linear layer.

Novakovsky, Fornes et al., Genome Biology 2023, Methods ("ExplaiNN architecture"). A logit is
``bias + sum over units of weight x unit output``, exactly; that is what makes the model readable.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from nfexplainn.models import units as layers
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import layer_names
from nfexplainn.models.model import Kernel
from nfexplainn.models.native_model import NativeExplaiNN


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
        What computes the units in evaluation without gradients. The native kernel must have been
        found usable.
    final : nn.Linear
        ``weight`` (tasks, units) and ``bias`` (tasks,).
    """

    def __init__(self, config: ExplaiNNConfig) -> None:
        super().__init__()
        self.config = config
        self.kernel: Kernel = "torch"
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
        weight = self.convolution[0].weight
        plain = weight.dtype == torch.float32 and weight.device.type == "cpu"
        if self.kernel == "native" and plain and not (self.training or torch.is_grad_enabled()):
            arrays = {name: tensor.numpy() for name, tensor in self.state_dict().items()}
            native = NativeExplaiNN(self.config, arrays, torch.get_num_threads())
            return torch.from_numpy(native.unit_outputs(codes.numpy()))
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
        return self._layers()[0]

    @property
    def dense_layers(self) -> list[tuple[nn.Conv1d, nn.BatchNorm1d]]:
        """The dense layers of the units, first to last: weight (units * out, in, 1), and norm."""
        return self._layers()[1:]

    def _layers(self) -> list[tuple[nn.Conv1d, nn.BatchNorm1d]]:
        return [
            (
                cast(nn.Conv1d, self.get_submodule(layer)),
                cast(nn.BatchNorm1d, self.get_submodule(norm)),
            )
            for layer, norm in layer_names(self.config.num_fc)
        ]

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
