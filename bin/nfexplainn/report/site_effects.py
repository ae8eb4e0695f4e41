"""The heatmaps of what sites do, and behind them those of the final weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.page.chapters import SITE_EFFECTS, Content, Part
from nfexplainn.page.evidence import (
    EVERY_TASK,
    Evidence,
    ModelEvidence,
    evidence_of,
    of_model,
    row_name,
)
from nfexplainn.page.load import Inputs, ModelResult, number
from nfexplainn.page.mqc import Page, escape, shortened
from nfexplainn.page.style import PANEL_LIMIT, title_of
from nfexplainn.page.units import Unit, Units

HEATMAP_ROWS = 60
_ALL = "All data sets"

Matrix = Sequence[Sequence[float | None]]


@dataclass(frozen=True)
class Line:
    """A row of a heatmap: a motif, and its value in each task that has one."""

    name: str
    id: str
    values: Mapping[str, float]


@dataclass(frozen=True)
class _Kind:
    """What a heatmap shows.

    Attributes
    ----------
    heading : str
        Goes before the name of the data set.
    value : str
        Name of the value.
    one : str
        What of a model stands for a motif where all data sets are shown.
    """

    heading: str
    value: str
    one: str


_EFFECT = _Kind("", "site effect", "the strongest")
_WEIGHT = _Kind("Final weights: ", "final weight", "the unit of the highest rank")

_OF_GROUPS = (
    "Groups of units that unseen sequences support: how much more (red) or less (blue) they add to"
    " the prediction of unseen sequences with a site than of those without. Empty where the 95 %"
    " interval includes 0."
)
_OF_CLASSES = (
    " Where all tasks share one loss, a group is represented by its strongest unit in the best"
    " replicate, minus the unit's mean over the tasks."
)
_OF_UNITS = (
    "Annotated units: how much more (red) or less (blue) they add to the prediction of sequences"
    " with a site than of those without. Empty within two standard errors of 0."
)
_OF_WEIGHTS = (
    "The final weights of the annotated units: positive (red) where the unit's output raises the"
    " prediction, negative (blue) where it lowers it. A unit's output may decrease at its own"
    " motif, even to zero, so neither the sign of the weight nor that of the effect is the"
    " direction of the motif."
)


def write_heatmaps(page: Page, inputs: Inputs, units: Units) -> None:
    """Draw what sites do, then the final weights: of each model of several tasks, and of all."""
    models = inputs.models
    evidence = evidence_of(inputs)
    effects = [effect_lines(inputs, evidence, units, place) for place in range(len(models))]
    weights = [_weight_lines(units.get(place, [])) for place in range(len(models))]
    multi = [place for place, model in enumerate(models) if len(model.tasks) > 1]
    for place in multi[:PANEL_LIMIT]:
        title = title_of(models[place], models)
        says = _text(evidence, [models[place]])
        _of_model(page, _EFFECT, title, models[place], effects[place], says)
        if len(weights[place]) > 1:
            _of_model(page, _WEIGHT, title, models[place], weights[place], _OF_WEIGHTS)
    if len(models) > 1 or not multi:
        _of_all(page, _EFFECT, models, effects, _text(evidence, models))
        _of_all(page, _WEIGHT, models, weights, _OF_WEIGHTS)


def _text(evidence: Evidence, models: Sequence[ModelResult]) -> str:
    """Say what the site effects of some models are of."""
    known = [found for model in models if (found := of_model(evidence, model)) is not None]
    if not known:
        return _OF_UNITS
    joint = any(row["task"] == EVERY_TASK for found in known for row in found.rows)
    return _OF_GROUPS + (_OF_CLASSES if joint else "")


def effect_lines(inputs: Inputs, evidence: Evidence, units: Units, place: int) -> list[Line]:
    """Give what sites do in each task of a model, of supported groups or else of annotated units.

    Parameters
    ----------
    inputs : Inputs
    evidence : mapping
        As :func:`~nfexplainn.page.evidence.evidence_of` gives it.
    units : mapping of int to sequence of Unit
    place : int
        Of the model in ``inputs.models``.

    Returns
    -------
    list of Line
        The largest gain, or the highest rank, first; a value that is not surely above or below 0
        is missing.
    """
    model, own = inputs.models[place], units.get(place, [])
    found = of_model(evidence, model)
    if found is not None:
        return _group_lines(found, own, model.best_replicate)
    kinds = {dataset.id: dataset.meta.get("task_type") for dataset in inputs.datasets}
    centred = kinds.get(model.dataset) == "multiclass"
    lines = [
        Line(unit.name, unit.id, _unit_effects(unit, centred)) for unit in own if unit.annotation
    ]
    return [line for line in lines if line.values]


def _group_lines(found: ModelEvidence, units: Sequence[Unit], best: int) -> list[Line]:
    by_id = {unit.id: unit for unit in units}
    supported = sorted(
        (row for row in found.rows if row["supported"] == "true"),
        key=lambda row: -(number(row["gain"]) or 0.0),
    )
    names: dict[str, str] = {}
    for row in supported:
        names.setdefault(row["motif"], row_name(row))
    lines = []
    for motif, name in names.items():
        own = [row for row in found.rows if row["motif"] == motif]
        values = {
            row["task"]: value
            for row in own
            if row["direction"] and (value := number(row["site_effect"])) is not None
        }
        if any(row["task"] == EVERY_TASK for row in own):
            unit = _strongest(own[0]["units"], best, by_id)
            values = _unit_effects(unit, centred=True) if unit else {}
        lines.append(Line(name, motif, values))
    return [line for line in lines if line.values]


def _strongest(members: str, best: int, units: Mapping[str, Unit]) -> Unit | None:
    """Give the first member (``r1:unit_003``) that is of the best replicate: the strongest."""
    for member in members.split(","):
        replicate, _, unit = member.partition(":")
        if replicate == f"r{best}" and unit in units:
            return units[unit]
    return None


def _unit_effects(unit: Unit, centred: bool) -> dict[str, float]:
    """Give what the unit's sites do where that is sure.

    A constant that is added to all classes changes no prediction, so there it is taken away.
    """
    known = {one.task: one.site_effect for one in unit.effects if one.site_effect is not None}
    sure = [one.task for one in unit.effects if one.direction and one.task in known]
    if centred and sure:
        mean = sum(known.values()) / len(known)
        return {task: value - mean for task, value in known.items()}
    return {task: known[task] for task in sure}


def _weight_lines(units: Sequence[Unit]) -> list[Line]:
    return [
        Line(
            unit.name,
            unit.id,
            {one.task: one.weight for one in unit.effects if one.weight is not None},
        )
        for unit in units
        if unit.annotation
    ]


def _of_model(
    page: Page, kind: _Kind, title: str, model: ModelResult, lines: Sequence[Line], says: str
) -> None:
    shown = lines[:HEATMAP_ROWS]
    values = [[line.values.get(task) for task in model.tasks] for line in shown]
    names = [f"{line.name} ({line.id})" for line in shown]
    cut = f" The first {HEATMAP_ROWS} of {len(lines)}." if len(lines) > len(shown) else ""
    if shown:
        _heatmap(page, kind, title, values, model.tasks, names, says + cut)


def _of_all(
    page: Page,
    kind: _Kind,
    models: Sequence[ModelResult],
    lines: Sequence[Sequence[Line]],
    says: str,
) -> None:
    best: dict[str, dict[int, Line]] = {}
    for place, own in enumerate(lines):
        for line in own:
            best.setdefault(line.name, {}).setdefault(place, line)
    # Motifs that several models share tell most: they come first when there are too many.
    ranked = sorted(best, key=lambda name: (-len(best[name]), name))[:HEATMAP_ROWS]
    if not ranked:
        return
    columns = [(place, task) for place, model in enumerate(models) for task in model.tasks]
    across: Matrix = [
        [best[name][p].values.get(task) if p in best[name] else None for p, task in columns]
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
    note = f" Per motif {kind.one}; empty where a model has none.{cut}"
    _heatmap(page, kind, _ALL, across, labels, ranked, says + note)


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
    kind: _Kind,
    title: str,
    values: Matrix,
    columns: Sequence[str],
    rows: Sequence[str],
    says: str,
) -> None:
    flat = [abs(value) for row in values for value in row if value is not None]
    top = max(flat, default=1.0) or 1.0
    whole = len(flat) == len(rows) * len(columns)
    page.section(
        SITE_EFFECTS,
        f"{kind.heading}{title}",
        "heatmap",
        [list(row) for row in values],
        topic=title,
        description=says,
        xcats=[escape(column) for column in columns],
        ycats=[escape(row) for row in rows],
        pconfig={
            "square": False,
            "xcats_samples": False,
            "ycats_samples": False,
            "cluster_rows": whole and len(rows) > 2,
            "cluster_cols": whole and len(columns) > 2,
            "cluster_switch_clustered_active": True,
            "title": shortened(f"{kind.value.capitalize()}s: {title}"),
            "min": -top,
            "max": top,
            "colstops": [[0, "#2166ac"], [0.5, "#f7f7f7"], [1, "#b2182b"]],
            "display_values": False,
            "tt_decimals": 3,
            "xlab": "Task",
            "ylab": "Motif",
            "zlab": kind.value.capitalize(),
            "height": 160 + 22 * len(rows),
        },
    )


def _write(page: Page, content: Content) -> None:
    write_heatmaps(page, content.inputs, content.units)


PART = Part(SITE_EFFECTS, _write)
