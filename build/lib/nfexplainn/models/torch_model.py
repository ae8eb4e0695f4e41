"""A module of torch, spoken to in arrays as every model is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nfexplainn.dna import Codes
from nfexplainn.filters import Filters
from nfexplainn.models.checkpoint import ModelHeader
from nfexplainn.models.config import ModelConfig
from nfexplainn.models.device import prepare_device, resolve_device
from nfexplainn.models.explainn import ExplaiNN
from nfexplainn.models.explainn_weights import Weights, folded_filters
from nfexplainn.models.model import Floats, Kernel
from nfexplainn.models.modules import module_of, weights_of
from nfexplainn.models.transfer import use_kernel
from nfexplainn.native.units import Edits

# On a CPU larger batches fall out of the caches and wait for new memory pages.
CPU_BATCH = 200
GPU_BATCH = 4096


class TorchModel:
    """Any network, in evaluation.

    Parameters
    ----------
    module : nn.Module
        Moved to the device, and put into evaluation mode for every call.
    device : torch.device, optional
        By default the CPU.
    """

    kernel: Kernel = "torch"

    def __init__(self, module: nn.Module, device: torch.device | None = None) -> None:
        self.device = device or torch.device("cpu")
        self.module = module.to(self.device)

    @property
    def config(self) -> ModelConfig:
        """The architecture's configuration."""
        return cast(ModelConfig, self.module.config)

    @property
    def batch(self) -> int:
        """Number of sequences that one call should be given."""
        return GPU_BATCH if self.device.type == "cuda" else CPU_BATCH

    @property
    def final_weight(self) -> Floats:
        """Weights of the last layer, (tasks, units)."""
        return _array(self._final.weight)

    @property
    def final_bias(self) -> Floats:
        """Biases of the last layer, (tasks,)."""
        return _array(self._final.bias)

    def logits(self, codes: Codes) -> Floats:
        """Give logits, float32 (n, tasks), of what the module reads: codes, uint8 (n, length)."""
        return self._in_evaluation("forward", codes)

    def unit_outputs(self, codes: Codes) -> Floats:
        """Give the units' outputs, float32 (n, units), of a module that has units."""
        size = self.batch
        parts = [
            self._in_evaluation("unit_outputs", codes[start : start + size])
            for start in range(0, len(codes), size)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self._final.in_features), "f4")

    def unit_changes(self, codes: Codes, edits: Edits) -> tuple[Floats, Floats]:
        """Give the outputs of references, and what edits change in them, by evaluating both."""
        outputs = self.unit_outputs(codes)
        return outputs, self.unit_outputs(edits.codes) - outputs[edits.row]

    def filters(self) -> Filters:
        """Give every unit's filter with its batch norm folded in, as in evaluation."""
        assert isinstance(self.module, ExplaiNN)
        return folded_filters(self.module.config, self.weights())

    def weights(self) -> Weights:
        """Copy the weights to arrays, by name."""
        return weights_of(self.module)

    @property
    def _final(self) -> nn.Linear:
        return cast(nn.Linear, self.module.final)

    def _in_evaluation(self, method: str, codes: Codes) -> Floats:
        training = self.module.training
        self.module.eval()
        try:
            with torch.inference_mode():
                given = torch.from_numpy(np.ascontiguousarray(codes)).to(self.device)
                found: Tensor = getattr(self.module, method)(given)
                return _array(found)
        finally:
            self.module.train(training)


def open_module(
    path: str | Path,
    header: ModelHeader,
    weights: Mapping[str, NDArray[Any]],
    *,
    kernel: str,
    device: str,
    threads: int,
    trust_programs: bool,
) -> TorchModel:
    """Make the model of a file, on the device that is asked for.

    Raises
    ------
    UserError
        As :func:`nfexplainn.models.modules.module_of`, or if there is no such device.
    """
    place = resolve_device(device)
    prepare_device(place, threads)
    module = module_of(path, header, weights, trust_programs=trust_programs)
    use_kernel(module, kernel, "gpu" if place.type == "cuda" else "cpu")
    return TorchModel(module, place)


def _array(tensor: Tensor) -> Floats:
    return cast(Floats, tensor.detach().float().cpu().numpy())
