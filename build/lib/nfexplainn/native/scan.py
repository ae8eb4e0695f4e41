"""The scan of all filters over all windows by the kernel (see ``nfexplainn.scanner.Scanner``)."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import N_CODE, Codes
from nfexplainn.filters import Filters, SiteCounts
from nfexplainn.native import library

_CHUNK_BYTES = 1 << 22  # of codes and of results per call


class NativeScanner:
    """Scan by the kernel's tables of words of three bases.

    Parameters
    ----------
    filters : Filters
    threads : int

    Raises
    ------
    library.KernelError
        If there is no kernel.
    """

    def __init__(self, filters: Filters, threads: int = 1) -> None:
        self._scan = library.load().functions.nfx_scan
        self._weights = np.ascontiguousarray(filters.weights, dtype=np.float32)
        self._offset = np.ascontiguousarray(filters.offset, dtype=np.float32)
        if self._weights.ndim != 3 or self._weights.shape[1] != N_CODE:
            raise ValueError(f"expected filters (units, 4, width), not {self._weights.shape}")
        self._covered = filters.covered
        self._threads = max(1, threads)

    @property
    def units(self) -> int:
        """Number of filters."""
        return int(self._weights.shape[0])

    @property
    def width(self) -> int:
        """Length of the filters in bp."""
        return int(self._weights.shape[2])

    @property
    def chunk(self) -> int:
        """Number of sequences that one call should be given."""
        return max(256, _CHUNK_BYTES // (self.units * 4 + self._covered + self.width))

    def maxima(self, codes: Codes) -> NDArray[np.float32]:
        """Best activation (before exp) per sequence and unit, shape (n, units)."""
        codes = self._checked(codes)
        best = np.empty((len(codes), self.units), dtype=np.float32)
        call = self._call(codes)
        call.best = best.ctypes.data
        library.check(self._scan(ctypes.byref(call)))
        return best

    def sites(self, codes: Codes, threshold: NDArray[np.float32]) -> SiteCounts:
        """Count the windows whose activation (before exp) reaches each unit's threshold.

        Parameters
        ----------
        codes : uint8 array, shape (n, length)
        threshold : float32 array, shape (units,)
        """
        codes = self._checked(codes)
        limit = np.ascontiguousarray(threshold, dtype=np.float32)
        if limit.shape != (self.units,):
            raise ValueError(f"expected {self.units} thresholds, not {limit.shape}")
        counts = np.zeros((self.units, self.width, N_CODE + 1), dtype=np.int64)
        sites = np.zeros(self.units, dtype=np.int64)
        activated = np.empty((len(codes), self.units), dtype=np.bool_)
        call = self._call(codes)
        call.threshold, call.counts = limit.ctypes.data, counts.ctypes.data
        call.sites, call.activated = sites.ctypes.data, activated.ctypes.data
        library.check(self._scan(ctypes.byref(call)))
        return SiteCounts(counts=counts, sites=sites, activated=activated)

    def _checked(self, codes: Codes) -> Codes:
        if codes.shape[1] < self._covered + self.width - 1:
            raise ValueError(
                f"sequences of {codes.shape[1]} bp hold fewer than {self._covered} windows"
            )
        return np.ascontiguousarray(codes, dtype=np.uint8)

    def _call(self, codes: Codes) -> library.ScanCall:
        return library.ScanCall(
            sequences=len(codes),
            length=codes.shape[1],
            units=self.units,
            covered=self._covered,
            filter_length=self.width,
            threads=self._threads,
            codes=codes.ctypes.data,
            weight=self._weights.ctypes.data,
            offset=self._offset.ctypes.data,
        )
