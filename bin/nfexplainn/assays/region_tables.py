"""Read tables with a row per region: delimited text, or Parquet."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as pq

from nfexplainn.assays import value_columns as vc
from nfexplainn.assays.region_columns import (
    CHROM,
    END,
    NAME,
    START,
    RegionColumns,
    find_columns,
    label_of,
)
from nfexplainn.assays.regions import RegionTable, make_peaks, parse_names
from nfexplainn.data.dataset import Floats
from nfexplainn.errors import UserError
from nfexplainn.io.delimited import PEEK, Delimited, open_delimited
from nfexplainn.io.intervals import Peaks
from nfexplainn.io.reading import PACKED_ERRORS, reading
from nfexplainn.io.text import first_bytes, open_binary
from nfexplainn.problems import ErrorCollector
from nfexplainn.values import finite, missing, spellings, whole

__all__ = ["CHROM", "END", "START", "is_parquet", "read_region_table"]

_TITLES = frozenset((*CHROM, *START, *END, *NAME)) - {""}
_REGION = re.compile(r"\S+?[:_-]\d+[-_]\d+")
_LARGEST = 1 << 53
_LABEL_OUT = "write 1 or 0 (TRUE or FALSE), or NA if it is unknown"


def is_parquet(path: str | Path, name: str) -> bool:
    """Tell by its first bytes whether a file is Parquet."""
    return first_bytes(path, name, 4) == b"PAR1"


def read_region_table(
    path: str | Path, name: str, wanted: tuple[str, ...] = (), *, labels: bool = False
) -> RegionTable:
    """Read a table of regions and their values.

    The regions stand in the columns chrom, start and end (0-based, half-open; 1-based where a
    column of widths says so), or in a column ``name`` (or the first one) as ``chr1:100-300``.

    Parameters
    ----------
    path : path
        Delimited text with a header, compressed or not; or Parquet.
    name : str
        The file as the user wrote it.
    wanted : tuple of str
        The columns to read; where it is empty all of numbers, if it is clear that they are values.
    labels : bool
        Whether the values are labels, which may be words: TRUE and FALSE, or B, U and A.

    Raises
    ------
    UserError
        With a sentence per wrong line (the first ten), or if it is not clear what to read.
    """
    if is_parquet(path, name):
        return _read_parquet(path, name, wanted, labels)
    text = open_delimited(path, name, _is_header)
    if text.header is None or text.columns < 2:
        raise _headless(text)
    if not text.first_line:
        raise UserError(f"{name}: there is no region below the header; give at least one.")
    rows = [row.cells for row in itertools.islice(text, PEEK)]
    whole_rows = [cells for cells in rows if len(cells) == text.columns]
    columns = find_columns(name, text.header, whole_rows, wanted, labels=labels)
    try:
        table = _in_bulk(text, columns)
    except (pa.ArrowException, UnicodeError, OSError, OverflowError, *PACKED_ERRORS):
        return _by_rows(text, columns)
    wide = [table.column(str(i)) for i in columns.where]
    peaks = _peaks(name, [one.to_pylist() for one in wide], columns.first, text.first_line)
    values = np.empty((table.num_rows, len(columns.tasks)), dtype=np.float32)
    for at, (task, words) in enumerate(zip(columns.tasks, columns.words, strict=True)):
        found = table.column(str(task))
        values[:, at] = _word_labels(found, columns.titles[at]) if words else found.to_numpy()
    _check_finite(name, values, columns.titles)
    return RegionTable(peaks, columns.titles, values, text.first_line, readings=_say(name, columns))


def _is_header(cells: Sequence[str]) -> bool:
    """Tell whether a first line names the columns."""
    titles = {cell.strip("#'\"").lower() for cell in cells}
    if titles & _TITLES:
        return True
    numbers = [finite(cell) is not None for cell in cells[1:]]
    return not (_REGION.match(cells[0]) or all(numbers) or all(numbers[:2]))


def _headless(text: Delimited) -> UserError:
    """Say that a table has no header, or no columns."""
    if not text.first_line and not text.header_line:
        return UserError(
            f"{text.name}: there is no table in this file; give a header and a line per region."
        )
    if text.columns < 2:
        shown = text.header[0] if text.header else next(iter(text)).cells[0]
        return UserError(
            f"{text.name}, line {text.header_line or text.first_line}: '{shown[:40]}' is one"
            " column; a table of regions has the columns chrom, start, end (or name) and one per"
            " task, separated by tabs."
        )
    return UserError(
        f"{text.name}, line {text.first_line}: this line holds numbers, not a header; the first"
        " line must name the columns: chrom, start, end (or name) and one per task."
    )


def _in_bulk(text: Delimited, columns: RegionColumns) -> pa.Table:
    """Read the columns that are needed at once; columns are called by their positions.

    Raises
    ------
    ArrowException, UnicodeError, EOFError, OSError, OverflowError, zlib.error
        If a line is wrong, or the file is written in a way that takes reading line by line.
    """
    if text.separator == " ":
        raise pa.ArrowInvalid("runs of blanks")
    names = [str(i) for i in range(text.columns)]
    kept = [str(i) for i in (*columns.where, *columns.tasks)]
    strings = {str(i) for i in columns.where}
    strings |= {str(i) for i, words in zip(columns.tasks, columns.words, strict=True) if words}
    options = csv.ConvertOptions(
        column_types={name: pa.string() if name in strings else pa.float32() for name in names},
        include_columns=list(dict.fromkeys(kept)),
        null_values=spellings(),
        strings_can_be_null=False,
    )
    with open_binary(text.path, text.name) as file:
        table = csv.read_csv(
            file,
            csv.ReadOptions(skip_rows=text.first_line - 1, column_names=names, use_threads=False),
            csv.ParseOptions(delimiter=text.separator, ignore_empty_lines=False),
            options,
        )
    first = table.column(str(columns.where[0]))
    plain = pc.and_(pc.equal(pc.utf8_trim_whitespace(first), first), pc.not_equal(first, ""))
    if not pc.all(pc.and_(plain, pc.invert(pc.starts_with(first, "#")))).as_py():
        raise pa.ArrowInvalid("empty lines, comments or blanks around a name")
    return table


def _by_rows(text: Delimited, columns: RegionColumns) -> RegionTable:
    """Read line by line what cannot be read in bulk, and say which lines are wrong."""
    # Words may come after the first rows, by which the columns are told.
    number_of, way_out = (label_of, _LABEL_OUT) if columns.labels else (finite, "")
    problems = ErrorCollector(text.name)
    where: list[list[str]] = [[] for _ in columns.where]
    values: list[list[float]] = []
    lines: list[int] = []
    for line, cells in text:
        if len(cells) != text.columns:
            problems.add(
                f"{len(cells)} columns where the header has {text.columns}, separated by"
                f" {text.separated_by}; complete the line.",
                line,
                cause=f"{len(cells)} columns",
            )
            continue
        found = []
        for task, title in zip(columns.tasks, columns.titles, strict=True):
            cell = cells[task]
            value = np.nan if missing(cell) else number_of(cell)
            if value is None:
                vc.add_wrong_cell(problems, cell, title, line, way_out)
                value = np.nan
            found.append(value)
        for one, at in zip(where, columns.where, strict=True):
            one.append(cells[at])
        values.append(found)
        lines.append(line)
    problems.stop()
    numbers = np.array(lines, dtype=np.int64)
    peaks = _peaks(text.name, where, columns.first, lines)
    matrix = np.array(values, dtype=np.float32).reshape(len(lines), len(columns.tasks))
    readings = _say(text.name, columns)
    return RegionTable(peaks, columns.titles, matrix, text.first_line, numbers, readings)


def _say(name: str, columns: RegionColumns) -> tuple[tuple[str, str, str], ...]:
    """Say what was read as what."""
    readings = [(name, "value columns", columns.said)]
    if columns.first:
        readings.append(
            (name, "regions", "start and end counted from 1 (as the table's widths show)")
        )
    if columns.dream:
        readings.append((name, "labels", "B (bound) as 1, U (unbound) as 0, A (ambiguous) unknown"))
    elif any(columns.words):
        readings.append((name, "labels", "TRUE as 1, FALSE as 0"))
    return tuple(readings)


def _word_labels(column: pa.ChunkedArray, title: str) -> Floats:
    """Read labels that are words, float32, shape (n,).

    Raises
    ------
    ArrowInvalid
        If one is none.
    """
    coded = column.combine_chunks().dictionary_encode()
    words = coded.dictionary.to_pylist()
    read = [np.nan if missing(word) else label_of(word) for word in words]
    if any(value is None for value in read):
        raise pa.ArrowInvalid(f"a word in {title} is not a label")
    return np.array(read, dtype=np.float32)[coded.indices.to_numpy()]


def _peaks(
    name: str, where: Sequence[Sequence[object]], first: int, lines: int | Sequence[int]
) -> Peaks:
    """Read the regions; ``lines`` is the line of the first, or that of each; 0 for rows."""
    if len(where) == 1:
        start = lines if isinstance(lines, int) else lines[0] if lines else 0
        return parse_names(name, [str(value) for value in where[0]], start)
    problems = ErrorCollector(name)
    chrom, start_cells, end_cells = where
    bounds = np.zeros((len(chrom), 2), dtype=np.int64)
    for row, (text, low, high) in enumerate(zip(chrom, start_cells, end_cells, strict=True)):
        line = (row + lines if lines else None) if isinstance(lines, int) else lines[row]
        at = "" if line else f"row {row + 1}: "
        begin, end = _position(low), _position(high)
        if begin is None or end is None:
            problems.add(
                f"{at}'{low}' and '{high}' are not start and end (whole numbers); {_way_out(low)}.",
                line,
                cause="no whole numbers",
            )
            continue
        bounds[row] = begin - first, end
        if not text:
            problems.add(f"{at}the chromosome's name is empty.", line, cause="no chromosome")
        elif not 0 <= bounds[row, 0] < bounds[row, 1]:
            problems.add(
                f"{at}start {low} and end {high} are not a valid interval (starts count from"
                f" {first}).",
                line,
                cause="no interval",
            )
    problems.stop()
    return make_peaks(name, map(str, chrom), bounds[:, 0].copy(), bounds[:, 1].copy())


def _way_out(cell: object) -> str:
    """Say how positions are to be written, after one that is none."""
    if ";" in str(cell):
        return "count the reads per peak, one interval per row (these are genes with exons)"
    return "write them with digits only: no commas, decimals or exponents, and none missing"


def _position(cell: object) -> int | None:
    """Read a position, None where it is no whole number of the size of a genome."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, float):
        cell = int(cell) if cell.is_integer() else ""
    value = cell if isinstance(cell, int) else whole(str(cell))
    return value if value is not None and abs(value) < 1 << 48 else None


