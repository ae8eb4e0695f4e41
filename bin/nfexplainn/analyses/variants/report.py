"""Variants: the strongest of every model, and what could not be judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from nfexplainn.io.reading import read_json
from nfexplainn.page.chapters import Answer, Chapter, Cite, Methods, Part, Values
from nfexplainn.page.load import Inputs, Row, number, read_table
from nfexplainn.page.mqc import Cell, Page, cell, escape, plural, raw_cell, short, thousands
from nfexplainn.page.row_logos import RowLogos, row_logos

CHAPTER = Chapter(
    "nfx_variants",
    "Variants",
    562,
    "the effect of your variants on the predictions, through which motif, and compared with"
    " random variants, with [`--variants`](usage/variants.md)",
    lead=(
        "Each variant of <code>--variants</code> was put into its window of the genome. The change"
        " of the logit is a sum over groups of units, exactly. <b>Percentile</b>: random variants"
        " of the same type, at held-out windows of the data set, with a smaller change."
    ),
)
# Of 2,000 random variants none was as large.
MOST = 99.95
_COLUMNS = (
    *("dataset", "model", "chrom", "pos", "id", "ref", "alt", "kind", "task", "logit_ref"),
    *("logit_alt", "delta", "delta_min", "delta_max", "percentile", "site_change", "site_ref"),
    *("site_alt", "motif_1", "part_1", "motif_2", "part_2", "motif_3", "part_3", "rest", "row"),
    *("word_ref", "word_alt"),
)
_LONGEST = 24  # letters of an allele


def write_variants(page: Page, inputs: Inputs) -> None:
    """Write the strongest variants of every model, and ``variants.tsv``."""
    found = inputs.ending(".variants_strongest.tsv")
    if not found:
        return

    def rows() -> Iterator[dict[str, object]]:
        for dataset, model, _, path in found:
            for row in read_table(path):
                yield {"dataset": dataset, "model": model, **row}

    page.tsv("variants", _COLUMNS, rows())
    for place, (dataset, model, _, path) in enumerate(found):
        title = dataset if model == "explainn" else f"{dataset}: {model}"
        strongest = read_table(path)
        ids = (row["row"] for row in strongest)
        logos = row_logos(inputs, f"{dataset}.{model}", ids, f"nfx-variants-{place}")
        summary = inputs.files.get(f"{dataset}.{model}.variants_summary.json")
        said = read_json(summary, summary.name) if summary else {}
        _table(page, title, strongest, said, logos)


def answers(inputs: Inputs) -> list[Answer]:
    """Name the variant that changes each model's predictions most."""
    found = []
    for dataset, model, _, path in inputs.ending(".variants_strongest.tsv"):
        summary = inputs.files.get(f"{dataset}.{model}.variants_summary.json")
        said = read_json(summary, summary.name) if summary else {}
        strongest = read_table(path)[:1]
        about = (
            f"{thousands(said['judged'])} of {plural(said['alleles'], 'allele')} scored"
            if said
            else "alleles scored"
        )
        block = "".join(_strongest(row) for row in strongest)
        minded = [escape(said[key]) for key in ("note", "no_percentile") if said.get(key)]
        found.append(Answer(dataset, about, [block], minded))
    return found


def _strongest(row: Row) -> str:
    change = f"; the site is {escape(row['site_change'])}" if row["site_change"] else ""
    return (
        f'<div class="nfx-one">{escape(_place(row))} changes the logit most:'
        f" {short(number(row['delta']))}, mostly by {escape(row['motif_1'])}{change}"
        f'<span class="nfx-faint">percentile {_percentile(row["percentile"]) or "not known"}'
        " among random variants</span></div>"
    )


def _place(row: Row) -> str:
    alleles = f"{_allele(row['ref'])}>{_allele(row['alt'])}"
    return f"{row['chrom']}:{row['pos']} {alleles}"


