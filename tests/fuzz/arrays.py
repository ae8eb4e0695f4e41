"""Changes of what a binary file says of itself: sparse matrices, HDF5 and Parquet."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

from fuzz.changes import ANY, REFUSE, SAME, SOUND, TOLD, Change

Arrays = dict[str, Any]
_Edit = Callable[[Arrays, random.Random], None]


def _set(name: str, place: int | str, value: int) -> _Edit:
    def edit(arrays: Arrays, rng: random.Random) -> None:
        array = arrays[name].astype(np.int64)
        at = rng.randrange(len(array)) if place == "any" else min(int(place), len(array) // 2)
        array[at] = value
        arrays[name] = array

    return edit


def _map(name: str, change: Callable[[Any], Any]) -> _Edit:
    def edit(arrays: Arrays, _rng: random.Random) -> None:
        arrays[name] = change(arrays[name])

    return edit


def _without(name: str) -> _Edit:
    def edit(arrays: Arrays, _rng: random.Random) -> None:
        del arrays[name]

    return edit


def _with_nan(array: Any, value: float) -> Any:
    out = array.astype(np.float32)
    out[len(out) // 2] = value
    return out


def _swap_bounds(array: Any) -> Any:
    out = array.copy()
    steps = np.flatnonzero(np.diff(out))
    at = int(steps[len(steps) // 2])
    out[at], out[at + 1] = out[at + 1], out[at]
    return out


# Of the parts of a compressed sparse matrix, whatever the file.
SPARSE: dict[str, tuple[_Edit, str]] = {
    **{f"index {value}": (_set("indices", "any", value), REFUSE)
       for value in (-1, -2, -(2**31), 100_000, 2_000_000_000, 2**40)},
    **{f"pointer {value} within": (_set("indptr", 9, value), REFUSE)
       for value in (-1, 100_000, 2_000_000_000, -(2**40))},
    "first pointer 5": (_set("indptr", 0, 5), REFUSE),
    "last pointer smaller": (_map("indptr", lambda a: np.r_[a[:-1], a[-2] - 1]), REFUSE),
    "last pointer larger": (_map("indptr", lambda a: np.r_[a[:-1], a[-1] + 7]), REFUSE),
    "pointers not in order": (_map("indptr", _swap_bounds), REFUSE),
    "a pointer too few": (_map("indptr", lambda a: a[:-1]), REFUSE),
    "a pointer too many": (_map("indptr", lambda a: np.r_[a, a[-1]]), REFUSE),
    "no pointers": (_map("indptr", lambda a: a[:0]), REFUSE),
    "pointers as floats": (_map("indptr", lambda a: a.astype(np.float64)), SAME),
    "pointers as text": (_map("indptr", lambda a: a.astype("S")), REFUSE),
    "pointers in a square": (_map("indptr", lambda a: a[: len(a) // 2 * 2].reshape(2, -1)), REFUSE),
    "indices cut": (_map("indices", lambda a: a[:-3]), REFUSE),
    "indices too many": (_map("indices", lambda a: np.r_[a, a[:3]]), REFUSE),
    "indices as floats": (_map("indices", lambda a: a.astype(np.float64)), SAME),
    "indices half": (_map("indices", lambda a: a + 0.5), REFUSE),
    "indices NaN": (_map("indices", lambda a: _with_nan(a, np.nan)), REFUSE),
    "indices unsigned": (_map("indices", lambda a: a.astype(np.uint64)), SAME),
    "indices big-endian": (_map("indices", lambda a: a.astype(">i4")), SAME),
    "indices as text": (_map("indices", lambda a: a.astype("S")), REFUSE),
    "indices complex": (_map("indices", lambda a: a.astype(np.complex64)), REFUSE),
    "data cut": (_map("data", lambda a: a[:-3]), REFUSE),
    "data too many": (_map("data", lambda a: np.r_[a, a[:3]]), REFUSE),
    "data as text": (_map("data", lambda a: a.astype("S")), REFUSE),
    "data 2d": (_map("data", lambda a: np.stack([a, a])), REFUSE),
    "data a scalar": (_map("data", lambda a: a.reshape(-1)[0]), REFUSE),
    "data NaN": (_map("data", lambda a: _with_nan(a, np.nan)), ANY),
    "data infinite": (_map("data", lambda a: _with_nan(a, np.inf)), REFUSE),
    "data -7": (_map("data", lambda a: _with_nan(a, -7)), REFUSE),
    "data complex": (_map("data", lambda a: a.astype(np.complex64)), REFUSE),
    "data float64": (_map("data", lambda a: a.astype(np.float64)), SOUND),
    "data float16": (_map("data", lambda a: a.astype(np.float16)), SAME),
    "data of times": (_map("data", lambda a: a.astype("M8[s]")), REFUSE),
}  # fmt: skip


def npz(data: bytes, rng: random.Random) -> Change:
    """Let the parts of a sparse matrix be untrue."""
    with np.load(io.BytesIO(data)) as file:
        arrays: Arrays = {name: file[name] for name in file.files}
    of_shape = {
        f"shape {shape}": (_map("shape", lambda _, s=shape: np.array(s)), REFUSE)
        for shape in ((3, 200), (200, 4), (201, 3), (-200, 3), (2**40, 3), (200,), (200, 3, 1), ())
    }
    own: dict[str, tuple[_Edit, str]] = {
        **of_shape,
        "shape as floats": (_map("shape", lambda a: a.astype(np.float64)), SAME),
        "shape NaN": (_map("shape", lambda a: a * np.nan), REFUSE),
        "format unknown": (_map("format", lambda _: np.array("xyz")), REFUSE),
        "format a number": (_map("format", lambda _: np.array(3)), REFUSE),
        "format bytes": (_map("format", lambda a: np.array(str(a).encode())), SAME),
        "format not UTF-8": (_map("format", lambda _: np.array(b"\xff\xfe")), REFUSE),
        "another part": (lambda arrays, _: arrays.update(more=np.arange(3)), SAME),
        "data objects": (_map("data", lambda a: a.astype(object)), REFUSE),
    }
    for name in list(arrays):
        own[f"no {name}"] = (_without(name), REFUSE)
    if "indptr" in arrays:
        own |= {
            what: (edit, SAME if what == "data float64" else e)
            for what, (edit, e) in SPARSE.items()
        }
    else:
        for part, size in (("row", 200), ("col", 3)):
            for value in (-1, size, 2**31, -(2**40)):
                own[f"{part} {value}"] = (_set(part, "any", value), REFUSE)
    if rng.random() < 0.15:
        return _false_header(arrays, rng)
    what = rng.choice(sorted(own))
    edit, expect = own[what]
    edit(arrays, rng)
    out = io.BytesIO()
    rng.choice((np.savez, np.savez_compressed))(out, **arrays)
    return Change(out.getvalue(), what, expect)


def _false_header(arrays: Arrays, rng: random.Random) -> Change:
    """Let a part claim another size or type than it has."""
    name = rng.choice([n for n in ("data", "indices", "indptr", "row", "col") if n in arrays])
    shape = rng.choice(("(1000000000000,)", "(-1,)", "(3, 100000000000)", "(7,)", "'x'", "()"))
    kind = rng.choice(("<i4", "|O", "<f8", "<U999999999", "<V8", "nonsense", "<M8[s]"))
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    part = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for other, array in arrays.items():
            body = io.BytesIO()
            np.save(body, array)
            text = part + array.tobytes() if other == name else body.getvalue()
            archive.writestr(f"{other}.npy", text)
    return Change(out.getvalue(), f"{name} claims {shape} of {kind}", REFUSE)


def parquet(data: bytes, rng: random.Random) -> Change:
    """Let columns be of other types, and values beyond bounds."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(data), use_threads=False)
    n, names = len(table), table.column_names
    value = names[-1]

    def put(name: str, array: Any) -> Any:
        return table.set_column(names.index(name), name, array)

    def one(name: str, wrong: Any, kind: Any = None) -> Any:
        values = table[name].to_pylist()
        values[n // 2] = wrong
        return put(name, pa.array(values, kind))

    start = table[names[1]]
    edits: dict[str, tuple[Callable[[], Any], str]] = {
        "start as float": (lambda: put("start", start.cast(pa.float64())), SAME),
        "start infinite": (lambda: one("start", float("inf"), pa.float64()), REFUSE),
        "start NaN": (lambda: one("start", float("nan"), pa.float64()), REFUSE),
        "start null": (lambda: one("start", None), TOLD),
        "start half": (
            lambda: put("start", pa.array([v + 0.5 for v in start.to_pylist()])),
            REFUSE,
        ),
        "start negative": (lambda: one("start", -5), TOLD),
        "start after end": (lambda: one("start", 10**9), TOLD),
        "end beyond": (lambda: one("end", 2**62), TOLD),
        "end of uint64": (lambda: put("end", pa.array([2**64 - 1] * n, pa.uint64())), REFUSE),
        "start as text": (lambda: put("start", start.cast(pa.string())), SAME),
        "start as bool": (lambda: put("start", pa.array([True] * n)), REFUSE),
        "start of times": (lambda: put("start", start.cast(pa.timestamp("s"))), REFUSE),
        "chrom null": (lambda: one("chrom", None), TOLD),
        "chrom empty": (lambda: one("chrom", ""), TOLD),
        "chrom binary": (lambda: put("chrom", table["chrom"].cast(pa.binary())), SAME),
        "chrom not UTF-8": (lambda: put("chrom", pa.array([b"\xff"] * n)), REFUSE),
        "chrom a category": (lambda: put("chrom", table["chrom"].dictionary_encode()), SAME),
        "chrom numbers": (lambda: put("chrom", pa.array([1] * n)), REFUSE),
        "value infinite": (lambda: one(value, float("inf"), pa.float64()), REFUSE),
        "value too large for float32": (lambda: one(value, 1e300, pa.float64()), REFUSE),
        "value of int64": (lambda: put(value, pa.array([2**62 + i for i in range(n)])), ANY),
        "value text": (lambda: put(value, pa.array(["abc"] * n)), TOLD),
        "value binary": (lambda: put(value, pa.array([b"\xff"] * n)), TOLD),
        "value a list": (lambda: put(value, pa.array([[1]] * n)), TOLD),
        "value a struct": (lambda: put(value, pa.array([{"a": 1}] * n)), TOLD),
        "value of times": (lambda: put(value, pa.array([1] * n, pa.timestamp("s"))), TOLD),
        "value decimal": (lambda: put(value, pa.array([1] * n, pa.decimal128(38, 0))), ANY),
        "value null": (lambda: put(value, pa.nulls(n)), TOLD),
        "no rows": (lambda: table.slice(0, 0), REFUSE),
        "no columns": (lambda: table.select([]), REFUSE),
        "no values": (lambda: table.select(names[:3]), REFUSE),
        "no end": (lambda: table.drop_columns(["end"]), REFUSE),
        "two of one name": (lambda: table.append_column("start", start), TOLD),
        "a name that is a quote": (lambda: table.rename_columns([*names[:-1], '"a']), TOLD),
        "a name of lines": (lambda: table.rename_columns([*names[:-1], "a\nb\t"]), TOLD),
        "an empty name": (lambda: table.rename_columns([*names[:-1], ""]), TOLD),
        "pandas' own words broken": (
            lambda: table.replace_schema_metadata({b"pandas": b"{\xff", b"ARROW:x": b"1"}),
            SAME,
        ),
        "small row groups": (lambda: table, SOUND),
    }
    if "start" not in names:  # our own data set
        edits = {
            "no words of ours": (lambda: table.replace_schema_metadata({}), REFUSE),
            "words of ours broken": (
                lambda: table.replace_schema_metadata({b"nf-explainn": b"{"}),
                REFUSE,
            ),
            "sequences cut": (lambda: put("sequence", pa.array(["ACG"] * n)), REFUSE),
            "label NaN": (lambda: table, ANY),
        }
    what = rng.choice(sorted(edits))
    make, expect = edits[what]
    out = io.BytesIO()
    size = 7 if what == "small row groups" else None
    pq.write_table(
        make(), out, row_group_size=size, compression=rng.choice(("snappy", "zstd", None))
    )
    return Change(out.getvalue(), what, expect)
