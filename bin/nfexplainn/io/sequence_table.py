"""Plain tables of sequences: a column of DNA, and perhaps one of names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nfexplainn import dna
from nfexplainn.errors import quoted
from nfexplainn.io.delimited import PEEK, Delimited, open_delimited
from nfexplainn.io.fasta import LEGAL_LETTERS, Fasta
from nfexplainn.io.peak_shapes import is_peak_header
from nfexplainn.problems import ErrorCollector
from nfexplainn.values import whole

_DNA = re.compile(r"[ACGTNacgtn]{8,}")
_NAMES = ("name", "id", "id_probe", "probe_id", "probe", "id_ref", "gene", "region", "ids")


def find_sequence_column(path: str | Path, name: str) -> tuple[Delimited, int] | None:
    """Find the column of sequences of a table; None where it has none, or holds intervals.

    Most of the first cells of such a column are eight letters of DNA or more.
    """
    table = open_delimited(path, name, header=_names_columns)
    rows = [row.cells for row in itertools.islice(table, PEEK)]
    if not rows or _holds_intervals(table.header, rows):
        return None
    found = [
        column
        for column in range(table.columns)
        if 2 * sum(len(r) > column and bool(_DNA.fullmatch(r[column])) for r in rows) > len(rows)
    ]
    return (table, found[0]) if found else None


def _holds_intervals(header: Sequence[str] | None, rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether columns are chromosome, start and end, by their names or by the numbers."""
    bed = sum(len(row) > 2 and None not in (whole(row[1]), whole(row[2])) for row in rows)
    return (header is not None and is_peak_header(header)) or 2 * bed > len(rows)


def _names_columns(cells: Sequence[str]) -> bool:
    """Tell whether a first row names the columns: no cell of it is DNA or a number."""
    return not any(_DNA.fullmatch(cell) or re.fullmatch(r"[-+.\deE]+", cell) for cell in cells)


def read_sequence_table(table: Delimited, column: int) -> Fasta:
    """Read the sequences of a table as if they stood in a FASTA file.

    Rows without a name are called ``line_<number>``.

    Parameters
    ----------
    table : Delimited
    column : int
        Of the sequences, from 0.

    Raises
    ------
    UserError
        With a sentence per row without a sequence or with letters that no DNA has.
    """
    problems = ErrorCollector(table.name)
    titles = [title.lower() for title in table.header or ()]
    label = next((titles.index(one) for one in _NAMES if one in titles), None)
    if label is None and table.row_names:
        label = 0
    known: dict[str, str] = {}
    merged = renamed = 0
    for line, cells in table:
        sequence = cells[column].upper() if len(cells) > column else ""
        strange = sequence.encode("ascii", "replace").translate(None, LEGAL_LETTERS)
        if not sequence:
            problems.add("the sequence is missing; remove or complete the row.", line)
        elif strange:
            said = f"the sequence holds {quoted(strange[:1].decode('ascii'))}, which is not DNA"
            said += "; letters are A, C, G, T and N."
            problems.add(said, line, cause=said)
        title = (cells[label] if label is not None and len(cells) > label else "").split()
        shown = base = title[0] if title else f"line_{line}"
        number = 1
        while known.get(shown, sequence) != sequence:
            number += 1
            shown = f"{base}|{number}"
        merged += shown in known
        renamed += shown != base and shown not in known
        known[shown] = sequence
    problems.stop()
    texts = list(known.values())
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    letters = np.frombuffer("".join(texts).encode("ascii"), dtype=np.uint8)
    return Fasta(list(known), dna.encode_letters(letters), offsets, merged, renamed)