def _table(
    page: Page,
    title: str,
    strongest: Sequence[Row],
    said: Mapping[str, Any],
    logos: RowLogos,
) -> None:
    several = len({row["task"] for row in strongest}) > 1
    rows: dict[str, dict[str, Cell]] = {}
    for row in strongest:
        name = _place(row)
        others = [
            f"{row[f'motif_{at}']} {short(number(row[f'part_{at}']))}"
            for at in (2, 3)
            if row[f"motif_{at}"]
        ]
        rows[name] = {
            "id": cell(row["id"]) if row["id"] else None,
            "task": cell(row["task"]) if several else None,
            "delta": number(row["delta"]),
            "range": cell(
                f"{short(number(row['delta_min']))} to {short(number(row['delta_max']))}"
            ),
            "percentile": cell(_percentile(row["percentile"])),
            "logo": logos.cell(row["row"]),
            "motif": cell(f"{row['motif_1']} {short(number(row['part_1']))}"),
            "site_change": cell(row["site_change"]) if row["site_change"] else None,
            "words": raw_cell(_words(row["word_ref"], row["word_alt"]))
            if row["word_ref"]
            else None,
            "others": cell(", ".join([*others, f"rest {short(number(row['rest']))}"])),
        }
    used = {key for one in rows.values() for key, value in one.items() if value is not None}
    headers = {key: header for key, header in _HEADERS.items() if key in used}
    text = _description(said) + logos.hidden
    if rows:
        page.table(CHAPTER, title, rows, headers, first="Variant", description=text)
    else:
        page.section(CHAPTER, title, "html", f'<p class="nfx-text">{text}</p>')


_HEADERS: dict[str, dict[str, Any]] = {
    "id": {"title": "Id"},
    "task": {"title": "Task", "description": "In which the change is largest"},
    "delta": {
        "title": "Change",
        "description": "Of the logit: alternative minus reference, mean over the replicates",
        "format": "{:+,.2f}",
    },
    "range": {"title": "Range", "description": "Least and largest change of the replicates"},
    "percentile": {
        "title": "Percentile",
        "description": "Random variants of the same type with a smaller change",
    },
    "logo": {"title": "Logo", "description": "Of the motif that changes most"},
    "motif": {"title": "Motif", "description": "That changes most, with its part of the change"},
    "site_change": {"title": "Site", "description": "Change of the motif's site"},
    "words": {
        "title": "Read there",
        "description": "What the motif's unit reads without and with the variant, best window each",
    },
    "others": {"title": "Other parts", "description": "Of the change; they sum to it"},
}


def _allele(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} bp)"


def _words(reference: str, alternative: str) -> str:
    """Show both words, and where they differ."""
    pairs = list(zip(escape(reference), escape(alternative), strict=False))
    lines = (
        "".join(f"<b>{pair[at]}</b>" if pair[0] != pair[1] else pair[at] for pair in pairs)
        for at in (0, 1)
    )
    return "<br>".join(f"<code>{line}</code>" for line in lines)


def _percentile(text: str) -> str:
    value = number(text)
    if value is None:
        return ""
    return f"> {MOST}" if value > MOST - 0.005 else f"{value:.4g}"


def _description(said: Mapping[str, Any]) -> str:
    """Say how many were judged, what was left out and why, and where the rest is."""
    if not said:
        return ""
    left = said.get("left_out") or {}
    out = "; ".join(f"{escape(why)}: {thousands(count)}" for why, count in left.items())
    random = said.get("random") or {}
    of = ", ".join(f"{thousands(count)} of type {kind}" for kind, count in random.items())
    parts = [
        f"{thousands(said['judged'])} of {plural(said['alleles'], 'allele')} of"
        f" {escape(PurePath(said['file']).name)} were scored by"
        f" {plural(said['replicates'], 'replicate')}; these change a prediction most. All are in"
        " the data set's folder <code>variants</code> (VCF, TSV, and with every part Parquet).",
        f"Left out: {out} (<code>variants_left_out.tsv</code>)." if out else "",
        f"<b>{escape(said['note'])}</b>" if said.get("note") else "",
        f"Random variants: {of}." if of else "",
        escape(said.get("no_percentile") or ""),
    ]
    return " ".join(part for part in parts if part)


def _methods(values: Values, _: Sequence[str], cite: Cite) -> str:
    file = values.get("variants")
    source = f" in {escape(PurePath(str(file)).name)}" if file else ""
    return (
        f"The variants{source} were put into windows of the genome, indels once with the flank"
        " before and once with the flank behind them kept in place. The change of the logit, the"
        f" mean over all replicates, was split over the groups of units {cite('explainn')} without"
        " approximation, and its size ranked among those of 2,000 random variants of the same type"
        " at held-out windows of the data set."
    )


PART = Part(
    CHAPTER,
    lambda page, content: write_variants(page, content.inputs),
    methods=Methods("variants_strongest", _methods),
    answers=answers,
)
