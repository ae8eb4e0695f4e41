"""Windows of a genome: where they lie, their bases, and the bases beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.io.coordinates import (
    SPAN,
    Coordinates,
    order_coordinates,
    window_name,
    window_names,
)
from nfexplainn.io.genome import Genome
from nfexplainn.io.intervals import Ints

# Largest shift of the robust recipe, in bp: so many bases beside a window are kept.
MAX_SHIFT = 10


@dataclass(frozen=True)
class Windows:
    """Windows of one width in a genome.

    Attributes
    ----------
    chromosomes : tuple of str
        Of the genome.
    chrom, start : int64 arrays, shape (n,)
        Position in ``chromosomes``, and on the chromosome.
    codes : uint8 array, shape (n, width)
    flanks : uint8 array, shape (n, 2 * flank)
        The bases before and after each window, half of them each; N beyond its chromosome.
    """

    chromosomes: tuple[str, ...]
    chrom: Ints
    start: Ints
    codes: dna.Codes
    flanks: dna.Codes

    def __len__(self) -> int:
        """Give the number of windows."""
        return len(self.start)

    @property
    def key(self) -> Ints:
        """One number for chromosome and start, int64, shape (n,)."""
        return self.chrom * SPAN + self.start

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Windows:
        """Keep the given rows."""
        place = self.chrom[rows], self.start[rows]
        return Windows(self.chromosomes, *place, self.codes[rows], self.flanks[rows])

    def name(self, row: int) -> str:
        """Name one window for a message."""
        start = int(self.start[row])
        return window_name(self.chromosomes[self.chrom[row]], start, start + self.codes.shape[1])

    def names(self) -> list[str]:
        """Name all windows."""
        return window_names(self.chromosomes, self.chrom, self.start, self.codes.shape[1])

    def coordinates(self, parent: Ints | None = None) -> Coordinates:
        """Say where the windows lie; those with a parent (-1: none) are its shuffles."""
        parent = np.full(len(self), -1, dtype=np.int64) if parent is None else parent
        end = self.start + self.codes.shape[1]
        return order_coordinates(self.chromosomes, self.chrom, self.start, end, parent)


def join_windows(parts: Sequence[Windows]) -> Windows:
    """Put windows of one genome one under the other; there is at least one part."""
    return Windows(
        parts[0].chromosomes,
        *(
            np.concatenate([getattr(part, field) for part in parts])
            for field in ("chrom", "start", "codes", "flanks")
        ),
    )


def fetch_windows(
    genome: Genome,
    chrom: Ints,
    start: Ints,
    width: int,
    flank: int = 0,
    have: Sequence[Windows] = (),
) -> Windows:
    """Fetch windows with their flanks; the bases of those that are at hand come from there.

    Parameters
    ----------
    genome : Genome
    chrom, start : int64 array, shape (n,)
        Of windows that lie within their chromosomes.
    width, flank : int
    have : sequence of Windows
        Of this genome, width and flank.
    """
    if not have:
        wide = genome.fetch(chrom, start, width, flank)
        flanks = np.concatenate([wide[:, :flank], wide[:, flank + width :]], axis=1)
        return Windows(genome.names, chrom, start, wide[:, flank : flank + width], flanks)
    codes = np.empty((len(start), width), dtype=np.uint8)
    flanks = np.empty((len(start), 2 * flank), dtype=np.uint8)
    found = Windows(genome.names, chrom, start, codes, flanks)
    key, rest = found.key, np.ones(len(start), dtype=np.bool_)
    for one in have:
        _, rows, source = np.intersect1d(key, one.key, return_indices=True)
        codes[rows], flanks[rows] = one.codes[source], one.flanks[source]
        rest[rows] = False
    fresh = fetch_windows(genome, chrom[rest], start[rest], width, flank)
    codes[rest], flanks[rest] = fresh.codes, fresh.flanks
    return found
