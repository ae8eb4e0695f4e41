"""Tables of cells and their clusters: of Cell Ranger, Seurat, Signac, ArchR, scanpy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.assays.spec import InputFile
from nfexplainn.errors import UserError
from nfexplainn.io.delimited import Delimited, Row, open_delimited
from nfexplainn.values import nameless

_USUAL = frozenset(("cluster", "clusters", "leiden", "louvain", "celltype", "seuratclusters"))
_SEQUENCE = re.compile(r"[ACGTN]{8,}")
_MANY = 50  # clusters; more than that are suspicious if they are most of the cells' number


@dataclass(frozen=True)
class CellLabels:
    """The cluster of every cell, and where that stands.

    Attributes
    ----------
    labels : array of str, shape (cells,)
        '' for cells of none.
    readings : tuple of (source, item, value)
        What was read as what.
    """

    labels: NDArray[np.str_]
    readings: tuple[tuple[str, str, str], ...]


def is_usual(title: str) -> bool:
    """Tell whether columns of clusters are usually called so."""
    return re.sub(r"[^a-z]", "", title.lower()) in _USUAL


def clean_labels(
    labels: NDArray[np.str_], source: str, column: str, asked: Sequence[str] = ()
) -> CellLabels:
    """Take for no cluster what says so (``nan``, ``NA``), and note that.

    Parameters
    ----------
    labels : array of str, shape (cells,)
    source : str
        The file.
    column : str
        What is said of the column.
    asked : sequence of str
        Clusters that the user names, which are such whatever they are called.
    """
    none = sorted(nameless(labels.tolist()) - {"", *asked})
    unnamed = np.isin(labels, none)
    kept = np.where(unnamed, "", labels)
    count = len(set(kept.tolist()) - {""})
    said = f"{column}: {count:,} clusters"
    if none:
        words = ", ".join(f"'{word}'" for word in none)
        said += (
            f"; {int(unnamed.sum()):,} cells labelled {words} have no cluster (if it is a cluster,"
            " list it in value_columns with the others)"
        )
    return CellLabels(kept, ((source, "cluster column", said),))


def read_clusters(
    file: InputFile,
    barcodes: Sequence[str],
    column: str | None = None,
    asked: Sequence[str] = (),
) -> CellLabels:
    """Read which cluster each cell is in.

    Parameters
    ----------
    file : InputFile
        Delimited text with a line per cell, with or without a header. The column of barcodes is
        the one that holds those of the matrix.
    barcodes : sequence of str
    column : str, optional
        Name of the column of clusters, or its number from 1. By default it is the only other one,
        or the only one of several with a usual name.
    asked : sequence of str
        Clusters that the user names.

    Raises
    ------
    UserError
        If a line lacks a column, a barcode stands twice, no barcode is a cell's, or it is not
        clear which column holds the clusters.
    """
    wanted = set(barcodes)
    table = open_delimited(
        file.path,
        file.name,
        lambda cells: not any(cell in wanted or _SEQUENCE.match(cell) for cell in cells),
    )
    rows = list(table)
    if not rows or table.columns < 2:
        line, shown = (rows[0].line, rows[0].cells[0]) if rows else (1, "")
        raise UserError(
            f"{file.name}, line {line}: '{shown[:40]}' is one column; give barcode and cluster,"
            " separated by a tab or comma."
        )
    short = next((row for row in rows if len(row.cells) != table.columns), None)
    if short is not None:
        raise UserError(
            f"{file.name}, line {short.line}: {len(short.cells)} columns, but the table has"
            f" {table.columns}; complete the line."
        )
    at = _barcode_column(file.name, table, rows, barcodes, wanted)
    which = _cluster_column(file.name, table, rows, at, column)
    found: dict[str, str] = {}
    for row in rows:
        barcode = row.cells[at]
        if barcode in found:
            raise UserError(
                f"{file.name}, line {row.line}: the barcode {barcode} occurs twice; give each cell"
                " one cluster."
            )
        found[barcode] = row.cells[which]
    labels = np.array([found.get(barcode, "") for barcode in barcodes], dtype=np.str_)
    clean = clean_labels(labels, file.name, _called(table, which), asked)
    matched = sum(barcode in found for barcode in barcodes)
    said = f"{_called(table, at)}: {matched:,} of {len(barcodes):,} cells of the matrix"
    return CellLabels(clean.labels, ((file.name, "barcode column", said), *clean.readings))


def _barcode_column(
    name: str, table: Delimited, rows: Sequence[Row], barcodes: Sequence[str], wanted: set[str]
) -> int:
    """Find the column that holds the barcodes of the matrix."""
    counts = [sum(row.cells[i] in wanted for row in rows) for i in range(table.columns)]
    if not max(counts):
        first = rows[0].cells
        raise UserError(
            f"{name}: none of its barcodes is in the matrix (which begins with"
            f" {barcodes[0] if barcodes else 'nothing'}, the table begins with"
            f" {', '.join(first[:3])}); use the same barcodes in both."
        )
    return int(np.argmax(counts))


def _cluster_column(
    name: str, table: Delimited, rows: Sequence[Row], at: int, wanted: str | None
) -> int:
    """Find the column of clusters, or ask for it."""
    others = [i for i in range(table.columns) if i != at]
    titles = table.header or tuple(str(i + 1) for i in range(table.columns))
    if wanted is not None:
        named = [i for i, title in enumerate(titles) if title == wanted]
        named = named or [i for i, title in enumerate(titles) if title.lower() == wanted.lower()]
        if not named and wanted.isdecimal() and 1 <= int(wanted) <= table.columns:
            named = [int(wanted) - 1]
        if not named or named[0] == at:
            raise UserError(
                f"{name}: there is no column '{wanted}' (cluster_column); it has"
                f" {_candidates(titles, rows, others)}."
            )
        return named[0]
    usual = [i for i in others if is_usual(titles[i])]
    which = others if len(others) == 1 else usual
    if len(which) != 1:
        raise UserError(
            f"{name}: it is not clear which column holds the clusters; name it with cluster_column"
            f" (there is {_candidates(titles, rows, others)})."
        )
    distinct = len({row.cells[which[0]] for row in rows})
    if distinct > _MANY and 2 * distinct > len(rows):
        raise UserError(
            f"{name}: the column {titles[which[0]]} holds {distinct:,} different values for"
            f" {len(rows):,} cells, so it cannot hold clusters; name the right column with"
            " cluster_column."
        )
    return which[0]


def _candidates(titles: Sequence[str], rows: Sequence[Row], columns: Sequence[int]) -> str:
    """List columns with how many different texts each holds."""
    counts = {i: len({row.cells[i] for row in rows}) for i in columns}
    return ", ".join(f"{titles[i]} ({counts[i]:,} different)" for i in columns)


def _called(table: Delimited, column: int) -> str:
    """Name a column for a note."""
    title = table.header[column] if table.header else ""
    return f"column {column + 1}" + (f" ('{title}')" if title else "")
