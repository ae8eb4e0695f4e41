"""Clusters of single cells: which cell is in which, and the means of denoised cells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.assays.cell_counts import Cells
from nfexplainn.assays.cluster_tables import CellLabels, clean_labels, is_usual, read_clusters
from nfexplainn.assays.regions import choose_tasks, option_file, wanted_tasks
from nfexplainn.assays.sparse_files import read_arrays
from nfexplainn.assays.spec import InputFile, Spec
from nfexplainn.data.dataset import Floats
from nfexplainn.errors import UserError
from nfexplainn.io.reading import reading


@dataclass(frozen=True)
class Clusters:
    """Cells in clusters.

    Attributes
    ----------
    cluster : int64 array, shape (cells,)
        The task of each cell, -1 for none.
    tasks : tuple of str
    sizes : int64 array, shape (tasks,)
        Number of cells.
    readings : tuple of (source, item, value)
        What was read as what.
    """

    cluster: NDArray[np.int64]
    tasks: tuple[str, ...]
    sizes: NDArray[np.int64]
    readings: tuple[tuple[str, str, str], ...] = ()


def assign_clusters(spec: Spec, cells: Cells) -> Clusters:
    """Find the wanted clusters of a file of cells.

    Raises
    ------
    UserError
        If the clusters cannot be found, there is only one, or two would make one task.
    """
    wanted = wanted_tasks(spec)
    found = _labels(spec, cells, wanted)
    labels = found.labels
    names = sorted({str(label) for label in labels if label}, key=_natural)
    chosen = choose_tasks(cells.name, names, wanted)
    code = {names[position]: task for task, position in enumerate(chosen)}
    cluster = np.array([code.get(str(label), -1) for label in labels], dtype=np.int64)
    tasks = _task_names(cells.name, [names[position] for position in chosen])
    if len(tasks) < 2:
        one = f"all cells are in one cluster ('{names[0]}')" if names else "no cell has a cluster"
        raise UserError(
            f"{cells.name}: {one}, so there is nothing to compare; give the clusters, or use the"
            " assay 'accessibility'."
        )
    sizes = np.bincount(cluster[cluster >= 0], minlength=len(tasks))
    return Clusters(cluster, tasks, sizes, found.readings)


def write_denoised(path: Path, means: Floats, tasks: tuple[str, ...], latent: int) -> None:
    """Write the means of denoised cells, float32, shape (regions, tasks)."""
    temporary = path.with_name(f"{path.name}.tmp")
    with temporary.open("wb") as file:
        np.savez_compressed(file, means=means, tasks=np.array(tasks), latent=np.array(latent))
    temporary.replace(path)


def read_denoised(file: InputFile, tasks: tuple[str, ...], regions: int) -> tuple[Floats, int]:
    """Read what :func:`write_denoised` wrote; give the means and the latent dimensions.

    Raises
    ------
    UserError
        If it is damaged.
    ValueError
        If it is of other cells.
    """
    told = "these are not means of denoised cells", "denoise the cells again"
    stored = read_arrays(file.path, file.name, *told)
    with reading(file.name, *told):
        means, names = stored["means"].astype(np.float32), tuple(stored["tasks"].tolist())
        latent = int(stored["latent"])
        if not np.isfinite(means).all():
            raise ValueError("a mean is not a number")
    if not set(tasks) <= set(names) or means.shape != (regions, len(names)):
        raise ValueError(f"{file.name} holds other clusters or regions than the cells")
    # All clusters are denoised together; value_columns may ask for some.
    return means[:, [names.index(task) for task in tasks]], latent


def _labels(spec: Spec, cells: Cells, wanted: tuple[str, ...]) -> CellLabels:
    """Give the cluster of every cell, '' for none."""
    table = option_file(spec, "clusters")
    asked = spec.raw_options.get("cluster_column")
    column = None if asked is None or asked == "" else str(asked)
    if table is not None:
        return read_clusters(table, cells.barcodes, column, wanted)
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
        called = f"obs, column '{column}'"
        return clean_labels(cells.columns[column], cells.name, called, wanted)
    found = [key for key in cells.columns if is_usual(key)]
    if len(found) != 1:
        raise UserError(
            f"{cells.name}: it is not clear which column of obs holds the clusters; name it with"
            f" cluster_column (there is {there})."
        )
    called = f"obs, column '{found[0]}'"
    return clean_labels(cells.columns[found[0]], cells.name, called, wanted)


def _task_names(file: str, clusters: list[str]) -> tuple[str, ...]:
    """Name the tasks of clusters, which have to differ in more than signs that no name holds."""
    first: dict[str, str] = {}
    for cluster in clusters:
        task = _task_name(cluster)
        if task in first:
            raise UserError(
                f"{file}: the clusters '{first[task]}' and '{cluster}' would both become the task"
                f" '{task}'; rename one of them, or leave it out (option value_columns)."
            )
        first[task] = cluster
    return tuple(first)


def _task_name(cluster: str) -> str:
    """Make a cluster's name fit for tables and file names; bare numbers say what they number."""
    name = re.sub(r"[^A-Za-z0-9_.+-]+", "_", cluster).strip("_")
    return f"cluster_{name}" if not name or name[0].isdecimal() else name


def _natural(text: str) -> list[tuple[int, int | str]]:
    """Sort 2 before 10."""
    parts = re.split(r"(\d+)", text)
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts]
