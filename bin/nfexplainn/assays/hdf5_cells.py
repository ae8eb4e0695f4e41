"""Open single cells in HDF5: AnnData (``.h5ad``), and the matrices of 10x Genomics."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from nfexplainn.assays import cell_counts
from nfexplainn.assays.cell_counts import Cells, Entries, Ints
from nfexplainn.assays.hdf5_files import array, check_survival, child, texts, vector
from nfexplainn.assays.regions import make_peaks, parse_names
from nfexplainn.assays.sparse_files import check_places, check_pointers
from nfexplainn.assays.spec import InputFile
from nfexplainn.errors import UserError
from nfexplainn.io.coordinate_columns import find_coordinates
from nfexplainn.io.intervals import Peaks
from nfexplainn.io.reading import reading
from nfexplainn.io.region_names import split_region
from nfexplainn.values import whole

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_FAULT = "this HDF5 file is damaged, or is neither AnnData nor 10x"
_WAY_OUT = "download it again, or write it again with a current anndata"
_LARGEST = 1 << 48  # positions that no genome has
# Of processor time to read all but the values.
_SECONDS, _BYTES_PER_SECOND = 4, 10_000_000


def open_hdf5(file: InputFile) -> Cells:
    """Open an AnnData, or a 10x matrix of peaks by cells.

    Raises
    ------
    UserError
        If it is neither, or damaged.
    """
    with reading(file.name, _FAULT, _WAY_OUT):
        size = Path(file.path).stat().st_size
        check_survival(lambda: _try(file), _SECONDS + size // _BYTES_PER_SECOND)
        return _open(file)


def _try(file: InputFile) -> None:
    """Read all of a file but its values, and some of these."""
    next(_open(file).entries(), None)


def _open(file: InputFile) -> Cells:
    with h5py.File(file.path, "r") as root:
        if isinstance(root.get("matrix"), h5py.Group) and "barcodes" in child(root, "matrix"):
            return _open_10x(file, root)
        if "obs" in root and "var" in root:
            if "X" not in root:
                raise _without_x(file.name, root)
            return _open_anndata(file, root)
    raise UserError(
        f"{file.name}: this HDF5 file is neither AnnData (X, obs, var) nor a 10x matrix; write it"
        " with anndata's write_h5ad."
    )


def _without_x(name: str, root: Any) -> UserError:
    """Say of an AnnData without a matrix where there are others."""
    layers = sorted(child(root, "layers")) if "layers" in root else []
    there = f" (there is layers['{layers[0]}'])" if layers else ""
    return UserError(
        f"{name}: this AnnData has no X; put the matrix of cells by regions there{there}, as"
        " SnapATAC2's add_tile_matrix or make_peak_matrix do."
    )


def _index_name(frame: Any) -> str:
    """Give the name of the index of an AnnData data frame."""
    name = frame.attrs.get("_index", "_index")
    return name.decode("utf-8") if isinstance(name, bytes) else str(name)


def _open_anndata(file: InputFile, root: Any) -> Cells:
    """Read all of an AnnData but its matrix, cells by regions."""
    obs, var = child(root, "obs"), child(root, "var")
    barcodes, names = texts(obs, _index_name(obs)), texts(var, _index_name(var))
    rows = _peak_rows(var, len(names))
    peaks = _regions(file.name, var, names, rows)
    columns = {}
    for key in obs:
        if key != _index_name(obs):
            values = texts(obs, key)
            if len(values) == len(barcodes):
                columns[key] = np.array(values, dtype=np.str_)
    kind, shape = _form(file.name, root)
    if shape != (len(barcodes), len(names)):
        raise UserError(
            f"{file.name}: X is {shape[0]:,} by {shape[1]:,}, but obs has {len(barcodes):,} cells"
            f" and var {len(names):,} regions; X must be cells by regions."
        )
    entries = partial(_anndata_entries, file, kind, shape)
    return Cells(file.name, barcodes, peaks, rows, columns, entries, len(names))


def _peak_rows(var: Any, count: int) -> Ints:
    """Give the rows of var that are peaks: all, unless a column of types tells some (multiome)."""
    for key in ("feature_types", "feature_type", "modality"):
        if key in var:
            kinds = np.array([kind.lower() for kind in texts(var, key)])
            peaks = np.flatnonzero(np.isin(kinds, ("peaks", "peak", "atac")))
            if len(kinds) == count and len(peaks):
                return peaks
    return np.arange(count)


def _form(name: str, root: Any) -> tuple[str, tuple[int, int]]:
    """Tell how the matrix of an AnnData is stored, and its shape."""
    matrix = child(root, "X")
    if isinstance(matrix, h5py.Group):
        kind = str(matrix.attrs["encoding-type"]).removesuffix("_matrix")
        stored = np.asarray(matrix.attrs["shape"])
        if stored.dtype.kind not in "iu":
            raise ValueError(f"the shape of X is {stored.tolist()}")
        shape = tuple(int(size) for size in stored.ravel())
    else:
        kind, shape = "dense", tuple(array(root, "X").shape)
    if kind not in ("dense", "csr", "csc"):
        raise UserError(f"{name}: X is stored as '{kind}'; store it dense, csr or csc.")
    if len(shape) != 2:
        raise ValueError(f"the shape of X is {shape}")
    return kind, (shape[0], shape[1])


def _regions(name: str, var: Any, names: list[str], rows: Ints) -> Peaks:
    """Read the regions of some rows of an AnnData, from columns or from their names."""
    columns = list(var)
    where = find_coordinates(columns)
    if where is None:
        return parse_names(name, _place_names(var, names, rows))
    chrom, start, end = (columns[at] for at in where)
    bounds = [_positions(name, var, key) for key in (start, end)]
    chromosomes = np.array(texts(var, chrom), dtype=np.str_)
    if not len(chromosomes) == len(bounds[0]) == len(bounds[1]) == len(names):
        raise ValueError(f"{chrom}, {start} and {end} of var differ in length")
    low, high = bounds[0][rows], bounds[1][rows]
    low = low - _counts_from_one(var, low, high, rows)
    wrong = np.flatnonzero((low < 0) | (low >= high))
    if len(wrong):
        row = int(wrong[0])
        raise UserError(
            f"{name}: region {rows[row] + 1:,} in var, {low[row]} to {high[row]}, is not a valid"
            " interval (starts count from 0); correct start and end."
        )
    return make_peaks(name, chromosomes[rows].tolist(), low, high)


def _place_names(var: Any, names: list[str], rows: Ints) -> list[str]:
    """Give the names that tell where regions lie: of the index, or of a column (``interval``)."""
    found = [names[row] for row in rows.tolist()]
    if found and split_region(found[0]):
        return found
    for key in ("interval", "peak", "peaks", "region", "regions"):
        if key in var:
            other = texts(var, key)
            if len(other) == len(names) and all(split_region(other[row]) for row in rows.tolist()):
                return [other[row] for row in rows.tolist()]
    return found


def _counts_from_one(var: Any, low: Ints, high: Ints, rows: Ints) -> int:
    """Tell by a column of widths whether starts count from 1 (GRanges), as 1, else 0."""
    for key in ("width", "length"):
        if key in var and len(widths := texts(var, key)) > int(rows.max(initial=-1)):
            told = np.array([whole(widths[row]) or 0 for row in rows.tolist()])
            return int(len(told) > 0 and bool((told == high - low + 1).all()))
    return 0


def _positions(name: str, var: Any, key: str) -> Ints:
    """Read a column of positions."""
    try:
        values = [float(text) for text in texts(var, key)]
    except ValueError as error:
        raise UserError(f"{name}: start and end in var are not numbers ({error}).") from error
    for row, value in enumerate(values):
        if not (abs(value) < _LARGEST and value.is_integer()):
            raise UserError(
                f"{name}: region {row + 1:,} has {value:g} in the column {key} of var, which is not"
                " a position; write whole numbers."
            )
    return np.array(values, dtype=np.float64).astype(np.int64)


def _anndata_entries(file: InputFile, kind: str, shape: tuple[int, int]) -> Iterator[Entries]:
    """Give the entries of an AnnData's matrix."""
    with reading(file.name, _FAULT, _WAY_OUT), h5py.File(file.path, "r") as root:
        if kind == "dense":
            yield from _dense(array(root, "X"))
        else:
            sizes = shape if kind == "csr" else shape[::-1]
            for major, minor, value in _compressed(child(root, "X"), sizes):
                yield (major, minor, value) if kind == "csr" else (minor, major, value)


