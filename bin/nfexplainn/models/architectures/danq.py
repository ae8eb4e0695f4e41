"""DanQ: a convolution and a recurrent network (the paper's Methods, "Model architectures")."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from nfexplainn.errors import UserError
from nfexplainn.models.architecture import Architecture
from nfexplainn.models.config import ModelConfig
from nfexplainn.models.convnets import Convolution, channels_of, enough_positions, least_length
from nfexplainn.models.first_layer import FirstLayer, as_convolution, covered

_DANQ = Convolution(320, 26, 13)


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


class DanQ(nn.Module):
    """DanQ on DNA codes: a convolution, bidirectional LSTM layers, a dense layer.

    The dropout is a part of the module, so it is off in evaluation; the authors' code makes it
    anew in every call, where it stays on.

    Parameters
    ----------
    config : DanQConfig

    Attributes
    ----------
    config : DanQConfig
    flat : int
        Inputs of the dense layer.

    Raises
    ------
    UserError
        If the sequences are too short.
    """

    def __init__(self, config: DanQConfig) -> None:
        super().__init__()
        self.config = config
        positions = enough_positions("danq", config.length, _DANQ.positions)
        self.convolutions = nn.Sequential(
            nn.Conv1d(4, _DANQ.filters, _DANQ.width),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.MaxPool1d(_DANQ.pool),
        )
        self.lstm = nn.LSTM(
            _DANQ.filters, 320, config.lstm_layers, batch_first=True, bidirectional=True
        )
        self.flat = positions * 2 * 320
        self.dense = nn.Sequential(nn.Dropout(0.5), nn.Linear(self.flat, 925), nn.ReLU())
        self.final = nn.Linear(925, config.tasks)

    def forward(self, codes: Tensor) -> Tensor:
        """Give logits, float (B, tasks), of codes, uint8 (B, length)."""
        return self.from_pooled(self.convolutions(channels_of(codes, self.config, self.final)))

    def from_pooled(self, maps: Tensor) -> Tensor:
        """Give logits, float (B, tasks), of pooled maps, float (B, filters, positions)."""
        states, _ = self.lstm(maps.transpose(1, 2))
        return self.final(self.dense(states.flatten(1)))

    def first_layer(self) -> FirstLayer:
        """Split it behind its first activation; in evaluation mode, as dropout is left out."""
        convolution, activation, dropout, pool = self.convolutions
        return FirstLayer(
            convolution=as_convolution(convolution),
            norm=None,
            activation="relu",
            covered=covered(self.config.length, as_convolution(convolution), pool),
            maps=lambda codes: activation(convolution(channels_of(codes, self.config, self.final))),
            pool=lambda maps: pool(dropout(maps)),
            linear=None,
            rest=self.from_pooled,
        )


ARCHITECTURE = Architecture(
    "danq",
    "DanQ",
    DanQConfig,
    DanQ,
    shortest=least_length(_DANQ.positions),
    reference=(
        "Quang D, Xie X. DanQ: a hybrid convolutional and recurrent deep neural network for"
        " quantifying the function of DNA sequences. Nucleic Acids Research 44, e107 (2016).",
        "10.1093/nar/gkw226",
    ),
)
