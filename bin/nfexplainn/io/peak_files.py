"""Read files of peaks: BED, narrowPeak, broadPeak, and the tables of MACS, HOMER and others."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nfexplainn.io.delimited import PEEK, Delimited, Row, open_delimited
from nfexplainn.io.intervals import Origin, Peaks
from nfexplainn.io.peak_shapes import Shape, find_shape, is_peak_header, span_middle, whole_number
from nfexplainn.io.region_names import (
    as_columns,
    join_thousands,
    place_column,
    split_place,
    split_region,
)
from nfexplainn.io.text import EmptyFileError
from nfexplainn.problems import ErrorCollector
from nfexplainn.values import finite, has_commas, has_decimal_comma, has_thousands, missing, whole

LONGEST = 1 << 40
# As spreadsheets show large numbers; those of R are exact.
_ROUNDED = re.compile(r"\d\.\d\dE\+\d+")
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")
_FEW = 10
_SEQUENCES = (
    "this looks like a file of sequences, not of coordinates; for sequences use the assay"
    " 'sequences'."
)
_READS = (
    "this looks like FASTQ, not coordinates; for reads of HT-SELEX or SMiLE-seq use the assay"
    " 'htselex' or 'smileseq', of other reads give the peaks called from them."
)
_NAMED = (
    "the first column is a name, as in files of HOMER or featureCounts, whose starts count from 1;"
    " give the file with its header (PeakID, chr, start, end), or as BED (pos2bed.pl)."
)


@dataclass
class _Found:
    """What was read so far."""

    chrom: list[int] = field(default_factory=list)
    bounds: list[tuple[int, int, int, bool]] = field(default_factory=list)
    scores: list[list[float]] = field(default_factory=list)
    # Per column of scores, the rows whose number has commas, which only all of them explain.
    commas: list[dict[int, str]] = field(default_factory=list)


def read_peaks(path: str | Path, name: str, *, empty: bool = False) -> Peaks:
    """Read intervals with their summits and scores; strands are ignored.

    Columns are told by a header that names chromosome, start and end, else by what stands in them:
    see :func:`~nfexplainn.io.peak_shapes.find_shape`. ``track``, ``browser`` and ``#`` lines and
    blank lines are passed over.

    Parameters
    ----------
    path : path
    name : str
        The file as the user wrote it.
    empty : bool
        Whether a file without any interval is one (a blacklist of nothing).

    Raises
    ------
    UserError
        With a sentence per wrong line (the first ten), or if there is no interval at all.
    """
    problems = ErrorCollector(name)
    try:
        table = open_delimited(path, name, header=is_peak_header)
    except EmptyFileError:
        if empty:
            return no_peaks(name)
        raise
    if not table.first_line:
        if empty:
            return no_peaks(name)
        problems.add("there is no interval in this file; BED lines read 'chr1<TAB>100<TAB>300'.")
        problems.stop()
    cells_of = join_thousands if table.separator == "," else list
    peeked = [cells_of(cells) for _, cells in itertools.islice(table, PEEK)]
    _check_kind(table, peeked[0], problems)
    titled = table.header is not None and is_peak_header(table.header)
    named = None if titled or _have_positions(peeked) else place_column(peeked)
    if named is not None:
        return _read_named(table, peeked, named, problems)
    shape = find_shape(table.header, peeked)
    if shape is None:
        problems.add(_NAMED, table.first_line)
        problems.stop()
    assert shape is not None
    return _read_rows(name, table, shape, problems)


def _have_positions(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether most rows have start and end in columns of their own."""

    def has(cells: Sequence[str]) -> bool:
        named = len(cells) > 1 and ":" in cells[1] and split_place(cells[1])
        own = cells[1:3] if named else cells[1:4]  # numbers behind a place are none of its own
        pairs = [(whole(low), whole(high)) for low, high in itertools.pairwise(own)]
        return any(low is not None and high is not None and low < high for low, high in pairs)

    return 2 * sum(map(has, rows)) > len(rows)


def _read_named(
    table: Delimited, peeked: Sequence[Sequence[str]], column: int, problems: ErrorCollector
) -> Peaks:
    """Read places that a column names, such as ``chr1-100-300``, with what stands beside them."""
    top = peeked[0][column]  # a region that ends before it starts is a mistake, and no title
    headed = split_place(top) is None and split_region(top) is None
    titles = None
    if headed or table.header:
        first = peeked[0] if headed else list(table.header or ())
        others = [title for at, title in enumerate(first) if at != column]
        titles = ("chrom", "start", "end", *others)
    cells_of = join_thousands if table.separator == "," else list
    rows = [
        Row(row.line, as_columns(cells_of(row.cells), column))
        for row in itertools.islice(table, headed, None)
    ]
    shape = find_shape(titles, [cells for _, cells in rows[:PEEK]])
    assert shape is not None  # positions stand behind the chromosome now
    shape = dataclasses.replace(shape, format=f"places named in column {column + 1}")
    return _read_rows(table.name, rows, shape, problems)


