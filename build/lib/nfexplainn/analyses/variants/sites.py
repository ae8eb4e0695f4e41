"""What a change does to the site of a motif: made, destroyed, strengthened or weakened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.analyses.variants.changes import Change
from nfexplainn.filters import Filters
from nfexplainn.interpret.motif_rows import MotifRows
from nfexplainn.io.genome import Genome

CREATED, DESTROYED = "created", "destroyed"
STRENGTHENED, WEAKENED = "strengthened", "weakened"
_EQUAL = 1e-6  # sums of the same weights in another order differ by less


@dataclass(frozen=True)
class Place:
    """Where a site lies.

    Attributes
    ----------
    start : int
        Its leftmost base, counted from the first that is changed (0).
    strand : int
        1 or -1.
    activation : float
        Natural logarithm of the unit's activation there.
    """

    start: int
    strand: int
    activation: float

    def __str__(self) -> str:
        """Give it as text, such as ``-7(+)``."""
        return f"{self.start}({'+' if self.strand > 0 else '-'})"


@dataclass(frozen=True)
class Sites:
    """Site of a motif over the changed bases, without and with the change.

    Attributes
    ----------
    change : str
        One of the four words; empty where there is a site neither before nor after, or one that
        stays as it is (as an insertion can leave it).
    reference, alternative : Place or None
        None where there is no site.
    words : tuple of (str, str)
        Bases of the unit's best window over the changed bases, without and with the change, as the
        unit reads them, whether they are a site or not.
    """

    change: str = ""
    reference: Place | None = None
    alternative: Place | None = None
    words: tuple[str, str] = ("", "")


NO_SITE = Sites()


class SiteFinder:
    """Look for sites of motif rows over changed bases.

    A site is a window at or above the threshold of the row's strongest unit, in any replicate; of
    several units the one is told whose activation changes most.

    Parameters
    ----------
    filters : mapping of int to Filters
        By the numbers of the replicates.
    threshold : mapping of int to float array, shape (units,)
    rows : MotifRows
    both_strands : bool
        Whether the model reads both strands.
    """

    def __init__(
        self,
        filters: Mapping[int, Filters],
        threshold: Mapping[int, NDArray[np.float64]],
        rows: MotifRows,
        *,
        both_strands: bool,
    ) -> None:
        self._width = next(iter(filters.values())).weights.shape[2]
        self._strands = (1, -1) if both_strands else (1,)
        # (members, 5, width): of N no weight, as in the model.
        self._weights: list[list[NDArray[np.float32]]] = []
        self._offset: list[list[float]] = []
        self._limit: list[list[float]] = []
        for first in rows.first_members:
            known = [
                (number, unit)
                for number, unit in sorted(first.items())
                if number in filters and not np.isnan(threshold[number][unit])
            ]
            self._weights.append(
                [np.pad(filters[number].weights[unit], ((0, 1), (0, 0))) for number, unit in known]
            )
            self._offset.append([float(filters[number].offset[unit]) for number, unit in known])
            self._limit.append([float(threshold[number][unit]) for number, unit in known])

    def find(
        self,
        genome: Genome,
        chrom: NDArray[np.int64],
        changes: Sequence[Change],
        leading: NDArray[np.int64],
    ) -> list[list[Sites]]:
        """Find what changes do to the sites of rows.

        Parameters
        ----------
        genome : Genome
        chrom : int64 array, shape (n,)
        changes : sequence of Change
        leading : int64 array, shape (n, tasks)
            The row to look at; -1: none.

        Returns
        -------
        list of list of Sites
            By change and task.
        """
        found = [[NO_SITE] * leading.shape[1] for _ in changes]
        flank = self._width - 1
        groups: dict[tuple[int, int], list[int]] = {}
        for at, change in enumerate(changes):
            groups.setdefault((change.removed, len(change.added)), []).append(at)
        for (removed, added), members in groups.items():
            start = np.array([changes[at].start for at in members], dtype=np.int64)
            wide = _around(genome, chrom[members], start, removed, flank)
            put_in = (
                np.stack([_codes(changes[at].added) for at in members])
                if added
                else np.zeros((len(members), 0), np.uint8)
            )
            with_it = np.concatenate([wide[:, :flank], put_in, wide[:, flank + removed :]], axis=1)
            own = leading[members]
            for row in np.unique(own[own >= 0]).tolist():
                rows, tasks = np.nonzero(own == row)
                picked, back = np.unique(rows, return_inverse=True)
                sites = self._of_row(row, wide[picked], with_it[picked])
                for index, task in zip(back.tolist(), tasks.tolist(), strict=True):
                    found[members[int(picked[index])]][task] = sites[index]
        return found

    def _of_row(self, row: int, before: dna.Codes, after: dna.Codes) -> list[Sites]:
        """Compare both alleles in one row, for sequences of one shape each."""
        n = len(before)
        best = [NO_SITE] * n
        moved = np.full(n, -1.0)
        members = zip(self._weights[row], self._offset[row], self._limit[row], strict=True)
        for weights, offset, limit in members:
            was, is_ = (self._best(codes, weights, offset) for codes in (before, after))
            size = np.abs(np.exp(was[0]) - np.exp(is_[0])) / np.exp(limit)
            hit = (was[0] >= limit) | (is_[0] >= limit)
            for at in np.flatnonzero(hit & (size > moved)).tolist():
                moved[at] = size[at]
                places = _place(was, at), _place(is_, at)
                words = self._word(before[at], places[0]), self._word(after[at], places[1])
                best[at] = _compared(*places, limit, words)
        return best

    def _word(self, codes: dna.Codes, place: Place) -> str:
        """Give the bases of a window as its unit reads them."""
        first = place.start + self._width - 1
        window = codes[None, first : first + self._width]
        return dna.decode(window if place.strand > 0 else dna.reverse_complement(window))[0]

    def _best(
        self, codes: dna.Codes, weights: NDArray[np.float32], offset: float
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Give activation, start and strand of the best window that touches the change.

        Starts count from the first changed base.
        """
        width, n = self._width, len(codes)
        windows = codes.shape[1] - width + 1
        top = np.full(n, -np.inf)
        start, strand = np.zeros(n, dtype=np.int64), np.ones(n, dtype=np.int64)
        if windows < 1:  # a filter of one base, and none there
            return top, start, strand
        for direction in self._strands:
            own = weights if direction > 0 else weights[[3, 2, 1, 0, 4], ::-1]
            sums = np.full((n, windows), offset)
            for place in range(width):
                sums += own[:, place][codes[:, place : place + windows]]
            where = sums.argmax(axis=1)
            value = sums[np.arange(n), where]
            better = value > top
            top[better] = value[better]
            start[better] = where[better] - (width - 1)
            strand[better] = direction
        return top, start, strand


def _place(
    best: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]], at: int
) -> Place:
    return Place(int(best[1][at]), int(best[2][at]), float(best[0][at]))


def _compared(before: Place, after: Place, limit: float, words: tuple[str, str]) -> Sites:
    """Name what became of a site, of which there is one before or after."""
    if before.activation < limit:
        return Sites(CREATED, None, after, words)
    if after.activation < limit:
        return Sites(DESTROYED, before, None, words)
    more = after.activation - before.activation
    change = "" if abs(more) < _EQUAL else STRENGTHENED if more > 0 else WEAKENED
    return Sites(change, before, after, words)


def _around(
    genome: Genome, chrom: NDArray[np.int64], start: NDArray[np.int64], removed: int, flank: int
) -> dna.Codes:
    """Fetch what is taken out, with the flanks that a filter over it reads; N beyond the ends."""
    if removed + flank:
        return genome.fetch(chrom, start, removed, flank)
    return np.zeros((len(start), 0), dtype=np.uint8)


def _codes(bases: str) -> dna.Codes:
    found: dna.Codes = dna.encode([bases])[0]
    return found
