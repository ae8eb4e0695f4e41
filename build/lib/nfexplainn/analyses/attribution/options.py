"""Settings of the attributions; the names are those of the parameters."""

from __future__ import annotations

from dataclasses import dataclass

from nfexplainn.seeds import SEED


@dataclass(frozen=True)
class AttributionOptions:
    """How predictions are attributed.

    Attributes
    ----------
    attribution : bool
        Whether at all.
    attribution_sequences : int
        Most sequences per task.
    seed : int
        Of the shuffled references.
    """

    attribution: bool = False
    attribution_sequences: int = 1000
    seed: int = SEED
