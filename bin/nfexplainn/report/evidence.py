"""The chapter of motif rows: what each is worth, and the fewest that suffice."""

from __future__ import annotations

from collections.abc import Mapping

from nfexplainn.interpret.columns import EVIDENCE_COLUMNS, EVIDENCE_TASK_COLUMNS, MINIMAL_COLUMNS
from nfexplainn.motifs.logos import logo_symbol
from nfexplainn.page.chapters import EVIDENCE, Content, Part
from nfexplainn.page.evidence import (
    Evidence,
    ModelEvidence,
    evidence_of,
    found_in,
    gain_bar,
    of_model,
    row_arrow,
    row_logo,
    row_members,
    row_name,
)
from nfexplainn.page.load import Inputs, ModelResult, Row, number
from nfexplainn.page.mqc import (
    DASH,
    MINUS,
    Cell,
    Page,
    cell,
    escape,
    plural,
    power,
    raw_cell,
    short,
)
from nfexplainn.page.scores import tested_folds
from nfexplainn.page.style import PANEL_LIMIT, title_of

ROWS = 30
_UNSUPPORTED = 10
_NEGATIVES = {
    "shuffle": "shuffles of the positives",
    "gc": "windows of the same GC content",
}


def write_evidence(page: Page, content: Content) -> None:
    """Write a table and a curve per model, and the three tables behind them."""
    inputs = content.everything
    evidence = evidence_of(inputs)
    known = list(evidence.values())
    page.tsv("evidence", EVIDENCE_COLUMNS, (row for one in known for row in one.rows))
    page.tsv("evidence_tasks", EVIDENCE_TASK_COLUMNS, (row for one in known for row in one.tasks))
    page.tsv("minimal", MINIMAL_COLUMNS, (row for one in known for row in one.minimal))
    for model in [one for one in inputs.models if of_model(evidence, one)][:PANEL_LIMIT]:
        _table(page, model, title_of(model, inputs.models), evidence)
    _curves(page, inputs, evidence)


def evidence_logos(evidence: Evidence, count: int = ROWS) -> str:
    """Define the logos of the rows that the page shows."""
    return "".join(
        logo_symbol(one.motifs[row["motif"]], one.symbol(row))
        for one in evidence.values()
        for row in {row["motif"]: row for row in _shown(one, count)}.values()
        if row["motif"] in one.motifs
    )


def _shown(found: ModelEvidence, count: int = ROWS) -> list[Row]:
    """Keep the supported rows and a few of the others."""
    good = [row for row in found.rows if row["supported"] == "true"]
    rest = [row for row in found.rows if row["supported"] != "true"]
    return good[:count] + rest[:_UNSUPPORTED]


def _table(page: Page, model: ModelResult, title: str, evidence: Evidence) -> None:
    found = evidence[model.dataset, model.name]
    several = len({row["task"] for row in found.rows}) > 1
    rows: dict[str, dict[str, Cell]] = {}
    for row in _shown(found):
        own = [number(one["gain_high"]) or 0.0 for one in found.of_task(row["task"])]
        key = f"{row['motif']} · {row['task']}" if several else row["motif"]
        rows[key] = _cells(found, row, max(own), several)
    used = {key for row in rows.values() for key, value in row.items() if value is not None}
    headers = {key: header for key, header in _HEADERS.items() if key in used}
    page.table(EVIDENCE, title, rows, headers, first="Group", description=_text(found, model))


def _cells(found: ModelEvidence, row: Row, most: float, several: bool) -> dict[str, Cell]:
    share, alone = number(row["share"]), number(row["alone"])
    positives, negatives = (
        number(row[key]) for key in ("positives_with_site", "negatives_with_site")
    )
    return {
        "logo": raw_cell(row_logo(found, row)),
        "name": cell(row_name(row), narrow=True) + raw_cell(row_arrow(row)),
        "members": cell(", ".join(row_members(row)), narrow=True) if row_members(row) else None,
        "task": cell(row["task"]) if several else None,
        "supported": "yes" if row["supported"] == "true" else "no",
        "interval": raw_cell(gain_bar(row, most)),
        "gain": number(row["gain"]),
        "share": None if share is None else 100 * share,
        "q": power(number(row["q"])) if row["q"] else DASH,
        "alone": alone,
        "found_in": cell(found_in(row)),
        "positives": None if positives is None else 100 * positives,
        "negatives": None if negatives is None else 100 * negatives,
        "overlaps": cell(row["overlaps_with"]) if row["overlaps_with"] else None,
        "sites": number(row["sites"]),
    }


