"""Motifs in attributions, beside the units: what DeepLIFT and TF-MoDISco find in each model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from nfexplainn.io.tsv import iterate_tsv
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.logos import logo_symbol
from nfexplainn.motifs.motif import Motif
from nfexplainn.order import natural_key
from nfexplainn.page.chapters import Answer, Chapter, Cite, Methods, Part, Values
from nfexplainn.page.load import Inputs, Row, number, read_table
from nfexplainn.page.methods import listed_models, most
from nfexplainn.page.mqc import DASH, Cell, Page, cell, escape, plural, power, raw_cell, short
from nfexplainn.page.style import PANEL_LIMIT, capped

CHAPTER = Chapter(
    "nfx_attribution",
    "Attributions",
    575,
    "motifs in DeepLIFT's attributions of every model, compared with the units, with"
    " [`--attribution`](usage/attribution.md)",
    lead=(
        "The contribution of every base to a prediction (DeepLIFT, with shuffles of the sequence"
        " as references), and the motifs that recur in these attributions (TF-MoDISco), for every"
        " model. Each is shown with the most similar unit of ExplaiNN: motifs found by both"
        " methods do not depend on the attribution method."
    ),
)

ROWS = 30
NAMES = 5
_COLUMN = 12  # pixels per column of a logo
_FIXED = ("dataset", "model", "replicate")
_PATTERNS = (
    *(*_FIXED, "task", "pattern", "direction", "seqlets", "width", "information", "consensus"),
    *("annotation", "target_id", "q_value", "unit", "unit_annotation", "similarity"),
)
_TASKS = (
    *(*_FIXED, "task", "sequences", "references", "largest_error", "mean_delta"),
    *("patterns", "note"),
)


def write_attribution(page: Page, inputs: Inputs) -> None:
    """Write the patterns of every model, ``patterns.tsv`` and ``attribution.tsv``."""
    found = inputs.ending(".attribution.tsv")
    if not found:
        return
    names = _unit_names(inputs)

    def rows(ending: str) -> Iterator[dict[str, object]]:
        for dataset, model, replicate, path in inputs.ending(ending):
            for row in iterate_tsv(path):
                more = {}
                if row.get("unit"):
                    more = {"unit_annotation": names.get((dataset, row["unit"]), "")}
                fixed = {"dataset": dataset, "model": model, "replicate": replicate}
                yield {**fixed, **row, **more}

    page.tsv("patterns", _PATTERNS, rows(".patterns.tsv"))
    page.tsv("attribution", _TASKS, rows(".attribution.tsv"))
    for position, (dataset, model, replicate, path) in enumerate(found[:PANEL_LIMIT]):
        stem = f"{dataset}.{model}.r{replicate}"
        table = inputs.files.get(f"{stem}.patterns.tsv")
        patterns = read_table(table) if table else []
        motifs = _motifs(inputs.files.get(f"{stem}.patterns.meme"))
        title = f"{dataset}: {model}"
        _table(page, title, position, patterns, motifs, read_table(path), dataset, names)


def answers(inputs: Inputs) -> list[Answer]:
    """Count the patterns of each model, and name the most frequent."""
    found = []
    for dataset, model, replicate, path in inputs.ending(".attribution.tsv"):
        table = inputs.files.get(f"{dataset}.{model}.r{replicate}.patterns.tsv")
        patterns = read_table(table) if table else []
        names = list(dict.fromkeys(filter(None, (row["annotation"] for row in patterns))))[:NAMES]
        said = f"Known: {escape('; '.join(names))}" if names else "None is a known motif"
        total = sum(int(row["sequences"]) for row in read_table(path))
        about = f"{escape(model)}, {plural(total, 'sequence')}, {plural(len(patterns), 'pattern')}"
        found.append(Answer(dataset, about, [f'<div class="nfx-one">{said}</div>']))
    return found


def _unit_names(inputs: Inputs) -> dict[tuple[str, str], str]:
    """What the units that stand beside the patterns are called: of ExplaiNN's largest model."""
    models = [m for m in inputs.models if m.name == "explainn" or m.name.startswith("explainn_u")]
    largest = sorted(models, key=lambda model: natural_key(model.name))
    return {
        (model.dataset, row["unit"]): row["annotation"]
        for model in largest
        for row in model.best_units
    }


def _motifs(path: Path | None) -> Mapping[str, Motif]:
    if path is None:
        return {}
    return {motif.id: motif for motif in read_meme(path, allow_empty=True).motifs}


