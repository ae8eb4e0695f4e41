"""Adam by torch's fused kernel alone: torch's own optimizers load its compiler, for a second."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

BETAS = (0.9, 0.999)
EPSILON = 1e-8


class FusedAdam:
    """Adam (Kingma and Ba 2014), to the bit as ``torch.optim.Adam(..., fused=True)``.

    Parameters
    ----------
    parameters : iterable of Tensor
        Of one device and dtype; one without a gradient is left as it is.
    learning_rate : float
    """

    def __init__(self, parameters: Iterable[Tensor], learning_rate: float) -> None:
        self.parameters = list(parameters)
        self.learning_rate = learning_rate
        self._means: dict[int, Tensor] = {}
        self._squares: dict[int, Tensor] = {}
        self._steps: dict[int, Tensor] = {}

    @torch.no_grad()
    def step(self) -> None:
        """Change the parameters by their gradients."""
        places: list[int] = []
        weights: list[Tensor] = []
        gradients: list[Tensor] = []
        for place, weight in enumerate(self.parameters):
            if weight.grad is None:
                continue
            places.append(place)
            weights.append(weight)
            gradients.append(weight.grad)
            if place not in self._steps:
                self._means[place] = torch.zeros_like(weight)
                self._squares[place] = torch.zeros_like(weight)
                self._steps[place] = torch.zeros((), dtype=torch.float32, device=weight.device)
        if not places:
            return
        steps = [self._steps[place] for place in places]
        torch._foreach_add_(steps, 1)
        torch._fused_adam_(
            weights,
            gradients,
            [self._means[place] for place in places],
            [self._squares[place] for place in places],
            [],
            steps,
            lr=self.learning_rate,
            beta1=BETAS[0],
            beta2=BETAS[1],
            weight_decay=0.0,
            eps=EPSILON,
            amsgrad=False,
            maximize=False,
        )
