"""Records of reads: the sequences of FASTQ and FASTA, in chunks."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, cast

import dnaio

from nfexplainn.errors import UserError
from nfexplainn.io.fasta import LEGAL_LETTERS
from nfexplainn.io.reading import reading
from nfexplainn.io.text import BOM, check_text

CHUNK = 32768
_BUFFER = 1 << 17
# An empty line of bases, and the line between; qualities may begin with + as well.
_EMPTY_READ = re.compile(rb"\n\r?\n\+[^\n]*$")
_TAIL = 1000


def read_chunks(handle: BinaryIO, name: str) -> Iterator[tuple[int, list[str]]]:
    """Give the sequences of a FASTQ or FASTA file, many at a time, with the first one's number.

    Parameters
    ----------
    handle : binary file
        Unpacked, at its start.
    name : str
        The file as the user wrote it.

    Yields
    ------
    tuple of int and list of str
        Number of the first sequence, from 1, and up to :data:`CHUNK` sequences.

    Raises
    ------
    UserError
        If the file is neither, or holds RNA, or a FASTA other letters than those of DNA.
    """
    with reading(name):
        # Peeking leaves the stream where it is, for pipes and gzip alike.
        head = cast(Any, handle).peek(512)[:512]
        check_text(head, name)
        if head.startswith(BOM):
            handle.read(len(BOM))
    start = head.removeprefix(BOM).lstrip()
    if not start:
        raise UserError(f"{name}: there is no read in this file; download or create it again.")
    if not start.startswith((b"@", b">")):
        shown = start.split(b"\n")[0].strip()[:20]
        raise UserError(
            f"{name}, line 1: '{shown.decode('latin-1')}' begins neither a FASTQ ('@') nor a"
            f" FASTA ('>') record; {_way_out(start.split(None, 2))}."
        )
    is_fasta = start.startswith(b">")
    texts = _fasta(handle) if is_fasta else _fastq(handle, name)
    number = 1
    with reading(name):
        while part := list(itertools.islice(texts, CHUNK)):
            _check_no_rna(part, number, name)
            if is_fasta:  # of FASTQ dnaio has checked that it is one
                _check_letters(part, number, name)
            yield number, part
            number += len(part)


def _way_out(words: Sequence[bytes]) -> str:
    """Say how to give reads that stand in lines, alone or with their name or count."""
    for at, word in enumerate(words[:2], 1):
        if len(word) > 7 and not word.upper().translate(None, LEGAL_LETTERS):
            # no f-string: doubled braces are a template's to nf-core lint
            program = '{print ">" NR "\\n" $' + str(at) + "}"
            return f"write reads in lines as FASTA (awk '{program}')"
    return "give reads as FASTQ or FASTA"


class _WithoutEmptyLines(io.RawIOBase):
    """A stream without the empty lines at its end, which are no record."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self._held, self._tail = b"", b""

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; line ends are held back until something follows."""
        while True:
            part = self._stream.read(max(1, len(buffer) - len(self._held)))
            if not part:
                # A read of no bases has no qualities either: its last line is empty, and no more.
                lines = 2 if _EMPTY_READ.search(self._tail) else 1
                end, self._held = b"\n" * min(lines, self._held.count(b"\n")), b""
                buffer[: len(end)] = end
                return len(end)
            found = self._held + part
            kept = found.rstrip(b"\r\n")
            self._held = found[len(kept) :]
            if kept:
                self._tail = (self._tail + kept)[-_TAIL:]
                break
        buffer[: len(kept)] = kept
        return len(kept)


def _fastq(handle: BinaryIO, name: str) -> Iterator[str]:
    """Give the sequences of a FASTQ file."""
    try:
        stream = io.BufferedReader(_WithoutEmptyLines(handle), _BUFFER)
        with dnaio.open(stream, fileformat="fastq") as reader:
            for read in reader:
                yield read.sequence
    except dnaio.FileFormatError as error:
        line = getattr(error, "line", None)
        place = f"{name}, line {line + 1}" if isinstance(line, int) else name
        text = " ".join(str(getattr(error, "message", error)).split()).rstrip(".")
        raise UserError(
            f"{place}: this FASTQ or FASTA record is incomplete or damaged ({text}); download or"
            " create it again."
        ) from error


def _fasta(handle: BinaryIO) -> Iterator[str]:
    """Give the sequences of a FASTA file, '' where a record has none.

    dnaio's own reader wants headers in the locale's encoding, and skips a record whenever it is
    asked for a new iterator.
    """
    parts: list[bytes] | None = None
    for line in handle:
        if line.startswith(b">"):
            if parts is not None:
                yield b"".join(parts).decode("latin-1")
            parts = []
        elif parts is not None and not line.startswith((b"#", b";")):
            parts.append(line.translate(None, b" \t\r\n"))
    if parts is not None:
        yield b"".join(parts).decode("latin-1")


def _check_no_rna(reads: Sequence[str], first: int, name: str) -> None:
    """Refuse RNA, whose U would make every read one with N.

    Raises
    ------
    UserError
        With the number of the first read that holds U; ``first`` is that of the first of all.
    """
    letters = "".join(reads)
    if "U" in letters or "u" in letters:
        at = first + next(i for i, read in enumerate(reads) if "U" in read or "u" in read)
        raise UserError(
            f"{name}: read {at:,} holds U, so it is RNA; write T for U, and set reverse_complement"
            " to false, since RNA has one strand."
        )


def _check_letters(reads: Sequence[str], first: int, name: str) -> None:
    """Refuse what no sequence holds, such as the qualities of a FASTQ whose first line is lost.

    Raises
    ------
    UserError
        With the number of the first such read; ``first`` is that of the first of all.
    """
    if not "".join(reads).encode("latin-1").translate(None, LEGAL_LETTERS):
        return
    for at, read in enumerate(reads, first):
        if illegal := read.encode("latin-1").translate(None, LEGAL_LETTERS):
            raise UserError(
                f"{name}: read {at:,} holds {chr(illegal[0])!r}, which is not DNA; letters are A,"
                " C, G, T and N (a FASTQ begins with '@', a FASTA with '>')."
            )
