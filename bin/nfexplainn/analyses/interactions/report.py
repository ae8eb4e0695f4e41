"""Pairs of motifs beyond the sum: a sentence per pair, what was tested, and the pairs' spacing."""

from __future__ import annotations

from collections.abc import Sequence

from nfexplainn.analyses.interactions.columns import COLUMNS, SPACING_COLUMNS
from nfexplainn.page.chapters import Chapter, Cite, Methods, Part, Values
from nfexplainn.page.load import Inputs, Row, number, read_table
from nfexplainn.page.mqc import Cell, Page, cell, plural, power, short
from nfexplainn.page.style import PANEL_LIMIT, ROW_LIMIT, capped

CHAPTER = Chapter(
    "nfx_interactions",
    "Interactions",
    770,
    "which pairs of motifs have more, or less, effect together than their sum, and at which"
    " distance, with [`--interactions`](usage/interactions.md)",
    lead=(
        "ExplaiNN sums the effects of its motifs. Here each pair of supported motifs gets an"
        " interaction term, in addition to curves of each motif's best site and of composition: a"
        " <b>product</b>, where both have a site; a <b>spacing</b>, where these lie within some"
        " distance, beyond the product. Terms are fitted to the validation part. A pair is"
        " supported if its term lowers the loss on unseen sequences (q at most 0.05, at least 1 %"
        " of what the sum explains, replicates agree). <b>Less</b> than the sum can also result"
        " from saturation of the signal or from redundant motifs."
    ),
)
_UNSUPPORTED = 5
"""Pairs of a model and task that are shown beside the supported ones."""


def write_interactions(page: Page, inputs: Inputs) -> None:
    """Write the pairs of every model, and two tables; nothing where no data set asked for it."""
    found = [path for *_, path in inputs.ending(".interactions.tsv")]
    if not found:
        return
    rows = [row for path in found for row in read_table(path)]
    curves = [
        row for *_, path in inputs.ending(".interactions_spacing.tsv") for row in read_table(path)
    ]
    page.tsv("interactions", COLUMNS, rows)
    page.tsv("interactions_spacing", SPACING_COLUMNS, curves)
    shown = _shown(rows)
    cells = {f"{place:03d}": _cells(row) for place, row in enumerate(shown[:ROW_LIMIT], 1)}
    if not cells:
        page.section(
            CHAPTER,
            "Pairs",
            "html",
            "<p>No task has two supported motifs, or its classes exclude each other, so that there"
            " is no pair to test.</p>",
        )
        return
    good = sum(row["supported"] == "true" for row in rows)
    page.table(
        CHAPTER,
        "Pairs",
        cells,
        _HEADERS,
        first="No.",
        description=f"<p>{plural(good, 'pair')} of {len(rows)} tested"
        f" {'is' if good == 1 else 'are'} supported; all are in"
        f" <code>tables/interactions.tsv</code>.{capped(len(shown), len(cells), 'interactions')}"
        "</p>",
    )
    _spacing(page, [row for row in rows if row["supported"] == "true"], curves)


_HEADERS: dict[str, dict[str, object]] = {
    "about": {"title": "Data set"},
    "said": {"title": "Result on unseen sequences"},
    "coefficient": {
        "title": "Term",
        "description": "What two best sites add beyond their sum, in logits (values: in their"
        " unit), mean over replicates",
        "format": "{:+,.2f}",
    },
    "gain": {"title": "Gain", "description": "Loss without the term minus loss with it"},
    "interval": {"title": "95 % interval"},
    "share": {"title": "Share", "description": "Of what the sum explains", "suffix": " %"},
    "q": {"title": "q"},
}


def _shown(rows: Sequence[Row]) -> list[Row]:
    """Keep the supported pairs, and the first others of every model and task."""
    found, others = [], dict[tuple[str, str, str], int]()
    for row in rows:
        key = (row["dataset"], row["model"], row["task"])
        others[key] = others.get(key, 0) + (row["supported"] != "true")
        if row["supported"] == "true" or others[key] <= _UNSUPPORTED:
            found.append(row)
    return sorted(found, key=lambda row: row["supported"] != "true")


def sentence_of(row: Row) -> str:
    """Say in a sentence what is known of a pair."""
    names = f"{_name(row, 'first')} and {_name(row, 'second')}"
    spacing = row["kind"] == "spacing"
    where = f" within {row['distance']} bp of each other" if spacing else ""
    if row["supported"] != "true":
        what = f"that a site of each{where} matters" if spacing else "that they interact"
        return f"{names}: no evidence {what} beyond the sum."
    more = "more" if (number(row["coefficient"]) or 0) > 0 else "less"
    beyond = "anywhere in the sequence" if spacing else "their sum"
    return f"{names}{where} together have {more} effect than {beyond}."


def _name(row: Row, which: str) -> str:
    return row[f"{which}_name"] or row[which]


def _cells(row: Row) -> dict[str, Cell]:
    low, high = (number(row[f"gain_{end}"]) for end in ("low", "high"))
    share = number(row["share"])
    return {
        "about": cell(f"{row['dataset']} · {row['task']}"),
        "said": cell(sentence_of(row)),
        "coefficient": number(row["coefficient"]),
        "gain": cell(short(number(row["gain"]), 4)),
        "interval": cell(f"{short(low, 4)} to {short(high, 4)}"),
        "share": None if share is None else 100 * share,
        "q": power(number(row["q"])),
    }


def _spacing(page: Page, good: Sequence[Row], curves: Sequence[Row]) -> None:
    """Draw how far labels exceed the sum by the gap between the sites of supported pairs."""
    keys = ("dataset", "model", "task", "first", "second")
    lines: dict[str, list[list[float]]] = {}
    for row in good:
        own = [one for one in curves if all(one[key] == row[key] for key in keys)]
        title = f"{row['dataset']}: {_name(row, 'first')}, {_name(row, 'second')} ({row['task']})"
        points = [[_middle(one), float(one["excess"])] for one in own]
        if points and len(lines) < PANEL_LIMIT:
            lines.setdefault(title, points)
    if not lines:
        return
    page.section(
        CHAPTER,
        "Spacing",
        "linegraph",
        lines,
        description="Unseen sequences with a site of both: mean of the label minus the prediction"
        " of the sum, by the bases between the sites. Intervals are in"
        " <code>tables/interactions_spacing.tsv</code>.",
        pconfig={"xlab": "Bases between the sites", "ylab": "Above the sum", "showlegend": True},
    )


def _middle(row: Row) -> float:
    low, high = float(row["gap_from"]), number(row["gap_to"])
    return low if high is None else (low + high) / 2


def _methods(_values: Values, _models: Sequence[str], _cite: Cite) -> str:
    return (
        "Pairs of supported motif groups were tested for interactions: regressions on the model's"
        " prediction, composition and piecewise linear curves of the motifs' best sites were"
        " fitted to the validation part of each replicate, with and without a term of the pair"
        " (the product of both sites' strengths, or that of sites within a distance that"
        " validation chose, beside curves of their places). The difference of the losses on"
        " unseen sequences was tested with clustered standard errors, one-sided, with Benjamini"
        " and Hochberg's q over all pairs of a task; supported pairs were added one by one."
    )


PART = Part(
    CHAPTER,
    lambda page, content: write_interactions(page, content.inputs),
    methods=Methods("interactions", _methods),
)
