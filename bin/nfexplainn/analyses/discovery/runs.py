"""STREME's motifs of one run, or those of its runs on each fold joined where they are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nfexplainn.evidence.groups import MotifRow, UnitSites, motif_rows
from nfexplainn.interpret.flanks import FLANK
from nfexplainn.motifs.motif import Motif


@dataclass(frozen=True)
class FoundMotif:
    """A motif of STREME.

    Attributes
    ----------
    motif : Motif
        Of several joined ones the sum of their sites, called as the one with the best place.
    fold : int or None
        The fold that was held out when that one was found; None without folds.
    found_in : int
        Number of runs with a motif like it.
    runs : int
        Number of runs that ended well.
    side : str
        Of a contrast, whose sequences were the positives; else empty.
    """

    motif: Motif
    fold: int | None
    found_in: int
    runs: int
    side: str = ""


def found_motifs(runs: Mapping[int | None, Sequence[Motif]], side: str = "") -> list[FoundMotif]:
    """List the motifs of STREME's runs.

    Those of folds are joined as units of a model are (:func:`~nfexplainn.evidence.groups.
    motif_rows`), also where they are of one fold; what stands first in a run founds a motif first.

    Parameters
    ----------
    runs : mapping of int or None to sequence of Motif
        Of each fold, from 1, in STREME's order; of a run without folds under None.
    side : str, optional
        Of a contrast, that these are of.

    Returns
    -------
    list of FoundMotif
        In STREME's order; with folds those found in most of them first, of equals those with the
        best mean place.
    """
    if None in runs:
        return [FoundMotif(motif, None, 1, 1, side) for motif in runs[None]]
    folds = sorted(fold for fold in runs if fold is not None)
    rows = motif_rows(
        [
            UnitSites(fold, place, _counts_with_flanks(motif), 1 / place)
            for fold in folds
            for place, motif in enumerate(runs[fold], 1)
        ]
    )
    rows.sort(key=_order)
    return [replace(_joined(row, runs, len(folds)), side=side) for row in rows]


def motif_counts(motif: Motif) -> np.ndarray:
    """Give the bases of a motif's sites, int64 (width, 4)."""
    return np.rint(motif.ppm * motif.nsites).astype(np.int64)


def _counts_with_flanks(motif: Motif) -> np.ndarray:
    """Give the counts with flanks of which nothing is known."""
    return np.pad(motif_counts(motif), ((FLANK, FLANK), (0, 1)))


def _order(row: MotifRow) -> tuple[int, float]:
    best: dict[int, int] = {}
    for member in row.members:
        best[member.replicate] = min(member.unit, best.get(member.replicate, member.unit))
    return -len(best), float(np.mean(list(best.values())))


def _joined(row: MotifRow, runs: Mapping[int | None, Sequence[Motif]], number: int) -> FoundMotif:
    first = row.members[0]
    found_in = len({member.replicate for member in row.members})
    name = runs[first.replicate][first.unit - 1].id
    return FoundMotif(row.motif(name), first.replicate, found_in, number)
