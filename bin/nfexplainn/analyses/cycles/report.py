"""HT-SELEX: how well each unit's motif alone tells reads of the last cycle from the first."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from nfexplainn.page.chapters import PERFORMANCE, Part
from nfexplainn.page.load import Inputs, ModelResult, Row, number, read_table
from nfexplainn.page.mqc import DASH, Cell, Page, cell, escape, power, raw_cell
from nfexplainn.page.style import PANEL_LIMIT
from nfexplainn.page.units import Unit, Units, logo

SUFFIX = ".cycles.tsv"
ROWS = 12
ROWS_BELOW = 6  # of motifs that are commoner in the first cycle
# A motif tells the cycles apart the wrong way round if its AUROC is below this.
_CLEARLY_BELOW = 0.2
_MARKS = {"raises": "↑ raises", "lowers": "↓ lowers"}
_COLUMNS = (
    *("dataset", "model", "replicate", "unit", "annotation", "last_cycle"),
    *("first_cycle", "auroc", "auprc", "n_last", "n_first"),
)


def question_cycles(inputs: Inputs) -> Inputs:
    """Ask in the verdict's reason whether the labels of the cycles are swapped, where it seems so.

    A model learns swapped cycles as well as right ones, so no score tells. Selection makes the
    factor's motif common, so the motifs that are found at most sites belong to the last cycle.
    """

    def of(model: ModelResult) -> ModelResult:
        path = _paths(inputs).get((model.dataset, model.name, model.best_replicate))
        asked = "" if path is None else question(read_table(path), model.best_units)
        if not asked:
            return model
        reason = f"{model.verdict.get('reason') or ''} {asked}".strip()
        return dataclasses.replace(model, verdict={**model.verdict, "reason": reason})

    datasets = tuple(
        dataclasses.replace(dataset, models=tuple(of(model) for model in dataset.models))
        for dataset in inputs.datasets
    )
    return dataclasses.replace(inputs, datasets=datasets)


def question(rows: Sequence[Row], units: Sequence[Row]) -> str:
    """Ask whether the cycles are swapped; empty where nothing speaks for it.

    Both must hold: the motif that tells the cycles apart best is the first cycle's (AUROC below
    0.2), and so are, weighted by their sites, the motifs together. In reads of the first cycle
    some composition is always commoner, but at few sites.

    Parameters
    ----------
    rows : sequence of Row
        Of ``R.cycles.tsv``.
    units : sequence of Row
        Of the same replicate, with their ``sites``.
    """
    sites = {unit["unit"]: number(unit["sites"]) or 0.0 for unit in units}
    off = {row["unit"]: float(row["auroc"]) - 0.5 for row in rows}
    if not off or max(off.values(), key=abs) >= _CLEARLY_BELOW - 0.5:
        return ""
    if sum(sites.get(unit, 0.0) * value for unit, value in off.items()) >= 0:
        return ""
    first, last = rows[0]["first_cycle"], rows[0]["last_cycle"]
    return (
        f"The strongest motifs are more frequent in the first cycle ({first}) than in the last"
        f" ({last}): are the cycles' labels swapped?"
    )


def cycle_units(inputs: Inputs, units: Units) -> list[Unit]:
    """Units that the tables show, whose logos the page needs."""
    return [unit for panel in _shown(inputs, units) for _, unit in panel.rows]


def write_cycles(page: Page, inputs: Inputs, units: Units) -> None:
    """Write a table per data set with cycles, and ``cycles.tsv`` of all runs."""
    found = inputs.ending(SUFFIX)
    if not found:
        return
    known = {
        (model.dataset, model.name, unit.id): unit.annotation
        for position, model in enumerate(inputs.models)
        for unit in units.get(position, [])
    }
    best = {(model.dataset, model.name): model.best_replicate for model in inputs.models}
    table: list[dict[str, object]] = []
    for dataset, model, replicate, path in found:
        mine = replicate == best.get((dataset, model))
        for row in read_table(path):
            first = {"dataset": dataset, "model": model, "replicate": replicate}
            name = known.get((dataset, model, row["unit"])) if mine else None
            table.append({**first, "annotation": name, **row})
    page.tsv("cycles", _COLUMNS, table)
    for panel in _shown(inputs, units)[:PANEL_LIMIT]:
        if panel.rows:
            _table(page, panel)


@dataclasses.dataclass(frozen=True)
class _Panel:
    """The units of one model that the page shows, with their scores, and a doubt about them all."""

    title: str
    rows: list[tuple[Row, Unit]]
    question: str


def _shown(inputs: Inputs, units: Units) -> list[_Panel]:
    """Give, per model with cycles, the units of its best replicate at both ends of the scores."""
    paths = _paths(inputs)
    out = []
    several = len({model.name for model in inputs.models}) > 1
    for position, model in enumerate(inputs.models):
        path = paths.get((model.dataset, model.name, model.best_replicate))
        if path is None:
            continue
        mine = {unit.id: unit for unit in units.get(position, [])}
        scores = read_table(path)
        rows = [(row, mine[row["unit"]]) for row in _ends(scores) if row["unit"] in mine]
        title = f"{model.dataset} · {model.name}" if several else model.dataset
        out.append(_Panel(title, rows, question(scores, model.best_units)))
    return out


def _paths(inputs: Inputs) -> Mapping[tuple[str, str, int | None], Path]:
    return {
        (dataset, model, replicate): path
        for dataset, model, replicate, path in inputs.ending(SUFFIX)
    }


def _ends(rows: Sequence[Row]) -> list[Row]:
    """Keep the best motifs of the last cycle, and those that are most the first cycle's."""
    above = [row for row in rows if float(row["auroc"]) >= 0.5][:ROWS]
    below = sorted(
        (row for row in rows if float(row["auroc"]) < 0.5), key=lambda row: float(row["auroc"])
    )
    return above + below[: max(ROWS_BELOW, ROWS - len(above))][::-1]