def _read_rows(name: str, rows: Iterable[Row], shape: Shape, problems: ErrorCollector) -> Peaks:
    """Read rows whose columns are known."""
    found = _Found(scores=[[] for _ in shape.scores], commas=[{} for _ in shape.scores])
    codes: dict[str, int] = {}
    for row in rows:
        _read_row(row, shape, found, codes, problems)
    problems.stop()
    for column, commas in zip(found.scores, found.commas, strict=True):
        _read_commas(column, commas)
    return _make(name, tuple(codes), shape, found)


def no_peaks(name: str) -> Peaks:
    """Make the peaks of a file that holds none."""
    nothing = np.zeros(0, dtype=np.int64)
    return Peaks(name, (), nothing.astype(np.int32), nothing, nothing, nothing, np.zeros(0))


def _check_kind(table: Delimited, first: Sequence[str], problems: ErrorCollector) -> None:
    """Stop at once where the file is of another kind altogether."""
    sentence = ""
    if first[0].startswith(">") and len(first) < 3:
        sentence = _SEQUENCES
    elif first[0] in ("@HD", "@SQ", "@RG", "@PG"):
        sentence = "this is SAM, alignments of reads; give the peaks called from them."
    elif first[0].startswith("@") and len(first) < 3:
        sentence = _READS
    elif any(comment.startswith("##fileformat=VCF") for comment in table.comments):
        sentence = "this is VCF, variants; give the regions as BED."
    elif _is_gff(first):
        sentence = (
            "this is GFF or GTF, with positions in columns 4 and 5 that count from 1; convert it to"
            " BED (gff2bed)."
        )
    if sentence:
        problems.add(sentence, table.first_line)
        problems.stop()


def _is_gff(cells: Sequence[str]) -> bool:
    """Tell whether positions stand in columns 4 and 5 alone, and a strand in column 7."""
    positions = [whole(cell) is not None for cell in cells[1:5]]
    return len(cells) == 9 and positions == [False, False, True, True] and cells[6] in "+-."


def _read_row(
    row: Row,
    shape: Shape,
    found: _Found,
    codes: dict[str, int],
    problems: ErrorCollector,
) -> None:
    """Take in a row, or complain of it."""
    line, cells = row
    if len(cells) <= max(shape.chrom, shape.start, shape.end):
        if len(cells) == 1:
            problems.add(
                f"'{cells[0][:40]}' is one column; BED needs chromosome, start and end.",
                line,
                "one column",
            )
        else:
            problems.add(
                f"{len(cells)} columns; BED needs at least chromosome, start and end.",
                line,
                "few columns",
            )
        return
    start, end = whole(cells[shape.start]), whole(cells[shape.end])
    if start is None or end is None:
        problems.add(*_no_positions(cells, shape, line))
        return
    start -= shape.from_one
    if not cells[shape.chrom]:
        problems.add("the chromosome's name is empty.", line, "no name")
    elif start < 0:
        least = 1 if shape.from_one else 0
        problems.add(
            f"start {start + shape.from_one} is negative; positions count from {least}."
            if start + shape.from_one < 0
            else f"start 0 is not possible where positions count from 1 ({shape.why}).",
            line,
            "negative",
        )
    elif start >= end:
        problems.add(f"start {cells[shape.start]} is not before end {end}.", line, "no interval")
    elif end >= LONGEST:
        problems.add(f"end {end} is beyond the end of any chromosome.", line, "long")
    else:
        summit = _summit(cells, shape, start, end, line, problems)
        scores = _scores(cells, shape, line, problems)
        if summit is None or scores is None:
            return
        at, given = summit
        found.chrom.append(codes.setdefault(cells[shape.chrom], len(codes)))
        found.bounds.append((start, end, at, given))
        for place, value in enumerate(scores):
            at = shape.scores[place]
            if at < len(cells) and has_commas(cells[at]):
                found.commas[place][len(found.scores[place])] = cells[at].strip()
            found.scores[place].append(value)


def _no_positions(cells: Sequence[str], shape: Shape, line: int) -> tuple[str, int, str]:
    """Say what stands where start and end belong."""
    first, second = cells[shape.start], cells[shape.end]
    if not any(character.isdigit() for character in first + second):
        return (
            f"'{first[:20]}' and '{second[:20]}' are not valid start and end positions; if this"
            " line is a header, name its columns chrom, start and end.",
            line,
            "no positions",
        )
    wrong = second if whole(first) is not None else first
    number = finite(wrong)
    way_out = ""
    if _ROUNDED.fullmatch(wrong):
        way_out = (
            ": a spreadsheet has rounded it; export the column again as whole numbers, since its"
            " other digits are lost"
        )
    elif _THOUSANDS.fullmatch(wrong):
        way_out = f"; write {wrong.replace(',', '')}"
    elif number is not None and number == int(number):
        way_out = f"; write {int(number)} (in R: options(scipen = 999))"
    said = f"'{wrong[:20]}' is not a whole number, as start and end must be{way_out}."
    return said, line, "whole"


