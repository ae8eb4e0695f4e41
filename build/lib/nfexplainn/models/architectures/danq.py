"""DanQ: a convolution and a recurrent network (the paper's Methods, "Model architectures")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nfexplainn.errors import UserError
from nfexplainn.models.architecture import Architecture
from nfexplainn.models.config import ModelConfig
from nfexplainn.models.convnets import Convolution, least_length

if TYPE_CHECKING:
    from torch import nn

CONVOLUTION = Convolution(320, 26, 13)


@dataclass(frozen=True)
class DanQConfig(ModelConfig):
    """DanQ's configuration.

    Attributes
    ----------
    lstm_layers : int
        Bidirectional LSTM layers, one on the other: 2 in the paper, 1 in the authors' code.
    """

    lstm_layers: int = 2

    def __post_init__(self) -> None:
        """Refuse what is no number of layers.

        Raises
        ------
        UserError
            If there is no layer.
        """
        if self.lstm_layers < 1:
            raise UserError(f"lstm_layers is {self.lstm_layers}; it must be at least 1.")


def _model(config: DanQConfig) -> nn.Module:
    from nfexplainn.models.danq import DanQ

    return DanQ(config)


ARCHITECTURE = Architecture(
    "danq",
    "DanQ",
    DanQConfig,
    _model,
    shortest=least_length(CONVOLUTION.positions),
    reference=(
        "Quang D, Xie X. DanQ: a hybrid convolutional and recurrent deep neural network for"
        " quantifying the function of DNA sequences. Nucleic Acids Research 44, e107 (2016).",
        "10.1093/nar/gkw226",
    ),
)
