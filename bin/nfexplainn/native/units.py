"""ExplaiNN's units by the kernel, as one function of autograd."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from nfexplainn.errors import DivergedError
from nfexplainn.native import library

_BAD_FILTER, _OVERFLOW, _BAD_DENSE = 1, 2, 3
MOST_DENSE_LAYERS = 2


class UnitShape(Protocol):
    """Shape of the units, as :class:`~nfexplainn.models.config.ExplaiNNConfig` gives it."""

    @property
    def length(self) -> int:
        """Length of the sequences, in bp."""

    @property
    def units(self) -> int:
        """Number of units."""

    @property
    def filter_length(self) -> int:
        """Length of a filter, in bp."""

    @property
    def pool_size(self) -> int:
        """Width of the pooling, in positions."""

    @property
    def pool_stride(self) -> int:
        """Step of the pooling, in positions."""

    @property
    def num_fc(self) -> int:
        """Dense layers per unit."""

    @property
    def hidden(self) -> int:
        """Nodes of the hidden dense layer."""

    @property
    def dropout(self) -> float:
        """Share of the hidden nodes that is dropped in training."""

    @property
    def conv_positions(self) -> int:
        """Number of positions of a filter on a sequence."""

    @property
    def pooled_positions(self) -> int:
        """Number of maxima per unit and sequence."""


def why_unusable(config: UnitShape) -> str | None:
    """Say why the kernel cannot compute models of this shape here; None where it can.

    Builds the kernel where there is none yet.
    """
    if config.num_fc > MOST_DENSE_LAYERS:
        return f"it computes at most {MOST_DENSE_LAYERS} dense layers per unit"
    try:
        library.load()
    except library.KernelError as error:
        return str(error)
    return None


def fits(filters: Tensor, training: bool) -> bool:
    """Tell whether the kernel does this pass.

    It computes float32 on the CPU, and no gradients in evaluation mode.
    """
    plain = filters.dtype == torch.float32 and filters.device.type == "cpu"
    return plain and (training or not torch.is_grad_enabled())


def unit_outputs(
    config: UnitShape,
    pairs: Sequence[tuple[nn.Conv1d, nn.BatchNorm1d]],
    codes: Tensor,
    *,
    training: bool,
    threads: int = 0,
) -> Tensor:
    """Give every unit's output, float32 (B, units), as ``ExplaiNN.torch_unit_outputs`` does.

    In training the batch norms use the batch's statistics and their running ones are moved;
    gradients flow to the parameters, except to biases before a batch norm, which cancel.

    Parameters
    ----------
    config : UnitShape
        With at most 2 dense layers.
    pairs : sequence of (nn.Conv1d, nn.BatchNorm1d)
        The filters, which :func:`fits` accepts, and the dense layers in order.
    codes : uint8 Tensor, shape (B, length)
    training : bool
    threads : int
        0 stands for as many as torch has.

    Raises
    ------
    DivergedError
        If a weight is not finite, or an exponential overflows.
    """
    norms = [norm for _, norm in pairs]
    call = _call(config, pairs, codes, training, threads)
    if not training:
        output = torch.empty(len(codes), config.units)
        call.output = output.data_ptr()
        _forward(call)
        return output
    parameters = [p for layer, norm in pairs for p in (layer.weight, norm.weight, norm.bias)]
    outputs: Tensor = _Units.apply(call, codes, *parameters)
    for norm in norms:
        if norm.num_batches_tracked is not None:
            norm.num_batches_tracked.add_(1)
    return outputs


class _Units(torch.autograd.Function):
    """Forward and backward pass of all units of one training step."""

    @staticmethod
    def forward(ctx: Any, call: library.UnitsCall, codes: Tensor, *parameters: Tensor) -> Tensor:
        """Give (B, units) from the call, its codes, and weight, gamma, beta of every layer."""
        functions = library.load().functions
        saved = torch.empty(functions.nfx_saved_bytes(ctypes.byref(call)), dtype=torch.uint8)
        output = torch.empty(len(codes), call.units)
        call.saved, call.output = saved.data_ptr(), output.data_ptr()
        _forward(call)
        ctx.save_for_backward(*parameters)
        ctx.call, ctx.saved = call, saved
        return output

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Give the gradients of weight, gamma and beta of every layer."""
        parameters = ctx.saved_tensors
        gradient = gradient.contiguous()
        gradients = [torch.empty_like(parameter) for parameter in parameters]
        names = (
            ["convolution", "first", "last"] if len(parameters) == 9 else ["convolution", "last"]
        )
        to = library.UnitsGradient(output=gradient.data_ptr())
        for name, (weight, gamma, beta) in zip(
            names, zip(*[iter(gradients)] * 3, strict=True), strict=False
        ):
            setattr(to, name, weight.data_ptr())
            setattr(to, name + "_gamma", gamma.data_ptr())
            setattr(to, name + "_beta", beta.data_ptr())
        functions = library.load().functions
        library.check(functions.nfx_backward(ctypes.byref(ctx.call), ctypes.byref(to)))
        return (None, None, *gradients)


