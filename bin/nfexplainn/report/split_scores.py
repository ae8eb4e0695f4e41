"""The same files split at random and by homology: what scores owe to similar sequences."""

from __future__ import annotations

import json
from collections.abc import Iterator

from nfexplainn.page import scores as sc
from nfexplainn.page.chapters import PERFORMANCE, Part
from nfexplainn.page.load import DatasetResult, Inputs, ModelResult
from nfexplainn.page.mqc import Cell, Page, cell
from nfexplainn.page.style import ROW_LIMIT, capped, name_of

COLUMNS = (
    *("dataset", "other", "other_split", "model", "task", "metric"),
    *("value", "other_value", "difference", "random_shared", "random_held_out"),
)
_TEXT = (
    "Data sets from the same files, one of which keeps similar sequences in one part"
    " (<code>split_by homology</code>): none of its test sequences is similar to a training"
    " sequence. A higher score with the other split is due to similar sequences, apart from"
    " chance, since the test parts differ."
)


def write_split_scores(page: Page, inputs: Inputs) -> None:
    """Write a row per pair of splits, model and task, and ``split_scores.tsv``; or nothing."""
    found = [row for one, other in pairs(inputs) for row in _rows(one, other)]
    if not found:
        return
    page.tsv("split_scores", COLUMNS, found)
    several = len({row["model"] for row in found}) > 1
    shown: dict[str, dict[str, Cell]] = {}
    for row in found[:ROW_LIMIT]:
        parts = [str(row["dataset"]), *([str(row["task"])] if row["task"] != "*" else [])]
        parts += [name_of(str(row["model"]))] if several else []
        name = " · ".join([*parts, sc.label(str(row["metric"]), str(row["task"]))])
        shown[name] = {
            "value": _number(row["value"]),
            "other_value": _number(row["other_value"]),
            "difference": _number(row["difference"]),
            "other": cell(f"{row['other']} ({row['other_split']})"),
            "shared": cell(f"{row['random_shared']} of {row['random_held_out']}"),
        }
    number = {"format": "{:,.3f}"}
    page.table(
        PERFORMANCE,
        "Scores by split",
        shown,
        {
            "value": {"title": "By homology", **number},
            "other_value": {"title": "Other split", **number},
            "difference": {
                "title": "Difference",
                "description": "The other split minus the split by homology",
                **number,
            },
            "other": {"title": "Compared with"},
            "shared": {
                "title": "Similar if random",
                "description": "Held-out sequences of a random split that are similar to one of"
                " its training part",
            },
        },
        first="Data set",
        description=_TEXT + capped(len(found), len(shown), "split_scores"),
    )


def pairs(inputs: Inputs) -> Iterator[tuple[DatasetResult, DatasetResult]]:
    """Find the data sets by homology, each with all others of the same files and another split."""
    made = [dataset for dataset in inputs.datasets if dataset.models]
    for one in made:
        if _split(one) != "homology":
            continue
        for other in made:
            if _split(other) != "homology" and _files(other) == _files(one) != "[]":
                yield one, other


def _split(dataset: DatasetResult) -> str:
    return str((dataset.meta.get("extra") or {}).get("split_by") or "")


def _files(dataset: DatasetResult) -> str:
    return json.dumps(sorted(one.get("sha256", "") for one in dataset.meta.get("sources") or ()))


def _rows(one: DatasetResult, other: DatasetResult) -> Iterator[dict[str, object]]:
    """Compare the models that both data sets have, task by task."""
    told = one.meta["extra"].get("homology") or {}
    models = {model.name: model for model in other.models}
    for model in one.models:
        if model.name not in models:
            continue
        mine, theirs = sc.model_scores(model), sc.model_scores(models[model.name])
        metric = sc.task_metric(mine)
        tasks = sc.scored_tasks(model, mine, metric)
        for task in tasks:
            same = _same_task(task, tasks, models[model.name], theirs, metric)
            value, known = _mean(mine, task, metric), _mean(theirs, same, metric)
            yield {
                "dataset": one.id,
                "other": other.id,
                "other_split": _split(other),
                "model": model.name,
                "task": task,
                "metric": metric,
                "value": value,
                "other_value": known,
                "difference": None if value is None or known is None else known - value,
                "random_shared": sum(told.get("random_shared", ())),
                "random_held_out": sum(told.get("random_held_out", ())),
            }


def _mean(scores: list[sc.Score], task: str, metric: str) -> float | None:
    found = sc.pick(scores, task, metric)
    return found.mean if found else None


def _same_task(
    task: str, tasks: list[str], model: ModelResult, scores: list[sc.Score], metric: str
) -> str:
    """Name the other data set's task: where both have one, it may be called otherwise."""
    others = sc.scored_tasks(model, scores, metric)
    return others[0] if len(tasks) == len(others) == 1 else task


def _number(value: object) -> Cell:
    return value if isinstance(value, float) else None


PART = Part(
    PERFORMANCE, lambda page, content: write_split_scores(page, content.everything), place=2
)
