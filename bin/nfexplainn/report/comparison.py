"""The architectures compared: scores over the same seeds, in pairs, with their size and time."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nfexplainn.page import scores as sc
from nfexplainn.page.chapters import PERFORMANCE, Part
from nfexplainn.page.load import DatasetResult, Inputs, ModelResult
from nfexplainn.page.mqc import Cell, Page, cell, short
from nfexplainn.page.scores import by_replicate, cost
from nfexplainn.page.style import REFERENCE, ROW_LIMIT, capped, name_of
from nfexplainn.training.sweep import units_of_name

MEAN = "mean of tasks"
_COLUMNS = (
    *("dataset", "task", "metric", "model", "mean", "sd", "replicates", "other_model"),
    *("pairs", "difference", "difference_low", "difference_high", "p", "p_holm", "parameters"),
    *("seconds", "epochs"),
)


@dataclass(frozen=True)
class Paired:
    """A paired t test of two models over their replicates.

    Attributes
    ----------
    pairs : int
        Replicates that both have.
    difference : float or None
        Mean of the first's score minus the second's.
    difference_low, difference_high : float or None
        Its 95 % confidence interval; None for fewer than two pairs, or if all differ alike.
    p : float or None
        Two-sided, under the same conditions.
    """

    pairs: int
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    p: float | None = None


def paired(one: Mapping[int, float], two: Mapping[int, float]) -> Paired:
    """Compare two models' scores by replicate; the same replicate has the same seed and data."""
    common = sorted(one.keys() & two.keys())
    differences = [one[replicate] - two[replicate] for replicate in common]
    n = len(differences)
    if not n:
        return Paired(0)
    mean = statistics.fmean(differences)
    error = statistics.stdev(differences) / n**0.5 if n > 1 else 0.0
    if not error:
        return Paired(n, mean)
    from scipy.special import stdtr, stdtrit

    reach = float(stdtrit(n - 1, 0.975)) * error
    p = 2 * float(stdtr(n - 1, -abs(mean) / error))
    return Paired(n, mean, mean - reach, mean + reach, p)


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values for their number by Holm's step-down method; None stays, and counts not."""
    known = sorted((p, place) for place, p in enumerate(values) if p is not None)
    out: list[float | None] = [None] * len(values)
    largest = 0.0
    for rank, (p, place) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - rank)))
        out[place] = largest
    return out


def write_comparison(page: Page, inputs: Inputs) -> None:
    """Write a row per task and model of every data set with several models, and its table."""
    rows = [row for dataset in inputs.datasets for row in compare(dataset)]
    if not rows:
        return
    page.tsv("comparison", _COLUMNS, rows)
    several = len({row["dataset"] for row in rows}) > 1
    shown: dict[str, dict[str, Cell]] = {}
    for row in rows[:ROW_LIMIT]:
        name = [str(row["dataset"])] if several else []
        name += [str(row["task"])] if row["task"] else []
        own = name_of(str(row["model"]))
        shown[" · ".join([*name, own])] = {
            "metric": cell(sc.label(str(row["metric"]), str(row["task"]))),
            **{key: _value(row[key]) for key in ("mean", "sd", "difference", "p", "p_holm")},
            "interval": cell(_interval(row)),
            **{key: _value(row[key]) for key in ("replicates", "parameters", "seconds", "epochs")},
        }
    used = {key for row in shown.values() for key, value in row.items() if value not in (None, "")}
    page.table(
        PERFORMANCE,
        "Architectures",
        shown,
        {key: header for key, header in _headers(rows).items() if key in used},
        first="Architecture",
        description="Trained on the same sequences with the same seeds, loss and stopping. The"
        " difference is tested by a paired t test over the replicates, and its p-value adjusted"
        " for the number of architectures by Holm's method; with few replicates only large"
        " differences are significant. Training times depend on the machines of this run."
        + sc.left_out({dataset.id: _left_out(dataset) for dataset in inputs.datasets})
        + capped(len(rows), ROW_LIMIT, "comparison"),
    )


