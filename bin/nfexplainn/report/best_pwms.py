"""The best single PWM of each task: what one motif can tell of what the model tells."""

from __future__ import annotations

from nfexplainn.interpret.columns import BEST_PWM_COLUMNS
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.logos import logo_symbol
from nfexplainn.motifs.motif import Motif
from nfexplainn.page.chapters import EVIDENCE, Part
from nfexplainn.page.load import Inputs, Row, number, read_table
from nfexplainn.page.mqc import Cell, Page, cell, escape, raw_cell
from nfexplainn.page.style import ROW_LIMIT, capped

_COLUMN, _MOST = 7, 150  # px of a logo
_TEXT = (
    "How well one motif alone separates the classes, scored by its best hit per sequence. Shown"
    " is the supported group with the highest AUPRC on validation or, if none is supported, the"
    " one with the lowest p. <i>Sites</i>: counted from the sites of its units, as in the logo;"
    " <i>re-estimated</i>: from its best hits in the training positives; <i>tuned</i>: fitted to"
    " separate the classes, for scanning and comparisons of single motifs. All are in"
    " <code>motifs/*.best_pwms.meme</code>."
)
_FOLDED = (
    " With folds, the score is the mean over the folds, each scored with a motif derived without"
    " it; the motif shown is from all folds and has no score."
)


def write_best_pwms(page: Page, inputs: Inputs) -> None:
    """Write a row per task and model, ``best_pwms.tsv``, and ``pwms.tsv`` of the robust recipe."""
    _units_tsv(page, inputs)
    known = {(model.dataset, model.name) for model in inputs.models}
    tables = [
        (dataset, model, read_table(path))
        for dataset, model, _, path in inputs.ending(".best_pwms.tsv")
        if (dataset, model) in known
    ]
    everything = [row for *_, rows in tables for row in rows]
    if not everything:
        return
    page.tsv("best_pwms", BEST_PWM_COLUMNS, everything)
    groups: dict[tuple[str, str, str], dict[str, Row]] = {}
    for dataset, model, rows in tables:
        for row in rows:
            groups.setdefault((dataset, model, row["task"]), {})[row["kind"]] = row
    several = len({model for _, model, _ in groups}) > 1
    shown: dict[str, dict[str, Cell]] = {}
    symbols: list[str] = []
    for (dataset, model, task), kinds in list(groups.items())[:ROW_LIMIT]:
        title = dataset if task == dataset else f"{dataset} · {task}"
        row = kinds["sites"]
        motif = _motif(inputs, f"{dataset}.{model}", row["pwm"])
        shown[f"{title} · {model}" if several else title] = {
            "logo": raw_cell(_logo(motif, row["consensus"], symbols)),
            "name": cell(row["name"] or row["consensus"].strip("N") or row["motif"]),
            "group": cell(row["motif"]),
            "supported": "yes" if row["supported"] == "true" else "not supported",
            **{kind: number(one["auprc_test"]) for kind, one in kinds.items()},
            "chance": number(row["prevalence"]),
        }
    said = _TEXT + (_FOLDED if inputs.folded else "")
    page.table(
        EVIDENCE,
        "Best single motif",
        shown,
        {key: header for key, header in _HEADERS.items() if any(key in r for r in shown.values())},
        first="Task",
        description=_hidden(symbols)
        + f"<p>{said}{capped(len(groups), ROW_LIMIT, 'best_pwms')}</p>",
    )


_SCORE = {"format": "{:,.3f}"}
_HEADERS: dict[str, dict[str, object]] = {
    "logo": {"title": "Motif"},
    "name": {"title": "Known motif", "description": "Of the group, or its consensus"},
    "group": {"title": "Group"},
    "supported": {"title": "Supported", "description": "By unseen sequences"},
    "sites": {"title": "Sites", "description": "AUPRC on the test part", **_SCORE},
    "reestimated": {"title": "Re-estimated", "description": "AUPRC on the test part", **_SCORE},
    "tuned": {"title": "Tuned", "description": "AUPRC on the test part", **_SCORE},
    "chance": {"title": "Chance", "description": "Share of positives in the test part", **_SCORE},
}


def _units_tsv(page: Page, inputs: Inputs) -> None:
    """Write what the robust recipe tells of each unit's motifs."""
    rows = [
        {"dataset": dataset, "model": model, "replicate": replicate, **row}
        for dataset, model, replicate, path in inputs.ending(".pwms.tsv")
        for row in read_table(path)
    ]
    if rows:
        page.tsv("pwms", list(rows[0]), rows)


def _motif(inputs: Inputs, prefix: str, name: str) -> Motif | None:
    path = inputs.files.get(f"{prefix}.best_pwms.meme")
    if path is None:
        return None
    motifs = read_meme(path, allow_empty=True).motifs
    return next((motif for motif in motifs if motif.id == name), None)


def _logo(motif: Motif | None, text: str, symbols: list[str]) -> str:
    if motif is None:
        return escape(text)
    symbol = f"nfx-r{len(symbols)}"
    symbols.append(logo_symbol(motif, symbol))
    width = min(_COLUMN * len(motif.ppm), _MOST)
    return (
        f'<svg class="nfx-logo" style="width:{width}px" role="img"'
        f' aria-label="{escape(f"Logo of {text}")}"><use href="#{symbol}"/></svg>'
    )


def _hidden(symbols: list[str]) -> str:
    hidden = 'width="0" height="0" style="position:absolute" aria-hidden="true"'
    return f"<svg {hidden}>{''.join(symbols)}</svg>"


PART = Part(EVIDENCE, lambda page, content: write_best_pwms(page, content.inputs), place=1)
