"""The configurations of the models: what of every model, and the shape of an ExplaiNN."""

from __future__ import annotations

from dataclasses import dataclass

from nfexplainn.errors import UserError

MOST_HIDDEN = 10000  # as in nextflow_schema.json
MAX_FILTER_LENGTH = 200


@dataclass(frozen=True)
class ModelConfig:
    """What every model needs to know of the data; all that a network of fixed shape needs.

    Attributes
    ----------
    length : int
        Length of the sequences, in bp.
    tasks : int
        Number of logits.
    """

    length: int
    tasks: int


@dataclass(frozen=True)
class ExplaiNNConfig(ModelConfig):
    """Shape of an ExplaiNN model; the defaults are the paper's.

    Attributes
    ----------
    units : int
        Number of independent units.
    filter_length : int
        Length of a unit's one filter, in bp.
    pool_size, pool_stride : int
        Of the maximum pooling, in positions. Without dense layers the maximum is the whole map's.
    num_fc : int
        Dense layers per unit.
    hidden : int
        Nodes of a unit's hidden dense layers.
    dropout : float
        Share of the hidden nodes that is dropped in training.
    """

    units: int = 100
    filter_length: int = 19
    pool_size: int = 7
    pool_stride: int = 7
    num_fc: int = 2
    hidden: int = 100
    dropout: float = 0.3

    def __post_init__(self) -> None:
        """Refuse shapes that no model can have.

        Raises
        ------
        UserError
            If a number is out of its range, or the sequences are too short for filter and pool.
        """
        smallest = {"tasks": 1, "units": 1, "filter_length": 1, "pool_size": 1, "pool_stride": 1}
        for name, least in (smallest | {"num_fc": 0, "hidden": 1}).items():
            if getattr(self, name) < least:
                raise UserError(f"{name} is {getattr(self, name)}; it must be at least {least}.")
        if self.filter_length > MAX_FILTER_LENGTH:
            raise UserError(
                f"filter_length is {self.filter_length}; it must be at most {MAX_FILTER_LENGTH}."
            )
        if self.hidden > MOST_HIDDEN:
            raise UserError(f"hidden is {self.hidden}; it must be at most {MOST_HIDDEN}.")
        if not 0 <= self.dropout < 1:
            raise UserError(f"dropout is {self.dropout}; it must be at least 0 and below 1.")
        pool = self.pool_size if self.num_fc else 1
        needed = self.filter_length + pool - 1
        if self.length < needed:
            with_pool = f" and a pool of {pool} positions" if self.num_fc else ""
            raise UserError(
                f"The sequences are {self.length} bp long, but a filter of {self.filter_length} bp"
                f"{with_pool} needs at least {needed} bp; use longer sequences, pad them with N,"
                " or choose a smaller filter_length or pool_size."
            )

    @property
    def conv_positions(self) -> int:
        """Number of positions of a filter on a sequence."""
        return self.length - self.filter_length + 1

    @property
    def pooled_positions(self) -> int:
        """Number of maxima per unit and sequence."""
        if not self.num_fc:
            return 1
        return (self.conv_positions - self.pool_size) // self.pool_stride + 1

    @property
    def covered(self) -> int:
        """Number of filter positions that the pooling sees; those after them have no effect."""
        if not self.num_fc:
            return self.conv_positions
        return (self.pooled_positions - 1) * self.pool_stride + self.pool_size
