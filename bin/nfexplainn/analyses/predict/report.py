"""Predicted sequences: how they are distributed, the highest, and how like the training data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from nfexplainn.io.reading import read_json
from nfexplainn.page.chapters import Answer, Chapter, Cite, Methods, Part, Values
from nfexplainn.page.load import Inputs
from nfexplainn.page.mqc import Cell, Page, cell, escape, plural, short, thousands
from nfexplainn.page.style import PANEL_LIMIT, ROW_LIMIT, capped, name_of

CHAPTER = Chapter(
    "nfx_predictions",
    "Predictions",
    565,
    "what every model predicts for your sequences, how well the replicates agree, and how similar"
    " the sequences are to the training data, with [`--predict`](usage/apply.md)",
    lead=(
        "The sequences given with <code>--predict</code>. A prediction is the mean over the"
        " replicates of a model. A <b>probability</b> is calibrated on the validation part, so it"
        " assumes that part's share of positives: where yours are rarer, it is too high."
    ),
)

COLUMNS = (
    *("dataset", "model", "task", "replicates", "sequences", "calibrated"),
    *("median", "q05", "q95", "least", "largest", "above_half", "range"),
)
UNLIKE = "unlike the training data"
TASKS = 6
"""Tasks of a model on the first screen."""


@dataclass(frozen=True)
class Predicted:
    """What was predicted with the models of a data set, as ``D.predicted.json`` tells it."""

    dataset: str
    told: Mapping[str, Any]

    @property
    def sequences(self) -> int:
        """Number of sequences."""
        return int(self.told["sequences"])

    @property
    def tasks(self) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Every task of every model: the model, and the task."""
        return [(model, task) for model in self.told["models"] for task in model["tasks"]]


def predicted_of(inputs: Inputs) -> list[Predicted]:
    """Give what was predicted, by data set in natural order."""
    return [
        Predicted(dataset, read_json(str(path), str(path)))
        for dataset, _, _, path in inputs.ending(".predicted.json")
    ]


def write_predicted(page: Page, inputs: Inputs) -> None:
    """Write the distributions, the highest predictions, and ``predictions.tsv``."""
    found = predicted_of(inputs)
    if not found:
        return
    page.tsv("predictions", COLUMNS, (row for one in found for row in table_rows(one)))
    _distributions(page, found)
    for one in found[:PANEL_LIMIT]:
        _highest(page, one)


def table_rows(one: Predicted) -> list[dict[str, object]]:
    """Give a row per model and task, under :data:`COLUMNS`."""
    rows: list[dict[str, object]] = []
    for model, task in one.tasks:
        shares = task["quantiles"]
        rows.append(
            {
                "dataset": one.dataset,
                "model": model["model"],
                "task": task["task"],
                "replicates": len(model["replicates"]),
                "sequences": one.sequences,
                "calibrated": task["calibrated"],
                "median": shares.get("50"),
                "q05": shares.get("5"),
                "q95": shares.get("95"),
                "least": shares.get("0"),
                "largest": shares.get("100"),
                "above_half": task["above_half"],
                "range": task["range"],
            }
        )
    return rows


def warnings_of(one: Predicted) -> list[str]:
    """Say what to mind of the sequences, as HTML: unlike the training data, seen, cut, left out."""
    out = []
    like = one.told["likeness"]
    if like["known"]:
        unlike = like["low"] + like["high"]
        share = unlike / like["known"]
        if share > 0.05:
            out.append(
                f"<b>{100 * share:.0f}&nbsp;% are {UNLIKE}</b> (2&nbsp;% of held-out sequences"
                f" are): {thousands(like['low'])} below and {thousands(like['high'])} above all"
                " but 1&nbsp;% of these. Predictions for such sequences are extrapolations."
            )
    elif like["reason"]:
        out.append(
            f"Their similarity to the training data is unknown: {escape(like['reason'])}. It is"
            " also unknown whether its assay padded sequences with N or trimmed their ends."
        )
    unknown = one.told.get("unknown", 0)
    if unknown:
        many = f"{plural(unknown, 'sequence')} of these {'is' if unknown == 1 else 'are'}"
        out.append(
            f"<b>{many} more than 10&nbsp;% N</b>, as in gaps of an assembly: the models read too"
            " few bases there, so their predictions are unreliable."
        )
    seen = one.told.get("seen", 0)
    if seen:
        out.append(
            f"{plural(seen, 'sequence')} of these {'is' if seen == 1 else 'are'} among those that"
            " the models were trained, validated or tested on: their predictions there are no"
            " test."
        )
    out += [f"{thousands(count)} {escape(reason)}." for reason, count in one.told["notes"].items()]
    return out


def answers(inputs: Inputs) -> list[Answer]:
    """Say in short how the predictions of each data set are distributed."""
    found = []
    for one in predicted_of(inputs):
        blocks = [_task(one, model, task) for model, task in one.tasks[:TASKS]]
        left = len(one.tasks) - len(blocks)
        if left > 0:
            more = f"{plural(left, 'more task')}: tables/predictions.tsv"
            blocks.append(f'<div class="nfx-more">{more}</div>')
        models = plural(len(one.told["models"]), "model")
        about = f"{plural(one.sequences, 'sequence')}, {one.told['length']} bp, by {models}"
        found.append(Answer(one.dataset, about, blocks, warnings_of(one)))
    return found


