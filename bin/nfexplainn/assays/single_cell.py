"""Single-cell accessibility: mean per cluster of cells, one task each."""

from __future__ import annotations

import numpy as np

from nfexplainn.assays.assay import SPLITTING, WINDOWS, Assay
from nfexplainn.assays.cell_counts import Cells, mean_per_cluster
from nfexplainn.assays.cells import open_cells
from nfexplainn.assays.clusters import Clusters, assign_clusters, read_denoised
from nfexplainn.assays.common import PrepLog, place
from nfexplainn.assays.regions import choice, cut_windows, finish, option_file, window_reader
from nfexplainn.assays.signal import TRANSFORMS, transform_signal
from nfexplainn.assays.spec import Prepared, Spec
from nfexplainn.errors import UserError
from nfexplainn.evaluation.advice import of_regions
from nfexplainn.features import AssayFacts

FEW_CELLS = 20
_NO_CLUSTER = "cell without a cluster"
_EMPTY = "region without a count in any cluster"


def read_cells(spec: Spec) -> tuple[Cells, Clusters]:
    """Open the one matrix of a data set and find its clusters.

    Raises
    ------
    UserError
        For mistakes in the files, or in the rows.
    """
    if len(spec.rows) > 1:
        raise UserError(
            f"{place(spec.rows[1])}: '{spec.id}' has {len(spec.rows)} rows, but single cells must"
            " be one matrix; join the cells in one file, or give the rows different data sets."
        )
    if spec.rows[0].split:
        raise UserError(
            f"{place(spec.rows[0])}: one matrix cannot be one part of a split; leave the column"
            " split empty and use split_by chromosome."
        )
    file = spec.file(spec.rows[0].data)
    cells = open_cells(file, option_file(spec, "regions"), option_file(spec, "barcodes"))
    return cells, assign_clusters(spec, cells)


def prepare(spec: Spec) -> Prepared:
    """Make the data set of cells by regions (paper: pancreatic islets, 12 clusters, 600 bp).

    Every cluster is a task; its value in a region is the mean over its cells. Clusters come from
    a column of AnnData's ``obs`` or of a table (``clusters``), which ``cluster_column`` names. The
    option ``denoised`` names the file of means of denoised cells, which then stand for those of
    counts.

    Raises
    ------
    UserError
        For mistakes in the files.
    UnusableError
        If too few regions are left.
    """
    log = PrepLog()
    reader = window_reader(spec, log)
    file = spec.file(spec.rows[0].data)
    cells, found = read_cells(spec)
    tasks, sizes = found.tasks, found.sizes
    for reading in found.readings:
        log.read(*reading)
    log.drop(file.name, _NO_CLUSTER, int((found.cluster < 0).sum()))
    for task, size in zip(tasks, sizes.tolist(), strict=True):
        if size < FEW_CELLS:
            log.note(f"{task} has only {size} cells: its mean is noisy.")
    denoised = option_file(spec, "denoised")
    if denoised is None:
        means = mean_per_cluster(cells, found.cluster, len(tasks))
    else:
        means, latent = read_denoised(denoised, tasks, len(cells.rows))
        log.note(f"Cells were denoised with PeakVI ({latent} latent dimensions).")
    cut, rows = cut_windows(reader, cells.peaks)
    values = means[rows]
    # A region that no cell has open has no correlation across clusters.
    keep = np.flatnonzero(values.any(axis=1))
    log.drop(file.name, _EMPTY, len(values) - len(keep))
    cut = cut.take(keep)
    transform = choice(spec, "transform", TRANSFORMS)
    values = transform_signal(values[keep], transform, tasks, cut)
    log.note(
        f"Values are means over {int(sizes.sum()):,} cells in {len(tasks)} clusters"
        f" ({sizes.min():,} to {sizes.max():,} cells)."
    )
    return finish(
        spec,
        log,
        reader.genome,
        cut,
        values,
        tasks,
        "regression",
        None,
        {"transform": transform, "cells": dict(zip(tasks, sizes.tolist(), strict=True))},
    )


ASSAY = Assay(
    name="single_cell",
    description="Single-cell accessibility: AnnData .h5ad or a 10x matrix, averaged over clusters",
    prepare=prepare,
    facts=AssayFacts(
        label="single-cell accessibility",
        genome=True,
        profiles=True,
        advice=of_regions("clusters, --value_columns, --transform"),
    ),
    losses=("mse", "pearson"),
    options=(
        *WINDOWS,
        "value_columns",
        "regions",
        "barcodes",
        "clusters",
        "cluster_column",
        "transform",
        *SPLITTING,
    ),
    defaults={"loss": "pearson"},
    holds={"regions": "lines"},
    denoise=True,
)