def _open_10x(file: InputFile, root: Any) -> Cells:
    """Read all of a 10x HDF5 but its counts, features by cells in columns."""
    matrix = child(root, "matrix")
    features = child(matrix, "features")
    barcodes, names = texts(matrix, "barcodes"), texts(features, "id")
    rows = np.arange(len(names))
    if "feature_type" in features:
        kinds = np.array(texts(features, "feature_type"))
        if len(kinds) != len(names):
            raise ValueError(f"{len(kinds):,} types of {len(names):,} features")
        rows = np.flatnonzero(kinds == "Peaks")
        if not len(rows):
            shown = kinds[0] if len(kinds) else "none"
            raise UserError(
                f"{file.name}: no feature is of the type Peaks (there is {shown}); give the"
                " matrix of peaks by cells (filtered_peak_bc_matrix.h5)."
            )
    peaks = parse_names(file.name, [names[row] for row in rows.tolist()])
    if "shape" in matrix:
        shape = tuple(vector(matrix, "shape", "iu").tolist())
        if shape != (len(names), len(barcodes)):
            raise ValueError(
                f"its shape is {shape} for {len(names):,} features and {len(barcodes):,} barcodes"
            )
    entries = partial(_10x_entries, file, (len(barcodes), len(names)))
    return Cells(file.name, barcodes, peaks, rows, {}, entries, len(names))


