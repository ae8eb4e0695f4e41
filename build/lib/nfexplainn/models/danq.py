"""DanQ as a module of torch (see :mod:`nfexplainn.models.architectures.danq`)."""

from __future__ import annotations

from torch import Tensor, nn

from nfexplainn.models.architectures.danq import CONVOLUTION, DanQConfig
from nfexplainn.models.convnet import channels_of
from nfexplainn.models.convnets import enough_positions
from nfexplainn.models.first_layer import FirstLayer, as_convolution, covered


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
        positions = enough_positions("danq", config.length, CONVOLUTION.positions)
        self.convolutions = nn.Sequential(
            nn.Conv1d(4, CONVOLUTION.filters, CONVOLUTION.width),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.MaxPool1d(CONVOLUTION.pool),
        )
        self.lstm = nn.LSTM(
            CONVOLUTION.filters, 320, config.lstm_layers, batch_first=True, bidirectional=True
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
