"""What changes do to the logits of a model's replicates, split over its motif rows, exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.analyses.explain.run import thresholds
from nfexplainn.analyses.variants.changes import Change, VariantWindows, cut_windows, pad_windows
from nfexplainn.analyses.variants.sites import SiteFinder, Sites
from nfexplainn.interpret.motif_rows import Floats, MotifRows, RowSplitter
from nfexplainn.interpret.unit_files import UNIT_COLUMNS, read_rows
from nfexplainn.io.genome import Genome
from nfexplainn.models.checkpoint import LoadedModel

# Numbers of 8 bytes that an array holds at a time, of a few such arrays.
MOST_CELLS = 1 << 23


@dataclass(frozen=True)
class Replicate:
    """A replicate of a model.

    Attributes
    ----------
    number : int
        From 1.
    loaded : LoadedModel
    threshold : float array, shape (units,)
        Natural logarithm of the activation from which a window is a site; NaN without a motif.
    """

    number: int
    loaded: LoadedModel
    threshold: NDArray[np.float64]


@dataclass(frozen=True)
class Effects:
    """Effects of changes.

    Attributes
    ----------
    reference : float64 array, shape (n, tasks)
        Logit of the reference, the mean over replicates (and offsets, and strands).
    parts : float64 array, shape (n, tasks, rows + 1)
        Change of the logit through the units of each row, and through those of none: the mean over
        replicates.
    by_replicate : float64 array, shape (replicates, n, tasks)
        Change of the logit in each replicate.
    """

    reference: Floats
    parts: Floats
    by_replicate: Floats

    @property
    def delta(self) -> Floats:
        """Change of the logit, float64 (n, tasks): the sum of the parts."""
        return np.asarray(self.parts.sum(axis=2), dtype=np.float64)


class VariantScorer:
    """Judge changes of a genome by all replicates of a model.

    Parameters
    ----------
    replicates : sequence of Replicate
        At least one; they read windows of one length.
    rows : MotifRows
    genome : Genome
    offsets : sequence of int
        See :class:`~nfexplainn.analyses.variants.options.VariantOptions`.
    pad : int
        N that the assay put on both sides of its sequences: these are no bases of the genome.
    """

    def __init__(
        self,
        replicates: Sequence[Replicate],
        rows: MotifRows,
        genome: Genome,
        offsets: Sequence[int] = (0,),
        pad: int = 0,
    ) -> None:
        header = replicates[0].loaded.header
        self.rows, self.tasks = rows, tuple(header.tasks)
        self._genome, self._offsets, self._pad = genome, tuple(offsets), pad
        self._codes = {name: code for code, name in enumerate(genome.names)}
        self._splitters = [
            RowSplitter(one.loaded.model, header.strand_symmetric, rows, one.number)
            for one in replicates
        ]
        self.length = self._splitters[0].length - 2 * pad
        self._sites = SiteFinder(
            {one.number: one.loaded.model.filters() for one in replicates},
            {one.number: one.threshold for one in replicates},
            rows,
            both_strands=header.strand_symmetric,
        )

    def chunk(self, most: int) -> int:
        """Give how many changes to judge at a time: few of many tasks or many offsets."""
        parts = len(self.tasks) * (len(self.rows) + 1)
        edits = 2 * len(self._offsets)  # of a change
        outputs = edits * (self._splitters[0].weights.shape[1] + self.length // 8)
        return max(1, min(most, MOST_CELLS // max(parts, outputs)))

    def codes_of(self, chromosomes: Sequence[str]) -> NDArray[np.int64]:
        """Give the genome's codes of chromosomes, which it must have."""
        return np.array([self._codes[name] for name in chromosomes], dtype=np.int64)

    def score(self, chrom: NDArray[np.int64], changes: Sequence[Change]) -> Effects:
        """Judge some changes, whose windows lie within their chromosomes.

        Parameters
        ----------
        chrom : int64 array, shape (n,)
            Positions in the genome's names.
        changes : sequence of Change
        """
        windows = cut_windows(self._genome, chrom, changes, self.length, self._offsets)
        windows = pad_windows(windows, self._pad)
        n = len(changes)
        reference = np.zeros((n, len(self.tasks)))
        parts = np.zeros((n, len(self.tasks), len(self.rows) + 1))
        each: list[Floats] = []
        for splitter in self._splitters:
            outputs, moved = splitter.unit_changes(windows.codes, windows.edits)
            logits = splitter.logits(outputs)
            reference += logits.reshape(n, len(self._offsets), -1).mean(axis=1)
            own = splitter.parts(_means(windows, moved, n))
            each.append(own.sum(axis=2))
            parts += own
        count = len(self._splitters)
        return Effects(reference / count, parts / count, np.stack(each))

    def sites(
        self, chrom: NDArray[np.int64], changes: Sequence[Change], leading: NDArray[np.int64]
    ) -> list[list[Sites]]:
        """Find what changes do to sites of their leading rows.

        Parameters
        ----------
        leading : int64 array, shape (n, tasks)
            The row of each change and task; -1: none.
        """
        return self._sites.find(self._genome, chrom, changes, leading)


def _means(windows: VariantWindows, moved: Floats, n: int) -> Floats:
    """Average what the windows of a change say, float64 (n, units): they follow each other."""
    starts = np.searchsorted(windows.change, np.arange(n))
    counts = np.bincount(windows.change, minlength=n)
    return np.asarray(np.add.reduceat(moved, starts, axis=0) / counts[:, None], dtype=np.float64)


def leading_parts(parts: Floats, most: int) -> NDArray[np.int64]:
    """Give the rows with the largest parts, int64 (n, tasks, at most ``most``), largest first.

    What is in no row is not among them, and a part of 0 makes no row a leading one: -1.
    """
    size = np.abs(parts[..., :-1])
    order = np.argsort(-size, axis=-1, kind="stable")[..., :most]
    found = np.take_along_axis(size, order, axis=-1)
    return np.where(found > 0, order, -1).astype(np.int64)


def with_thresholds(
    loaded: Mapping[int, LoadedModel], units: Mapping[int, str | Path]
) -> list[Replicate]:
    """Give replicates with the thresholds of their sites, in the order of their numbers.

    Parameters
    ----------
    loaded : mapping of replicate to LoadedModel
    units : mapping of replicate to path
        ``R.units.tsv``.
    """
    return [
        Replicate(
            number,
            one,
            thresholds(read_rows(units[number], UNIT_COLUMNS), one.header.config["units"]),
        )
        for number, one in sorted(loaded.items())
    ]
