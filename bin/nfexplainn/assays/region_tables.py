"""Read tables with a row per region: tab- or comma-separated text, or Parquet."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from nfexplainn.assays.regions import RegionTable, choose_tasks, make_peaks, parse_names
from nfexplainn.dataset import Floats
from nfexplainn.errors import UserError
from nfexplainn.intervals import Peaks
from nfexplainn.problems import Problems
from nfexplainn.textfile import first_bytes, open_binary, read_lines

CHROM = ("chrom", "chr", "chromosome", "seqnames")
START = ("start", "chromstart")
END = ("end", "chromend", "stop")
NAME = ("name", "region", "regions", "peak", "peaks", "id", "__index_level_0__", "")
UNKNOWN = ("", "null", "NULL", "NA", "NaN", "nan", "None", ".")


def is_parquet(path: str | Path, name: str) -> bool:
    """Tell by its first bytes whether a file is Parquet."""
    return first_bytes(path, name, 4) == b"PAR1"


def read_region_table(path: str | Path, name: str, wanted: tuple[str, ...] = ()) -> RegionTable:
    """Read a table of regions and their values.

    The regions stand in the columns chrom, start and end (0-based, half-open), or in a column
    ``name`` (or the first one) as ``chr1:100-300``. All other columns are tasks.

    Parameters
    ----------
    path : path
        Tab- or comma-separated text with a header, gzipped or not; or Parquet.
    name : str
        The file as the user wrote it.
    wanted : tuple of str
        The tasks to read; all where it is empty.

    Raises
    ------
    UserError
        With a sentence per wrong line (the first ten).
    """
    if is_parquet(path, name):
        return _read_parquet(path, name, wanted)
    return _read_text(path, name, wanted)


def _read_text(path: str | Path, name: str, wanted: tuple[str, ...]) -> RegionTable:
    """Read text: in bulk, and only where that fails line by line, to say which line is wrong."""
    first, header, mark = _header(path, name)
    where, tasks = _columns(name, header, wanted)
    types = {column: pa.string() if column in where else pa.float32() for column in header}
    options = csv.ConvertOptions(
        column_types=types,
        include_columns=[*where, *tasks],
        null_values=list(UNKNOWN),
        strings_can_be_null=False,
    )
    try:
        with open_binary(path, name) as file:
            table = csv.read_csv(
                file,
                csv.ReadOptions(skip_rows=first, column_names=header, use_threads=False),
                csv.ParseOptions(delimiter=mark, quote_char=False, ignore_empty_lines=False),
                options,
            )
    except (pa.ArrowInvalid, UnicodeDecodeError, EOFError, OSError) as error:
        _complain(path, name, first, header, mark, where)
        raise UserError(f"{name}: the table cannot be read ({error}).") from error
    if not table.num_rows:
        raise UserError(f"{name}: there is no region below the header; give at least one.")
    peaks = _peaks(table, where, name, first + 1)
    return RegionTable(peaks, tuple(tasks), _values(table, tasks, name), first + 1)


def _header(path: str | Path, name: str) -> tuple[int, list[str], str]:
    """Find the header: how many lines go before the data, its columns, and what parts them."""
    before = 0
    for raw in read_lines(path, name):
        before += 1
        text = raw.decode("utf-8", "replace")
        if not text.strip() or text.startswith("##"):
            continue
        mark = "\t" if "\t" in text else ","
        header = [cell.strip().strip('"') for cell in text.removeprefix("#").split(mark)]
        if len(header) < 2:
            raise UserError(
                f"{name}, line {before}: '{text[:40]}' is one column; a table of regions has the"
                " columns chrom, start, end (or name) and one per task, separated by tabs."
            )
        if all(_is_number(cell) for cell in header[1:]):
            raise UserError(
                f"{name}, line {before}: numbers stand where the header belongs; the first line"
                " names the columns: chrom, start, end (or name) and one per task."
            )
        return before, header, mark
    raise UserError(f"{name}: there is no table in this file; give a header and a line per region.")


def _columns(name: str, header: list[str], wanted: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Tell the columns of the coordinates (three, or one that holds names) from the tasks."""
    twice = [cell for i, cell in enumerate(header) if cell in header[:i]]
    if twice:
        raise UserError(f"{name}: two columns are called '{twice[0]}'; give each its own name.")
    lower = [cell.lower() for cell in header]
    found = [
        next((i for i, c in enumerate(lower) if c in some), -1) for some in (CHROM, START, END)
    ]
    labels = [i for i, cell in enumerate(lower) if cell in NAME]
    if min(found) >= 0:
        where = found
    elif max(found) >= 0:
        missing = ["chrom", "start", "end"][found.index(-1)]
        raise UserError(
            f"{name}: the header has no column '{missing}' beside"
            f" '{header[max(found)]}'; give chrom, start and end, or a column name."
        )
    else:
        where = labels[:1] or [0]
    tasks = [cell for i, cell in enumerate(header) if i not in where and i not in labels]
    if not tasks:
        raise UserError(f"{name}: there is no column beside the regions; give one per task.")
    empty = [i + 1 for i, cell in enumerate(header) if not cell and i not in where]
    if empty:
        raise UserError(f"{name}: column {empty[0]} has no name in the header; name every task.")
    return [header[i] for i in where], [tasks[i] for i in choose_tasks(name, tasks, wanted)]


