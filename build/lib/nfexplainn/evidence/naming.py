"""What rows are called, and which are one because they are called alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nfexplainn.evidence.groups import MotifRow, join_rows
from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.interpret.pwms import information
from nfexplainn.motifs.matches import known_matches
from nfexplainn.motifs.modes import clusters_of
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.naming import Name, names_of

# On real sets copies of the leading motif have .3 to .5 (REST's 4 of 77 units, CTCF's 3 of 86).
# With less, flat rows that Tomtom finds in the gaps of long profiles became one: up to 19 units.
LEAST_COPIED = 0.3
"""Share of a row's information that a known motif must explain for it to join the motif's rows."""


@dataclass(frozen=True)
class Named:
    """A row with what it is called.

    Attributes
    ----------
    row : MotifRow
    called : Name
    """

    row: MotifRow
    called: Name

    @property
    def name(self) -> str:
        """Name of the best match; empty where there is none."""
        return self.called.name

    @property
    def family(self) -> str:
        """The family, and the names of the best matches."""
        return self.called.family


def named_rows(rows: Sequence[MotifRow], known: MotifSet, options: AnnotateOptions) -> list[Named]:
    """Name rows by known motifs, and join those whose known motifs are alike.

    What is too poor a copy to be named by the motif that explains most of it joins its rows all the
    same (from :data:`LEAST_COPIED` on): half-learnt units beside a good one would share its gain,
    and stand below it without a name.

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
    targets = {id(one.row): one.called.target for one in first}
    unnamed = [one.row for one in first if not one.name]
    targets |= _copied(unnamed, known, options)

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


def _copied(
    rows: Sequence[MotifRow], known: MotifSet, options: AnnotateOptions
) -> dict[int, Motif]:
    """Find the known motif that explains most of each row, if it explains enough for a copy."""
    _, told = _told(rows, options)
    hits = known_matches(told, known, **options.matching() | {"min_unit_coverage": 0.0})
    hits = hits[hits["explained"] >= LEAST_COPIED].sort_values("explained", ascending=False)
    best = hits.drop_duplicates("query_id")
    by_id = {motif.id: motif for motif in known.motifs}
    pairs = zip(best["query_id"], best["target_id"], strict=True)
    return {id(rows[int(query)]): by_id[target] for query, target in pairs}


def _told(rows: Sequence[MotifRow], options: AnnotateOptions) -> tuple[list[Motif], MotifSet]:
    """Give the motifs of rows by their places, and those that tell enough to be compared."""
    motifs = [row.motif(str(place)) for place, row in enumerate(rows)]
    good = (motif for motif in motifs if information(motif.ppm) >= options.min_information)
    return motifs, MotifSet(tuple(good))


def _name(rows: Sequence[MotifRow], known: MotifSet, options: AnnotateOptions) -> list[Named]:
    motifs, told = _told(rows, options)
    called = names_of(known_matches(told, known, **options.matching()), told, known)
    return [
        Named(row, called.get(motif.id, Name())) for row, motif in zip(rows, motifs, strict=True)
    ]
