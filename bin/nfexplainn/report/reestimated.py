"""With the robust recipe: the best motif per task, of the paper's and of the re-estimated ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.logos import logo_symbol
from nfexplainn.motifs.motif import Motif
from nfexplainn.page.chapters import MOTIFS, Part
from nfexplainn.page.load import Inputs, Row, number, read_table
from nfexplainn.page.mqc import DASH, Cell, Page, cell, escape, raw_cell
from nfexplainn.page.style import ROW_LIMIT, capped

_COLUMN = 12  # pixels per column of a logo
_WORDS = {"sites": "from activating sites", "reestimated": "re-estimated"}
_FILES = {"sites": "units", "reestimated": "reestimated"}
_TEXT = (
    "The robust recipe gives every unit a second motif, counted from its best hits in the training"
    " positives. A row is a task's best motif, of the replicate in which it is best: chosen by the"
    " AUPRC of the best hit per sequence on training and validation, then scored on the test part."
)


def write_reestimated(page: Page, inputs: Inputs) -> None:
    """Write a row per task and ``pwms.tsv``; nothing where no data set used the recipe."""
    everything: list[dict[str, object]] = []
    of_task: dict[tuple[str, str, str], list[tuple[int, Row]]] = {}
    for dataset, model, replicate, path in inputs.ending(".pwms.tsv"):
        run = {"dataset": dataset, "model": model, "replicate": replicate}
        for row in read_table(path):
            everything.append({**run, **row})
            if row["best"] == "1":
                of_task.setdefault((dataset, model, row["task"]), []).append((replicate or 1, row))
    if not everything:
        return
    page.tsv("pwms", list(everything[0]), everything)
    names = {
        (m.dataset, m.name, row["replicate"].lstrip("r"), row["unit"]): row["annotation"]
        for m in inputs.models
        for row in m.units
    }
    rows: dict[str, dict[str, Cell]] = {}
    symbols: list[str] = []
    for (dataset, model, task), found in list(of_task.items())[:ROW_LIMIT]:
        replicate, best = max(found, key=lambda pair: number(pair[1]["auprc"]) or -1.0)
        other = _other(best, [row for which, row in found if which == replicate])
        motif = _motif(inputs, f"{dataset}.{model}.r{replicate}", best)
        title = dataset if task == dataset else f"{dataset} · {task}"
        rows[title if len({key[1] for key in of_task}) == 1 else f"{title} · {model}"] = {
            "logo": raw_cell(_logo(motif, best["consensus"], symbols)),
            "name": cell(names.get((dataset, model, str(replicate), best["unit"])) or DASH),
            "kind": cell(_WORDS.get(best["motif"], best["motif"])),
            "unit": cell(f"{best['unit']}, replicate {replicate}"),
            "sites": number(best["sites"]),
            "auprc": number(best["auprc"]),
            "test": number(best["auprc_test"]),
            "other": None if other is None else number(other["auprc_test"]),
        }
    page.table(
        MOTIFS,
        "Best motif per task",
        rows,
        _headers(),
        first="Task",
        description=_symbols(symbols) + f"<p>{_TEXT}{capped(len(of_task), ROW_LIMIT, 'pwms')}</p>",
    )


def _headers() -> Mapping[str, Mapping[str, object]]:
    score = {"format": "{:,.3f}"}
    return {
        "logo": {"title": "Motif"},
        "name": {"title": "Known motif", "description": "Of the unit"},
        "kind": {"title": "Which", "description": "The paper's motif, or the re-estimated one"},
        "unit": {"title": "Unit"},
        "sites": {"title": "Sites", "format": "{:,.0f}"},
        "auprc": {"title": "AUPRC", "description": "Training and validation", **score},
        "test": {"title": "Test AUPRC", **score},
        "other": {
            "title": "Other kind",
            "description": "Test AUPRC of the best motif of the other kind",
            **score,
        },
    }


def _other(best: Row, rows: Sequence[Row]) -> Row | None:
    return next((row for row in rows if row["motif"] != best["motif"]), None)


def _motif(inputs: Inputs, run: str, row: Row) -> Motif | None:
    path: Path | None = inputs.files.get(f"{run}.{_FILES.get(row['motif'], '')}.meme")
    if path is None:
        return None
    motifs = read_meme(path, allow_empty=True).motifs
    return next((motif for motif in motifs if motif.id == row["unit"]), None)


def _logo(motif: Motif | None, text: str, symbols: list[str]) -> str:
    if motif is None:
        return escape(text)
    symbol = f"nfx-r{len(symbols)}"
    symbols.append(logo_symbol(motif, symbol))
    return (
        f'<svg class="nfx-logo" style="width:{_COLUMN * len(motif.ppm)}px" role="img"'
        f' aria-label="{escape(f"Logo of {text}")}"><use href="#{symbol}"/></svg>'
    )


def _symbols(symbols: Sequence[str]) -> str:
    hidden = 'width="0" height="0" style="position:absolute" aria-hidden="true"'
    return f"<svg {hidden}>{''.join(symbols)}</svg>"


PART = Part(MOTIFS, lambda page, content: write_reestimated(page, content.inputs), place=1)
