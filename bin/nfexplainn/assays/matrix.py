"""A matrix of regions and transcription factors: 1 bound, 0 not bound, null unresolved."""

from __future__ import annotations

import numpy as np

from nfexplainn.assays.assay import SPLITTING, WINDOWS, Assay
from nfexplainn.assays.common import PrepLog, joint_source
from nfexplainn.assays.region_tables import read_region_table
from nfexplainn.assays.regions import (
    RegionTable,
    choice,
    choose_tasks,
    cut_windows,
    finish,
    option_file,
    read_regions,
    stack,
    wanted_tasks,
    window_reader,
)
from nfexplainn.assays.sparse_files import read_sparse
from nfexplainn.assays.spec import InputFile, Prepared, Spec
from nfexplainn.data.dataset import Floats
from nfexplainn.data.windows import Windows
from nfexplainn.errors import UserError
from nfexplainn.evaluation.advice import BELIEVE, OUTSIDE
from nfexplainn.features import Advice, AssayFacts
from nfexplainn.io.label_lists import read_label_list
from nfexplainn.io.text import first_bytes
from nfexplainn.problems import read_each

_UNRESOLVED = "unresolved in some task"
_NOTHING = "unresolved in every task"


def prepare(spec: Spec) -> Prepared:
    """Make the data set of a matrix (Novakovsky, Fornes et al. 2023, Methods: ReMap by DHS).

    Every region becomes the window of ``width`` round its middle. Unresolved labels are either
    masked in training and metrics, or their regions left out (option ``unresolved``), as in the
    paper's set of 50 factors. Several rows of the sheet, with the same columns, are parts.

    Raises
    ------
    UserError
        For mistakes in the files; those of all files together.
    UnusableError
        If too few regions are left.
    """
    log = PrepLog()
    reader = window_reader(spec, log)
    drop = choice(spec, "unresolved", ("mask", "drop")) == "drop"
    tables = read_each(spec.rows, lambda row: _read(spec, spec.file(row.data)))
    for table in tables:
        for reading in table.readings:
            log.read(*reading)
    for table in tables[1:]:
        if table.tasks != tables[0].tasks:
            raise UserError(
                f"{table.peaks.name}: its columns differ from those of {tables[0].peaks.name};"
                " matrices of one data set must have the same tasks in the same order."
            )
    parts: list[tuple[Windows, Floats]] = []
    for table in tables:
        cut, rows = cut_windows(reader, table.peaks)
        parts.append((cut, table.values[rows]))
    cut, labels, given = stack(spec, parts)
    unknown = np.isnan(labels)
    out = np.asarray(unknown.any(axis=1) if drop else unknown.all(axis=1))
    log.drop(joint_source(spec), _UNRESOLVED if drop else _NOTHING, int(out.sum()))
    if drop and out.all() and len(out):
        raise log.unusable(
            "No region is resolved in every task.",
            "Use unresolved 'mask', or choose fewer tasks (option value_columns).",
        )
    if unknown.any() and not drop:
        log.note(
            f"{100 * unknown.mean():.3g} % of the labels are unresolved: they are ignored in"
            " training and metrics."
        )
    keep = np.flatnonzero(~out)
    cut = cut.take(keep)
    _note_widths(tables, reader.width, log)
    extra: dict[str, object] = {"unresolved": "drop" if drop else "mask"}
    return finish(
        spec,
        log,
        reader.genome,
        cut,
        labels[keep],
        tables[0].tasks,
        None,
        given[keep],
        extra,
    )


def _read(spec: Spec, file: InputFile) -> RegionTable:
    """Read one matrix and check that it holds labels."""
    is_zip = first_bytes(file.path, file.name, 4) == b"PK\x03\x04"
    wanted = wanted_tasks(spec)
    if is_zip and not file.name.lower().endswith((".xlsx", ".zip")):
        table = _read_sparse(spec, file, wanted)
    else:
        table = read_region_table(file.path, file.name, wanted, labels=True)
    values = table.values
    wrong = np.argwhere((values != 0) & (values != 1) & ~np.isnan(values))
    if len(wrong):
        row, column = wrong[0].tolist()
        more = f" ({len(wrong):,} such values)" if len(wrong) > 1 else ""
        raise UserError(
            f"{table.place(row)}, column {table.tasks[column]}: {values[row, column]:g} is not a"
            f" label{more}; write 1 (bound), 0 (not bound) or NA (unresolved), or use the assay"
            " 'accessibility' for measured values."
        )
    return table


def _read_sparse(spec: Spec, file: InputFile, wanted: tuple[str, ...]) -> RegionTable:
    """Read a sparse matrix of SciPy; what is not stored is 0, what is stored as -1 or NaN null."""
    peaks = read_regions(spec, f"{file.name} has no coordinates")
    names = option_file(spec, "labels")
    if names is None:
        raise UserError(
            f"{spec.id}: {file.name} has no column names; give a file with one name per line in the"
            " column 'labels'."
        )
    tasks = read_label_list(names.path, names.name)
    said = f"{peaks.name} has {len(peaks):,} regions and {names.name} {len(tasks):,} names"
    matrix = read_sparse(file.path, file.name, (len(peaks), len(tasks)), said)
    chosen = choose_tasks(names.name, tasks, wanted)
    values = matrix[:, chosen].toarray().astype(np.float32)
    values[values == -1] = np.nan
    return RegionTable(peaks, tuple(tasks[i] for i in chosen), values)


def _note_widths(tables: list[RegionTable], width: int, log: PrepLog) -> None:
    """Say so where regions are not as wide as the windows."""
    sizes = np.concatenate([table.peaks.end - table.peaks.start for table in tables])
    other = int((sizes != width).sum())
    if other:
        log.note(
            f"{other:,} of {len(sizes):,} regions ({sizes.min():,} to {sizes.max():,} bp) became"
            f" windows of {width} bp around their middle."
        )


ASSAY = Assay(
    name="matrix",
    description="Regions by factors, bound, not bound or unresolved: TSV, Parquet or sparse .npz",
    prepare=prepare,
    facts=AssayFacts(
        label="matrix",
        genome=True,
        positives="regions",
        unbound="regions that are not bound",
        advice=Advice(
            wrong="Check that the regions are of this genome and that the labels belong to them"
            " (--value_columns).",
            more="Give more regions, or only tasks with many bound ones (--value_columns),"
            f" {BELIEVE}",
            composition="Compare regions of similar GC content: the labels correlate with it, and"
            " the motifs may only reflect it.",
            short=f"Give more regions, or wider windows (--width) {OUTSIDE}",
        ),
    ),
    losses=("bce",),
    options=(*WINDOWS, "value_columns", "labels", "regions", "unresolved", *SPLITTING),
)
