"""Motifs as integer counts: JASPAR (read, write) and TRANSFAC (write)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import ALPHABET
from nfexplainn.errors import UserError
from nfexplainn.io.text import write_text
from nfexplainn.motifs.lines import number, one_line, read_lines, title
from nfexplainn.motifs.motif import DEFAULT_NSITES, MOST_SITES, Motif, MotifSet
from nfexplainn.motifs.positions import whole_lines

Counts = NDArray[np.int64]

_JASPAR_ROW = re.compile(r"([ACGTacgt])?\s*[|:\[]?\s*(.*?)\s*\]?$")


def read_jaspar(path: str | Path, *, name: str | None = None) -> MotifSet:
    """Read count matrices in JASPAR format (``>id name``, then four rows, with brackets or not).

    Raises
    ------
    UserError
        If the file is malformed: with the line, the value and the way out.
    """
    shown = name or str(path)
    lines = whole_lines(read_lines(path, shown))
    motifs: list[Motif] = []
    seen: dict[str, int] = {}
    for start in range(0, len(lines), 5):
        at, header = lines[start]
        where = f"{shown}, line {at}"
        if not header.startswith(">") or not header[1:].strip():
            raise UserError(
                f"{where}: {header[:40]!r} was found instead of '>identifier name'; give the motifs"
                " in JASPAR format."
            )
        identifier, _, label = header[1:].strip().replace("\t", " ").partition(" ")
        if identifier in seen:
            raise UserError(
                f"{where}: the motif {identifier} is already in line {seen[identifier]}; give each"
                " motif a unique identifier."
            )
        seen[identifier] = at
        rows = [
            _jaspar_row(f"{shown}, line {line_at}", line, letter)
            for (line_at, line), letter in zip(lines[start + 1 : start + 5], ALPHABET, strict=False)
        ]
        if len(rows) < 4 or len({len(row) for row in rows}) > 1 or not rows[0]:
            raise UserError(
                f"{where}: the matrix of {identifier} needs four rows (A, C, G, T) of equal length."
            )
        counts = np.array(rows, dtype=np.float64).T
        totals = counts.sum(axis=1)
        if not (totals > 0).all():
            raise UserError(
                f"{where}: position {int(np.argmin(totals > 0)) + 1} of {identifier} has no counts;"
                " remove such positions."
            )
        nsites = float(totals.max())
        # Probabilities instead of counts say nothing about the number of sites.
        counted = nsites > 1.5 or bool((counts % 1 == 0).all())
        motifs.append(
            Motif(
                identifier,
                label.strip(),
                counts / totals[:, None],
                nsites if counted else DEFAULT_NSITES,
            )
        )
    if not motifs:
        raise UserError(f"{shown}: the file is empty; give motifs in JASPAR format.")
    return MotifSet(tuple(motifs))


def write_jaspar(
    motifs: MotifSet, path: str | Path, *, counts: Mapping[str, Counts] | None = None
) -> None:
    """Write integer count matrices in JASPAR format.

    Parameters
    ----------
    counts : mapping of motif id to int array, shape (width, 4), optional
        The counts themselves; where absent they are made by :func:`integer_counts`.
    """
    parts = []
    for motif in motifs.motifs:
        matrix = _counts_of(motif, counts)
        digits = len(str(int(matrix.max(initial=0))))
        parts.append(f">{title(motif, chr(9))}\n")
        for letter, row in zip(ALPHABET, matrix.T, strict=True):
            parts.append(f"{letter} [ {' '.join(f'{value:{digits}d}' for value in row)} ]\n")
    write_text(path, "".join(parts))


def write_transfac(
    motifs: MotifSet, path: str | Path, *, counts: Mapping[str, Counts] | None = None
) -> None:
    """Write integer count matrices in TRANSFAC format; `counts` as in :func:`write_jaspar`."""
    parts = []
    for motif in motifs.motifs:
        parts.append(f"AC  {motif.id}\nXX\nID  {one_line(motif.name) or motif.id}\nXX\n")
        parts.append("P0  " + "".join(f"{letter:>8}" for letter in ALPHABET) + "\n")
        for position, row in enumerate(_counts_of(motif, counts), 1):
            parts.append(f"{position:02d}  " + "".join(f" {value:7d}" for value in row) + "\n")
        parts.append("XX\n//\n")
    write_text(path, "".join(parts))


def integer_counts(motif: Motif) -> Counts:
    """Give the counts of a motif; every row sums to its (rounded) number of sites.

    What is left after rounding down goes to the largest remainders, so that counts of which the
    probabilities were made come back exactly.

    Returns
    -------
    int64 array, shape (width, 4)
    """
    total = max(1, round(motif.nsites))
    exact = motif.ppm * total
    # Six-decimal probabilities are a little off the true fraction: near integers are integers.
    counts = np.floor(exact + 1e-9).astype(np.int64)
    missing = total - counts.sum(axis=1)
    order = np.argsort(counts - exact, axis=1, kind="stable")
    np.put_along_axis(
        counts,
        order,
        np.take_along_axis(counts, order, 1) + (np.arange(4) < missing[:, None]),
        1,
    )
    return counts


def _jaspar_row(where: str, line: str, letter: str) -> list[float]:
    match = _JASPAR_ROW.match(line)
    values: list[float] = []
    try:
        values = [number(value) for value in match.group(2).split()] if match else []
    except ValueError:
        values = []
    found = (match.group(1) if match else None) or letter
    if not values or found.upper() != letter or not all(0 <= v <= MOST_SITES for v in values):
        raise UserError(
            f"{where}: {line[:60]!r} is not a row of counts of {letter}; write '{letter} [ 3 0 12"
            " ]'."
        )
    return values


def _counts_of(motif: Motif, counts: Mapping[str, Counts] | None) -> Counts:
    if counts is None or motif.id not in counts:
        return integer_counts(motif)
    return np.asarray(counts[motif.id], dtype=np.int64)