def _call(
    config: UnitShape,
    pairs: Sequence[tuple[nn.Conv1d, nn.BatchNorm1d]],
    codes: Tensor,
    training: bool,
    threads: int,
) -> library.UnitsCall:
    dropout = config.dropout if training and config.num_fc == MOST_DENSE_LAYERS else 0.0
    layers = [_layer(layer, norm) for layer, norm in pairs]
    whole = config.conv_positions
    call = library.UnitsCall(
        sequences=len(codes),
        length=config.length,
        units=config.units,
        filter_length=config.filter_length,
        pool_size=config.pool_size if config.num_fc else whole,
        pool_stride=config.pool_stride if config.num_fc else whole,
        pooled=config.pooled_positions,
        hidden=config.hidden if config.num_fc == MOST_DENSE_LAYERS else 0,
        num_fc=config.num_fc,
        threads=threads or torch.get_num_threads(),
        training=int(training),
        dropout=dropout,
        # One number of torch's own generator, so that torch.manual_seed rules.
        seed=int(torch.randint(1 << 62, ()).item()) if dropout else 0,
        convolution=layers[0],
    )
    if len(layers) > 1:
        call.last = layers[-1]
    if len(layers) > MOST_DENSE_LAYERS:
        call.first = layers[1]
    codes = codes.contiguous()
    call.codes = codes.data_ptr()
    call.kept = codes  # the call must not outlive its codes
    return call


def _layer(layer: nn.Conv1d, norm: nn.BatchNorm1d) -> library.Layer:
    if norm.running_mean is None or norm.running_var is None or norm.momentum is None:
        raise ValueError("the batch norm keeps no running average")
    assert layer.bias is not None
    tensors = (
        layer.weight,
        layer.bias,
        norm.weight,
        norm.bias,
        norm.running_mean,
        norm.running_var,
    )
    for tensor in tensors:
        if not tensor.is_contiguous():
            raise ValueError("the parameters must be contiguous")
    return library.Layer(*(tensor.data_ptr() for tensor in tensors), norm.eps, norm.momentum)


def _forward(call: library.UnitsCall) -> None:
    status = library.load().functions.nfx_forward(ctypes.byref(call))
    if status in {_BAD_FILTER, _OVERFLOW, _BAD_DENSE}:
        raise DivergedError(
            _what_is_wrong(status, call.bad_unit + 1, call.bad_value),
            "Lower learning_rate, or train from another seed.",
        )
    library.check(status)


def _what_is_wrong(status: int, unit: int, value: float) -> str:
    cause = {
        _BAD_FILTER: "its filter, or the filter's batch norm, is no longer a finite number",
        _OVERFLOW: f"its activation is exp({value:.4g}), more than a number can hold",
        _BAD_DENSE: "its dense layers hold a value that is no longer a finite number",
    }[status]
    return f"unit_{unit:03d} cannot be computed, since {cause}: the model has diverged."
