"""Single-cell accessibility: mean per cluster of cells, one task each."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from nfexplainn.assays.cells import Cells, mean_per_cluster, open_cells, read_clusters
from nfexplainn.assays.common import Ledger, place
from nfexplainn.assays.regions import (
    choice,
    choose_tasks,
    cut_windows,
    finish,
    option_file,
    wanted_tasks,
    window_reader,
)
from nfexplainn.assays.signal import TRANSFORMS, transform_signal
from nfexplainn.errors import UserError
from nfexplainn.spec import Prepared, Spec

FEW_CELLS = 20
_NO_CLUSTER = "cell without a cluster"
_EMPTY = "region without a count in any cluster"
_GUESSES = ("cluster", "clusters", "leiden", "louvain", "cell_type", "celltype", "seurat_clusters")


def prepare(spec: Spec) -> Prepared:
    """Make the data set of cells by regions (paper: pancreatic islets, 12 clusters, 600 bp).

    Every cluster is a task; its value in a region is the mean over its cells. Clusters come from
    a column of AnnData's ``obs`` (``cluster_column``) or from a table (``clusters``).

    Raises
    ------
    UserError
        For mistakes in the files.
    UnusableError
        If too few regions are left.
    """
    ledger = Ledger()
    reader = window_reader(spec, ledger)
    if len(spec.rows) > 1:
        raise UserError(
            f"{place(spec.rows[1])}: '{spec.id}' has {len(spec.rows)} rows, but single cells are"
            " one matrix; join the cells to one file, or give the rows different data sets."
        )
    if spec.rows[0].split:
        raise UserError(
            f"{place(spec.rows[0])}: one matrix cannot be one part of a split; leave the column"
            " split empty and use split_by chromosome."
        )
    file = spec.file(spec.rows[0].data)
    cells = open_cells(file, option_file(spec, "regions"), option_file(spec, "barcodes"))
    labels = _labels(spec, cells)
    names = sorted({str(label) for label in labels if label}, key=_natural)
    chosen = choose_tasks(cells.name, names, wanted_tasks(spec))
    code = {names[position]: task for task, position in enumerate(chosen)}
    cluster = np.array([code.get(str(label), -1) for label in labels], dtype=np.int64)
    ledger.drop(file.name, _NO_CLUSTER, int((cluster < 0).sum()))
    tasks = [_task_name(names[position]) for position in chosen]
    if len(tasks) < 2:
        raise UserError(
            f"{file.name}: all cells are in one cluster ('{names[0]}'), so there is nothing to tell"
            " apart; give the clusters, or use the assay 'accessibility'."
        )
    sizes = np.bincount(cluster[cluster >= 0], minlength=len(tasks))
    for task, size in zip(tasks, sizes.tolist(), strict=True):
        if size < FEW_CELLS:
            ledger.note(f"{task} has only {size} cells: its mean is noisy.")
    means = mean_per_cluster(cells, cluster, len(tasks))
    cut = cut_windows(reader, cells.peaks)
    values = means[cut.rows]
    # A region that no cell has open has no correlation across clusters.
    keep = np.flatnonzero(values.any(axis=1))
    ledger.drop(file.name, _EMPTY, len(values) - len(keep))
    cut = cut.take(keep)
    transform = choice(spec, "transform", TRANSFORMS)
    values = transform_signal(values[keep], transform, tasks, cut.names)
    ledger.note(
        f"Values are means over {int(sizes.sum()):,} cells in {len(tasks)} clusters"
        f" ({sizes.min():,} to {sizes.max():,} cells)."
    )
    return finish(
        spec,
        ledger,
        reader.genome,
        cut,
        values,
        tasks,
        "regression",
        None,
        {"transform": transform, "cells": dict(zip(tasks, sizes.tolist(), strict=True))},
    )


def _labels(spec: Spec, cells: Cells) -> NDArray[np.str_]:
    """Give the cluster of every cell, '' for none."""
    table = option_file(spec, "clusters")
    column = spec.raw_options.get("cluster_column")
    if table is not None:
        if column:
            raise UserError(f"{spec.id}: give either clusters or cluster_column, not both.")
        return read_clusters(table, cells.barcodes)
    there = ", ".join(cells.columns) or "none"
    if not cells.columns:
        raise UserError(
            f"{cells.name}: the file does not say which cluster a cell is in; give a table of"
            " barcodes and clusters in the column 'clusters'."
        )
    if column:
        if column not in cells.columns:
            raise UserError(
                f"{cells.name}: obs has no column '{column}' (cluster_column); it has {there}."
            )
        return cells.columns[column]
    found = [key for key in cells.columns if key.lower() in _GUESSES]
    if len(found) != 1:
        raise UserError(
            f"{cells.name}: it is not clear which column of obs holds the clusters; name it with"
            f" cluster_column (there is {there})."
        )
    return cells.columns[found[0]]


def _task_name(cluster: str) -> str:
    """Make a cluster's name fit for tables and file names; bare numbers say what they number."""
    name = re.sub(r"[^A-Za-z0-9_.+-]+", "_", cluster).strip("_")
    return f"cluster_{name}" if not name or name[0].isdecimal() else name


def _natural(text: str) -> list[tuple[int, int | str]]:
    """Sort 2 before 10."""
    parts = re.split(r"(\d+)", text)
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts]
