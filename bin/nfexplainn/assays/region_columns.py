"""Which columns of a table of regions hold the coordinates, and which the values or labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nfexplainn.assays import value_columns as vc
from nfexplainn.errors import UserError
from nfexplainn.io.coordinate_columns import CHROM, END, START, find_coordinates, tool_of
from nfexplainn.io.region_names import place_column, split_region
from nfexplainn.values import finite, missing, truth, whole

NAME = (
    *("name", "region", "regions", "peak", "peaks", "id", "__index_level_0__", ""),
    *("interval_id", "geneid", "peakid", "peak_id"),
)
_WIDTH = ("width", "length")
_FEATURE_COUNTS = ["geneid", "chr", "start", "end", "strand", "length"]
# ENCODE-DREAM: bound, unbound, ambiguous.
DREAM = {"B": 1.0, "U": 0.0, "A": np.nan}


@dataclass(frozen=True)
class RegionColumns:
    """Positions of the columns, from 0.

    Attributes
    ----------
    where : tuple of int
        Chromosome, start and end, or one that holds names such as ``chr1:100-300``.
    tasks : tuple of int
    words : tuple of bool
        Whether each task's labels are words: TRUE and FALSE, or B, U and A.
    labels : bool
        Whether the values are labels at all, words or numbers.
    dream : bool
        Whether some are B, U and A.
    first : int
        1 where the first base of a chromosome is 1 (then the end is the last base), else 0.
    titles : tuple of str
        The names of the tasks.
    said : str
        What is read as what, for the report.
    """

    where: tuple[int, ...]
    tasks: tuple[int, ...]
    words: tuple[bool, ...]
    labels: bool
    dream: bool
    first: int
    titles: tuple[str, ...]
    said: str


def find_columns(
    name: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    wanted: Sequence[str],
    *,
    labels: bool,
) -> RegionColumns:
    """Tell the columns of a table by their names and by its first rows.

    Parameters
    ----------
    name : str
        The file as the user wrote it.
    header : sequence of str
    rows : sequence of sequence of str
        Each as long as the header.
    wanted : sequence of str
        The columns that the user names; none where they are to be found.
    labels : bool
        Whether the values are labels: 0 and 1, TRUE and FALSE, or B, U and A.

    Raises
    ------
    UserError
        If the coordinates are not whole, there is no column of values, or it is not clear which
        columns those are.
    """
    where = find_regions(name, header, rows)
    cells = [[row[i] for row in rows] for i in range(len(header))]
    width, first = _widths(header, cells, where)
    if wanted:
        tasks = vc.named_columns(name, header, len(header), wanted, where, "that of the regions")
        how = "as requested"
    else:
        known = where if width is None else (*where, width)
        tasks = _unnamed(name, header, cells, known, labels)
        how = "labels" if labels else "numbers"
    titles = [header[i] for i in tasks]
    twice = [title for i, title in enumerate(titles) if title in titles[:i]]
    if twice:
        raise UserError(
            f"{name}: two columns are called '{twice[0]}'; every task needs its own name."
        )
    words = tuple(labels and is_words(cells[i]) for i in tasks)
    left = [
        title
        for i, title in enumerate(header)
        if i not in (*where, *tasks) and title.lower() not in NAME
    ]
    said = vc.say_columns(header, tasks, how)
    said += f"; not read: {vc.listed(left)}" if left and not wanted else ""
    letters = {cell for i, word in zip(tasks, words, strict=True) if word for cell in cells[i]}
    dream = bool(letters & set(DREAM))
    return RegionColumns(where, tuple(tasks), words, labels, dream, first, tuple(titles), said)


def find_regions(
    name: str, header: Sequence[str], rows: Sequence[Sequence[str]] = ()
) -> tuple[int, ...]:
    """Find the columns of the coordinates: three, or one that holds names.

    That one is told by what stands in the first rows, else by its own name.

    Raises
    ------
    UserError
        If only some of the three are there.
    """
    where = find_coordinates(header)
    if where:
        return where
    lower = [cell.lower() for cell in header]
    found = [
        next((i for i, c in enumerate(lower) if c in some), -1) for some in (CHROM, START, END)
    ]
    if max(found) >= 0:
        lacking = ["chrom", "start", "end"][found.index(-1)]
        raise UserError(
            f"{name}: the header has no column '{lacking}' beside '{header[max(found)]}'; give"
            " chrom, start and end, or a column name."
        )
    column = place_column(rows, split_region)
    if column is not None:
        return (column,)
    return (next((i for i, cell in enumerate(lower) if cell in NAME), 0),)


def is_words(cells: Sequence[str]) -> bool:
    """Tell whether labels are words: TRUE and FALSE, or B, U and A."""
    known = {cell for cell in cells if not missing(cell)}
    logical = any(truth(cell) is not None for cell in known)
    return bool(known) and (
        known <= set(DREAM) or (logical and all(_label(cell) is not None for cell in known))
    )


def label_of(cell: str) -> float | None:
    """Read a label that is a word or a number; None where it is neither."""
    return DREAM[cell] if cell in DREAM else _label(cell)


def _label(cell: str) -> float | None:
    value = truth(cell)
    return finite(cell) if value is None else value


def _unnamed(
    name: str,
    header: Sequence[str],
    cells: Sequence[Sequence[str]],
    where: Sequence[int],
    labels: bool,
) -> tuple[int, ...]:
    """Find the columns of values where the user names none."""
    others = [
        i
        for i, title in enumerate(header)
        if i not in where and title.lower() not in NAME and not vc.is_index(header, i)
    ]
    if not others:
        raise UserError(f"{name}: there is no column besides the regions; give one per task.")
    # What is unknown in the first rows may be known below.
    empty = [i for i in others if all(map(missing, cells[i])) and not vc.describes(header[i])]
    if labels:
        found = [i for i in others if _holds_labels(cells[i]) and not vc.describes(header[i])]
        if found:
            _refuse_measured(name, header, cells, [i for i in others if i not in found])
            return tuple(sorted({*found, *empty}))
    numbers = [i for i in others if vc.holds_numbers(cells[i]) or i in empty]
    if [title.lower() for title in header[:6]] == _FEATURE_COUNTS:
        numbers = [i for i in numbers if i > 5]
    if numbers:
        return vc.clear_columns(name, header, numbers)
    what = "0 and 1, TRUE and FALSE, or B, U and A" if labels else "numbers"
    raise UserError(
        f"{name}: no column besides the regions holds {what} (there are"
        f" {vc.listed([header[i] for i in others])}); give a column per task."
    )


def _refuse_measured(
    name: str, header: Sequence[str], cells: Sequence[Sequence[str]], others: Sequence[int]
) -> None:
    """Refuse measured values beside labels, but those of nf-core's table of consensus peaks.

    Raises
    ------
    UserError
    """
    if "interval_id" in header and any(title.endswith(".bool") for title in header):
        return
    for i in others:
        if vc.holds_numbers(cells[i]) and not vc.describes(header[i]):
            known = [cell for cell in cells[i] if not missing(cell)]
            value = next((cell for cell in known if finite(cell) not in (0.0, 1.0)), known[0])
            raise UserError(
                f"{name}: column {header[i]} holds numbers that are not labels (such as {value});"
                " name the columns of labels with --value_columns, or use the assay 'accessibility'"
                " for measured values."
            )


def _holds_labels(cells: Sequence[str]) -> bool:
    """Tell whether most cells of a column are labels."""
    if is_words(cells):
        return True
    known = [cell for cell in cells if not missing(cell)]
    return 2 * sum(finite(cell) in (0.0, 1.0) for cell in known) > len(known) > 0


def _widths(
    header: Sequence[str], cells: Sequence[Sequence[str]], where: Sequence[int]
) -> tuple[int | None, int]:
    """Find the column of the regions' widths, which tells from which number bases are counted.

    Returns
    -------
    column : int or None
    first : int
        1 where the first base of a chromosome is 1, else 0.
    """
    if len(where) < 3:
        return None, 0
    for width, title in enumerate(header):
        if title.lower() not in _WIDTH:
            continue
        rows = zip(cells[where[1]], cells[where[2]], cells[width], strict=True)
        bounds = [tuple(map(whole, row)) for row in rows]
        known = [(s, e, w) for s, e, w in bounds if None not in (s, e, w)]
        for first in (0, 1):
            if known and all(e - s + first == w for s, e, w in known):  # type: ignore[operator]
                return width, first
    # Without a width the program tells it.
    return None, int(bool(tool_of(header)))
