"""What describes a model over trained models: their files, and the shape of what is learnt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from nfexplainn.errors import UserError
from nfexplainn.models.config import ModelConfig
from nfexplainn.typed import from_json

if TYPE_CHECKING:
    from torch import nn

Head = Literal["single_layer", "nam"]


@dataclass(frozen=True)
class SourceConfig:
    """A trained model whose outputs are units.

    Attributes
    ----------
    name : str
        Of its file, without the ending.
    digest : str
        SHA-256 of its file.
    kind : {'model', 'torchscript', 'exported'}
        One of the registry's, or a program of its own.
    tasks : tuple of str
        Its outputs, each a unit.
    length : int
        Of the sequences that it reads.
    both_strands : bool
        Whether its units are the mean of a sequence's and its reverse complement's outputs.
    architecture : str
        Name in the registry; empty for a program.
    config : mapping
        Of that architecture.
    size : int
        Bytes of a program.
    """

    name: str
    digest: str
    kind: Literal["model", "torchscript", "exported"]
    tasks: tuple[str, ...]
    length: int
    both_strands: bool
    architecture: str = ""
    config: Mapping[str, Any] | None = None
    size: int = 0


@dataclass(frozen=True)
class TransferConfig(ModelConfig):
    """Shape of a model over trained models; the defaults are the paper's.

    Attributes
    ----------
    sources : tuple of SourceConfig
    nodes : int
        Of a unit's hidden layer, with ``nam``.
    dropout : float
        Share of these that is dropped in training.
    """

    sources: tuple[SourceConfig, ...] = ()
    nodes: int = 200
    dropout: float = 0.3

    def __post_init__(self) -> None:
        """Take the sources from a file's header, too.

        Raises
        ------
        UserError
            If there is no source.
        """
        if not self.sources:
            raise UserError(
                "The models single_layer and nam are built on trained models; give --pretrained."
            )
        read = tuple(
            source
            if isinstance(source, SourceConfig)
            else from_json(SourceConfig, source, "a source of the model")
            for source in self.sources
        )
        object.__setattr__(self, "sources", read)

    @property
    def units(self) -> int:
        """Number of units: all outputs of all sources."""
        return sum(len(source.tasks) for source in self.sources)


def of_head(head: Head) -> Callable[[TransferConfig], nn.Module]:
    """Give what makes the modules of a head."""

    def make(config: TransferConfig) -> nn.Module:
        # The registry holds the architectures, of which this is one.
        from nfexplainn.models.registry import build
        from nfexplainn.models.transfer import TransferModel

        return TransferModel(head, config, build)

    return make
