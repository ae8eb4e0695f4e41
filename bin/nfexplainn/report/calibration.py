"""How well probabilities fit: predicted beside observed shares on sequences never seen."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from nfexplainn.evaluation.calibration import Calibration, Reliability, read_calibration
from nfexplainn.page.chapters import PERFORMANCE, Part
from nfexplainn.page.load import Inputs
from nfexplainn.page.mqc import Cell, Page, cell
from nfexplainn.page.style import COLOURS, PANEL_LIMIT, ROW_LIMIT, capped, name_of

COLUMNS = (
    *("dataset", "model", "replicate", "task", "method", "log_slope", "intercept", "fitted"),
    *("n", "positives", "loss_before", "loss", "error_before", "error"),
)
LEAST = 5
"""Sequences of a bin that is drawn."""
_IDEAL = "as predicted"
_TEXT = (
    "Logits are converted to probabilities with a slope and an offset per task (for mutually"
    " exclusive classes, one temperature), fitted to the validation part. Shown is the share of"
    " positives among test sequences of similar probability, all replicates together. On the"
    " dashed line the probabilities are calibrated; below it they are too high, above it too low."
)
_ERROR = (
    "The expected calibration error is the mean difference between probability and share, over"
    " ten bins; with few sequences it is a few hundredths by chance alone."
)

Found = dict[tuple[str, str], list[tuple[int, Calibration]]]


def write_calibration_part(page: Page, inputs: Inputs) -> None:
    """Write a reliability plot, a row per model and task, and ``calibration.tsv``."""
    found: Found = {}
    for dataset, model, replicate, path in inputs.ending(".calibration.json"):
        one = read_calibration(path)
        if one.method != "none":
            found.setdefault((dataset, model), []).append((replicate or 1, one))
    if not found:
        return
    page.tsv("calibration", COLUMNS, (row for key in found for row in _rows(*key, found[key])))
    groups = {
        (*key, task): [r for _, one in runs for r in one.unseen if r.task == task]
        for key, runs in found.items()
        for task in runs[0][1].tasks
    }
    groups = {key: some for key, some in groups.items() if some}
    several = len({model for _, model, _ in groups}) > 1
    titles = {key: _title(*key, several=several) for key in groups}
    if len(groups) <= PANEL_LIMIT:
        _plot(page, {titles[key]: curve(some) for key, some in groups.items()})
    shown: dict[str, dict[str, Cell]] = {}
    for key, some in list(groups.items())[:ROW_LIMIT]:
        shown[titles[key]] = {
            "n": statistics.fmean(sum(one.counts) for one in some),
            "error_before": statistics.fmean(one.error_before for one in some),
            "error": statistics.fmean(one.error for one in some),
            "loss_before": statistics.fmean(one.loss_before for one in some),
            "loss": statistics.fmean(one.loss for one in some),
            "replicates": cell(len(some)),
        }
    page.table(
        PERFORMANCE,
        "Calibration error",
        shown,
        _HEADERS,
        first="Task",
        description=f"Means over the replicates, each on its own test part. {_ERROR}"
        f"{capped(len(groups), len(shown), 'calibration')}",
        topic="Calibration",
    )


_NUMBER = {"format": "{:,.3f}"}
_HEADERS: dict[str, dict[str, object]] = {
    "n": {"title": "Sequences", "description": "Of the test part", "format": "{:,.0f}"},
    "error_before": {"title": "Error before", "description": "Calibration", **_NUMBER},
    "error": {"title": "Error", "description": "Expected calibration error", **_NUMBER},
    "loss_before": {"title": "Loss before", "description": "Cross-entropy, nats", **_NUMBER},
    "loss": {"title": "Loss", "description": "Cross-entropy after calibration, nats", **_NUMBER},
    "replicates": {"title": "Replicates"},
}


def curve(some: Sequence[Reliability]) -> list[list[float]]:
    """Give predicted and observed shares of the bins of all replicates together."""
    points = []
    bins = zip(
        *(zip(one.counts, one.predicted, one.observed, strict=True) for one in some), strict=True
    )
    for of_bin in bins:
        count, predicted, observed = (sum(values) for values in zip(*of_bin, strict=True))
        if count >= LEAST:
            points.append([predicted / count, observed / count])
    return points


def _plot(page: Page, lines: dict[str, list[list[float]]]) -> None:
    drawn = {_IDEAL: [[0.0, 0.0], [1.0, 1.0]], **lines}
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(lines)}
    page.section(
        PERFORMANCE,
        "Calibration",
        "linegraph",
        drawn,
        description=f"{_TEXT} Bins of fewer than {LEAST} sequences are left out.",
        pconfig={
            "xlab": "Predicted probability",
            "ylab": "Share of positives",
            "xmin": 0,
            "xmax": 1,
            "ymin": 0,
            "ymax": 1,
            "style": "lines+markers",
            "showlegend": True,
            "colors": {_IDEAL: "#999999", **colours},
            "dash_styles": {_IDEAL: "dash"},
        },
        topic="Calibration",
    )


def _title(dataset: str, model: str, task: str, *, several: bool) -> str:
    parts = [dataset, *([task] if task != dataset else []), *([name_of(model)] if several else [])]
    return " · ".join(parts)


def _rows(dataset: str, model: str, runs: list[tuple[int, Calibration]]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for replicate, one in runs:
        unseen = {found.task: found for found in one.unseen}
        for place, task in enumerate(one.tasks):
            found = unseen.get(task)
            at = place if one.method == "platt" else 0
            rows.append(
                {
                    "dataset": dataset,
                    "model": model,
                    "replicate": replicate,
                    "task": task,
                    "method": one.method,
                    "log_slope": one.log_slope[at],
                    "intercept": one.offset[place] if one.method == "platt" else None,
                    "fitted": one.sequences[place],
                    "n": sum(found.counts) if found else 0,
                    "positives": sum(found.observed) if found else None,
                    "loss_before": found.loss_before if found else None,
                    "loss": found.loss if found else None,
                    "error_before": found.error_before if found else None,
                    "error": found.error if found else None,
                }
            )
    return rows


PART = Part(
    PERFORMANCE, lambda page, content: write_calibration_part(page, content.everything), place=3
)
