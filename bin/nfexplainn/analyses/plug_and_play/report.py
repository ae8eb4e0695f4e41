"""Plug and play: the profile that each unit started from, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.logos import logo_symbol
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.starts import starts
from nfexplainn.page.chapters import Chapter, Part
from nfexplainn.page.load import Inputs, ModelResult, Row, number, read_table
from nfexplainn.page.mqc import DASH, Cell, Page, cell, escape, power, raw_cell, short
from nfexplainn.page.style import PANEL_LIMIT, title_of

CHAPTER = Chapter(
    "nfx_drift",
    "Plug and play",
    556,
    "the profile that each unit started from, and how much it changed, with"
    " [`--initial_motifs`](usage/plug_and_play.md)",
    lead=(
        "Filters that started from known profiles, one unit per strand (the paper's Figure 6)."
        " **q**: of the match between a unit's motif after training and its own profile; above"
        " the threshold it has drifted. **Change**: norm of the filter's change relative to the"
        " norm of its start; 0 means unchanged."
    ),
)

ROWS = 40
_COLUMN = 7  # pixels per column of a logo
_STATES = {"kept": "still its profile", "drifted": "drifted", "no motif": "no motif"}


def write_drift(page: Page, inputs: Inputs) -> None:
    """Write a table per model and ``drift.tsv``; nothing where no filter started from a profile."""
    found = inputs.ending(".drift.tsv")
    if not found:
        return
    tables = {(d, m, r): read_table(path) for d, m, r, path in found}
    rows = [
        {"dataset": dataset, "model": model, "replicate": replicate, **row}
        for (dataset, model, replicate), table in tables.items()
        for row in table
    ]
    page.tsv("drift", list(rows[0]) if rows else ["dataset"], rows)
    chosen = [
        {"dataset": dataset, **row}
        for dataset, _, _, path in inputs.ending(".initial.tsv")
        for row in read_table(path)
    ]
    page.tsv("initial", list(chosen[0]) if chosen else ["dataset"], chosen)
    models = [model for model in inputs.models if any(key[:2] == _key(model) for key in tables)]
    for position, model in enumerate(models[:PANEL_LIMIT]):
        of_model = {r: table for (d, m, r), table in tables.items() if (d, m) == _key(model)}
        _table(page, inputs, model, of_model, position)


def _key(model: ModelResult) -> tuple[str, str]:
    return model.dataset, model.name


def _table(
    page: Page,
    inputs: Inputs,
    model: ModelResult,
    tables: Mapping[int | None, list[Row]],
    position: int,
) -> None:
    """Show the units of the best replicate, those with the largest effect first."""
    best = model.best_replicate if model.best_replicate in tables else min(tables, key=str)
    drift = tables[best]
    after = _motifs(model.motifs.get(model.best_replicate))
    before = _starts(inputs.files.get(f"{model.dataset}.initial.meme"), drift, after)
    effects = _effects(model)
    ranked = sorted(drift, key=lambda row: -effects.get(row["unit"], float("-inf")))
    rows: dict[str, dict[str, Cell]] = {}
    symbols: list[str] = []
    for place, row in enumerate(ranked[:ROWS]):
        q_value, effect = number(row["q_value"]), effects.get(row["unit"])
        named = f"{row['name'] or row['profile']} ({row['strand']})"
        nearest = row["nearest_name"] or row["nearest"] or DASH
        rows[row["unit"]] = {
            "profile": cell(named),
            "start": _logo(before.get(row["unit"]), f"nfx-d{position}-{place}-a", symbols),
            "end": _logo(after.get(row["unit"]), f"nfx-d{position}-{place}-b", symbols),
            "state": cell(_STATES.get(row["state"], row["state"])),
            "q": None if q_value is None else power(q_value),
            "filter_change": number(row["filter_change"]),
            "correlation": number(row["correlation"]),
            "nearest": cell(nearest) if row["state"] == "drifted" else DASH,
            "effect": None if effect is None else round(effect, 3) + 0.0,
        }
    headers = {
        "profile": {"title": "Started as", "description": "Profile and strand"},
        "start": {"title": "Start", "description": "The profile, in the filter's length"},
        "end": {"title": "After training", "description": "The unit's motif, from its sites"},
        "state": {"title": "State"},
        "q": {"title": "q", "description": "Of the match with its own profile"},
        "filter_change": {
            "title": "Change",
            "description": "Of the filter, relative to its start",
            "format": "{:,.3f}",
        },
        "correlation": {
            "title": "Correlation",
            "description": "Of the filter's numbers before and after",
            "format": "{:,.3f}",
        },
        "nearest": {"title": "Now nearest to", "description": "Of the profiles started from"},
        "effect": {
            "title": "Effect",
            "description": "In the task in which it ranks highest",
            "format": "{:,.3f}",
        },
    }
    used = {key for row in rows.values() for key, value in row.items() if value is not None}
    kept = {key: header for key, header in headers.items() if key in used}
    text = (
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true">'
        + "".join(symbols)
        + f"</svg><p>{_said(tables)}{_cut(len(drift), best)}</p>"
    )
    page.table(
        CHAPTER,
        title_of(model, inputs.models),
        rows,
        kept,
        first="Unit",
        description=text,
    )


def _said(tables: Mapping[int | None, list[Row]]) -> str:
    """Say how many of the units that have a motif have drifted, over all replicates."""
    counts = Counter(row["state"] for table in tables.values() for row in table)
    compared = counts["kept"] + counts["drifted"]
    if not compared:
        return "No unit has a motif that could be compared with its profile."
    share = short(100 * counts["drifted"] / compared, 0)
    unchanged = all(number(row["filter_change"]) == 0 for table in tables.values() for row in table)
    still = " No filter has changed." if unchanged else ""
    return (
        f"Of {compared} units with a motif (all replicates), {counts['drifted']} ({share} %) no"
        f" longer match their own profile; {counts['no motif']} have none.{still}"
    )


def _cut(count: int, replicate: int | None) -> str:
    shown = f" The {ROWS} with the largest effects of {count}" if count > ROWS else " All units"
    return f"{shown} of replicate {replicate}; all are in <code>tables/drift.tsv</code>."


def _effects(model: ModelResult) -> dict[str, float]:
    """Largest effect of every unit of the best replicate over the tasks."""
    found: dict[str, float] = {}
    for row in model.effects.get(model.best_replicate, []):
        effect = number(row["effect"])
        if effect is not None:
            found[row["unit"]] = max(effect, found.get(row["unit"], float("-inf")))
    return found


def _motifs(path: Path | None) -> Mapping[str, Motif]:
    if path is None:
        return {}
    return {motif.id: motif for motif in read_meme(path, allow_empty=True).motifs}


def _starts(path: Path | None, drift: list[Row], after: Mapping[str, Motif]) -> Mapping[str, Motif]:
    """Give the starts in the width of the motifs after training."""
    if path is None or not after:
        return {}
    width = len(next(iter(after.values())).ppm)
    found = starts(read_meme(path).motifs, width)
    return {row["unit"]: start.motif for row, start in zip(drift, found, strict=True)}


def _logo(motif: Motif | None, symbol: str, symbols: list[str]) -> Cell:
    if motif is None:
        return raw_cell(DASH)
    symbols.append(logo_symbol(motif, symbol))
    label = escape(f"Logo of {motif.id}")
    width = _COLUMN * len(motif.ppm)
    return raw_cell(
        f'<svg class="nfx-logo" style="width:{width}px" role="img" aria-label="{label}">'
        f'<use href="#{symbol}"/></svg>'
    )


PART = Part(CHAPTER, lambda page, content: write_drift(page, content.inputs))
