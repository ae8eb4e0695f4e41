"""Changes of what is compressed with a checksum: no change of what it holds may pass."""

from __future__ import annotations

import dataclasses
import gzip
import io
import random
import struct
import zlib
from collections.abc import Callable

from fuzz.changes import BYTES, REFUSE, SAME, SOUND, TOLD, Change
from fuzz.text import other_number
from nfexplainn.io.compression import GZIP_MAGIC


def checked(data: bytes, rng: random.Random) -> Change:
    """Change bytes of a file with checksums over all that it holds."""
    change = rng.choice(BYTES)(data, rng)
    if change.data == data:
        return change
    # RFC 1952, 2.2: a file joined to itself is one valid file of twice as many records, as when
    # files of chromosomes are joined; no checksum tells of it, so the number of records has to.
    joined = change.data == data + data and data[:2] == GZIP_MAGIC
    return dataclasses.replace(change, expect=TOLD if joined else SAME)


def short(data: bytes, rng: random.Random) -> Change:
    """Lose the end."""
    left = rng.choice((3, 12, len(data) // 2, len(data) - 9, len(data) - 4, len(data) - 1))
    return Change(data[:left], f"cut to {left} of {len(data)} bytes", REFUSE)


def repacked(data: bytes, rng: random.Random) -> Change:
    """Pack the same in another way."""
    text = gzip.decompress(data)
    half = len(text) // 2
    named = io.BytesIO()
    with gzip.GzipFile("a name", "wb", 1, named, 9) as file:
        file.write(text)
    forms = {
        "not at all": text,
        "least": gzip.compress(text, 1, mtime=1),
        "with a name": named.getvalue(),
        "in two members": gzip.compress(text[:half]) + gzip.compress(text[half:]),
        "with an empty member": data + gzip.compress(b""),
        "with NULs at the end": data + b"\x00" * 512,
    }
    what = rng.choice(sorted(forms))
    return Change(forms[what], f"packed {what}", SOUND)


def wrong_sum(data: bytes, rng: random.Random) -> Change:
    """Let the checksum or the length be another."""
    at = rng.choice((-8, -4))
    tail = bytearray(data)
    tail[at] ^= 0x55
    return Change(bytes(tail), "another checksum or length", REFUSE)


def twice(data: bytes, _rng: random.Random) -> Change:
    """Compress twice."""
    return Change(gzip.compress(data), "compressed twice", SAME)


def inner(data: bytes, rng: random.Random) -> Change:
    """Change the text within."""
    change = other_number(gzip.decompress(data), rng)
    return dataclasses.replace(change, data=gzip.compress(change.data, mtime=0), expect="any")


def bomb(_data: bytes, _rng: random.Random) -> Change:
    """Pack a line that fills the memory."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = packer.compress(b"A" * (1 << 24))
    parts = [block, *(packer.compress(b"A" * (1 << 24)) for _ in range(3)), packer.flush()]
    return Change(b"".join(parts), "64 MiB of one letter", REFUSE)


def bigwig(data: bytes, rng: random.Random) -> Change:
    """Change a field of the header, or the compressed body, or write it anew."""
    kind = rng.random()
    if kind < 0.35:
        return _bigwig_field(data, rng)
    if kind < 0.6:
        first, last = struct.unpack_from("<QQ", data, 16)
        at = rng.randrange(first + 8, last)
        out = bytearray(data)
        out[at] ^= 1 << rng.randrange(8)
        return Change(bytes(out), f"a bit of the body at {at}", SAME)
    return _bigwig_values(rng)


def _bigwig_field(data: bytes, rng: random.Random) -> Change:
    """Supplement of Kent et al. 2010: the header of 64 bytes."""
    fields = {
        "version": (4, "<H"), "zooms": (6, "<H"), "tree": (8, "<Q"), "body": (16, "<Q"),
        "index": (24, "<Q"), "fields": (32, "<H"), "summary": (44, "<Q"), "buffer": (52, "<I"),
    }  # fmt: skip
    what = rng.choice(sorted(fields))
    at, form = fields[what]
    bits = 8 * struct.calcsize(form)
    value = rng.choice((0, 1, len(data), 2**bits - 1, 2 ** (bits - 1), rng.randrange(2**bits)))
    out = bytearray(data)
    struct.pack_into(form, out, at, value)
    return Change(bytes(out), f"{what} of the header is {value}", SAME)


def _bigwig_values(rng: random.Random) -> Change:
    import tempfile
    from pathlib import Path

    import pybigtools

    from region_fixtures import SIZES

    sizes = dict(SIZES)
    rows = [(c, s, s + 50, 1.0) for c, n in sizes.items() for s in range(0, n - 50, 100)]
    wrong = {"NaN": float("nan"), "infinity": float("inf"), "-infinity": -float("inf")}
    what = rng.choice((*wrong, "sizes", "names", "nothing"))
    rename: dict[str, str] = {}
    if what in wrong:
        place = rng.randrange(len(rows))
        rows[place] = (*rows[place][:3], wrong[what])
    elif what == "sizes":
        sizes["chr2"] += rng.choice((1, 1000))
    elif what == "names":
        rename = {"chr2": "2", "chr10": "10"}
    else:
        rows = rows[:1]
    rows = [(rename.get(c, c), s, e, v) for c, s, e, v in rows]
    sizes = {rename.get(name, name): size for name, size in sizes.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.bw")
        writer = pybigtools.open(str(path), "w")
        writer.write(sizes, iter(sorted(rows)))
        expect = TOLD if what == "nothing" else REFUSE
        return Change(path.read_bytes(), f"{what} within", expect)


GZIP: list[Callable[[bytes, random.Random], Change]] = [
    checked, checked, checked, short, repacked, repacked, wrong_sum, twice, inner, bomb,
]  # fmt: skip
