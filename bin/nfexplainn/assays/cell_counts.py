"""Counts of single cells in regions, entry by entry, and their means over clusters of cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Floats
from nfexplainn.errors import UserError
from nfexplainn.io.intervals import Peaks

CHUNK = 1 << 22  # stored values at a time
_LARGEST = float(np.finfo(np.float32).max)
Ints = NDArray[np.int64]
# Positions of cells and regions, and values, of many stored entries.
Entries = tuple[Ints, Ints, NDArray[np.float64]]


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
    entries: Callable[[], Iterator[Entries]]
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
        check_counts(cells.name, value, "give counts or denoised accessibility, not scaled data")
        mine = cluster[cell]
        used = mine >= 0
        place = feature[used] * clusters + mine[used]
        sums += np.bincount(place, weights=value[used], minlength=len(sums))
    sizes = np.bincount(cluster[cluster >= 0], minlength=clusters)
    return (sums.reshape(-1, clusters)[cells.rows] / sizes).astype(np.float32)


def check_counts(name: str, value: NDArray[np.float64], way_out: str) -> None:
    """Refuse values of cells that can be no counts.

    Raises
    ------
    UserError
        If a value is negative, no number, or larger than float32 holds.
    """
    if not ((value >= 0) & (value <= _LARGEST)).all():  # not a number is neither
        raise UserError(f"{name}: the matrix holds negative or NaN values; {way_out}.")
