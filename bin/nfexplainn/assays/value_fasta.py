"""Sequences in a FASTA and their values in a table beside it, as DeepSTARR's data are given."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from nfexplainn import dna
from nfexplainn.assays import value_columns as vc
from nfexplainn.assays import value_table as vt
from nfexplainn.assays.spec import InputFile
from nfexplainn.errors import UserError
from nfexplainn.io.delimited import Delimited, Row
from nfexplainn.io.fasta import Fasta, read_fasta
from nfexplainn.io.text import read_lines
from nfexplainn.problems import ErrorCollector, read_each
from nfexplainn.values import looks_numeric, missing


def read_value_fasta(fasta: InputFile, values: InputFile, layout: vt.Layout) -> vt.ValueTable:
    """Read a FASTA and the table of its values, each compressed or not.

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
    text, peeked = vt.open_values(values.path, values.name)
    known = {name: row for row, name in enumerate(records.names)}
    name, split, columns = _columns(text, peeked, layout, known, fasta.name)
    if name is None and records.merged:
        raise UserError(
            f"{fasta.name}: {records.merged:,} records occur twice, so the rows of {values.name}"
            " cannot be matched by order; give it a column of names."
        )
    titles = tuple(text.header[i] if text.header else "" for i in columns)
    table = vt.ValueTable(fasta.name, titles, list(records.names), _sequences(records))
    table.lines = _header_lines(fasta, known)
    nothing = (math.nan,) * len(columns)
    table.values = [nothing] * len(records.names)
    table.groups = [""] * len(records.names) if split is not None else []
    found = "as requested" if layout.values else "found by their content"
    said = vc.say_columns(text.header, columns, found)
    table.readings = ((values.name, "value columns", said),)
    _fill(table, text, ErrorCollector(values.name), known, name, split, columns)
    return table


def _columns(
    text: Delimited,
    rows: Sequence[Row],
    layout: vt.Layout,
    known: dict[str, int],
    fasta: str,
) -> tuple[int | None, int | None, tuple[int, ...]]:
    """Find the columns of names, of groups and of values."""
    source, count, header = text.name, text.columns, text.header
    whole = [row.cells for row in rows if len(row.cells) == count]

    def position(wanted: str, option: str) -> int:
        return vc.find_column(source, header, count, wanted, option)

    named = [pair for pair in layout.named() if pair[1] != "sequence_column"]
    read_each(named, lambda pair: position(*pair))
    counts = [sum(row[i] in known for row in whole) for i in range(count)]
    name = next((i for i, n in enumerate(counts) if 2 * n > len(whole)), None)
    split = position(layout.split, "split_column") if layout.split else None
    if name is None:
        _refuse_other_names(text, whole, known, fasta)
    if layout.values:
        columns = vc.named_columns(
            source, header, count, layout.values, {name}, "that of the sequences' names"
        )
    else:
        numeric = [
            i
            for i in range(count)
            if i not in (name, split)
            and not vc.is_index(header, i)
            and vc.holds_numbers([row[i] for row in whole])
        ]
        columns = vc.clear_columns(source, header, numeric)
    if not columns:
        raise UserError(
            f"{source}: no column holds numbers; name those of the values with --value_columns."
        )
    return name, split, columns


def _refuse_other_names(
    text: Delimited, rows: Sequence[Sequence[str]], known: dict[str, int], fasta: str
) -> None:
    """Refuse a table whose names are others than the sequences': its order may be another, too.

    Raises
    ------
    UserError
    """
    for column in range(text.columns):
        cells = [row[column] for row in rows]
        texts = [cell for cell in cells if not (looks_numeric(cell) or missing(cell))]
        if len(texts) < 2 or len(texts) < len(cells) or len(set(texts)) < len(texts):
            continue
        if all(vt.is_dna(cell) for cell in texts):
            continue
        called = f"'{text.header[column]}'" if text.header else f"{column + 1}"
        found = sum(cell in known for cell in texts)
        raise UserError(
            f"{text.name}: the column {called} seems to hold names ('{texts[0][:40]}'), and"
            f" {found or 'none'} of the first {len(texts)} {'are' if found > 1 else 'is'} a"
            f" sequence of {fasta} ('{next(iter(known), '')[:40]}'); use the same names, or leave"
            " the column out if the rows are in the order of the sequences."
        )


def _fill(
    table: vt.ValueTable,
    text: Delimited,
    problems: ErrorCollector,
    known: dict[str, int],
    name: int | None,
    split: int | None,
    columns: tuple[int, ...],
) -> None:
    """Put the values of all rows to their sequences."""
    seen: dict[int, int] = {}
    strangers = total = 0
    for row in text:
        number, cells = row
        if len(cells) != text.columns:
            vt.add_wrong_count(problems, row, text)
            continue
        record = known.get(cells[name]) if name is not None else total
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
        values = vt.parse_values([cells[i] for i in columns], table.columns, number, problems)
        table.values[record] = values or table.values[record]
        if split is not None:
            table.groups[record] = cells[split]
    if name is None and total != len(table.sequences):
        problems.add(
            f"it has {total:,} rows and {table.source} {len(table.sequences):,} sequences, so they"
            " cannot be matched by order; give it a column of the sequences' names."
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
