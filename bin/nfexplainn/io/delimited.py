"""Tables as people have them: one reader of delimited text for all assays and side files.

Separator, header, quotes (RFC 4180), R's row names, comments and ``track`` lines, line ends and
encodings are told by the content. Rows come one after another with their line numbers.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from nfexplainn.io.separators import (
    SEPARATORS,
    filled,
    find_separator,
    plain_cells,
    quoted_cells,
    split_cells,
)
from nfexplainn.io.text import read_text_lines
from nfexplainn.values import finite

PEEK = 300
_WORDS = {"\t": "tabs", ",": "commas", ";": "semicolons", " ": "blanks"}
# UCSC's lines; a row whose name begins with these words has no such text behind it.
_TRACK = re.compile(r"track(\s+\w+=|\s*$)|browser(\s+(position|hide|dense|pack|squish|full)|\s*$)")
_EXCEL_ERROR = re.compile(r"#(N/A|NA\b|DIV/0!|VALUE!|REF!|NAME\?|NUM!|NULL!)", re.IGNORECASE)
# Excel's hint at the separator, which the rows show anyway.
_HINT = re.compile(r'"?sep=.?"?$', re.IGNORECASE)
_MARKS = '\t;, "'
_LONGEST_ROW = 50
_TITLES = 5

IsHeader = Callable[[Sequence[str]], bool]


class Row(NamedTuple):
    """Cells of a row without quotes and blanks round them, and its line, from 1."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Delimited:
    """A file of delimited text; iterate over it for its rows, as often as needed.

    Attributes
    ----------
    path : Path
    name : str
        The file as the user wrote it.
    separator : str
        A tab, comma, semicolon, or a blank for any run of blanks.
    columns : int
        Cells of a row.
    header : tuple of str or None
        Names of the columns; the first is '' where rows have names that the header does not count
        (R's ``write.table``). Trailing columns without a name and without content are left out.
    header_line : int
        Its line, 0 without one.
    row_names : bool
        Whether the header is one shorter than the rows.
    comments : tuple of str
        Comment lines before the rows, by which some tools' files are known.
    first_line : int
        Line of the first row, 0 where there is none.
    hash_rows : bool
        Whether a line that begins with # after the first row, and has as many cells, is a row (as
        identifiers may begin so) and no comment (as regions are taken out by it).
    """

    path: Path
    name: str
    separator: str
    columns: int
    header: tuple[str, ...] | None
    header_line: int
    row_names: bool
    comments: tuple[str, ...]
    first_line: int
    hash_rows: bool = False

    def __iter__(self) -> Iterator[Row]:
        """Give the rows; one that lacks cells or has too many comes as it is.

        Raises
        ------
        UserError
            If the file is damaged.
        """
        if not self.first_line:
            return
        rows_from = self.first_line if self.hash_rows else 0
        content = _content(self.path, self.name, rows_from=rows_from)
        lines = (pair for pair in content if pair[0] >= self.first_line)
        for line, cells in _rows(lines, self.separator, self.columns):
            while len(cells) > self.columns and not cells[-1]:
                cells.pop()
            if cells[0][:1] == "#" and len(cells) != self.columns:
                continue
            yield Row(line, cells)

    @property
    def separated_by(self) -> str:
        """Name the separator for a message."""
        return _WORDS[self.separator]


def open_delimited(
    path: str | Path,
    name: str,
    header: bool | IsHeader | None = None,
    separators: Sequence[str] = SEPARATORS,
) -> Delimited:
    """Find the separator and the header of a table.

    The separator is the one that gives the same number of columns, more than one, in all of the
    first 300 lines (or in most of them, where none does so in all).

    Parameters
    ----------
    path : path
        Text, compressed or not.
    name : str
        The file as the user wrote it.
    header : bool, callable or None
        Whether the first row names the columns, or a function that tells so by its cells; by
        default it does so if it has no number while the rows below have. The last comment line
        before the rows is the header where it has as many columns as they.
    separators : sequence of str
        Which to consider; earlier ones are preferred.

    Raises
    ------
    UserError
        If the file is missing, damaged, or no text. A file without rows is none: ``first_line``
        is 0 then.
    """
    comments: list[tuple[int, str]] = []
    raw = itertools.islice(_content(path, name, comments), PEEK)
    lines = list(raw)
    if not lines:
        texts = tuple(text for _, text in comments)
        return Delimited(Path(path), name, "\t", 0, None, 0, False, texts, 0)
    # Comments after the first row are none that say what the table is.
    comments = [pair for pair in comments if pair[0] < lines[0][0]]
    separator = find_separator([text for _, text in lines], separators)
    peeked = _without_titles(list(_rows(iter(lines), separator, 0)), header)
    rows = [row.cells for row in peeked]
    above = _comment_header(comments, rows, separator)
    titles: list[str] | None = None
    at, first, row_names, columns = 0, peeked[0].line, False, _width(rows)
    if _is_header(rows[0], rows[1:], header) and not (above and _has_number(rows[0])):
        at, first = first, peeked[1].line if len(peeked) > 1 else 0
        titles, row_names = _fit_header([_title(cell) for cell in rows[0]], rows[1:])
        columns = len(titles)
    elif above and header is not False:
        titles, at = above, comments[-1][0]
    return Delimited(
        path=Path(path),
        name=name,
        separator=separator,
        columns=columns,
        header=None if titles is None else tuple(titles),
        header_line=at,
        row_names=row_names,
        comments=tuple(text for _, text in comments),
        first_line=first,
    )


