"""What a change of a file is, and changes of bytes that any file can suffer."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass

# What must come of a change:
ANY = "any"  # no fault, but the numbers may be others: nothing in the file tells
TOLD = "told"  # refused, or the same numbers, or what was left out or read otherwise is told
SAME = "same"  # refused, or the same numbers
SOUND = "sound"  # the same numbers: this is a valid form of the file
REFUSE = "refuse"  # refused


@dataclass(frozen=True)
class Change:
    """A changed file.

    Attributes
    ----------
    data : bytes
    what : str
        What was done to it.
    expect : str
        What must come of it.
    names : tuple of str
        What a sentence may name instead of the file.
    """

    data: bytes
    what: str
    expect: str = ANY
    names: tuple[str, ...] = ()


Changer = Callable[[bytes, random.Random], Change]


def _place(data: bytes, rng: random.Random) -> int:
    """Choose a byte; the beginning and the end, where headers are, more often."""
    n = len(data)
    where = rng.random()
    if where < 0.35:
        return rng.randrange(min(n, 256))
    if where < 0.55:
        return n - 1 - rng.randrange(min(n, 256))
    return rng.randrange(n)


def flip(data: bytes, rng: random.Random) -> Change:
    """Flip some bits."""
    out = bytearray(data)
    count = rng.choice((1, 1, 1, 2, 4, 16))
    for _ in range(count):
        out[_place(data, rng)] ^= 1 << rng.randrange(8)
    return Change(bytes(out), f"{count} bits flipped")


def overwrite(data: bytes, rng: random.Random) -> Change:
    """Write other bytes over some."""
    size = min(len(data), rng.choice((1, 2, 4, 8, 64)))
    at = min(_place(data, rng), len(data) - size)
    fill = rng.choice((b"\x00" * size, b"\xff" * size, b"\x7f" * size, rng.randbytes(size)))
    return Change(data[:at] + fill + data[at + size :], f"{size} bytes overwritten at {at}")


def cut(data: bytes, rng: random.Random) -> Change:
    """Lose the end, as when a disk is full or a download ends."""
    left = rng.choice((0, 1, 7, len(data) - 1, len(data) // 2, rng.randrange(len(data))))
    return Change(data[:left], f"cut to {left} of {len(data)} bytes")


def insert(data: bytes, rng: random.Random) -> Change:
    """Put bytes in."""
    at, size = _place(data, rng), rng.choice((1, 2, 4, 8, 512))
    return Change(data[:at] + rng.randbytes(size) + data[at:], f"{size} bytes put in at {at}")


def lose(data: bytes, rng: random.Random) -> Change:
    """Lose bytes in the middle."""
    at, size = _place(data, rng), rng.choice((1, 2, 4, 8, 512))
    return Change(data[:at] + data[at + size :], f"{size} bytes lost at {at}")


def repeat(data: bytes, rng: random.Random) -> Change:
    """Have a block twice, or two blocks in each other's place."""
    size = max(1, len(data) // rng.choice((3, 10, 50)))
    one = rng.randrange(len(data) - size + 1)
    other = rng.randrange(len(data) - size + 1)
    block = data[one : one + size]
    return Change(data[:other] + block + data[other + size :], f"block {one} again at {other}")


def append(data: bytes, rng: random.Random) -> Change:
    """Have something after the end."""
    tail = rng.choice((b"\x00", b"\x00" * 512, b"\n", rng.randbytes(64), data))
    return Change(data + tail, f"{len(tail)} bytes after the end")


FOREIGN = {
    "a web page": b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n",
    "a PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "PNG": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 64,
    "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
    "the head of a ZIP": b"PK\x03\x04" + b"\x14\x00\x00\x00\x08\x00" + b"\x01" * 60,
    "the head of HDF5": b"\x89HDF\r\n\x1a\n" + b"\x00" * 80,
    "the head of Parquet": b"PAR1" + b"\x15\x04" * 30 + b"PAR1",
    "the head of a bigWig": b"\x26\xfc\x8f\x88\x04\x00" + b"\x01" * 90,
    "the head of gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "a BAM": b"BAM\x01" + b"\x00" * 40,
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    "bytes": bytes(range(256)) * 8,
    "NULs": b"\x00" * 4096,
    "gzip of nothing": gzip.compress(b"", mtime=0),
    "gzip of gzip": gzip.compress(gzip.compress(b"chr1\t1\t200\n", mtime=0), mtime=0),
    "a pickle": b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x8c\x06system\x94.",
    "JSON": b'{"a": [1, 2, {"b": null}]}\n',
}


def foreign(_data: bytes, rng: random.Random) -> Change:
    """Give another kind of file."""
    what = rng.choice(sorted(FOREIGN))
    return Change(FOREIGN[what], f"{what} instead", REFUSE)


BYTES: list[Changer] = [flip, flip, flip, overwrite, overwrite, cut, insert, lose, repeat, append]
