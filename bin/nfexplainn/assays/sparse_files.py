"""Archives of NumPy arrays (``.npz``), checked before they are believed.

SciPy takes the index of a sparse matrix on trust: a false one ends the process, or moves a value.
"""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn.errors import UserError
from nfexplainn.io.reading import check_size, reading

if TYPE_CHECKING:
    from scipy import sparse

# No byte of deflate unpacks to more.
_MOST_PACKED = 1032
_SLACK = 1 << 16
Array = NDArray[Any]


def read_arrays(path: str | Path, name: str, fault: str, way_out: str) -> dict[str, Array]:
    """Read all arrays of an ``.npz``, of which none runs code or claims more than it has.

    Parameters
    ----------
    path : path
    name : str
        The file as the user wrote it.
    fault, way_out : str
        What to say of a file that is none, and what to do about it.

    Raises
    ------
    UserError
        If the archive or an array in it is damaged, cut short, or holds objects.
    """
    found = {}
    with reading(name, fault, way_out), zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            part = f"its part {entry.filename}"
            check_size(name, part, entry.file_size, _MOST_PACKED * entry.compress_size + _SLACK)
            with archive.open(entry) as file:
                check_size(name, part, _claimed(file), entry.file_size)
            with archive.open(entry) as file:
                array = np.lib.format.read_array(file, allow_pickle=False)
                if file.read(1):  # to the end, where the checksum stands
                    raise ValueError(f"{entry.filename} is longer than its array")
                found[entry.filename.removesuffix(".npy")] = array
    return found


def _claimed(file: Any) -> int:
    """Give the bytes that the header of an array claims."""
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in read:
        raise ValueError(f"version {version} of its arrays is unknown")
    try:
        shape, _, kind = read[version](file)
    except MemoryError as error:  # of the parser, at brackets in brackets
        raise ValueError("the header of an array is damaged") from error
    if kind.hasobject:
        raise ValueError("it holds objects, not numbers")
    if min(shape, default=0) < 0:
        raise ValueError(f"an array has the shape {shape}")
    return math.prod(shape) * kind.itemsize


def read_sparse(
    path: str | Path, name: str, wanted: tuple[int, int], said: str
) -> sparse.csr_matrix:
    """Read a sparse matrix of SciPy in any of its formats.

    Parameters
    ----------
    path : path
        Written by ``scipy.sparse.save_npz``.
    name : str
        The file as the user wrote it.
    wanted : tuple of int
        The shape that it must have.
    said : str
        Why it must: ``peaks.bed has 60 regions``.

    Returns
    -------
    csr_matrix
        float64; a place that is stored twice holds the sum.

    Raises
    ------
    UserError
        If the file is damaged or no such matrix, has another shape, or an index points beyond it.
    """
    fault, way_out = "this is not a sparse matrix of SciPy", "write it with scipy.sparse.save_npz"
    arrays = read_arrays(path, name, fault, way_out)
    with reading(name, fault, way_out):
        kind = arrays["format"].item()
        kind = kind.decode("ascii") if isinstance(kind, bytes) else str(kind)
        shape = _shape(arrays["shape"])
        if shape != wanted:
            raise UserError(
                f"{name}: the matrix has {shape[0]:,} rows and {shape[1]:,} columns, but {said}."
            )
        data = arrays["data"]
        if data.dtype.kind not in "biuf":
            raise ValueError(f"its values are {data.dtype}, not numbers")
        if kind == "dia":
            return _diagonals(data.astype(np.float64), arrays["offsets"], shape)
        if kind == "coo":
            where = arrays["coords"] if "coords" in arrays else (arrays["row"], arrays["col"])
            return _listed(data.astype(np.float64), where, shape)
        if kind not in ("csr", "csc", "bsr"):
            raise ValueError(f"its format is '{kind}'")
        return _compressed(kind, data.astype(np.float64), arrays, shape)


def check_index(
    pointers: Array, indices: Array, stored: int, majors: int, minors: int, names: tuple[str, str]
) -> None:
    """Refuse a compressed index that is not true.

    Parameters
    ----------
    pointers, indices : array
        Where each row (or column) begins among the stored values, and the place of each in it.
    stored : int
        Number of stored values.
    majors, minors : int
        Number of rows and columns (or of columns and rows).
    names : tuple of str
        What the two arrays are called in the file.

    Raises
    ------
    ValueError
        That says what and where.
    """
    check_pointers(pointers, stored, majors, names[0])
    if indices.ndim != 1 or len(indices) != stored:
        raise ValueError(f"{names[1]} has the shape {indices.shape} for {stored:,} values")
    check_places(indices, minors, names[1])


