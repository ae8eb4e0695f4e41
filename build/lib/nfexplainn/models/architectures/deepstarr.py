"""DeepSTARR: four convolutions of padded sequences (the paper's Methods)."""

from __future__ import annotations

from nfexplainn.models.convnets import ConvNetShape, Convolution, convnet

ARCHITECTURE = convnet(
    "deepstarr",
    "DeepSTARR",
    ConvNetShape(
        (
            Convolution(256, 7, 2, padding=3),
            Convolution(60, 3, 2, padding=1),
            Convolution(60, 5, 2, padding=2),
            Convolution(120, 3, 2, padding=1),
        ),
        dense=256,
        dropout=0.4,
    ),
    reference=(
        "de Almeida BP, Reiter F, Pagani M, Stark A. DeepSTARR predicts enhancer activity from DNA"
        " sequence and enables the de novo design of synthetic enhancers. Nature Genetics 54,"
        " 613-624 (2022).",
        "10.1038/s41588-022-01048-5",
    ),
)
