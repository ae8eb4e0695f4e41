"""Transfer: what each output of the pretrained models does in each task."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from nfexplainn.page.chapters import Chapter, Part
from nfexplainn.page.load import Inputs, Row, number, read_table
from nfexplainn.page.mqc import Cell, Page, cell, escape, plural
from nfexplainn.page.style import PANEL_LIMIT

CHAPTER = Chapter(
    "nfx_transfer",
    "Transfer",
    553,
    "the effect of each output of pretrained models in each task, with"
    " [`--pretrained`](usage/transfer.md)",
    lead=(
        "Units that are the outputs of trained models, frozen (the paper's Figure 6). **Effect**:"
        " how much more a unit adds to the prediction of positives than of negatives (for"
        " regression: of high than of low values); the mean over the replicates. Units are ranked"
        " by it."
    ),
)

ROWS = 100

Unit = tuple[str, str]  # source, and its task


def write_transfer(page: Page, inputs: Inputs) -> None:
    """Write a table per model and ``transfer.tsv``; nothing where no model was pretrained."""
    runs: dict[tuple[str, str], list[list[Row]]] = {}
    for dataset, model, _, path in inputs.ending(".transfer.tsv"):
        runs.setdefault((dataset, model), []).append(read_table(path))
    if not runs:
        return
    rows = [
        {"dataset": dataset, "model": model, "replicate": replicate, **row}
        for dataset, model, replicate, path in inputs.ending(".transfer.tsv")
        for row in read_table(path)
    ]
    page.tsv("transfer", list(rows[0]) if rows else ["dataset"], rows)
    for (dataset, model), tables in list(runs.items())[:PANEL_LIMIT]:
        _table(page, f"{dataset} \u00b7 {model}", tables)


def _table(page: Page, name: str, tables: Sequence[Sequence[Row]]) -> None:
    effects = _means(tables, "effect")
    weights = _means(tables, "weight")
    tasks = list(dict.fromkeys(row["task"] for table in tables for row in table))
    units = list(dict.fromkeys(_unit(row) for table in tables for row in table))
    best = {unit: max((effects.get((unit, t), 0.0) for t in tasks), default=0.0) for unit in units}
    ranked = sorted(units, key=lambda unit: -best[unit])
    ranks = {task: _ranks(units, effects, task) for task in tasks}
    rows: dict[str, dict[str, Cell]] = {}
    for place, unit in enumerate(ranked[:ROWS], 1):
        row: dict[str, Cell] = {"source": cell(unit[0]), "output": cell(unit[1])}
        for column, task in enumerate(tasks):
            row[f"effect{column}"] = _rounded(effects.get((unit, task)))
            row[f"rank{column}"] = ranks[task].get(unit)
            row[f"weight{column}"] = _rounded(weights.get((unit, task)))
        rows[f"{place}"] = row
    headers: dict[str, dict[str, object]] = {
        "source": {"title": "Pretrained model"},
        "output": {"title": "Output"},
    }
    for column, task in enumerate(tasks):
        of = f" in {task}" if len(tasks) > 1 else ""
        headers[f"effect{column}"] = {"title": f"Effect{of}", "format": "{:,.3f}"}
        headers[f"rank{column}"] = {"title": f"Rank{of}", "format": "{:,.0f}"}
        headers[f"weight{column}"] = {
            "title": f"Weight{of}",
            "format": "{:,.3f}",
            "hidden": len(tasks) > 1,
        }
    used = {key for row in rows.values() for key, value in row.items() if value is not None}
    kept = {key: header for key, header in headers.items() if key in used}
    lead = ", ".join(f"{leader} in {task}" for task in tasks if (leader := _leader(ranks[task])))
    text = f"{plural(len(tables), 'replicate')}, {plural(len(units), 'unit')}."
    if lead:
        text += f" First by effect: {escape(lead)}."
    if len(units) > ROWS:
        text += f" The {ROWS} with the largest effects; all: <code>tables/transfer.tsv</code>."
    page.table(CHAPTER, name, rows, kept, first="#", description=text)


def _unit(row: Row) -> Unit:
    return row["source"], row["source_task"]


def _means(tables: Sequence[Sequence[Row]], column: str) -> Mapping[tuple[Unit, str], float]:
    """Mean over the replicates of a unit's value in each task."""
    found: dict[tuple[Unit, str], list[float]] = {}
    for table in tables:
        for row in table:
            value = number(row[column])
            if value is not None:
                found.setdefault((_unit(row), row["task"]), []).append(value)
    return {key: statistics.fmean(values) for key, values in found.items()}


def _ranks(
    units: Sequence[Unit], effects: Mapping[tuple[Unit, str], float], task: str
) -> dict[Unit, int]:
    known = [unit for unit in units if (unit, task) in effects]
    known.sort(key=lambda unit: -effects[unit, task])
    return {unit: place for place, unit in enumerate(known, 1)}


def _leader(ranks: Mapping[Unit, int]) -> str:
    return next((f"{task} ({source})" for (source, task), rank in ranks.items() if rank == 1), "")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4) + 0.0


PART = Part(CHAPTER, lambda page, content: write_transfer(page, content.everything))