def _table(page: Page, panel: _Panel) -> None:
    counts = panel.rows[0][0]
    first, last = escape(counts["first_cycle"]), escape(counts["last_cycle"])
    rows: dict[str, dict[str, Cell]] = {}
    for row, unit in panel.rows:
        effect = unit.in_task(counts["last_cycle"])
        rows[unit.id] = {
            "logo": raw_cell(logo(unit)),
            "name": cell(", ".join(unit.names) if unit.annotation else DASH),
            "q": power(unit.q_value) if unit.annotation else DASH,
            "auroc": number(row["auroc"]),
            "auprc": number(row["auprc"]),
            "direction": _MARKS.get(effect.direction),
            "rank": effect.rank,
            "sites": unit.sites,
        }
    used = {key for row in rows.values() for key, value in row.items() if value is not None}
    score = {"format": "{:,.3f}"}
    headers = {
        "logo": {"title": "Logo"},
        "name": {"title": "Known motif"},
        "q": {"title": "q", "description": "q-value of the best match"},
        "auroc": {"title": "AUROC", "description": f"Reads of {last} against {first}", **score},
        "auprc": {"title": "AUPRC", "description": f"Reads of {last} against {first}", **score},
        "direction": {
            "title": "Direction",
            "description": f"Effect of the motif on the prediction of {last}",
        },
        "rank": {"title": "Rank", "description": f"By effect on {last}", "format": "{:,.0f}"},
        "sites": {"title": "Sites", "format": "{:,.0f}"},
    }
    asked = f"<b>{escape(panel.question)}</b> " if panel.question else ""
    page.table(
        PERFORMANCE,
        f"Cycles: {panel.title}",
        rows,
        {key: header for key, header in headers.items() if key in used},
        first="Unit",
        description=f"{asked}Each unit's motif scored alone, as in the paper: its best hit in the"
        f" test reads of {last} ({int(counts['n_last']):,}) against those of {first}"
        f" ({int(counts['n_first']):,}). Shown are the best and, below 0.5, the motifs most"
        f" frequent in {first}; all are in tables/cycles.tsv. A single motif can separate these"
        " two cycles even if the model confuses neighbouring ones, which share reads.",
    )


PART = Part(
    PERFORMANCE, lambda page, content: write_cycles(page, content.inputs, content.units), place=1
)
