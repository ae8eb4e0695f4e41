"""What motifs are called: by known motifs that explain them, their family, or what they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nfexplainn.motifs.complexity import low_complexity
from nfexplainn.motifs.families import common_family
from nfexplainn.motifs.motif import Motif, MotifSet

if TYPE_CHECKING:
    import pandas as pd

MAX_NAMES = 5
FAMILY_NAMES = 10
PART = "part of "
AS_GOOD = 0.9
"""Of what the best match explains: what explains so much is as good."""


@dataclass(frozen=True)
class Name:
    """What a motif is called.

    Attributes
    ----------
    name : str
        Of the best match (``FOXA1``), with :data:`PART` before it where the motif is only a part
        of the known one; or what is of low complexity (``poly-A``); empty where nothing is known.
    family : str
        The family with its members among the matches, ``forkhead (FOXA1, FOXA2, ...)``, or the
        names of the best matches; as `name` where that is of low complexity.
    names : tuple of str
        Of the matches of that family, best first; with a part, all begin so.
    target : Motif or None
        The best match; None where there is none, and for a part.
    """

    name: str = ""
    family: str = ""
    names: tuple[str, ...] = ()
    target: Motif | None = None


def names_of(hits: pd.DataFrame, queries: MotifSet, known: MotifSet) -> dict[str, Name]:
    """Name every query.

    Parameters
    ----------
    hits : DataFrame
        Of :func:`nfexplainn.motifs.matches.known_matches`.
    queries, known : MotifSet

    Returns
    -------
    dict of str to Name
        By the queries' identifiers.
    """
    targets = {motif.id: motif for motif in known.motifs}
    found: dict[str, list[tuple[Motif, bool, float]]] = {}
    columns = ("query_id", "target_id", "part", "explained")
    for query, target, part, told in zip(*(hits[column] for column in columns), strict=True):
        found.setdefault(query, []).append((targets[target], bool(part), float(told)))
    return {motif.id: _name(motif, found.get(motif.id, [])) for motif in queries.motifs}


def label(names: Iterable[str]) -> str:
    """Join up to five distinct names, best first."""
    return ", ".join(list(dict.fromkeys(names))[:MAX_NAMES])


def _name(motif: Motif, matches: Sequence[tuple[Motif, bool, float]]) -> Name:
    if not matches:
        said = low_complexity(motif.ppm)
        return Name(said, said, (said,) if said else ())
    is_part = matches[0][1]
    own = [(target, told) for target, part, told in matches if part == is_part]
    close = sum(told >= AS_GOOD * own[0][1] for _, told in own)
    family, members = common_family([target for target, _ in own], close)
    names = list(dict.fromkeys(target.name or target.id for target in members))
    before = PART if is_part else ""
    shown = ", ".join(names[:FAMILY_NAMES]) + (", ..." if len(names) > FAMILY_NAMES else "")
    return Name(
        before + names[0],
        before + (f"{family} ({shown})" if family else label(names)),
        tuple(before + name for name in names),
        None if is_part else members[0],
    )


def short_name(name: str, family: str) -> str:
    """Give what a motif is called in a sentence: its family, else the name of its best match.

    Parameters
    ----------
    name : str
        Of the best match; empty where there is none.
    family : str
        With its members in brackets, ``MAF (MAFA, MAFG)``, or a list of names.
    """
    # The names of a list, which the first begins, may have brackets too.
    is_family = family.endswith(")") and not family.startswith(name)
    return family.partition(" (")[0] if is_family else name
