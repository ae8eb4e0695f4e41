"""Motifs with a line per position: HOMER, GimmeMotifs, HOCOMOCO, CIS-BP and TRANSFAC (read)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import ALPHABET
from nfexplainn.errors import UserError
from nfexplainn.motifs.lines import number
from nfexplainn.motifs.motif import DEFAULT_NSITES, MOST_SITES, SUM_TOLERANCE, Motif
from nfexplainn.values import whole

# A line of a file, with its number from 1.
Lines = Sequence[tuple[int, str]]

_TITLE = re.compile(r"(Pos|PO|P0)\s+A\s+C\s+G\s+([TU])\b", re.IGNORECASE)
_COUNTS_FROM = 1.5  # a sum above that is one of counts


def has_title(lines: Lines) -> bool:
    """Tell whether a line names the letters of positions, as those of CIS-BP and TRANSFAC do."""
    return any(_TITLE.match(line) for _, line in lines)


def is_by_position(lines: Lines) -> bool:
    """Tell whether the records under ``>`` have a line per position rather than one per letter.

    Where all have four lines of four numbers, that which sums to one number is a position.
    """
    rows = [[_numbers(line) for _, line in body] for _, body in _records(lines)]
    of_four = [row is not None and len(row) == len(ALPHABET) for body in rows for row in body]
    # A file that was cut short, or one wrong line, does not change what it is.
    if 2 * sum(of_four) <= len(of_four):
        return False
    if any(len(body) != len(ALPHABET) for body in rows if body) or not all(of_four):
        return True
    matrices = [np.array(body, dtype=np.float64) for body in rows if body]
    uneven = [sum(float(np.ptp(m.sum(axis=axis))) for m in matrices) for axis in (0, 1)]
    return uneven[1] < uneven[0]


def read_positions(lines: Lines, shown: str) -> list[Motif]:
    """Read records under ``>``, a line of four probabilities or counts per position.

    HOMER's header holds the consensus, a tab, and the motif's name; consensuses may be equal, so
    that the later ones get a number.

    Raises
    ------
    UserError
        If a record is malformed: with the line, the value and the way out.
    """
    motifs: list[Motif] = []
    seen: dict[str, int] = {}
    for (at, header), body in _records(lines):
        words, tab, rest = header[1:].strip().partition("\t")
        identifier, _, label = words.strip().partition(" ")
        where = f"{shown}, line {at}"
        if not identifier:
            raise UserError(f"{where}: '>' has no identifier after it; write one.")
        if identifier in seen and not tab:
            raise UserError(
                f"{where}: the motif {identifier} is already in line {seen[identifier]}; give each"
                " motif a unique identifier."
            )
        unique, number = identifier, 2
        while unique in seen:
            unique, number = f"{identifier}_{number}", number + 1
        seen[unique] = at
        name = rest.split("\t")[0].partition("/")[0] if tab else label
        motifs.append(_motif(unique, name.strip(), body, where, shown))
    return motifs


def read_titled(lines: Lines, shown: str) -> list[Motif]:
    """Read matrices under a line ``Pos A C G T`` (CIS-BP) or ``P0 A C G T`` (TRANSFAC).

    A motif is called as the line ``Motif`` or ``AC`` before it says, and named by ``TF Name`` or
    ``ID``; where there is none, as the file.

    Raises
    ------
    UserError
        If a matrix is malformed, or that of RNA.
    """
    motifs: list[Motif] = []
    said: dict[str, str] = {}
    at = 0
    while at < len(lines):
        number, line = lines[at]
        at += 1
        title = _TITLE.match(line)
        if not title:
            if _is_row(line):
                raise UserError(
                    f"{shown}, line {number}: {line[:60]!r} is a row of numbers outside a matrix;"
                    " correct the line before it, or download the file again."
                )
            key, _, value = line.partition("\t") if "\t" in line else line.partition(" ")
            said[key.strip().upper()] = value.strip()
            continue
        where = f"{shown}, line {number}"
        if title.group(2).upper() == "U":
            raise UserError(f"{where}: these are motifs of RNA (ACGU); give DNA motifs.")
        stem = PurePath(PurePath(shown).name.removesuffix(".gz")).stem
        identifier = "_".join((said.get("MOTIF") or said.get("AC") or stem).split())
        name = said.get("TF NAME") or said.get("ID") or ""
        first = at
        while at < len(lines) and (lines[at][1][:1].isdecimal() or _is_row(lines[at][1])):
            at += 1
        body = _titled_rows(lines[first:at], identifier, shown)
        if any(motif.id == identifier for motif in motifs):
            raise UserError(
                f"{where}: the motif {identifier} is already in this file; give each motif a unique"
                " identifier."
            )
        motifs.append(_motif(identifier, "" if name == identifier else name, body, where, shown))
        said = {}
    return motifs


def _titled_rows(lines: Lines, identifier: str, shown: str) -> Lines:
    """Give the four numbers of each row: its position stands first, TRANSFAC's consensus last.

    Raises
    ------
    UserError
        If a row is not that of the next position.
    """
    rows: list[tuple[int, str]] = []
    first = whole(lines[0][1].split()[0]) if lines else None
    for at, (line_number, line) in enumerate(lines):
        cells = line.split()
        more = cells[1 + len(ALPHABET) :]
        consensus = len(more) == 1 and len(more[0]) == 1 and not more[0].isdigit()
        place = (1 if first is None else first) + at
        if whole(cells[0]) != place or (more and not consensus):
            raise UserError(
                f"{shown}, line {line_number}: {line[:60]!r} ({identifier}) is not the row of"
                f" position {place}; write {place}, and the numbers of A, C, G and T."
            )
        rows.append((line_number, " ".join(cells[1 : 1 + len(ALPHABET)])))
    return rows


def _is_row(line: str) -> bool:
    """Tell whether a line is one of four numbers or more, and at most as much beside them."""
    cells = line.split()
    found = sum(_numbers(cell) is not None for cell in cells)
    return found >= len(ALPHABET) and 2 * found >= len(cells)


def whole_lines(texts: Sequence[str]) -> Lines:
    """Number the lines of a file; leave out empty ones and comments (#)."""
    lines = ((at, text.strip()) for at, text in enumerate(texts, 1))
    return [(at, text) for at, text in lines if text and not text.startswith("#")]


def _records(lines: Lines) -> list[tuple[tuple[int, str], list[tuple[int, str]]]]:
    """Part lines into headers and what stands under each."""
    records: list[tuple[tuple[int, str], list[tuple[int, str]]]] = []
    for line in lines:
        if line[1].startswith(">"):
            records.append((line, []))
        elif records:
            records[-1][1].append(line)
    return records


def _numbers(line: str) -> list[float] | None:
    """Give the numbers of a line, None where there is anything else."""
    try:
        return [number(field) for field in line.split()]
    except ValueError:
        return None


def _motif(identifier: str, name: str, body: Lines, where: str, shown: str) -> Motif:
    """Make a motif of the lines of its positions."""
    if not body:
        raise UserError(
            f"{where}: {identifier} has no line of numbers under it (a truncated file, or a matrix"
            " that may not be shared); take it out."
        )
    rows = []
    for at, line in body:
        row = _numbers(line)
        if row is None or len(row) != len(ALPHABET):
            raise UserError(
                f"{shown}, line {at}: {line[:60]!r} ({identifier}) is not a row of four numbers (A,"
                " C, G, T); correct it, or download the file again if it is truncated."
            )
        rows.append(row)
    matrix: NDArray[np.float64] = np.array(rows)
    totals = matrix.sum(axis=1)
    counted = bool(totals.max() > _COUNTS_FROM)
    good = (matrix >= 0) & (matrix <= MOST_SITES)
    if not good.all():
        at, line = body[int(np.argmin(good.all(axis=1)))]
        raise UserError(
            f"{shown}, line {at}: {line[:60]!r} ({identifier}) holds a negative number, as matrices"
            " of log-odds do, or one that is infinite; give probabilities or counts."
        )
    wrong = totals <= 0 if counted else np.abs(totals - 1) > SUM_TOLERANCE
    if wrong.any():
        row_at = int(np.argmax(wrong))
        at, line = body[row_at]
        raise UserError(
            f"{shown}, line {at}: {line[:60]!r} ({identifier}) sums to {totals[row_at]:g}; give"
            " probabilities that sum to 1, or counts."
        )
    nsites = float(totals.max()) if counted else DEFAULT_NSITES
    return Motif(identifier, name, matrix / totals[:, None], nsites)
