"""ExplaiNN learning by the kernel, without torch."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nfexplainn.cpu import describe_cpu
from nfexplainn.dna import Codes
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import (
    FILTER_NORM,
    FINAL,
    Weights,
    expected_weights,
    layer_names,
)
from nfexplainn.models.native_model import BATCH, NativeExplaiNN
from nfexplainn.models.profiles import LEAST_GAMMA
from nfexplainn.native.adam import Adam
from nfexplainn.native.units import LayerGradient
from nfexplainn.seeds import seed_for
from nfexplainn.training.losses import Loss

Floats = NDArray[np.float32]


class NativeLearner:
    """An ExplaiNN that learns.

    All that learns lies in one array, so that one pass over it is a step of Adam; the biases
    before the batch norms, which cancel, do not learn.

    Parameters
    ----------
    config : ExplaiNNConfig
        Of at most two dense layers per unit.
    weights : mapping of str to array
        The start, by the authors' names; copied.
    seed : int
        Of the dropout.
    threads : int

    Attributes
    ----------
    model : NativeExplaiNN
        With the learner's own weights.
    device : str
    batch : int
    shuffle_threads : int
    """

    batch = BATCH

    def __init__(
        self, config: ExplaiNNConfig, weights: Weights, *, seed: int, threads: int = 1
    ) -> None:
        names = trained_names(config)
        sizes = [weights[name].size for name in names]
        self._flat = np.empty(sum(sizes), dtype=np.float32)
        self._slope = np.zeros_like(self._flat)
        views, slopes = (
            _views(array, [weights[name].shape for name in names])
            for array in (self._flat, self._slope)
        )
        own = {name: array.copy() for name, array in weights.items() if name not in names}
        for name, view in zip(names, views, strict=True):
            view[...] = weights[name]
            own[name] = view
        of = dict(zip(names, slopes, strict=True))
        self._gradients = [
            LayerGradient(of[f"{layer}.weight"], of[f"{norm}.weight"], of[f"{norm}.bias"])
            for layer, norm in layer_names(config.num_fc)
        ]
        self._final_slopes = of[f"{FINAL}.weight"], of[f"{FINAL}.bias"]
        self._weights = {name: own[name] for name in expected_weights(config)}
        self._counts = [array for name, array in own.items() if array.dtype == np.int64]
        self._filters = sizes[0]
        self._gamma = own[f"{FILTER_NORM}.weight"]
        self._last_gamma = own[f"{layer_names(config.num_fc)[-1][1]}.weight"]
        self._penalty = np.float32(0)
        self._rng = np.random.default_rng(seed_for(seed, "", "", "dropout"))
        self.model = NativeExplaiNN(config, self._weights, threads)
        self.device, self.shuffle_threads = describe_cpu(threads), threads

    def start(self, learning_rate: float, *, hold_filters: bool, unit_penalty: float = 0.0) -> None:
        """Begin with a new Adam; see :meth:`nfexplainn.training.loop.Learner.start`."""
        self._held = hold_filters
        self._penalty = np.float32(unit_penalty)
        self._free = slice(self._filters if hold_filters else 0, None)
        self._adam = Adam(len(self._flat[self._free]), learning_rate)

    def step(self, batch: Codes, labels: Floats, loss: Loss) -> float:
        """Learn from a batch; give its mean loss, and learn nothing where it is not finite.

        Parameters
        ----------
        batch : uint8 array, shape (n, length)
        labels : float32 array, shape (n, tasks)
            NaN where unknown.
        loss : Loss

        Raises
        ------
        DivergedError
            If a weight is not finite, or an exponential overflows.
        """
        mean = self.gradients(batch, labels, loss)
        if not math.isfinite(mean):
            return mean
        self._adam.step(self._flat[self._free], self._slope[self._free])
        if self._held:
            np.maximum(self._gamma, np.float32(LEAST_GAMMA), out=self._gamma)
        return mean

    def gradients(self, batch: Codes, labels: Floats, loss: Loss) -> float:
        """Compute the gradients of a batch, as :meth:`step` does; give its mean loss."""
        model = self.model
        outputs = model.units.forward(batch, int(self._rng.integers(2**62)))
        for count in self._counts:
            count += 1
        logits = outputs @ model.final_weight.T + model.final_bias
        mean, slope = loss(logits.astype(np.float64), labels.astype(np.float64))
        if not math.isfinite(mean):
            return mean
        slopes = slope.astype(np.float32)
        weight, bias = self._final_slopes
        np.matmul(slopes.T, outputs, out=weight)
        if self._penalty:
            weight += self._penalty * np.sign(model.final_weight) * np.abs(self._last_gamma)
        slopes.sum(axis=0, out=bias)
        model.units.backward(slopes @ model.final_weight, self._gradients)
        return mean

    def logits(self, batch: Codes) -> Floats:
        """Give logits, float32 (n, tasks), as in evaluation."""
        return self.model.logits(batch)

    def state(self) -> Weights:
        """Copy all weights, by the authors' names."""
        return {name: array.copy() for name, array in self._weights.items()}

    def restore(self, state: Weights) -> None:
        """Take weights of :meth:`state` back."""
        for name, array in state.items():
            self._weights[name][...] = array


def trained_names(config: ExplaiNNConfig) -> list[str]:
    """Name the weights that learn by the kernel, the filters first."""
    names = []
    for layer, norm in layer_names(config.num_fc):
        names += [f"{layer}.weight", f"{norm}.weight", f"{norm}.bias"]
    return [*names, f"{FINAL}.weight", f"{FINAL}.bias"]


def _views(flat: Floats, shapes: list[tuple[int, ...]]) -> list[Floats]:
    """Cut one array into arrays of these shapes, one behind the other."""
    found, start = [], 0
    for shape in shapes:
        size = math.prod(shape)
        found.append(flat[start : start + size].reshape(shape))
        start += size
    return found
