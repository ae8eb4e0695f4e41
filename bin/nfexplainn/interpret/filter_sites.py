"""Where the first filters of a network have sites, kept for the step that joins replicates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.errors import UserError
from nfexplainn.interpret.outputs import unseen_rows
from nfexplainn.io.reading import reading


@dataclass(frozen=True)
class FilterSites:
    """The sites of all filters of one replicate.

    Attributes
    ----------
    rows : int64 array, shape (unseen,)
        Rows of the data set: those of the test part, as
        :func:`nfexplainn.interpret.outputs.unseen_rows` gives them.
    activated : bool array, shape (unseen, filters)
        Whether such a sequence has a site, on a strand that the network looks at.
    counts : int64 array, shape (filters, width, 5)
        Bases A, C, G, T, N of the sites in well-predicted sequences of training and validation
        part, with the bases beside them (see :mod:`nfexplainn.interpret.flanks`).
    """

    rows: NDArray[np.int64]
    activated: NDArray[np.bool_]
    counts: NDArray[np.int64]


def write_sites(sites: FilterSites, path: str | Path) -> None:
    """Write to ``R.filters.npz``; the same sites give the same bytes."""
    activated = np.packbits(sites.activated, axis=1)
    np.savez(path, rows=sites.rows, activated=activated, counts=sites.counts)


def read_sites(path: str | Path, dataset: Dataset) -> FilterSites:
    """Read what :func:`write_sites` wrote.

    Raises
    ------
    UserError
        If the file cannot be read or is of another data set.
    """
    fault, remedy = "the sites of the filters cannot be read", "read the filters again"
    with reading(str(path), fault, remedy):
        with np.load(path, allow_pickle=False) as file:
            rows, packed, counts = (file[name] for name in ("rows", "activated", "counts"))
        activated = np.unpackbits(packed, axis=1, count=len(counts)).astype(np.bool_)
    if not np.array_equal(rows, unseen_rows(dataset)):
        raise UserError(
            f"{path}: the sites are not those of the data set {dataset.meta.id}; {remedy}."
        )
    return FilterSites(rows, activated, counts)
