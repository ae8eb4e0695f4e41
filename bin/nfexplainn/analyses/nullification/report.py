"""What the predictions of each model lose without a filter, or without a unit."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nfexplainn.analyses.nullification import MOST_ROWS, MOST_UNSEEN
from nfexplainn.io.tsv import iterate_tsv
from nfexplainn.page.chapters import Chapter, Cite, Methods, Part, Values
from nfexplainn.page.load import Inputs, ModelResult, Row, number, read_table
from nfexplainn.page.methods import is_explainn, listed_models, most
from nfexplainn.page.mqc import Cell, Page, cell, escape, thousands
from nfexplainn.page.style import COLOURS, PANEL_LIMIT, capped, title_of

CHAPTER = Chapter(
    "nfx_nullification",
    "Nullification",
    585,
    "change of the predictions without each filter or unit, with"
    " [`--nullification`](usage/nullification.md)",
    lead=(
        "Change of the prediction when one filter is nullified (Maslova et al. 2020; the paper"
        " applies it to the networks that ExplaiNN is compared with). The activation map of a"
        " first-layer filter is replaced before pooling; influence is the mean squared change of"
        " the prediction (a logit, or the value of a regression). A unit of ExplaiNN is removed"
        " by setting its output to 0, which changes a prediction by exactly its contribution."
    ),
)

BARS = 15
HEATMAP_TASKS = 40
TOGETHER = "*"
_COLUMNS = (
    *("dataset", "model", "replicate", "unit", "annotation", "consensus", "task", "influence"),
    *("influence_share", "change", "sequences", "basis"),
)


@dataclass(frozen=True)
class _Name:
    annotation: str = ""
    consensus: str = ""


def write_nullification(page: Page, inputs: Inputs) -> None:
    """Write a plot per model (its best replicate), a table, and ``nullification.tsv``."""
    found = inputs.ending(".nullification.tsv")
    if not found:
        return
    models = {(model.dataset, model.name): model for model in inputs.models}
    plain: list[dict[str, object]] = []
    shown: dict[str, dict[str, Cell]] = {}
    panels = 0
    for dataset, name, replicate, path in found:
        model = models.get((dataset, name), ModelResult(dataset, name))
        rows = read_table(path)
        names = _names(inputs, model, replicate or 1)
        totals = _totals(rows)
        plain += [
            {
                **{"dataset": dataset, "model": name, "replicate": replicate},
                **row,
                "annotation": names.get(row["unit"], _Name()).annotation,
                "consensus": names.get(row["unit"], _Name()).consensus,
                "influence_share": _share(row, totals),
            }
            for row in rows
        ]
        if replicate != model.best_replicate or panels >= PANEL_LIMIT:
            continue
        panels += 1
        title = title_of(model, inputs.models)
        ranked = _ranked(rows)
        _plot(page, title, rows, ranked[:BARS], names)
        for unit in ranked[: max(3, BARS // len(totals))]:
            shown[f"{title} \u00b7 {unit}"] = _cells(rows, unit, names.get(unit, _Name()), totals)
    page.tsv("nullification", _COLUMNS, plain)
    _table(page, shown, len(plain))


def _names(inputs: Inputs, model: ModelResult, replicate: int) -> dict[str, _Name]:
    """Name the units of a replicate by the final table, or filters by their best match."""
    if model.units:
        return {
            row["unit"]: _Name(row["annotation"], row["consensus"])
            for row in model.units
            if int(row["replicate"]) == replicate
        }
    run = f"{model.dataset}.{model.name}"
    best = _best_names(inputs.files.get(f"{run}.tomtom.tsv"), replicate)
    filters = inputs.files.get(f"{run}.r{replicate}.filters.tsv")
    rows = read_table(filters) if filters else []
    return {row["unit"]: _Name(best.get(row["unit"], ""), row["consensus"]) for row in rows}


def _best_names(path: Path | None, replicate: int) -> dict[str, str]:
    best: dict[str, str] = {}
    for row in iterate_tsv(path) if path else ():
        if int(row["replicate"]) == replicate:
            best.setdefault(row["unit"], row["target_name"])
    return best


def _totals(rows: Sequence[Row]) -> dict[str, float]:
    """Sum of the influences per task."""
    totals: dict[str, float] = {}
    for row in rows:
        totals[row["task"]] = totals.get(row["task"], 0.0) + (number(row["influence"]) or 0.0)
    return totals


def _share(row: Row, totals: Mapping[str, float]) -> float | None:
    value, total = number(row["influence"]), totals[row["task"]]
    return None if value is None or not total else value / total


def _ranked(rows: Sequence[Row]) -> list[str]:
    """Units by falling mean share over the tasks."""
    totals = _totals(rows)
    shares: dict[str, list[float]] = {}
    for row in rows:
        if row["task"] != TOGETHER:
            shares.setdefault(row["unit"], []).append(_share(row, totals) or 0.0)
    return sorted(shares, key=lambda unit: (-statistics.fmean(shares[unit]), unit))


def _label(unit: str, name: _Name) -> str:
    return f"{name.annotation.split(', ')[0]} ({unit})" if name.annotation else unit


def _plot(
    page: Page, title: str, rows: Sequence[Row], units: Sequence[str], names: Mapping[str, _Name]
) -> None:
    """Draw bars by task, or a heatmap where there are more tasks than colours."""
    values = {(row["unit"], row["task"]): number(row["influence"]) or 0.0 for row in rows}
    tasks = [task for task in dict.fromkeys(row["task"] for row in rows) if task != TOGETHER]
    labels = [_label(unit, names.get(unit, _Name())) for unit in units]
    count = thousands(number(rows[0]["sequences"]) or 0.0) if rows else "0"
    basis = escape(rows[0]["basis"]) if rows else ""
    text = (
        f"The {len(units)} filters or units with the largest influence, over {count} sequences"
        f" ({basis})."
    )
    if len(tasks) <= len(COLOURS):
        page.section(
            CHAPTER,
            f"Influence: {title}",
            "bargraph",
            {
                escape(label): {task: values[unit, task] for task in tasks}
                for unit, label in zip(units, labels, strict=True)
            },
            description=text,
            categories={
                task: {"name": escape(task), "color": colour}
                for task, colour in zip(tasks, COLOURS, strict=False)
            },
            pconfig={
                "stacking": "group" if len(tasks) > 1 else "normal",
                "cpswitch": False,
                "hide_zero_cats": False,
                "sort_samples": False,
                "tt_decimals": 4,
                "ylab": "Mean squared change",
            },
        )
        return
    kept = tasks[:HEATMAP_TASKS]
    note = capped(len(tasks), HEATMAP_TASKS, "nullification")
    page.section(
        CHAPTER,
        f"Influence: {title}",
        "heatmap",
        [[values[unit, task] for task in kept] for unit in units],
        description=text + note,
        xcats=[escape(task) for task in kept],
        ycats=[escape(label) for label in labels],
        pconfig={
            "square": False,
            "xcats_samples": False,
            "ycats_samples": False,
            "display_values": False,
            "tt_decimals": 4,
            "zlab": "Mean squared change",
            "min": 0,
            "colstops": [[0, "#f7f7f7"], [1, "#b2182b"]],
            "height": 160 + 22 * len(units),
        },
    )


def _cells(
    rows: Sequence[Row], unit: str, name: _Name, totals: Mapping[str, float]
) -> dict[str, Cell]:
    """Give a unit's row: of the task in which its share is largest."""
    own = [row for row in rows if row["unit"] == unit]
    tasks = [row for row in own if row["task"] != TOGETHER]
    best = max(tasks, key=lambda row: _share(row, totals) or 0.0)
    together = next((row for row in own if row["task"] == TOGETHER), None)
    share = _share(best, totals)
    return {
        "annotation": cell(name.annotation),
        "consensus": cell(name.consensus),
        "task": cell(best["task"]) if len(tasks) > 1 else None,
        "influence": number(best["influence"]),
        "share": None if share is None else 100 * share,
        "change": number(best["change"]),
        "correlation": number(together["influence"]) if together else None,
    }


