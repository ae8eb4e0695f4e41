"""What finds the sites of a model's motif rows, with what each contributes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.evidence.groups import trimmed
from nfexplainn.interpret.motif_rows import (
    Floats,
    MotifRows,
    RowSplitter,
    read_motif_rows,
    read_rows_file,
)
from nfexplainn.interpret.replicates import replicate_of
from nfexplainn.interpret.status import unit_name
from nfexplainn.interpret.unit_files import read_rows
from nfexplainn.io.genome import Genome
from nfexplainn.models.checkpoint import LoadedModel
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.places import PlaceScanner
from nfexplainn.motifs.scan import log_odds
from nfexplainn.results.hits.contributions import Contributions, Sites, same_sign
from nfexplainn.results.hits.scan import Found, scan
from nfexplainn.results.hits.thresholds import (
    ANY_TASK,
    ScoredRow,
    Threshold,
    make_thresholds,
    scored_rows,
)
from nfexplainn.results.windows import shape_of_meta

Ints = NDArray[np.int64]

ROW_COLUMNS = ("task", "motif", "name", "consensus", "units", "supported", "gain", "direction")
"""Columns of ``D.<model>.evidence.tsv`` that are read."""


@dataclass(frozen=True)
class RowTable:
    """The motif rows of a model, with what is known of them.

    Attributes
    ----------
    rows : MotifRows
    lines : sequence of mappings
        Per task and row, with the columns ``task motif supported gain direction``.
    motifs : mapping of str to Motif
        By the ids of the rows.
    """

    rows: MotifRows
    lines: Sequence[Mapping[str, str]]
    motifs: Mapping[str, Motif]


def row_table(lines: Sequence[Mapping[str, str]], motifs: Iterable[Motif]) -> RowTable:
    """Take the rows of the evidence.

    Parameters
    ----------
    lines : sequence of mappings
        ``D.<model>.evidence.tsv``, with :data:`ROW_COLUMNS`.
    motifs : iterable of Motif
        ``D.<model>.evidence.meme``.
    """
    return RowTable(read_motif_rows(lines), lines, {motif.id: motif for motif in motifs})


def read_row_table(
    path: str | Path, motifs: Sequence[str | Path], *, centred: bool = False
) -> RowTable:
    """Read the rows of a model and their motifs.

    Parameters
    ----------
    path : path
        ``D.<model>.evidence.tsv``; of an earlier version ``D.<model>.units.tsv``, of which units of
        one annotation are a row.
    motifs : sequence of path
        ``D.<model>.evidence.meme``; of an earlier version ``R.units.meme`` of all replicates: a row
        has the motif of its first unit, without flanks that tell next to nothing.
    centred : bool
        Whether classes exclude each other.

    Raises
    ------
    UserError
        If a file is none of these.
    """
    read = [(Path(one), read_meme(one, allow_empty=True).motifs) for one in motifs]
    if not Path(path).name.endswith(".units.tsv"):
        return row_table(read_rows(path, ROW_COLUMNS), [one for _, some in read for one in some])
    rows = read_rows_file(path, centred=centred)
    units = {(replicate_of(file), one.id): one for file, some in read for one in some}
    found = {}
    for id, members in zip(rows.ids, rows.first_members, strict=True):
        replicate, unit = next(iter(members.items()))
        motif = units.get((replicate, unit_name(unit)))
        if motif is not None:
            counts = trimmed(np.rint(motif.ppm * motif.nsites).astype(np.int64))
            ppm = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
            found[id] = Motif(id, "", ppm, motif.nsites)
    nothing = {"task": ANY_TASK, "supported": "false", "gain": "", "direction": ""}
    return RowTable(rows, [nothing | {"motif": id} for id in rows.ids], found)


@dataclass(frozen=True)
class Scored:
    """Hits with what they contribute.

    Attributes
    ----------
    found : Found
        ``motif`` of its places counts the rows that have a threshold (:attr:`Finder.found`).
    contribution : float64 array, shape (n,)
        Mean over the replicates.
    same_sign : int64 array, shape (n,)
        Replicates whose contribution has the sign of the mean.
    """

    found: Found
    contribution: Floats
    same_sign: Ints


@dataclass(frozen=True)
class Finder:
    """What finds the sites of a model's rows.

    Attributes
    ----------
    rows : MotifRows
    scored : list of ScoredRow
        The rows that are looked for.
    thresholds : list of Threshold
        Of each of these.
    splitters : list of RowSplitter
        Of each replicate.
    dataset : Dataset
    supported : bool
        Whether the rows are the supported ones.
    """

    rows: MotifRows
    scored: list[ScoredRow]
    thresholds: list[Threshold]
    splitters: list[RowSplitter]
    dataset: Dataset
    supported: bool

    @property
    def found(self) -> list[int]:
        """Places of the rows that have a threshold, among those that are looked for."""
        return [at for at, one in enumerate(self.thresholds) if not np.isnan(one.score)]

    @property
    def ids(self) -> list[str]:
        """Ids of the rows that have a threshold."""
        return [self.rows.ids[self.scored[at].place] for at in self.found]

    @property
    def labels(self) -> list[str]:
        """Their names."""
        return [self.rows.labels[self.scored[at].place] for at in self.found]

    @cached_property
    def widths(self) -> Ints:
        """Their widths in bp, int64, shape (rows,)."""
        return self._scanner.widths

    @property
    def best(self) -> Floats:
        """The highest score that each can have, float64, shape (rows,)."""
        motifs = (self.scored[at].motif for at in self.found)
        return np.array([log_odds(motif).max(axis=1).sum() for motif in motifs])

    @cached_property
    def _scanner(self) -> PlaceScanner:
        both = self.dataset.meta.strand_symmetric
        motifs = [self.scored[at].motif for at in self.found]
        return PlaceScanner(motifs, both_strands=both)

    def hits(self, genome: Genome, first: Ints, last: Ints) -> Iterator[Scored]:
        """Find the hits in regions, with flat memory.

        Parameters
        ----------
        genome : Genome
        first, last : int64 arrays, shape (regions,)
            As :func:`~nfexplainn.results.hits.scan.union` gives them.
        """
        chosen = self.found
        if not chosen:
            return
        limits = np.array([self.thresholds[at].score for at in chosen])
        place = np.array([self.scored[at].place for at in chosen], dtype=np.int64)
        task = np.array([self.thresholds[at].task for at in chosen], dtype=np.int64)
        shape = shape_of_meta(self.dataset.meta)
        contributions = Contributions(self.splitters, genome, shape)
        for found in scan(genome, first, last, self._scanner, limits):
            where = found.places
            ends = where.start + self.widths[where.motif]
            sites = Sites(found.chrom, where.start, ends, place[where.motif], task[where.motif])
            each = contributions.of(sites)
            yield Scored(found, each.mean(axis=0), same_sign(each))


def make_finder(
    replicates: Mapping[int, LoadedModel],
    table: RowTable,
    dataset: Dataset,
    rate: float = 0.05,
    seed: int = 42,
) -> Finder:
    """Choose the rows and their thresholds.

    Parameters
    ----------
    replicates : mapping of int to LoadedModel
        By their numbers, from 1.
    table : RowTable
    dataset : Dataset
    rate : float
        False discovery rate, per held-out sequence, that a threshold keeps.
    seed : int
        Of the shuffles and samples of held-out sequences.
    """
    rows = table.rows
    numbers = sorted(replicates)
    header = replicates[numbers[0]].header
    scored, supported = scored_rows(table.lines, rows.ids, table.motifs, header.tasks)
    thresholds = make_thresholds(scored, dataset, rate, seed)
    splitters = [
        RowSplitter(replicates[number].model, header.strand_symmetric, rows, number)
        for number in numbers
    ]
    return Finder(rows, scored, thresholds, splitters, dataset, supported)
