"""ExplaiNN's units by the kernel, on arrays that stay where they are."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import Codes, reverse_complement
from nfexplainn.errors import DivergedError
from nfexplainn.native import library

_BAD_FILTER, _OVERFLOW, _BAD_DENSE = 1, 2, 3
MOST_DENSE_LAYERS = 2
EPSILON, MOMENTUM = 1e-5, 0.1  # of every batch norm, as in torch
Floats = NDArray[np.float32]


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


@dataclass(frozen=True)
class UnitLayer:
    """A layer of all units and the batch norm after it: float32 arrays in torch's order.

    The running statistics are changed in place by a training step.
    """

    weight: Floats
    bias: Floats
    gamma: Floats
    beta: Floats
    running_mean: Floats
    running_variance: Floats

    def addresses(self) -> library.Layer:
        """Give where the arrays lie, for the kernel.

        Raises
        ------
        ValueError
            If one is not contiguous float32.
        """
        arrays = [self.weight, self.bias, self.gamma, self.beta]
        arrays += [self.running_mean, self.running_variance]
        for array in arrays:
            if array.dtype != np.float32 or not array.flags.c_contiguous:
                raise ValueError("the parameters must be contiguous float32 arrays")
        return library.Layer(*(array.ctypes.data for array in arrays), EPSILON, MOMENTUM)


@dataclass(frozen=True)
class Edits:
    """Sequences that differ from others, their references, in one stretch of bases.

    Attributes
    ----------
    codes : uint8 array, shape (edits, length)
    row : int64 array, shape (edits,)
        The reference of each, ascending.
    first, last : int32 arrays, shape (edits,)
        Bases ``first`` to ``last - 1`` may differ from the reference's; no others do.
    """

    codes: Codes
    row: NDArray[np.int64]
    first: NDArray[np.int32]
    last: NDArray[np.int32]

    def __len__(self) -> int:
        """Give the number of edited sequences."""
        return len(self.row)

    def reverse_complement(self) -> Edits:
        """Give the same edits on the other strand."""
        length = self.codes.shape[1]
        return Edits(
            reverse_complement(self.codes), self.row, length - self.last, length - self.first
        )


@dataclass(frozen=True)
class LayerGradient:
    """Where the gradients of a layer's trained parameters are written, float32 arrays.

    A bias before a batch norm cancels and has none.
    """

    weight: Floats
    gamma: Floats
    beta: Floats


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


class Units:
    """All units of one model.

    Parameters
    ----------
    config : UnitShape
        With at most 2 dense layers.
    layers : sequence of UnitLayer
        The filters, and the dense layers in order; their arrays are read at every call.
    threads : int

    Raises
    ------
    nfexplainn.native.library.KernelError
        If there is no kernel.
    """

    def __init__(self, config: UnitShape, layers: Sequence[UnitLayer], threads: int = 1) -> None:
        self.config = config
        self._layers = tuple(layers)  # keeps the arrays alive
        self._functions = library.load().functions
        whole = config.conv_positions
        self._call = call = library.UnitsCall(
            length=config.length,
            units=config.units,
            filter_length=config.filter_length,
            pool_size=config.pool_size if config.num_fc else whole,
            pool_stride=config.pool_stride if config.num_fc else whole,
            pooled=config.pooled_positions,
            hidden=config.hidden if config.num_fc == MOST_DENSE_LAYERS else 0,
            num_fc=config.num_fc,
            threads=max(1, threads),
            convolution=layers[0].addresses(),
        )
        if len(layers) > 1:
            call.last = layers[-1].addresses()
        if len(layers) > MOST_DENSE_LAYERS:
            call.first = layers[1].addresses()
        self._saved = np.empty(0, dtype=np.uint8)

    def evaluate(self, codes: Codes) -> Floats:
        """Give every unit's output in evaluation, float32 (n, units), of codes (n, length).

        Raises
        ------
        ValueError
            If the shape or type of the codes is wrong.
        DivergedError
            If a weight is not finite, or an exponential overflows.
        """
        return self._run(codes, training=False, dropout=0.0, seed=0)

    def changes(self, codes: Codes, edits: Edits) -> tuple[Floats, Floats]:
        """Give every unit's output in evaluation, and what edits of the sequences change in it.

        Only what a changed base can reach is evaluated anew: an output that it leaves as it was
        has a change of exactly 0.

        Parameters
        ----------
        codes : uint8 array, shape (n, length)
            The references.
        edits : Edits

        Returns
        -------
        outputs : float32 array, shape (n, units)
        changes : float32 array, shape (edits, units)

        Raises
        ------
        ValueError
            If a shape or type is wrong, or the edits are not in the order of their references.
        DivergedError
            As for :meth:`evaluate`.
        """
        given = [np.ascontiguousarray(edits.codes, dtype=np.uint8)]
        given.append(np.ascontiguousarray(edits.row, dtype=np.int64))
        given += [np.ascontiguousarray(at, dtype=np.int32) for at in (edits.first, edits.last)]
        changed, row, first, last = given
        count, length = len(row), self.config.length
        if changed.shape != (count, length) or first.shape != (count,) or last.shape != (count,):
            raise ValueError(f"expected {count} edits of {length} bp, got {changed.shape}")
        if count and (
            (np.diff(row) < 0).any()
            or row[0] < 0
            or row[-1] >= len(codes)
            or first.min() < 0
            or last.max() > length
        ):
            raise ValueError("the edits are not in the order of their references, or beyond them")
        found = np.zeros((count, self.config.units), dtype=np.float32)
        to = library.EditsCall(count, *(array.ctypes.data for array in given), found.ctypes.data)
        return self._run(codes, training=False, dropout=0.0, seed=0, edits=to), found

    def forward(self, codes: Codes, seed: int) -> Floats:
        """Give every unit's output in training, float32 (n, units).

        The batch norms use the batch's statistics, and their running ones are moved. What
        :meth:`backward` needs is kept until the next call.

        Parameters
        ----------
        codes : uint8 array, shape (n, length)
            At least two sequences.
        seed : int
            Of the dropout, at least 0 and below 2**64.

        Raises
        ------
        ValueError, DivergedError
            As for :meth:`evaluate`; if there is one sequence, of which batch norm has no variance.
        """
        if len(codes) < 2:
            raise ValueError("a training batch needs at least two sequences")
        deep = self.config.num_fc == MOST_DENSE_LAYERS
        return self._run(codes, True, self.config.dropout if deep else 0.0, seed)

    def backward(self, gradient: Floats, into: Sequence[LayerGradient]) -> None:
        """Write the gradients of the last :meth:`forward`'s parameters.

        Parameters
        ----------
        gradient : float32 array, shape (n, units)
            Of the outputs.
        into : sequence of LayerGradient
            A place per layer.
        """
        gradient = np.ascontiguousarray(gradient, dtype=np.float32)
        to = library.UnitsGradient(output=gradient.ctypes.data)
        names = ("convolution", "first", "last") if len(into) > 2 else ("convolution", "last")
        for name, one in zip(names, into, strict=False):
            setattr(to, name, one.weight.ctypes.data)
            setattr(to, name + "_gamma", one.gamma.ctypes.data)
            setattr(to, name + "_beta", one.beta.ctypes.data)
        library.check(self._functions.nfx_backward(ctypes.byref(self._call), ctypes.byref(to)))

    def _run(
        self,
        codes: Codes,
        training: bool,
        dropout: float,
        seed: int,
        edits: library.EditsCall | None = None,
    ) -> Floats:
        if codes.dtype != np.uint8 or codes.ndim != 2 or codes.shape[1] != self.config.length:
            raise ValueError(
                f"expected uint8 codes of shape (n, {self.config.length}),"
                f" got {codes.dtype} of shape {codes.shape}"
            )
        call = self._call
        self._codes = np.ascontiguousarray(codes)  # the backward pass reads them again
        output = np.empty((len(codes), self.config.units), dtype=np.float32)
        call.sequences, call.codes, call.output = (
            len(codes),
            self._codes.ctypes.data,
            output.ctypes.data,
        )
        call.training, call.dropout, call.seed = int(training), dropout, seed
        if training:
            size = self._functions.nfx_saved_bytes(ctypes.byref(call))
            if size > len(self._saved):
                self._saved = np.empty(size, dtype=np.uint8)
            call.saved = self._saved.ctypes.data
        if edits is None:
            status = self._functions.nfx_forward(ctypes.byref(call))
        else:
            status = self._functions.nfx_edits(ctypes.byref(call), ctypes.byref(edits))
        if status in {_BAD_FILTER, _OVERFLOW, _BAD_DENSE}:
            raise DivergedError(
                _what_is_wrong(status, call.bad_unit + 1, call.bad_value),
                "Lower learning_rate, or train from another seed.",
            )
        library.check(status)
        return output


def _what_is_wrong(status: int, unit: int, value: float) -> str:
    cause = {
        _BAD_FILTER: "its filter, or the filter's batch norm, is no longer a finite number",
        _OVERFLOW: f"its activation is exp({value:.4g}), which overflows",
        _BAD_DENSE: "its dense layers hold a value that is no longer a finite number",
    }[status]
    return f"unit_{unit:03d} cannot be computed because {cause}: the model has diverged."
