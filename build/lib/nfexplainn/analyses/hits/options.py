"""Settings of the hits; the names are those of the parameters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HitsOptions:
    """How sites are found.

    Attributes
    ----------
    kernel : {'auto', 'native', 'torch'}
        What computes the units.
    seed : int
        Of the shuffles and samples of held-out sequences.
    hits_fdr : float
        False discovery rate, per held-out sequence, that a row's threshold keeps.
    """

    kernel: str = "auto"
    seed: int = 42
    hits_fdr: float = 0.05
