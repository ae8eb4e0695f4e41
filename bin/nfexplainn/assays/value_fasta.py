"""Sequences in a FASTA and their values in a table beside it, as DeepSTARR's data are given."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

from nfexplainn import dna
from nfexplainn.assays import value_table as vt
from nfexplainn.errors import UserError
from nfexplainn.fasta import Fasta, read_fasta
from nfexplainn.problems import Problems, read_each
from nfexplainn.spec import InputFile
from nfexplainn.textfile import read_lines

Lines = Iterator[tuple[int, list[bytes]]]


def read_value_fasta(fasta: InputFile, values: InputFile, layout: vt.Layout) -> vt.ValueTable:
    """Read a FASTA and the table of its values, each gzipped or not.

    Rows belong to records by a column with the records' names; where there is none, by their
    order, and then there must be as many of both. A record without a row has unknown values.

    Parameters
    ----------
    fasta, values : InputFile
    layout : Layout
        Its ``sequence`` has no meaning here.

    Returns
    -------
    ValueTable
        ``source`` is the FASTA, and ``lines`` are those of its headers.

    Raises
    ------
    UserError
        With a sentence for each mistake.
    """
    records = read_fasta(fasta.path, fasta.name, unique=True)
    lines = vt.content(values.path, values.name)
    peeked = list(itertools.islice(lines, vt.PEEK))
    if not peeked:
        raise UserError(f"{values.name}: there is no line in this table but comments.")
    separator = vt.find_separator(peeked[0][1])
    cells = [vt.split_cells(line, separator) for _, line in peeked]
    header = vt.find_header(cells)
    if header and len(peeked) == 1:
        raise UserError(f"{values.name}: the table has a header and no row under it.")
    shown = cells[1:] if header else cells
    known = {name: row for row, name in enumerate(records.names)}
    name, split, columns = _columns(values.name, header, shown, layout, known)
    if name is None and records.merged:
        raise UserError(
            f"{fasta.name}: {records.merged:,} records stand there twice, so the rows of"
            f" {values.name} cannot belong to them by their order; give it a column of their names."
        )
    titles = tuple(header[i] if header else "" for i in columns)
    table = vt.ValueTable(fasta.name, titles, list(records.names), _sequences(records))
    table.lines = _header_lines(fasta, known)
    nothing = (math.nan,) * len(columns)
    table.values = [nothing] * len(records.names)
    table.groups = [""] * len(records.names) if split is not None else []
    rows = itertools.chain(peeked[1:] if header else peeked, lines)
    cut = ((number, vt.split_cells(line, separator)) for number, line in rows)
    width = len(header or shown[0])
    _fill(table, cut, Problems(values.name), known, width, name, split, columns)
    return table


def _columns(
    source: str,
    header: tuple[str, ...] | None,
    rows: list[list[bytes]],
    layout: vt.Layout,
    known: dict[str, int],
) -> tuple[int | None, int | None, tuple[int, ...]]:
    """Find the columns of names, of groups and of values."""
    count = len(header or rows[0])
    whole = [row for row in rows if len(row) == count]

    def most(column: int, test: Callable[[bytes], object]) -> bool:
        return sum(bool(test(row[column])) for row in whole) > len(whole) / 2

    def position(wanted: str, option: str) -> int:
        found = [i for i, title in enumerate(header or ()) if title.lower() == wanted.lower()]
        if found:
            return found[0]
        if wanted.isdecimal() and 1 <= int(wanted) <= count:
            return int(wanted) - 1
        has = f"there are {', '.join(header)}" if header else f"it has {count} and no header"
        raise UserError(f"{source}: the table has no column '{wanted}' ({option}); {has}.")

    named = [pair for pair in layout.named() if pair[1] != "sequence_column"]
    read_each(named, lambda pair: position(*pair))
    name = next((i for i in range(count) if most(i, lambda c: c.decode("latin-1") in known)), None)
    split = position(layout.split, "split_column") if layout.split else None
    if layout.values:
        columns = tuple(position(wanted, "value_columns") for wanted in layout.values)
        if len(set(columns)) < len(columns) or name in columns:
            raise UserError(
                f"{source}: value_columns '{','.join(layout.values)}' names a column twice or that"
                " of the sequences' names; name every column of values once."
            )
    else:
        columns = tuple(
            i
            for i in range(count)
            if i not in (name, split) and most(i, lambda c: vt.is_number(c) or vt.missing(c))
        )
    if not columns:
        raise UserError(
            f"{source}: no column holds numbers; name those of the values with --value_columns."
        )
    return name, split, columns


def _fill(
    table: vt.ValueTable,
    rows: Lines,
    problems: Problems,
    known: dict[str, int],
    width: int,
    name: int | None,
    split: int | None,
    columns: tuple[int, ...],
) -> None:
    """Put the values of all rows to their sequences."""
    seen: dict[int, int] = {}
    strangers = total = 0
    for number, cells in rows:
        if len(cells) != width:
            problems.add(
                f"{len(cells)} cells, but the first line has {width}; complete the line.", number
            )
            continue
        record = known.get(cells[name].decode("latin-1")) if name is not None else total
        total += 1
        if record is None or record >= len(table.sequences):
            strangers += 1
            continue
        if record in seen:
            problems.add(
                f"the sequence '{table.names[record]}' has values in line {seen[record]} already;"
                " remove one of the lines.",
                number,
            )
            continue
        seen[record] = number
        values = vt.parse_values([cells[i] for i in columns], number, problems)
        table.values[record] = values or table.values[record]
        if split is not None:
            table.groups[record] = cells[split].decode("utf-8", "replace")
    if name is None and total != len(table.sequences):
        problems.add(
            f"it has {total:,} rows and {table.source} {len(table.sequences):,} sequences, so they"
            " cannot belong together by their order; give it a column of the sequences' names."
        )
    problems.stop()
    by = "their names" if name is not None else "their order, as no column holds their names"
    table.note = f"{table.source}: sequences and values of {problems.source} were joined by {by}."
    if strangers:
        table.note += f" {strangers:,} rows have no sequence."


def _sequences(records: Fasta) -> list[bytes]:
    letters = b"".join(text.encode() for text in dna.decode(records.codes[None, :]))
    bounds = records.offsets.tolist()
    return [letters[a:b] for a, b in itertools.pairwise(bounds)]


def _header_lines(fasta: InputFile, known: dict[str, int]) -> list[int]:
    """Give the line of the header of every record."""
    lines = dict.fromkeys(known, 0)
    for number, line in enumerate(read_lines(fasta.path, fasta.name), 1):
        if line.startswith(b">"):
            title = line[1:].split(None, 1)[0].decode("latin-1")
            lines[title] = lines[title] or number
    return list(lines.values())
