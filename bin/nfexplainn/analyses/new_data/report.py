"""New data: how well models of an earlier run predict data sets that they were not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nfexplainn.io.reading import read_json
from nfexplainn.page.chapters import Answer, Chapter, Cite, Methods, Part, Values
from nfexplainn.page.load import Inputs
from nfexplainn.page.mqc import Cell, Page, cell, escape, plural, short, thousands
from nfexplainn.page.scores import METRICS
from nfexplainn.page.style import ROW_LIMIT, capped, name_of

CHAPTER = Chapter(
    "nfx_new_data",
    "New data",
    570,
    "how well the models of an earlier run predict data sets that they were not trained on, with"
    " [`--apply` and `--input`](usage/apply.md#new-data)",
    lead=(
        "Each row of <code>--input</code> was prepared as in training, and predicted by every"
        " model: the mean over its replicates. Sequences that the models were trained, validated"
        " or tested on are left out of the scores."
    ),
)
COLUMNS = (
    *("dataset", "models_of", "model", "replicates", "task", "of_task", "against", "metric"),
    *("value", "n", "positives", "prevalence", "sequences", "seen", "note"),
)
TASKS = 3
"""Tasks of a model on the first screen."""
_UNLIKE = 0.05


def write_new_data(page: Page, inputs: Inputs) -> None:
    """Write a row per data set and model, and ``new_data.tsv``."""
    found = _found(inputs)
    if not found:
        return
    page.tsv("new_data", COLUMNS, (row for one in found for row in table_rows(one)))
    rows: dict[str, dict[str, Cell]] = {}
    lines = [(one, model, task) for one in found for model, task in _tasks(one)]
    for one, model, scores in lines[:ROW_LIMIT]:
        task = next(iter(scores.values()))["task"] if scores else ""
        title = " · ".join(filter(None, [one["dataset"], task if task != one["dataset"] else ""]))
        by = one["models_of"] + ("" if model["model"] == "explainn" else f", {model['model']}")
        values: dict[str, Cell] = {"by": cell(by)}
        for metric in METRICS:
            values[metric] = scores.get(metric, {}).get("value")
        first: Mapping[str, Any] = next(iter(scores.values()), {})
        values |= {
            "n": first.get("n"),
            "positives": first.get("positives"),
            "seen": one["seen"],
            "note": cell(one["refused"] or model["why"]) if _silent(one, model) else None,
        }
        rows[f"{title} by {by}"] = values
    used = {key for row in rows.values() for key, value in row.items() if value is not None}
    headers: dict[str, dict[str, Any]] = {"by": {"title": "Models of"}}
    headers |= {metric: {"title": name, "format": "{:,.3f}"} for metric, name in METRICS.items()}
    headers |= {
        "n": {"title": "Sequences", "description": "That are scored", "format": "{:,.0f}"},
        "positives": {"title": "Positives", "format": "{:,.0f}"},
        "seen": {
            "title": "Seen",
            "description": "Sequences of the models' own data, and windows that overlap these by"
            " more than half, left out of the scores",
            "format": "{:,.0f}",
        },
        "note": {"title": "Why there is no score"},
    }
    page.table(
        CHAPTER,
        "",
        rows,
        {key: header for key, header in headers.items() if key in used},
        first="Data set",
        description="All metrics are in <code>tables/new_data.tsv</code>, the predictions in"
        " <code>&lt;data set&gt;/by_&lt;models&gt;/predictions.tsv</code>."
        f"{capped(len(lines), len(rows), 'new_data')}",
    )


def table_rows(one: Mapping[str, Any]) -> list[dict[str, object]]:
    """Give a row per model, task and metric, under :data:`COLUMNS`."""
    fixed = {key: one[key] for key in ("dataset", "models_of", "sequences", "seen")}
    rows: list[dict[str, object]] = []
    for model in one["models"]:
        own = {"model": model["model"], "replicates": len(model["replicates"])}
        rows += [
            {**fixed, **own, **{key: score[key] for key in score if key in COLUMNS}}
            for score in model["scores"]
        ]
        if not model["scores"]:
            rows.append({**fixed, **own, "note": model["why"]})
    return rows or [{**fixed, "note": one["refused"]}]


def answers(inputs: Inputs) -> list[Answer]:
    """Say how well each new data set is predicted by the models of each other one."""
    found = []
    for one in _found(inputs):
        about = f"{plural(one['sequences'], 'sequence')}, by the models of {one['models_of']}"
        blocks = [_said(one, model, task) for model, task in _tasks(one)]
        kept = blocks[:TASKS]
        if len(blocks) > TASKS:
            more = f"{plural(len(blocks) - TASKS, 'more task')}: tables/new_data.tsv"
            kept.append(f'<div class="nfx-more">{more}</div>')
        found.append(Answer(one["dataset"], about, kept, _minded(one)))
    return found


def _found(inputs: Inputs) -> list[Mapping[str, Any]]:
    return [read_json(path, path.name) for _, _, _, path in inputs.ending(".new_data.json")]


def _tasks(one: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], dict[str, Any]]]:
    """Give each task of each model with its scores by metric, against all negatives."""
    out: list[tuple[Mapping[str, Any], dict[str, Any]]] = []
    for model in one["models"] or [{"model": "explainn", "why": "", "scores": []}]:
        tasks: dict[str, dict[str, Any]] = {}
        for score in model["scores"]:
            if score["against"] == "all":
                tasks.setdefault(score["task"], {})[score["metric"]] = score
        out += [(model, scores) for scores in tasks.values()] or [(model, {})]
    return out


def _silent(one: Mapping[str, Any], model: Mapping[str, Any]) -> bool:
    return bool(one["refused"] or model["why"])


def _said(one: Mapping[str, Any], model: Mapping[str, Any], scores: Mapping[str, Any]) -> str:
    if _silent(one, model):
        what = "could not be predicted" if one["refused"] else "predicted, not scored"
        why = one["refused"] or model["why"]
        return f'<div class="nfx-one">{what}: {escape(why)}</div>'
    known = [
        f"{METRICS[metric]} {short(score['value'], 3)}"
        for metric, score in scores.items()
        if metric in METRICS and score["value"] is not None
    ]
    first = next(iter(scores.values()))
    task = first["task"]
    named = [name_of(model["model"])] if len(one["models"]) > 1 else []
    named += [task] if task not in (one["dataset"], "*") else []
    title = f'<span class="nfx-taskname">{escape(" · ".join(named))}</span>' if named else ""
    share = ""
    if first["prevalence"] is not None:
        share = f"{thousands(first['positives'])} positives of {thousands(first['n'])}"
    notes = {score["note"] for score in scores.values() if score["note"]}
    return (
        f'<div class="nfx-one">{title}{", ".join(known) or "no score"}'
        f'<span class="nfx-faint">{escape("; ".join(filter(None, [share, *sorted(notes)])))}</span>'
        "</div>"
    )


def _minded(one: Mapping[str, Any]) -> list[str]:
    """Say what to mind: sequences that the models have seen, and such as are unlike theirs."""
    out = []
    if one["seen"]:
        out.append(
            f"{plural(one['seen'], 'sequence')} of {escape(one['dataset'])} "
            f"{'is' if one['seen'] == 1 else 'are'} among those that the models of"
            f" {escape(one['models_of'])} were trained, validated or tested on, or overlap these by"
            " more than half: the scores leave these out."
        )
    elif one["seen"] is None and not one["refused"]:
        out.append(
            f"The data set of the models of {escape(one['models_of'])} is not there, so sequences"
            " that these have seen are in the scores."
        )
    like = one["likeness"]
    if like["known"] and (like["low"] + like["high"]) / like["known"] > _UNLIKE:
        share = 100 * (like["low"] + like["high"]) / like["known"]
        out.append(
            f"{share:.0f}&nbsp;% of {escape(one['dataset'])} are unlike the training data of"
            f" {escape(one['models_of'])} (2&nbsp;% of held-out sequences are)."
        )
    return out


def _methods(values: Values, _: Sequence[str], cite: Cite) -> str:
    width = values.get("width")
    of = f" in windows of {escape(width)} bp" if width else ""
    return (
        f"New data sets were prepared as those of the training{of}, predicted by all replicates of"
        f" the trained models {cite('explainn')}, and scored by the mean of these, without the"
        " sequences that the models were trained, validated or tested on, and without windows that"
        " overlap these by more than half."
    )


PART = Part(
    CHAPTER,
    lambda page, content: write_new_data(page, content.inputs),
    methods=Methods("new_data.json", _methods),
    answers=answers,
)
