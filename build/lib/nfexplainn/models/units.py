"""The arithmetic of ExplaiNN's units in plain torch: exact rewrites of the paper's layers.

The original repeats the one-hot input once per unit and runs grouped convolutions. The functions
here give the same numbers (up to rounding) with less work: one plain convolution, the maximum
taken before the exponential (which is monotone), batch norms folded into the weights through the
moments of their inputs, and each unit's dense layers as one batched matrix product.

Shapes: B sequences, L positions, U units, k filter length, T = L - k + 1 windows, P pooled
positions, H hidden nodes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.grad import conv2d_weight

from nfexplainn.dna import N_CODE

_LANES = 1 << 16  # values of the 16-bit random numbers that dropout compares


def one_hot(codes: Tensor, dtype: torch.dtype) -> Tensor:
    """Turn codes, uint8 (B, L), into channels (B, L, 4) of A, C, G, T; N is four zeros."""
    bases = torch.arange(4, dtype=torch.uint8, device=codes.device)
    return (codes.unsqueeze(-1) == bases).to(dtype)


def reverse_complement(codes: Tensor) -> Tensor:
    """Reverse complement of codes, uint8 (B, L), on their device; N stays N."""
    flipped = codes.flip(1)
    return torch.where(flipped < N_CODE, (N_CODE - 1) - flipped, flipped)


def window_moments(channels: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Mean and covariance of all windows of one-hot sequences, exactly.

    The covariance of a convolution's output over batch and positions follows from these moments
    for any filter, so that its batch norm needs no pass over the output.

    Parameters
    ----------
    channels : Tensor, shape (B, L, 4)
        One-hot sequences.
    k : int
        Window length, at most L.

    Returns
    -------
    mean : float64 Tensor, shape (4k,)
        In the order of a filter's flattened weight, (base, position).
    covariance : float64 Tensor, shape (4k, 4k)
        Biased (divided by B * T).
    """
    batch, length, _ = channels.shape
    windows = length - k + 1
    blocks = -(-length // k)
    # How often base a at position q meets base b at position q + d, counted over the batch: a
    # product of blocks of k positions with the 2k - 1 positions from each block's start on. The
    # counts are whole numbers, so float32 holds them exactly.
    padded = F.pad(channels, (0, 0, 0, blocks * k + k - 1 - length))
    left = padded[:, : blocks * k].reshape(batch, blocks, 4 * k).permute(1, 2, 0)
    right = padded.unfold(1, 2 * k - 1, k).permute(1, 0, 3, 2).reshape(blocks, batch, -1)
    products = torch.bmm(left, right).view(blocks, k, 4, 2 * k - 1, 4)
    per_block, row, base, column, other = products.stride()
    pairs = products.as_strided(
        (blocks, k, 4, k, 4), (per_block, row + column, base, column, other)
    ).reshape(blocks * k, 4, k, 4)
    totals = F.pad(pairs[:length].cumsum(0, dtype=torch.float64), (0, 0, 0, 0, 0, 0, 1, 0))
    counts = totals[windows:] - totals[:-windows]  # (k, 4, k, 4): position, base, distance, base
    counts = counts.permute(0, 2, 1, 3)
    place = torch.arange(k, device=channels.device)
    first = torch.minimum(place[:, None], place)
    upper = counts[first, (place[:, None] - place).abs()]  # (k, k, 4, 4)
    ahead = (place >= place[:, None])[:, :, None, None]
    joint = torch.where(ahead, upper, upper.transpose(2, 3))
    second = joint.permute(2, 0, 3, 1).reshape(4 * k, 4 * k) / (batch * windows)
    mean = second.diagonal()  # an indicator's second moment is its mean
    return mean, second - torch.outer(mean, mean)


def update_running(norm: nn.BatchNorm1d, mean: Tensor, variance: Tensor, n: int) -> None:
    """Move a batch norm's running statistics towards a batch's, as torch's own layer does.

    Parameters
    ----------
    norm : BatchNorm1d
        Changed in place.
    mean, variance : Tensor
        The batch's mean and biased variance per feature.
    n : int
        Number of values behind each of them.
    """
    momentum = norm.momentum
    if norm.running_mean is None or norm.running_var is None or momentum is None:
        raise ValueError("the batch norm keeps no running average")
    with torch.no_grad():
        if norm.num_batches_tracked is not None:
            norm.num_batches_tracked += 1
        unbiased = variance.detach().reshape(-1) * (n / (n - 1))
        norm.running_mean.lerp_(mean.detach().reshape(-1).to(norm.running_mean), momentum)
        norm.running_var.lerp_(unbiased.to(norm.running_var), momentum)


def frozen_scale(norm: nn.BatchNorm1d, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Scale and shift of a batch norm in evaluation, with the bias of the layer before it."""
    assert norm.running_mean is not None and norm.running_var is not None
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    return scale, norm.bias + scale * (bias - norm.running_mean)


def folded_filters(
    convolution: nn.Conv1d, norm: nn.BatchNorm1d, channels: Tensor, training: bool
) -> tuple[Tensor, Tensor]:
    """Fold the convolution's batch norm into its filters.

    Returns
    -------
    weight : Tensor, shape (U, 4, k)
    offset : Tensor, shape (U,)
        The input of the exponential is the convolution with ``weight`` plus ``offset``.
    """
    weight = convolution.weight
    assert convolution.bias is not None
    if not training:
        scale, offset = frozen_scale(norm, convolution.bias)
        return weight * scale[:, None, None], offset
    k = weight.shape[2]
    with torch.no_grad():
        moment, covariance = window_moments(channels, k)
    flat = weight.flatten(1).double()
    mean = flat @ moment
    variance = ((flat @ covariance) * flat).sum(1)
    n = channels.shape[0] * (channels.shape[1] - k + 1)
    update_running(norm, mean + convolution.bias, variance, n)
    # In training the convolution's bias cancels in the batch norm.
    scale = norm.weight * torch.rsqrt(variance + norm.eps).to(weight.dtype)
    return weight * scale[:, None, None], norm.bias - scale * mean.to(weight.dtype)


class PooledConvolution(torch.autograd.Function):
    """Convolution and maximum pooling in the memory order in which torch vectorises both.

    One-hot channels (B, L, 4) are "channels last" already, so they are only viewed. The gradient
    has to be brought into that order by hand: left to autograd, the pooling's backward pass falls
    back to the other order and copies the whole map twice.
    """

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        channels: Tensor,
        weight: Tensor,
        size: int,
        stride: int,
    ) -> Tensor:
        """Give the pooled scores (B, P, U) of channels (B, L, 4) and filters (U, 4, k)."""
        image, filters = _channels_last(channels, weight)
        scores = F.conv2d(image, filters)
        pooled, places = F.max_pool2d(scores, (1, size), (1, stride), return_indices=True)
        ctx.save_for_backward(image, filters, scores, places)
        ctx.pool = size, stride  # type: ignore[attr-defined]
        return pooled.squeeze(2).transpose(1, 2)

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, gradient: Tensor
    ) -> tuple[None, Tensor, None, None]:
        """Give the gradient of the filters; codes have none."""
        image, filters, scores, places = ctx.saved_tensors  # type: ignore[attr-defined]
        size, stride = ctx.pool  # type: ignore[attr-defined]
        ordered = gradient.contiguous().unsqueeze(1).permute(0, 3, 1, 2)
        dense = torch.ops.aten.max_pool2d_with_indices_backward(
            ordered, scores, [1, size], [1, stride], [0, 0], [1, 1], False, places
        )
        d_filters = conv2d_weight(image, filters.shape, dense)
        return None, d_filters.squeeze(2), None, None


def _channels_last(channels: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """View channels (B, L, 4) and filters (U, 4, k) as images and filters of height 1."""
    image = channels.unsqueeze(1).permute(0, 3, 1, 2)
    return image, weight.unsqueeze(2).contiguous(memory_format=torch.channels_last)


def pooled_activations(
    channels: Tensor, weight: Tensor, offset: Tensor, size: int, stride: int
) -> Tensor:
    """Convolve, pool and exponentiate.

    Parameters
    ----------
    channels : Tensor, shape (B, L, 4)
    weight, offset : Tensor
        Of :func:`folded_filters`.
    size, stride : int
        Of the pooling, in windows.

    Returns
    -------
    Tensor, shape (U, B, P)
        Contiguous.
    """
    k = weight.shape[2]
    positions = (channels.shape[1] - k + 1 - size) // stride + 1
    seen = (positions - 1) * stride + size + k - 1  # the tail is outside every pool
    if torch.is_grad_enabled() and weight.requires_grad:
        scores = PooledConvolution.apply(channels[:, :seen], weight, size, stride)  # (B, P, U)
    else:
        convolved = F.conv2d(*_channels_last(channels[:, :seen], weight))
        pooled = F.max_pool2d(convolved, (1, size), (1, stride))
        scores = pooled.squeeze(2).transpose(1, 2)
    return torch.exp(scores + offset).permute(2, 0, 1).contiguous()


def folded_dense(
    layer: nn.Conv1d, norm: nn.BatchNorm1d, inputs: Tensor, training: bool
) -> tuple[Tensor, Tensor]:
    """Fold a batch norm into each unit's dense layer through the covariance of its inputs.

    Parameters
    ----------
    layer : Conv1d
        Grouped, kernel size 1: weight (U * out, in, 1).
    norm : BatchNorm1d
        Over U * out features.
    inputs : Tensor, shape (U, B, in)
    training : bool
        Use, and record, the batch's statistics.

    Returns
    -------
    weight : Tensor, shape (U, in, out)
    shift : Tensor, shape (U, 1, out)
        The normalised output is ``inputs @ weight + shift``.
    """
    units, batch, width = inputs.shape
    weight = layer.weight.view(units, -1, width)
    assert layer.bias is not None
    if not training:
        scale, shift = frozen_scale(norm, layer.bias)
        scaled = weight * scale.view(units, -1, 1)
        return scaled.transpose(1, 2), shift.view(units, 1, -1)
    mean = inputs.mean(1, keepdim=True)
    centred = inputs - mean
    covariance = torch.bmm(centred.transpose(1, 2), centred) / batch
    variance = (torch.bmm(weight, covariance) * weight).sum(2)  # (U, out)
    centre = torch.bmm(weight, mean.transpose(1, 2)).squeeze(2)
    update_running(norm, centre.reshape(-1) + layer.bias, variance, batch)
    scale = norm.weight.view(units, -1) * torch.rsqrt(variance.clamp(min=0) + norm.eps)
    shift = norm.bias.view(units, -1) - centre * scale
    return (weight * scale.unsqueeze(2)).transpose(1, 2), shift.unsqueeze(1)


def normalised_rows(values: Tensor, bias: Tensor, norm: nn.BatchNorm1d, training: bool) -> Tensor:
    """Batch norm of each unit's one output, shape (U, B), of a layer whose ``bias`` is not added.

    Leaving the bias out in training, where it cancels, spares it the rounding noise that Adam
    would otherwise turn into steps of full size.
    """
    if not training:
        scale, shift = frozen_scale(norm, bias)
        return values * scale[:, None] + shift[:, None]
    variance, mean = torch.var_mean(values, 1, correction=0, keepdim=True)
    update_running(norm, mean.squeeze(1) + bias, variance, values.shape[1])
    scale = norm.weight[:, None] * torch.rsqrt(variance + norm.eps)
    return (values - mean) * scale + norm.bias[:, None]


def dropout(values: Tensor, rate: float) -> Tensor:
    """Drop values with probability ``rate`` (to the nearest 1/65536) and scale the others up."""
    if not rate:
        return values
    keep, scale = _kept(values, rate)
    return values * keep * scale


def _kept(values: Tensor, rate: float) -> tuple[Tensor, float]:
    """Draw what dropout keeps, and the factor that keeps the expectation."""
    dropped = min(round(rate * _LANES), _LANES - 1)
    n = values.numel()
    # Four 16-bit numbers come with each 64-bit draw: a quarter of the generator's work.
    words = torch.empty((n + 3) // 4, dtype=torch.int64, device=values.device)
    lanes = words.random_(-(2**63), None).view(torch.int16)[:n].view(values.shape)
    return lanes >= dropped - _LANES // 2, _LANES / (_LANES - dropped)


class HiddenLayer(torch.autograd.Function):
    """ReLU, dropout and the sum over a unit's hidden nodes, without keeping what can be redone.

    ``output[u, b] = sum_h drop(relu(inputs @ weight + shift))[u, b, h] * last[u, h]``. Only the
    dropped-out activations are kept: a gradient passes exactly where they are positive.
    """

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        inputs: Tensor,
        weight: Tensor,
        shift: Tensor,
        last: Tensor,
        rate: float,
    ) -> Tensor:
        """Give (U, B) from inputs (U, B, in), weight (U, in, H), shift (U, 1, H), last (U, H)."""
        hidden = torch.baddbmm(shift, inputs, weight).relu_()
        scale = 1.0
        if rate:
            keep, scale = _kept(hidden, rate)
            hidden.mul_(keep)
        ctx.save_for_backward(inputs, weight, last, hidden)
        ctx.scale = scale  # type: ignore[attr-defined]
        return torch.bmm(hidden, (last * scale).unsqueeze(2)).squeeze(2)

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, gradient: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, None]:
        """Give the gradients of inputs, weight, shift and last from that of the output."""
        inputs, weight, last, hidden = ctx.saved_tensors  # type: ignore[attr-defined]
        scale = ctx.scale  # type: ignore[attr-defined]
        gradient = gradient.contiguous()
        inner = gradient.unsqueeze(2) * (last * scale).unsqueeze(1)
        inner = torch.ops.aten.threshold_backward(inner, hidden, 0)
        d_last = torch.bmm(gradient.unsqueeze(1), hidden).squeeze(1) * scale
        d_weight = torch.bmm(inputs.transpose(1, 2), inner)
        d_inputs = torch.bmm(inner, weight.transpose(1, 2))
        return d_inputs, d_weight, inner.sum(1, keepdim=True), d_last, None
