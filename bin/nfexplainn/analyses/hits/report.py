"""Hits: per motif its threshold, its sites, and what they contribute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from nfexplainn.io.reading import read_json
from nfexplainn.page.chapters import Answer, Chapter, Cite, Methods, Part, Values
from nfexplainn.page.load import Inputs, Row, number, read_table
from nfexplainn.page.mqc import Cell, Page, cell, escape, plural, short, thousands
from nfexplainn.page.row_logos import RowLogos, row_logos

CHAPTER = Chapter(
    "nfx_hits",
    "Sites",
    561,
    "where the sites of the motifs are, in intervals, sequences or a whole genome, and what each"
    " contributes, with [`--hits`](usage/hits.md)",
    lead=(
        "The sites of a motif are the positions whose score keeps the false discovery rate of"
        " <code>--hits_fdr</code> among held-out sequences. <b>Contribution</b>: the motif's part"
        " of the logit, minus the same with the site replaced by N."
    ),
)
COLUMNS = (
    *("dataset", "model", "motif", "name", "consensus", "supported", "task", "threshold"),
    *("positives", "positives_with_hit", "negatives", "negatives_with_hit", "fdr"),
    *("negatives_per_kb", "hits", "regions_with_hit", "regions_share", "contribution", "note"),
)


def write_hits(page: Page, inputs: Inputs) -> None:
    """Write a table per model, and ``hits.tsv``."""
    found = inputs.ending(".hits_thresholds.tsv")
    if not found:
        return
    tables = [(dataset, model, read_table(path)) for dataset, model, _, path in found]
    page.tsv(
        "hits",
        COLUMNS,
        (
            {"dataset": dataset, "model": model, **row}
            for dataset, model, rows in tables
            for row in rows
        ),
    )
    for place, (dataset, model, rows) in enumerate(tables):
        title = dataset if model == "explainn" else f"{dataset}: {model}"
        summary = inputs.files.get(f"{dataset}.{model}.hits_summary.json")
        said = read_json(summary, summary.name) if summary else {}
        ids = (row["motif"] for row in rows)
        logos = row_logos(inputs, f"{dataset}.{model}", ids, f"nfx-hits-{place}")
        _table(page, title, rows, said, logos)


def answers(inputs: Inputs) -> list[Answer]:
    """Name the motifs with most sites of each model."""
    found = []
    for dataset, model, _, path in inputs.ending(".hits_thresholds.tsv"):
        summary = inputs.files.get(f"{dataset}.{model}.hits_summary.json")
        said = read_json(summary, summary.name) if summary else {}
        rows = sorted(read_table(path), key=lambda row: -(number(row["hits"]) or 0))
        with_hits = [row for row in rows if not row["note"]]
        about = f"{_scanned(said)} scanned" if said else "scanned"
        blocks = [_most(row, said) for row in with_hits[:3]] or ["No motif has a threshold."]
        lacking = [row for row in rows if row["note"]][:3]
        minded = [escape(f"{row['name']}: {row['note']}.") for row in lacking]
        more = sum(1 for row in rows if row["note"]) - len(lacking)
        minded += [f"{plural(more, 'more motif')} without a threshold: below."] if more else []
        minded += [escape(said["note"])] if said.get("note") else []
        found.append(Answer(dataset, about, blocks, minded))
    return found


def _most(row: Row, said: Mapping[str, Any]) -> str:
    share = _percent(row["regions_share"])
    where = "" if share is None or said.get("whole_genome") else f", in {share:.1f} % of them"
    return (
        f'<div class="nfx-one">{escape(row["name"])}: {plural(int(row["hits"]), "site")}{where}'
        f'<span class="nfx-faint">contribution {short(number(row["contribution"]))}</span></div>'
    )


def _table(
    page: Page,
    title: str,
    found: Sequence[Row],
    said: Mapping[str, Any],
    logos: RowLogos,
) -> None:
    several = len({row["task"] for row in found}) > 1
    rows: dict[str, dict[str, Cell]] = {}
    for row in found:
        lacks = bool(row["note"])
        rows[row["name"]] = {
            "logo": logos.cell(row["motif"]),
            "task": cell(row["task"]) if several else None,
            "hits": None if lacks else number(row["hits"]),
            "share": None if lacks or said.get("whole_genome") else _percent(row["regions_share"]),
            "contribution": None if lacks else number(row["contribution"]),
            "threshold": cell(row["note"]) if lacks else number(row["threshold"]),
            "positives": None if lacks else _of(row, "positives"),
            "negatives": None if lacks else _of(row, "negatives"),
            "fdr": _percent(row["fdr"]),
            "density": number(row["negatives_per_kb"]),
        }
    used = {key for one in rows.values() for key, value in one.items() if value is not None}
    headers = {key: header for key, header in _HEADERS.items() if key in used}
    text = _description(said, found) + logos.hidden
    if rows:
        page.table(CHAPTER, title, rows, headers, first="Motif", description=text)
    else:
        page.section(CHAPTER, title, "html", f'<p class="nfx-text">{text}</p>')


_HEADERS: dict[str, dict[str, Any]] = {
    "logo": {"title": "Logo"},
    "task": {"title": "Task", "description": "For which its threshold was set"},
    "hits": {"title": "Sites", "description": "In the scanned sequences", "format": "{:,.0f}"},
    "share": {
        "title": "With a site",
        "description": "Share of the scanned sequences that have a site",
        "suffix": " %",
        "format": "{:,.1f}",
    },
    "contribution": {
        "title": "Contribution",
        "description": "Of a site to the logit: mean over sites and replicates",
        "format": "{:+,.2f}",
    },
    "threshold": {
        "title": "Threshold",
        "description": "Lowest log-odds of a site, natural logarithm",
        "format": "{:,.1f}",
    },
    "positives": {"title": "Positives", "description": "Held-out ones with a site, of all"},
    "negatives": {
        "title": "Negatives",
        "description": "Held-out ones, or shuffles, with a site, of all",
    },
    "fdr": {
        "title": "FDR",
        "description": "False discovery rate that the threshold reaches",
        "suffix": " %",
        "format": "{:,.1f}",
    },
    "density": {
        "title": "Per kb",
        "description": "Sites per 1,000 bp of the negatives",
        "format": "{:,.3f}",
    },
}


def _percent(text: str) -> float | None:
    value = number(text)
    return None if value is None else 100 * value


def _of(row: Row, what: str) -> Cell:
    return cell(f"{thousands(number(row[f'{what}_with_hit']))} of {thousands(number(row[what]))}")


def _description(said: Mapping[str, Any], found: Sequence[Row]) -> str:
    """Say what was scanned, where the sites are, and what the rate does not tell."""
    if not said:
        return ""
    rate = f"{100 * said['hits_fdr']:g} %"
    notes = "; ".join(f"{thousands(count)} {escape(why)}" for why, count in said["notes"].items())
    how = (
        f"<b>{escape(said['note'])}</b>"
        if said["note"]
        else f"with the supported motifs ({len(found)} of {said['rows']})."
    )
    parts = [
        f"{_scanned(said)} {'was' if said['kind'] != 'peaks' else 'were'}"
        f" scanned{'.' if said['note'] else ''} {how} Contributions are means over"
        f" {plural(said['replicates'], 'replicate')}. All sites are in the data set's folder"
        " <code>hits</code>: BED with its index, sites by interval (Parquet), and, for sites in a"
        " genome, a session for IGV.",
        f"{notes}." if notes else "",
        f"{rate} holds for sequences like those of the data set. Along a genome, where such"
        " sequences are rare, more of the sites are false: <b>Per kb</b> is the number expected"
        " by chance.",
    ]
    return " ".join(part for part in parts if part)


def _scanned(said: Mapping[str, Any]) -> str:
    """Name what was scanned, with the number of its regions."""
    given = {"genome": f"The genome {said['genome']}", "peaks": "The data set's own positives"}
    source = given.get(said["kind"], PurePath(said["file"]).name)
    noun = "chromosome" if said["whole_genome"] else "sequence" if said["sequences"] else "interval"
    return f"{escape(source)} ({plural(said['regions'], noun)})"


def _methods(values: Values, _: Sequence[str], cite: Cite) -> str:
    rate = values.get("hits_fdr")
    said = f" of {float(str(rate)):g}" if rate else ""
    return (
        "Sites of the supported motifs were found by the log-odds of their consensus matrices."
        " The lowest score at which (hits in negatives + 1) / hits in positives, counted per"
        f" held-out sequence, kept a false discovery rate{said} was the threshold; of overlapping"
        " sites of a motif the best was kept. The contribution of a site is that of the motif's"
        f" units {cite('explainn')} to the logit, minus the same with the site replaced by N,"
        " mean over all replicates."
    )


PART = Part(
    CHAPTER,
    lambda page, content: write_hits(page, content.inputs),
    methods=Methods("hits_thresholds", _methods),
    answers=answers,
)