def _table(page: Page, shown: Mapping[str, Mapping[str, Cell]], total: int) -> None:
    number_format = {"format": "{:,.4g}"}
    headers: dict[str, dict[str, object]] = {
        "annotation": {"title": "Known motif", "description": "Of the filter's or unit's motif"},
        "consensus": {"title": "Consensus"},
        "task": {"title": "Task", "description": "In which its share is largest"},
        "influence": {
            "title": "Influence",
            "description": "Mean squared change of the prediction",
            **number_format,
        },
        "share": {
            "title": "Share",
            "description": "Of the influences of all filters or units in that task, in per cent",
            "format": "{:,.1f}",
        },
        "change": {
            "title": "Change",
            "description": "Mean prediction minus that without it; above 0, it raises the"
            " prediction",
            **number_format,
        },
        "correlation": {
            "title": "Correlation",
            "description": "Mean squared change of a sequence's correlation over the tasks",
            **number_format,
        },
    }
    used = {key for row in shown.values() for key, value in row.items() if value not in (None, "")}
    page.table(
        CHAPTER,
        "Most influential",
        shown,
        {key: header for key, header in headers.items() if key in used},
        first="Filter or unit",
        description=f"Of the best replicate of each model; all {total:,} rows are in"
        " tables/nullification.tsv.",
    )


def _methods(values: Values, models: Sequence[str], cite: Cite) -> str:
    units = [model for model in models if is_explainn(model)]
    networks = [model for model in models if model not in units]
    kept = "its mean over those sequences" if values.get("nullify_with") != "zero" else "0"
    number = most(values, "nullify_sequences", 2000)
    out = [
        f"Filters were nullified {cite('explainn', 'aitac')} over at most {number} well-predicted"
        " sequences of the training and validation parts (where none was, over labelled ones):"
    ]
    if networks:
        out.append(
            f"in {listed_models(networks)}, the map of one filter of the first layer, after its"
            f" activation, was replaced by {kept}{';' if units else '.'}"
        )
    if units:
        out.append("in ExplaiNN, the output of one unit was set to 0.")
    out.append("The influence is the mean squared change of the prediction.")
    if networks:
        out.append(
            "Filters of all replicates with similar motifs were joined into groups as units are"
            f" (at most {MOST_ROWS}, by the influence of their strongest filters). The gain of a"
            " group is the increase of the loss when all its filters are nullified at once, on at"
            f" most {thousands(MOST_UNSEEN)} unseen sequences per replicate."
        )
    return " ".join(out)


PART = Part(
    CHAPTER,
    lambda page, content: write_nullification(page, content.everything),
    methods=Methods("nullification", _methods),
)
