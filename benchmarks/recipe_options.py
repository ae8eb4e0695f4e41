"""The recipes that benchmarks compare, by name."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn.training.options import TrainingOptions

RECIPES: Mapping[str, Mapping[str, Any]] = {
    "robust": {},
    "paper": {"recipe": "paper"},
    # Robust as it was before PWMs seeded filters: words alone, and no penalty.
    "words": {"motif_seeds": 0, "unit_penalty": 0.0},
}


def options_of(recipe: str, seed: int, epochs: int) -> TrainingOptions:
    """Give the training options of a recipe, for at most so many epochs."""
    return TrainingOptions(seed=seed, max_epochs=epochs, **RECIPES[recipe])
