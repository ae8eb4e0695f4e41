"""Tables of ours, as text with tabs: all are written and read with the same quotes.

A field that holds a quotation mark stands in quotes, with its own doubled (RFC 4180), as pandas, R
and spreadsheets read by default. No field holds a tab or the end of a line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nfexplainn.io.text import write_text

if TYPE_CHECKING:
    import pandas as pd

# What csv calls by these names, and pandas too but for the separator.
QUOTES: dict[str, Any] = {
    "quotechar": '"',
    "doublequote": True,
    "quoting": csv.QUOTE_MINIMAL,
    "lineterminator": "\n",
}
_BREAK = re.compile("[\t\r\n]")


@dataclass(frozen=True)
class Table:
    """Rows under the names of their columns, for steps that need no data frame.

    Attributes
    ----------
    columns : tuple of str
    rows : sequence of sequences
        The values of a row in the order of the columns.
    """

    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]

    def write(self, path: str | Path) -> None:
        """Write it as :func:`write_tsv` does."""
        write_tsv(path, self.columns, self.rows)

    def frame(self) -> pd.DataFrame:
        """Give it as a data frame of pandas."""
        import pandas as pd

        return pd.DataFrame(list(self.rows), columns=list(self.columns))


def tsv_text(rows: Iterable[Sequence[object]]) -> str:
    """Give rows as lines: floats as ``%.6g``, None and NaN as an empty field."""
    text = io.StringIO()
    csv.writer(text, delimiter="\t", **QUOTES).writerows(plain(row) for row in rows)
    return text.getvalue()


def write_tsv(path: str | Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table under its header."""
    write_text(path, tsv_text([header, *rows]))


def iterate_tsv(path: str | Path) -> Iterator[dict[str, str]]:
    """Read a table with a header, a dict per row."""
    with Path(path).open(newline="", encoding="utf-8") as handle:
        yield from csv.DictReader(handle, delimiter="\t", **QUOTES)


def read_header(path: str | Path) -> list[str]:
    """Read the names of a table's columns; none where the file is empty."""
    with Path(path).open(newline="", encoding="utf-8") as handle:
        return next(csv.reader(handle, delimiter="\t", **QUOTES), [])


def plain(row: Iterable[object]) -> list[str]:
    """Show the values of a row, without what would end a field."""
    return [_BREAK.sub(" ", _text(value)) for value in row]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else f"{value:.6g}"
    return str(value)
