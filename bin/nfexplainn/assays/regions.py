"""Regions with a value per task: their windows in a genome, and the data set made of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.assays.common import PrepLog, assemble, check_splits
from nfexplainn.assays.spec import InputFile, Prepared, Spec
from nfexplainn.assays.windows import EXCLUDED, NO_CHROMOSOME, WindowReader
from nfexplainn.data.dataset import Floats, Source, TaskType
from nfexplainn.data.windows import Windows, join_windows
from nfexplainn.errors import UserError, quoted
from nfexplainn.io.genome import Genome, genome_sha256, open_genome
from nfexplainn.io.intervals import Ints, Peaks
from nfexplainn.io.peak_files import read_peaks
from nfexplainn.io.region_names import split_region
from nfexplainn.typed import typed

_DUPLICATE = "duplicate region"


@dataclass(frozen=True)
class RegionTable:
    """Regions of a file and a value for each in every task.

    Attributes
    ----------
    peaks : Peaks
        The n regions, in the file's order.
    tasks : tuple of str
    values : float32 array, shape (n, tasks)
        NaN where unknown.
    first_line : int
        Line of the first region, for messages; 0 where the file has no lines.
    lines : int64 array, shape (n,), or None
        Line of each region, where they do not follow each other.
    readings : tuple of (source, item, value)
        What was read as what.
    """

    peaks: Peaks
    tasks: tuple[str, ...]
    values: Floats
    first_line: int = 0
    lines: Ints | None = None
    readings: tuple[tuple[str, str, str], ...] = ()

    def place(self, row: int) -> str:
        """Name a region for a message."""
        if self.lines is not None:
            return f"{self.peaks.name}, line {self.lines[row]}"
        if self.first_line:
            return f"{self.peaks.name}, line {row + self.first_line}"
        chromosome = self.peaks.chromosomes[self.peaks.chrom[row]]
        where = f"{chromosome}:{self.peaks.start[row]}-{self.peaks.end[row]}"
        return f"{self.peaks.name}, region {row + 1} ({where})"


def make_peaks(name: str, chromosomes: Iterable[str], start: Ints, end: Ints) -> Peaks:
    """Make regions of columns; the summit is the middle, which windows are cut round.

    Parameters
    ----------
    name : str
    chromosomes : iterable of str, length n
    start, end : int64 array, shape (n,)
    """
    codes: dict[str, int] = {}
    chrom = np.array([codes.setdefault(c, len(codes)) for c in chromosomes], dtype=np.int32)
    nothing = np.full(len(start), np.nan)
    return Peaks(name, tuple(codes), chrom, start, end, (start + end) // 2, nothing)


def parse_names(source: str, names: Sequence[str], first_line: int = 0) -> Peaks:
    """Read coordinates off names such as ``chr1:100-300``, ``chr1-100-300`` or ``chr1_100_300``.

    Raises
    ------
    UserError
        At the first name that holds none.
    """
    chromosomes: list[str] = []
    bounds = np.empty((len(names), 2), dtype=np.int64)
    for row, name in enumerate(names):
        found = split_region(name)
        if found is None or found[1] >= found[2]:
            where = f"line {row + first_line}" if first_line else f"region {row + 1}"
            raise UserError(
                f"{source}, {where}: '{name[:40]}' has no coordinates; name regions like"
                " chr1:100-300 (start before end), or give the columns chrom, start and end."
            )
        chromosomes.append(found[0])
        bounds[row] = found[1:]
    return make_peaks(source, chromosomes, bounds[:, 0].copy(), bounds[:, 1].copy())


def option_file(spec: Spec, option: str) -> InputFile | None:
    """Give the file that an option names, None where it is not set.

    Raises
    ------
    UserError
        If its value is no file.
    """
    position = spec.raw_options.get(option)
    if position is None or position == "":
        return None
    if isinstance(position, int) and not isinstance(position, bool):
        if not 0 <= position < len(spec.files):
            raise UserError(f"{spec.id}: {option} names file {position} of {len(spec.files)}.")
        return spec.file(position)
    if not isinstance(position, str):
        raise UserError(f"{spec.id}: {option} is {position!r}; give the name of a file.")
    found = [file for file in spec.files if position in (file.name, file.path)]
    return found[0] if found else InputFile(str(position), str(position))


def choice(spec: Spec, option: str, allowed: Sequence[str]) -> str:
    """Give an option that is one of some words; the first of them is its default.

    Raises
    ------
    UserError
        If it is another word.
    """
    value = str(spec.raw_options.get(option) or allowed[0])
    if value not in allowed:
        raise UserError(
            f"{spec.id}: {option} is {quoted(value)}; it must be one of {', '.join(allowed)}."
        )
    return value


def wanted_tasks(spec: Spec) -> tuple[str, ...]:
    """Give the columns that the option ``value_columns`` asks for, none where it asks for all."""
    given = typed(_Wanted, spec.raw_options, spec.id).get("value_columns", ())
    return tuple(dict.fromkeys(given))


@dataclasses.dataclass(frozen=True)
class _Wanted:
    """The option of that name."""

    value_columns: tuple[str, ...] = ()


def choose_tasks(name: str, tasks: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Give the positions of the wanted tasks, of all where none are named.

    Raises
    ------
    UserError
        If one is not there, or a name stands twice.
    """
    twice = [task for position, task in enumerate(tasks) if task in tasks[:position]]
    if twice:
        raise UserError(
            f"{name}: two columns are called '{twice[0]}'; every task needs its own name."
        )
    missing = [task for task in wanted if task not in tasks]
    if missing:
        some = ", ".join(tasks[:5]) + (", ..." if len(tasks) > 5 else "")
        raise UserError(
            f"{name}: there is no column '{missing[0]}' (option value_columns); it has {some}."
        )
    return [tasks.index(task) for task in wanted] if wanted else list(range(len(tasks)))