def _check_finite(name: str, values: Floats, tasks: Sequence[str]) -> None:
    """Refuse infinite values."""
    infinite = np.argwhere(np.isinf(values))
    if len(infinite):
        row, column = infinite[0].tolist()
        raise UserError(
            f"{name}: region {row + 1} is infinite in column {tasks[column]}; write NA for unknown."
        )


def _read_parquet(
    path: str | Path, name: str, wanted: tuple[str, ...], labels: bool
) -> RegionTable:
    """Read Parquet, only the columns that are needed."""
    with reading(name, "this is not a readable Parquet file"):
        file = pq.ParquetFile(str(path), page_checksum_verification=True)
        header = list(file.schema_arrow.names)
        if not file.metadata.num_rows:
            raise UserError(f"{name}: the table has no rows; give at least one region.")
        head = next(file.iter_batches(PEEK)).to_pylist()
        rows = [["" if row[k] is None else str(row[k]) for k in header] for row in head]
        columns = find_columns(name, header, rows, wanted, labels=labels)
        table = file.read([header[i] for i in (*columns.where, *columns.tasks)])
        wide = [table.column(header[i]).to_pylist() for i in columns.where]
        peaks = _peaks(name, wide, columns.first, 0)
        values = np.empty((table.num_rows, len(columns.tasks)), dtype=np.float32)
        for at, (title, words) in enumerate(zip(columns.titles, columns.words, strict=True)):
            values[:, at] = _parquet_values(name, table.column(title), title, words)
    _check_finite(name, values, columns.titles)
    return RegionTable(peaks, columns.titles, values, readings=_say(name, columns))


