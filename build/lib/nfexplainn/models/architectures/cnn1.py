"""CNN_1: one convolution of 100 filters (the paper's Methods)."""

from __future__ import annotations

from nfexplainn.models.convnets import ConvNetShape, Convolution, convnet

ARCHITECTURE = convnet(
    "cnn1",
    "CNN_1",
    ConvNetShape((Convolution(100, 19, 7),)),
)
