"""Bulk accessibility: a signal per region and sample, given or summed from tracks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nfexplainn.assays.assay import SPLITTING, WINDOWS, Assay
from nfexplainn.assays.common import PrepLog, joint_source, place, task_names
from nfexplainn.assays.region_tables import read_region_table
from nfexplainn.assays.regions import (
    choice,
    cut_windows,
    finish,
    make_peaks,
    option_file,
    read_regions,
    stack,
    wanted_tasks,
    window_reader,
)
from nfexplainn.assays.signal import TRANSFORMS, transform_signal
from nfexplainn.assays.spec import Prepared, Spec
from nfexplainn.assays.tracks import is_track, sum_track
from nfexplainn.assays.windows import WindowReader
from nfexplainn.data.dataset import Floats
from nfexplainn.data.windows import Windows
from nfexplainn.errors import UserError
from nfexplainn.evaluation.advice import of_regions
from nfexplainn.features import AssayFacts
from nfexplainn.io.intervals import Peaks
from nfexplainn.problems import gather, read_each

_UNKNOWN = "no known value in any sample"


def prepare(spec: Spec) -> Prepared:
    """Make the data set of accessibility over regions (paper: ImmGen ATAC-seq, AI-TAC's regions).

    A row of the sheet is either a table (a column per sample; several rows are parts of a split)
    or the track of one sample, which becomes a task. Tracks are summed over the windows of the
    option ``regions`` or, with ``tile_step``, over windows at even distances along the genome.

    Raises
    ------
    UserError
        For mistakes in the files; those of all files together.
    UnusableError
        If too few regions are left.
    """
    log = PrepLog()
    reader = window_reader(spec, log)
    files = [spec.file(row.data) for row in spec.rows]
    tracks = read_each(files, lambda file: is_track(file.path, file.name))
    if any(tracks) and not all(tracks):
        table = spec.rows[tracks.index(False)]
        raise UserError(
            f"{spec.id}: {spec.file(table.data).name} is a table of regions, other rows are tracks;"
            " give tables and tracks different data sets."
        )
    given = None
    if all(tracks):
        cut, labels, tasks = _from_tracks(spec, reader)
    else:
        cut, labels, tasks, given = _from_tables(spec, reader)
    known = ~np.isnan(labels).all(axis=1)
    log.drop(joint_source(spec), _UNKNOWN, int((~known).sum()))
    keep = np.flatnonzero(known)
    cut = cut.take(keep)
    default = "none" if not all(tracks) else "log2" if len(tasks) == 1 else "log2_quantile"
    allowed = (default, *(one for one in TRANSFORMS if one != default))
    transform = choice(spec, "transform", allowed)
    labels = transform_signal(labels[keep], transform, tasks, cut)
    if transform != "none":
        log.note(f"The signal was transformed: {transform.replace('_', ' and ')}.")
    return finish(
        spec,
        log,
        reader.genome,
        cut,
        labels,
        tasks,
        "regression",
        None if given is None else given[keep],
        {"transform": transform},
    )


def _from_tables(
    spec: Spec, reader: WindowReader
) -> tuple[Windows, Floats, tuple[str, ...], NDArray[np.str_]]:
    """Read tables with a column per sample."""
    if option_file(spec, "regions") is not None:
        raise UserError(
            f"{spec.id}: 'regions' is for tracks (bigWig, bedGraph, fragments), but"
            f" {joint_source(spec)} seems to be a table; a table of regions has its own. Leave"
            " 'regions' out, or delete the header if it is a track."
        )
    parts, errors = [], []
    tasks: tuple[str, ...] = ()
    for row in spec.rows:
        file = spec.file(row.data)
        try:
            table = read_region_table(file.path, file.name, wanted_tasks(spec))
        except UserError as error:
            errors.append(error)
            continue
        if tasks and table.tasks != tasks:
            raise UserError(
                f"{file.name}: its columns differ from those of the first table; tables of one data"
                " set must have the same samples in the same order."
            )
        tasks = table.tasks
        for reading in table.readings:
            reader.log.read(*reading)
        cut, rows = cut_windows(reader, table.peaks)
        parts.append((cut, table.values[rows]))
    gather(errors)
    cut, labels, given = stack(spec, parts)
    return cut, labels, tasks, given


def _from_tracks(spec: Spec, reader: WindowReader) -> tuple[Windows, Floats, tuple[str, ...]]:
    """Sum tracks over windows."""
    split = next((row for row in spec.rows if row.split), None)
    if split is not None:
        raise UserError(
            f"{place(split)}: a track covers the whole genome and cannot be one part of a split;"
            " leave the column split empty and use split_by random or chromosome."
        )
    tasks, of_row = task_names(spec)
    if len(tasks) < len(of_row):
        twice = next(t for i, t in enumerate(of_row) if t in of_row[:i])
        raise UserError(
            f"{spec.id}: two rows are called '{tasks[twice]}'; every track needs its own label."
        )
    cut, _ = cut_windows(reader, _tracked_regions(spec, reader))
    columns = read_each(
        (spec.file(row.data) for row in spec.rows),
        lambda file: sum_track(file.path, file.name, reader.genome, cut, reader.width, reader.log),
    )
    return cut, np.stack(columns, axis=1), tasks


def _tracked_regions(spec: Spec, reader: WindowReader) -> Peaks:
    """Give the regions of the BED, or windows at even distances along the genome."""
    step = spec.raw_options.get("tile_step")
    if step is None:
        tracks = ", ".join(dict.fromkeys(spec.file(row.data).name for row in spec.rows))
        return read_regions(
            spec, f"tracks ({tracks}) need regions to sum the signal over (or tile_step)"
        )
    if option_file(spec, "regions") is not None:
        raise UserError(f"{spec.id}: give either regions or tile_step, not both.")
    if not isinstance(step, int) or isinstance(step, bool) or step < 1:
        raise UserError(
            f"{spec.id}: tile_step is {step!r}; give a whole number of bases, 1 or more."
        )
    chromosomes: list[str] = []
    starts = []
    for code in np.flatnonzero(reader.allowed).tolist():
        places = np.arange(0, reader.genome.sizes[code] - reader.width + 1, step, dtype=np.int64)
        chromosomes += [reader.genome.names[code]] * len(places)
        starts.append(places)
    start = np.concatenate(starts) if starts else np.zeros(0, dtype=np.int64)
    if not len(start):
        raise UserError(
            f"{spec.id}: no chromosome is as long as a window of {reader.width} bp; use a smaller"
            " width, or other chromosomes."
        )
    return make_peaks("tiles", chromosomes, start, start + reader.width)


ASSAY = Assay(
    name="accessibility",
    description="Accessibility of regions in samples: a table, or bigWig, bedGraph and fragments",
    prepare=prepare,
    facts=AssayFacts(
        label="accessibility",
        genome=True,
        profiles=True,
        advice=of_regions("--value_columns, --transform"),
    ),
    losses=("mse", "pearson"),
    options=(*WINDOWS, "value_columns", "regions", "tile_step", "transform", *SPLITTING),
    defaults={"loss": "pearson"},
    aliases={"dnase": "DNase-seq"},
)
