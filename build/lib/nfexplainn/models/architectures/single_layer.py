"""SingleLayer: a linear layer on the outputs of trained models (the paper's Figure 6)."""

from __future__ import annotations

from nfexplainn.models.architecture import Architecture
from nfexplainn.models.transfer_config import TransferConfig, of_head

ARCHITECTURE = Architecture(
    "single_layer",
    "SingleLayer",
    TransferConfig,
    of_head("single_layer"),
    options=("pretrained_length", "trust_programs"),
    pretrained=True,
)
