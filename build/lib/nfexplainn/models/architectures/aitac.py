"""AI-TAC: three wide convolutions, norms after the pooling (the paper's Methods)."""

from __future__ import annotations

from nfexplainn.models.convnets import ConvNetShape, Convolution, convnet


def _after(filters: int, width: int, pool: int, padding: int) -> Convolution:
    return Convolution(filters, width, pool, padding, pool_padding=1, norm="after")


ARCHITECTURE = convnet(
    "aitac",
    "AI-TAC",
    ConvNetShape(
        (
            _after(300, 19, 3, padding=9),
            _after(200, 11, 4, padding=5),
            _after(200, 7, 4, padding=3),
        ),
        dropout=0.03,
        dense_norm=False,
    ),
    reference=(
        "Maslova A, et al. Deep learning of immune cell differentiation. Proceedings of the"
        " National Academy of Sciences 117, 25655-25666 (2020).",
        "10.1073/pnas.2011795117",
    ),
)
