"""The tasks of a data set in the summary: the doubtful first, those of the same motifs joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nfexplainn.features import assay_facts
from nfexplainn.page import scores as sc
from nfexplainn.page.evidence import ModelEvidence, supported_motifs
from nfexplainn.page.load import DatasetResult, ModelResult
from nfexplainn.page.mqc import DASH, escape, short, thousands
from nfexplainn.page.units import Unit, arrow, evidence, logo, top_units

# As in ``summary.tsv`` and ``verdict.json``, the best first: a mark, and the words of the page.
STATES = {
    "usable": ("✓", "usable"),
    "weak": ("!", "weak"),
    "unusable": ("✕", "not usable"),
    "scored": (DASH, "not judged"),
    "error": ("✕", "error"),
    "none": (DASH, "no model"),
}
DOUBTFUL = ("unusable", "weak")
# Joined tasks take a line or two each, so more of them fit than blocks.
_TASKS_PER_BLOCK = 2


@dataclass(frozen=True)
class Block:
    """Tasks that are shown together, with their motifs once.

    Attributes
    ----------
    tasks : tuple of str
        One, or several that have the same strongest motifs.
    state, reason : str
        The task's own verdict and its reason where it is doubtful; else empty.
    """

    tasks: tuple[str, ...]
    state: str = ""
    reason: str = ""


def badge(state: str) -> str:
    """Show a verdict by a mark and words, not by colour alone."""
    mark, words = STATES[state]
    return (
        f'<span class="nfx-badge nfx-{state}"><span aria-hidden="true">{mark}</span> {words}</span>'
    )


def tasks_of(dataset: DatasetResult, model: ModelResult) -> list[str]:
    """Give the tasks in the order of reading: of selection the last cycle tells most."""
    scores = sc.model_scores(model)
    tasks = sc.scored_tasks(model, scores, sc.task_metric(scores))
    return tasks[::-1] if assay_facts(dataset.meta.get("assay")).selection else tasks


def blocks_of(
    dataset: DatasetResult,
    model: ModelResult,
    units: Sequence[Unit],
    motifs: int,
    limit: int,
    found: ModelEvidence | None = None,
) -> tuple[list[Block], list[str]]:
    """Sort the tasks of a model into what the summary shows, and what is left to other chapters.

    Parameters
    ----------
    dataset : DatasetResult
    model : ModelResult
    units : sequence of Unit
        Best first.
    motifs : int
        Motifs shown per task.
    limit : int
        Blocks at most. Where some tasks are usable, one block is theirs.
    found : ModelEvidence, optional
        Of the model; without it the units with the largest effects are shown.

    Returns
    -------
    shown : list of Block
        Unusable tasks first, then weak ones, each alone; then the others.
    left : list of str
        Tasks that are not shown.
    """
    tasks = tasks_of(dataset, model)
    judged: Mapping[str, Any] = model.verdict.get("tasks") or {}
    doubtful = [
        Block((task,), state, str(judged[task].get("reason") or ""))
        for state in DOUBTFUL
        for task in tasks
        if len(tasks) > 1 and judged.get(task, {}).get("verdict") == state
    ]
    apart = {block.tasks[0] for block in doubtful}
    alike: dict[tuple[object, ...], list[str]] = {}
    for task in tasks:
        if task not in apart:
            alike.setdefault(_shown(units, task, motifs, found), []).append(task)
    shown = doubtful[: limit - 1 if alike else limit]
    room = _TASKS_PER_BLOCK * limit - len(shown)
    for same in list(alike.values())[: limit - len(shown)]:
        if room > 0:
            shown.append(Block(tuple(same[:room])))
            room -= len(same)
    seen = {task for block in shown for task in block.tasks}
    return shown, [task for task in tasks if task not in seen]


def _shown(
    units: Sequence[Unit], task: str, motifs: int, found: ModelEvidence | None
) -> tuple[object, ...]:
    """Tell tasks apart by what is shown of their motifs."""
    if found is not None:
        return tuple((row["motif"], row["direction"]) for row in found.supported(task)[:motifs])
    best = top_units(units, task, motifs)
    return tuple((unit.id, unit.in_task(task).direction) for unit in best)


def show_block(
    dataset: DatasetResult,
    scores: Sequence[sc.Score],
    block: Block,
    named: bool,
    units: Sequence[Unit],
    motifs: int,
    found: ModelEvidence | None = None,
    link: str = "",
) -> str:
    """Show the scores of a block's tasks, their motifs, and what is doubtful about them."""
    metric = sc.task_metric(scores)
    lines = "".join(
        f'<div class="nfx-one">{_head(task, block.state) if named else ""}'
        f"{_score(dataset, scores, metric, task)}</div>"
        for task in block.tasks
    )
    if found is None:
        shown = _motifs(units, block.tasks[0], motifs)
    else:
        shown = supported_motifs(found, block.tasks[0], motifs, link)
    own = f'<div class="nfx-own">{escape(block.reason)}</div>' if block.reason else ""
    doubt = " nfx-doubt" if block.state else ""
    return (
        f'<div class="nfx-task{doubt}"><div>{lines}</div>'
        f'<div class="nfx-motifs">{shown}</div>{own}</div>'
    )


