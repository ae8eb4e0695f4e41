"""Adam (Kingma and Ba 2014) by the kernel, over all parameters as one array."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nfexplainn.native import library

BETAS = (0.9, 0.999)
EPSILON = 1e-8
Floats = NDArray[np.float32]


class Adam:
    """Change parameters by their gradients.

    Parameters
    ----------
    size : int
        Number of parameters.
    learning_rate : float

    Raises
    ------
    nfexplainn.native.library.KernelError
        If there is no kernel.
    """

    def __init__(self, size: int, learning_rate: float) -> None:
        self._function = library.load().functions.nfx_adam
        self._means, self._squares = np.zeros((2, size), dtype=np.float32)
        self._steps = 0
        self.learning_rate = learning_rate

    def step(self, parameters: Floats, gradients: Floats) -> None:
        """Change float32 parameters (size,) in place by their gradients, alike."""
        self._steps += 1
        first = self.learning_rate / (1 - BETAS[0] ** self._steps)
        second = (1 - BETAS[1] ** self._steps) ** 0.5
        pointers = (parameters, gradients, self._means, self._squares)
        self._function(
            len(parameters), *(array.ctypes.data for array in pointers), first, second, EPSILON
        )
