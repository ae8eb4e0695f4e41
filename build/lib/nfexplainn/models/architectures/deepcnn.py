"""DeepCNN: three convolutions, after Basset (the paper's Methods)."""

from __future__ import annotations

from nfexplainn.models.convnets import ConvNetShape, Convolution, convnet

ARCHITECTURE = convnet(
    "deepcnn",
    "DeepCNN",
    ConvNetShape((Convolution(100, 19, 3), Convolution(200, 7, 3), Convolution(200, 4, 3))),
    reference=(
        "Kelley DR, Snoek J, Rinn JL. Basset: learning the regulatory code of the accessible genome"
        " with deep convolutional neural networks. Genome Research 26, 990-999 (2016).",
        "10.1101/gr.200535.115",
    ),
)
