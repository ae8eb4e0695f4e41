"""Compressed files, told by their first bytes, not their names: gzip, bzip2, xz, one in a ZIP."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path
from typing import BinaryIO, cast

GZIP_MAGIC = b"\x1f\x8b"
_XZ_MAGIC = b"\xfd7zXZ\x00"
_ZIP_MAGIC = b"PK\x03\x04"
# What macOS adds to the archives that it makes.
_MAC = "__MACOSX/"


def is_gzip(path: str | Path) -> bool:
    """Tell whether a file is compressed with gzip."""
    with Path(path).open("rb") as file:
        return file.read(2) == GZIP_MAGIC


def is_bgzip(path: str | Path) -> bool:
    """Tell whether a file is compressed with bgzip, the gzip that allows random access."""
    with Path(path).open("rb") as file:
        head = file.read(16)
    # RFC 1952: flag 4 is an extra field; the SAM specification's subfield is called BC.
    return (
        len(head) == 16
        and head[:3] == b"\x1f\x8b\x08"
        and bool(head[3] & 4)
        and (head[12:14] == b"BC")
    )


def open_unpacked(path: str | Path) -> BinaryIO | None:
    """Open the content of a compressed file; None where it is not compressed.

    A ZIP archive is one where it holds one file alone, which no workbook does.
    """
    path = Path(path)
    with path.open("rb") as file:
        head = file.read(10)
    if head[:2] == GZIP_MAGIC:
        return cast(BinaryIO, gzip.open(path, "rb"))
    if head[:3] == b"BZh" and head[4:10] == b"1AY&SY":
        return cast(BinaryIO, bz2.open(path, "rb"))
    if head[:6] == _XZ_MAGIC:
        return cast(BinaryIO, lzma.open(path, "rb"))
    return _only_member(path) if head[:4] == _ZIP_MAGIC else None


def _only_member(path: Path) -> BinaryIO | None:
    """Open the only file of an archive; None where it holds several or none, or is damaged."""
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        return None
    names = [
        name
        for name in archive.namelist()
        if not name.endswith("/") and not name.startswith(_MAC) and name != "[Content_Types].xml"
    ]
    return cast(BinaryIO, archive.open(names[0])) if len(names) == 1 else None
