"""What the units are called, and in how many replicates their motifs come back."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

from nfexplainn.errors import UserError
from nfexplainn.interpret.columns import TOMTOM_COLUMNS
from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.interpret.replicates import replicate_of
from nfexplainn.interpret.unit_files import read_tsv, write_tsv
from nfexplainn.motifs.formats import read_meme, read_motifs
from nfexplainn.motifs.matches import known_matches
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.naming import label, names_of
from nfexplainn.motifs.tomtom import Distance, tomtom

SUPPORT_COLUMNS = ("replicate", "unit", "matched_in", "replicates", "matches", "annotation")
_WITHOUT_MOTIF = ("dead", "no_sites")


@dataclass(frozen=True)
class ReplicateUnits:
    """The units of one replicate.

    Attributes
    ----------
    replicate : int
    units : DataFrame
        As in ``units.tsv``.
    motifs : MotifSet
        As in ``units.meme``.
    """

    replicate: int
    units: pd.DataFrame
    motifs: MotifSet

    def annotatable(self, min_information: float) -> tuple[Motif, ...]:
        """Motifs with sites and enough information, in the order of the units."""
        good = self.units[
            ~self.units["status"].isin(_WITHOUT_MOTIF)
            & (self.units["sites"] > 0)
            & (self.units["information"] >= min_information)
        ]
        by_id = {motif.id: motif for motif in self.motifs.motifs}
        return tuple(by_id[unit] for unit in good["unit"] if unit in by_id)


def read_replicates(paths: Iterable[str | Path]) -> list[ReplicateUnits]:
    """Read the ``units.tsv`` and ``units.meme`` of replicates, ascending.

    Parameters
    ----------
    paths : iterable of path
        In any order; the replicate is in the name, ``<dataset>.<model>.r<replicate>.units.tsv``.

    Raises
    ------
    UserError
        If a name has no replicate, or one of the two files is missing.
    """
    found: dict[int, dict[str, Path]] = {}
    for path in map(Path, paths):
        found.setdefault(replicate_of(path), {})[path.suffix] = path
    replicates = []
    for replicate, files in sorted(found.items()):
        for suffix in (".tsv", ".meme"):
            if suffix not in files:
                given = next(iter(files.values()))
                raise UserError(
                    f"{given}: the file units{suffix} beside it is missing; give both files."
                )
        replicates.append(
            ReplicateUnits(
                replicate,
                read_tsv(files[".tsv"], ("unit", "status", "sites", "information")),
                read_meme(files[".meme"], allow_empty=True),
            )
        )
    return replicates


def annotate_files(
    paths: Iterable[str | Path],
    motif_set: str | Path,
    options: AnnotateOptions,
    folder: str | Path,
    name: str,
) -> tuple[Path, Path]:
    """Name the units in files by known motifs, count their support, and write both tables.

    Parameters
    ----------
    paths : iterable of path
        As of :func:`read_replicates`.
    motif_set : path
        Known motifs in MEME or JASPAR format.
    options : AnnotateOptions
    folder : path
        Made if it is not there.
    name : str
        Prefix of the files, ``<dataset>.<model>``.

    Returns
    -------
    tomtom, support : Path
        ``<name>.tomtom.tsv`` (see :func:`annotate`) and ``<name>.support.tsv`` (:func:`support`).

    Raises
    ------
    UserError
        If a file is missing or cannot be read.
    """
    replicates = read_replicates(paths)
    known = read_motifs(motif_set, name=Path(motif_set).name)
    matches, names = annotate(replicates, known, options)
    supported = support(replicates, options)
    own = zip(supported["replicate"], supported["unit"], strict=True)
    supported["annotation"] = [names.get(key) for key in own]
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    files = target / f"{name}.tomtom.tsv", target / f"{name}.support.tsv"
    for table, file in zip((matches, supported), files, strict=True):
        write_tsv(table, file)
    named = len(matches.drop_duplicates(["replicate", "unit"]))
    print(
        f"{name}: {named} of {len(supported)} motifs match one of {len(known.motifs)} known"
        f" motifs, or a part of one, at q <= {options.q_threshold:g}",
        file=sys.stderr,
    )
    return files


def annotate(
    replicates: Sequence[ReplicateUnits], known: MotifSet, options: AnnotateOptions
) -> tuple[pd.DataFrame, dict[tuple[int, str], str]]:
    """Compare the units of all replicates with known motifs, and name them.

    Returns
    -------
    matches : DataFrame
        Columns :data:`TOMTOM_COLUMNS`; matches with q at most the threshold that cover enough of
        the known motif and explain enough of the unit's, best first per unit. ``part`` is 1 where
        the unit's is a part of the known motif.
    names : dict of (replicate, unit) to str
        Of the units that have one: up to five names of a family, or what is of low complexity.
    """
    names = {motif.id: motif.name or motif.id for motif in known.motifs}
    motifs = _annotatable(replicates, options)
    # All at once, so that a motif of several replicates is compared once.
    every = MotifSet(tuple(motif for some in motifs.values() for motif in some))
    known = MotifSet(known.motifs)
    table = known_matches(every, known, **options.matching())
    called = names_of(table, every, known)
    own = [_place(query) for query in table["query_id"]]
    table["replicate"] = np.array([replicate for replicate, _ in own], dtype=np.int64)
    table["unit"] = [unit for _, unit in own]
    table["target_name"] = [names[target] for target in table["target_id"]]
    table["part"] = table["part"].astype(np.int64)
    said = {_place(query): label(name.names) for query, name in called.items() if name.names}
    return table[list(TOMTOM_COLUMNS)], said


def support(replicates: Sequence[ReplicateUnits], options: AnnotateOptions) -> pd.DataFrame:
    """Count the replicates, its own included, that have a unit with the motif of each unit.

    A unit is compared with the annotatable units of all other replicates together.

    Returns
    -------
    DataFrame
        Columns :data:`SUPPORT_COLUMNS` but the last, a row per annotatable unit; ``matches`` names
        the best match of every other replicate that has one, as ``r2:unit_004``.
    """
    motifs = _annotatable(replicates, options)
    rows = []
    for replicate, queries in motifs.items():
        targets = tuple(
            motif for other, others in motifs.items() if other != replicate for motif in others
        )
        table = _compare(queries, targets, options)
        best: dict[str, dict[str, str]] = {motif.id: {} for motif in queries}
        for query, target in zip(table["query_id"], table["target_id"], strict=True):
            best[query].setdefault(target.partition(":")[0], target)
        for query, matches in best.items():
            ordered = [matches[f"r{other}"] for other in motifs if f"r{other}" in matches]
            unit = query.partition(":")[2]
            rows.append((replicate, unit, 1 + len(ordered), len(motifs), ",".join(ordered)))
    return pd.DataFrame(rows, columns=list(SUPPORT_COLUMNS[:-1]))


def _place(query: str) -> tuple[int, str]:
    """Give replicate and unit of a motif that is called like ``r2:unit_004``."""
    replicate, _, unit = query.partition(":")
    return int(replicate[1:]), unit


def _annotatable(
    replicates: Sequence[ReplicateUnits], options: AnnotateOptions
) -> dict[int, tuple[Motif, ...]]:
    """Give the annotatable motifs of each replicate, called like ``r2:unit_004``."""
    return {
        each.replicate: tuple(
            Motif(f"r{each.replicate}:{motif.id}", motif.name, motif.ppm, motif.nsites)
            for motif in each.annotatable(options.min_information)
        )
        for each in replicates
    }


def _compare(
    queries: tuple[Motif, ...], targets: tuple[Motif, ...], options: AnnotateOptions
) -> pd.DataFrame:
    # The background, which the pseudo-count takes, is uniform, as in the units' MEME file. The
    # result has the queries in their order, each one's best target first.
    return tomtom(
        MotifSet(queries),
        MotifSet(targets),
        distance=cast(Distance, options.tomtom_distance),
        min_overlap=options.tomtom_min_overlap,
        max_q=options.q_threshold,
    )
