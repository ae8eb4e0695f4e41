"""Settings of the assays whose tables hold sequences with values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nfexplainn.assays.value_table import Layout
from nfexplainn.data.padding import PadOptions, raw_of
from nfexplainn.typed import typed


@dataclass(frozen=True)
class ValueOptions(PadOptions):
    """Settings of the assays with values, beside those of padding; named as the parameters.

    Attributes
    ----------
    trim_left, trim_right : int
        Bases to cut off each sequence.
    sequence_column, split_column : str or None
    value_columns, valid_groups, test_groups : tuple of str
    transform : {'none', 'log2', 'quantile'}
    linker : {'keep', 'cut'}
    task_type : str
    labels : int or None
        Position, in the spec's files, of the names of the label columns.
    reverse_complement : bool
        Whether strands are averaged.
    """

    trim_left: int = 0
    trim_right: int = 0
    sequence_column: str | None = None
    value_columns: tuple[str, ...] = ()
    split_column: str | None = None
    valid_groups: tuple[str, ...] = ()
    test_groups: tuple[str, ...] = ()
    transform: str = "none"
    linker: str = "keep"
    task_type: str = "auto"
    labels: int | None = None
    reverse_complement: bool = True

    def layout(self, **more: Any) -> Layout:
        """Say which columns of a table are what."""
        return Layout(self.sequence_column, self.value_columns, self.split_column, **more)

    def raw_of(
        self, lengths: Iterable[Iterable[int]], cuts: Sequence[int], length: int
    ) -> dict[str, list[int]]:
        """Say which bases of tables' sequences were taken, if all were of one length and cut alike.

        Parameters
        ----------
        lengths : iterable of iterable of int
            Of the sequences of each table, in bp.
        cuts : sequence of int
            Bases cut off the end of those of each, beside ``trim_right``.
        length : int
            That was taken.
        """
        found = {one for of_table in lengths for one in of_table}
        if len(found) > 1 or len(set(cuts)) > 1:
            return {}
        (raw,) = found
        left = raw - self.trim_left - self.trim_right - cuts[0]
        return raw_of(raw, self.trim_left + (left - length) // 2, length)


def value_options(raw: Mapping[str, Any], source: str, **defaults: Any) -> ValueOptions:
    """Pick the options out of a spec's; those that are null take the assay's default.

    ``source`` opens the sentence on one that cannot be used.
    """
    given = {key: value for key, value in raw.items() if value != ""}
    return ValueOptions(**(defaults | typed(ValueOptions, given, source)))
