"""Peaks (ChIP-seq, CUT&RUN, ATAC-seq, DNase-seq) in a genome: windows, labels, negatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.assays.common import (
    STREAM_NEGATIVES,
    Ledger,
    assemble,
    check_splits,
    negative_kind,
    others_or_stop,
    task_names,
)
from nfexplainn.coordinates import window_name
from nfexplainn.dataset import SPLITS, Floats, Source
from nfexplainn.errors import UserError
from nfexplainn.genome import Genome, genome_sha256, open_genome
from nfexplainn.intervals import Ints, Peaks, Regions, merge_close, read_peaks
from nfexplainn.negatives import (
    BINS,
    Windows,
    gc_bins,
    match_pool,
    sample_genome,
    shuffled,
)
from nfexplainn.problems import gather
from nfexplainn.spec import Prepared, Spec

_NO_CHROMOSOME = "chromosome not in the genome"
_EXCLUDED = "chromosome excluded"
_OVER_END = "window over the end of its chromosome"
_HAS_N = "window with N"
_BLACKLISTED = "window in the blacklist"
_DUPLICATE = "duplicate summit"
_NOT_TOP = "not among the top_n"
_AMBIGUOUS = "no summit near the middle of the merged window"
_GC_UNMATCHED = "no negative of the same GC content"


@dataclass(frozen=True)
class _Mapped:
    """Peaks of one file on the genome: all of them, and the windows that can be used.

    ``extent`` covers peaks and windows of the whole file, whether they are used or not, so that
    no negative lies on a peak that was merely not among the best.
    """

    extent: Regions
    chrom: Ints
    summit: Ints


class _Reader:
    """Map files of peaks to the genome, one rule for positives, pools and other rows."""

    def __init__(self, spec: Spec, genome: Genome, ledger: Ledger) -> None:
        self.width = spec.options.width
        self.genome = genome
        self.ledger = ledger
        self.top_n = spec.options.top_n
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

    def read(self, path: str, name: str, best: int | None = None) -> _Mapped:
        """Read a file of peaks and keep the summits whose windows can be used."""
        peaks = read_peaks(path, name)
        chrom = self.map_names(peaks)
        known = chrom >= 0
        self.ledger.drop(name, _NO_CHROMOSOME, int((~known).sum()))
        peaks, chrom = peaks.take(known), chrom[known]
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
        rows = rows[self._usable(chrom[rows], first[rows], name)]
        return _Mapped(extent, chrom[rows], peaks.summit[rows])

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

    def _usable(self, chrom: Ints, first: Ints, name: str) -> NDArray[np.intp]:
        """Rows of the windows inside their chromosome, outside the blacklist, without N."""
        rows = np.arange(len(chrom))
        inside = (first >= 0) & (first + self.width <= self.genome.sizes[chrom])
        rows = self._keep(rows, inside, name, _OVER_END)
        begin = self.genome.axis[chrom[rows]] + first[rows]
        clean = ~self.blacklist.overlap(begin, begin + self.width)
        rows = self._keep(rows, clean, name, _BLACKLISTED)
        codes = self.genome.fetch(chrom[rows], first[rows], self.width)
        return self._keep(rows, ~(codes == dna.N_CODE).any(axis=1), name, _HAS_N)


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


def prepare(spec: Spec) -> Prepared:
    """Make the data set of one or several sets of peaks.

    Several sets become one multi-label data set: windows stand round the union of all summits,
    those nearer than half a window merged, and are labelled by :func:`label_windows`. Negatives
    overlap no peak of any task and are 0 everywhere.

    Raises
    ------
    UserError
        For mistakes in the files; those of all files together.
    UnusableError
        If too few windows are left.
    """
    if spec.genome is None:
        raise UserError(f"{spec.id}: peaks need a genome; give --genome, or the column 'genome'.")
    has_split = check_splits(spec)
    tasks, task_of_row = task_names(spec)
    kinds = list(dict.fromkeys(negative_kind(spec, row, "gc") for row in spec.rows))
    if len(kinds) > 1 and not all(isinstance(kind, int) for kind in kinds):
        raise UserError(
            f"{spec.id}: the rows of this data set ask for different negatives"
            f" ({', '.join(spec.file(k).name if isinstance(k, int) else k for k in kinds)});"
            " give all the same."
        )
    ledger = Ledger()
    genome = open_genome(spec.genome.path, spec.genome.name)
    reader = _Reader(spec, genome, ledger)
    mapped: list[_Mapped] = []
    errors: list[UserError] = []
    for row in spec.rows:
        file = spec.file(row.data)
        try:
            mapped.append(reader.read(file.path, file.name, reader.top_n))
        except UserError as error:
            errors.append(error)
    gather(errors)

    split_of_row = [row.split or "" for row in spec.rows]
    windows, labels, given = _windows(spec, reader, mapped, task_of_row, len(tasks), split_of_row)
    names = [
        window_name(genome.names[c], s, s + reader.width)
        for c, s in zip(windows.chrom.tolist(), windows.start.tolist(), strict=True)
    ]
    extent = Regions.merge(
        np.concatenate([one.extent.start for one in mapped]),
        np.concatenate([one.extent.end for one in mapped]),
    )
    rng = np.random.default_rng([spec.options.seed, STREAM_NEGATIVES])
    ratio = spec.options.negatives_ratio
    if kinds == ["shuffle"]:
        codes, titles, parents, failed = shuffled(windows.codes, names, ratio, rng)
        ledger.drop("negatives", "shuffle equal to its sequence", failed)
        ledger.note("Negatives are dinucleotide shuffles of the positive windows.")
        part = given[parents]
    else:
        keep, negative = _matched(spec, reader, kinds, windows, extent, rng)
        ledger.drop("positives", _GC_UNMATCHED, len(names) - len(keep))
        windows, labels, given = windows.take(keep), labels[keep], given[keep]
        names = [names[row] for row in keep.tolist()]
        codes = negative.codes
        titles = [
            window_name(genome.names[c], s, s + reader.width)
            for c, s in zip(negative.chrom.tolist(), negative.start.tolist(), strict=True)
        ]
        part = rng.permutation(np.resize(given, len(titles)) if len(given) else given)
    blank = np.zeros((len(titles), len(tasks)), dtype=np.float32)
    kind = "file" if isinstance(kinds[0], int) else kinds[0]
    prepared = assemble(
        spec,
        ledger,
        names + titles,
        np.concatenate([windows.codes, codes]),
        np.concatenate([labels, blank]),
        tasks,
        np.concatenate([given, part]) if has_split else None,
        {"negatives": kind, "negatives_ratio": ratio, "genome": genome.name},
    )
    return _with_genome(prepared, genome)


def _windows(
    spec: Spec,
    reader: _Reader,
    mapped: list[_Mapped],
    task_of_row: list[int],
    tasks: int,
    split_of_row: list[str],
) -> tuple[Windows, Floats, NDArray[np.str_]]:
    """Merge the summits of all rows (of each part, where the sheet gives parts) into windows."""
    genome, width, ledger = reader.genome, reader.width, reader.ledger
    position = [genome.axis[one.chrom] + one.summit for one in mapped]
    summits = [
        np.concatenate([p for p, t in zip(position, task_of_row, strict=True) if t == task])
        for task in range(tasks)
    ]
    centres, parts = [], []
    for split in ("", *SPLITS):
        mine = [p for p, s in zip(position, split_of_row, strict=True) if s == split]
        if mine:
            everything = np.concatenate(mine)
            merged, _ = merge_close(everything, width / 2)
            ledger.drop(
                spec.id,
                "merged with a summit nearer than half a window",
                len(everything) - len(merged),
            )
            centres.append(merged)
            parts.append(np.full(len(merged), split, dtype="<U5"))
    centre, given = np.concatenate(centres), np.concatenate(parts)
    # A window of two parts would be in two splits; the first of train, valid, test keeps it.
    _, unique = np.unique(centre, return_index=True)
    unique = np.sort(unique)
    centre, given = centre[unique], given[unique]
    labels = label_windows(centre, summits, width)
    clear = (labels == 1).any(axis=1)
    ledger.drop(spec.id, _AMBIGUOUS, int((~clear).sum()))
    centre, given, labels = centre[clear], given[clear], labels[clear]
    chrom = np.searchsorted(genome.axis, centre, side="right") - 1
    start = centre - genome.axis[chrom] - width // 2
    # A merged window lies elsewhere than those of its summits, so it is looked at again.
    good = reader._usable(chrom, start, spec.id)
    chrom, start, labels, given = chrom[good], start[good], labels[good], given[good]
    return Windows(chrom, start, genome.fetch(chrom, start, width)), labels, given


def _matched(
    spec: Spec,
    reader: _Reader,
    kinds: list[int | str],
    windows: Windows,
    extent: Regions,
    rng: np.random.Generator,
) -> tuple[NDArray[np.intp], Windows]:
    """Find GC-matched negatives; give the positives to keep, and the negatives."""
    genome, width, ratio = reader.genome, reader.width, spec.options.negatives_ratio
    bins = gc_bins(windows.codes)
    if kinds == ["gc"]:
        wanted = np.rint(np.bincount(bins, minlength=BINS) * ratio).astype(np.int64)
        pool = sample_genome(
            genome,
            wanted,
            width,
            np.flatnonzero(reader.allowed).tolist(),
            Regions.merge(
                np.concatenate([extent.start, reader.blacklist.start]),
                np.concatenate([extent.end, reader.blacklist.end]),
            ),
            rng,
        )
        source = "random windows of the genome outside all peaks"
    else:
        if kinds == ["others"]:
            positions = others_or_stop(spec, "peaks")
            source = "peaks of the other rows of the sheet"
        else:
            positions = tuple(kind for kind in kinds if isinstance(kind, int))
            source = "windows of " + ", ".join(spec.file(p).name for p in positions)
        found = [reader.read(spec.file(p).path, spec.file(p).name) for p in positions]
        pool = _pool(reader, found, extent)
    keep, rows = match_pool(bins, gc_bins(pool.codes), ratio, rng)
    reader.ledger.note(
        f"Negatives are {source}, matched to the positives by GC content in steps of 1 %"
        f" ({len(rows):,} negatives, {len(keep):,} positives)."
    )
    if len(keep) < len(bins):
        reader.ledger.note(
            f"{len(bins) - len(keep):,} of {len(bins):,} positive windows were left out for want of"
            " negatives with the same GC content."
        )
    return keep, pool.take(rows)


def _pool(reader: _Reader, found: list[_Mapped], extent: Regions) -> Windows:
    """Make candidates for negatives of files of intervals."""
    genome, width = reader.genome, reader.width
    centre = np.unique(np.concatenate([genome.axis[one.chrom] + one.summit for one in found]))
    start = centre - width // 2
    free = ~extent.overlap(start, start + width)
    reader.ledger.drop("negatives", "candidate overlaps a peak", int((~free).sum()))
    chrom = np.searchsorted(genome.axis, centre[free], side="right") - 1
    begin = start[free] - genome.axis[chrom]
    return Windows(chrom, begin, genome.fetch(chrom, begin, width))


def _with_genome(prepared: Prepared, genome: Genome) -> Prepared:
    """Add the genome to the sources of a data set."""
    import dataclasses

    dataset = prepared.dataset
    sources = (*dataset.meta.sources, Source(genome.name, genome_sha256(genome)))
    meta = dataclasses.replace(dataset.meta, sources=sources)
    return Prepared(dataclasses.replace(dataset, meta=meta), prepared.dropped)
