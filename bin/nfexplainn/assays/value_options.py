"""Settings of the assays whose tables hold sequences with values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nfexplainn.assays.value_table import Layout
from nfexplainn.padding import choose_pad


@dataclass(frozen=True)
class ValueOptions:
    """Settings of the assays with values; the names are those of the parameters.

    Attributes
    ----------
    pad : str
        ``auto`` or a number of N on each side.
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
    filter_length, pool_size, pool_stride : int
        Of the model: what padding depends on.
    """

    pad: str = "auto"
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
    filter_length: int = 19
    pool_size: int = 7
    pool_stride: int = 7

    def layout(self, **more: Any) -> Layout:
        """Say which columns of a table are what."""
        return Layout(self.sequence_column, self.value_columns, self.split_column, **more)

    def pad_of(self, length: int) -> int:
        """Give the N to add to each side of sequences of a length."""
        return choose_pad(length, self.pad, self.filter_length, self.pool_size, self.pool_stride)


def value_options(raw: Mapping[str, Any], **defaults: Any) -> ValueOptions:
    """Pick the options out of a spec's; those that are null take the assay's default."""
    values = dict(defaults)
    for field in dataclasses.fields(ValueOptions):
        value = raw.get(field.name)
        if value is None or value == "":
            continue
        if isinstance(field.default, tuple):
            parts = value.split(",") if isinstance(value, str) else value
            value = tuple(str(part).strip() for part in parts if str(part).strip())
        elif field.name in ("pad", "sequence_column", "split_column"):
            value = str(value)
        values[field.name] = value
    return ValueOptions(**values)
