"""Windows round peaks: map files of peaks to a genome, drop what is unusable, label by distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.assays.common import PrepLog
from nfexplainn.assays.spec import Spec
from nfexplainn.data.dataset import Floats
from nfexplainn.data.unknown import mostly_known, why_dropped
from nfexplainn.data.windows import Windows, fetch_windows
from nfexplainn.errors import UserError
from nfexplainn.io.chromosomes import map_chromosomes, some
from nfexplainn.io.genome import Genome
from nfexplainn.io.intervals import Ints, Origin, Peaks, Regions
from nfexplainn.io.peak_files import read_peaks

NO_CHROMOSOME = "chromosome not in the genome"
EXCLUDED = "chromosome excluded"
_BEYOND = "peak beyond the end of its chromosome"
_OVER_END = "window over the end of its chromosome"
_BLACKLISTED = "window in the blacklist"
_DUPLICATE = "duplicate summit"
_NOT_TOP = "not among the top_n"

# Bases of windows that are kept until the windows of all files are merged.
_HELD = 1 << 28
# Above this share of peaks beyond the ends the genome is taken for another assembly.
WRONG_GENOME = 0.05


@dataclass(frozen=True)
class MappedPeaks:
    """Peaks of one file on the genome: all of them, and the windows that can be used.

    ``extent`` covers peaks and windows of the whole file, whether they are used or not, so that
    no negative lies on a peak that was merely not among the best; ``everywhere`` holds all
    summits of the file on the genome's axis, so that no label says so either. ``centre`` holds
    those whose windows can be used, and ``windows`` these windows, or none of so many files that
    their bases would fill the memory.
    """

    extent: Regions
    everywhere: Ints
    centre: Ints
    windows: Windows


class WindowReader:
    """Map files of peaks to the genome, one rule for positives, pools and other rows."""

    def __init__(self, spec: Spec, genome: Genome, log: PrepLog, flank: int = 0) -> None:
        self.width, self.flank = spec.options.width, flank
        self._held = 0
        self.genome = genome
        self.log = log
        self.top_n = spec.options.top_n
        # Of each file with scores: their column, and the median of the peaks that are kept.
        self.scores: dict[str, tuple[str, float]] = {}
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
                f" called {some(self.genome.names)}."
                for name in getattr(spec.options, option)
                if name not in self.codes
            ]
        if wrong:
            raise UserError("\n".join(wrong))
        wanted = spec.options.chromosomes or self.genome.names
        out = set(spec.options.exclude_chromosomes)
        return np.array([name in wanted and name not in out for name in self.genome.names])

    def _read_blacklist(self, spec: Spec, blacklist: str | int) -> Regions:
        """Read the regions to leave out; there may be none, or some on unknown chromosomes."""
        if isinstance(blacklist, int):
            path, name = spec.file(blacklist).path, spec.file(blacklist).name
        else:
            found = [file for file in spec.files if blacklist in (file.name, file.path)]
            path, name = (found[0].path, found[0].name) if found else (blacklist, blacklist)
        peaks = read_peaks(path, name, empty=True)
        chrom = self.map_names(peaks, "give a blacklist of this genome")
        known = chrom >= 0
        self.log.read(name, "blacklist", _held(len(peaks), int(known.sum()), "regions"))
        start = self.genome.axis[chrom] + peaks.start
        return Regions.merge(start[known], (start + peaks.end - peaks.start)[known])

    def map_names(
        self, peaks: Peaks, way_out: str = "give the genome that the peaks were called on"
    ) -> Ints:
        """Give each peak's chromosome in the genome, -1 where it has none.

        Raises
        ------
        UserError
            If no name is known, or another spelling of the names would match many more peaks.
        """
        table = map_chromosomes(
            peaks.name,
            peaks.chromosomes,
            np.bincount(peaks.chrom, minlength=len(peaks.chromosomes)),
            self.codes,
            self.genome.name,
            way_out,
        )
        return table[peaks.chrom]

    def read(self, path: str, name: str, best: int | None = None) -> MappedPeaks:
        """Read a file of peaks and keep the summits whose windows can be used."""
        peaks = read_peaks(path, name, empty=True)
        self.log.read(name, "records", f"{len(peaks):,}")
        self.log.read(name, "format", peaks.origin.format or "no peak at all")
        chrom = self.map_names(peaks)
        known = chrom >= 0
        self.log.drop(name, NO_CHROMOSOME, int((~known).sum()))
        peaks, chrom = peaks.take(known), chrom[known]
        peaks, chrom = self._on_chromosomes(peaks, chrom)
        axis = self.genome.axis[chrom]
        first = peaks.summit - self.width // 2
        extent = Regions.merge(
            np.concatenate([axis + peaks.start, axis + first]),
            np.concatenate([axis + peaks.end, axis + first + self.width]),
        )
        rows = np.arange(len(chrom))
        rows = self._keep(rows, self.allowed[chrom], name, EXCLUDED)
        if best is not None:
            rows = self._best(rows, peaks, best, name)
        _, unique = np.unique(axis[rows] + peaks.summit[rows], return_index=True)
        mask = np.zeros(len(rows), dtype=np.bool_)
        mask[unique] = True
        rows = self._keep(rows, mask, name, _DUPLICATE)
        good, windows = self.cut(chrom[rows], first[rows], name)
        rows = rows[good]
        self.log.read(name, "windows", where_windows_stand(peaks.take(rows)))
        score = peaks.score[rows]
        if peaks.origin.score and not np.isnan(score).all():
            self.scores[name] = peaks.origin.score, float(np.nanmedian(score))
        summit = axis + peaks.summit
        if self._held >= _HELD:
            windows = windows.take(rows[:0])
        self._held += windows.codes.size
        return MappedPeaks(extent, summit, summit[rows], windows)

    def beyond(self, peaks: Peaks, chrom: Ints) -> NDArray[np.bool_]:
        """Tell which peaks begin beyond the end of their chromosome; many mean another genome."""
        sizes = self.genome.sizes[chrom]
        beyond = peaks.start >= sizes
        if beyond.sum() > WRONG_GENOME * len(beyond):
            row = int(np.argmax(beyond))
            name = self.genome.names[chrom[row]]
            raise UserError(
                f"{peaks.name}: {int(beyond.sum()):,} of {len(beyond):,} peaks begin beyond the end"
                f" of their chromosome in the genome {self.genome.name} ({name}:{peaks.start[row]},"
                f" but {name} ends at {sizes[row]}); give the genome that the peaks were called on."
            )
        self.log.drop(peaks.name, _BEYOND, int(beyond.sum()))
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
        origin = peaks.origin
        if not origin.score:
            raise UserError(
                f"{name}: top_n is {best}, but the file's scores ({', '.join(origin.flat)}) are the"
                " same in all lines, so peaks cannot be ranked; leave top_n out or give scores."
            )
        order = np.argsort(-np.where(np.isnan(score), -np.inf, score), kind="stable")
        mask = np.zeros(len(rows), dtype=np.bool_)
        mask[order[:best]] = True
        self.log.read(name, "score column", _ranking(score, mask, origin))
        if origin.flat:
            self.log.note(
                f"{name}: top_n ranks by {origin.score}, because {' and '.join(origin.flat)} holds"
                " the same value in all lines."
            )
        return self._keep(rows, mask, name, _NOT_TOP)

    def _keep(
        self, rows: NDArray[np.intp], mask: NDArray[np.bool_], name: str, reason: str
    ) -> NDArray[np.intp]:
        """Keep some rows and count the others."""
        self.log.drop(name, reason, int((~mask).sum()))
        return rows[mask]

    def cut(
        self, chrom: Ints, first: Ints, name: str, have: Sequence[Windows] = ()
    ) -> tuple[NDArray[np.intp], Windows]:
        """Cut the windows inside their chromosome, outside the blacklist, mostly known.

        Parameters
        ----------
        chrom, first : int64 array, shape (n,)
            Chromosome of the genome and start of each window.
        name : str
            Where they come from, for counting what is left out.
        have : sequence of Windows
            Windows that were fetched before: their bases are not fetched again.

        Returns
        -------
        rows : integer array, shape (m,)
            Which of the windows can be used.
        windows : Windows, of length m
        """
        rows = np.arange(len(chrom))
        inside = (first >= 0) & (first + self.width <= self.genome.sizes[chrom])
        rows = self._keep(rows, inside, name, _OVER_END)
        begin = self.genome.axis[chrom[rows]] + first[rows]
        clean = ~self.blacklist.overlap(begin, begin + self.width)
        rows = self._keep(rows, clean, name, _BLACKLISTED)
        windows = self.fetch(chrom[rows], first[rows], have)
        good = mostly_known(windows.codes, self.max_unknown)
        rows = self._keep(rows, good, name, why_dropped("window", self.max_unknown))
        return rows, windows if good.all() else windows.take(good)

    def fetch(self, chrom: Ints, first: Ints, have: Sequence[Windows] = ()) -> Windows:
        """Fetch windows, see :func:`~nfexplainn.data.windows.fetch_windows`."""
        return fetch_windows(self.genome, chrom, first, self.width, self.flank, have)


def where_windows_stand(peaks: Peaks) -> str:
    """Say round how many summits and how many middles windows stand."""
    total, summits = len(peaks), int(peaks.at_summit.sum())
    sizes = (peaks.end - peaks.start)[~peaks.at_summit] if summits else peaks.end - peaks.start
    middles = total - summits
    found = [f"{summits:,} {_noun('summit', summits)} ({peaks.origin.summit})"] if summits else []
    if middles:
        size = int(np.median(sizes))
        if size == 1:
            found.append(f"{middles:,} {_noun('position', middles)} of 1 bp")
        else:
            why = "" if summits else ": the file gives no summits"
            of = f"of intervals (median {size:,} bp)"
            found.append(f"{middles:,} {_noun('middle', middles)} {of}{why}")
    return "round " + " and ".join(found) if found else "none"


def _noun(word: str, count: int) -> str:
    """Give a noun in the number that fits."""
    return word if count == 1 else f"{word}s"


def _held(total: int, known: int, what: str) -> str:
    """Say how many lines of a side file are on the genome's chromosomes."""
    unknown = f" ({total - known:,} on chromosomes that the genome lacks)" if known < total else ""
    return f"{known:,} of {total:,} {what}{unknown}" if total else f"no {what} at all"


def _ranking(score: NDArray[np.float64], kept: NDArray[np.bool_], origin: Origin) -> str:
    """Say by which column peaks were ranked, and how many tied at the cut."""
    flat = f"; {', '.join(origin.flat)}: one value in all lines" if origin.flat else ""
    cut = float(np.nanmin(score[kept])) if not np.isnan(score[kept]).all() else np.nan
    tied, of = int((score[kept] == cut).sum()), int((score == cut).sum())
    if of <= tied:
        return f"{origin.score}, no ties at the cut ({cut:g}){flat}"
    return f"{origin.score}, {of:,} tie at the cut ({cut:g}), the file's first {tied:,} kept{flat}"


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