def compare(dataset: DatasetResult) -> list[dict[str, object]]:
    """Compare the models of a data set with ExplaiNN, or with the first where it is not there.

    Returns
    -------
    list of dict
        By task (the mean over tasks first, where there are several), then model, best first;
        empty for fewer than two models.
    """
    models = [model for model in dataset.models if model.metrics]
    if len(models) < 2:
        return []
    base, metric, tasks = _reference(models)
    missing = sc.without_value(models, metric, tasks)
    valued = [task for task in tasks if task not in missing]
    groups = [(MEAN, valued)] if len(tasks) > 1 else []
    groups += [(task if len(tasks) > 1 else "", [task]) for task in tasks]
    rows: list[dict[str, object]] = []
    for words, some in groups:
        values = {model.name: by_replicate(model, metric, some) for model in models}
        others = [model for model in models if model is not base]
        tests = {model.name: paired(values[model.name], values[base.name]) for model in others}
        adjusted = dict(zip(tests, holm([test.p for test in tests.values()]), strict=True))
        better = 1 if metric == "mse" else -1
        for model in sorted(models, key=lambda m: better * _mean(values[m.name], better)):
            own = list(values[model.name].values())
            test = tests.get(model.name)
            rows.append(
                {
                    **{"dataset": dataset.id, "task": words, "metric": metric},
                    "model": model.name,
                    "mean": statistics.fmean(own) if own else None,
                    "sd": statistics.stdev(own) if len(own) > 1 else None,
                    "replicates": len(own),
                    "other_model": base.name if test else None,
                    "p_holm": adjusted.get(model.name),
                    **(vars(test) if test else vars(Paired(0)) | {"pairs": None}),
                    **cost(model),
                }
            )
    return rows


def _reference(models: Sequence[ModelResult]) -> tuple[ModelResult, str, list[str]]:
    """Choose the model that the others are compared with, the metric, and the tasks."""
    # Of a sweep the largest, since its models come in the order of their units.
    ours = [m for m in models if m.name == REFERENCE or units_of_name(m.name) is not None]
    base = ours[-1] if ours else models[0]
    scores = sc.model_scores(base)
    metric = sc.main_metric(scores)
    return base, metric, sc.scored_tasks(base, scores, metric)


def _left_out(dataset: DatasetResult) -> dict[str, str]:
    """Find the tasks of a data set that its means leave out."""
    models = [model for model in dataset.models if model.metrics]
    if len(models) < 2:
        return {}
    _, metric, tasks = _reference(models)
    return sc.without_value(models, metric, tasks) if len(tasks) > 1 else {}


def _mean(values: Mapping[int, float], better: int) -> float:
    """Give the mean, or the worst there is, so that a model without scores comes last."""
    return statistics.fmean(values.values()) if values else better * float("inf")


def _value(value: object) -> Cell:
    return value if isinstance(value, int | float) else None


def _interval(row: Mapping[str, object]) -> str:
    low, high = row["difference_low"], row["difference_high"]
    if not isinstance(low, float) or not isinstance(high, float):
        return ""
    return f"{short(low, 3)} to {short(high, 3)}"


def _headers(rows: Sequence[Mapping[str, object]]) -> dict[str, dict[str, object]]:
    bases = {str(row["other_model"]) for row in rows if row["other_model"]}
    name = bases.pop() if len(bases) == 1 else ""
    base = name_of(name) if name else "the reference"
    score = {"format": "{:,.3f}"}
    count = {"format": "{:,.0f}"}
    small = {"format": "{:,.2g}"}
    return {
        "metric": {"title": "Metric"},
        "mean": {"title": "Score", "description": "Mean over replicates, test set", **score},
        "sd": {"title": "±", "description": "Standard deviation over replicates", **score},
        "difference": {
            "title": f"Minus {base}",
            "description": f"Mean difference from {base} of the same replicate",
            **score,
        },
        "interval": {"title": "95 % interval", "description": "Of the difference, paired t"},
        "p": {"title": "p", "description": "Paired t test, two-sided", **small},
        "p_holm": {"title": "p (Holm)", "description": "For all architectures", **small},
        "replicates": {"title": "Replicates", **count},
        "parameters": {"title": "Parameters", "description": "Trained weights and biases", **count},
        "seconds": {"title": "Seconds", "description": "Of training, per replicate", **count},
        "epochs": {"title": "Epochs", "description": "Per replicate", **count},
    }


PART = Part(PERFORMANCE, lambda page, content: write_comparison(page, content.everything), place=2)
