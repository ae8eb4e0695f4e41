"""Changes of HDF5: AnnData and the matrices of 10x."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

from fuzz.arrays import SPARSE
from fuzz.changes import ANY, REFUSE, SAME, TOLD, Change

_Edit = Callable[[Any], None]


def hdf5(data: bytes, rng: random.Random) -> Change:
    """Let a part be untrue, of another type, elsewhere or missing."""
    file = io.BytesIO(data)
    with h5py.File(file, "r+") as root:
        edits = _of_tenx() if "matrix" in root else _of_anndata(root)
        matrix = "matrix" if "matrix" in root else "X"
        if isinstance(root[matrix], h5py.Group):
            for part in ("data", "indices", "indptr"):
                edits |= _of_part(f"{matrix}/{part}")
            if rng.random() < 0.4:
                return _sparse(root, matrix, file, rng)
        what = rng.choice(sorted(edits))
        edit, expect = edits[what]
        edit(root)
    return Change(file.getvalue(), what, expect)


def _sparse(root: Any, matrix: str, file: io.BytesIO, rng: random.Random) -> Change:
    group = root[matrix]
    parts = {name: group[name][:] for name in ("data", "indices", "indptr")}
    what = rng.choice(sorted(SPARSE))
    edit, expect = SPARSE[what]
    edit(parts, rng)
    for name, array in parts.items():
        del group[name]
        if array.dtype.kind == "M":
            array = array.astype("S20")
        group.create_dataset(name, data=array)
    root.close()
    # A count that is no number has no other meaning here.
    return Change(file.getvalue(), what, REFUSE if what == "data NaN" else expect)


def _put(path: str, value: Any, **more: Any) -> _Edit:
    def edit(root: Any) -> None:
        if path in root:
            del root[path]
        root.create_dataset(path, data=value, **more)

    return edit


def _map(path: str, change: Callable[[Any], Any]) -> _Edit:
    def edit(root: Any) -> None:
        value = change(root[path][:])
        kind = h5py.string_dtype() if value.dtype.kind == "O" else None
        del root[path]
        root.create_dataset(path, data=value, dtype=kind)

    return edit


def _link(path: str, link: Any) -> _Edit:
    def edit(root: Any) -> None:
        del root[path]
        root[path] = link

    return edit


def _of_part(path: str) -> dict[str, tuple[_Edit, str]]:
    """Changes of any part that has to be there."""

    def remove(root: Any) -> None:
        del root[path]

    def huge(root: Any) -> None:
        kind = np.dtype("f4") if isinstance(root[path], h5py.Group) else root[path].dtype
        del root[path]
        kind = np.dtype("f4") if kind.kind == "O" else kind
        root.create_dataset(path, shape=(10**13,), chunks=(1024,), dtype=kind)

    def group(root: Any) -> None:
        del root[path]
        root.create_group(path)

    compound = np.zeros(3, dtype=[("a", "i4"), ("b", "f8")])
    edits: dict[str, tuple[_Edit, str]] = {
        "missing": (remove, REFUSE),
        "of 10^13 values": (huge, REFUSE),
        "a group": (group, REFUSE),
        "a scalar": (_put(path, 7), REFUSE),
        "nothing": (_put(path, h5py.Empty("f4")), REFUSE),
        "compound": (_put(path, compound), REFUSE),
        "booleans": (_put(path, np.array([True, False])), REFUSE),
        "of no rows": (_put(path, np.zeros(0)), REFUSE),
        "in a square": (_put(path, np.zeros((4, 4))), REFUSE),
        "a link to itself": (_link(path, h5py.SoftLink(f"/{path}")), REFUSE),
        "a link to nothing": (_link(path, h5py.SoftLink("/nowhere")), REFUSE),
        "a link to the root": (_link(path, h5py.SoftLink("/")), REFUSE),
        "a link to another file": (_link(path, h5py.ExternalLink("/etc/passwd", "/x")), REFUSE),
    }
    return {f"{path} {what}": edit for what, edit in edits.items()}


def _names_of(path: str) -> dict[str, tuple[_Edit, str]]:
    """Changes of a list of names."""
    latin = np.array([b"caf\xe9"] * 90, dtype="S9")
    edits = {
        "in Latin-1": (_map(path, lambda a: latin[: len(a)]), REFUSE),
        "one too few": (_map(path, lambda a: a[:-1]), REFUSE),
        "one too many": (_map(path, lambda a: np.r_[a, a[:1]]), REFUSE),
        "numbers": (_map(path, lambda a: np.arange(len(a))), TOLD),
        "one NUL": (
            _map(path, lambda a: np.r_[np.array([b"a\x00b"], "S9"), a[1:].astype("S90")]),
            ANY,
        ),
    }
    return {f"{path} {what}": edit for what, edit in edits.items()}


def _of_tenx() -> dict[str, tuple[_Edit, str]]:
    edits = _of_part("matrix/barcodes") | _names_of("matrix/barcodes")
    edits |= _of_part("matrix/features/id") | _names_of("matrix/features/id")
    for value in ([90, 80], [0, 0], [-1, 3], [80], [2**31 - 1, 2**31 - 1]):
        edits[f"shape {value}"] = (_put("matrix/shape", np.array(value)), TOLD)
    edits["features no group"] = (_put("matrix/features", np.arange(3)), REFUSE)
    edits["features of genes"] = (
        _put("matrix/features/feature_type", np.array(["Gene"] * 80, "S")),
        REFUSE,
    )
    edits["too few types"] = (
        _put("matrix/features/feature_type", np.array(["Peaks"] * 8, "S")),
        REFUSE,
    )
    return edits


def _attribute(path: str, name: str, value: Any) -> _Edit:
    def edit(root: Any) -> None:
        if value is None:
            del root[path].attrs[name]
        else:
            root[path].attrs[name] = value

    return edit


def _of_anndata(root: Any) -> dict[str, tuple[_Edit, str]]:
    edits = _of_part("obs/_index") | _names_of("obs/_index")
    edits |= _of_part("var/_index") | _names_of("var/_index") | _of_part("obs/cluster")
    edits |= _of_part("obs/cluster/codes") | _of_part("obs/cluster/categories")
    text = h5py.string_dtype()
    edits["region huge"] = (
        _map(
            "var/_index", lambda a: np.r_[np.array([b"chr1:0-99999999999999999999"], object), a[1:]]
        ),
        TOLD,
    )
    for value in (3, 5, 127):
        edits[f"code {value}"] = (
            _map("obs/cluster/codes", lambda a, v=value: np.r_[np.int8(v), a[1:]]),
            REFUSE,
        )
    edits["code -1"] = (_map("obs/cluster/codes", lambda a: np.r_[np.int8(-1), a[1:]]), ANY)
    edits["code -5"] = (_map("obs/cluster/codes", lambda a: np.r_[np.int8(-5), a[1:]]), REFUSE)
    edits["codes as floats"] = (_map("obs/cluster/codes", lambda a: a.astype("f4")), SAME)
    edits["codes one too few"] = (_map("obs/cluster/codes", lambda a: a[:-1]), TOLD)
    edits["categories equal"] = (_put("obs/cluster/categories", ["B", "B", "10"], dtype=text), TOLD)
    edits["a category too few"] = (_put("obs/cluster/categories", ["B", "T"], dtype=text), REFUSE)
    latin = np.array([b"caf\xe9", b"b", b"c"])
    edits["categories in Latin-1"] = (_put("obs/cluster/categories", latin), ANY)
    for frame in ("obs", "var"):
        edits[f"{frame} an old table"] = (_put(frame, np.zeros(90, [("index", "S9")])), REFUSE)
        edits[f"{frame} index called otherwise"] = (_attribute(frame, "_index", "gone"), REFUSE)
        edits[f"{frame} index a number"] = (_attribute(frame, "_index", 7), REFUSE)
    if isinstance(root["X"], h5py.Group):
        for value in ("csc_matrix", "csr_matrix", "coo_matrix", 7, None, b"\xff"):
            expect = SAME if value == root["X"].attrs["encoding-type"] else REFUSE
            edits[f"encoding {value}"] = (_attribute("X", "encoding-type", value), expect)
        for shape in ((80, 90), (90, 81), (90,), (-1, 80), "90 80", None, (1e300, 1), (90.5, 80)):
            edits[f"shape {shape}"] = (_attribute("X", "shape", shape), REFUSE)
        return edits
    dense = root["X"][:]
    bad = {np.nan: REFUSE, np.inf: REFUSE, -1.0: REFUSE, 1e30: ANY}
    for wrong, expect in bad.items():
        edits[f"dense {wrong}"] = (_put("X", np.where(dense == dense.max(), wrong, dense)), expect)
    return edits | _of_part("X") | {
        "dense 3d": (_put("X", dense[None]), REFUSE),
        "dense turned": (_put("X", dense.T), REFUSE),
        "dense text": (_put("X", dense.astype("S4")), REFUSE),
        "dense complex": (_put("X", dense.astype("c8")), REFUSE),
    }  # fmt: skip
