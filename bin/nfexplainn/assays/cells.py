"""Read single-cell accessibility and average it over clusters of cells, without loading it whole.

AnnData (``.h5ad``), the HDF5 of 10x Genomics, and Matrix Market with its two lists beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nfexplainn.assays.regions import make_peaks, parse_names
from nfexplainn.assays.spec import InputFile
from nfexplainn.data.dataset import Floats
from nfexplainn.errors import UserError
from nfexplainn.io.coordinate_columns import CHROM, END, START, find_coordinates
from nfexplainn.io.delimited import open_delimited
from nfexplainn.io.intervals import Peaks
from nfexplainn.io.peak_shapes import is_peak_header
from nfexplainn.io.text import first_bytes, open_binary, read_lines
from nfexplainn.values import whole

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_CHUNK = 1 << 22  # stored values at a time
Ints = NDArray[np.int64]
# Positions of cells and regions, and values, of many stored entries.
_Entries = tuple[Ints, Ints, NDArray[np.float64]]


@dataclass(frozen=True)
class Cells:
    """Counts of cells in regions, read when asked for.

    Attributes
    ----------
    name : str
        The file as the user wrote it.
    barcodes : list of str
        One per cell.
    peaks : Peaks
        The regions.
    rows : integer array, shape (regions,)
        Which of the file's features the regions are (others are no peaks).
    columns : mapping of str to array of str
        What the file says of its cells, '' where unknown.
    entries : callable
        Gives the stored entries, a chunk at a time: cell, feature, value.
    features : int
        Number of features in the file.
    """

    name: str
    barcodes: list[str]
    peaks: Peaks
    rows: Ints
    columns: Mapping[str, NDArray[np.str_]]
    entries: Callable[[], Iterator[_Entries]]
    features: int


def mean_per_cluster(cells: Cells, cluster: Ints, clusters: int) -> Floats:
    """Average every region over the cells of each cluster.

    Parameters
    ----------
    cells : Cells
    cluster : int64 array, shape (cells,)
        -1 for cells of none.
    clusters : int

    Returns
    -------
    float32 array, shape (regions, clusters)

    Raises
    ------
    UserError
        If a value is negative or no number.
    """
    sums = np.zeros(cells.features * clusters)
    for cell, feature, value in cells.entries():
        if not np.isfinite(value).all() or (value < 0).any():
            raise UserError(
                f"{cells.name}: the matrix holds negative values or values that are no numbers;"
                " give counts or denoised accessibility, not scaled data."
            )
        mine = cluster[cell]
        used = mine >= 0
        place = feature[used] * clusters + mine[used]
        sums += np.bincount(place, weights=value[used], minlength=len(sums))
    sizes = np.bincount(cluster[cluster >= 0], minlength=clusters)
    return (sums.reshape(-1, clusters)[cells.rows] / sizes).astype(np.float32)


def open_cells(file: InputFile, regions: InputFile | None, barcodes: InputFile | None) -> Cells:
    """Open a file of cells by regions.

    Parameters
    ----------
    file : InputFile
        AnnData, 10x HDF5, or Matrix Market (regions by cells).
    regions, barcodes : InputFile or None
        For Matrix Market: BED (or 10x ``features.tsv``) and a barcode per line.

    Raises
    ------
    UserError
        If it is none of these, or its parts do not fit.
    """
    if first_bytes(file.path, file.name) != HDF5_MAGIC:
        return _open_market(file, regions, barcodes)
    try:
        with h5py.File(file.path, "r") as root:
            if "matrix" in root and "barcodes" in root["matrix"]:
                return _open_10x(file, root)
            if "X" in root and "obs" in root and "var" in root:
                return _open_anndata(file, root)
    except (OSError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{file.name}: this HDF5 file lacks what AnnData and 10x files have ({error});"
            " write it anew with a current anndata."
        ) from error
    raise UserError(
        f"{file.name}: this HDF5 file is neither AnnData (X, obs, var) nor a 10x matrix; write it"
        " with anndata's write_h5ad."
    )


def _texts(node: Any) -> list[str]:
    """Read strings of HDF5, plain or categorical; '' where unknown."""
    if isinstance(node, h5py.Group):
        if "categories" in node:
            names = [*_texts(node["categories"]), ""]
            return [names[code] for code in node["codes"][:].tolist()]
        values = _texts(node["values"])
        unknown = node["mask"][:] if "mask" in node else np.zeros(len(values), dtype=bool)
        return ["" if gone else text for text, gone in zip(values, unknown.tolist(), strict=True)]
    if h5py.check_string_dtype(node.dtype) is not None:
        return [str(text) for text in node.asstr()[:]]
    values = node[:]
    if values.dtype.kind == "S":
        return [text.decode("utf-8") for text in values.tolist()]
    if values.dtype.kind == "f":
        return ["" if np.isnan(value) else f"{value:g}" for value in values.tolist()]
    return [str(value) for value in values.tolist()]


def _frame_index(frame: Any) -> list[str]:
    """Read the index of an AnnData data frame."""
    return _texts(frame[frame.attrs.get("_index", "_index")])


def _open_anndata(file: InputFile, root: Any) -> Cells:
    """Read all of an AnnData but its matrix, cells by regions."""
    obs, var, matrix = root["obs"], root["var"], root["X"]
    barcodes, names = _frame_index(obs), _frame_index(var)
    lower = {key.lower(): key for key in var}
    where = [next((lower[c] for c in some if c in lower), None) for some in (CHROM, START, END)]
    if None in where:
        peaks = parse_names(file.name, names)
    else:
        chrom, start, end = (_texts(var[key]) for key in where)
        try:
            bounds = np.array([[int(float(x)) for x in start], [int(float(x)) for x in end]])
        except ValueError as error:
            raise UserError(
                f"{file.name}: start and end in var are no numbers ({error})."
            ) from error
        peaks = make_peaks(file.name, chrom, bounds[0], bounds[1])
    columns = {}
    for key in obs:
        if key != obs.attrs.get("_index", "_index"):
            texts = _texts(obs[key])
            if len(texts) == len(barcodes):
                columns[key] = np.array(texts, dtype=np.str_)
    shape = tuple(matrix.attrs["shape"]) if isinstance(matrix, h5py.Group) else matrix.shape
    if tuple(int(size) for size in shape) != (len(barcodes), len(names)):
        raise UserError(
            f"{file.name}: X is {shape[0]:,} by {shape[1]:,}, but obs has {len(barcodes):,} cells"
            f" and var {len(names):,} regions; X must be cells by regions."
        )
    kind = "dense"
    if isinstance(matrix, h5py.Group):
        kind = str(matrix.attrs["encoding-type"]).removesuffix("_matrix")
    if kind not in ("dense", "csr", "csc"):
        raise UserError(f"{file.name}: X is stored as '{kind}'; store it dense, csr or csc.")

    def entries() -> Iterator[_Entries]:
        with h5py.File(file.path, "r") as again:
            if kind == "dense":
                yield from _dense(again["X"])
            else:
                for major, minor, value in _compressed(again["X"]):
                    yield (major, minor, value) if kind == "csr" else (minor, major, value)

    rows = np.arange(len(names))
    return Cells(file.name, barcodes, peaks, rows, columns, entries, len(names))


def _open_10x(file: InputFile, root: Any) -> Cells:
    """Read all of a 10x HDF5 but its counts, features by cells in columns."""
    matrix = root["matrix"]
    barcodes, names = _texts(matrix["barcodes"]), _texts(matrix["features"]["id"])
    rows = np.arange(len(names))
    if "feature_type" in matrix["features"]:
        kinds = np.array(_texts(matrix["features"]["feature_type"]))
        rows = np.flatnonzero(kinds == "Peaks")
        if not len(rows):
            raise UserError(
                f"{file.name}: no feature is of the type Peaks (there is {kinds[0]}); give the"
                " matrix of peaks by cells (filtered_peak_bc_matrix.h5)."
            )
    peaks = parse_names(file.name, [names[row] for row in rows.tolist()])

    def entries() -> Iterator[_Entries]:
        with h5py.File(file.path, "r") as again:
            yield from _compressed(again["matrix"])

    return Cells(file.name, barcodes, peaks, rows, {}, entries, len(names))


def _dense(matrix: Any) -> Iterator[_Entries]:
    """Give the entries of a dense matrix that are not 0."""
    step = max(1, _CHUNK // max(1, matrix.shape[1]))
    for first in range(0, matrix.shape[0], step):
        part = np.asarray(matrix[first : first + step], dtype=np.float64)
        major, minor = np.nonzero(part)
        yield major + first, minor, part[major, minor]


def _compressed(group: Any) -> Iterator[_Entries]:
    """Give the entries of a compressed matrix: major axis, minor axis, value."""
    bounds = group["indptr"][:].astype(np.int64)
    data, indices = group["data"], group["indices"]
    for first in range(0, len(data), _CHUNK):
        last = min(first + _CHUNK, len(data))
        major = np.searchsorted(bounds, np.arange(first, last), side="right") - 1
        minor = indices[first:last].astype(np.int64)
        yield major, minor, np.asarray(data[first:last], dtype=np.float64)


def _open_market(file: InputFile, regions: InputFile | None, barcodes: InputFile | None) -> Cells:
    """Read the lists beside a Matrix Market file, regions by cells."""
    lines = read_lines(file.path, file.name)
    head = next(lines).decode("latin-1")
    if not head.startswith("%%MatrixMarket matrix coordinate"):
        raise UserError(
            f"{file.name}: this is no matrix of cells; give AnnData (.h5ad), the HDF5 of 10x, or"
            " its matrix.mtx with the columns regions (peaks.bed) and barcodes."
        )
    missing = [n for n, f in (("regions", regions), ("barcodes", barcodes)) if f is None]
    if regions is None or barcodes is None:
        raise UserError(
            f"{file.name}: a Matrix Market file has no names; give the column '{missing[0]}'"
            " (peaks.bed and barcodes.tsv of the same folder)."
        )
    skip = 1
    for raw in lines:
        skip += 1
        if not raw.startswith(b"%") and raw.strip():
            break
    sizes = [int(text) for text in raw.split()]
    # Barcodes may hold commas (SHARE-seq).
    listed = open_delimited(barcodes.path, barcodes.name, False, ("\t",))
    cells = [row.cells[0] for row in listed if row.cells[0]]
    peaks = _market_regions(regions)
    if sizes[:2] != [len(peaks), len(cells)]:
        raise UserError(
            f"{file.name}: the matrix is {sizes[0]:,} by {sizes[1]:,}, but {regions.name} has"
            f" {len(peaks):,} regions and {barcodes.name} {len(cells):,} barcodes."
        )

    def entries() -> Iterator[_Entries]:
        types = {0: "int64", 1: "int64", 2: "float64"}
        names = [0, 1, 2] if "pattern" not in head else [0, 1]
        try:
            with open_binary(file.path, file.name) as stream:
                parts = pd.read_csv(
                    stream,
                    sep=" ",
                    header=None,
                    skiprows=skip,
                    names=names,
                    dtype={name: types[name] for name in names},
                    chunksize=_CHUNK,
                )
                for part in parts:
                    feature, cell = part[0].to_numpy() - 1, part[1].to_numpy() - 1
                    inside = (feature >= 0) & (feature < len(peaks)) & (cell >= 0)
                    if not (inside & (cell < len(cells))).all():
                        raise ValueError("an entry lies outside the matrix")
                    yield cell, feature, part[2].to_numpy() if 2 in names else np.ones(len(part))
        except (ValueError, EOFError, OSError) as error:
            raise UserError(f"{file.name}: the matrix cannot be read ({error}).") from error

    return Cells(file.name, cells, peaks, np.arange(len(peaks)), {}, entries, len(peaks))


def _market_regions(regions: InputFile) -> Peaks:
    """Read the regions of a Matrix Market file: BED, or a name such as chr1:1-100 per line."""
    table = open_delimited(regions.path, regions.name, is_peak_header)
    rows = [row.cells for row in table]
    where = (table.header and find_coordinates(table.header)) or (0, 1, 2)
    if all(len(row) > max(where) for row in rows):
        bounds = [[whole(row[i]) for i in where[1:]] for row in rows]
        if all(low is not None and high is not None and low < high for low, high in bounds):
            start, end = np.array(bounds, dtype=np.int64).reshape(-1, 2).T
            chromosomes = [row[where[0]] for row in rows]
            return make_peaks(regions.name, chromosomes, start.copy(), end.copy())
    return parse_names(regions.name, [row[0] for row in rows], table.first_line)
