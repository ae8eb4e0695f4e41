"""Consensus motifs over replicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nfexplainn.motifs.alignments import Counts, alignments

TOP_UNITS = 20
SIMILARITY = 0.7


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
    found_in : int
        Number of replicates with a member.
    """

    members: tuple[UnitMotif, ...]
    counts: Counts
    score: float
    found_in: int


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
                found_in=sum(effect > 0 for effect in best_effect.values()),
            )
        )
        leading = rest
    return sorted(found, key=lambda motif: -motif.score)