def check_pointers(pointers: Array, stored: int, majors: int, name: str) -> None:
    """Refuse pointers that do not go from 0 to the number of stored values without a step back.

    Raises
    ------
    ValueError
    """
    if pointers.dtype.kind not in "iu":
        raise ValueError(f"{name} holds {pointers.dtype}, not whole numbers")
    if pointers.shape != (majors + 1,):
        raise ValueError(f"{name} has the shape {pointers.shape}, not ({majors + 1},)")
    if pointers[0] != 0 or pointers[-1] != stored:
        raise ValueError(
            f"{name} goes from {pointers[0]:,} to {pointers[-1]:,}, not from 0 to {stored:,}"
        )
    back = np.flatnonzero(pointers[1:] < pointers[:-1])
    if len(back):
        raise ValueError(f"{name} decreases at entry {back[0] + 2:,}")


def check_places(places: Array, size: int, name: str, first: int = 0) -> None:
    """Refuse places outside an axis.

    Parameters
    ----------
    places : array
    size : int
        Length of the axis.
    name : str
        What the array is called in the file.
    first : int
        Number of the first of these in it, from 0.

    Raises
    ------
    ValueError
    """
    if places.dtype.kind not in "iu":
        raise ValueError(f"{name} holds {places.dtype}, not whole numbers")
    if len(places) and (places.min() < 0 or places.max() >= size):
        at = int(np.argmax((places < 0) | (places >= size)))
        raise ValueError(
            f"entry {first + at + 1:,} of {name} is {places[at]}, outside 0 to {size - 1:,}"
        )


def _shape(stored: Array) -> tuple[int, int]:
    """Read the shape of a matrix."""
    if stored.shape != (2,) or stored.dtype.kind not in "iu" or (stored < 0).any():
        raise ValueError(f"its shape is {stored.tolist()}")
    return int(stored[0]), int(stored[1])


def _compressed(
    kind: str, data: Array, arrays: dict[str, Array], shape: tuple[int, int]
) -> sparse.csr_matrix:
    """Make a matrix of compressed rows, columns or blocks."""
    pointers, indices = arrays["indptr"], arrays["indices"]
    majors, minors = shape if kind != "csc" else shape[::-1]
    if kind == "bsr":
        if data.ndim != 3 or not all(data.shape[1:]) or majors % data.shape[1]:
            raise ValueError(f"its blocks have the shape {data.shape}")
        if minors % data.shape[2]:
            raise ValueError(f"its blocks have the shape {data.shape}")
        majors, minors = majors // data.shape[1], minors // data.shape[2]
    elif data.ndim != 1:
        raise ValueError(f"its values have the shape {data.shape}")
    check_index(pointers, indices, len(data), majors, minors, ("indptr", "indices"))
    from scipy import sparse

    make = {"csr": sparse.csr_matrix, "csc": sparse.csc_matrix, "bsr": sparse.bsr_matrix}[kind]
    return make((data, indices.astype(np.int64), pointers.astype(np.int64)), shape=shape).tocsr()


def _listed(data: Array, where: Any, shape: tuple[int, int]) -> sparse.csr_matrix:
    """Make a matrix of entries that each say where they are."""
    row, column = (np.asarray(one) for one in where)
    for one, size, name in ((row, shape[0], "row"), (column, shape[1], "col")):
        if data.ndim != 1 or one.shape != data.shape:
            raise ValueError(f"{name} has the shape {one.shape} for values of {data.shape}")
        check_places(one, size, name)
    from scipy import sparse

    places = (row.astype(np.int64), column.astype(np.int64))
    return sparse.coo_matrix((data, places), shape=shape).tocsr()


def _diagonals(data: Array, offsets: Array, shape: tuple[int, int]) -> sparse.csr_matrix:
    """Make a matrix of diagonals."""
    if data.ndim != 2 or offsets.shape != data.shape[:1] or offsets.dtype.kind not in "iu":
        raise ValueError(f"its diagonals have the shapes {data.shape} and {offsets.shape}")
    check_places(offsets.astype(np.int64) + shape[0], shape[0] + shape[1] + 1, "offsets")
    from scipy import sparse

    return sparse.dia_matrix((data, offsets.astype(np.int64)), shape=shape).tocsr()