def _table(
    page: Page,
    title: str,
    position: int,
    patterns: list[Row],
    motifs: Mapping[str, Motif],
    tasks: list[Row],
    dataset: str,
    names: Mapping[tuple[str, str], str],
) -> None:
    said = _summary(tasks)
    if not patterns:
        page.section(CHAPTER, title, "html", f"<p>{said}</p>")
        return
    several = len(tasks) > 1
    symbols: list[str] = []
    rows: dict[str, dict[str, Cell]] = {}
    for row in patterns[:ROWS]:
        logo = ""
        if row["pattern"] in motifs:
            symbol = f"nfx-p{position}-{len(symbols)}"
            symbols.append(logo_symbol(motifs[row["pattern"]], symbol))
            logo = _logo(row, symbol)
        q_value = number(row["q_value"])
        unit = row["unit"]
        called = names.get((dataset, unit), "").split(", ")[0] if unit else ""
        rows[row["pattern"]] = {
            "logo": raw_cell(logo),
            "task": cell(row["task"]) if several else None,
            "direction": cell(row["direction"]),
            "seqlets": number(row["seqlets"]),
            "name": cell(row["annotation"] or DASH),
            "q": None if q_value is None else power(q_value),
            "unit": cell(f"{unit} ({called})" if called else unit or DASH),
            "similarity": number(row["similarity"]),
        }
    headers = {
        "logo": {"title": "Logo", "description": "Height: information, 2 bits at most"},
        "task": {"title": "Task"},
        "direction": {"title": "Prediction", "description": "Effect of the pattern on it"},
        "seqlets": {"title": "Sites", "description": "Its seqlets", "format": "{:,.0f}"},
        "name": {"title": "Known motif"},
        "q": {"title": "q", "description": "q-value of the best match"},
        "unit": {"title": "Unit of ExplaiNN", "description": "Most similar, cosine 0.7 or more"},
        "similarity": {"title": "Cosine", "description": "With it", "format": "{:,.2f}"},
    }
    used = {key for one in rows.values() for key, value in one.items() if value is not None}
    kept = {key: header for key, header in headers.items() if key in used}
    text = (
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true">'
        f"{''.join(symbols)}</svg><p>{said}{capped(len(patterns), len(rows), 'patterns')}</p>"
    )
    page.table(CHAPTER, title, rows, kept, first="Pattern", description=text)


def _summary(tasks: list[Row]) -> str:
    """Say of how many sequences, how exactly they add up, and why there is nothing."""
    total = sum(int(row["sequences"]) for row in tasks)
    errors = [value for row in tasks if (value := number(row["largest_error"])) is not None]
    parts = [f"{plural(total, 'test sequence')} attributed."]
    if errors:
        parts.append(
            "The attributions of a sequence sum to its prediction minus that of its references,"
            f" to within {max(errors):.1g}."
        )
    notes = [(row["task"], row["note"]) for row in tasks if row["note"]]
    for task, note in notes[:3]:
        parts.append(f"{escape(task)}: {escape(note.rstrip('.'))}.")
    if len(notes) > 3:
        parts.append(f"{len(notes) - 3} more tasks are in <code>tables/attribution.tsv</code>.")
    mean = [value for row in tasks if (value := number(row["mean_delta"])) is not None]
    if len(mean) == 1:
        parts.append(f"On average, a sequence is predicted {short(mean[0])} above its references.")
    return " ".join(parts)


def _logo(row: Row, symbol: str) -> str:
    label = escape(f"Logo of {row['pattern']}: {row['consensus']}")
    width = _COLUMN * int(row["width"])
    return (
        f'<svg class="nfx-logo" style="width:{width}px" role="img" aria-label="{label}">'
        f'<use href="#{symbol}"/></svg>'
    )


def _methods(values: Values, models: Sequence[str], cite: Cite) -> str:
    number = most(values, "attribution_sequences", 1000)
    recurrent = ""
    if "danq" in models:
        recurrent = (
            " DanQ's recurrent layers took integrated gradients over those layers alone"
            f" {cite('integrated_gradients')}."
        )
    return (
        f"Predictions of at most {number} well-predicted test sequences per task were attributed"
        f" to bases by DeepLIFT {cite('deeplift')} in tangermeme {cite('tangermeme')}, against"
        f" ten dinucleotide shuffles {cite('shuffle')} of each sequence, for the best replicate"
        f" of each model ({listed_models(models)}).{recurrent} Motifs in the attributions were"
        f" found by TF-MoDISco {cite('modisco')} (modisco-lite with its defaults; in sequences of"
        " up to 60 bp windows of 11 bp and 4 on either side), compared with the known motifs like"
        " those of units, and with ExplaiNN's units by the cosine of their aligned columns."
    )


PART = Part(
    CHAPTER,
    lambda page, content: write_attribution(page, content.inputs),
    methods=Methods("attribution", _methods),
    answers=answers,
)
