"""Explained sequences: which units make each prediction, and where they look."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from nfexplainn.io.tsv import iterate_tsv
from nfexplainn.page.chapters import Answer, Chapter, Cite, Methods, Part, Values
from nfexplainn.page.load import Inputs, Row, number
from nfexplainn.page.mqc import Cell, Page, cell, escape, plural, short
from nfexplainn.page.style import PANEL_LIMIT, capped

CHAPTER = Chapter(
    "nfx_explained",
    "Explained sequences",
    560,
    "what each unit adds to the predictions of your sequences, with"
    " [`--explain`](usage/explain.md)",
    lead=(
        "A prediction is exactly the bias plus the contributions of all units. Shown are these"
        " for the sequences given with <code>--explain</code>, in the best replicate."
    ),
)

ROWS = 20
PICTURES = 5
_COLUMNS = (
    *("dataset", "model", "replicate", "sequence", "task"),
    *("logit", "bias", "n_units", "leading"),
)
_PICTURE = re.compile(r"\.explained_\d+\.svg$")
_MUTAGENESIS = re.compile(r"\.mutagenesis_\d+\.svg$")


def write_explained(page: Page, inputs: Inputs) -> None:
    """Write the leading sequences of every model with their pictures, and ``explained.tsv``."""
    found = inputs.ending(".explained.tsv")
    if not found:
        return

    def rows() -> Iterator[dict[str, object]]:
        for dataset, model, replicate, path in found:
            for row in iterate_tsv(path):
                yield {"dataset": dataset, "model": model, "replicate": replicate, **row}

    page.tsv("explained", _COLUMNS, rows())
    for dataset, model, replicate, path in found[:PANEL_LIMIT]:
        stem = f"{dataset}.{model}.r{replicate}"
        title = dataset if model == "explainn" else f"{dataset}: {model}"
        _table(page, title, path)
        _pictures(page, title, stem, inputs)


def answers(inputs: Inputs) -> list[Answer]:
    """Name the sequence of the highest prediction, and the units that make it."""
    found = []
    for dataset, _, replicate, path in inputs.ending(".explained.tsv"):
        ranked, total = _best(path)
        blocks = [
            f'<div class="nfx-one">Highest: {escape(row["sequence"])}, logit'
            f" {short(number(row['logit']))}"
            f'<span class="nfx-faint">{escape(_leading(row) or "no unit")}'
            "</span></div>"
            for row in ranked[:1]
        ]
        about = f"{plural(total, 'sequence')}, split by the best replicate ({replicate})"
        found.append(Answer(dataset, about, blocks))
    return found


def _best(path: Path) -> tuple[list[Row], int]:
    """Keep each sequence's leading task, the highest first; give the number of all sequences."""
    best: dict[str, Row] = {}
    for row in iterate_tsv(path):
        other = best.get(row["sequence"])
        if other is None or float(row["logit"]) > float(other["logit"]):
            best[row["sequence"]] = row
    ranked = sorted(best.values(), key=lambda row: -float(row["logit"]))
    return ranked[:ROWS], len(best)


def _leading(row: Row) -> str:
    """Show the leading units of a row, ``MAX (unit_003) +1.50, unit_001 -0.20``."""
    parts = (part.rpartition(":") for part in row["leading"].split("; ") if part)
    return ", ".join(f"{name} {float(value):+.2f}" for name, _, value in parts)


def _table(page: Page, title: str, path: Path) -> None:
    ranked, total = _best(path)
    tasks = {row["task"] for row in iterate_tsv(path)}
    rows: dict[str, dict[str, Cell]] = {}
    for row in ranked:
        rows[row["sequence"]] = {
            "task": cell(row["task"]) if len(tasks) > 1 else None,
            "logit": number(row["logit"]),
            "bias": number(row["bias"]),
            "units": number(row["n_units"]),
            "leading": cell(_leading(row) or "none"),
        }
    headers = {
        "task": {"title": "Task", "description": "In which it is predicted highest"},
        "logit": {"title": "Logit", "description": "The prediction", "format": "{:,.2f}"},
        "bias": {"title": "Bias", "description": "Independent of all units", "format": "{:,.2f}"},
        "units": {
            "title": "Units",
            "description": "With a contribution other than 0",
            "format": "{:,.0f}",
        },
        "leading": {"title": "Leading units", "description": "With what they add to the logit"},
    }
    used = {key for one in rows.values() for key, value in one.items() if value is not None}
    kept = {key: header for key, header in headers.items() if key in used}
    text = (
        f"{plural(total, 'sequence')}, the highest predictions first; all of them, and every"
        " unit's contribution and position, are in the data set's folder <code>explained</code>"
        f" (Parquet, BED, pictures).{capped(total, len(rows), 'explained')}"
    )
    page.table(CHAPTER, title, rows, kept, first="Sequence", description=text)


def _pictures(page: Page, title: str, stem: str, inputs: Inputs) -> None:
    _figures(
        page,
        title,
        "pictures",
        _drawn(stem, inputs, _PICTURE),
        "Each lane is a unit at its best position, with what it adds to the logit (red) or"
        " subtracts (blue); the arrow is the strand it reads. The profile above spreads the"
        " contributions over the windows. A prediction is the mean of both strands, so one motif"
        " may appear twice.",
    )
    _figures(
        page,
        title,
        "mutagenesis",
        _drawn(stem, inputs, _MUTAGENESIS),
        "Every base of the same sequences was changed into every other, and the logit recomputed."
        " The bars are the loss of the logit, mean over the three changes of a base, split by the"
        " motifs that lose it; in the map below them each row is the new base (red raises the"
        " prediction, blue lowers it; a dot is the original base).",
    )


def _drawn(stem: str, inputs: Inputs, pattern: re.Pattern[str]) -> list[Path]:
    return [
        inputs.files[name]
        for name in sorted(inputs.files)
        if name.startswith(stem) and pattern.fullmatch(name.removeprefix(stem))
    ]


def _figures(page: Page, title: str, kind: str, drawn: Sequence[Path], text: str) -> None:
    if not drawn:
        return
    figures = "".join(
        f'<figure class="nfx-picture">{path.read_text(encoding="utf-8")}</figure>'
        for path in drawn[:PICTURES]
    )
    page.section(
        CHAPTER,
        f"{title}: {kind}",
        "html",
        f'<p class="nfx-text">{text}</p>{figures}',
        section_id=f"nfx_explained_{kind}_{escape(re.sub(r'[^0-9A-Za-z]', '_', title))}",
    )


def _methods(values: Values, _: Sequence[str], cite: Cite) -> str:
    file = values.get("explain")
    source = f" in {escape(PurePath(str(file)).name)}" if file else ""
    return (
        f"The predictions of the sequences{source} were split over the units of the best replicate"
        f" {cite('explainn')}: each adds its final weight times its output, without approximation."
        " Each of their bases was changed into every other, and the change of the prediction split"
        " over the groups of units in the same way (in-silico mutagenesis)."
    )


PART = Part(
    CHAPTER,
    lambda page, content: write_explained(page, content.inputs),
    methods=Methods("explained", _methods),
    answers=answers,
)
