"""How well the models predict the test set, beside what is known without a motif."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nfexplainn.page import scores as sc
from nfexplainn.page.chapters import PERFORMANCE, Part
from nfexplainn.page.load import DatasetResult, Inputs, ModelResult
from nfexplainn.page.mqc import Cell, Page, cell, escape, raw_cell
from nfexplainn.page.style import ROW_LIMIT, capped, title_of
from nfexplainn.page.task_blocks import DOUBTFUL, STATES

BAR_LIMIT = 60
BARS_IN_FULL = 20
# Drawn from the bottom up. A long name covers the bars where the page is narrow.
_BARS = {
    "chance": {"name": "Chance", "color": "#d9d9d9"},
    "gc": {"name": "GC content", "color": "#999999"},
    "kmer4": {"name": "4-mers", "color": "#e69f00"},
    "model": {"name": "Model", "color": "#0072b2"},
}
_COLUMNS = (
    "dataset",
    "model",
    "task",
    "split",
    "against",
    "metric",
    "mean",
    "sd",
    "replicates",
    "n",
    "positives",
    "prevalence",
    "note",
)


def write_performance(page: Page, inputs: Inputs) -> None:
    """Write the bars and the table of scores, ``performance.tsv`` and ``metrics.tsv``."""
    pairs = [(dataset, model) for dataset in inputs.datasets for model in dataset.models]
    averaged = {id(model): sc.model_scores(model) for _, model in pairs}
    pairs = [pair for pair in pairs if averaged[id(pair[1])]]
    _tables(page, inputs)
    if not pairs:
        return
    models = [model for _, model in pairs]
    bars: dict[str, dict[str, dict[str, float]]] = {}
    rows: dict[str, dict[str, Cell]] = {}
    for dataset, model in pairs:
        scores = averaged[id(model)]
        metric = sc.task_metric(scores)
        tasks = [(task, metric) for task in sc.scored_tasks(model, scores, metric)]
        tasks += [("*", one) for one in sc.together(scores) if ("*", one) not in tasks]
        for task, judged in tasks:
            name = title_of(model, models)
            if len(tasks) > 1:
                name += f" · {sc.TOGETHER[judged] if task == '*' else task}"
            known = _compare(dataset, scores, judged, task)
            bars.setdefault(judged, {})[escape(name)] = known
            rows[name] = _row(model, scores, judged, task, known)
    _bars(page, bars)
    used = {key for row in rows.values() for key, value in row.items() if value is not None}
    page.table(
        PERFORMANCE,
        "Scores",
        dict(list(rows.items())[:ROW_LIMIT]),
        {key: header for key, header in _headers().items() if key in used},
        first="Data set",
        description="Mean over the replicates on the test set, ± the standard"
        f" deviation.{_folded(inputs)} AUPRC is the average precision; chance is the share of"
        " positives, or of the largest class, and 0.5 for AUROC."
        + capped(len(rows), ROW_LIMIT, "performance"),
    )


def _folded(inputs: Inputs) -> str:
    """Say what the test set is with folds."""
    if not inputs.folded:
        return ""
    return " With folds each replicate is tested on a fold of its own; the mean is over the folds."


def _compare(
    dataset: DatasetResult, scores: list[sc.Score], metric: str, task: str
) -> dict[str, float]:
    """Gather the score of the model, of each baseline, and of chance where it is known."""
    out: dict[str, float] = {}
    score = sc.pick(scores, task, metric)
    if score is not None and score.mean is not None:
        out["model"] = score.mean
    for baseline in ("kmer4", "gc"):
        found = sc.pick(sc.baseline_scores(dataset, baseline), task, metric)
        if found is not None and found.mean is not None:
            out[baseline] = found.mean
    if score is not None and metric == "auprc" and score.prevalence is not None:
        out["chance"] = score.prevalence
    if score is not None and metric == "auroc":
        out["chance"] = 0.5
    share = sc.largest_class(dataset) if (task, metric) == ("*", "accuracy") else None
    if share is not None:
        out["chance"] = share
    return out


def _row(
    model: ModelResult, scores: list[sc.Score], metric: str, task: str, known: Mapping[str, float]
) -> dict[str, Cell]:
    score = sc.pick(scores, task, metric)
    pure = sc.pick(scores, task, metric, against="pure")
    judged = model.verdict.get("tasks") or {}
    own = judged.get(task, model.verdict) if len(judged) > 1 else model.verdict
    state = str(own.get("verdict") or "")
    # The summary has no room for all doubtful tasks of a large data set: here all reasons stand.
    doubt = own.get("reason") if state in DOUBTFUL and own is not model.verdict else ""
    note = " ".join(filter(None, (score.note if score else "", doubt)))
    row: dict[str, Cell] = {
        "verdict": cell(STATES[state][1] if state in STATES else state),
        "metric": cell(sc.label(metric, task)),
        "mean": known.get("model"),
        "sd": score.sd if score else None,
        "kmer4": known.get("kmer4"),
        "gc": known.get("gc"),
        "chance": known.get("chance"),
        "pure": pure.mean if pure else None,
        "n": score.n if score else None,
        "positives": score.positives if score else None,
        "note": raw_cell(f'<span class="nfx-w nfx-wide">{escape(note)}</span>') if note else None,
    }
    for other in sc.METRICS:
        found = sc.pick(scores, task, other)
        if other != metric and found is not None:
            row[other] = found.mean
    valid = sc.pick(scores, task, metric, split="valid")
    row["valid"] = valid.mean if valid else None
    return row


def _headers() -> dict[str, dict[str, Any]]:
    score = {"format": "{:,.3f}"}
    count = {"format": "{:,.0f}"}
    headers: dict[str, dict[str, Any]] = {
        "verdict": {"title": "Verdict", "description": "Of the task, where there are several"},
        "metric": {
            "title": "Metric",
            "description": "Of the score; the verdict names its own",
        },
        "mean": {"title": "Score", "description": "Mean over replicates, test set", **score},
        "sd": {"title": "±", "description": "Standard deviation over replicates", **score},
        "kmer4": {"title": "4-mers", "description": "Logistic or linear 4-mer baseline", **score},
        "gc": {"title": "GC", "description": "The same metric from GC content alone", **score},
        "chance": {
            "title": "Chance",
            "description": "Share of positives, or of the largest class; AUROC: 0.5",
            **score,
        },
        "pure": {
            "title": "Pure negatives",
            "description": "Score against negatives that overlap no peak of any task",
            **score,
        },
        "valid": {"title": "Validation", "description": "The metric on validation", **score},
    }
    for metric in sc.METRICS:
        headers[metric] = {"title": sc.label(metric), "description": "On the test set", **score}
    headers["accuracy"]["description"] = "Test set; of one class: its recall"
    headers["positives"] = {"title": "Positives", "description": "In the test set", **count}
    headers["n"] = {"title": "Sequences", "description": "Of known label, test set", **count}
    headers["note"] = {"title": "Note", "description": "Why there is no score, or a caveat"}
    return headers


def _bars(page: Page, bars: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    panels = []
    cut = 0
    for scores in bars.values():
        cut += max(0, len(scores) - BAR_LIMIT)
        panels.append(dict(list(scores.items())[:BAR_LIMIT]))
    metrics = [sc.label(metric) for metric in bars]
    few = {key: bar for key, bar in _BARS.items() if key in ("kmer4", "model")}
    bar_kinds = few if sum(map(len, panels)) > BARS_IN_FULL else _BARS
    note = f" The first {BAR_LIMIT} are drawn; all are in the table." if cut else ""
    page.section(
        PERFORMANCE,
        "Against baselines",
        "bargraph",
        panels if len(panels) > 1 else panels[0],
        description="Test set, mean over the replicates, compared with models of GC content and"
        " of 4-mers. Chance is the prevalence (several classes: the share of the largest) and 0.5"
        f" for AUROC.{note}",
        categories=[bar_kinds] * len(panels) if len(panels) > 1 else bar_kinds,
        pconfig={
            "stacking": "group",
            "cpswitch": False,
            "hide_zero_cats": False,
            "sort_samples": False,
            "tt_decimals": 3,
            "ylab": metrics[0],
            "ymax": 1,
            "data_labels": (
                [{"name": metric, "ylab": metric} for metric in metrics] if len(panels) > 1 else []
            ),
        },
    )


def _tables(page: Page, inputs: Inputs) -> None:
    averaged: list[dict[str, object]] = []
    single: list[dict[str, object]] = []
    for dataset in inputs.datasets:
        groups = [(model.name, sc.model_scores(model)) for model in dataset.models]
        groups += [(name, sc.baseline_scores(dataset, name)) for name in sc.BASELINES]
        for name, scores in groups:
            averaged += [
                {
                    **{key: getattr(s, key) for key in _COLUMNS if hasattr(s, key)},
                    "dataset": dataset.id,
                    "model": name,
                    "replicates": len(s.values),
                }
                for s in scores
            ]
        for model in dataset.models:
            single += [dict(row) for rows in model.metrics.values() for row in rows]
        single += [dict(row) for row in dataset.baseline]
    page.tsv("performance", _COLUMNS, averaged)
    if single:
        page.tsv("metrics", list(single[0]), single)


PART = Part(PERFORMANCE, lambda page, content: write_performance(page, content.everything))
