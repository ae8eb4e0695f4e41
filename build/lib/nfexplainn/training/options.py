"""How to train: the options, with the pipeline's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from nfexplainn.errors import UserError
from nfexplainn.seeds import SEED
from nfexplainn.training.recipes import Recipe
from nfexplainn.typed import typed

# What the paper does, and what a model whose filters are seeded from the data does by the robust
# recipe (see nfexplainn.training.start).
PLAIN = {
    "motif_seeds": 0,
    "seed_copies": 1,
    "unit_penalty": 0.0,
}
SEEDED = {
    "motif_seeds": 10,
    "seed_copies": 3,
    "unit_penalty": 0.4,
}


@dataclass(frozen=True)
class TrainingOptions:
    """How to train; names and defaults are those of the pipeline's parameters.

    All defaults but the recipe are the paper's. Those that are None depend on the recipe and on
    what is trained: see :meth:`settled`.

    Attributes
    ----------
    learning_rate : float
        Of Adam.
    batch_size : int
        Sequences per step, at most; an epoch is split evenly.
    max_epochs : int
    patience : int
        Epochs without a better validation loss before training stops.
    loss : {'auto', 'bce', 'cross_entropy', 'mse', 'pearson'}
    reverse_complement : bool
        Train on, and validate with, both strands, where the data set is strand-symmetric.
    recipe : {'robust', 'paper'}
        ``robust`` adds shifts, fresh shuffles, filters that start from what is enriched in the
        data, and a penalty on units to the paper's protocol.
    initial_filters : {'free', 'frozen', 'released'}
        Whether filters that start from known profiles learn: always, never, or after a first part.
    initial_epochs : int, optional
        Length of that first part; by default until validation no longer gets better.
    motif_seeds : int, optional
        At most so many PWMs found in the data seed filters.
    seed_copies : int, optional
        Filters per such PWM.
    unit_penalty : float, optional
        L1 on what a unit adds to the sum, in the training loss only; divided by the square root
        of the number of training sequences, as a slope by chance shrinks.
    seed : int
    """

    learning_rate: float = 0.003
    batch_size: int = 100
    max_epochs: int = 100
    patience: int = 10
    loss: str = "auto"
    reverse_complement: bool = True
    recipe: Recipe = "robust"
    initial_filters: Literal["free", "frozen", "released"] = "free"
    initial_epochs: int | None = None
    motif_seeds: int | None = None
    seed_copies: int | None = None
    unit_penalty: float | None = None
    seed: int = SEED

    def __post_init__(self) -> None:
        """Refuse numbers out of range.

        Raises
        ------
        UserError
            Naming the option, its value and the range.
        """
        for name, least in {"batch_size": 2, "max_epochs": 1, "patience": 1}.items():
            if getattr(self, name) < least:
                raise UserError(f"{name} is {getattr(self, name)}; it must be at least {least}.")
        if not 0 < self.learning_rate <= 1:
            raise UserError(
                f"learning_rate is {self.learning_rate}; it must be above 0 and at most 1."
            )
        if self.recipe not in ("paper", "robust"):
            raise UserError(f"recipe '{self.recipe}' is unknown; choose robust or paper.")
        if self.initial_filters not in ("free", "frozen", "released"):
            raise UserError(
                f"initial_filters '{self.initial_filters}' is unknown; choose free, frozen or"
                " released."
            )
        for name, least in {"motif_seeds": 0, "seed_copies": 1, "unit_penalty": 0}.items():
            value = getattr(self, name)
            if value is not None and not value >= least:
                raise UserError(f"{name} is {value}; it must be at least {least}.")
        if self.initial_epochs is not None and self.initial_epochs < 1:
            raise UserError(f"initial_epochs is {self.initial_epochs}; it must be at least 1.")

    def settled(self, *, seeded: bool) -> TrainingOptions:
        """Give the options with a value for all that depend on what is trained.

        Parameters
        ----------
        seeded : bool
            Whether filters are seeded from the data where the recipe is robust: those of an
            ExplaiNN that does not start from known profiles.
        """
        values = SEEDED if seeded and self.recipe == "robust" else PLAIN
        missing = {name: value for name, value in values.items() if getattr(self, name) is None}
        return replace(self, **missing)  # type: ignore[arg-type]


def options_from(values: Mapping[str, Any], **given: Any) -> TrainingOptions:
    """Pick the training options out of all parameters of a run; None means the default."""
    return TrainingOptions(**(typed(TrainingOptions, values) | given))
