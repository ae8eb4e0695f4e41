"""Tables of sequences with values: separators, headers and columns are found by their content."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from nfexplainn.errors import UserError
from nfexplainn.fasta import LEGAL_LETTERS
from nfexplainn.problems import Problems, read_each
from nfexplainn.textfile import read_lines

MISSING = frozenset(("", "na", "nan", "n/a", "null", "none", "."))
PEEK = 200
_DNA = re.compile(rb"[ACGTNacgtn]{8,}")
_SEQUENCE_NAMES = ("sequence", "seq", "pbm_sequence", "probe_sequence", "dna")
_NAME_NAMES = ("name", "id", "id_probe", "probe_id", "probe", "id_ref", "gene", "region")


@dataclass(frozen=True)
class Layout:
    """Which columns of a table are what.

    Attributes
    ----------
    sequence, values, split : str or None or tuple of str
        Columns that the user names, or numbers from 1; empty: found.
    value_names : tuple of str
        Usual names of the column of values, in lower case; the first that a table has is taken.
    positional : bool
        Values are all columns after the sequence, and the name is the column before it (the
        format of ExplaiNN's own parsers); values may be texts.
    flags : bool
        Rows with a ``flag`` other than 0, or a ``control`` that is true, are left out.
    """

    sequence: str | None = None
    values: tuple[str, ...] = ()
    split: str | None = None
    value_names: tuple[str, ...] = ()
    positional: bool = False
    flags: bool = False

    def named(self) -> list[tuple[str, str]]:
        """Give each column that the user names, with the option that names it."""
        every = [(self.sequence, "sequence_column"), (self.split, "split_column")]
        every += [(column, "value_columns") for column in self.values]
        return [(column, option) for column, option in every if column]


@dataclass
class ValueTable:
    """Sequences of a table with their values.

    Attributes
    ----------
    source : str
        The file's name as the user wrote it.
    columns : tuple of str
        Names of the columns of values; empty names where the table has no header.
    names : list of str
        Empty where the table has none.
    sequences : list of bytes
        Upper case.
    values : list of tuple of float
        One per sequence; NaN where unknown. Empty where texts are kept.
    texts : list of tuple of str
        The cells as they stand, only of positional layouts.
    groups : list of str
        Cells of the split column; empty without one.
    lines : list of int
        Where each sequence stands, from 1.
    flagged : int
        Rows left out by their flag.
    note : str
        How the table came about, where that is worth telling.
    """

    source: str
    columns: tuple[str, ...]
    names: list[str] = field(default_factory=list)
    sequences: list[bytes] = field(default_factory=list)
    values: list[tuple[float, ...]] = field(default_factory=list)
    texts: list[tuple[str, ...]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    flagged: int = 0
    note: str = ""


@dataclass(frozen=True)
class _Columns:
    """Positions of the columns in a table, from 0."""

    count: int
    sequence: int
    values: tuple[int, ...]
    titles: tuple[str, ...]
    name: int | None
    split: int | None
    flag: int | None
    control: int | None


def read_value_table(path: str, name: str, layout: Layout) -> ValueTable:
    """Read a table of sequences with values, gzipped or not, with or without a header.

    Cells are separated by tabs, else by commas, semicolons, or blanks. Lines that begin with #
    and empty lines are skipped.

    Parameters
    ----------
    path : str
    name : str
        What the user called the file, for messages.
    layout : Layout

    Raises
    ------
    UserError
        With a sentence for each mistake.
    """
    lines = content(path, name)
    peeked = list(itertools.islice(lines, PEEK))
    if not peeked:
        raise UserError(f"{name}: there is no line in this table but comments.")
    separator = find_separator(peeked[0][1])
    cells = [split_cells(line, separator) for _, line in peeked]
    if cells[0][0].startswith((b">", b"@")):
        kind, way = (
            (
                "FASTA",
                "sequences without values use the assay 'sequences', for a FASTA with a table of"
                " values starrseq and its column 'values'",
            )
            if cells[0][0].startswith(b">")
            else ("FASTQ", "reads use the assay 'htselex' or 'smileseq'")
        )
        raise UserError(
            f"{name}, line {peeked[0][0]}: this looks like {kind}, but a table with a sequence and"
            f" its values per line is expected; for {way}."
        )
    header = find_header(cells)
    if header and len(peeked) == 1:
        raise UserError(f"{name}: the table has a header and no row under it.")
    columns = _find(name, header, cells[1:] if header else cells, layout)
    table = ValueTable(name, columns.titles)
    rows = itertools.chain(peeked[1:] if header else peeked, lines)
    problems = Problems(name)
    for number, line in rows:
        _read_row(table, columns, layout, split_cells(line, separator), number, problems)
    problems.stop()
    if not table.sequences:
        raise UserError(f"{name}: no row is left, since all {table.flagged:,} are flagged.")
    return table


def content(path: str, name: str) -> Iterator[tuple[int, bytes]]:
    """Give the numbered lines that hold something."""
    for number, line in enumerate(read_lines(path, name), 1):
        if line.strip() and not line.startswith(b"#"):
            yield number, line


def find_separator(line: bytes) -> bytes | None:
    """Find what separates the cells; None stands for blanks."""
    return next((mark for mark in (b"\t", b",", b";") if mark in line), None)


def split_cells(line: bytes, separator: bytes | None) -> list[bytes]:
    """Split a line into cells without blanks and quotation marks around them."""
    if separator is None:
        return line.split()
    return [cell.strip().strip(b'"') for cell in line.split(separator)]


def find_header(cells: list[list[bytes]]) -> tuple[str, ...] | None:
    """Give the names of the columns if the first line is a header: the first without DNA."""
    first = cells[0]
    if any(_DNA.fullmatch(cell) for cell in first) or any(is_number(cell) for cell in first):
        return None
    return tuple(cell.decode("utf-8", "replace") for cell in first)


def is_number(cell: bytes) -> bool:
    """Tell whether a cell is a finite number."""
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _find(
    name: str, header: tuple[str, ...] | None, rows: list[list[bytes]], layout: Layout
) -> _Columns:
    """Find the columns of a table."""
    count = len(header or rows[0])
    whole = [row for row in rows if len(row) == count]
    by_name = {title.lower(): index for index, title in enumerate(header or ())}
    if header and len(by_name) < len(header):
        twice = next(t for i, t in enumerate(header) if by_name[t.lower()] != i)
        raise UserError(f"{name}, line 1: two columns are called '{twice}'; rename one of them.")

    def position(wanted: str, option: str) -> int:
        """Give the position of a column that the user names."""
        if header and wanted in header:
            return header.index(wanted)
        if wanted.lower() in by_name:
            return by_name[wanted.lower()]
        if wanted.isdecimal() and 1 <= int(wanted) <= count:
            return int(wanted) - 1
        known = f"there are {', '.join(header)}" if header else f"it has {count} and no header"
        raise UserError(f"{name}: the table has no column '{wanted}' ({option}); {known}.")

    def share(index: int, test: Callable[[bytes], object]) -> float:
        """Share of the rows whose cell passes a test."""
        return sum(bool(test(row[index])) for row in whole) / max(1, len(whole))

    read_each(layout.named(), lambda pair: position(*pair))
    if layout.sequence:
        sequence = position(layout.sequence, "sequence_column")
    else:
        dna = [i for i in range(count) if share(i, _DNA.fullmatch) > 0.5]
        named = [by_name[n] for n in _SEQUENCE_NAMES if n in by_name]
        if not dna and not named:
            raise UserError(
                f"{name}: no column holds DNA sequences of 8 bp or more; name it with"
                " --sequence_column."
            )
        usual = [i for i in named if i in dna] or dna or named
        sequence = usual[0]
    split = position(layout.split, "split_column") if layout.split else None
    label = next((by_name[n] for n in _NAME_NAMES if n in by_name), None)
    if layout.positional and label is None and sequence > 0:
        label = 0

    if layout.values:
        values = tuple(position(wanted, "value_columns") for wanted in layout.values)
        if len(set(values)) < len(values) or sequence in values:
            raise UserError(
                f"{name}: value_columns '{','.join(layout.values)}' names a column twice or the"
                " sequence; name every column of values once."
            )
    elif layout.positional:
        values = tuple(i for i in range(sequence + 1, count) if i not in (split, label))
    else:
        values = _numeric(name, header, layout, by_name, {sequence, split, label}, share, count)
    if not values:
        raise UserError(f"{name}: no column holds values; name them with --value_columns.")
    titles = tuple(header[i] if header else "" for i in values)
    flag, control = (by_name.get(n) if layout.flags else None for n in ("flag", "control"))
    return _Columns(count, sequence, values, titles, label, split, flag, control)


def _numeric(
    name: str,
    header: tuple[str, ...] | None,
    layout: Layout,
    by_name: dict[str, int],
    taken: set[int | None],
    share: Callable[[int, Callable[[bytes], object]], float],
    count: int,
) -> tuple[int, ...]:
    """Find the columns of numbers; where one has a usual name, it is that one."""
    usual = [by_name[n] for n in layout.value_names if n in by_name]
    if usual:
        return (usual[0],)
    numeric = tuple(
        i
        for i in range(count)
        if i not in taken and share(i, lambda c: is_number(c) or missing(c)) > 0.5
    )
    if layout.value_names and len(numeric) > 1:
        which = ", ".join(header[i] if header else str(i + 1) for i in numeric)
        raise UserError(
            f"{name}: several columns hold numbers ({which}); name the values' with"
            " --value_columns."
        )
    return numeric


def missing(cell: bytes) -> bool:
    """Tell whether a cell says that there is no value."""
    return cell.decode("latin-1").lower() in MISSING


def _read_row(
    table: ValueTable,
    columns: _Columns,
    layout: Layout,
    cells: list[bytes],
    number: int,
    problems: Problems,
) -> None:
    """Take in one row, or say what is wrong with it."""
    if len(cells) != columns.count:
        problems.add(
            f"{len(cells)} cells, but the first line has {columns.count}; complete the line.",
            number,
        )
        return
    if columns.flag is not None and cells[columns.flag] not in (b"0", b""):
        table.flagged += 1
        return
    if columns.control is not None and cells[columns.control].upper() in (b"TRUE", b"1"):
        table.flagged += 1
        return
    sequence = cells[columns.sequence].upper()
    illegal = sequence.translate(None, LEGAL_LETTERS)
    if not sequence:
        problems.add("the sequence is missing; remove or complete the row.", number)
        return
    if illegal:
        problems.add(
            f"the sequence holds {chr(illegal[0])!r}, which no DNA has; letters are A, C, G, T and"
            " N (is this the column of the sequences? --sequence_column).",
            number,
        )
        return
    wanted = [cells[i] for i in columns.values]
    if layout.positional:
        table.texts.append(tuple(cell.decode("utf-8", "replace") for cell in wanted))
    else:
        values = parse_values(wanted, number, problems)
        if values is None:
            return
        table.values.append(values)
    table.sequences.append(sequence)
    table.lines.append(number)
    if columns.name is not None:
        table.names.append(cells[columns.name].decode("utf-8", "replace"))
    if columns.split is not None:
        table.groups.append(cells[columns.split].decode("utf-8", "replace"))


def parse_values(
    cells: Sequence[bytes], number: int | None, problems: Problems
) -> tuple[float, ...] | None:
    """Turn cells into numbers, NaN where a value is missing; None after a mistake."""
    out = []
    for cell in cells:
        if missing(cell):
            out.append(math.nan)
            continue
        if not is_number(cell):
            shown = cell.decode("utf-8", "replace")[:40]
            problems.add(
                f"'{shown}' is no finite number; correct it, or leave it empty if it is unknown.",
                number,
            )
            return None
        out.append(float(cell))
    return tuple(out)