def read_regions(spec: Spec, why: str) -> Peaks:
    """Read the BED of the option ``regions``.

    Raises
    ------
    UserError
        If there is none, with the reason why one is needed.
    """
    file = option_file(spec, "regions")
    if file is None:
        raise UserError(f"{spec.id}: {why}; give a BED in the column 'regions'.")
    peaks = read_peaks(file.path, file.name)
    # Windows stand round the middle of a region, whatever summit the file gives.
    return dataclasses.replace(peaks, summit=(peaks.start + peaks.end) // 2)


def window_reader(spec: Spec, log: PrepLog) -> WindowReader:
    """Open the genome for cutting windows.

    Raises
    ------
    UserError
        If there is no genome.
    """
    if spec.genome is None:
        raise UserError(f"{spec.id}: regions need a genome; give --genome, or the column 'genome'.")
    return WindowReader(spec, open_genome(spec.genome.path, spec.genome.name), log)


def cut_windows(reader: WindowReader, peaks: Peaks) -> tuple[Windows, Ints]:
    """Cut the window round the middle of every region that can be used.

    Left out and counted are regions on chromosomes that the genome lacks or that are not wanted,
    windows over an end, in the blacklist or with too many N, and windows that are there already.

    Returns
    -------
    windows : Windows, of length m
    rows : int64 array, shape (m,)
        Whose they are.
    """
    log, width = reader.log, reader.width
    log.read(peaks.name, "records", f"{len(peaks):,}")
    chrom = reader.map_names(peaks)
    rows = np.flatnonzero(chrom >= 0)
    log.drop(peaks.name, NO_CHROMOSOME, len(chrom) - len(rows))
    rows = rows[~reader.beyond(peaks.take(rows), chrom[rows])]
    allowed = reader.allowed[chrom[rows]]
    log.drop(peaks.name, EXCLUDED, int((~allowed).sum()))
    rows = rows[allowed]
    start = peaks.summit[rows] - width // 2
    _, first = np.unique(reader.genome.axis[chrom[rows]] + start, return_index=True)
    log.drop(peaks.name, _DUPLICATE, len(rows) - len(first))
    first.sort()
    rows, start = rows[first], start[first]
    good, windows = reader.cut(chrom[rows], start, peaks.name)
    log.read(peaks.name, "windows", f"round {len(good):,} middles of regions")
    return windows, rows[good]


def stack(
    spec: Spec, parts: Sequence[tuple[Windows, Floats]]
) -> tuple[Windows, Floats, NDArray[np.str_]]:
    """Put the windows of several rows of the sheet one under the other.

    Returns
    -------
    windows : Windows, of length n
    labels : float32 array, shape (n, tasks)
    given : array of str, shape (n,)
        The rows' splits; '' where the sheet gives none.

    Raises
    ------
    UserError
        If a region stands in two rows.
    """
    windows = join_windows([one for one, _ in parts])
    _, first = np.unique(windows.key, return_index=True)
    if len(first) < len(windows):
        again = int(np.setdiff1d(np.arange(len(windows)), first)[0])
        raise UserError(
            f"{spec.id}: the region {windows.name(again)} is in two files of this data set; give"
            " each region in one of them."
        )
    given = np.repeat(
        np.array([row.split or "" for row in spec.rows], dtype="<U5"),
        [len(one) for one, _ in parts],
    )
    return windows, np.concatenate([labels for _, labels in parts]), given


def finish(
    spec: Spec,
    log: PrepLog,
    genome: Genome,
    windows: Windows,
    labels: Floats,
    tasks: Sequence[str],
    task_type: TaskType | None,
    given: NDArray[np.str_] | None = None,
    extra: dict[str, object] | None = None,
) -> Prepared:
    """Split the windows and make the data set; see :func:`~nfexplainn.assays.common.assemble`.

    Raises
    ------
    UnusableError
        If regression has fewer regions than ``min_positives``, or no values that differ.
    """
    has_split = check_splits(spec)
    if task_type == "regression":
        _check_values(spec, log, labels)
    return assemble(
        spec,
        log,
        windows.names(),
        windows.codes,
        labels,
        tasks,
        given if has_split else None,
        extra or {},
        task_type=task_type,
        where=windows.coordinates(),
        genome=Source(genome.name, genome_sha256(genome)),
    )


def _check_values(spec: Spec, log: PrepLog, labels: Floats) -> None:
    """Refuse too few regions, and values from which nothing can be learnt."""
    known = int((~np.isnan(labels)).any(axis=1).sum()) if labels.size else 0
    if known < spec.options.min_positives:
        lost = sum(log.reasons().values())
        dropped = f" ({lost:,} records were dropped, see {spec.id}.dropped.tsv)" if lost else ""
        raise log.unusable(
            f"Only {known:,} regions can be used, fewer than min_positives"
            f" ({spec.options.min_positives}){dropped}.",
            "Give more regions, or lower min_positives and interpret the result with caution.",
        )
    flat = np.fmax.reduce(labels, axis=0) == np.fmin.reduce(labels, axis=0)
    if flat.all():
        raise log.unusable(
            "All values are equal in every task, so there is nothing to learn.",
            "Check that the signal covers these regions of this genome.",
        )
