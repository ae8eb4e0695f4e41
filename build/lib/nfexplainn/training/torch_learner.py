"""Any module of torch learning, on the CPU or a GPU."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nfexplainn.data.dataset import Dataset
from nfexplainn.models.device import describe_device
from nfexplainn.models.explainn import ExplaiNN
from nfexplainn.models.profiles import LEAST_GAMMA
from nfexplainn.models.torch_model import TorchModel
from nfexplainn.native import library
from nfexplainn.training.loop import Inputs, TrainingOptions, TrainingResult, train
from nfexplainn.training.losses import Loss
from nfexplainn.training.torch_adam import FusedAdam


class TorchLearner:
    """A module that learns; see :class:`nfexplainn.training.loop.Learner`.

    Parameters
    ----------
    module : nn.Module
    device : torch.device
    """

    def __init__(self, module: nn.Module, device: torch.device) -> None:
        self.module = module
        self._model = TorchModel(module, device)
        self._place = device
        self.device = describe_device(device)
        self._held: ExplaiNN | None = None
        try:
            library.load()
            self.shuffle_threads = torch.get_num_threads()
        except library.KernelError:
            self.shuffle_threads = 0

    @property
    def batch(self) -> int:
        """Number of sequences that one call of :meth:`logits` should be given."""
        return self._model.batch

    def start(self, learning_rate: float, *, hold_filters: bool, unit_penalty: float = 0.0) -> None:
        """Begin with a new Adam; see :meth:`nfexplainn.training.loop.Learner.start`."""
        self._held = None
        self._penalty = unit_penalty if isinstance(self.module, ExplaiNN) else 0.0
        if isinstance(self.module, ExplaiNN):
            self.module.convolution[0].weight.requires_grad_(not hold_filters)
            self._held = self.module if hold_filters else None
        trained = [weight for weight in self.module.parameters() if weight.requires_grad]
        self._optimizer = FusedAdam(trained, learning_rate)

    def step(self, batch: NDArray[Any], labels: NDArray[np.float32], loss: Loss) -> float:
        """Learn from a batch; give its mean loss, and learn nothing where it is not finite."""
        mean = self.gradients(batch, labels, loss)
        if not math.isfinite(mean):
            return mean
        self._optimizer.step()
        if self._held is not None:
            with torch.no_grad():
                self._held.convolution[1].weight.clamp_(min=LEAST_GAMMA)
        return mean

    def gradients(self, batch: NDArray[Any], labels: NDArray[np.float32], loss: Loss) -> float:
        """Compute the gradients of a batch, as :meth:`step` does; give its mean loss."""
        self.module.train()
        logits: Tensor = self.module(torch.from_numpy(batch).to(self._place))
        mean, slope = loss(logits.detach().double().cpu().numpy(), labels.astype(np.float64))
        for parameter in self.module.parameters():
            parameter.grad = None
        if math.isfinite(mean):
            logits.backward(torch.from_numpy(slope).to(logits))
            if self._penalty:
                self._add_penalty()
        return mean

    def _add_penalty(self) -> None:
        """Add the slope of the penalty to that of the final weights."""
        module = self.module
        assert isinstance(module, ExplaiNN)
        weight = module.final.weight
        assert weight.grad is not None
        _, norm = [module.convolution, *module.dense_layers][-1]
        gamma = norm.weight.detach().abs()
        weight.grad.add_(weight.detach().sign() * gamma, alpha=self._penalty)

    def logits(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """Give logits, float32 (n, tasks), as in evaluation."""
        return self._model.logits(batch)

    def state(self) -> dict[str, Tensor]:
        """Copy all weights."""
        return {name: part.detach().clone() for name, part in self.module.state_dict().items()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take weights of :meth:`state` back."""
        self.module.load_state_dict(state)


def train_module(
    module: nn.Module,
    dataset: Dataset,
    options: TrainingOptions,
    *,
    device: torch.device | None = None,
    report: Callable[[str], None] | None = None,
    held: bool = False,
    inputs: Inputs | None = None,
) -> TrainingResult:
    """Train a module by :func:`nfexplainn.training.loop.train`.

    Parameters
    ----------
    module : nn.Module
        Made with :func:`seeded`, so that its start depends on the seed alone. Ends on ``device``
        in evaluation mode with the best weights.
    device : torch.device, optional
        By default the CPU.
    dataset, options, report, held, inputs
        As for :func:`nfexplainn.training.loop.train`, which says what is raised, too.
    """
    device = device or torch.device("cpu")
    learner = TorchLearner(module, device)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(options.seed)
        result = train(learner, dataset, options, report=report, held=held, inputs=inputs)
    module.eval()
    return result


def seeded(seed: int, make: Callable[[], nn.Module]) -> nn.Module:
    """Make a module whose random start depends on ``seed`` alone; torch's own state stays."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()
