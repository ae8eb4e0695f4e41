"""What the replicates say together: consensus motifs, and the scores of their mean prediction."""

from __future__ import annotations

from collections.abc import Mapping

from nfexplainn.interpret.columns import CONSENSUS_COLUMNS
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.logos import logo_symbol
from nfexplainn.motifs.motif import Motif
from nfexplainn.page import scores as sc
from nfexplainn.page.chapters import MOTIFS, Part
from nfexplainn.page.load import Inputs, ModelResult, Row, number
from nfexplainn.page.mqc import (
    DASH,
    Cell,
    Page,
    cell,
    escape,
    plural,
    power,
    raw_cell,
    short,
)
from nfexplainn.page.style import PANEL_LIMIT, title_of

ROWS = 12
_COLUMN = 12  # pixels per column of a logo
_SCORE_COLUMNS = (
    *("dataset", "model", "split", "task", "against", "metric", "value"),
    *("n", "positives", "prevalence", "note"),
)


def write_consensus(page: Page, inputs: Inputs) -> None:
    """Write a table per model of several replicates, ``consensus.tsv`` and ``ensemble.tsv``."""
    models = [model for model in inputs.models if model.consensus]
    page.tsv("consensus", CONSENSUS_COLUMNS, (row for model in models for row in model.consensus))
    page.tsv("ensemble", _SCORE_COLUMNS, (row for model in models for row in model.ensemble))
    several = [model for model in models if int(model.consensus[0]["replicates"]) > 1]
    for position, model in enumerate(several[:PANEL_LIMIT]):
        _table(page, model, title_of(model, inputs.models), position)


def _table(page: Page, model: ModelResult, title: str, position: int) -> None:
    motifs: Mapping[str, Motif] = {}
    if model.consensus_motifs is not None:
        found = read_meme(model.consensus_motifs, allow_empty=True)
        motifs = {motif.id: motif for motif in found.motifs}
    rows: dict[str, dict[str, Cell]] = {}
    symbols = []
    least = max(1, ROWS // len(model.tasks or [""]))
    shown: dict[str, int] = {}
    for row in model.consensus:
        shown[row["task"]] = shown.get(row["task"], 0) + 1
        if shown[row["task"]] > least or len(rows) >= 5 * ROWS:
            continue
        logo = ""
        if row["motif"] in motifs:
            symbol = f"nfx-c{position}-{row['motif']}"
            symbols.append(logo_symbol(motifs[row["motif"]], symbol))
            logo = _logo(row, symbol)
        q_value = number(row["q_value"])
        rows[row["motif"]] = {
            "logo": raw_cell(logo),
            "name": cell(row["annotation"] or DASH),
            "task": cell(row["task"]) if len(model.tasks) > 1 else None,
            "score": number(row["effect_share"]),
            "found_in": f"{row['found_in']}/{row['replicates']}",
            "sites": number(row["sites"]),
            "q": None if q_value is None else power(q_value),
        }
    headers = {
        "logo": {"title": "Logo", "description": "From the summed counts of all members"},
        "name": {"title": "Known motif", "description": "Of the member that matches best"},
        "task": {"title": "Task"},
        "score": {
            "title": "Score",
            "description": "Effect relative to the largest one, mean over the replicates",
            "format": "{:,.2f}",
        },
        "found_in": {"title": "Found in", "description": "Replicates with a member"},
        "sites": {"title": "Sites", "format": "{:,.0f}"},
        "q": {"title": "q", "description": "q-value of the best match"},
    }
    used = {key for row in rows.values() for key, value in row.items() if value is not None}
    text = (
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true">'
        + "".join(symbols)
        + "</svg><p>The top units of all replicates (20 each), clustered by similarity of their"
        f" motifs; the first {least} per task. A motif found in all replicates with a score near"
        f" 1 is the top motif of each.{_ensemble(model)}</p>"
    )
    kept = {key: header for key, header in headers.items() if key in used}
    name = f"Consensus: {title}"
    page.table(MOTIFS, name, rows, kept, first="Motif", description=text, topic=title)


def _logo(row: Row, symbol: str) -> str:
    label = escape(f"Logo of {row['motif']}: {row['consensus']}")
    width = _COLUMN * int(row["width"])
    return (
        f'<svg class="nfx-logo" style="width:{width}px" role="img" aria-label="{label}">'
        f'<use href="#{symbol}"/></svg>'
    )


def _ensemble(model: ModelResult) -> str:
    """Say how well the mean of the replicates predicts, in the metric of the other chapters."""
    scores = sc.average(model.ensemble)
    metric = sc.task_metric(scores)
    found = [sc.pick(scores, task, metric) for task in sc.scored_tasks(model, scores, metric)]
    known = [(one.task, short(one.mean, 3)) for one in found if one is not None and one.values]
    if not known:
        return ""
    said = ", ".join(
        value if len(found) == 1 else f"{value} ({escape(task)})" for task, value in known[:ROWS]
    )
    rest = f" and {plural(len(known) - ROWS, 'more task')}" if len(known) > ROWS else ""
    return (
        f" On the test set, the mean of the replicates' predictions has {escape(sc.label(metric))}"
        f" {said}{rest}."
    )


PART = Part(MOTIFS, lambda page, content: write_consensus(page, content.inputs), place=2)
