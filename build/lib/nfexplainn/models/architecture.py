"""What an architecture says of itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nfexplainn.models.config import ModelConfig

if TYPE_CHECKING:
    from torch import nn

# Length and number of tasks come with the data set; what was trained before comes as files.
_OF_DATA = ("length", "tasks", "sources")


@dataclass(frozen=True)
class Architecture:
    """How models of one name are made, and what is said of them.

    Attributes
    ----------
    name : str
        As in ``--models``.
    title : str
        As the paper writes it.
    config : type
        A :class:`ModelConfig` or one with more settings.
    model : callable
        Makes the module from that dataclass; the module keeps it as ``config``. It imports torch
        when it is called: who only asks what there is needs none.
    shortest : int
        Least length of sequences, in bp; 0 where the configuration says so itself.
    reference : tuple of str
        What is cited, and its DOI; empty where it is ExplaiNN's own paper.
    options : tuple of str
        Parameters of its training, beyond those of its configuration.
    pretrained : bool
        Whether its units are the outputs of trained models.
    """

    name: str
    title: str
    config: type[ModelConfig]
    model: Callable[[Any], nn.Module]
    shortest: int = 0
    reference: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    pretrained: bool = False

    def parameters(self) -> list[str]:
        """Give the names of the parameters that this architecture heeds, and others may not."""
        fields = [field.name for field in dataclasses.fields(self.config)]
        return [name for name in fields if name not in _OF_DATA] + list(self.options)
