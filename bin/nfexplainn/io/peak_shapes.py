"""What the columns of a file of peaks are, told by its header or by what stands in them.

Sources: UCSC's formats BED, narrowPeak, broadPeak and gappedPeak; IDR, SEACR, MACS, HOMER and ReMap
as their manuals describe their files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from nfexplainn.io.coordinate_columns import counts_from_one, find_coordinates, plain, tool_of
from nfexplainn.values import counts_rows, finite, missing, whole

Kind = Literal["none", "offset", "position", "span"]
Cells = Sequence[str]
# Without blanks, dots and underscores; "v10" is narrowPeak's after R has named the columns.
_SUMMITS = (
    *("abssummit", "summit", "summitposition", "summitpos", "peaksummit", "peak", "summits"),
    *("maxposition", "pointsource", "v10", "x10"),
)
_OFFSETS = ("v10", "x10")
_SCORES = (
    *("signalvalue", "foldenrichment", "score", "peakscore", "findpeaksscore"),
    *("overallpeakscore", "normalizedtagcount", "enrichmentscore", "meansignal"),
    *("-log10(qvalue)", "qvalue", "-log10(pvalue)", "pvalue", "pileup", "fold", "conc"),
    *("v7", "x7", "v5", "x5"),
)
# A summit's height is no position, nor is how many there are.
_HEIGHT = re.compile(
    "height|score|value|signal|pileup|fold|reads|tags|cov|name|id$|count|number|rank|^(n|num|nr)summit"
)
# What R calls the columns of a file without a header.
_DEFAULTS = [[f"{letter}{number}" for number in (1, 2, 3)] for letter in "vx"]
# Small is strong, unless they are logarithms.
_PROBABILITIES = ("pvalue", "qvalue")
_SPAN = re.compile(r"^\S+:(\d{1,18})-(\d{1,18})$")
_STRANDS = ("+", "-", ".", "*", "")
_MOST = 0.9


@dataclass(frozen=True)
class Shape:
    """Positions of columns, from 0.

    Attributes
    ----------
    format : str
        For the report.
    chrom, start, end : int
    summit : int
        -1: none.
    kind : {'none', 'offset', 'position', 'span'}
        Whether the summit counts from the start (-1: none), is a position on the chromosome, or a
        span such as ``chr1:100-120`` whose middle is taken.
    scores : tuple of int
        In the order in which they are tried.
    strict : bool
        Whether text in the first of them is a mistake.
    absent : tuple of int
        Columns of scores where -1 means none.
    from_one : bool
        Whether starts count from 1.
    why : str
        How that is known.
    titles : tuple of str
        Names of the columns; empty without a header.
    """

    format: str
    chrom: int = 0
    start: int = 1
    end: int = 2
    summit: int = -1
    kind: Kind = "none"
    scores: tuple[int, ...] = (4,)
    strict: bool = False
    absent: tuple[int, ...] = ()
    from_one: bool = False
    why: str = ""
    titles: tuple[str, ...] = ()

    def column(self, position: int) -> str:
        """Name a column for a message."""
        if self.titles and self.titles[position]:
            return f"column '{self.titles[position]}'"
        return f"column {position + 1}"


def is_peak_header(cells: Cells) -> bool:
    """Tell whether a first row names chromosome, start and end, or columns as R does."""
    return _coordinates(cells) is not None


def _coordinates(titles: Cells) -> tuple[int, int, int] | None:
    """Give the positions of chromosome, start and end in a header, None where it has none."""
    where = find_coordinates(titles)
    first = [plain(title) for title in titles[:3]]
    return (0, 1, 2) if where is None and first in _DEFAULTS else where


def _joined(title: str) -> str:
    """Bring a column's name to the form of the lists above."""
    return re.sub(r"[\s._]+", "", plain(title))


def find_shape(titles: Sequence[str] | None, rows: Sequence[Cells]) -> Shape | None:
    """Tell what the columns are.

    Parameters
    ----------
    titles : sequence of str or None
        The header.
    rows : sequence
        The first rows, one at least.

    Returns
    -------
    Shape or None
        None where a name stands before the chromosome and no header says from which number the
        positions count.
    """
    where = _coordinates(titles) if titles else None
    if titles and where:
        return _by_names(tuple(titles), where, rows)
    if _most(rows, _named_before):
        return None
    if _most(rows, _numbered_before):
        inner = _by_content([cells[1:] for cells in rows])
        return _shifted(inner)
    return _by_content(rows)


