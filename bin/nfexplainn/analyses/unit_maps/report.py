"""Maps of sequences by their unit outputs, as plots that can be zoomed and asked."""

from __future__ import annotations

import colorsys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from nfexplainn.analyses.unit_maps.layout import NONE
from nfexplainn.io.tsv import iterate_tsv
from nfexplainn.order import natural_key
from nfexplainn.page.chapters import Chapter, Cite, Methods, Part, Values
from nfexplainn.page.load import Inputs, ModelResult, Row, read_table
from nfexplainn.page.mqc import Page, escape, plural, thousands
from nfexplainn.page.style import COLOURS, PANEL_LIMIT

CHAPTER = Chapter(
    "nfx_maps",
    "Unit maps",
    570,
    "which sequences have similar unit outputs, with [`--unit_maps`](usage/unit_maps.md)",
    lead=(
        "UMAP of the unit outputs of well-predicted sequences: sequences with similar unit"
        " outputs lie together. Distances between groups mean little."
    ),
)

# Each point of a plot is an element of the page; more would make it slow.
SHOWN = 1000
_GREY = "#9aa0a6"
_MEANS = {NONE: "no task: label 1 in none, as for negatives"}
_COLUMNS = (
    *("dataset", "model", "replicate", "name", "split", "x", "y", "group"),
    *("unit", "annotation"),
)


def write_maps(page: Page, inputs: Inputs) -> None:
    """Write a map per model, and ``unit_maps.tsv``."""
    found = inputs.ending(".umap.tsv")
    if not found:
        return
    called = {
        (model.dataset, model.name): {
            (row["replicate"].lstrip("r"), row["unit"]): row["annotation"] for row in model.units
        }
        for model in inputs.models
    }

    def rows() -> Iterator[dict[str, object]]:
        for dataset, model, replicate, path in found:
            names = called.get((dataset, model), {})
            for row in iterate_tsv(path):
                annotation = names.get((str(replicate), row["unit"]), "")
                fixed = {"dataset": dataset, "model": model, "replicate": replicate}
                yield {**fixed, **row, "annotation": annotation}

    page.tsv("unit_maps", _COLUMNS, rows())
    for dataset, model, replicate, path in found[:PANEL_LIMIT]:
        names = called.get((dataset, model), {})
        labels = {unit: text for (of, unit), text in names.items() if of == str(replicate) and text}
        title = dataset if model == "explainn" else f"{dataset}: {model}"
        _plot(page, title, path, labels, _order(inputs.models, dataset))


def _order(models: Sequence[ModelResult], dataset: str) -> list[str]:
    return next((model.tasks for model in models if model.dataset == dataset), [])


def _plot(page: Page, title: str, path: Path, labels: dict[str, str], tasks: list[str]) -> None:
    rows = read_table(path)
    if not rows:
        text = "<p>Too few sequences are predicted well for a map.</p>"
        page.section(CHAPTER, title, "html", text)
        return
    groups = sorted({row["group"] for row in rows}, key=lambda g: _rank(g, tasks))
    colours = dict(zip(groups, _palette(groups), strict=True))
    shown = rows
    if len(rows) > SHOWN:
        chosen = np.random.default_rng(0).choice(len(rows), SHOWN, replace=False)
        shown = [rows[at] for at in sorted(chosen.tolist())]
    points: dict[str, list[dict[str, object]]] = {}
    for row in shown:
        points.setdefault(row["group"], []).append(_point(row, labels, colours[row["group"]]))
    part = f" Shown: {len(shown)} of them, drawn at random." if len(shown) < len(rows) else ""
    page.section(
        CHAPTER,
        title,
        "scatter",
        {escape(group): points[group] for group in groups if group in points},
        description=(
            f"{_key(rows, colours)}{plural(len(rows), 'sequence')}.{part} A point names its"
            " sequence and the unit that adds most to its prediction; all are in"
            " <code>tables/unit_maps.tsv</code>."
        ),
        pconfig={
            "xlab": "UMAP 1",
            "ylab": "UMAP 2",
            "marker_size": 6,
            "marker_line_width": 0,
            "groups": [escape(group) for group in groups],
            "showlegend": True,
            "square": True,
        },
    )


def _key(rows: Sequence[Row], colours: Mapping[str, str]) -> str:
    """Say which colour is which group, and how many sequences it has."""
    counts = Counter(row["group"] for row in rows)
    entries = ", ".join(
        f'<span style="white-space:nowrap"><span style="color:{colour}" aria-hidden="true">'
        f"\u25cf</span> {escape(_MEANS.get(group, group))} ({thousands(counts[group])})</span>"
        for group, colour in colours.items()
    )
    return f"Colours: {entries}. "


def _point(row: Row, labels: dict[str, str], colour: str) -> dict[str, object]:
    unit = labels.get(row["unit"], "").split(", ")[0]
    leading = f"{unit} ({row['unit']})" if unit else row["unit"]
    return {
        "x": float(row["x"]),
        "y": float(row["y"]),
        "name": escape(f"{row['name']}: {leading}"),
        "group": escape(row["group"]),
        "color": colour,
        "annotate": False,
        "opacity": 0.8,
    }


def _rank(group: str, tasks: list[str]) -> tuple[object, ...]:
    """Put groups in the order of the tasks, and those of no task last."""
    fifths = ("lowest fifth", "second fifth", "middle fifth", "fourth fifth", "highest fifth")
    order = [*fifths, *tasks]
    known = order.index(group) if group in order else len(order)
    return int(group == NONE), known, natural_key(group)


def _palette(groups: Sequence[str]) -> list[str]:
    """Give each group a colour of its own; grey to what is no task's."""
    count = sum(group != NONE for group in groups)
    if count <= len(COLOURS):
        chosen = list(COLOURS[:count])
    else:
        shades = [
            colorsys.hls_to_rgb(at / count, (0.42, 0.62)[at % 2], 0.65) for at in range(count)
        ]
        chosen = ["#" + "".join(f"{round(255 * part):02x}" for part in rgb) for rgb in shades]
    waiting = iter(chosen)
    return [_GREY if group == NONE else next(waiting) for group in groups]


def _methods(_: Values, __: Sequence[str], cite: Cite) -> str:
    return (
        f"At most 15\u202f000 well-predicted sequences were embedded by UMAP {cite('umap')} of"
        " the outputs of all units of the best replicate (15 neighbours, minimal distance 0.1,"
        " Euclidean)."
    )


PART = Part(
    CHAPTER,
    lambda page, content: write_maps(page, content.inputs),
    methods=Methods("umap", _methods),
)