def _parquet_values(name: str, column: pa.ChunkedArray, title: str, words: bool) -> Floats:
    """Read a column of numbers, or of labels that are words; missing values are NaN."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if words and (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        try:
            return _word_labels(column.cast(pa.string()).fill_null(""), title)
        except pa.ArrowInvalid as error:
            raise UserError(f"{name}: {error}; {_LABEL_OUT}.") from error
    if pa.types.is_decimal(kind) or not (
        pa.types.is_floating(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_null(kind)
    ):
        raise UserError(
            f"{name}: column {title} holds {kind}, not numbers; leave it out with the option"
            " value_columns, or make it numeric."
        )
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    if pa.types.is_integer(kind):
        _check_whole(name, column, title)
    with np.errstate(over="ignore"):
        return column.cast(pa.float64(), safe=False).to_numpy().astype(np.float32)


def _check_whole(name: str, column: pa.ChunkedArray, title: str) -> None:
    """Refuse whole numbers that no floating-point number holds: no measurement is one.

    Raises
    ------
    UserError
    """
    found = pc.min_max(column)
    for end in ("min", "max"):
        value = found[end].as_py()
        if value is not None and abs(value) > _LARGEST:
            row = pc.index(column, found[end]).as_py()
            raise UserError(
                f"{name}: region {row + 1:,} has {value} in column {title}, which is too large to"
                " be a measurement; correct it, or write null if it is unknown."
            )
