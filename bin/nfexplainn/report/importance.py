"""Box plots of what the strongest units contribute to single predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from nfexplainn.io import arrow
from nfexplainn.page.chapters import IMPORTANCE, Part
from nfexplainn.page.load import Inputs, ModelResult
from nfexplainn.page.mqc import Page, escape, shortened
from nfexplainn.page.style import PANEL_LIMIT, title_of
from nfexplainn.page.units import Unit

BOXES = 15
BOXES_IN_ALL = 60
LONGEST_NAME = 12
"""Of a box: a longer one leaves no room for the boxes where the page is narrow."""
_QUANTILES = {"min": 0.05, "q1": 0.25, "median": 0.5, "q3": 0.75, "max": 0.95}

Box = dict[str, float]


def write_importance(page: Page, inputs: Inputs, units: Mapping[int, Sequence[Unit]]) -> None:
    """Draw the contributions of the strongest units, and write ``importances.tsv``."""
    models = inputs.models
    panels: list[tuple[str, dict[str, Box]]] = []
    plain: list[dict[str, object]] = []
    pairs = sum(len(model.tasks) for model in models)
    boxes = BOXES if pairs <= PANEL_LIMIT else 1
    for position, model in enumerate(models):
        for task in model.tasks:
            chosen = _strongest(units.get(position, []), task, boxes)
            found = _boxes(model, chosen, task)
            name = title_of(model, models) + (f" · {task}" if len(model.tasks) > 1 else "")
            drawn = {}
            for unit in chosen:
                if unit.id not in found:
                    continue
                effect = unit.in_task(task)
                count = effect.importance_n
                said = ", silent" if effect.silent_at_sites else ""
                drawn[
                    f"{escape(shortened(unit.name, LONGEST_NAME))} ({unit.id}, n = {count}{said})"
                ] = found[unit.id]
                plain.append(
                    {
                        "dataset": model.dataset,
                        "model": model.name,
                        "task": task,
                        "unit": unit.id,
                        "annotation": unit.annotation,
                        "n": count,
                        "q05": found[unit.id]["min"],
                        "q25": found[unit.id]["q1"],
                        "median": found[unit.id]["median"],
                        "q75": found[unit.id]["q3"],
                        "q95": found[unit.id]["max"],
                    }
                )
            if drawn:
                panels.append((name, drawn))
    columns = (
        "dataset",
        "model",
        "task",
        "unit",
        "annotation",
        "n",
        "q05",
        "q25",
        "median",
        "q75",
        "q95",
    )
    page.tsv("importances", columns, plain)
    if panels:
        _draw(page, panels, pairs)


def _draw(page: Page, panels: Sequence[tuple[str, dict[str, Box]]], pairs: int) -> None:
    note = "the strongest units of each task, by effect"
    if pairs > PANEL_LIMIT:
        merged = {
            f"{escape(name)}: {label}": box
            for name, boxes in panels
            for label, box in boxes.items()
        }
        note = "the strongest unit of each task, by effect"
        if len(merged) > BOXES_IN_ALL:
            note += f"; the first {BOXES_IN_ALL} of {len(merged)}, all in tables/importances.tsv"
        panels = [("", dict(list(merged.items())[:BOXES_IN_ALL]))]
    many = len(panels) > 1
    data = [boxes for _, boxes in panels]
    page.section(
        IMPORTANCE,
        "",
        "box",
        data if many else data[0],
        lead="What a unit adds to the prediction of the well-predicted sequences in which it is"
        f" active: {note}. Box: quartiles; whiskers: 5% and 95%; n: sequences, each strand"
        " counted. The median is the paper's importance; it does not depend on how often a unit"
        " is active, so the motifs are ranked by effect. It is 0 where a unit's output is 0 at"
        " its own motif (<i>silent</i>): the unit then contributes only where the motif is"
        " absent, and the effect of the motif is <code>site_effect</code> in tables/motifs.tsv."
        " Contributions are in logits, or in units of the target.",
        pconfig={
            "xlab": "Contribution",
            "sort_by_median": True,
            "sort_samples": False,
            "tt_decimals": 3,
            "data_labels": [{"name": escape(name)} for name, _ in panels] if many else [],
        },
    )


def _strongest(units: Sequence[Unit], task: str, count: int) -> list[Unit]:
    """Pick the readable units of the highest rank that have an importance."""
    ranked = [u for u in units if u.readable and u.in_task(task).importance_n]
    ranked.sort(key=lambda unit: unit.in_task(task).rank or 10**9)
    return ranked[:count]


def _boxes(model: ModelResult, units: Sequence[Unit], task: str) -> dict[str, Box]:
    path = model.importances.get(model.best_replicate)
    numbers = {int(unit.id.rpartition("_")[2]): unit.id for unit in units}
    if path is None or not numbers:
        return {}
    values = _contributions(path, list(numbers), task)
    return {
        numbers[unit]: {
            name: round(float(value), 6)
            for name, value in zip(
                _QUANTILES, np.quantile(array, list(_QUANTILES.values())), strict=True
            )
        }
        for unit, array in values.items()
        if len(array)
    }


def _contributions(path: Path, units: Sequence[int], task: str) -> dict[int, np.ndarray]:
    """Read the contributions of some units in one task, a row group at a time."""
    parts: dict[int, list[np.ndarray]] = {unit: [] for unit in units}
    file = pq.ParquetFile(path)
    wanted = np.array(units)
    for batch in file.iter_batches(columns=["unit", "task", "contribution"]):
        tasks = batch.column("task")
        names = tasks.dictionary.to_pylist()
        if task not in names:
            continue
        mine = arrow.view(tasks.indices, np.int32) == names.index(task)
        numbers = arrow.view(batch.column("unit"), np.int32)[mine]
        values = arrow.view(batch.column("contribution"), np.float32)[mine]
        for unit in wanted[np.isin(wanted, numbers)]:
            parts[int(unit)].append(values[numbers == unit])
    return {unit: np.concatenate(found) for unit, found in parts.items() if found}


PART = Part(IMPORTANCE, lambda page, content: write_importance(page, content.inputs, content.units))
