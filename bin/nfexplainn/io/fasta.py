"""FASTA files of many short sequences."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.io.text import read_lines
from nfexplainn.problems import ErrorCollector

# The IUPAC letters for more than one base are legal and read as N.
LEGAL_LETTERS = b"ACGTNRYSWKMBDHVacgtnryswkmbdhv"
_PROTEIN_ONLY = frozenset(b"EFILPQXZJefilpqxzj")


@dataclass(frozen=True)
class Fasta:
    """Sequences of a FASTA file, end to end.

    Attributes
    ----------
    names : list of str
        The first word of each header, unique: a name that stands there already with another
        sequence gets a number (``name|2``).
    codes : uint8 array, shape (total,)
        All bases (see :mod:`nfexplainn.dna`), one record after another.
    offsets : int64 array, shape (n + 1,)
        Record i is ``codes[offsets[i]:offsets[i + 1]]``.
    merged : int
        Records left out because name and sequence stood there already.
    renamed : int
        Records whose name got a number.
    """

    names: list[str]
    codes: dna.Codes
    offsets: NDArray[np.int64]
    merged: int = 0
    renamed: int = 0

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Length of each sequence in bp, shape (n,)."""
        return np.diff(self.offsets)

    def cut(
        self, rows: NDArray[np.intp], length: int, first: NDArray[np.int64] | None = None
    ) -> dna.Codes:
        """Central ``length`` bp of the given records, uint8, shape (rows, length).

        An odd surplus loses the extra base at the right end. Every record must be long enough.
        ``first`` gives another first base of each, int64, shape (rows,).
        """
        first = (self.lengths[rows] - length) // 2 if first is None else first
        starts = self.offsets[rows] + first
        out = np.empty((len(rows), length), dtype=np.uint8)
        for row in range(0, len(rows), 16384):
            part = starts[row : row + 16384]
            out[row : row + 16384] = self.codes[part[:, None] + np.arange(length)]
        return out


def read_fasta(path: str | Path, name: str, *, unique: bool = False) -> Fasta:
    """Read a FASTA file, compressed or not, with sequences on one or several lines.

    Parameters
    ----------
    path : path
    name : str
        What the user called the file, for messages.
    unique : bool
        Whether a name that stands there twice, with different sequences, is a mistake, as where
        values are joined by names.

    Raises
    ------
    UserError
        With a sentence for each mistake: no header, an empty record, letters that no DNA has, a
        name that stands there twice where that is one, or no record at all.
    """
    problems = ErrorCollector(name)
    names: list[str] = []
    sequences: list[bytes] = []
    known: dict[str, int] = {}
    # Of names that stand there several times: their sequences.
    several: dict[str, set[bytes]] = {}
    merged = renamed = 0
    title, title_line, parts = None, 0, []  # type: tuple[str | None, int, list[bytes]]

    def finish() -> int:
        """Take in the record that has just ended; give 1 if it repeats an earlier one."""
        nonlocal renamed
        if title is None:
            return 0
        sequence = b"".join(parts)
        if not sequence:
            problems.add(
                f"the record '{title}' has no sequence; remove or complete it.", title_line
            )
            return 0
        illegal = sequence.translate(None, LEGAL_LETTERS)
        if illegal:
            said = _describe_illegal(title, illegal)
            problems.add(said, title_line, cause=said.partition("holds")[2])
        earlier = known.setdefault(title, len(names))
        shown = title
        if earlier < len(names):
            same = several.setdefault(title, {sequences[earlier].upper()})
            if sequence.upper() in same:
                return 1
            if unique:
                problems.add(
                    f"the name '{title}' occurs twice, with different sequences; rename one of"
                    " them.",
                    title_line,
                )
                return 0
            same.add(sequence.upper())
            number = len(same)
            while (shown := f"{title}|{number}") in known:
                number += 1
            known[shown] = len(names)
            renamed += 1
        names.append(shown)
        sequences.append(sequence)
        return 0

    for number, line in enumerate(read_lines(path, name), 1):
        if line.startswith(b">"):
            merged += finish()
            words = line[1:].split(None, 1)
            title, title_line, parts = (words[0].decode("latin-1") if words else ""), number, []
            if not title:
                problems.add(
                    "a header has no name after '>'; give each record one.", number, "name"
                )
                title = f"record at line {number}"
        elif title is None:
            text = line.strip()
            if not text or text.startswith(b";"):
                continue
            problems.add(_describe_headless(text), number)
            problems.stop()
        else:
            parts.append(line.strip().replace(b" ", b""))
    merged += finish()
    if title is None:
        problems.add("there is no record in this file; FASTA records begin with '>name'.")
    problems.stop()
    lengths = np.fromiter(map(len, sequences), dtype=np.int64, count=len(sequences))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    letters = np.frombuffer(b"".join(sequences), dtype=np.uint8)
    return Fasta(names, dna.encode_letters(letters), offsets, merged, renamed)


def _describe_illegal(title: str, illegal: bytes) -> str:
    """Say what is wrong with a record that holds letters outside the DNA alphabet."""
    letters = set(illegal)
    shown = ", ".join(repr(chr(code)) for code in sorted(letters)[:5])
    if letters <= set(b"Uu"):
        return f"the record '{title}' holds U, so it is RNA; write T for U."
    if letters & _PROTEIN_ONLY:
        return f"the record '{title}' looks like protein (it holds {shown}); DNA is expected."
    return f"the record '{title}' holds {shown}, which is not DNA; letters are A, C, G, T and N."


def _describe_headless(text: bytes) -> str:
    """Say what a file is that does not begin with a FASTA header."""
    start = text[:40].decode("latin-1")
    if text.startswith(b"@"):
        return (
            "this looks like FASTQ; FASTA is expected here, with records that begin with '>' (FASTQ"
            " is read by the assays 'htselex' and 'smileseq')."
        )
    if b"\t" in text:
        return (
            f"this looks like a table ('{start}'), not FASTA;"
            " for coordinates use the assay 'peaks', for a table with values 'table'."
        )
    return f"the text '{start}' comes before the first header; records begin with '>name'."
