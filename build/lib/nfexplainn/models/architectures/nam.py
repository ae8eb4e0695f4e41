"""NAM: a small network per output of trained models, and their sum (the paper's Figure 6)."""

from __future__ import annotations

from nfexplainn.models.architecture import Architecture
from nfexplainn.models.transfer_config import TransferConfig, of_head

ARCHITECTURE = Architecture(
    "nam",
    "NAM",
    TransferConfig,
    of_head("nam"),
    options=("pretrained_length", "trust_programs"),
    pretrained=True,
)
