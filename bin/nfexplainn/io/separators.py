"""What separates the cells of a table's lines, and the cells of a line."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Sequence

from nfexplainn.values import has_decimal_comma

SEPARATORS = ("\t", ";", ",", " ")
_TOKEN = re.compile(r'"((?:[^"]|"")*)"(?=\s|$)|(\S+)')
csv.field_size_limit(sys.maxsize)


def find_separator(lines: Sequence[str], separators: Sequence[str] = SEPARATORS) -> str:
    """Find what separates the cells of some lines.

    Returns
    -------
    str
        One of ``separators``; the first one where the lines are one column each.
    """
    scores: list[tuple[float, bool, int, int, str]] = []
    for place, mark in enumerate(separators):
        if mark != " " and not any(mark in line for line in lines):
            continue
        rows = [split_cells(line, mark) for line in lines]
        share, count = _agreement(rows)
        if count < 2:
            continue
        if mark == "\t" and share >= 0.9:
            return mark  # tabs stand in no text by chance, and a line may lack a cell by mistake
        scores.append((share, _decimal(rows), count if mark != " " else 0, -place, mark))
    return max(scores)[-1] if scores else separators[0]


def split_cells(text: str, separator: str) -> list[str]:
    """Split a line into cells without quotes and blanks around them.

    Quotes are those of RFC 4180: round whole cells, doubled within. Others are letters, and so is
    a quote that nothing closes.
    """
    if '"' in text:
        cells = quoted_cells(text, separator)
        if cells is not None:
            return cells
    return plain_cells(text, separator)


def plain_cells(text: str, separator: str) -> list[str]:
    """Split a line without regard to quotes."""
    if separator == " ":
        return text.split()
    return [cell.strip() for cell in text.split(separator)]


def quoted_cells(text: str, separator: str) -> list[str] | None:
    """Split a line with quotes; None where one is left open, or closes within a cell."""
    if separator == " ":
        tokens = _TOKEN.findall(text)
        if any(bare.startswith('"') for _, bare in tokens):
            return None
        return [bare or quoted.replace('""', '"').strip() for quoted, bare in tokens]
    try:
        row = next(csv.reader([text], delimiter=separator, skipinitialspace=True, strict=True))
    except csv.Error:
        return None
    return [cell.strip() for cell in row]


def _agreement(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """Give the largest share of rows that can have the same number of columns, and that number.

    A row can have as many as it has cells, or fewer where those at its end are empty.
    """
    full = [len(row) for row in rows]
    ends = [filled(row) for row in rows]
    best = (0.0, 0)
    for count in sorted(set(ends) | set(full)):
        if count < 2:
            continue
        agree = sum(low <= count <= high for low, high in zip(ends, full, strict=True))
        # R's header is one shorter than the rows.
        agree += len(rows) > 1 and full[0] == count - 1 and ends[0] == full[0]
        best = max(best, (agree / len(rows), count), key=lambda pair: pair[0])
    return best


def filled(row: Sequence[str]) -> int:
    """Count the cells of a row up to its last that is not empty."""
    return next((at for at in range(len(row), 0, -1) if row[at - 1]), 0)


def _decimal(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether cells of these rows hold commas as decimal numbers do, and no others."""
    cells = [cell for row in rows for cell in row if "," in cell]
    return bool(cells) and all(has_decimal_comma(cell) for cell in cells)
