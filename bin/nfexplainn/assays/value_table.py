"""Tables of sequences with values: separators, headers and columns are found by their content."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from nfexplainn.assays import value_columns as vc
from nfexplainn.errors import UserError
from nfexplainn.io.delimited import PEEK, Delimited, Row, open_delimited
from nfexplainn.io.fasta import LEGAL_LETTERS
from nfexplainn.problems import ErrorCollector, read_each
from nfexplainn.values import finite, has_decimal_comma, missing

_DNA = re.compile(r"[ACGTNacgtn]{8,}")
_COMPLEMENT = str.maketrans("ACGT", "TGCA")
_SEQUENCE_NAMES = ("sequence", "seq", "pbm_sequence", "probe_sequence", "dna")
_NAME_NAMES = ("name", "id", "id_probe", "probe_id", "probe", "id_ref", "gene", "region", "ids")


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
    readings : tuple of (source, item, value)
        What was read as what.
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
    readings: tuple[tuple[str, str, str], ...] = ()


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
    """Read a table of sequences with values, compressed or not, with or without a header.

    Separator, quotes and header are found by :func:`~nfexplainn.io.delimited.open_delimited`.

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
    text, peeked = open_values(path, name)
    _refuse_reads(name, peeked[0])
    columns = _find(text, peeked, layout)
    table = ValueTable(name, columns.titles, readings=_say(text, columns, layout))
    problems = ErrorCollector(name)
    for row in text:
        if len(row.cells) != columns.count:
            add_wrong_count(problems, row, text)
            continue
        _read_row(table, columns, layout, row, problems)
    problems.stop()
    if not table.sequences:
        raise UserError(f"{name}: no row is left, since all {table.flagged:,} are flagged.")
    return table


def open_values(path: str, name: str) -> tuple[Delimited, list[Row]]:
    """Open a table of values, and give its first rows.

    Raises
    ------
    UserError
        If it has none.
    """
    text = dataclasses.replace(open_delimited(path, name, _is_header), hash_rows=True)
    if text.header_line and not text.first_line:
        raise UserError(f"{name}: the table has a header but no rows.")
    peeked = [row for row, _ in zip(text, range(PEEK), strict=False)]
    if not peeked:
        raise UserError(f"{name}: this table holds only comments.")
    return text, peeked


def add_wrong_count(problems: ErrorCollector, row: Row, text: Delimited) -> None:
    """Say that a row has too few or too many cells."""
    problems.add(
        f"{len(row.cells)} cells, but the first line has {text.columns}, separated by"
        f" {text.separated_by}; complete the line.",
        row.line,
        cause=f"{len(row.cells)} cells",
    )


def parse_values(
    cells: Sequence[str], titles: Sequence[str], line: int | None, problems: ErrorCollector
) -> tuple[float, ...] | None:
    """Turn cells into numbers, NaN where a value is missing; None after a mistake."""
    out: list[float] = []
    for cell, title in zip(cells, titles, strict=True):
        value = math.nan if missing(cell) else finite(cell)
        if value is None:
            vc.add_wrong_cell(problems, cell, title, line)
        else:
            out.append(value)
    return tuple(out) if len(out) == len(cells) else None


def is_dna(cell: str) -> bool:
    """Tell whether a cell holds DNA of 8 bp or more."""
    return _DNA.fullmatch(cell) is not None


def _is_header(cells: Sequence[str]) -> bool:
    """Tell whether a first line names the columns: it has neither DNA nor numbers.

    A word for a missing value is none of a column either, unless others are named as usual.
    """
    usual = {*_SEQUENCE_NAMES, *_NAME_NAMES}
    if any(cell and missing(cell) for cell in cells) and usual.isdisjoint(map(str.lower, cells)):
        return False
    return not any(
        is_dna(cell) or finite(cell) is not None or has_decimal_comma(cell) for cell in cells
    ) and not cells[0].startswith((">", "@"))


def _refuse_reads(name: str, first: Row) -> None:
    """Refuse FASTA and FASTQ, and name the assay for it."""
    start = first.cells[0][:1]
    if start not in (">", "@"):
        return
    kind, way = {
        ">": (
            "FASTA",
            "sequences without values use the assay 'sequences', for a FASTA with a table of values"
            " starrseq and its column 'values'",
        ),
        "@": ("FASTQ", "reads use the assay 'htselex' or 'smileseq'"),
    }[start]
    raise UserError(
        f"{name}, line {first.line}: this looks like {kind}, but a table with a sequence and its"
        f" values per line is expected; for {way}."
    )


