"""Consensus motifs over replicates: step 7 of the robust recipe, and B3 of the extras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TOP_UNITS = 20
SIMILARITY = 0.7
MIN_OVERLAP = 8
PSEUDOCOUNT = 1.0

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class UnitMotif:
    """A unit of one replicate.

    Attributes
    ----------
    replicate, unit : str
    counts : int64 array, shape (width, 4)
    effect : float
        Effect on the task in question.
    """

    replicate: str
    unit: str
    counts: Counts
    effect: float


@dataclass(frozen=True)
class ConsensusMotif:
    """Units of several replicates that share a motif.

    Attributes
    ----------
    members : tuple of UnitMotif
        The founder, whose frame and strand the counts have, first.
    counts : int64 array, shape (width, 4)
        Sum of the aligned counts.
    score : float
        Mean over replicates of the best member's normalised effect (0 where there is none).
    support : int
        Number of replicates with a member.
    """

    members: tuple[UnitMotif, ...]
    counts: Counts
    score: float
    support: int


def _deviation(counts: Counts) -> NDArray[np.float64]:
    """Probabilities with a pseudo-count, less the uniform background."""
    total = counts.sum(axis=1, keepdims=True)
    return (counts + PSEUDOCOUNT / 4) / (total + PSEUDOCOUNT) - 0.25


def alignment(founder: Counts, other: Counts) -> tuple[float, int, bool]:
    """Best similarity of two motifs over strands and offsets.

    Parameters
    ----------
    founder, other : int64 array, shape (width, 4)

    Returns
    -------
    similarity : float
        Cosine of the overlapping columns, as deviations from a uniform background; at least
        8 columns (or all of a shorter motif) overlap.
    offset : int
        Position of ``other``'s first column in ``founder``'s frame.
    reverse : bool
        Whether ``other`` was reverse complemented.
    """
    best = (-1.0, 0, False)
    need = min(MIN_OVERLAP, len(founder), len(other))
    left = _deviation(founder)
    for reverse in (False, True):
        right = _deviation(other[::-1, ::-1] if reverse else other)
        for offset in range(need - len(right), len(left) - need + 1):
            begin, end = max(0, offset), min(len(left), len(right) + offset)
            a, b = left[begin:end], right[begin - offset : end - offset]
            norm = float(np.linalg.norm(a) * np.linalg.norm(b))
            similarity = float((a * b).sum()) / norm if norm > 0 else -1.0
            if similarity > best[0] + 1e-12:
                best = (similarity, offset, reverse)
    return best


def consensus_motifs(units: Sequence[UnitMotif], replicates: Sequence[str]) -> list[ConsensusMotif]:
    """Join the leading units of several replicates into motifs.

    Parameters
    ----------
    units : sequence of UnitMotif
        Of all replicates, for one task.
    replicates : sequence of str
        All replicates, those without a unit too.

    Returns
    -------
    list of ConsensusMotif
        By falling score; ties in the order of founding.
    """
    leading: list[tuple[float, UnitMotif]] = []
    for replicate in replicates:
        own = [unit for unit in units if unit.replicate == replicate and unit.effect > 0]
        own.sort(key=lambda unit: (-unit.effect, unit.unit))
        leading += [(unit.effect / own[0].effect, unit) for unit in own[:TOP_UNITS]]
    leading.sort(key=lambda pair: (-pair[0], pair[1].replicate, pair[1].unit))
    found: list[ConsensusMotif] = []
    while leading:
        founder = leading[0][1]
        members, rest = [], []
        counts = np.zeros_like(founder.counts)
        best_effect = dict.fromkeys(replicates, 0.0)
        for effect, unit in leading:
            similarity, offset, reverse = (
                (1.0, 0, False) if unit is founder else alignment(founder.counts, unit.counts)
            )
            if similarity < SIMILARITY:
                rest.append((effect, unit))
                continue
            members.append(unit)
            best_effect[unit.replicate] = max(best_effect[unit.replicate], effect)
            aligned = unit.counts[::-1, ::-1] if reverse else unit.counts
            begin, end = max(0, offset), min(len(counts), len(aligned) + offset)
            counts[begin:end] += aligned[begin - offset : end - offset]
        found.append(
            ConsensusMotif(
                members=tuple(members),
                counts=counts,
                score=float(np.mean(list(best_effect.values()))),
                support=sum(effect > 0 for effect in best_effect.values()),
            )
        )
        leading = rest
    return sorted(found, key=lambda motif: -motif.score)
