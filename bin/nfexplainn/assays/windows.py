"""Windows round peaks: map files of peaks to a genome, drop what is unusable, label by distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.assays.common import Ledger
from nfexplainn.dataset import Floats
from nfexplainn.errors import UserError
from nfexplainn.genome import Genome
from nfexplainn.intervals import Ints, Peaks, Regions, read_peaks
from nfexplainn.spec import Spec
from nfexplainn.unknown import mostly_known, why_dropped

_NO_CHROMOSOME = "chromosome not in the genome"
_EXCLUDED = "chromosome excluded"
_BEYOND = "peak beyond the end of its chromosome"
_OVER_END = "window over the end of its chromosome"
_BLACKLISTED = "window in the blacklist"
_DUPLICATE = "duplicate summit"
_NOT_TOP = "not among the top_n"

# Above this share of peaks beyond the ends the genome is taken for another assembly.
_WRONG_GENOME = 0.05


@dataclass(frozen=True)
class MappedPeaks:
    """Peaks of one file on the genome: all of them, and the windows that can be used.

    ``extent`` covers peaks and windows of the whole file, whether they are used or not, so that
    no negative lies on a peak that was merely not among the best; ``everywhere`` holds all
    summits of the file on the genome's axis, so that no label says so either.
    """

    extent: Regions
    everywhere: Ints
    chrom: Ints
    summit: Ints


class WindowReader:
    """Map files of peaks to the genome, one rule for positives, pools and other rows."""

    def __init__(self, spec: Spec, genome: Genome, ledger: Ledger) -> None:
        self.width = spec.options.width
        self.genome = genome
        self.ledger = ledger
        self.top_n = spec.options.top_n
        self.max_unknown = spec.options.max_unknown
        self.codes = {name: code for code, name in enumerate(genome.names)}
        self.allowed = self._allowed(spec)
        self.blacklist = Regions(np.zeros(0, np.int64), np.zeros(0, np.int64))
        blacklist = spec.options.blacklist
        if blacklist is not None:
            self.blacklist = self._read_blacklist(spec, blacklist)

    def _allowed(self, spec: Spec) -> NDArray[np.bool_]:
        """Tell which chromosomes of the genome are used."""
        wrong = []
        for option in (
            "chromosomes",
            "exclude_chromosomes",
            "valid_chromosomes",
            "test_chromosomes",
        ):
            wrong += [
                f"{option}: the genome {self.genome.name} has no '{name}'; its chromosomes are"
                f" called {_some(self.genome.names)}."
                for name in getattr(spec.options, option)
                if name not in self.codes
            ]
        if wrong:
            raise UserError("\n".join(wrong))
        wanted = spec.options.chromosomes or self.genome.names
        out = set(spec.options.exclude_chromosomes)
        return np.array([name in wanted and name not in out for name in self.genome.names])

    def _read_blacklist(self, spec: Spec, blacklist: str | int) -> Regions:
        """Read the regions to leave out; names unknown to the genome do no harm."""
        if isinstance(blacklist, int):
            path, name = spec.file(blacklist).path, spec.file(blacklist).name
        else:
            found = [file for file in spec.files if blacklist in (file.name, file.path)]
            path, name = (found[0].path, found[0].name) if found else (blacklist, blacklist)
        peaks = read_peaks(path, name)
        chrom = self.map_names(peaks)
        known = chrom >= 0
        start = self.genome.axis[chrom] + peaks.start
        return Regions.merge(start[known], (start + peaks.end - peaks.start)[known])

    def map_names(self, peaks: Peaks) -> Ints:
        """Give each peak's chromosome in the genome, -1 where it has none.

        Raises
        ------
        UserError
            If no name is known.
        """
        table = np.array([self.codes.get(name, -1) for name in peaks.chromosomes], dtype=np.int64)
        if (table < 0).all():
            mine, its = peaks.chromosomes[0], self.genome.names
            if f"chr{mine}" in self.codes:
                way_out = f"write 'chr{mine}' for '{mine}' (sed 's/^/chr/')"
            elif mine.removeprefix("chr") in self.codes:
                way_out = f"write '{mine.removeprefix('chr')}' for '{mine}' (sed 's/^chr//')"
            else:
                way_out = "give the genome that the peaks were called on"
            raise UserError(
                f"{peaks.name}: none of its chromosomes ({_some(peaks.chromosomes)}) is in the"
                f" genome {self.genome.name} ({_some(its)}); {way_out}."
            )
        return table[peaks.chrom]

    def read(self, path: str, name: str, best: int | None = None) -> MappedPeaks:
        """Read a file of peaks and keep the summits whose windows can be used."""
        peaks = read_peaks(path, name)
        chrom = self.map_names(peaks)
        known = chrom >= 0
        self.ledger.drop(name, _NO_CHROMOSOME, int((~known).sum()))
        peaks, chrom = peaks.take(known), chrom[known]
        peaks, chrom = self._on_chromosomes(peaks, chrom)
        axis = self.genome.axis[chrom]
        first = peaks.summit - self.width // 2
        extent = Regions.merge(
            np.concatenate([axis + peaks.start, axis + first]),
            np.concatenate([axis + peaks.end, axis + first + self.width]),
        )
        rows = np.arange(len(chrom))
        rows = self._keep(rows, self.allowed[chrom], name, _EXCLUDED)
        if best is not None:
            rows = self._best(rows, peaks, best, name)
        _, unique = np.unique(axis[rows] + peaks.summit[rows], return_index=True)
        mask = np.zeros(len(rows), dtype=np.bool_)
        mask[unique] = True
        rows = self._keep(rows, mask, name, _DUPLICATE)
        rows = rows[self.usable(chrom[rows], first[rows], name)]
        return MappedPeaks(extent, axis + peaks.summit, chrom[rows], peaks.summit[rows])

    def beyond(self, peaks: Peaks, chrom: Ints) -> NDArray[np.bool_]:
        """Tell which peaks begin beyond the end of their chromosome; many mean another genome."""
        sizes = self.genome.sizes[chrom]
        beyond = peaks.start >= sizes
        if beyond.sum() > _WRONG_GENOME * len(beyond):
            row = int(np.argmax(beyond))
            name = self.genome.names[chrom[row]]
            raise UserError(
                f"{peaks.name}: {int(beyond.sum()):,} of {len(beyond):,} peaks begin beyond the end"
                f" of their chromosome in the genome {self.genome.name} ({name}:{peaks.start[row]},"
                f" but {name} ends at {sizes[row]}); give the genome that the peaks were called on."
            )
        self.ledger.drop(peaks.name, _BEYOND, int(beyond.sum()))
        return beyond

    def _on_chromosomes(self, peaks: Peaks, chrom: Ints) -> tuple[Peaks, Ints]:
        """Drop peaks that begin beyond the end of their chromosome."""
        beyond = self.beyond(peaks, chrom)
        return peaks.take(~beyond), chrom[~beyond]

    def _best(self, rows: NDArray[np.intp], peaks: Peaks, best: int, name: str) -> NDArray[np.intp]:
        """Keep the peaks with the highest scores; ties go by order in the file."""
        if len(rows) <= best:
            return rows
        score = peaks.score[rows]
        if np.isnan(score).all():
            raise UserError(
                f"{name}: top_n is {best}, but the file has no scores (column 5, or column 7 of"
                " narrowPeak and broadPeak); leave top_n out or give scores."
            )
        order = np.argsort(-np.where(np.isnan(score), -np.inf, score), kind="stable")
        mask = np.zeros(len(rows), dtype=np.bool_)
        mask[order[:best]] = True
        return self._keep(rows, mask, name, _NOT_TOP)

    def _keep(
        self, rows: NDArray[np.intp], mask: NDArray[np.bool_], name: str, reason: str
    ) -> NDArray[np.intp]:
        """Keep some rows and count the others."""
        self.ledger.drop(name, reason, int((~mask).sum()))
        return rows[mask]

    def usable(self, chrom: Ints, first: Ints, name: str) -> NDArray[np.intp]:
        """Rows of the windows inside their chromosome, outside the blacklist, mostly known."""
        rows = np.arange(len(chrom))
        inside = (first >= 0) & (first + self.width <= self.genome.sizes[chrom])
        rows = self._keep(rows, inside, name, _OVER_END)
        begin = self.genome.axis[chrom[rows]] + first[rows]
        clean = ~self.blacklist.overlap(begin, begin + self.width)
        rows = self._keep(rows, clean, name, _BLACKLISTED)
        codes = self.genome.fetch(chrom[rows], first[rows], self.width)
        most = self.max_unknown
        return self._keep(rows, mostly_known(codes, most), name, why_dropped("window", most))


def _some(names: Sequence[str]) -> str:
    """Show the first few names."""
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def label_windows(centre: Ints, summits: Sequence[Ints], width: int) -> Floats:
    """Label windows by the distance d of their centre from each task's nearest summit.

    1 if d <= width / 4, unknown (NaN) if width / 4 < d < width, else 0.

    Parameters
    ----------
    centre : int64 array, shape (n,)
    summits : sequence of int64 arrays
        One per task, on the same axis.
    width : int

    Returns
    -------
    float32 array, shape (n, tasks)
    """
    labels = np.zeros((len(centre), len(summits)), dtype=np.float32)
    for task, positions in enumerate(summits):
        if not len(positions):
            continue
        ordered = np.sort(positions)
        after = np.searchsorted(ordered, centre)
        right = np.abs(ordered[np.minimum(after, len(ordered) - 1)] - centre)
        left = np.abs(centre - ordered[np.maximum(after - 1, 0)])
        distance = np.minimum(left, right)
        labels[distance < width, task] = np.nan
        labels[4 * distance <= width, task] = 1
    return labels