def _without_titles(rows: list[Row], header: bool | IsHeader | None) -> list[Row]:
    """Leave out the lines that a spreadsheet has above its header: one text in a row of many."""
    # R names the only column of a frame whose rows have names by one word.
    words = " ".join(rows[0].cells).split()
    if header is None and len(words) == 1 and all(len(row.cells) == 2 for row in rows[1:]):
        return rows
    for above in range(1, min(_TITLES, len(rows) - 1) + 1):
        if filled(rows[above - 1].cells) != 1 or rows[above - 1].cells[0][:1] in (">", "@"):
            break
        top, below = rows[above].cells, [row.cells for row in rows[above + 1 :]]
        if filled(top) > 1 and not _has_number(top) and _is_header(top, below, header):
            return rows[above:]
    return rows


def _content(
    path: str | Path,
    name: str,
    comments: list[tuple[int, str]] | None = None,
    rows_from: int = 0,
) -> Iterator[tuple[int, str]]:
    """Give the numbered lines that hold something, and collect the comments.

    From the line ``rows_from`` on, where that is not 0, lines that begin with # are given, too.
    """
    for number, text in enumerate(read_text_lines(path, name), 1):
        if not text or text.isspace():
            continue
        is_row = 0 < rows_from <= number or _EXCEL_ERROR.match(text)
        # A spreadsheet puts quotes round comments, and separators behind them.
        if (text[0] == "#" or text.startswith('"# ')) and not is_row:
            if comments is not None:
                comments.append((number, text.removeprefix('"')))
            continue
        if text[0] in "tb" and _TRACK.match(text):
            continue
        # A spreadsheet writes separators in its empty rows.
        if text[0] in _MARKS and not text.strip(_MARKS):
            continue
        if number == 1 and _HINT.match(text):
            continue
        yield number, text


def _rows(lines: Iterator[tuple[int, str]], separator: str, columns: int) -> Iterator[Row]:
    """Split lines into rows; a quoted cell may go over several lines."""
    waiting: deque[tuple[int, str]] = deque()
    while True:
        pair = waiting.popleft() if waiting else next(lines, None)
        if pair is None:
            return
        number, text = pair
        if '"' not in text:
            yield Row(number, plain_cells(text, separator))
            continue
        cells = quoted_cells(text, separator)
        if cells is None and separator != " ":
            cells = _joined(text, lines, waiting, separator, columns)
        yield Row(number, plain_cells(text, separator) if cells is None else cells)


def _joined(
    text: str,
    lines: Iterator[tuple[int, str]],
    waiting: deque[tuple[int, str]],
    separator: str,
    columns: int,
) -> list[str] | None:
    """Join a row to the lines after it until its quotes close; None, and nothing taken, if not."""
    for taken in range(1, _LONGEST_ROW + 1):
        if len(waiting) < taken:
            more = next(lines, None)
            if more is None:
                return None
            waiting.append(more)
        text += "\n" + waiting[taken - 1][1]
        if '"' not in waiting[taken - 1][1]:
            continue
        cells = _quoted_lines(text, separator)
        if cells is None or (columns and len(cells) != columns):
            continue
        # Lines that are whole rows each have quotes that mean nothing.
        if any(len(plain_cells(one, separator)) != len(cells) for one in text.split("\n")):
            for _ in range(taken):
                waiting.popleft()
            return [cell.replace("\n", " ") for cell in cells]
    return None


def _quoted_lines(text: str, separator: str) -> list[str] | None:
    """Split a row of several lines, None where it is not one row."""
    lines = [line + "\n" for line in text.split("\n")]
    try:
        rows = list(csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True))
    except csv.Error:
        return None
    return [cell.strip() for cell in rows[0]] if len(rows) == 1 else None


def _width(rows: Sequence[Sequence[str]]) -> int:
    """Give the usual number of columns, those empty in all rows at the end left out."""
    full = Counter(len(row) for row in rows).most_common(1)[0][0]
    return max((filled(row) for row in rows if len(row) == full), default=full) or full


def _has_number(cells: Sequence[str]) -> bool:
    """Tell whether a cell is a number."""
    return any(finite(cell) is not None for cell in cells)


def _comment_header(
    comments: Sequence[tuple[int, str]], rows: Sequence[Sequence[str]], separator: str
) -> list[str] | None:
    """Give the names in the last comment line, where it has as many columns as the rows."""
    if not comments or comments[-1][1].startswith("##"):
        return None
    text = comments[-1][1].lstrip("#")
    # Comments have lost a spreadsheet's quote, whose fellow stands behind the first cell.
    cells = split_cells(f'"{text.lstrip()}' if text.count('"') % 2 else text, separator)
    return [_title(cell) for cell in cells] if len(cells) == _width(rows) > 1 else None


def _is_header(
    top: Sequence[str], below: Sequence[Sequence[str]], asked: bool | IsHeader | None
) -> bool:
    """Tell whether the first row names the columns."""
    if isinstance(asked, bool):
        return asked
    if asked is not None:
        return asked(top)
    return not _has_number(top) and any(map(_has_number, below))


def _fit_header(titles: list[str], body: Sequence[Sequence[str]]) -> tuple[list[str], bool]:
    """Name the rows' names that R's header does not count, or drop names of nothing at the end.

    Returns
    -------
    titles : list of str
    row_names : bool
    """
    if not body:
        return titles, False
    columns = _width(body)
    if len(titles) + 1 == columns and all(titles):
        return ["", *titles], True
    while len(titles) > columns and not titles[-1]:
        titles.pop()
    return titles, False


def _title(cell: str) -> str:
    """Take the quotes of deepTools and the mark of a comment off a column's name."""
    text = cell.strip().lstrip("#").strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1].strip()
    return text
