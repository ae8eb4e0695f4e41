"""The index of a FASTA (``.fai``): build it at disk speed, read it, write it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nfexplainn.errors import UserError
from nfexplainn.io.fasta import LEGAL_LETTERS
from nfexplainn.io.reading import reading
from nfexplainn.io.text import check_text, open_binary
from nfexplainn.problems import ErrorCollector

_CHUNK = 1 << 24
_LINE_ENDS = b"\r\n"


@dataclass(frozen=True)
class FaidxRecord:
    """A line of the index.

    Attributes
    ----------
    name : str
    length : int
        In bp.
    offset : int
        Byte of the first base.
    bases : int
        Bases per line.
    stride : int
        Bytes per line, with its end.
    """

    name: str
    length: int
    offset: int
    bases: int
    stride: int


class _Builder:
    """The record being read, and those that are done."""

    def __init__(self, name: str) -> None:
        self.problems = ErrorCollector(name)
        self.records: list[FaidxRecord] = []
        self.seen: set[str] = set()
        self.title: str | None = None
        self.offset = self.length = self.bases = self.stride = 0
        self.line_break = False  # a line shorter than the others has been seen
        self.uneven = self.illegal = False

    def open(self, header: bytes, offset: int) -> None:
        """Begin a record."""
        words = header[1:].split(None, 1)
        self.title = words[0].decode("latin-1") if words else ""
        if not self.title:
            self.problems.add("a header has no name after '>'; give each chromosome one.")
        elif self.title in self.seen:
            self.problems.add(
                f"the name '{self.title}' occurs twice; each chromosome needs its own."
            )
        self.seen.add(self.title)
        self.offset, self.length, self.bases, self.stride = offset, 0, 0, 0
        self.line_break = self.uneven = self.illegal = False

    def add(self, block: bytes) -> None:
        """Take in whole lines of sequence."""
        letters = np.frombuffer(block, dtype=np.uint8)
        ends = np.flatnonzero(letters == ord("\n"))
        if not len(ends) or ends[-1] != len(letters) - 1:
            ends = np.append(ends, len(letters))  # the file's last line may lack its end
        strides = np.diff(ends, prepend=-1)
        # All lines end alike but perhaps the file's last.
        carriage = int(len(letters) > 1 and ends[0] > 0 and letters[ends[0] - 1] == ord("\r"))
        bases = np.maximum(strides - 1 - carriage, 0)
        if ends[-1] == len(letters):  # the last line has no line end to take off
            bases[-1] = strides[-1] - 1
        if not self.bases:
            self.bases, self.stride = int(bases[0]), int(bases[0]) + 1 + carriage
        short = bases != self.bases
        # Only the record's last line may be shorter; blank lines may follow it.
        if (bases > self.bases).any() or (short[:-1] & (bases[1:] > 0)).any():
            self.uneven = True
        if self.line_break and bases.any():
            self.uneven = True
        self.line_break = self.line_break or bool(short.any())
        self.length += int(bases.sum())
        if not self.illegal:
            wrong = block.translate(None, LEGAL_LETTERS + _LINE_ENDS)
            if wrong:
                self.illegal = True
                self.problems.add(
                    f"'{self.title}' holds {chr(wrong[0])!r}, which is not DNA; is this the"
                    " genome's FASTA?"
                )

    def close(self) -> None:
        """End a record."""
        if self.title is None:
            return
        if not self.length:
            self.problems.add(f"the chromosome '{self.title}' has no sequence; remove it.")
        if self.uneven:
            self.problems.add(
                f"the lines of '{self.title}' differ in length, so it cannot be indexed;"
                " rewrite the file with 'seqkit seq -w 60' or 'fold'."
            )
        self.records.append(
            FaidxRecord(self.title, self.length, self.offset, self.bases, self.stride)
        )


def build_index(path: str | Path, name: str) -> list[FaidxRecord]:
    """Index a FASTA, unpacked or compressed (then by its unpacked offsets), in one pass.

    Raises
    ------
    UserError
        If it is no FASTA, holds letters that no DNA has or a name twice, or if the lines of a
        record differ in length.
    """
    builder = _Builder(name)
    position = 0
    rest = b""
    with open_binary(path, name) as file, reading(name):
        while chunk := file.read(_CHUNK):
            if position == 0 and not rest:
                check_text(chunk[:4096], name)
                if not chunk.startswith(b">"):
                    raise UserError(
                        f"{name}: this is not FASTA; a genome begins with '>' and a name, not with"
                        f" '{chunk[:20].decode('latin-1').splitlines()[0]}'."
                    )
            chunk = rest + chunk
            whole = chunk.rfind(b"\n") + 1
            _take(builder, chunk[:whole], position)
            position += whole
            rest = chunk[whole:]
    if rest:
        _take(builder, rest, position)
    builder.close()
    builder.problems.stop()
    if not builder.records:
        raise UserError(f"{name}: the file is empty once unpacked.")
    return builder.records


def _take(builder: _Builder, lines: bytes, position: int) -> None:
    """Hand whole lines, of headers and of sequence, to the builder."""
    start = 0
    while start < len(lines):
        if lines[start : start + 1] == b">":
            end = lines.find(b"\n", start) + 1 or len(lines)
            builder.close()
            builder.open(lines[start:end], position + end)
        else:
            end = lines.find(b"\n>", start) + 1 or len(lines)
            builder.add(lines[start:end])
        start = end


def write_index(records: list[FaidxRecord], path: Path) -> None:
    """Write a ``.fai``; it appears only when it is whole."""
    part = path.with_name(path.name + ".part")
    part.write_text(
        "".join(f"{r.name}\t{r.length}\t{r.offset}\t{r.bases}\t{r.stride}\n" for r in records)
    )
    part.replace(path)


def read_index(path: Path, name: str) -> list[FaidxRecord]:
    """Read a ``.fai``.

    Raises
    ------
    UserError
        If it is no index.
    """
    records = []
    with reading(name, f"its index {path.name} is damaged", "delete it"):
        for line in path.read_text().splitlines():
            fields = line.split("\t")
            record = FaidxRecord(fields[0], *map(int, fields[1:5]))
            if not 0 < record.bases < record.stride or min(record.length, record.offset) < 0:
                raise ValueError(f"see {fields[0]}")
            records.append(record)
    if not records:
        raise UserError(f"{name}: its index {path.name} is empty; delete it.")
    return records
