"""What every model is to those who ask it: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import Codes
from nfexplainn.filters import Filters
from nfexplainn.models.config import ModelConfig
from nfexplainn.native.units import Edits

Kernel = Literal["torch", "native"]
Floats = NDArray[np.float32]


class Model(Protocol):
    """A trained model in evaluation."""

    @property
    def config(self) -> ModelConfig:
        """Its configuration."""

    @property
    def kernel(self) -> Kernel:
        """What computes it."""

    @property
    def batch(self) -> int:
        """Number of sequences that one call should be given."""

    def logits(self, codes: Codes) -> Floats:
        """Give logits, float32 (n, tasks), of codes, uint8 (n, length), all at once."""

    def weights(self) -> Mapping[str, NDArray[Any]]:
        """Give its weights by name; the arrays may be the model's own."""


class UnitModel(Model, Protocol):
    """A model of units whose outputs one linear layer adds up."""

    @property
    def final_weight(self) -> Floats:
        """Weights of the linear layer, (tasks, units)."""

    @property
    def final_bias(self) -> Floats:
        """Its biases, (tasks,)."""

    def unit_outputs(self, codes: Codes) -> Floats:
        """Give the units' outputs, float32 (n, units), on the strand given."""


class FilterModel(UnitModel, Protocol):
    """A model of units with one filter each: an ExplaiNN."""

    def filters(self) -> Filters:
        """Give every unit's filter with its batch norm folded in, as in evaluation."""

    def unit_changes(self, codes: Codes, edits: Edits) -> tuple[Floats, Floats]:
        """Give every unit's outputs of references, and what edits of them change in it.

        Parameters
        ----------
        codes : uint8 array, shape (n, length)
        edits : Edits
            In the order of their references.

        Returns
        -------
        outputs : float32 array, shape (n, units)
        changes : float32 array, shape (edits, units)
            Output of the edited sequence less that of its reference, on the strand given.
        """