def _complain(
    path: str | Path, name: str, first: int, header: list[str], mark: str, where: list[str]
) -> None:
    """Find the lines that are wrong.

    Raises
    ------
    UserError
        If there are any.
    """
    problems = Problems(name)
    for line, raw in enumerate(read_lines(path, name), 1):
        if line <= first:
            continue
        cells = raw.decode("utf-8", "replace").split(mark)
        if len(cells) != len(header):
            problems.add(f"{len(cells)} columns where the header has {len(header)}.", line)
            continue
        for column, cell in zip(header, cells, strict=True):
            if column not in where and cell.strip() not in UNKNOWN and not _is_number(cell):
                problems.add(
                    f"'{cell[:20]}' in column {column} is no number; write NA for unknown.", line
                )
    problems.stop()


def _peaks(table: pa.Table, where: list[str], name: str, first_line: int) -> Peaks:
    """Read the regions."""
    if len(where) == 1:
        texts = [str(value) for value in table.column(where[0]).to_pylist()]
        return parse_names(name, texts, first_line)
    problems = Problems(name)
    chrom, start, end = (table.column(column).to_pylist() for column in where)
    bounds = np.zeros((len(chrom), 2), dtype=np.int64)
    for row, (text, low, high) in enumerate(zip(chrom, start, end, strict=True)):
        line = row + first_line if first_line else None
        at = "" if line else f"row {row + 1}: "
        try:
            bounds[row] = int(low), int(high)
        except (TypeError, ValueError):
            problems.add(
                f"{at}'{low}' and '{high}' stand where start and end, whole numbers, belong.", line
            )
            continue
        if not text:
            problems.add(f"{at}the chromosome's name is empty.", line)
        elif not 0 <= bounds[row, 0] < bounds[row, 1]:
            problems.add(f"{at}start {low} and end {high} are no interval from 0 on.", line)
    problems.stop()
    return make_peaks(name, map(str, chrom), bounds[:, 0].copy(), bounds[:, 1].copy())


def _values(table: pa.Table, tasks: list[str], name: str) -> Floats:
    """Put the columns of the tasks side by side; missing values are NaN."""
    values = np.empty((table.num_rows, len(tasks)), dtype=np.float32)
    for column, task in enumerate(tasks):
        chunks = table.column(task)
        if pa.types.is_decimal(chunks.type) or not (
            pa.types.is_floating(chunks.type)
            or pa.types.is_integer(chunks.type)
            or pa.types.is_boolean(chunks.type)
            or pa.types.is_null(chunks.type)
        ):
            raise UserError(
                f"{name}: column {task} holds {chunks.type}, not numbers; leave it out with the"
                " option value_columns, or make it numeric."
            )
        values[:, column] = chunks.cast(pa.float32()).to_numpy()
    infinite = np.argwhere(np.isinf(values))
    if len(infinite):
        row, column = infinite[0].tolist()
        raise UserError(
            f"{name}: region {row + 1} is infinite in column {tasks[column]}; write NA for unknown."
        )
    return values


def _read_parquet(path: str | Path, name: str, wanted: tuple[str, ...]) -> RegionTable:
    """Read Parquet, only the columns that are needed."""
    try:
        file = pq.ParquetFile(str(path))
        where, tasks = _columns(name, list(file.schema_arrow.names), wanted)
        table = file.read([*where, *tasks])
    except (OSError, pa.ArrowInvalid) as error:
        raise UserError(f"{name}: this is no readable Parquet file ({error}).") from error
    if not table.num_rows:
        raise UserError(f"{name}: the table has no rows; give at least one region.")
    return RegionTable(_peaks(table, where, name, 0), tuple(tasks), _values(table, tasks, name))


def _is_number(text: str) -> bool:
    """Tell whether a text is a number that is not NaN."""
    try:
        return not math.isnan(float(text))
    except ValueError:
        return False
