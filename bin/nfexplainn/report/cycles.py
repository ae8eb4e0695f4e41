"""HT-SELEX: how well each unit's motif alone tells reads of the last cycle from the first."""

from __future__ import annotations

from collections.abc import Sequence

from nfexplainn.report.curves import PANEL_LIMIT
from nfexplainn.report.load import Inputs, Row, number, read_table
from nfexplainn.report.mqc import DASH, Cell, Page, cell, power, raw_cell
from nfexplainn.report.units import Unit, Units, logo

SUFFIX = ".cycles.tsv"
ROWS = 12
_COLUMNS = (
    *("dataset", "model", "replicate", "unit", "annotation", "last", "first"),
    *("auroc", "auprc", "n_last", "n_first"),
)


def cycle_units(inputs: Inputs, units: Units) -> list[Unit]:
    """Units that the tables show, whose logos the page needs."""
    return [unit for _, shown in _shown(inputs, units) for _, unit in shown]


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
    for title, shown in _shown(inputs, units)[:PANEL_LIMIT]:
        if shown:
            _table(page, title, shown)


def _shown(inputs: Inputs, units: Units) -> list[tuple[str, list[tuple[Row, Unit]]]]:
    """Give, per model with cycles, the best units of its best replicate with their scores."""
    paths = {
        (dataset, model, replicate): path
        for dataset, model, replicate, path in inputs.ending(SUFFIX)
    }
    out = []
    several = len({model.name for model in inputs.models}) > 1
    for position, model in enumerate(inputs.models):
        path = paths.get((model.dataset, model.name, model.best_replicate))
        if path is None:
            continue
        mine = {unit.id: unit for unit in units.get(position, [])}
        rows = [row for row in read_table(path) if row["unit"] in mine][:ROWS]
        title = f"{model.dataset} · {model.name}" if several else model.dataset
        out.append((title, [(row, mine[row["unit"]]) for row in rows]))
    return out


def _table(page: Page, title: str, shown: Sequence[tuple[Row, Unit]]) -> None:
    first, last = shown[0][0]["first"], shown[0][0]["last"]
    rows: dict[str, dict[str, Cell]] = {}
    for row, unit in shown:
        effect = unit.in_task(last)
        rows[unit.id] = {
            "logo": raw_cell(logo(unit)),
            "name": cell(", ".join(unit.names) if unit.annotation else DASH),
            "q": power(unit.q_value) if unit.annotation else DASH,
            "auroc": number(row["auroc"]),
            "auprc": number(row["auprc"]),
            "rank": effect.rank,
            "sites": unit.sites,
        }
    score = {"format": "{:,.3f}"}
    counts = shown[0][0]
    page.table(
        "nfx_performance",
        f"Cycles: {title}",
        rows,
        {
            "logo": {"title": "Logo"},
            "name": {"title": "Known motif"},
            "q": {"title": "q", "description": "q-value of the best match"},
            "auroc": {"title": "AUROC", "description": f"Reads of {last} against {first}", **score},
            "auprc": {"title": "AUPRC", "description": f"Reads of {last} against {first}", **score},
            "rank": {"title": "Rank", "description": f"By effect on {last}", "format": "{:,.0f}"},
            "sites": {"title": "Sites", "format": "{:,.0f}"},
        },
        first="Unit",
        description="Each unit's motif judged alone, as in the paper: its best hit in the test"
        f" reads of {last} ({int(counts['n_last']):,}) against those of {first}"
        f" ({int(counts['n_first']):,}); the {len(rows)} best. A single motif can tell the two"
        " cycles apart and the model still confuse neighbouring ones, which share reads.",
    )
