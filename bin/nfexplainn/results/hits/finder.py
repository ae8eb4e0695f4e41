"""What finds the sites of a model's motif rows, with what each contributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.interpret.motif_rows import Floats, MotifRows, RowSplitter, read_motif_rows
from nfexplainn.io.genome import Genome
from nfexplainn.models.checkpoint import LoadedModel
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.places import PlaceScanner
from nfexplainn.motifs.scan import log_odds
from nfexplainn.results.hits.contributions import Contributions, Sites, support
from nfexplainn.results.hits.scan import Found, scan
from nfexplainn.results.hits.thresholds import (
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
class Scored:
    """Hits with what they contribute.

    Attributes
    ----------
    found : Found
        ``motif`` of its places counts the rows that have a threshold (:attr:`Finder.found`).
    contribution : float64 array, shape (n,)
        Mean over the replicates.
    support : int64 array, shape (n,)
        Replicates whose contribution has the sign of the mean.
    """

    found: Found
    contribution: Floats
    support: Ints


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
            yield Scored(found, each.mean(axis=0), support(each))


def make_finder(
    replicates: Mapping[int, LoadedModel],
    table: Sequence[Mapping[str, str]],
    motifs: Sequence[Motif],
    dataset: Dataset,
    rate: float = 0.05,
    seed: int = 42,
) -> Finder:
    """Choose the rows and their thresholds.

    Parameters
    ----------
    replicates : mapping of int to LoadedModel
        By their numbers, from 1.
    table : sequence of mappings
        ``D.<model>.evidence.tsv``, with :data:`ROW_COLUMNS`.
    motifs : sequence of Motif
        ``D.<model>.evidence.meme``.
    dataset : Dataset
    rate : float
        False discovery rate, per held-out sequence, that a threshold keeps.
    seed : int
        Of the shuffles and samples of held-out sequences.
    """
    rows = read_motif_rows(table)
    numbers = sorted(replicates)
    header = replicates[numbers[0]].header
    by_id = {motif.id: motif for motif in motifs}
    scored, supported = scored_rows(table, rows.ids, by_id, header.tasks)
    thresholds = make_thresholds(scored, dataset, rate, seed)
    splitters = [
        RowSplitter(replicates[number].model, header.strand_symmetric, rows, number)
        for number in numbers
    ]
    return Finder(rows, scored, thresholds, splitters, dataset, supported)
