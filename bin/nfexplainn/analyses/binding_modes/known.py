"""Binding modes: clusters of known motifs that say the same.

The paper counts the clusters of JASPAR's profiles of which a model has found a member
(Novakovsky, Fornes et al., Genome Biology 2023, Figure 1D and E). Where no such table is given, the
set at hand is clustered by our own Tomtom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from nfexplainn.errors import UserError
from nfexplainn.io.delimited import open_delimited
from nfexplainn.motifs.lines import one_line
from nfexplainn.motifs.modes import Mode
from nfexplainn.motifs.motif import MotifSet
from nfexplainn.problems import ErrorCollector

NAMES = 3
COLUMNS = ("mode", "name", "members", "target_id", "target_name")


def read_clusters(path: str | Path, motifs: MotifSet, *, name: str | None = None) -> list[Mode]:
    """Take the modes of a set from a table of motifs and clusters.

    Two columns without header, delimited text: a motif and its cluster. The motif is an
    identifier of the set, or ends in one as in JASPAR's tables (``JASPAR_2020_m29_MA1101_2``);
    where the set holds another version of a profile, that is taken. Motifs of the set that the
    table lacks are in no mode, and those of the table that the set lacks are passed over.

    Parameters
    ----------
    path : path
        May be compressed with gzip.
    motifs : MotifSet
    name : str, optional
        What messages call the file.

    Raises
    ------
    UserError
        If a line has not two columns, a motif is there in two clusters, or none is of the set.
    """
    shown = name or Path(path).name
    problems = ErrorCollector(shown)
    places = {motif.id: place for place, motif in enumerate(motifs.motifs)}
    bases = {identifier.partition(".")[0]: place for identifier, place in places.items()}
    found: dict[int, str] = {}
    first = ""
    exact: set[int] = set()
    for number, cells in open_delimited(path, shown, header=False):
        if len(cells) != 2 or not all(cells):
            problems.add(
                f"{len([cell for cell in cells if cell])} columns instead of 2; give a motif and"
                " its cluster, separated by a tab.",
                number,
            )
            continue
        first = first or cells[0]
        place, is_exact = _place(cells[0], places, bases)
        if place is None or (place in exact and not is_exact):
            continue
        if place in found and found[place] != cells[1] and is_exact == (place in exact):
            problems.add(
                f"{cells[0]} is in the clusters {found[place]} and {cells[1]}; keep one.", number
            )
        found[place] = cells[1]
        if is_exact:
            exact.add(place)
    problems.stop()
    if not first:
        raise UserError(f"{shown}: the table is empty; give a motif and its cluster per line.")
    if not found:
        raise UserError(
            f"{shown}: none of its motifs (such as {first}) is among the"
            f" {len(places)} known motifs (such as {next(iter(places), 'none')}); give the set that"
            " the table was made for as motif_db or jaspar_release, or leave mode_clusters out."
        )
    groups: dict[str, list[int]] = {}
    for place in sorted(found):
        groups.setdefault(found[place], []).append(place)
    return [Mode(one_line(label), tuple(members)) for label, members in groups.items()]


def mode_rows(modes: Sequence[Mode], motifs: MotifSet) -> list[tuple[str, str, int, str, str]]:
    """Give a row per motif that is in a mode, columns :data:`COLUMNS`."""
    rows = []
    for mode in modes:
        members = [motifs.motifs[place] for place in mode.members]
        names = list(dict.fromkeys(motif.name or motif.id for motif in members))
        more = f" +{len(names) - NAMES}" if len(names) > NAMES else ""
        label = ", ".join(names[:NAMES]) + more
        for motif in members:
            rows.append((mode.id, label, len(members), motif.id, motif.name or motif.id))
    return rows


def _place(
    text: str, places: Mapping[str, int], bases: Mapping[str, int]
) -> tuple[int | None, bool]:
    """Find a table's motif in the set: its place, and whether the version is the same."""
    if text in places:
        return places[text], True
    parts = text.split("_")
    if len(parts) > 1 and (joined := f"{parts[-2]}.{parts[-1]}") in places:
        return places[joined], True
    base = parts[-2] if len(parts) > 1 else text.partition(".")[0]
    return bases.get(base), False