def _task(one: Predicted, model: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    """Say in a line how the predictions of a task are distributed."""
    shares = task["quantiles"]
    names = [name_of(str(model["model"]))] if len(one.told["models"]) > 1 else []
    names += [str(task["task"])] if task["task"] != one.dataset else []
    title = f'<span class="nfx-taskname">{escape(" · ".join(names))}</span>' if names else ""
    if not shares:
        return f"<div>{title}no sequence</div>"
    middle, low, high = (short(shares[share], 2) for share in ("50", "5", "95"))
    if task["calibrated"]:
        above = int(task["above_half"])
        share = f"{100 * above / one.sequences:.0f}&nbsp;%"
        said = f"{thousands(above)} ({share}) with a probability of at least 0.5; median {middle}"
    else:
        said = f"median {middle}"
    count = len(model["replicates"])
    apart = f"; {plural(count, 'replicate')}"
    if count > 1 and task["range"] is not None:
        what = "logit" if task["calibrated"] else "value"
        apart += f" that differ by {short(task['range'], 2)} in the {what} (median range)"
    return (
        f'<div class="nfx-one">{title}{said}'
        f'<span class="nfx-faint">5&nbsp;% below {low}, 5&nbsp;% above {high}{apart}</span></div>'
    )


def _title(one: Predicted, model: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    parts = [one.dataset]
    if len(one.told["models"]) > 1:
        parts.append(name_of(model["model"]))
    if task["task"] != one.dataset:
        parts.append(task["task"])
    return " · ".join(parts)


def _distributions(page: Page, found: Sequence[Predicted]) -> None:
    """Draw a line per task: probabilities in one panel, other predictions in another."""
    panels: list[dict[str, list[list[float]]]] = [{}, {}]
    for one in found:
        for model, task in one.tasks:
            middles = [
                (low + high) / 2
                for low, high in zip(task["edges"], task["edges"][1:], strict=False)
            ]
            share = [count / max(one.sequences, 1) for count in task["counts"]]
            panel = panels[0 if task["calibrated"] else 1]
            if len(panel) < PANEL_LIMIT:
                points = zip(middles, share, strict=True)
                panel[_title(one, model, task)] = [[x, y] for x, y in points]
    names = ("Probability", "Prediction")
    kept = [(panel, name) for panel, name in zip(panels, names, strict=True) if panel]
    if not kept:
        return
    labels = [{"name": n, "xlab": n, "ylab": "Share of the sequences"} for _, n in kept]
    page.section(
        CHAPTER,
        "Distribution",
        "linegraph",
        [panel for panel, _ in kept] if len(kept) > 1 else kept[0][0],
        description="Share of the sequences in each of 40 bins of equal width."
        f" The first {PANEL_LIMIT} tasks; all are in <code>tables/predictions.tsv</code>.",
        pconfig={
            "xlab": kept[0][1],
            "ylab": "Share of the sequences",
            "ymin": 0,
            "showlegend": True,
            "data_labels": labels if len(kept) > 1 else [],
        },
    )


def _highest(page: Page, one: Predicted) -> None:
    """Write the sequences with the highest predictions of each task."""
    rows: dict[str, dict[str, Cell]] = {}
    several = len(one.tasks) > 1
    total = sum(len(task["top"]) for _, task in one.tasks)
    calibrated = any(task["calibrated"] for _, task in one.tasks)
    for model, task in one.tasks:
        for place, top in enumerate(task["top"], 1):
            if len(rows) >= ROW_LIMIT:
                break
            name = f"{_title(one, model, task)}: {place}" if several else str(place)
            rows[name] = {
                "sequence": cell(top["name"]),
                "probability": top["value"] if task["calibrated"] else None,
                "mean": top["mean"],
                "low": top["low"],
                "high": top["high"],
            }
    what = "Logit" if calibrated else "Value"
    headers: dict[str, dict[str, object]] = {
        "sequence": {"title": "Sequence"},
        "probability": {"title": "Probability", "format": "{:,.3f}"},
        "mean": {"title": what, "description": "Mean over the replicates", "format": "{:,.2f}"},
        "low": {"title": "Lowest", "description": "Of the replicates", "format": "{:,.2f}"},
        "high": {"title": "Highest", "description": "Of the replicates", "format": "{:,.2f}"},
    }
    if not calibrated:
        del headers["probability"]
    said = " ".join(warnings_of(one))
    page.table(
        CHAPTER,
        one.dataset,
        rows,
        headers,
        first="Rank",
        description=f"<p>{plural(one.sequences, 'sequence')}; the highest predictions first, all"
        f" of them in <code>{escape(one.dataset)}/predictions.tsv</code> and"
        f" <code>.parquet</code>.{capped(total, len(rows), 'predictions')} {said}</p>",
    )


def _methods(values: Values, _: Sequence[str], cite: Cite) -> str:
    file = values.get("predict")
    source = f" in {escape(PurePath(str(file)).name)}" if file else ""
    return (
        f"The sequences{source} were predicted by all replicates of each model. Logits became"
        f" probabilities by Platt's method {cite('platt')} per task (of classes that exclude each"
        f" other by one temperature {cite('temperature')}), fitted to each replicate's validation"
        " part with normal priors (mean 0, standard deviation 0.5) on the logarithm of the slope"
        " and on the offset, and were averaged over the replicates. Likeness is the percentile of"
        " a sequence's log-likelihood per base, under a Markov model of order five of the training"
        " part, among the held-out sequences."
    )


PART = Part(
    CHAPTER,
    lambda page, content: write_predicted(page, content.inputs),
    methods=Methods("predicted.json", _methods),
    answers=answers,
)
