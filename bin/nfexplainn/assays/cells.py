"""Open files of single-cell accessibility, without loading them whole.

AnnData (``.h5ad``), the HDF5 of 10x Genomics, and Matrix Market with its two lists beside it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from nfexplainn.assays import cell_counts
from nfexplainn.assays.cell_counts import Cells, Entries
from nfexplainn.assays.hdf5_cells import HDF5_MAGIC, open_hdf5
from nfexplainn.assays.regions import make_peaks, parse_names
from nfexplainn.assays.spec import InputFile
from nfexplainn.errors import UserError
from nfexplainn.io.coordinate_columns import find_coordinates
from nfexplainn.io.delimited import open_delimited
from nfexplainn.io.intervals import Peaks
from nfexplainn.io.peak_files import LONGEST
from nfexplainn.io.peak_shapes import is_peak_header
from nfexplainn.io.reading import reading
from nfexplainn.io.text import first_bytes, open_binary, read_lines
from nfexplainn.values import whole

_TITLE = re.compile(r"x|V1|[a-z _.]*(barcode|cell|index|name|id)s?[a-z _.]*", re.IGNORECASE)
_DNA = re.compile("[ACGT]{6}")


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
    return open_hdf5(file)


def _open_market(file: InputFile, regions: InputFile | None, barcodes: InputFile | None) -> Cells:
    """Read the lists beside a Matrix Market file, regions by cells."""
    lines = read_lines(file.path, file.name)
    head = next(lines).decode("latin-1")
    if not head.startswith("%%MatrixMarket matrix coordinate"):
        raise UserError(
            f"{file.name}: this is not a single-cell matrix; give AnnData (.h5ad), 10x HDF5, or 10x"
            " matrix.mtx with the columns regions (peaks.bed) and barcodes."
        )
    missing = [n for n, f in (("regions", regions), ("barcodes", barcodes)) if f is None]
    if regions is None or barcodes is None:
        raise UserError(
            f"{file.name}: a Matrix Market file has no names; give the column '{missing[0]}'"
            " (peaks.bed and barcodes.tsv of the same folder)."
        )
    skip, sizes = _market_sizes(file.name, lines)
    # Barcodes may hold commas (SHARE-seq).
    listed = open_delimited(barcodes.path, barcodes.name, False, ("\t",))
    cells = [row.cells[0] for row in listed if row.cells[0]]
    if len(cells) == sizes[1] + 1 and _is_title(cells[0]):
        del cells[0]
    peaks, rows, count = _market_regions(regions)
    if sizes[:2] != [count, len(cells)]:
        way_out = "give the lists of the same matrix"
        if sizes[:2] == [len(cells), count]:
            way_out = "it seems to be cells by regions: transpose it"
        raise UserError(
            f"{file.name}: the matrix is {sizes[0]:,} by {sizes[1]:,}, but {regions.name} has"
            f" {count:,} regions and {barcodes.name} {len(cells):,} barcodes; {way_out}."
        )

    pattern = "pattern" in head
    entries = partial(_market_entries, file, skip, sizes, pattern)
    return Cells(file.name, cells, peaks, rows, {}, entries, count)


def _is_title(cell: str) -> bool:
    """Tell whether the first line of a list of barcodes names the others, as R writes it.

    A list of one barcode more is of another matrix, and all cells would be off by one.
    """
    return _TITLE.fullmatch(cell) is not None and not _DNA.search(cell)


def _market_sizes(name: str, lines: Iterator[bytes]) -> tuple[int, list[int]]:
    """Give how many lines stand above the entries, and the sizes that the last of them tells.

    Raises
    ------
    UserError
        If there are no sizes.
    """
    for skip, raw in enumerate(lines, 2):
        if not raw.startswith(b"%") and raw.strip():
            sizes = [whole(text) for text in raw.decode("latin-1").split()]
            found = [size for size in sizes if size is not None and size >= 0]
            if len(found) != 3 or len(sizes) != 3:
                raise UserError(
                    f"{name}, line {skip}: expected three sizes (regions, cells, entries), not"
                    f" '{raw[:40].decode('latin-1')}'; download or create the file again."
                )
            return skip, found
    raise UserError(
        f"{name}: there are no entries below the header; download or create the file again."
    )


def _market_entries(
    file: InputFile, skip: int, sizes: list[int], pattern: bool
) -> Iterator[Entries]:
    """Give the entries of a Matrix Market file."""
    import pandas as pd

    names = [0, 1] if pattern else [0, 1, 2]
    types = {0: "int64", 1: "int64", 2: "float64"}
    read = 0
    with (
        reading(file.name, "the matrix cannot be read"),
        open_binary(file.path, file.name) as stream,
        warnings.catch_warnings(),
    ):
        # A line of more columns is cut, with a warning.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        parts = pd.read_csv(
            stream,
            sep=" ",
            header=None,
            skiprows=skip,
            names=names,
            index_col=False,
            dtype={name: types[name] for name in names},
            chunksize=cell_counts.CHUNK,
        )
        for part in parts:
            feature, cell = part[0].to_numpy(), part[1].to_numpy()
            for places, size, what in ((feature, sizes[0], "region"), (cell, sizes[1], "cell")):
                wrong = (places < 1) | (places > size)
                if wrong.any():
                    at = int(np.argmax(wrong))
                    raise ValueError(
                        f"entry {read + at + 1:,} is of {what} {places[at]:,} of {size:,},"
                        " outside the matrix"
                    )
            read += len(part)
            yield cell - 1, feature - 1, np.ones(len(part)) if pattern else part[2].to_numpy()
        if read != sizes[2]:
            raise ValueError(f"it has {read:,} entries, but its header says {sizes[2]:,}")


def _market_regions(regions: InputFile) -> tuple[Peaks, NDArray[np.int64], int]:
    """Read the regions of a Matrix Market file: BED, or a name such as chr1:1-100 per line.

    Returns
    -------
    peaks : Peaks
    rows : int64 array, shape (n,)
        Of which rows of the matrix they are: with genes beside them (10x multiome) not of all.
    count : int
        Rows of the matrix.
    """
    table = open_delimited(regions.path, regions.name, is_peak_header)
    listed = [row.cells for row in table]
    kinds = [len(row) > 2 and row[2] == "Peaks" for row in listed]
    kept = [at for at, is_peak in enumerate(kinds) if is_peak or not any(kinds)]
    rows = [listed[at] for at in kept]
    codes = np.array(kept, dtype=np.int64)
    where = (table.header and find_coordinates(table.header)) or (0, 1, 2)
    if all(len(row) > max(where) for row in rows):
        bounds = [[whole(row[i]) for i in where[1:]] for row in rows]
        if all(
            low is not None and high is not None and 0 <= low < high < LONGEST
            for low, high in bounds
        ):
            start, end = np.array(bounds, dtype=np.int64).reshape(-1, 2).T
            chromosomes = [row[where[0]] for row in rows]
            peaks = make_peaks(regions.name, chromosomes, start.copy(), end.copy())
            return peaks, codes, len(listed)
    line = table.first_line if len(rows) == len(listed) else 0
    return parse_names(regions.name, [row[0] for row in rows], line), codes, len(listed)