def _by_names(titles: tuple[str, ...], where: tuple[int, int, int], rows: Sequence[Cells]) -> Shape:
    """Go by the header."""
    lower = [_joined(title) for title in titles]
    from_one, why = counts_from_one(titles, rows, where)
    summit, kind = -1, "none"
    other = [word for word in lower if "summit" in word and not _HEIGHT.search(word)]
    for word in (*_SUMMITS, *other):
        if word in lower:
            found = _summit_kind(rows, where, lower.index(word), from_one, word)
            if found != "none":
                summit, kind = lower.index(word), found
                break
    scores = [lower.index(word) for word in _SCORES if word in lower]
    scores = [at for at in scores if lower[at] not in _PROBABILITIES or _is_log(rows, at)]
    more = [at for at, word in enumerate(lower) if "score" in word and "rank" not in word]
    scores += [at for at in more if at not in scores]
    tool = tool_of(titles)
    return Shape(
        format=f"{tool}'s table" if tool else "table with a header",
        chrom=where[0],
        start=where[1],
        end=where[2],
        summit=summit,
        kind=kind,  # type: ignore[arg-type]
        scores=tuple(scores),
        absent=tuple(at for at in scores if lower[at] in _PROBABILITIES),
        from_one=from_one,
        why=why,
        titles=titles,
    )


def _is_log(rows: Sequence[Cells], column: int) -> bool:
    """Tell whether p or q values are negative logarithms: some are above 1."""
    values = [finite(cells[column]) for cells in rows if len(cells) > column]
    return any(value is not None and value > 1 for value in values)


def _summit_kind(
    rows: Sequence[Cells], where: tuple[int, int, int], column: int, from_one: bool, word: str
) -> Kind:
    """Tell whether a column called summit holds positions, offsets, or something else."""
    if word == "abssummit":
        return "position"

    def inside(cells: Cells) -> bool:
        low, high, value = (whole_number(cells[at]) for at in (where[1], where[2], column))
        return low is not None and high is not None and value is not None and low <= value <= high

    def offset(cells: Cells) -> bool:
        low, high, value = (whole_number(cells[at]) for at in (where[1], where[2], column))
        if low is None or high is None or value is None:
            return False
        return -1 <= value <= high - low + from_one

    known = [cells for cells in rows if len(cells) > column and not missing(cells[column])]
    if not known or counts_rows([cells[column] for cells in known]):
        return "none"
    # At the start of a chromosome a number may be either, never in all rows of a genome.
    if all(map(offset, known)) and not all(map(inside, known)):
        return "offset"
    return "position" if _most(known, inside) and word not in _OFFSETS else "none"


def _by_content(rows: Sequence[Cells]) -> Shape:
    """Go by what stands in the columns."""
    if _most(rows, is_thick):
        if _most(rows, _is_gapped):
            return Shape("gappedPeak", scores=(12, 4, 13, 14), absent=(13, 14))
        if all(map(_thick_is_point, rows)):
            return Shape("BED, thick part of 1 bp", summit=6, kind="position")
        return Shape("BED")
    wide = all(len(cells) > 10 for cells in rows)
    if _most(rows, lambda cells: len(cells) >= 10 and _misfits(cells) <= (0 if wide else 1)):
        return _signal("narrowPeak" if not wide else "narrowPeak with more columns", 9)
    if _most(rows, _is_macs):
        scores = (7, 8, 6, 5)
        return Shape(
            "MACS's table without its header",
            summit=4,
            kind="position",
            scores=scores,
            from_one=True,
            why="column 4 is end - start + 1",
        )
    if all(map(_is_position, rows)):
        return Shape("BED with positions in column 4", summit=3, kind="position")
    if _most(rows, _is_seacr):
        return Shape("SEACR's BED", summit=5, kind="span", scores=(4, 3))
    if _most(rows, _is_sicer):
        return Shape("SICER's summary of islands", scores=(6, 3))
    if _most(rows, lambda cells: len(cells) == 9 or _is_broad(cells)):
        return _signal("broadPeak", -1)
    return Shape("BED")


def _signal(name: str, summit: int) -> Shape:
    """Make the shape of narrowPeak and broadPeak."""
    kind: Kind = "offset" if summit >= 0 else "none"
    return Shape(name, summit=summit, kind=kind, scores=(6, 4, 7, 8), strict=True, absent=(7, 8))


def _shifted(inner: Shape) -> Shape:
    """Give the shape of rows with a number before the chromosome (UCSC's bin, R's row names)."""
    return Shape(
        format=f"{inner.format} with a number before the chromosome",
        chrom=1,
        start=2,
        end=3,
        summit=inner.summit + 1 if inner.summit >= 0 else -1,
        kind=inner.kind,
        scores=tuple(at + 1 for at in inner.scores),
        strict=inner.strict,
        absent=tuple(at + 1 for at in inner.absent),
        from_one=inner.from_one,
        why=inner.why,
    )


def _most(rows: Sequence[Cells], test: Callable[[Cells], bool]) -> bool:
    """Tell whether nearly all rows pass a test."""
    return sum(map(test, rows)) >= _MOST * len(rows) > 0


def _bounds(cells: Cells) -> tuple[int, int] | None:
    """Give start and end of a row, None where they are none."""
    if len(cells) < 3:
        return None
    start, end = whole(cells[1]), whole(cells[2])
    return None if start is None or end is None else (start, end)


