"""What a hit contributes to a prediction: the model's output less that with the site as N."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.data.padding import pad_codes
from nfexplainn.interpret.motif_rows import Floats, RowSplitter
from nfexplainn.io.genome import Genome
from nfexplainn.native.units import Edits
from nfexplainn.results.windows import Shape

Ints = NDArray[np.int64]

# Hits that are evaluated at a time, and numbers of 8 bytes that an array of them holds.
_HITS, _CELLS = 2048, 1 << 22


@dataclass(frozen=True)
class Sites:
    """Sites in a genome; int64 arrays of shape (n,).

    Attributes
    ----------
    chrom : int64 array
        Position in the genome's names.
    start, end : int64 array
    row, task : int64 array
        The motif row of each, and the task in which it is judged.
    """

    chrom: Ints
    start: Ints
    end: Ints
    row: Ints
    task: Ints

    def __len__(self) -> int:
        """Give the number of sites."""
        return len(self.start)

    def part(self, at: slice) -> Sites:
        """Keep some."""
        return Sites(*(getattr(self, name)[at] for name in vars(self)))


def cut_sites(genome: Genome, sites: Sites, shape: Shape) -> tuple[dna.Codes, Edits]:
    """Cut the model's window round each site, and put N in its place.

    The site is in the middle of its window but near the ends of its chromosome, where the window
    stays within it; a chromosome shorter than the window is filled up with N on both sides.

    Returns
    -------
    codes : uint8 array, shape (n, length)
    edits : Edits
        One of each.
    """
    inner = shape.inner
    size = genome.sizes[sites.chrom]
    middle = (sites.start + sites.end) // 2
    begin = np.clip(middle - inner // 2, 0, np.maximum(size - inner, 0))
    codes = np.full((len(sites), inner), dna.N_CODE, dtype=np.uint8)
    whole = np.flatnonzero(size >= inner)
    codes[whole] = genome.fetch(sites.chrom[whole], begin[whole], inner)
    lead = np.maximum(inner - size, 0) // 2
    for length in np.unique(size[size < inner]).tolist():
        rows = np.flatnonzero(size == length)
        first = int(lead[rows[0]])
        codes[rows, first : first + length] = genome.fetch(sites.chrom[rows], begin[rows], length)
    codes = pad_codes(codes, shape.pad)
    first, last = (
        np.clip(edge - begin + lead + shape.pad, 0, shape.length)
        for edge in (sites.start, sites.end)
    )
    place = np.arange(shape.length)
    inside = (place >= first[:, None]) & (place < last[:, None])
    edited = np.where(inside, np.uint8(dna.N_CODE), codes)
    rows = np.arange(len(sites), dtype=np.int64)
    return codes, Edits(edited, rows, first.astype(np.int32), last.astype(np.int32))


class Contributions:
    """Evaluate sites by all replicates of a model.

    Parameters
    ----------
    splitters : sequence of RowSplitter
        At least one.
    genome : Genome
    shape : Shape
        What the model reads.
    """

    def __init__(self, splitters: Sequence[RowSplitter], genome: Genome, shape: Shape) -> None:
        self._splitters, self._genome, self._shape = splitters, genome, shape
        one = splitters[0]
        cells = max(one.tasks * (len(one.rows) + 1), 4 * one.weights.shape[1], shape.length)
        self._step = max(1, min(_HITS, _CELLS // cells))

    def of(self, sites: Sites) -> Floats:
        """Give g(x) - g(x with the site as N), of the row's part of the logit of its task.

        Returns
        -------
        float64 array, shape (replicates, n)
            0 in a replicate that has no unit in the row.
        """
        found = np.zeros((len(self._splitters), len(sites)))
        for begin in range(0, len(sites), self._step):
            at = slice(begin, begin + self._step)
            some = sites.part(at)
            codes, edits = cut_sites(self._genome, some, self._shape)
            rows = np.arange(len(some))
            for number, splitter in enumerate(self._splitters):
                _, changes = splitter.unit_changes(codes, edits)
                found[number, at] = -splitter.parts(changes)[rows, some.task, some.row]
        return found


def same_sign(contributions: Floats) -> NDArray[np.int64]:
    """Count the replicates whose contribution has the sign of the mean, int64 (n,)."""
    mean = contributions.mean(axis=0)
    return np.asarray((np.sign(contributions) == np.sign(mean)).sum(axis=0) * (mean != 0))
