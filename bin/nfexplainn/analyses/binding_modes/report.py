"""The binding modes that each model has found, and which model found which."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from nfexplainn.order import natural_key
from nfexplainn.page.chapters import Chapter, Cite, Methods, Part, Values
from nfexplainn.page.load import Inputs, ModelResult, Row, number, read_table
from nfexplainn.page.methods import is_explainn
from nfexplainn.page.mqc import Cell, Page, cell, escape, power
from nfexplainn.page.style import ROW_LIMIT, capped, name_of, title_of

CHAPTER = Chapter(
    "nfx_modes",
    "Binding modes",
    580,
    "which clusters of known motifs each model has found, with"
    " [`--binding_modes`](usage/binding_modes.md)",
    lead=(
        "Motifs of one family are similar, so the known motifs are sorted into binding modes"
        " (clusters). A model has found a mode when at least one of its units (of a network"
        " without units: a filter of its first layer) is annotated with a member."
    ),
)

MODES_SHOWN = 60
_COLUMNS = (
    *("dataset", "model", "replicate", "mode", "name", "members", "unit", "target_id"),
    *("target_name", "q_value", "units"),
)
_COUNT_COLUMNS = ("dataset", "model", "replicate", "modes")


def mode_rows(inputs: Inputs, model: ModelResult) -> list[Row] | None:
    """Read the modes that a model has found; None where they were not counted."""
    path = inputs.files.get(f"{model.dataset}.{model.name}.modes.tsv")
    return None if path is None else read_table(path)


def mode_counts(inputs: Inputs, model: ModelResult) -> dict[int, int]:
    """Number of modes by replicate, of those too that found none; empty where not counted."""
    rows = mode_rows(inputs, model)
    if rows is None:
        return {}
    counts = dict.fromkeys(sorted(model.metrics), 0)
    for row in rows:
        replicate = int(row["replicate"])
        counts[replicate] = counts.get(replicate, 0) + 1
    return counts


def write_modes(page: Page, inputs: Inputs) -> None:
    """Write counts per model, which model found which mode, and the tables behind them."""
    found = {
        (model.dataset, model.name): (model, rows)
        for model in inputs.models
        if (rows := mode_rows(inputs, model)) is not None
    }
    if not found:
        return
    page.tsv(
        "modes",
        _COLUMNS,
        ({"dataset": d, "model": m, **row} for (d, m), (_, rows) in found.items() for row in rows),
    )
    page.tsv(
        "mode_counts",
        _COUNT_COLUMNS,
        (
            {"dataset": d, "model": m, "replicate": replicate, "modes": count}
            for (d, m), (model, _) in found.items()
            for replicate, count in mode_counts(inputs, model).items()
        ),
    )
    _counts(page, inputs, found)
    for dataset in dict.fromkeys(dataset for dataset, _ in found):
        _which(page, dataset, {m: pair for (d, m), pair in found.items() if d == dataset}, found)


Found = Mapping[tuple[str, str], tuple[ModelResult, list[Row]]]


def _counts(page: Page, inputs: Inputs, found: Found) -> None:
    shown: dict[str, dict[str, Cell]] = {}
    for model, rows in list(found.values())[:ROW_LIMIT]:
        counts = list(mode_counts(inputs, model).values())
        replicates: dict[str, set[str]] = {}
        for row in rows:
            replicates.setdefault(row["mode"], set()).add(row["replicate"])
        shown[title_of(model, inputs.models)] = {
            "mean": statistics.fmean(counts) if counts else None,
            "sd": statistics.stdev(counts) if len(counts) > 1 else None,
            "any": len(replicates),
            "all": sum(len(some) == len(counts) for some in replicates.values()),
            "replicates": len(counts),
        }
    page.table(
        CHAPTER,
        "Modes found",
        shown,
        {
            "mean": {
                "title": "Modes",
                "description": "Mean over the replicates",
                "format": "{:,.1f}",
            },
            "sd": {
                "title": "\u00b1",
                "description": "Standard deviation over the replicates",
                "format": "{:,.1f}",
            },
            "any": {"title": "In any", "description": "Found by at least one replicate"},
            "all": {"title": "In all", "description": "Found by every replicate"},
            "replicates": {"title": "Replicates"},
        },
        first="Model",
        description="One chance match adds a mode, so modes found in all replicates are the most"
        f" reliable.{capped(len(found), ROW_LIMIT, 'mode_counts')}",
    )


def _which(
    page: Page,
    dataset: str,
    models: Mapping[str, tuple[ModelResult, Sequence[Row]]],
    found: Found,
) -> None:
    """Write a row per mode: in how many replicates of each model, and the surest match."""
    support: dict[str, dict[str, set[str]]] = {}
    best: dict[str, Row] = {}
    for name, (_, rows) in models.items():
        for row in rows:
            support.setdefault(row["mode"], {}).setdefault(name, set()).add(row["replicate"])
            old = best.get(row["mode"])
            if old is None or _q(row) < _q(old):
                best[row["mode"]] = row
    ranked = sorted(
        support,
        key=lambda mode: (
            -sum(len(some) for some in support[mode].values()),
            _q(best[mode]),
            natural_key(mode),
        ),
    )
    shown: dict[str, dict[str, Cell]] = {}
    for mode in ranked[:MODES_SHOWN]:
        row = best[mode]
        shown[f"{mode}: {row['name']}"] = {
            "members": number(row["members"]),
            "match": cell(row["target_name"]),
            "q": power(number(row["q_value"])),
            **{f"m{at}": len(support[mode].get(name, ())) for at, name in enumerate(models)},
        }
    if not shown:
        return
    count: dict[str, object] = {"format": "{:,.0f}"}
    several = len({d for d, _ in found}) > 1
    page.table(
        CHAPTER,
        f"Which modes: {dataset}" if several else "Which modes",
        shown,
        {
            "members": {"title": "Members", "description": "Known motifs in the mode", **count},
            "match": {"title": "Surest match"},
            "q": {"title": "q"},
            **{
                f"m{at}": {
                    "title": escape(name_of(name)),
                    "description": "Replicates that found it",
                    **count,
                }
                for at, name in enumerate(models)
            },
        },
        first="Mode",
        description="Number of replicates of each model that found the mode."
        + capped(len(ranked), MODES_SHOWN, "modes"),
    )


def _q(row: Row) -> float:
    value = number(row["q_value"])
    return 1.0 if value is None else value


def _methods(values: Values, models: Sequence[str], cite: Cite) -> str:
    table = values.get("mode_clusters")
    if table:
        clusters = f"the clusters of known motifs in {escape(PurePath(str(table)).name)}"
    else:
        clusters = (
            "clusters of the known motifs, joined by average linkage down to a mean similarity of"
            " 2.5 (-log10 p of Tomtom, mean of both comparisons)"
        )
    filters = "" if all(map(is_explainn, models)) else " (of other networks: a first-layer filter)"
    threshold = escape(values.get("q_threshold", 0.05))
    return (
        f"Binding modes {cite('explainn')} were {clusters}; a model has found a mode if at least"
        f" one of its units{filters} matches a member at q ≤ {threshold}."
    )


PART = Part(
    CHAPTER,
    lambda page, content: write_modes(page, content.everything),
    methods=Methods("modes", _methods),
)
