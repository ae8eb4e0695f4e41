"""Settings of the interactions; the names are those of the parameters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class InteractionsOptions:
    """Whether pairs of motifs are tested.

    Attributes
    ----------
    interactions : bool
    """

    interactions: bool = False
