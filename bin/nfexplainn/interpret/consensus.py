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


def alignments(founder: Counts, others: Sequence[Counts]) -> list[tuple[float, int, bool]]:
    """Best similarity of a motif and each of others over strands and offsets.

    Parameters
    ----------
    founder : int64 array, shape (width, 4)
    others : sequence of int64 array, shape (width, 4)

    Returns
    -------
    list of tuple
        Similarity: cosine of the overlapping columns, as deviations from a uniform background; at
        least 8 columns (or all of a shorter motif) overlap. Offset: position of the other's first
        column in the founder's frame. Reverse: whether the other was reverse complemented.
    """
    best = [(-1.0, 0, False)] * len(others)
    left = _deviation(founder)
    widths = np.array([len(other) for other in others])
    for width in np.unique(widths):
        at = np.flatnonzero(widths == width)
        need = min(MIN_OVERLAP, len(founder), int(width))
        forward = np.stack([_deviation(others[int(index)]) for index in at])
        similarity = np.full(len(at), -1.0)
        where = np.zeros((len(at), 2), dtype=np.int64)
        for reverse in (False, True):
            right = forward[:, ::-1, ::-1] if reverse else forward
            for offset in range(need - int(width), len(left) - need + 1):
                begin, end = max(0, offset), min(len(left), int(width) + offset)
                a, b = left[begin:end], right[:, begin - offset : end - offset]
                norm = np.linalg.norm(a) * np.linalg.norm(b, axis=(1, 2))
                with np.errstate(invalid="ignore", divide="ignore"):
                    cosine = np.where(norm > 0, (a * b).sum(axis=(1, 2)) / norm, -1.0)
                better = cosine > similarity + 1e-12
                similarity[better] = cosine[better]
                where[better] = offset, reverse
        for index, value, (offset, turned) in zip(at, similarity, where, strict=True):
            best[int(index)] = (float(value), int(offset), bool(turned))
    return best


def alignment(founder: Counts, other: Counts) -> tuple[float, int, bool]:
    """Best similarity of two motifs, as :func:`alignments` gives it."""
    return alignments(founder, [other])[0]


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
        found_at = alignments(founder.counts, [unit.counts for _, unit in leading])
        for (effect, unit), place in zip(leading, found_at, strict=True):
            similarity, offset, reverse = (1.0, 0, False) if unit is founder else place
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
