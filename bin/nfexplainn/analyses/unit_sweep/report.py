"""The curves over the number of units: scores, binding modes, and how many to take."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nfexplainn.analyses.binding_modes.report import CHAPTER as MODES
from nfexplainn.analyses.binding_modes.report import mode_counts
from nfexplainn.page import scores as sc
from nfexplainn.page.chapters import PERFORMANCE, Cite, Part, Values
from nfexplainn.page.load import DatasetResult, Inputs, ModelResult
from nfexplainn.page.methods import told
from nfexplainn.page.mqc import Cell, Page, escape
from nfexplainn.page.scores import by_replicate, cost
from nfexplainn.page.style import COLOURS, ROW_LIMIT, capped
from nfexplainn.training.sweep import Plateau, plateau, recommendation, units_of_name

_COLUMNS = (
    *("dataset", "n_units", "metric", "valid_score", "valid_se", "test_score", "test_sd"),
    "replicates",
    *("modes", "modes_sd", "parameters", "seconds", "epochs", "chosen"),
)


@dataclass(frozen=True)
class Sweep:
    """The models of one data set that differ in their number of units.

    Attributes
    ----------
    dataset, metric : str
    models : mapping of int to ModelResult
        By number of units, ascending.
    valid, test : mapping of int to list of float
        Mean over the tasks, a value per replicate.
    modes : mapping of int to list of int
        Binding modes per replicate; empty where they were not counted.
    found : Plateau or None
        By the validation scores.
    missing : mapping of str to mapping of task to str
        By part, the tasks that no model has a value of, with the reason; the means leave them out.
    """

    dataset: str
    metric: str
    models: Mapping[int, ModelResult]
    valid: Mapping[int, list[float]]
    test: Mapping[int, list[float]]
    modes: Mapping[int, list[int]]
    found: Plateau | None
    missing: Mapping[str, Mapping[str, str]]


def sweep_of(dataset: DatasetResult, inputs: Inputs) -> Sweep | None:
    """Gather the sweep of a data set; None where it has fewer than two numbers of units."""
    sized = {
        units: model
        for model in dataset.models
        if (units := units_of_name(model.name)) is not None and model.metrics
    }
    if len(sized) < 2:
        return None
    sized = dict(sorted(sized.items()))
    first = next(iter(sized.values()))
    scores = sc.model_scores(first)
    metric = sc.main_metric(scores)
    tasks = sc.scored_tasks(first, scores, metric)
    missing = {
        split: sc.without_value(list(sized.values()), metric, tasks, split)
        for split in ("valid", "test")
    }
    valid, test = (
        {
            units: list(
                by_replicate(model, metric, [t for t in tasks if t not in lacking], split).values()
            )
            for units, model in sized.items()
        }
        for split, lacking in missing.items()
    )
    modes = {
        units: counts
        for units, model in sized.items()
        if (counts := list(mode_counts(inputs, model).values()))
    }
    found = plateau(valid, larger_is_better=metric != "mse")
    return Sweep(dataset.id, metric, sized, valid, test, modes, found, missing)


def write_sweep(page: Page, inputs: Inputs) -> None:
    """Write the curves, a row per number of units, and ``sweep.tsv``."""
    sweeps = [sweep for d in inputs.datasets if (sweep := sweep_of(d, inputs)) is not None]
    if not sweeps:
        return
    rows = [row for sweep in sweeps for row in _rows(sweep)]
    page.tsv("sweep", _COLUMNS, rows)
    _score_curves(page, sweeps)
    _mode_curves(page, [sweep for sweep in sweeps if sweep.modes])
    _table(page, rows, len(sweeps) > 1)


def _rows(sweep: Sweep) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for units, model in sweep.models.items():
        valid, test = sweep.valid[units], sweep.test[units]
        modes = sweep.modes.get(units, [])
        rows.append(
            {
                **{"dataset": sweep.dataset, "n_units": units, "metric": sweep.metric},
                "valid_score": _mean(valid),
                "valid_se": _sd(valid, error=True),
                "test_score": _mean(test),
                "test_sd": _sd(test),
                "replicates": len(valid) or len(test),
                "modes": _mean(modes),
                "modes_sd": _sd(modes),
                **cost(model),
                "chosen": int(sweep.found is not None and sweep.found.chosen == units),
            }
        )
    return rows


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None


def _sd(values: Sequence[float], *, error: bool = False) -> float | None:
    if len(values) < 2:
        return None
    return statistics.stdev(values) / (len(values) ** 0.5 if error else 1.0)


def _score_curves(page: Page, sweeps: Sequence[Sweep]) -> None:
    """Draw the test scores (solid), their standard deviation and the validation scores (dotted)."""
    lines: dict[str, list[list[float]]] = {}
    colours: dict[str, str] = {}
    dashes: dict[str, str] = {}
    for place, sweep in enumerate(sweeps):
        name = escape(sweep.dataset)
        sd = {units: _sd(values) or 0.0 for units, values in sweep.test.items()}
        kinds = {
            f"{name}: test": ("solid", _points(sweep.test)),
            f"{name}: validation": ("dash", _points(sweep.valid)),
            f"{name}: test + 1 s.d.": ("dot", _points(sweep.test, sd, 1)),
            f"{name}: test - 1 s.d.": ("dot", _points(sweep.test, sd, -1)),
        }
        for label, (dash, points) in kinds.items():
            lines[label], dashes[label] = points, dash
            colours[label] = COLOURS[place % len(COLOURS)]
    said = " ".join(
        f"<b>{escape(sweep.dataset)}</b>: "
        + escape(recommendation(sweep.found, sweep.valid, sc.label(sweep.metric)))
        for sweep in sweeps
        if sweep.found is not None
    )
    metrics = {sc.label(sweep.metric) for sweep in sweeps}
    words = {"valid": "validation", "test": "test"}
    missing = {
        f"{sweep.dataset}, {words[split]} part": tasks
        for sweep in sweeps
        for split, tasks in sweep.missing.items()
    }
    page.section(
        PERFORMANCE,
        "Number of units",
        "linegraph",
        lines,
        description=f"{said} The number is chosen by validation, by the one-standard-error rule;"
        " the test scores only show what it gives. Mean over the tasks and replicates."
        + sc.left_out(missing),
        pconfig={
            **_axes(metrics.pop() if len(metrics) == 1 else "Score"),
            "colors": colours,
            "dash_styles": dashes,
        },
    )


def _mode_curves(page: Page, sweeps: Sequence[Sweep]) -> None:
    if not sweeps:
        return
    page.section(
        MODES,
        "Modes by number of units",
        "linegraph",
        {
            escape(sweep.dataset): _points({u: list(map(float, c)) for u, c in sweep.modes.items()})
            for sweep in sweeps
        },
        description="Binding modes found, mean over the replicates (the paper's Figure 1D).",
        pconfig=_axes("Binding modes"),
    )


def _points(
    values: Mapping[int, Sequence[float]],
    sd: Mapping[int, float] | None = None,
    sign: int = 0,
) -> list[list[float]]:
    return [
        [float(units), statistics.fmean(some) + sign * (sd or {}).get(units, 0.0)]
        for units, some in values.items()
        if some
    ]


def _axes(label: str) -> dict[str, object]:
    return {
        "xlab": "Units",
        "ylab": label,
        "xlog": True,
        "x_decimals": False,
        "tt_decimals": 3,
        "showlegend": True,
    }


def _table(page: Page, rows: Sequence[Mapping[str, object]], several: bool) -> None:
    score = {"format": "{:,.3f}"}
    count = {"format": "{:,.0f}"}
    headers: dict[str, dict[str, object]] = {
        "valid_score": {"title": "Validation", "description": "Mean over the replicates", **score},
        "valid_se": {"title": "± s.e.", "description": "Standard error", **score},
        "test_score": {"title": "Test", "description": "Mean over the replicates", **score},
        "test_sd": {"title": "± s.d.", "description": "Standard deviation", **score},
        "modes": {
            "title": "Modes",
            "description": "Binding modes found, mean over the replicates",
            "format": "{:,.1f}",
        },
        "modes_sd": {
            "title": "± modes",
            "description": "Standard deviation",
            "format": "{:,.1f}",
        },
        "replicates": {"title": "Replicates", **count},
        "parameters": {"title": "Parameters", "description": "Trained numbers", **count},
        "seconds": {"title": "Seconds", "description": "Of training, per replicate", **count},
        "chosen": {"title": "Take", "description": "By the one-standard-error rule"},
    }
    shown: dict[str, dict[str, Cell]] = {}
    for row in rows[:ROW_LIMIT]:
        title = f"{row['dataset']} \u00b7 {row['n_units']}" if several else str(row["n_units"])
        shown[title] = {key: _cell(row[key]) for key in headers if key != "chosen"}
        shown[title]["chosen"] = "\u2713" if row["chosen"] else ""
    used = {key for row in shown.values() for key, value in row.items() if value is not None}
    page.table(
        PERFORMANCE,
        "Scores by number of units",
        shown,
        {key: header for key, header in headers.items() if key in used},
        first="Units",
        description=f"Mean over the tasks.{capped(len(rows), ROW_LIMIT, 'sweep')}",
    )


def _cell(value: object) -> Cell:
    return value if isinstance(value, int | float) else None


def sweep_text(inputs: Inputs, cite: Cite) -> str:
    """Tell the rule by which a number of units was chosen, where several were trained."""
    where = {}
    for dataset in inputs.datasets:
        sized = [model.name for model in dataset.models if units_of_name(model.name) is not None]
        if len(sized) > 1:
            where[dataset.id] = sized
    return told(inputs, where, _sweep, cite)


def _sweep(_: Values, __: Sequence[str], cite: Cite) -> str:
    return (
        "Of the numbers of units, the one recommended is the smallest whose mean validation score"
        f" over the replicates lies within one standard error of the best {cite('cart')}; test"
        " scores were not used for the choice."
    )


PART = Part(PERFORMANCE, lambda page, content: write_sweep(page, content.everything), place=3)
