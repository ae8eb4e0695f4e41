"""How the training went: losses and validation metric per epoch, and a row per run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nfexplainn.page import scores as sc
from nfexplainn.page.chapters import TRAINING, Part
from nfexplainn.page.load import Inputs, ModelResult, Row, number, read_table
from nfexplainn.page.mqc import DASH, Cell, Page, cell, escape
from nfexplainn.page.style import COLOURS, PANEL_LIMIT, ROW_LIMIT, capped, title_of


def write_curves(page: Page, inputs: Inputs) -> None:
    """Write the training curves, a row per run, ``history.tsv`` and ``runs.tsv``."""
    models = [model for model in inputs.models if model.histories]
    if not models:
        return
    if len(models) <= PANEL_LIMIT:
        _losses(page, models)
    _metrics(page, models)
    facts = {
        (dataset, model, replicate): row
        for dataset, model, replicate, path in inputs.ending(".model.tsv")
        for row in read_table(path)
    }
    _runs(page, models, facts)
    columns = ("dataset", "model", "replicate")
    page.tsv(
        "runs",
        (*columns, "parameters", "kernel"),
        [dict(zip(columns, run, strict=True)) | row for run, row in facts.items()],
    )
    rows = [
        {"dataset": model.dataset, "model": model.name, "replicate": replicate, **row}
        for model in models
        for replicate, history in model.histories.items()
        for row in history
    ]
    page.tsv("history", list(dict.fromkeys(key for row in rows for key in row)), rows)


def is_best(row: Row) -> bool:
    """Whether the weights of this epoch were kept."""
    return row.get("best", "").lower() in ("1", "true", "yes")


def _losses(page: Page, models: Sequence[ModelResult]) -> None:
    """Draw a panel per model: training (dashed) and validation loss of every replicate."""
    panels, colours, dashes = [], {}, {}
    for model in models:
        lines: dict[str, list[list[float]]] = {}
        for place, (replicate, history) in enumerate(model.histories.items()):
            for column, words in (("train_loss", "training"), ("valid_loss", "validation")):
                name = f"replicate {replicate}, {words}"
                lines[name] = _line(history, column)
                colours[name] = COLOURS[place % len(COLOURS)]
                dashes[name] = "dot" if column == "train_loss" else "solid"
        panels.append(lines)
    page.section(
        TRAINING,
        "Losses",
        "linegraph",
        panels,
        description="Dotted: training; solid: validation. A validation loss that rises while the"
        " training loss falls indicates overfitting; the weights of the best epoch are kept.",
        pconfig={
            **_axes("Loss"),
            "colors": colours,
            "dash_styles": dashes,
            "data_labels": [
                {"name": escape(title_of(model, models)), "ylab": "Loss"} for model in models
            ],
        },
    )


def _metrics(page: Page, models: Sequence[ModelResult]) -> None:
    """Draw a line per model (its best replicate), a panel per metric; with many models loss, too.

    Different metrics on one axis would compare what cannot be compared.
    """
    of_metric: dict[str, dict[str, list[list[float]]]] = {}
    for model in models:
        line = _line(_best_history(model), "valid_metric")
        of_metric.setdefault(_metric(model), {})[escape(title_of(model, models))] = line
    panels = list(of_metric.values())
    labels = [{"name": name, "ylab": name} for name in of_metric]
    if len(models) > PANEL_LIMIT:
        panels.append(
            {
                escape(title_of(model, models)): _line(_best_history(model), "valid_loss")
                for model in models
            }
        )
        labels.append({"name": "Validation loss", "ylab": "Loss"})
    several = len(panels) > 1
    page.section(
        TRAINING,
        "Validation metric",
        "linegraph",
        panels if several else panels[0],
        description="The best replicate of every model: average precision (AUPRC), correlation for"
        " values, or accuracy for classes, on the validation part."
        + (" Each has a panel of its own." if len(of_metric) > 1 else ""),
        pconfig={**_axes(labels[0]["ylab"]), "data_labels": labels if several else []},
    )


def _metric(model: ModelResult) -> str:
    """Name the metric of a training, which is that of its scores."""
    scores = sc.model_scores(model)
    return sc.label(sc.main_metric(scores)) if scores else "Metric"


def _axes(label: str) -> dict[str, Any]:
    return {
        "xlab": "Epoch",
        "ylab": label,
        "tt_decimals": 4,
        "xmin": 0,
        "x_decimals": False,
        "showlegend": True,
    }


def _line(history: Sequence[Row], column: str) -> list[list[float]]:
    """Give pairs, not a mapping: JSON's keys are strings, which MultiQC sorts as words."""
    pairs = ((float(row["epoch"]), number(row.get(column))) for row in history)
    return [[epoch, value] for epoch, value in pairs if value is not None]


def _best_history(model: ModelResult) -> list[Row]:
    first = next(iter(model.histories.values()))
    return model.histories.get(model.best_replicate, first)


def _kernel(facts: Row | None) -> str:
    return (facts or {}).get("kernel") or DASH


def _runs(
    page: Page,
    models: Sequence[ModelResult],
    facts: Mapping[tuple[str, str, int | None], Row],
) -> None:
    rows: dict[str, dict[str, Cell]] = {}
    for model in models:
        for replicate, history in model.histories.items():
            if not history:
                continue
            best = next((row for row in history if is_best(row)), history[-1])
            speeds = [number(row.get("sequences_per_second")) or 0.0 for row in history]
            rows[f"{title_of(model, models)} · replicate {replicate}"] = {
                "epochs": len(history),
                "best": number(best["epoch"]),
                "loss": number(best["valid_loss"]),
                "seconds": sum(number(row.get("seconds")) or 0.0 for row in history),
                "speed": sum(speeds) / len(speeds),
                "device": cell(history[-1].get("device", "")),
                "kernel": cell(_kernel(facts.get((model.dataset, model.name, replicate)))),
            }
    page.table(
        TRAINING,
        "Runs",
        dict(list(rows.items())[:ROW_LIMIT]),
        {
            "epochs": {"title": "Epochs", "format": "{:,.0f}"},
            "best": {"title": "Kept epoch", "format": "{:,.0f}"},
            "loss": {
                "title": "Validation loss",
                "description": "At the best epoch",
                "format": "{:,.4f}",
            },
            "seconds": {"title": "Seconds", "format": "{:,.1f}"},
            "speed": {"title": "Sequences per second", "format": "{:,.0f}"},
            "device": {"title": "Device"},
            "kernel": {
                "title": "Computed by",
                "description": "The kernel's instruction set, or torch; the last digits of a model"
                " depend on it",
            },
        },
        first="Run",
        description="One row per training." + capped(len(rows), ROW_LIMIT, "history"),
    )


PART = Part(TRAINING, lambda page, content: write_curves(page, content.everything))
