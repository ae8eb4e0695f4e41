"""Settings of the cooperativity analysis; the names are those of the parameters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CooperativityOptions:
    """Which motifs are put beside each other, and how often.

    Attributes
    ----------
    cooperativity : str
        ``top``: the two leading annotated units; else pairs ``A:B,A:A`` of words or motif names.
    cooperativity_backbones : int
        Random sequences that the motifs are put into (the paper: 60).
    cooperativity_step : int
        Every how many bases the second motif is put (the paper: 1).
    filter_length : int
        A gap of more than two of these is further than any unit looks.
    kernel : {'auto', 'native', 'torch'}
        What computes the models.
    """

    cooperativity: str = "top"
    cooperativity_backbones: int = 60
    cooperativity_step: int = 1
    filter_length: int = 19
    kernel: str = "auto"