def _find(text: Delimited, rows: Sequence[Row], layout: Layout) -> _Columns:
    """Find the columns of a table."""
    name, count, header = text.name, text.columns, text.header
    whole = [row.cells for row in rows if len(row.cells) == count]
    by_name: dict[str, int] = {}
    for index, title in enumerate(header or ()):
        by_name.setdefault(title.lower(), index)

    def position(wanted: str, option: str) -> int:
        """Give the position of a column that the user names."""
        return vc.find_column(name, header, count, wanted, option)

    read_each(layout.named(), lambda pair: position(*pair))
    if layout.sequence:
        sequence = position(layout.sequence, "sequence_column")
    else:
        dna = [
            i
            for i in range(count)
            if 2 * sum(bool(_DNA.fullmatch(row[i])) for row in whole) > len(whole)
        ]
        named = [by_name[n] for n in _SEQUENCE_NAMES if n in by_name]
        if not dna and not named:
            raise UserError(
                f"{name}: no column holds DNA sequences of 8 bp or more (the columns, separated by"
                f" {text.separated_by}, begin with {vc.listed([c[:20] for c in rows[0].cells])});"
                " name it with --sequence_column."
            )
        usual = [i for i in named if i in dna] or _only_sequences(text, whole, dna) or named
        sequence = usual[0]
        if text.row_names and named and sequence not in named:
            # R's header is one shorter than its rows, and so is one that has lost a name.
            raise UserError(
                f"{name}, line {text.header_line}: the header has {count - 1} names for {count}"
                f" columns, and calls a column '{header[named[0]] if header else ''}' that holds no"
                " DNA; complete the header."
            )
    split = position(layout.split, "split_column") if layout.split else None
    label = next((by_name[n] for n in _NAME_NAMES if n in by_name), 0 if text.row_names else None)
    if layout.positional and label is None and sequence > 0:
        label = 0
    taken = {sequence, split, label}
    if layout.values:
        values = vc.named_columns(name, header, count, layout.values, {sequence}, "the sequence")
    else:
        values = _unnamed(text, whole, layout, by_name, sequence, taken)
    if not values:
        raise UserError(f"{name}: no column holds values; name them with --value_columns.")
    titles = tuple(header[i] if header else "" for i in values)
    flag, control = (by_name.get(n) if layout.flags else None for n in ("flag", "control"))
    return _Columns(count, sequence, values, titles, label, split, flag, control)


def _only_sequences(
    text: Delimited, rows: Sequence[Sequence[str]], dna: Sequence[int]
) -> Sequence[int]:
    """Give the columns of DNA that may be the sequences, where it is clear which: all tell one.

    Barcodes and linkers are none; a column and its reverse complement (8-mers) tell the same.

    Raises
    ------
    UserError
        If there are several.
    """
    if len(dna) < 2:
        return dna
    titles = text.header
    told: dict[tuple[str, ...], int] = {}
    for column in dna:
        cells = [row[column].upper() for row in rows]
        if len(set(cells)) < 2 < len(rows) or (titles and vc.describes(titles[column])):
            continue
        told.setdefault(tuple(min(cell, _other_strand(cell)) for cell in cells), column)
    if len(told) > 1:
        which = vc.listed([titles[i] if titles else str(i + 1) for i in told.values()])
        raise UserError(
            f"{text.name}: several columns hold DNA sequences ({which}); name the one to learn from"
            " with --sequence_column."
        )
    return list(told.values()) or dna


def _other_strand(text: str) -> str:
    """Give the reverse complement of DNA in capitals."""
    return text.translate(_COMPLEMENT)[::-1]


def _unnamed(
    text: Delimited,
    rows: Sequence[Sequence[str]],
    layout: Layout,
    by_name: dict[str, int],
    sequence: int,
    taken: set[int | None],
) -> tuple[int, ...]:
    """Find the columns of values where the user names none."""
    header = text.header
    if layout.positional:
        after = [i for i in range(sequence + 1, text.columns) if i not in taken]
        if not after and header and sequence:
            which = vc.listed(header[:sequence])
            raise UserError(
                f"{text.name}: there is no column after the sequence, where labels are expected;"
                f" name them with --value_columns (there is {which})."
            )
        return vc.clear_columns(text.name, header, after) if header else tuple(after)
    usual = [by_name[n] for n in layout.value_names if n in by_name]
    if usual:
        return (usual[0],)
    numeric = [
        i
        for i in range(text.columns)
        if i not in taken
        and not vc.is_index(header, i)
        and vc.holds_numbers([row[i] for row in rows])
    ]
    if layout.value_names and len(numeric) > 1:
        which = vc.listed([header[i] if header else str(i + 1) for i in numeric])
        raise UserError(
            f"{text.name}: several columns hold numbers ({which}); name those of the values with"
            " --value_columns."
        )
    return vc.clear_columns(text.name, header, numeric)


def _say(text: Delimited, columns: _Columns, layout: Layout) -> tuple[tuple[str, str, str], ...]:
    """Say which columns were read as what."""
    header = text.header
    found = "as requested" if layout.values else "found by their content"
    readings = [
        ("sequence column", vc.say_columns(header, [columns.sequence], "DNA")),
        ("value columns", vc.say_columns(header, columns.values, found)),
    ]
    if columns.name is not None:
        readings.append(("name column", vc.say_columns(header, [columns.name], "names")))
    return tuple((text.name, item, value) for item, value in readings)


def _read_row(
    table: ValueTable, columns: _Columns, layout: Layout, row: Row, problems: ErrorCollector
) -> None:
    """Take in one row, or say what is wrong with it."""
    number, cells = row
    if columns.flag is not None and cells[columns.flag] not in ("0", ""):
        table.flagged += 1
        return
    if columns.control is not None and cells[columns.control].upper() in ("TRUE", "1"):
        table.flagged += 1
        return
    sequence = cells[columns.sequence].upper().encode("ascii", "replace")
    illegal = sequence.translate(None, LEGAL_LETTERS)
    if not sequence:
        problems.add("the sequence is missing; remove or complete the row.", number)
        return
    if illegal:
        hint = " (U is RNA: write T)" if illegal.strip(b"U") == b"" else ""
        problems.add(
            f"the sequence holds {chr(illegal[0])!r}, which is not DNA{hint}; letters are A, C, G,"
            " T and N (is this the column of the sequences? --sequence_column).",
            number,
            cause=f"illegal {illegal[:1]!r}",
        )
        return
    wanted = [cells[i] for i in columns.values]
    if layout.positional:
        table.texts.append(tuple(wanted))
    else:
        values = parse_values(wanted, columns.titles, number, problems)
        if values is None:
            return
        table.values.append(values)
    table.sequences.append(sequence)
    table.lines.append(number)
    if columns.name is not None:
        table.names.append(cells[columns.name])
    if columns.split is not None:
        table.groups.append(cells[columns.split])
