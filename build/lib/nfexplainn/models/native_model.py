"""ExplaiNN as arrays that the kernel computes: all that the CPU needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import Codes
from nfexplainn.filters import Filters
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import FINAL, Weights, folded_filters, layer_names
from nfexplainn.models.model import Floats, Kernel
from nfexplainn.native.units import Edits, UnitLayer, Units

# Larger batches fall out of the caches.
BATCH = 200
_OF_NORM = ("weight", "bias", "running_mean", "running_var")


class NativeExplaiNN:
    """An ExplaiNN of at most two dense layers per unit.

    A logit is ``bias + sum over units of weight x unit output``, exactly.

    Parameters
    ----------
    config : ExplaiNNConfig
    weights : mapping of str to array
        By the authors' names; read at every call, and never copied.
    threads : int

    Raises
    ------
    nfexplainn.native.library.KernelError
        If there is no kernel.
    """

    kernel: Kernel = "native"
    batch = BATCH

    def __init__(
        self, config: ExplaiNNConfig, weights: Mapping[str, NDArray[Any]], threads: int = 1
    ) -> None:
        self.config = config
        self._weights = dict(weights)
        self.units = Units(config, unit_layers(config, weights), threads)

    @property
    def final_weight(self) -> Floats:
        """Weights of the final layer, (tasks, units)."""
        return self._weights[f"{FINAL}.weight"]

    @property
    def final_bias(self) -> Floats:
        """Biases of the final layer, (tasks,)."""
        return self._weights[f"{FINAL}.bias"]

    def unit_outputs(self, codes: Codes) -> Floats:
        """Give every unit's output, float32 (n, units), never negative.

        Parameters
        ----------
        codes : uint8 array, shape (n, length)
            0 to 3 for A, C, G, T; 4 for N, which adds nothing to a filter's sum.

        Raises
        ------
        ValueError
            If the shape or type is wrong.
        DivergedError
            If a weight is not finite, or an exponential overflows.
        """
        found = np.empty((len(codes), self.config.units), dtype=np.float32)
        for start in range(0, len(codes), BATCH):
            found[start : start + BATCH] = self.units.evaluate(codes[start : start + BATCH])
        return found

    def unit_changes(self, codes: Codes, edits: Edits) -> tuple[Floats, Floats]:
        """Give the outputs of references, and what edits change in them, all at once.

        As :meth:`nfexplainn.models.model.FilterModel.unit_changes`; only what a changed base can
        reach is evaluated anew.
        """
        return self.units.changes(codes, edits)

    def logits(self, codes: Codes) -> Floats:
        """Give logits, float32 (n, tasks), of codes, uint8 (n, length)."""
        return self.unit_outputs(codes) @ self.final_weight.T + self.final_bias

    def filters(self) -> Filters:
        """Give every unit's filter with its batch norm folded in, as in evaluation."""
        return folded_filters(self.config, self._weights)

    def weights(self) -> Weights:
        """Give the weights by the authors' names: the model's own arrays."""
        return self._weights


def unit_layers(config: ExplaiNNConfig, weights: Mapping[str, NDArray[Any]]) -> list[UnitLayer]:
    """Take the arrays of the units' layers, for the kernel: the filters, then the dense layers."""
    return [
        UnitLayer(
            weights[f"{layer}.weight"],
            weights[f"{layer}.bias"],
            *(weights[f"{norm}.{name}"] for name in _OF_NORM),
        )
        for layer, norm in layer_names(config.num_fc)
    ]
