"""Learning curves: how the score grows with the data, and what twice the data would add."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from nfexplainn.io.reading import read_json
from nfexplainn.page.chapters import Chapter, Cite, Methods, Part, Values
from nfexplainn.page.load import Inputs, Row, number, read_table
from nfexplainn.page.mqc import Cell, Page, cell, escape, short
from nfexplainn.page.scores import METRICS
from nfexplainn.page.style import PANEL_LIMIT, ROW_LIMIT, capped

CHAPTER = Chapter(
    "nfx_learning_curve",
    "Learning curves",
    780,
    "how the score and the number of supported motifs grow with the data, and what twice the data"
    " would add, with [`--learning_curve`](usage/learning_curve.md)",
    lead=(
        "ExplaiNN was trained on an eighth, a quarter, half and all of the training sequences,"
        " and tested on the same unseen ones. <b>Twice the data</b> is extrapolated from that:"
        " the logarithm of the error (1 minus the score) falls about linearly with the logarithm"
        " of the number of sequences."
    ),
)
COLUMNS = (
    *("dataset", "train_share", "number", "train", "positives", "metric", "value"),
    "n_supported",
)
SMALL = 0.005
"""A gain that is no reason to make more data."""


def write_learning_curves(page: Page, inputs: Inputs) -> None:
    """Draw the curves, say what twice the data would add, and write ``learning_curve.tsv``."""
    found = [
        (dataset, read_table(path)) for dataset, _, _, path in inputs.ending(".learning_curve.tsv")
    ]
    if not found:
        return
    page.tsv(
        "learning_curve",
        COLUMNS,
        ({"dataset": name, **row} for name, rows in found for row in rows),
    )
    told = {
        dataset: read_json(path, path.name)
        for dataset, _, _, path in inputs.ending(".learning_curve.json")
    }
    lines = {
        name: [[size, score] for size, score, _ in _means(rows)]
        for name, rows in found[:PANEL_LIMIT]
    }
    lines = {name: points for name, points in lines.items() if points}
    if lines:
        page.section(
            CHAPTER,
            "Scores",
            "linegraph",
            lines,
            description="Mean over the trainings of each size.",
            pconfig={
                "xlab": "Training sequences",
                "ylab": "Score on unseen sequences",
                "xlog": True,
                "showlegend": True,
            },
        )
    rows = {name: _row(rows, told.get(name, {})) for name, rows in found[:ROW_LIMIT]}
    page.table(
        CHAPTER,
        "Twice the data",
        rows,
        _HEADERS,
        first="Data set",
        description="Scores of all trainings are in <code>tables/learning_curve.tsv</code>."
        f"{capped(len(found), len(rows), 'learning_curve')}",
    )


_HEADERS: dict[str, dict[str, Any]] = {
    "train": {"title": "Training sequences", "format": "{:,.0f}"},
    "metric": {"title": "Metric"},
    "score": {"title": "Score", "description": "With all data", "format": "{:,.3f}"},
    "answer": {"title": "Twice the data", "description": "95 % interval in brackets"},
    "supported": {
        "title": "Supported motifs",
        "description": "Of one model, by the share of the data: mean over the trainings",
    },
}


def _means(rows: Sequence[Row]) -> list[tuple[int, float, float]]:
    """Give, for each share, the number of training sequences, score and supported motifs."""
    out = []
    for share in sorted({row["train_share"] for row in rows}, key=float):
        own = [row for row in rows if row["train_share"] == share]
        scores = [value for row in own if (value := number(row["value"])) is not None]
        if scores:
            size = round(fmean(float(row["train"]) for row in own))
            out.append((size, fmean(scores), fmean(float(row["n_supported"]) for row in own)))
    return out


def _row(rows: Sequence[Row], told: Any) -> dict[str, Cell]:
    means = _means(rows)
    doubling = told.get("doubling")
    return {
        "train": means[-1][0] if means else None,
        "metric": cell(METRICS.get(told.get("metric") or "", "")),
        "score": means[-1][1] if means else None,
        "answer": cell(answer(told) if doubling else _missing(means)),
        "supported": cell(" \u2192 ".join(f"{supported:.1f}" for _, _, supported in means)),
    }


def _missing(means: Sequence[object]) -> str:
    return "too few sequences for a curve" if means else "no score: there is no test part"


def answer(told: Any) -> str:
    """Say what twice the data would add."""
    gain, low, high = told["doubling"]["gain"]
    metric = METRICS.get(told["metric"], told["metric"])
    sure = f"({short(low, 3)} to {short(high, 3)})"
    if high < SMALL:
        return f"would add almost nothing to the {metric} {sure}"
    if gain <= 0:
        return f"would not measurably add to the {metric} {sure}"
    if low <= 0:
        return f"would add about {short(gain, 3)} to the {metric}, and perhaps nothing {sure}"
    return f"would add about {short(gain, 3)} to the {metric} {sure}"


def _methods(values: Values, _: Sequence[str], cite: Cite) -> str:
    return (
        f"Learning curves: ExplaiNN {cite('explainn')} ({escape(values.get('recipe', 'robust'))}"
        " recipe) was trained on an eighth, a quarter, half and all of the training and"
        " validation sequences, each in several draws, and tested on the same unseen sequences."
        " log(1 - score) was fitted to the logarithm of the number of training sequences by least"
        " squares, and extrapolated from the mean of the largest subsets to twice their number"
        " (95 % interval)."
    )


PART = Part(
    CHAPTER,
    lambda page, content: write_learning_curves(page, content.inputs),
    methods=Methods("learning_curve", _methods),
)