def _summit(
    cells: Sequence[str], shape: Shape, start: int, end: int, line: int, problems: ErrorCollector
) -> tuple[int, bool] | None:
    """Give the position of the summit and whether the file gives it; None after a mistake."""
    middle = (start + end) // 2, False
    if shape.kind == "none" or len(cells) <= shape.summit:
        return middle
    text, column = cells[shape.summit], shape.column(shape.summit)
    if shape.kind == "span":
        position = span_middle(text)
        return middle if position is None or not start <= position < end else (position, True)
    if missing(text) and shape.kind == "position":
        return middle
    value = whole_number(text)
    if value is None:
        problems.add(f"the summit '{text[:20]}' ({column}) is not a whole number.", line, "summit")
        return None
    if shape.kind == "offset":
        if value < -1 or value > end - start:
            problems.add(
                f"the summit {value} ({column}) lies outside the peak of {end - start} bp;"
                " it counts from the peak's start, and -1 means none.",
                line,
                "outside",
            )
            return None
        return middle if value < 0 else (start + min(value, end - start - 1), True)
    position = value - shape.from_one
    if not start <= position <= end:
        problems.add(
            f"the summit {value} ({column}) lies outside the peak"
            f" {cells[shape.start]}-{cells[shape.end]}.",
            line,
            "outside",
        )
        return None
    return min(position, end - 1), True


def _scores(
    cells: Sequence[str], shape: Shape, line: int, problems: ErrorCollector
) -> list[float] | None:
    """Read the columns of scores, NaN where there is none; None after a mistake."""
    values = []
    for place, at in enumerate(shape.scores):
        text = cells[at] if at < len(cells) else ""
        value = finite(text)
        known = value is not None or missing(text) or has_commas(text)
        if not known and shape.strict and not place:
            try:
                float(text)
            except ValueError:
                said = f"the signal '{text[:20]}' ({shape.column(at)}) is not a number."
                problems.add(said, line, "signal")
                return None
        absent = value is None or (value == -1 and at in shape.absent)
        values.append(math.nan if absent or value is None else value)
    return values


def _read_commas(column: list[float], commas: dict[int, str]) -> None:
    """Fill in the numbers with commas of a column: decimal ones, or between thousands."""
    plain = (str(value) for value in column if not math.isnan(value)) if commas else ()
    thousands = has_thousands(itertools.chain(commas.values(), plain))
    for row, text in commas.items():
        if not thousands and has_decimal_comma(text):
            text = text.replace(".", "").replace(",", ".")
        value = finite(text if not thousands else text.replace(",", ""))
        column[row] = math.nan if value is None else value


def _make(name: str, chromosomes: tuple[str, ...], shape: Shape, found: _Found) -> Peaks:
    """Put the columns together, with the first scores that vary."""
    starts, ends, summits, given = zip(*found.bounds, strict=True)
    at_summit = np.array(given, dtype=np.bool_)
    placeholder = _is_placeholder(starts, ends, summits, at_summit)
    if placeholder:
        summits = tuple((start + end) // 2 for start, end in zip(starts, ends, strict=True))
        at_summit[:] = False
    scores = [np.array(column, dtype=np.float64) for column in found.scores]
    chosen, flat = _first_that_varies(scores)
    columns = [shape.column(at) for at in shape.scores]
    origin = Origin(
        format=shape.format
        + (f", starts count from 1 ({shape.why})" if shape.from_one else "")
        + (f", summits at the start of all ({shape.column(shape.summit)})" if placeholder else ""),
        summit=shape.column(shape.summit) if at_summit.any() else "",
        score=columns[chosen] if chosen is not None else "",
        flat=tuple(columns[at] for at in flat),
    )
    # Where none varies the first that holds anything is given; it ranks nothing.
    shown = chosen if chosen is not None else next(iter(flat), None)
    return Peaks(
        name=name,
        chromosomes=chromosomes,
        chrom=np.array(found.chrom, dtype=np.int32),
        start=np.array(starts, dtype=np.int64),
        end=np.array(ends, dtype=np.int64),
        summit=np.array(summits, dtype=np.int64),
        score=np.full(len(starts), np.nan) if shown is None else scores[shown],
        at_summit=at_summit,
        origin=origin,
    )


def _is_placeholder(
    starts: Sequence[int],
    ends: Sequence[int],
    summits: Sequence[int],
    given: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> bool:
    """Tell whether all summits stand at the very start: 0 where a tool knows none."""
    if len(starts) < _FEW or not given.all():
        return False
    wide = any(end - start > _FEW for start, end in zip(starts, ends, strict=True))
    return wide and tuple(starts) == tuple(summits)


def _first_that_varies(
    scores: Sequence[np.ndarray[tuple[int, ...], np.dtype[np.float64]]],
) -> tuple[int | None, list[int]]:
    """Give the first column with two values or more, and those before it that have only one."""
    flat: list[int] = []
    for place, column in enumerate(scores):
        known = column[~np.isnan(column)]
        if not len(known):
            continue
        if (known != known[0]).any():
            return place, flat
        flat.append(place)
    return None, flat
