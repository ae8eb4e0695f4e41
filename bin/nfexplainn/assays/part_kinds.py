"""The parts of a data set: one split, or folds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Parts:
    """The parts of a data set.

    Attributes
    ----------
    split : array of str, shape (n,)
        Shape (0,) with folds.
    fold : int8 array, shape (n,), or None
    extra : dict
        For the metadata.
    folds : int
        1 without.
    """

    split: NDArray[np.str_]
    fold: NDArray[np.int8] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    folds: int = 1

    def trained(self) -> list[NDArray[np.bool_]]:
        """Tell what trains while each fold is tested; the next one stops the training."""
        if self.fold is None:
            return [self.split == "train"]
        return [(self.fold - test) % self.folds > 1 for test in range(self.folds)]