def _named_before(cells: Cells) -> bool:
    """Tell whether a name and a chromosome stand before start and end, as in HOMER's files."""
    return (
        len(cells) >= 4
        and whole(cells[0]) is None
        and whole(cells[1]) is None
        and whole(cells[2]) is not None
        and whole(cells[3]) is not None
    )


def _numbered_before(cells: Cells) -> bool:
    """Tell whether a number stands before the chromosome."""
    return (
        len(cells) >= 4
        and whole(cells[0]) is not None
        and whole(cells[1]) is None
        and whole(cells[2]) is not None
        and whole(cells[3]) is not None
    )


def is_thick(cells: Cells) -> bool:
    """Tell whether columns 7 and 8 are a BED's thick part rather than a peak's signal and p."""
    bounds = _bounds(cells)
    if bounds is None or len(cells) < 8 or len(cells) == 10:
        return False  # ten columns are a narrowPeak, whatever stands in two of them
    low, high = whole(cells[6]), whole(cells[7])
    if low is None or high is None:
        return False
    if len(cells) >= 12 and low == high == 0:
        blocks = [cells[at].rstrip(",").count(",") + 1 for at in (10, 11)]
        return blocks[0] == blocks[1] == whole(cells[9])
    return bounds[0] <= low <= high <= bounds[1]


def _thick_is_point(cells: Cells) -> bool:
    """Tell whether the thick part is one base within the interval, as ReMap marks summits."""
    bounds = _bounds(cells)
    if bounds is None or len(cells) != 9 or not is_thick(cells):
        return False
    return (
        int(cells[7]) - int(cells[6]) == 1
        and bounds[0] < int(cells[6])
        and bounds[1] - bounds[0] > 1
    )


def _is_gapped(cells: Cells) -> bool:
    """Tell whether a BED12 has signal, p and q behind it."""
    return len(cells) >= 15 and all(finite(cells[at]) is not None for at in (12, 13, 14))


def _misfits(cells: Cells) -> int:
    """Count the columns from 5 to 10 that do not fit narrowPeak."""
    bounds = _bounds(cells)
    number = [finite(cells[at]) is not None or cells[at] in (".", "") for at in (4, 6, 7, 8)]
    offset = whole_number(cells[9])
    fits = [*number, cells[5] in _STRANDS, offset is not None]
    if len(cells) > 10 and bounds is not None and offset is not None:
        fits.append(-1 <= offset <= bounds[1] - bounds[0])
    return fits.count(False)


def _is_broad(cells: Cells) -> bool:
    """Tell whether columns 5 to 9 fit broadPeak."""
    return (
        len(cells) > 9
        and cells[5] in _STRANDS
        and all(finite(cells[at]) is not None for at in (6, 7, 8))
    )


def _is_macs(cells: Cells) -> bool:
    """Tell whether columns 4 and 5 are MACS's length and position of the summit."""
    bounds = _bounds(cells)
    if bounds is None or len(cells) < 9:
        return False
    length, summit = whole(cells[3]), whole(cells[4])
    return (
        length == bounds[1] - bounds[0] + 1
        and summit is not None
        and (bounds[0] <= summit <= bounds[1])
    )


def _is_position(cells: Cells) -> bool:
    """Tell whether column 4 is a position within the interval."""
    bounds = _bounds(cells)
    if bounds is None or len(cells) < 4:
        return False
    position = whole(cells[3])
    return position is not None and 0 < bounds[0] <= position <= bounds[1] > bounds[0] + 1


def _is_seacr(cells: Cells) -> bool:
    """Tell whether column 6 is the span of the highest signal within the interval."""
    bounds = _bounds(cells)
    match = _SPAN.match(cells[5]) if len(cells) >= 6 else None
    if bounds is None or match is None:
        return False
    inside = bounds[0] <= int(match[1]) <= int(match[2]) <= bounds[1]
    return inside and finite(cells[3]) is not None and finite(cells[4]) is not None


def _is_sicer(cells: Cells) -> bool:
    """Tell whether reads of sample and control, p, fold change and FDR stand behind."""
    if len(cells) != 8 or whole(cells[3]) is None or whole(cells[4]) is None:
        return False
    shares = [finite(cells[5]), finite(cells[7])]
    return finite(cells[6]) is not None and all(
        share is not None and 0 <= share <= 1 for share in shares
    )


def whole_number(text: str) -> int | None:
    """Read a whole number, also where a table of numbers was written with decimals (81.0)."""
    value = whole(text)
    number = finite(text) if value is None else None
    return int(number) if number is not None and number.is_integer() else value


def span_middle(text: str) -> int | None:
    """Give the middle of a span such as ``chr1:100-120``."""
    match = _SPAN.match(text)
    return (int(match[1]) + int(match[2])) // 2 if match else None
