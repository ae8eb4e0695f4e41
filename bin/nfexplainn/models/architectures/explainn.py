"""ExplaiNN: independent units with one filter each, summed by one linear layer."""

from __future__ import annotations

from nfexplainn.models.architecture import Architecture
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn import ExplaiNN

ARCHITECTURE = Architecture(
    "explainn",
    "ExplaiNN",
    ExplaiNNConfig,
    ExplaiNN,
    options=("initial_filters", "initial_epochs"),
)
