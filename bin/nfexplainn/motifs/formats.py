"""Motif files: MEME here; those of counts from :mod:`.matrices`, and :mod:`.positions`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import ALPHABET
from nfexplainn.errors import UserError
from nfexplainn.io.text import write_text
from nfexplainn.motifs.lines import number, read_lines, title
from nfexplainn.motifs.matrices import integer_counts, read_jaspar, write_jaspar, write_transfac
from nfexplainn.motifs.motif import (
    DEFAULT_NSITES,
    MOST_SITES,
    SUM_TOLERANCE,
    UNIFORM,
    Motif,
    MotifSet,
)
from nfexplainn.motifs.positions import (
    has_title,
    is_by_position,
    read_positions,
    read_titled,
    whole_lines,
)

__all__ = [
    "integer_counts",
    "read_jaspar",
    "read_meme",
    "read_motifs",
    "write_jaspar",
    "write_meme",
    "write_transfac",
]

# Rows as near to 1 are taken as written, as Tomtom takes them.
ROUNDING = 1e-5

_MATRIX = "letter-probability matrix"
_KEY = re.compile(r"(\w+)=\s*([^\s=]*)(?!\S*=)")
_MOTIF = re.compile(r"MOTIF(?:\s+(\S+))?(?:\s+(.*))?$")
# MEME's own text output goes on after the name: "MEME-1  width =  8  sites =  10 ...".
_MEME_TAIL = re.compile(r"\s*width\s*=.*$")


def read_meme(path: str | Path, *, name: str | None = None, allow_empty: bool = False) -> MotifSet:
    """Read the motifs of a file in MEME format (plain or compressed; MEME's, STREME's, JASPAR's).

    Rows whose sum is off by more than the rounding of six decimals are scaled to sum to 1. Where
    the header of a motif gives no number of sites, or 0, it is 20, where the file gives no
    background it is uniform (both are MEME's defaults).

    Parameters
    ----------
    path : path
    name : str, optional
        What messages call the file (the name as the user wrote it); `path` by default.
    allow_empty : bool
        Take a file with a header and no motif (STREME writes one when it finds none).

    Raises
    ------
    UserError
        If the file cannot be read, is no MEME file, is not DNA, or holds a malformed motif: with
        the line, the value and the way out.
    """
    shown = name or str(path)
    lines = read_lines(path, shown)
    if not any(line.strip() for line in lines):
        raise UserError(f"{shown}: the file is empty; give a motif file in MEME format.")
    _require_meme(lines, shown)
    background = UNIFORM
    motifs: list[Motif] = []
    seen: dict[str, int] = {}
    open_motif: tuple[str, str, int] | None = None
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        where = f"{shown}, line {at + 1}"
        at += 1
        if line.startswith("ALPHABET"):
            _check_alphabet(line, where)
        elif line.startswith("Background letter frequencies"):
            background, at = _read_background(lines, at, shown)
        elif match := _MOTIF.match(line):
            if open_motif is not None:
                raise _without_matrix(open_motif, shown)
            identifier, rest = match.group(1), match.group(2) or ""
            if identifier is None:
                raise UserError(f"{where}: MOTIF has no identifier; write 'MOTIF identifier name'.")
            if identifier in seen:
                raise UserError(
                    f"{where}: the motif {identifier} is already in line {seen[identifier]}; give"
                    " each motif a unique identifier."
                )
            seen[identifier] = at
            open_motif = (identifier, _MEME_TAIL.sub("", rest).strip(), at)
        elif line.startswith(_MATRIX):
            if open_motif is None:
                raise UserError(
                    f"{where}: this matrix belongs to no motif; put a line 'MOTIF identifier name'"
                    " before it."
                )
            ppm, nsites, at = _read_matrix(lines, at, open_motif[0], shown)
            motifs.append(Motif(open_motif[0], open_motif[1], ppm, nsites))
            open_motif = None
    if open_motif is not None:
        raise _without_matrix(open_motif, shown)
    if not motifs and not allow_empty:
        raise UserError(
            f"{shown}: there is no motif in this file (no line begins with 'MOTIF');"
            " give a file with at least one."
        )
    return MotifSet(tuple(motifs), background)


def write_meme(motifs: MotifSet, path: str | Path) -> None:
    """Write motifs in (minimal) MEME format, six decimals, with sites, strands and background."""
    pairs = zip(ALPHABET, motifs.background, strict=True)
    parts = [
        "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\n",
        " ".join(f"{letter} {value:.6g}" for letter, value in pairs) + "\n",
    ]
    for motif in motifs.motifs:
        parts.append(
            f"\nMOTIF {title(motif, ' ')}\n"
            f"{_MATRIX}: alength= 4 w= {len(motif.ppm)} nsites= {motif.nsites:.10g} E= 0\n"
        )
        parts.extend(" ".join(f"{value:.6f}" for value in row) + "\n" for row in motif.ppm)
    write_text(path, "".join(parts))


def read_motifs(path: str | Path, *, name: str | None = None) -> MotifSet:
    """Read a motif file, whose format is told by its content.

    MEME; JASPAR; HOMER, GimmeMotifs and HOCOMOCO (a line per position under ``>``); CIS-BP and
    TRANSFAC (a line per position under one that names the letters).

    Raises
    ------
    UserError
        If the file is none of these, or malformed.
    """
    shown = name or str(path)
    lines = whole_lines(read_lines(path, shown))
    if lines and lines[0][1].startswith(">"):
        if is_by_position(lines):
            return MotifSet(tuple(read_positions(lines, shown)))
        return read_jaspar(path, name=name)
    meme = any(line.startswith(("MEME version", "MOTIF ")) for _, line in lines)
    if not meme and has_title(lines):
        return MotifSet(tuple(read_titled(lines, shown)))
    return read_meme(path, name=name)


def _require_meme(lines: Sequence[str], shown: str) -> None:
    for line in lines:
        if line.strip().startswith("MEME version"):
            return
        if line.strip().startswith("MOTIF"):
            break
    first = next(line.strip() for line in lines if line.strip())
    raise UserError(
        f"{shown}: the line 'MEME version 4' is missing before the motifs (the file begins with"
        f" {first[:40]!r}); give motifs in MEME, JASPAR, HOMER, CIS-BP or TRANSFAC format."
    )


def _check_alphabet(line: str, where: str) -> None:
    value = line[len("ALPHABET") :].lstrip("= ").strip()
    if value.upper() != ALPHABET and not value.upper().startswith('"DNA"'):
        raise UserError(f"{where}: the alphabet is {value!r}, not ACGT; give DNA motifs.")


def _without_matrix(motif: tuple[str, str, int], shown: str) -> UserError:
    return UserError(
        f"{shown}, line {motif[2]}: the motif {motif[0]} has no '{_MATRIX}:' after it;"
        " add the matrix or take the motif out."
    )


def _read_background(
    lines: Sequence[str], at: int, shown: str
) -> tuple[tuple[float, float, float, float], int]:
    while at < len(lines) and not lines[at].strip():
        at += 1
    text = lines[at].strip() if at < len(lines) else ""
    fields = text.split()
    try:
        values = [number(value) for value in fields[1::2]]
    except ValueError:
        values = []
    good = "".join(fields[::2]).upper() == ALPHABET and len(values) == 4
    if not good or min(values) < 0 or not abs(sum(values) - 1) <= SUM_TOLERANCE:
        raise UserError(
            f"{shown}, line {at + 1}: {text[:60]!r} is not a background; write it as 'A 0.25 C 0.25"
            " G 0.25 T 0.25', summing to 1."
        )
    total = sum(values)
    a, c, g, t = (value / total for value in values)
    return (a, c, g, t), at + 1


def _read_matrix(
    lines: Sequence[str], at: int, identifier: str, shown: str
) -> tuple[NDArray[np.float64], float, int]:
    """Read the rows that follow a matrix header; `at` is the position after that header."""
    where = f"{shown}, line {at}"
    keys = dict(_KEY.findall(lines[at - 1]))
    alength = _number(keys, "alength", 4, where)
    if alength != 4:
        raise UserError(f"{where}: alength is {keys['alength']}, not 4; give DNA motifs.")
    width = _number(keys, "w", math.nan, where)
    nsites = _number(keys, "nsites", DEFAULT_NSITES, where)
    if not 0 <= nsites <= MOST_SITES:
        raise UserError(
            f"{where}: nsites of {identifier} is {keys['nsites']}; give a number from 0 to 1e12, or"
            " leave nsites out (it is 20 then)."
        )
    while at < len(lines) and not lines[at].strip():
        at += 1
    rows = []
    while at < len(lines) and re.match(r"[-+.\d]|nan\b|inf\b", lines[at].strip().lower()):
        # A ruler of dashes ends the matrix in MEME's own text output.
        if not lines[at].strip(" -"):
            break
        rows.append(_probabilities(lines[at], f"{shown}, line {at + 1}", identifier))
        at += 1
    if not rows or (not math.isnan(width) and len(rows) != width):
        said = "" if math.isnan(width) else f" but its header says w= {width:g}"
        raise UserError(
            f"{where}: the matrix of {identifier} has {len(rows)} rows{said};"
            " make the header and the rows agree."
        )
    ppm = np.array(rows, dtype=np.float64)
    sums = ppm.sum(axis=1, keepdims=True)
    return np.where(np.abs(sums - 1) <= ROUNDING, ppm, ppm / sums), nsites or DEFAULT_NSITES, at


def _number(keys: Mapping[str, str], key: str, default: float, where: str) -> float:
    try:
        return number(str(keys.get(key, default)))
    except ValueError as error:
        raise UserError(
            f"{where}: {key}= {keys[key]!r} is not a number; correct the matrix header."
        ) from error


def _probabilities(line: str, where: str, identifier: str) -> list[float]:
    fields = line.split()
    try:
        values = [number(field) for field in fields]
    except ValueError as error:
        raise UserError(
            f"{where}: {line.strip()[:60]!r} is not a row of numbers ({identifier}); write the four"
            " probabilities of A, C, G, T."
        ) from error
    if len(values) != 4:
        raise UserError(
            f"{where}: {len(values)} values in a row of {identifier}, not 4;"
            " write the four probabilities of A, C, G, T."
        )
    total = sum(values)
    if not all(value >= 0 for value in values) or not abs(total - 1) <= SUM_TOLERANCE:
        hint = (
            "these look like counts, divide each row by its sum" if total > 1.5 else "correct them"
        )
        raise UserError(
            f"{where}: {line.strip()[:60]!r} of {identifier} sums to {total:g}; the four must be"
            f" probabilities that sum to 1: {hint}."
        )
    return values
