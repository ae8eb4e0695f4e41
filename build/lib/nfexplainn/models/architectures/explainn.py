"""ExplaiNN: independent units with one filter each, summed by one linear layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nfexplainn.models.architecture import Architecture
from nfexplainn.models.config import ExplaiNNConfig

if TYPE_CHECKING:
    from torch import nn


def _model(config: ExplaiNNConfig) -> nn.Module:
    from nfexplainn.models.explainn import ExplaiNN

    return ExplaiNN(config)


ARCHITECTURE = Architecture(
    "explainn",
    "ExplaiNN",
    ExplaiNNConfig,
    _model,
    options=(
        *("initial_filters", "initial_epochs"),
        *("motif_seeds", "seed_copies", "unit_penalty"),
    ),
)
