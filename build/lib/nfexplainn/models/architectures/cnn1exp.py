"""CNN_1Exp: CNN_1 with an exponential in place of the ReLU (the paper's Methods)."""

from __future__ import annotations

from nfexplainn.models.convnets import ConvNetShape, Convolution, convnet

ARCHITECTURE = convnet(
    "cnn1exp",
    "CNN_1Exp",
    ConvNetShape((Convolution(100, 19, 7),), exponential=True),
)
