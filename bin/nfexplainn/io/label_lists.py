"""Lists of names of columns, which some tables and matrices have beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nfexplainn.io.separators import split_cells
from nfexplainn.io.text import read_text_lines
from nfexplainn.values import finite, whole


def read_label_list(path: str | Path, name: str) -> list[str]:
    """Read names: one per line, or all in one line.

    Further columns may say more of each, and a number of its own may stand before it (0 or 1 on).

    Parameters
    ----------
    path : path
    name : str
        The file as the user wrote it.

    Raises
    ------
    UserError
        If the file is missing, empty, damaged, or no text.
    """
    lines = [line for line in read_text_lines(path, name) if line.strip()]
    rows = [split_cells(line, "\t") for line in lines]
    if len(rows) == 1:
        return rows[0] if len(rows[0]) > 1 else split_cells(lines[0], ",")
    for separator in ("\t", ","):
        cells = [split_cells(line, separator) for line in lines]
        for first in (0, 1):  # a header may stand above
            if _are_counted(cells[first:]):
                return [line[1] for line in cells[first:]]
    return [line[0] for line in rows if line[0]]


def _are_counted(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether rows begin with 0, 1, 2, ... or 1, 2, 3, ... and have a name behind.

    Numbers behind are none, but the sizes of clusters that are called 0, 1, 2, ...
    """
    if len(rows) < 2 or any(len(cells) < 2 or not cells[1] for cells in rows):
        return False
    if all(finite(cells[1]) is not None for cells in rows):
        return False
    numbers = [whole(cells[0]) for cells in rows]
    return numbers[0] in (0, 1) and all(
        number is not None and number == at for at, number in enumerate(numbers, numbers[0] or 0)
    )
