"""The heatmaps of the final weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nfexplainn.page.chapters import WEIGHTS, Part
from nfexplainn.page.load import Inputs
from nfexplainn.page.mqc import Page, escape
from nfexplainn.page.style import PANEL_LIMIT, title_of
from nfexplainn.page.units import Unit, Units

HEATMAP_ROWS = 60


def write_weights(page: Page, inputs: Inputs, units: Units) -> None:
    """Draw the final weights: annotated units x tasks of each multi-task model, or of all."""
    models = inputs.models
    multi = [position for position, model in enumerate(models) if len(model.tasks) > 1]
    for position in multi[:PANEL_LIMIT]:
        model = models[position]
        chosen = [unit for unit in units.get(position, []) if unit.annotation][:HEATMAP_ROWS]
        if len(chosen) < 2:
            continue
        values = [[unit.in_task(task).weight for task in model.tasks] for unit in chosen]
        names = [f"{unit.name} ({unit.id})" for unit in chosen]
        _heatmap(page, title_of(model, models), values, model.tasks, names)
    columns = [(p, task) for p, model in enumerate(models) for task in model.tasks]
    best: dict[str, dict[int, Unit]] = {}
    for position, of_model in units.items():
        for unit in of_model:
            if unit.annotation:
                best.setdefault(unit.name, {}).setdefault(position, unit)
    # Motifs that several models share tell most: they come first when there are too many.
    ranked = sorted(best, key=lambda name: (-len(best[name]), name))[:HEATMAP_ROWS]
    if not ranked or (len(models) == 1 and multi):
        return
    across: Matrix = [
        [best[name][p].in_task(task).weight if p in best[name] else None for p, task in columns]
        for name in ranked
    ]
    labels = [
        title_of(models[p], models) + (f" · {task}" if len(models[p].tasks) > 1 else "")
        for p, task in columns
    ]
    across, ranked, labels = _clustered(across, ranked, labels)
    cut = (
        f" The {HEATMAP_ROWS} most shared of {len(best)} motifs." if len(best) > len(ranked) else ""
    )
    note = f"Per motif the unit of the highest rank; empty where a model has none.{cut}"
    _heatmap(page, "All data sets", across, labels, ranked, note)


Matrix = Sequence[Sequence[float | None]]


def _clustered(
    values: Matrix, rows: Sequence[str], columns: Sequence[str]
) -> tuple[Matrix, list[str], list[str]]:
    """Order rows and columns by likeness (MultiQC would show what is missing as 0)."""
    filled = np.array([[0.0 if value is None else value for value in row] for row in values])
    down, across = _leaves(filled), _leaves(filled.T)
    ordered = [[values[row][column] for column in across] for row in down]
    return ordered, [rows[row] for row in down], [columns[column] for column in across]


def _leaves(matrix: NDArray[np.float64]) -> list[int]:
    if len(matrix) < 3:
        return list(range(len(matrix)))
    from scipy.cluster.hierarchy import leaves_list, linkage

    return [int(leaf) for leaf in leaves_list(linkage(matrix, "average"))]


def _heatmap(
    page: Page,
    name: str,
    values: Matrix,
    columns: Sequence[str],
    rows: Sequence[str],
    description: str = "",
) -> None:
    flat = [abs(value) for row in values for value in row if value is not None]
    top = max(flat, default=1.0) or 1.0
    whole = len(flat) == len(rows) * len(columns)
    page.section(
        WEIGHTS,
        name,
        "heatmap",
        [list(row) for row in values],
        description=description,
        xcats=[escape(column) for column in columns],
        ycats=[escape(row) for row in rows],
        pconfig={
            "square": False,
            "xcats_samples": False,
            "ycats_samples": False,
            "cluster_rows": whole and len(rows) > 2,
            "cluster_cols": whole and len(columns) > 2,
            "cluster_switch_clustered_active": True,
            "subtitle": "final weight",
            "min": -top,
            "max": top,
            "colstops": [[0, "#2166ac"], [0.5, "#f7f7f7"], [1, "#b2182b"]],
            "display_values": False,
            "tt_decimals": 3,
            "xlab": "Task",
            "ylab": "Motif",
            "zlab": "Weight",
            "height": 160 + 22 * len(rows),
        },
    )


PART = Part(WEIGHTS, lambda page, content: write_weights(page, content.inputs, content.units))