def _10x_entries(file: InputFile, sizes: tuple[int, int]) -> Iterator[Entries]:
    """Give the entries of a 10x matrix, which is stored cell by cell."""
    with reading(file.name, _FAULT, _WAY_OUT), h5py.File(file.path, "r") as root:
        yield from _compressed(child(root, "matrix"), sizes)


def _dense(matrix: Any) -> Iterator[Entries]:
    """Give the entries of a dense matrix that are not 0."""
    if matrix.dtype.kind not in "biuf":
        raise ValueError(f"{matrix.name} holds {matrix.dtype}, not numbers")
    step = max(1, cell_counts.CHUNK // max(1, matrix.shape[1]))
    for first in range(0, matrix.shape[0], step):
        part = np.asarray(matrix[first : first + step], dtype=np.float64)
        major, minor = np.nonzero(part)
        yield major + first, minor, part[major, minor]


def _compressed(group: Any, sizes: tuple[int, int]) -> Iterator[Entries]:
    """Give the entries of a compressed matrix: major axis, minor axis, value."""
    data, indices = array(group, "data"), array(group, "indices")
    for one in (data, indices):
        if one.shape != (data.size,) or one.dtype.kind not in "biuf":
            raise ValueError(f"{one.name} holds {one.dtype} of shape {one.shape}")
    bounds = vector(group, "indptr", "iu")
    check_pointers(bounds, len(data), sizes[0], f"{group.name}/indptr")
    bounds = bounds.astype(np.int64)
    for first in range(0, len(data), cell_counts.CHUNK):
        last = min(first + cell_counts.CHUNK, len(data))
        major = np.searchsorted(bounds, np.arange(first, last), side="right") - 1
        minor = indices[first:last]
        check_places(minor, sizes[1], indices.name, first)
        yield major, minor.astype(np.int64), np.asarray(data[first:last], dtype=np.float64)
