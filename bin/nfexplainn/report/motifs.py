"""The motif tables and the best matches of Tomtom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nfexplainn.interpret.columns import TOMTOM_COLUMNS
from nfexplainn.page.chapters import MOTIFS, TOMTOM, Part
from nfexplainn.page.load import Inputs, ModelResult, Row, number
from nfexplainn.page.mqc import DASH, Cell, Page, cell, escape, power, raw_cell, short
from nfexplainn.page.style import PANEL_LIMIT, ROW_LIMIT, capped, title_of
from nfexplainn.page.units import Unit, Units, arrow, logo

ALL = "All data sets"
ROWS_IN_ALL = 300
ROWS_AT_LEAST = 2
_TASKS_NAMED = 3
_STATUS = {
    "annotated": "annotated",
    "unannotated": "no match",
    "low_information": "too little information",
    "few_sites": "few sites",
    "dead": "never active",
    "no_sites": "no sites",
}


def rows_per_model(models: int, wanted: int) -> int:
    """Motif rows to show per model: what the user allows, and 300 in all, but at least 2."""
    return max(ROWS_AT_LEAST, min(wanted, ROWS_IN_ALL // max(1, models)))


def shown_units(units: Units, limit: int) -> dict[int, list[Unit]]:
    """Keep the units with a motif, best first, up to the limit (the first of each task stays)."""
    return {
        position: [unit for unit in of_model if unit.motif is not None][:limit]
        for position, of_model in units.items()
    }


def write_motifs(page: Page, inputs: Inputs, units: Units, shown: Units) -> None:
    """Write the motif tables, ``motifs.tsv``, and what became of every unit."""
    models = inputs.models
    if len(models) <= PANEL_LIMIT:
        for position, model in enumerate(models):
            rows = {unit.id: _row(unit) for unit in shown.get(position, [])}
            if rows:
                text = _fate(units[position], rows) + _basis(model)
                _table(page, title_of(model, models), rows, text)
    else:
        rows = {
            f"{title_of(model, models)} · {unit.id}": _row(unit)
            for position, model in enumerate(models)
            for unit in shown.get(position, [])
        }
        if rows:
            total = sum(unit.motif is not None for many in units.values() for unit in many)
            _table(page, ALL, rows, capped(total, len(rows), "motifs"))
    _motif_tsv(page, models, units)


def _table(page: Page, name: str, rows: dict[str, dict[str, Cell]], description: str) -> None:
    used = {key for row in rows.values() for key, value in row.items() if value is not None}
    headers = {key: header for key, header in _headers().items() if key in used}
    page.table(MOTIFS, name, rows, headers, first="Unit", description=description)


def _row(unit: Unit) -> dict[str, Cell]:
    best = unit.best
    row: dict[str, Cell] = {
        "logo": raw_cell(logo(unit)),
        "motif": cell(unit.annotation or DASH, narrow=True) + raw_cell(arrow(best)),
        "rank": best.rank,
        "effect": _rounded(best.effect),
        "importance": _rounded(best.importance),
        "n": best.importance_n,
        "weight": _rounded(best.weight),
        "q": None if unit.q_value is None else power(unit.q_value),
        "matched_in": f"{unit.matched_in}/{unit.replicates}",
        "sites": unit.sites,
        "information": unit.information,
        "status": cell(_STATUS.get(unit.status, unit.status)),
        "target": cell(unit.target_id) if unit.target_id else None,
        "consensus": cell(unit.consensus),
    }
    if len(unit.effects) > 1:
        # First the task whose effect and importance stand in this row.
        ranked = sorted(unit.effects, key=lambda e: (e is not best, e.rank or 10**9, e.task))
        named = [f"{one.task} {short(one.effect)} (#{one.rank})" for one in ranked[:_TASKS_NAMED]]
        row["tasks"] = cell(", ".join(named))
    return row


def _rounded(value: float | None) -> float | None:
    """Round to what is shown, without a minus before zero."""
    return None if value is None else round(value, 3) + 0.0


def _headers() -> dict[str, dict[str, Any]]:
    return {
        "logo": {"title": "Logo", "description": "Height: information, 2 bits at most"},
        "motif": {
            "title": "Known motif",
            "description": "Matches at the q-value threshold, best first; ↑ its presence raises the"
            " prediction of the task in which it ranks highest, ↓ it lowers it",
        },
        "rank": {
            "title": "Rank",
            "description": "By effect, in the task in which it is highest",
            "format": "{:,.0f}",
        },
        "tasks": {
            "title": "Tasks",
            "description": "Effect (and rank) in the tasks in which it ranks highest; effect and"
            " importance are shown for the first",
        },
        "effect": {
            "title": "Effect",
            "description": "Logit (or target) units, in the task in which it ranks highest",
            "format": "{:,.3f}",
        },
        "q": {"title": "q", "description": "q-value of the best match"},
        "matched_in": {
            "title": "Support",
            "description": "Replicates with a unit of this motif",
        },
        "importance": {
            "title": "Importance",
            "description": "The paper's: median contribution to well-predicted sequences",
            "format": "{:,.3f}",
        },
        "n": {
            "title": "n",
            "description": "Sequences behind the importance (each strand counts)",
            "format": "{:,.0f}",
        },
        "weight": {
            "title": "Weight",
            "description": "Final weight of the unit in that task",
            "format": "{:,.3f}",
            "hidden": True,
        },
        "sites": {
            "title": "Sites",
            "description": "Sites the motif was counted from",
            "format": "{:,.0f}",
        },
        "information": {"title": "Bits", "description": "Information", "format": "{:,.1f}"},
        "status": {"title": "Status"},
        "target": {"title": "Profile", "description": "Id of the best match", "hidden": True},
        "consensus": {"title": "Consensus", "hidden": True},
    }


def _fate(units: Sequence[Unit], rows: Mapping[str, object]) -> str:
    """Say what became of the units of a model, every one in one state."""
    counts = {status: sum(unit.status == status for unit in units) for status in _STATUS}
    parts = [f"{count} {_STATUS[status]}" for status, count in counts.items() if count]
    with_motif = sum(unit.motif is not None for unit in units)
    text = f"{len(units)} units: {', '.join(parts)}."
    return text + capped(with_motif, len(rows), "motifs")


def _basis(model: ModelResult) -> str:
    """Say where an effect could not be computed from the well-predicted sequences."""
    other: dict[str, list[str]] = {}
    for row in model.effects.get(model.best_replicate, []):
        basis = row.get("effect_basis", "")
        if basis and not basis.startswith("well-predicted"):
            tasks = other.setdefault(basis, [])
            if row["task"] not in tasks:
                tasks.append(row["task"])
    return "".join(
        f" Effect of {escape(', '.join(tasks[:_TASKS_NAMED]))}"
        f"{' and others' if len(tasks) > _TASKS_NAMED else ''}: from {escape(basis)} sequences."
        for basis, tasks in other.items()
    )


def _motif_tsv(page: Page, models: Sequence[ModelResult], units: Units) -> None:
    columns = (
        "dataset",
        "model",
        "replicate",
        "unit",
        "status",
        "annotation",
        "target_id",
        "q_value",
        "matched_in",
        "replicates",
        "sites",
        "width",
        "information",
        "consensus",
        "task",
        "weight",
        "effect",
        "rank",
        "importance_median",
        "importance_n",
        "site_effect",
        "direction",
    )
    rows = [
        {
            "dataset": model.dataset,
            "model": model.name,
            "replicate": model.best_replicate,
            "unit": unit.id,
            **{key: getattr(unit, key) for key in columns if hasattr(unit, key)},
            "task": effect.task,
            "weight": effect.weight,
            "effect": effect.effect,
            "rank": effect.rank,
            "importance_median": effect.importance,
            "importance_n": effect.importance_n,
            "site_effect": effect.site_effect,
            "direction": effect.direction,
        }
        for position, model in enumerate(models)
        for unit in units.get(position, [])
        for effect in unit.effects
    ]
    page.tsv("motifs", columns, rows)


def write_tomtom(page: Page, inputs: Inputs, shown: Units) -> None:
    """Write the best matches of the shown units, and ``tomtom.tsv``."""
    models = inputs.models
    found: list[tuple[ModelResult, Unit, Row]] = []
    for position, model in enumerate(models):
        hits: dict[str, list[Row]] = {}
        for row in model.tomtom:
            hits.setdefault(row["unit"], []).append(row)
        for unit in shown.get(position, []):
            found += [(model, unit, row) for row in hits.get(unit.id, [])]
    page.tsv(
        "tomtom",
        ("dataset", "model", *TOMTOM_COLUMNS),
        [
            {"dataset": model.dataset, "model": model.name, **row}
            for model in models
            for row in model.tomtom
        ],
    )
    if not found:
        markup = "<p>No unit matches a known motif at the q-value threshold.</p>"
        page.section(TOMTOM, "", "html", markup)
        return
    rows: dict[str, dict[str, Cell]] = {}
    for position, (model, unit, row) in enumerate(found[:ROW_LIMIT], 1):
        rows[str(position)] = {
            "dataset": cell(title_of(model, models)),
            "unit": cell(unit.id),
            "logo": raw_cell(logo(unit)),
            "name": cell(row["target_name"]),
            "target": cell(row["target_id"]),
            "q": power(number(row["q_value"])),
            "e": power(number(row["e_value"])),
            "p": power(number(row["p_value"])),
            "overlap": number(row["overlap"]),
            "offset": number(row["offset"]),
            "strand": cell(row["orientation"]),
        }
    whole = {"format": "{:,.0f}"}
    page.table(
        TOMTOM,
        "",
        rows,
        {
            "dataset": {"title": "Data set"},
            "unit": {"title": "Unit"},
            "logo": {"title": "Logo"},
            "name": {"title": "Known motif"},
            "target": {"title": "Profile"},
            "q": {"title": "q", "description": "Over both strands of all profiles"},
            "e": {"title": "E"},
            "p": {"title": "p", "hidden": True},
            "overlap": {"title": "Overlap", "description": "Columns", **whole},
            "offset": {"title": "Offset", "description": "Of the known motif", **whole},
            "strand": {"title": "Strand", "description": "Of the known motif"},
        },
        first="#",
        lead="Up to five known motifs that each unit resembles, best first. Members of a family"
        " are similar: a match identifies the family, not the member."
        + capped(len(found), len(rows), "tomtom"),
    )


PART = Part(
    MOTIFS, lambda page, content: write_motifs(page, content.inputs, content.units, content.shown)
)


TOMTOM_PART = Part(TOMTOM, lambda page, content: write_tomtom(page, content.inputs, content.shown))
