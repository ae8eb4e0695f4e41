"""Motif rows: units of all replicates that look for the same thing, joined before any test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.interpret.consensus import SIMILARITY
from nfexplainn.interpret.flanks import FLANK
from nfexplainn.motifs.alignments import alignments
from nfexplainn.motifs.motif import FLANK_BITS, Motif, column_information

LEAST_G = 16.27
"""A flank whose bases may be chance is cut off: G against a uniform background, p = .001."""
_PSEUDOCOUNT = 0.25
_EXCESS = 3 / (2 * np.log(2))  # bits, over the number of sites
_FEWEST_COLUMNS = 4
_LEADING = 20  # units among which the most central one is looked for
_ALIKE_CENTRE = 0.5

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class UnitSites:
    """A live unit of one replicate, with its sites.

    Attributes
    ----------
    replicate, unit : int
        Place of the replicate among those of the model, and of the unit in it.
    counts : int64 array, shape (width + 2 * FLANK, 5)
        Bases A, C, G, T, N of its sites and of what lies beside them.
    effect : float
        Size of its largest effect on a task.
    """

    replicate: int
    unit: int
    counts: Counts
    effect: float

    @property
    def core(self) -> Counts:
        """Counts of the sites alone, int64 (width, 4)."""
        return self.counts[FLANK:-FLANK, :4]


@dataclass(frozen=True)
class MotifRow:
    """Units that look for the same thing.

    Attributes
    ----------
    members : tuple of UnitSites
        Strongest first.
    counts : int64 array, shape (width, 4)
        Sum of the members' sites, in the frame of the first.
    """

    members: tuple[UnitSites, ...]
    counts: Counts

    def units(self, replicates: int) -> list[NDArray[np.int64]]:
        """Places of its units, an array per replicate."""
        found: list[list[int]] = [[] for _ in range(replicates)]
        for member in self.members:
            found[member.replicate].append(member.unit)
        return [np.array(sorted(units), dtype=np.int64) for units in found]

    def strongest(self, replicate: int) -> UnitSites | None:
        """Member with the largest effect in a replicate, whose sites are the row's there."""
        own = [member for member in self.members if member.replicate == replicate]
        return max(own, key=lambda member: member.effect) if own else None

    @property
    def sites(self) -> int:
        """Sites that the motif is counted from."""
        return int(self.counts.sum(axis=1).max(initial=0))

    def motif(self, id: str, name: str = "") -> Motif:
        """Give the row's motif, trimmed where a flank tells next to nothing."""
        counts = trimmed(self.counts)
        total = counts.sum(axis=1, keepdims=True)
        ppm = np.where(total > 0, counts / np.maximum(total, 1), 0.25)
        return Motif(id, name, ppm, float(max(self.sites, 1)))


def trimmed(counts: Counts) -> Counts:
    """Cut both ends of counts, int64 (width, 4), where a column has under a quarter of a bit.

    What has no such column, or fewer than four, keeps the columns of the filter.
    """
    begin, end = _telling(counts)
    return counts[begin:end]


def _telling(counts: Counts) -> tuple[int, int]:
    """Give the first column that trimming keeps, and the one after the last."""
    total = counts.sum(axis=1, keepdims=True)
    ppm = (counts + _PSEUDOCOUNT) / (total + 4 * _PSEUDOCOUNT)
    # Few sites tell more than there is to know, by this much (Schneider et al. 1986).
    excess = _EXCESS / np.maximum(total[:, 0], 1)
    bits = column_information(ppm)
    surprise = 2 * np.log(2) * total[:, 0] * bits
    telling = np.flatnonzero((bits - excess >= FLANK_BITS) & (surprise >= LEAST_G))
    if len(telling) and telling[-1] + 1 - telling[0] >= _FEWEST_COLUMNS:
        return int(telling[0]), int(telling[-1]) + 1
    return FLANK, len(counts) - FLANK


def motif_rows(units: Sequence[UnitSites]) -> list[MotifRow]:
    """Join all live units of all replicates whose motifs are alike.

    The strongest unit founds a row, which takes all that are as similar to it as members of a
    consensus motif are (see :mod:`nfexplainn.interpret.consensus`); what is left founds the next.
    A unit that reads two motifs is similar to the units of both: of what it would take, only units
    with a similarity of at least 0.5 to the most central one of them stay.

    Parameters
    ----------
    units : sequence of UnitSites

    Returns
    -------
    list of MotifRow
        By the effect of their strongest members.
    """
    left = sorted(units, key=lambda one: (-one.effect, one.replicate, one.unit))
    found: list[MotifRow] = []
    while left:
        founder = left[0]
        places = alignments(founder.core, [unit.core for unit in left])
        members, counts = [founder], founder.counts[:, :4].copy()
        rest = []
        alike = [similarity >= SIMILARITY for similarity, _, _ in places]
        belongs = iter(_central([unit for unit, take in zip(left, alike, strict=True) if take]))
        takes = [take and next(belongs) for take in alike]
        for unit, take, (_, offset, reverse) in list(zip(left, takes, places, strict=True))[1:]:
            if not take:
                rest.append(unit)
                continue
            members.append(unit)
            _add(counts, unit.counts[:, :4], offset, reverse)
        found.append(MotifRow(tuple(members), counts))
        left = rest
    return found


def _central(units: Sequence[UnitSites]) -> list[bool]:
    """Tell which units, strongest first, are alike the one that is most alike all others."""
    if len(units) < 3:
        return [True] * len(units)
    cores, effects = [unit.core for unit in units], np.array([unit.effect for unit in units])
    similar = np.array(
        [[one for one, _, _ in alignments(core, cores)] for core in cores[:_LEADING]]
    )
    to_others = similar @ effects - effects[: len(similar)]
    found = similar[int(to_others.argmax())] >= _ALIKE_CENTRE
    found[0] = True  # the founder, which is similar to the centre
    return [bool(one) for one in found]


def join_rows(
    rows: Sequence[MotifRow], same: Callable[[MotifRow, Sequence[MotifRow]], Sequence[bool]]
) -> list[MotifRow]:
    """Join rows, each with all later ones that are the same as it.

    Parameters
    ----------
    rows : sequence of MotifRow
        Strongest first.
    same : callable
        Tells which of some rows say the same as a row.
    """
    left, found = list(rows), []
    while left:
        first, *others = left
        matches = same(first, others)
        joined = [other for other, match in zip(others, matches, strict=True) if match]
        left = [other for other, match in zip(others, matches, strict=True) if not match]
        counts = first.counts.copy()
        places = alignments(trimmed(first.counts), [trimmed(other.counts) for other in joined])
        own = _telling(first.counts)[0]
        for other, (_, offset, reverse) in zip(joined, places, strict=True):
            # The alignment is that of trimmed motifs; the counts keep their flanks.
            beside = _telling(other.counts[::-1, ::-1] if reverse else other.counts)[0]
            _add(counts, other.counts, own + offset - beside, reverse)
        members = [member for row in (first, *joined) for member in row.members]
        members.sort(key=lambda one: (-one.effect, one.replicate, one.unit))
        found.append(MotifRow(tuple(members), counts))
    return found


def _add(counts: Counts, other: Counts, offset: int, reverse: bool) -> None:
    """Add counts, whose first column is at `offset`, to others of the same strand, in place."""
    turned = other[::-1, ::-1] if reverse else other
    begin, end = max(0, offset), min(len(counts), len(turned) + offset)
    if begin < end:
        counts[begin:end] += turned[begin - offset : end - offset]
