"""Read text that may be compressed, say plainly what a file is when it is none; write it whole."""

from __future__ import annotations

import codecs
import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from nfexplainn.errors import UserError
from nfexplainn.io.compression import open_unpacked
from nfexplainn.io.reading import reading

BOM = b"\xef\xbb\xbf"  # byte order mark of UTF-8
_HEAD = 4096
_OF_READS = "give the peaks called from it, its reads as FASTQ (samtools fastq), or a bigWig"
_MAGICS: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive", "save it as tab-separated text"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save it as tab-separated text"),
    (b"\xeb\xf2\x89\x87", "a bigBed file", "convert it with bigBedToBed"),
    (b"\x87\x89\xf2\xeb", "a bigBed file", "convert it with bigBedToBed"),
    (b"\x26\xfc\x8f\x88", "a bigWig file", "give the peaks called from it"),
    (b"\x88\x8f\xfc\x26", "a bigWig file", "give the peaks called from it"),
    (b"BAM\x01", "a BAM file", _OF_READS),
    (b"CRAM", "a CRAM file", _OF_READS),
    (b"ARROW1", "a Feather file", "write its table as Parquet, or as text"),
    (b"PAR1", "a Parquet file", "give the text file that it was made from"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it, or compress it with gzip"),
    (b"\x1f\x9d", "compressed with compress", "unpack it (gunzip), or compress it with gzip"),
    (b"\x04\x22\x4d\x18", "compressed with lz4", "unpack it, or compress it with gzip"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it (7z x)"),
    (b"\x89HDF", "an HDF5 file", "give the text file that it was made from"),
    (b"\x43\x27\x41\x1a", "a 2bit file", "convert it with twoBitToFa"),
    (b"\x1a\x41\x27\x43", "a 2bit file", "convert it with twoBitToFa"),
    (b"RDX", "an R data file", "write its table as text (write.table)"),
    (b"X\n\x00\x00", "an R object (RDS)", "write its table as text (write.table)"),
    (b"{\\rtf", "a document (RTF)", "save it as plain text"),
    (b"\x1aE\xdf\xa3", "a media file", "check the path"),
    (b"%PDF", "a PDF", "check the path"),
    (b"\xff\xfe", "text in UTF-16", "save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16", "save it as UTF-8"),
    (b"<!DOCTYPE", "a web page", "the download failed: download the file again"),
    (b"<html", "a web page", "the download failed: download the file again"),
)


class EmptyFileError(UserError):
    """A file of 0 bytes, perhaps once unpacked: no mistake where nothing may stand."""


def open_binary(path: str | Path, name: str) -> BinaryIO:
    """Open a file, unpacking it on the way where it is compressed.

    Raises
    ------
    UserError
        If the file is missing, unreadable, a folder, or empty.
    """
    path = Path(path)
    with reading(name):
        if path.is_dir():
            raise UserError(f"{name}: this is a folder; give a file.")
        if path.stat().st_size == 0:
            raise EmptyFileError(
                f"{name}: the file is empty (0 bytes); download or create it again."
            )
        return open_unpacked(path) or path.open("rb")


def first_bytes(path: str | Path, name: str, n: int = 8) -> bytes:
    """Give the first (unpacked) bytes of a file, by which its format is told.

    Raises
    ------
    UserError
        If the file is missing, empty or damaged.
    """
    with open_binary(path, name) as file, reading(name):
        return file.read(n)


def check_text(head: bytes, name: str) -> None:
    """Refuse what is no text, by its first (unpacked) bytes.

    Raises
    ------
    UserError
        That says what the file is instead.
    """
    # An entry's name stands in its header, from byte 30 on; that of a workbook is known.
    if head[:4] == b"PK\x03\x04" and len(head) > 30 and b"[Content_Types].xml" not in head:
        raise UserError(
            f"{name}: this is a ZIP archive of several files, or a damaged one; unpack it (unzip)."
        )
    for magic, what, way_out in _MAGICS:
        if head[: len(magic)].lower() == magic.lower():
            raise UserError(f"{name}: this is {what}, not plain text; {way_out}.")
    if head[257:262] == b"ustar":
        raise UserError(f"{name}: this is a tar archive, not plain text; unpack it (tar -xf).")
    if b"\x00" in head:
        raise UserError(f"{name}: this is a binary file, not text; check the path.")
    # Latin-1 has a letter for each byte; of texts that it is meant for, most are ASCII.
    if 2 * sum(byte > 0x7F for byte in head) > len(head) and not _is_utf8(head):
        raise UserError(
            f"{name}: most of its bytes are neither UTF-8 nor Latin-1 text (is it EBCDIC?); save it"
            " as UTF-8."
        )


def read_lines(path: str | Path, name: str) -> Iterator[bytes]:
    r"""Give the lines of a text file, compressed or not, without their ends, one after another.

    ``\r\n`` and a byte order mark are removed, so files saved on Windows read like any other.

    Raises
    ------
    UserError
        If the file is missing, empty, binary, or damaged.
    """
    with open_binary(path, name) as file, reading(name):
        head = _first_text(file, name)
        check_text(head, name)
        # Old Macintosh line ends would make one line of the whole file.
        if b"\r" in head and b"\n" not in head:
            raise UserError(
                f"{name}: its lines end in a lone carriage return; save it with Unix line endings."
            )
        rest = head.removeprefix(BOM) + file.readline()
        for line in rest.splitlines():
            yield line
        for line in file:
            yield line.rstrip(b"\r\n")


def read_text_lines(path: str | Path, name: str) -> Iterator[str]:
    r"""Give the lines of a text file as texts, whatever its encoding and line ends.

    UTF-8, with or without a byte order mark, UTF-16, or Latin-1 where a line is no UTF-8;
    ``\n``, ``\r\n`` or ``\r``; compressed or not.

    Raises
    ------
    UserError
        If the file is missing, empty, binary, or damaged.
    """
    with open_binary(path, name) as file, reading(name):
        head = _first_text(file, name)
        encoding = _encoding(head)
        if not encoding.startswith("utf-16"):
            check_text(head, name)
        file.seek(0)
        text = io.TextIOWrapper(file, encoding=encoding, errors="surrogateescape")
        for line in text:
            line = line.rstrip("\n")
            if not line.isascii():
                line = _latin(line)
            yield line


def _first_text(file: BinaryIO, name: str) -> bytes:
    """Read the beginning of a text."""
    head = file.read(_HEAD)
    if not head:
        raise EmptyFileError(
            f"{name}: the file is empty once unpacked; download or create it again."
        )
    if head == BOM:
        raise EmptyFileError(
            f"{name}: the file holds only a byte order mark; download or create it again."
        )
    return head


def _is_utf8(head: bytes) -> bool:
    """Tell whether the beginning of a text is UTF-8, wherever it ends."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _encoding(head: bytes) -> str:
    """Tell the encoding of a text by its first bytes."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    # Without a mark: of Latin letters every second byte is 0.
    low, high = head[0::2], head[1::2]
    if b"\x00" in head and len(high) > 1:
        if high.count(0) > 0.9 * len(high) and not low.count(0):
            return "utf-16-le"
        if low.count(0) > 0.9 * len(low) and not high.count(0):
            return "utf-16-be"
    return "utf-8-sig"


def _latin(line: str) -> str:
    """Read a line as Latin-1 where it was no UTF-8."""
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        return line.encode("utf-8", "surrogateescape").decode("latin-1")
    return line


def sha256(path: str | Path) -> str:
    """Sha256 of a file's bytes as they lie on disk, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text(path: str | Path, text: str) -> None:
    """Write a file under a temporary name and rename it, so that none is left half-written."""
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
