"""Peaks (ChIP-seq, CUT&RUN, ATAC-seq, DNase-seq) in a genome: windows, labels, negatives."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.assays.assay import SPLITTING, WINDOWS, Assay
from nfexplainn.assays.common import (
    ALL_FILES,
    PrepLog,
    assemble,
    check_splits,
    joint_source,
    negative_kind,
    note_unread,
    only_others,
    only_read,
    others_or_stop,
    task_names,
)
from nfexplainn.assays.spec import InputFile, Prepared, Spec
from nfexplainn.assays.windows import MappedPeaks, WindowReader, label_windows
from nfexplainn.data.classes import SCORES
from nfexplainn.data.dataset import SPLITS, Floats, Source
from nfexplainn.data.negatives import (
    BINS,
    gc_bins,
    match_pool,
    match_with_unknown,
    sample_genome,
    shuffled,
)
from nfexplainn.data.unknown import extend_unknown, lay_unknown, matched_by
from nfexplainn.data.windows import MAX_SHIFT, Windows, join_windows
from nfexplainn.errors import UserError
from nfexplainn.evaluation.advice import BELIEVE, OUTSIDE, for_no_peaks
from nfexplainn.features import Advice, AssayFacts
from nfexplainn.io.coordinates import Coordinates
from nfexplainn.io.genome import genome_sha256, open_genome
from nfexplainn.io.intervals import Regions, merge_close
from nfexplainn.problems import gather, read_each

_AMBIGUOUS = "no summit near the middle of the merged window"
_GC_UNMATCHED = "no negative of the same GC content"
_MERGED = "merged with a summit nearer than half a window"
_MERGED_BETWEEN = "merged with a nearer summit of another file (one window with both labels)"


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
    log = PrepLog()
    genome = open_genome(spec.genome.path, spec.genome.name)
    reader = WindowReader(spec, genome, log, MAX_SHIFT)
    windows, where, names, labels, given = _windows(spec, reader, kinds, task_of_row, len(tasks))
    return assemble(
        spec,
        log,
        names,
        windows.codes,
        labels,
        tasks,
        given if has_split else None,
        {
            "negatives": "file" if isinstance(kinds[0], int) else kinds[0],
            "negatives_ratio": spec.options.negatives_ratio,
        }
        | peak_scores(spec, reader, tasks, task_of_row),
        where=where,
        flanks=extend_unknown(windows.codes, windows.flanks),
        genome=Source(genome.name, genome_sha256(genome)),
    )


def peak_scores(
    spec: Spec, reader: WindowReader, tasks: Sequence[str], task_of_row: Sequence[int]
) -> dict[str, dict[str, tuple[str, float]]]:
    """Give the median score of the peaks of each task of one file, and its column.

    Returns
    -------
    dict
        ``peak_scores``: by task; empty where no file has scores.
    """
    found = {
        tasks[task]: reader.scores[spec.file(row.data).name]
        for row, task in zip(spec.rows, task_of_row, strict=True)
        if list(task_of_row).count(task) == 1 and spec.file(row.data).name in reader.scores
    }
    return {SCORES: found} if found else {}


def _windows(
    spec: Spec, reader: WindowReader, kinds: list[int | str], task_of_row: list[int], tasks: int
) -> tuple[Windows, Coordinates, list[str], Floats, NDArray[np.str_]]:
    """Make the windows of positives and, behind them, of negatives; give labels and parts too."""
    windows, labels, given, extent = _positives(spec, reader, task_of_row, tasks)
    log, ratio = reader.log, spec.options.negatives_ratio
    parents = np.zeros(0, dtype=np.int64)
    negative, part = windows.take(parents), given[:0]
    if kinds == ["others"] and len(spec.rows) > 1 and not spec.others:
        # The rows of one data set are each other's negatives already.
        log.note("Negatives of each task are the peaks of the other tasks.")
    elif kinds != ["shuffle"]:
        keep, negative = _matched(spec, reader, kinds, windows, extent)
        log.drop(joint_source(spec), _GC_UNMATCHED, len(windows) - len(keep))
        windows, labels, given = windows.take(keep), labels[keep], given[keep]
        part = np.resize(given, len(negative)) if len(given) else given
        part = spec.rng("parts of negatives").permutation(part)
    names = windows.names() + negative.names()
    if kinds == ["shuffle"]:
        codes, titles, rows, failed = shuffled(windows.codes, names, ratio, spec.rng("shuffle"))
        log.drop("shuffled negatives", "shuffle equal to its sequence", failed)
        log.note("Negatives are dinucleotide shuffles of the positive windows.")
        flanks = np.full((len(rows), windows.flanks.shape[1]), dna.N_CODE, dtype=np.uint8)
        place = windows.chrom[rows], windows.start[rows]
        negative = Windows(windows.chromosomes, *place, codes, flanks)
        names, part, parents = names + titles, given[rows], rows.astype(np.int64)
    own = np.full(len(names) - len(parents), -1, dtype=np.int64)
    both = join_windows([windows, negative])
    blank = np.zeros((len(negative), tasks), dtype=np.float32)
    return (
        both,
        both.coordinates(np.concatenate([own, parents])),
        names,
        np.concatenate([labels, blank]),
        np.concatenate([given, part]),
    )


def _check_some(files: list[InputFile], mapped: list[MappedPeaks], log: PrepLog) -> None:
    """Note samples without a peak: they may have failed, which is no mistake in the file.

    Raises
    ------
    UnusableError
        If no sample has one.
    """
    empty = [file.name for file, one in zip(files, mapped, strict=True) if not len(one.everywhere)]
    if len(empty) == len(files):
        raise log.unusable(f"{', '.join(empty)} holds no peak.", for_no_peaks())
    for name in empty:
        log.note(f"{name} holds no peak: its task has no positive and cannot be learnt.")


def _positives(
    spec: Spec, reader: WindowReader, task_of_row: list[int], tasks: int
) -> tuple[Windows, Floats, NDArray[np.str_], Regions]:
    """Merge the summits of all rows (of each part, where the sheet gives parts) into windows.

    Returns
    -------
    windows : Windows, of length n
    labels : float32 array, shape (n, tasks)
    given : array of str, shape (n,)
        The rows' splits.
    extent : Regions
        What all peaks cover.
    """
    files = [spec.file(row.data) for row in spec.rows]
    mapped = read_each(files, lambda file: reader.read(file.path, file.name, reader.top_n))
    _check_some(files, mapped, reader.log)
    split_of_row = [row.split or "" for row in spec.rows]
    genome, width, log = reader.genome, reader.width, reader.log
    position = [one.centre for one in mapped]
    # Labels go by all summits of a task: a peak that was not among the best is bound all the same.
    summits = [
        np.concatenate(
            [p.everywhere for p, t in zip(mapped, task_of_row, strict=True) if t == task]
        )
        for task in range(tasks)
    ]
    centres, parts = [], []
    for split in ("", *SPLITS):
        rows = [i for i, part in enumerate(split_of_row) if part == split]
        if rows:
            everything = np.concatenate([position[i] for i in rows])
            merged, owner = merge_close(everything, width / 2)
            # What merges within a file is lost; what merges between files makes their labels.
            edges = np.cumsum([len(position[i]) for i in rows])[:-1]
            own = [len(np.unique(part)) for part in np.split(owner, edges)]
            for i, left in zip(rows, own, strict=True):
                log.drop(spec.file(spec.rows[i].data).name, _MERGED, len(position[i]) - left)
            log.drop(ALL_FILES, _MERGED_BETWEEN, sum(own) - len(merged))
            centres.append(merged)
            parts.append(np.full(len(merged), split, dtype="<U5"))
    centre, given = np.concatenate(centres), np.concatenate(parts)
    # A window of two parts would be in two splits; the first of train, valid, test keeps it.
    _, unique = np.unique(centre, return_index=True)
    unique = np.sort(unique)
    centre, given = centre[unique], given[unique]
    labels = label_windows(centre, summits, width)
    clear = (labels == 1).any(axis=1)
    log.drop(joint_source(spec), _AMBIGUOUS, int((~clear).sum()))
    centre, given, labels = centre[clear], given[clear], labels[clear]
    chrom = np.searchsorted(genome.axis, centre, side="right") - 1
    start = centre - genome.axis[chrom] - width // 2
    # A merged window lies elsewhere than those of its summits, so it is looked at again.
    have = [one.windows for one in mapped]
    good, windows = reader.cut(chrom, start, joint_source(spec), have)
    extent = Regions.merge(
        np.concatenate([one.extent.start for one in mapped]),
        np.concatenate([one.extent.end for one in mapped]),
    )
    return windows, labels[good], given[good], extent


def _matched(
    spec: Spec,
    reader: WindowReader,
    kinds: list[int | str],
    windows: Windows,
    extent: Regions,
) -> tuple[NDArray[np.intp], Windows]:
    """Find GC-matched negatives; give the positives to keep, and the negatives."""
    genome, width, ratio = reader.genome, reader.width, spec.options.negatives_ratio
    if kinds == ["gc"]:
        bins = gc_bins(windows.codes)
        # Rounded up, or a ratio below 1 would find nothing for a rare %GC; match_pool trims.
        wanted = np.ceil(np.bincount(bins, minlength=BINS) * ratio).astype(np.int64)
        pool = sample_genome(
            genome,
            wanted,
            width,
            np.flatnonzero(reader.allowed).tolist(),
            Regions.merge(
                np.concatenate([extent.start, reader.blacklist.start]),
                np.concatenate([extent.end, reader.blacklist.end]),
            ),
            spec.rng("windows"),
            reader.flank,
        )
        pool_bins = gc_bins(pool.codes)
        rng = spec.rng("matching")
        keep, rows = match_pool(bins, pool_bins, ratio, rng)
        # These windows are without N; those of the positives are laid over them.
        codes = lay_unknown(pool.codes[rows], pool_bins[rows], windows.codes[keep], bins[keep], rng)
        source = "random windows of the genome outside all peaks"
    else:
        if kinds == ["others"]:
            positions = others_or_stop(spec, "peaks")
            source = "peaks of the other rows of the sheet"
        else:
            positions = tuple(kind for kind in kinds if isinstance(kind, int))
            source = "windows of " + ", ".join(spec.file(p).name for p in positions)
        found = _read_pools(spec, reader, positions)
        alone = spec.file(positions[0]).name
        source_name = alone if len(positions) == 1 else "all negatives together"
        pool = _pool(reader, found, extent, source_name)
        rng = spec.rng("matching")
        keep, rows, codes = match_with_unknown(windows.codes, pool.codes, ratio, rng)
    count = len(windows.codes)
    reader.log.note(
        f"Negatives are {source}, matched to the positives by {matched_by(windows.codes)}"
        f" ({len(rows):,} negatives, {len(keep):,} positives)."
    )
    if len(keep) < count:
        reader.log.note(
            f"{count - len(keep):,} of {count:,} positive windows were left out because no"
            " negatives had the same GC content."
        )
    return keep, dataclasses.replace(pool.take(rows), codes=codes)


def _read_pools(spec: Spec, reader: WindowReader, positions: Sequence[int]) -> list[MappedPeaks]:
    """Read the files of negatives; those of other rows that are broken are left out."""
    found: dict[int, MappedPeaks] = {}
    errors: list[UserError] = []
    for position in positions:
        file = spec.file(position)
        try:
            found[position] = reader.read(file.path, file.name)
        except UserError as error:
            if position in only_others(spec):
                note_unread(spec, position, error, reader.log)
            else:
                errors.append(error)
    gather(errors)
    only_read(spec, found)
    return list(found.values())


def _pool(reader: WindowReader, found: list[MappedPeaks], extent: Regions, source: str) -> Windows:
    """Make candidates for negatives of files of intervals."""
    genome, width = reader.genome, reader.width
    centre = np.unique(np.concatenate([one.centre for one in found]))
    start = centre - width // 2
    free = ~extent.overlap(start, start + width)
    reader.log.drop(source, "candidate overlaps a peak", int((~free).sum()))
    chrom = np.searchsorted(genome.axis, centre[free], side="right") - 1
    begin = start[free] - genome.axis[chrom]
    return reader.fetch(chrom, begin, [one.windows for one in found])


ASSAY = Assay(
    name="peaks",
    description="BED, narrowPeak, broadPeak or summits of ChIP-seq, CUT&RUN, ATAC-seq or DNase-seq",
    prepare=prepare,
    facts=AssayFacts(
        label="peaks",
        genome=True,
        positives="peaks (a less strict threshold when they are called)",
        negatives="--negatives gc or --negatives shuffle",
        windows="Windows of {width} bp were cut around the summit of each peak, or around its"
        " midpoint if it has none.",
        advice=Advice(
            wrong="Check that the peaks are of this genome and that their summits were read"
            " (chapter Data, What was read), take the strongest (--top_n, where the file has"
            " scores), or give more.",
            more="Take the strongest peaks (--top_n, where the file has scores), or more,"
            f" {BELIEVE}",
            composition="Use negatives of the same composition (--negatives gc or --negatives"
            " shuffle).",
            short=f"Give more peaks, or wider windows (--width) {OUTSIDE}",
        ),
    ),
    losses=("bce",),
    options=(*WINDOWS, "top_n", "negatives", "negatives_ratio", *SPLITTING),
    negatives=("gc", "shuffle", "others", "file"),
    defaults={"negatives": "gc"},
    holds={"negatives": "intervals"},
    aliases={"cuttag": "CUT&Tag", "cutandrun": "CUT&RUN"},
)
