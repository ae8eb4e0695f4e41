"""Regions that are told by a name: ``chr1:100-300``, ``chr1-100-300`` or ``chr1_100_300``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from nfexplainn.values import whole

_REGION = re.compile(r"(\S+?)[:_-](\d+)[-_](\d+)(?:\([+.-]\))?")
# As R makes names of columns and rows.
_DOTTED = re.compile(r"(\S+?)\.(\d+)\.(\d+)")
# As genome browsers show positions.
_GROUPED = re.compile(r"(\S+?):(\d{1,3}(?:,\d{3})*)-(\d{1,3}(?:,\d{3})*)")
# Of GEM and MultiGPS, which count from 1.
_POINT = re.compile(r"(\S+):(\d{1,18})")
_MOST = 0.9
_LONGEST = 300  # of a name; a line may be as long as a file


def split_region(name: str) -> tuple[str, int, int] | None:
    """Read chromosome, start and end off a name; None where it tells none.

    Examples
    --------
    >>> split_region("chr1:1,000-1,200")
    ('chr1', 1000, 1200)
    """
    if len(name) > _LONGEST:
        return None
    match = _REGION.fullmatch(name) or _GROUPED.fullmatch(name) or _DOTTED.fullmatch(name)
    if match is None:
        return None
    start, end = (whole(match[group].replace(",", "")) for group in (2, 3))
    return None if start is None or end is None else (match[1], start, end)


def split_place(name: str) -> tuple[str, int, int] | None:
    """Read a region off a name, or the base of a position such as ``chr1:100``, from 1."""
    point = _POINT.fullmatch(name) if len(name) <= _LONGEST else None
    found = (point[1], int(point[2]) - 1, int(point[2])) if point else split_region(name)
    return found if found and found[1] < found[2] else None


def place_column(
    rows: Sequence[Sequence[str]],
    read: Callable[[str], tuple[str, int, int] | None] = split_place,
) -> int | None:
    """Give the first column in which nearly all rows name a place, None where there is none."""
    width = max((len(cells) for cells in rows), default=0)
    for column in range(width):
        named = sum(len(cells) > column and bool(read(cells[column])) for cells in rows)
        if named and named >= _MOST * len(rows) - 1:
            return column
    return None


def join_thousands(cells: Sequence[str]) -> list[str]:
    """Join a position whose commas between thousands were taken for separators."""
    text = ",".join(cells) if 1 < len(cells) < 9 else ""
    return [text] if len(text) <= _LONGEST and _GROUPED.fullmatch(text) else list(cells)


def as_columns(cells: Sequence[str], column: int) -> list[str]:
    """Put chromosome, start and end of a column's name in front of the other cells."""
    found = split_place(cells[column]) if len(cells) > column else None
    if found is None:
        return list(cells)
    return [found[0], str(found[1]), str(found[2]), *cells[:column], *cells[column + 1 :]]
