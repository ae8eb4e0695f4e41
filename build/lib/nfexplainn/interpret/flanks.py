"""Sites with the bases beside them, so that a motif wider than the filter is seen whole."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import N_CODE, Codes
from nfexplainn.filters import Filters, SiteCounts
from nfexplainn.scanner import Scanner

FLANK = 10
"""Bases counted on either side of a site."""


class FlankScanner:
    """A scanner whose sites are counted with :data:`FLANK` bases more on either side.

    The filters get columns of 0 and the sequences an N for each of these bases, which changes no
    activation: what is found is what `make_scanner` finds by itself.

    Parameters
    ----------
    filters : Filters
    make_scanner : callable
        Gives the scanner of filters.

    Attributes
    ----------
    plain : Scanner
        Of the filters as they are.
    counts : int64 array, shape (units, width + 2 * FLANK, 5)
        Bases A, C, G, T, N of all sites so far; N also stands for what lies beyond a sequence.
    """

    def __init__(self, filters: Filters, make_scanner: Callable[[Filters], Scanner]) -> None:
        self.plain = make_scanner(filters)
        beside = ((0, 0), (0, 0), (FLANK, FLANK))
        self._wide = make_scanner(
            Filters(np.pad(filters.weights, beside), filters.offset, filters.covered)
        )
        shape = (self.units, self.width + 2 * FLANK, N_CODE + 1)
        self.counts: NDArray[np.int64] = np.zeros(shape, dtype=np.int64)

    @property
    def units(self) -> int:
        """Number of filters."""
        return self.plain.units

    @property
    def width(self) -> int:
        """Length of the filters in bp."""
        return self.plain.width

    @property
    def chunk(self) -> int:
        """Number of sequences that one call should be given."""
        return self._wide.chunk

    def maxima(self, codes: Codes) -> NDArray[np.float32]:
        """Best activation (before exp) per sequence and unit, shape (n, units)."""
        return self.plain.maxima(codes)

    def sites(self, codes: Codes, threshold: NDArray[np.float32]) -> SiteCounts:
        """Count the windows that reach each unit's threshold, and keep the bases beside them."""
        padded = np.pad(codes, ((0, 0), (FLANK, FLANK)), constant_values=N_CODE)
        found = self._wide.sites(padded, threshold)
        self.counts += found.counts
        own = found.counts[:, FLANK : FLANK + self.width]
        return SiteCounts(counts=own, sites=found.sites, activated=found.activated)