def show_together(dataset: DatasetResult, scores: Sequence[sc.Score], metric: str) -> str:
    """Say what holds of all tasks together."""
    more = ""
    if metric == "pearson_regions":
        well = sc.pick(scores, "*", "well_predicted")
        if well is not None and well.mean is not None:
            more = f"{sc.label('well_predicted')}: {100 * well.mean:.0f} % of {thousands(well.n)}"
            more += " regions"
    return (
        f'<div class="nfx-task"><div>{_head(sc.TOGETHER[metric], "")}'
        f"{_score(dataset, scores, metric, '*')}</div>"
        f'<div class="nfx-faint">{more}</div></div>'
    )


def _head(task: str, state: str) -> str:
    mark = f" {badge(state)}" if state else ""
    return f'<span class="nfx-taskname">{escape(task)}</span>{mark} '


def _score(dataset: DatasetResult, scores: Sequence[sc.Score], metric: str, task: str) -> str:
    score = sc.pick(scores, task, metric)
    if score is None or score.mean is None:
        note = escape(score.note) if score is not None and score.note else "no test score"
        return f'<span class="nfx-faint">{note}</span>'
    sd = "" if score.sd is None else f" ± {short(score.sd)}"
    against = []
    for baseline, words in sc.BASELINES.items():
        found = sc.pick(sc.baseline_scores(dataset, baseline), task, metric)
        if found is not None and found.mean is not None:
            against.append(f"{words} {short(found.mean)}")
    if score.prevalence is not None and metric != "auroc":
        against.append(f"prevalence {short(score.prevalence)}")
    if (metric, task) == ("accuracy", "*") and (share := sc.largest_class(dataset)) is not None:
        against.append(f"largest class {short(share)}")
    return (
        f'<span class="nfx-score">{sc.label(metric, task)} <b>{short(score.mean)}</b>{sd}'
        f'</span><span class="nfx-faint">{" · ".join(f"<span>{one}</span>" for one in against)}'
        "</span>"
    )


def _motifs(units: Sequence[Unit], task: str, count: int) -> str:
    best = top_units(units, task, count)
    if not best:
        return '<span class="nfx-faint">no motif with a positive effect</span>'
    return "".join(
        f'<div class="nfx-motif">{logo(unit)}<span><b>{escape(unit.name)}</b>'
        f"{arrow(unit.in_task(task))}{_also(unit)}"
        f'<span class="nfx-faint">{evidence(unit)}</span></span></div>'
        for unit in best
    )


def _also(unit: Unit) -> str:
    others = ", ".join(unit.names[1:])
    return f' <span class="nfx-also">or {escape(others)}</span>' if others else ""