_HEADERS: dict[str, dict[str, object]] = {
    "logo": {"title": "Logo", "description": "Counted over the sites of all members"},
    "name": {
        "title": "Known motif",
        "description": "Family of the matches, or the best match; ↑ its sites raise the prediction,"
        " ↓ they lower it",
    },
    "members": {"title": "Matches", "description": "Of that family, the best ones first"},
    "task": {"title": "Task"},
    "supported": {
        "title": "Supported",
        "description": "q at most 0.05, at least 1 % of what the model explains, and predictive"
        " by itself",
    },
    "interval": {"title": "Interval", "description": "Gain with its 95 % interval"},
    "gain": {
        "title": "Gain",
        "description": "Loss on unseen sequences without the group minus loss with it",
        "format": "{:,.4f}",
    },
    "share": {
        "title": "Share",
        "description": "Gain in % of what the model explains; shares need not sum to 100 %",
        "format": "{:,.1f}",
    },
    "q": {"title": "q", "description": "Benjamini-Hochberg over all groups and tasks tested"},
    "alone": {
        "title": "Alone",
        "description": "AUROC (values: correlation) of the group's contributions alone",
        "format": "{:,.3f}",
    },
    "found_in": {"title": "Found in", "description": "Replicates with a unit in the group"},
    "positives": {
        "title": "% of +",
        "description": "Unseen positives with a hit of the motif",
        "format": "{:,.0f}",
    },
    "negatives": {
        "title": f"% of {MINUS}",
        "description": "Unseen negatives with a hit of the motif",
        "format": "{:,.0f}",
    },
    "overlaps": {"title": "Overlaps", "description": "Groups that are partly redundant with it"},
    "sites": {"title": "Sites", "description": "Of all members", "format": "{:,.0f}"},
}


def _text(found: ModelEvidence, model: ModelResult) -> str:
    """Say what was tested on what, and what the fewest groups are that suffice."""
    facts = found.tasks[0] if found.tasks else {}
    good = len({row["motif"] for row in found.rows if row["supported"] == "true"})
    total = len({row["motif"] for row in found.rows})
    kind = next((row["negative_kind"] for row in found.rows if row["negative_kind"]), "")
    said = (
        f"<p>{plural(total, 'group')} of {found.members}, {good} supported, tested on"
        f" {plural(int(number(facts.get('unseen')) or 0), 'unseen sequence')}"
        f" ({plural(int(number(facts.get('clusters')) or 0), 'cluster')} of related ones)"
    )
    folds = model.folds
    if folds > 1:
        count = tested_folds(model)
        some = f"{count} of " if count < folds else ""
        said += f" of {some}{folds} folds, each unseen by the models that test it"
    against = _NEGATIVES.get(kind, f"negatives of the kind <i>{escape(kind)}</i>")
    if found.sides:
        against = f"the sequences of {escape(found.sides[1])}; positives are those of"
        against += f" {escape(found.sides[0])}"
    said += f", against {against}." if kind else "."
    chosen = [row for row in found.minimal if row["chosen"] == "true" and row["motif"]]
    tested = [row for row in found.minimal if row["test_loss"]]
    if chosen and len(tested) == 2:
        called = {row["motif"]: row_name(row) for row in found.rows if row["name"]}
        names = ", ".join(escape(row_label(row, called)) for row in chosen)
        small, whole = (short(number(row["test_score"]), 3) for row in tested)
        if folds > 1:
            return (
                f"{said} The fewest groups were chosen in each fold (test"
                f" {escape(tested[0]['metric'].upper())} {small}, whole model {whole}, means over"
                f" folds); at least half of the folds chose {names}.</p>"
            )
        said += (
            f" The fewest that suffice on validation: {names} (test"
            f" {escape(tested[0]['metric'].upper())} {small}, whole model {whole})."
        )
    return said + "</p>"


def row_label(row: Row, called: Mapping[str, str]) -> str:
    """Name a row of the minimal model as the table names it."""
    motif = row["motif"]
    return f"{called[motif]} ({motif})" if motif in called else motif


def _curves(page: Page, inputs: Inputs, evidence: Evidence) -> None:
    """Draw the validation loss by the number of groups."""
    lines: dict[str, list[list[float]]] = {}
    for model in inputs.models:
        found = of_model(evidence, model)
        steps = [row for row in found.minimal if row["motif"] != "*"] if found else []
        points = [[float(row["rows"]), number(row["valid_loss"])] for row in steps]
        kept = [[x, y] for x, y in points if x is not None and y is not None]
        if kept:
            lines[escape(title_of(model, inputs.models))] = kept
    if lines:
        page.section(
            EVIDENCE,
            "Fewest groups",
            "linegraph",
            lines,
            description="Validation loss by the number of groups; each step adds the group that"
            " lowers it most. Groups that lower it significantly are chosen"
            " (<code>tables/minimal.tsv</code>); the loss at the end of a line is too low, since"
            " groups were chosen by it.",
            pconfig={
                "xlab": "Groups",
                "ylab": "Validation loss",
                "xmin": 0,
                "x_decimals": False,
                "tt_decimals": 4,
                "showlegend": True,
            },
        )


PART = Part(EVIDENCE, write_evidence)
