"""What rows are called, and which are one because they are called alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nfexplainn.evidence.groups import MotifRow, join_rows
from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.interpret.pwms import information
from nfexplainn.interpret.support import label
from nfexplainn.motifs.matches import known_matches
from nfexplainn.motifs.modes import clusters_of
from nfexplainn.motifs.motif import Motif, MotifSet


@dataclass(frozen=True)
class Named:
    """A row with its best match among the known motifs.

    Attributes
    ----------
    row : MotifRow
    target : Motif or None
        None where nothing matches.
    family : str
        Names of the best matches, at most five.
    """

    row: MotifRow
    target: Motif | None
    family: str

    @property
    def name(self) -> str:
        """Name of the best match; empty where there is none."""
        return "" if self.target is None else self.target.name or self.target.id


def named_rows(rows: Sequence[MotifRow], known: MotifSet, options: AnnotateOptions) -> list[Named]:
    """Name rows by known motifs, and join those whose known motifs are alike.

    Parameters
    ----------
    rows : sequence of MotifRow
    known : MotifSet
    options : AnnotateOptions

    Returns
    -------
    list of Named
        By the effect of their strongest members.
    """
    first = _name(rows, known, options)
    targets = {id(one.row): one.target for one in first}

    unique = {target.id: target for target in targets.values() if target is not None}
    clusters = dict(zip(unique, clusters_of(list(unique.values())), strict=True))

    def same(row: MotifRow, others: Sequence[MotifRow]) -> list[bool]:
        own = targets[id(row)]
        if own is None:
            return [False] * len(others)
        theirs = [targets[id(other)] for other in others]
        return [one is not None and clusters[one.id] == clusters[own.id] for one in theirs]

    joined = join_rows(rows, same)
    kept = {_key(one.row): one for one in first}
    new = [row for row in joined if _key(row) not in kept]
    again = {_key(one.row): one for one in _name(new, known, options)}
    return [again.get(_key(row)) or kept[_key(row)] for row in joined]


def _key(row: MotifRow) -> tuple[tuple[int, int], ...]:
    return tuple((member.replicate, member.unit) for member in row.members)


def _name(rows: Sequence[MotifRow], known: MotifSet, options: AnnotateOptions) -> list[Named]:
    motifs = [row.motif(str(place)) for place, row in enumerate(rows)]
    told = [motif for motif in motifs if information(motif.ppm) >= options.min_information]
    hits = known_matches(
        MotifSet(tuple(told)),
        known,
        distance=options.tomtom_distance,
        min_overlap=options.tomtom_min_overlap,
        max_q=options.q_threshold,
        min_coverage=options.min_coverage,
    )
    by_id = {motif.id: motif for motif in known.motifs}
    found: dict[str, list[Motif]] = {}
    for query, target in zip(hits["query_id"], hits["target_id"], strict=True):
        found.setdefault(query, []).append(by_id[target])
    return [
        Named(
            row,
            found[motif.id][0] if motif.id in found else None,
            label(target.name or target.id for target in found.get(motif.id, ())),
        )
        for row, motif in zip(rows, motifs, strict=True)
    ]
