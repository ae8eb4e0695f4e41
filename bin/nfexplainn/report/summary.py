"""The first screen: is the model usable, which motifs drive it, and how sure is that."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nfexplainn.features import assay_facts
from nfexplainn.page import scores as sc
from nfexplainn.page.chapters import EVIDENCE, MOTIFS, PERFORMANCE, SUMMARY
from nfexplainn.page.evidence import (
    Evidence,
    ModelEvidence,
    evidence_of,
    found_in,
    of_model,
    row_name,
    share_of,
)
from nfexplainn.page.load import DatasetResult, Inputs, ModelResult, number
from nfexplainn.page.mqc import Page, escape, lines, plural, thousands
from nfexplainn.page.style import title_of
from nfexplainn.page.task_blocks import (
    DOUBTFUL,
    STATES,
    badge,
    blocks_of,
    show_block,
    show_together,
    tasks_of,
)
from nfexplainn.page.units import Unit, evidence, logo_symbols, top_units
from nfexplainn.report.data import NO_MODEL
from nfexplainn.report.evidence import evidence_logos
from nfexplainn.report.motifs import ALL
from nfexplainn.report.readings import lost

MOTIFS_PER_TASK = 3
NAMES = 3
LOSSES = 2
_STYLE = Path(__file__).with_name("page.css")


def write_summary(
    page: Page,
    inputs: Inputs,
    units: Mapping[int, Sequence[Unit]],
    shown: Sequence[Unit],
    everything: Inputs | None = None,
) -> None:
    """Write the summary section, with the page's style and all logos, and ``summary.tsv``.

    Parameters
    ----------
    page : Page
    inputs : Inputs
    units : mapping
        Position of a model in ``inputs.models`` -> its units, best first.
    shown : sequence of Unit
        Units whose logos the page refers to.
    everything : Inputs, optional
        With the models that are only compared, since other chapters show logos of these too.
    """
    room = _room(inputs)
    known: Evidence = evidence_of(inputs)
    body, table = [], []
    position = 0
    for dataset in inputs.datasets:
        if not dataset.models:
            body.append(_row_without_model(dataset))
            table.append(_plain(dataset, None))
        for model in dataset.models:
            found = units.get(position, [])
            links = _links(page, inputs, model)
            own = of_model(known, model)
            body.append(_row(dataset, model, found, room, links, own))
            table += _table_rows(dataset, model, found, own)
            position += 1
    logos = evidence_logos(evidence_of(everything or inputs))
    markup = (
        f"{style_markup()}{logo_symbols(shown, logos)}{headline(inputs)}<div"
        ' class="table-responsive"><table class="table nfx-summary mqc_per_sample_table"'
        ' id="nfx_summary_table"><thead><tr><th>Data set</th><th><span'
        ' class="nfx-task"><span>Score on the test'
        f" set</span><span>{_heading(known)}</span></span></th><th>Reason and next"
        f" step</th></tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )
    page.section(SUMMARY, "", "html", markup)
    columns = list(dict.fromkeys(key for row in table for key in row))
    page.tsv("summary", columns, table)


def summary_units(inputs: Inputs, units: Mapping[int, Sequence[Unit]]) -> list[Unit]:
    """Units that the summary names, whose logos it needs."""
    motif_count, task_limit = _room(inputs)
    pairs = [(dataset, model) for dataset in inputs.datasets for model in dataset.models]
    return [
        unit
        for position, (dataset, model) in enumerate(pairs)
        for block in blocks_of(dataset, model, units.get(position, []), motif_count, task_limit)[0]
        for unit in top_units(units.get(position, []), block.tasks[0], motif_count)
    ]


def _room(inputs: Inputs) -> tuple[int, int]:
    """How many motifs per task and how many tasks per data set fit the first screen."""
    if _crowded(inputs):
        return 2, 3
    tasks = sum(max(1, len(model.tasks)) for model in inputs.models)
    return (MOTIFS_PER_TASK if tasks <= 4 else 2), 6


def _crowded(inputs: Inputs) -> bool:
    return sum(max(1, len(model.tasks)) for model in inputs.models) > 12


def verdict_of(dataset: DatasetResult, model: ModelResult | None) -> str:
    """Give ``usable``, ``weak``, ``unusable`` or, where nothing was trained, ``none``.

    ``scored`` are models without units, which are only compared; ``error`` are data sets of which
    a file could not be read.
    """
    if dataset.state == "error":
        return "error"
    if model is None or dataset.state != "ok":
        return "none"
    verdict = str(model.verdict.get("verdict", "scored" if model.metrics else "none"))
    return verdict if verdict in STATES else "none"


def style_markup() -> str:
    """Give the style of our sections, on one line."""
    text = re.sub(r"\s+", " ", _STYLE.read_text(encoding="utf-8"))
    return f"<style>{text}</style>"


def headline(inputs: Inputs) -> str:
    """Say how many data sets there are, and how many models have which verdict."""
    pairs = [(dataset, model) for dataset in inputs.datasets for model in dataset.models]
    count = Counter(verdict_of(dataset, model) for dataset, model in pairs)
    count.update(verdict_of(dataset, None) for dataset in inputs.datasets if not dataset.models)
    parts = [f"{badge(state)} {thousands(count[state])}" for state in STATES if count[state]]
    return (
        f'<p class="nfx-headline">{plural(len(inputs.datasets), "data set")}: '
        f"{' '.join(f'<span>{part}</span>' for part in parts)}"
        '<span class="nfx-how">How to read this page: <code>docs/output.md</code> of the pipeline'
        "</span></p>"
    )


def _row(
    dataset: DatasetResult,
    model: ModelResult,
    units: Sequence[Unit],
    room: tuple[int, int],
    links: Mapping[str, str],
    known: ModelEvidence | None,
) -> str:
    scores = sc.model_scores(model)
    motif_count, task_limit = room
    shown, left = blocks_of(dataset, model, units, motif_count, task_limit, known)
    named = len(shown) > 1 or any(len(block.tasks) > 1 for block in shown) or bool(left)
    blocks = [show_together(dataset, scores, one) for one in sc.together(scores)]
    blocks += [
        show_block(
            dataset, scores, block, named, units, motif_count, known, links.get("groups", "")
        )
        for block in shown
    ]
    if left:
        blocks.append(_more(model, left, links))
    state = verdict_of(dataset, model)
    verdict = model.verdict
    value = number(verdict.get("value"))
    advice = str(verdict.get("advice") or "")
    doubt = "" if state == "usable" else ' class="nfx-doubt"'
    return (
        f"<tr{doubt}>{_name_cell(dataset, model, links['motifs'])}"
        f'<td data-sorting-val="{-1 if value is None else value:.4f}">{"".join(blocks)}</td>'
        f"{_why_cell(str(verdict.get('reason') or ''), advice)}</tr>"
    )


def _links(page: Page, inputs: Inputs, model: ModelResult) -> dict[str, str]:
    """Where the scores and the motifs of a model stand; empty where nowhere."""
    title = title_of(model, inputs.models)
    return {
        "scores": page.link(PERFORMANCE, "Scores"),
        "motifs": page.link(MOTIFS, title, ALL),
        "groups": page.link(EVIDENCE, title),
    }


def _more(model: ModelResult, left: Sequence[str], links: Mapping[str, str]) -> str:
    """Say what is not shown here, and where it is."""
    judged = model.verdict.get("tasks") or {}
    count = Counter(judged.get(task, {}).get("verdict") for task in left)
    doubtful = [f"{count[state]} of them {STATES[state][1]}" for state in DOUBTFUL if count[state]]
    said = f" ({', '.join(doubtful)})" if doubtful else ""
    where = [f'<a href="{link}">{words}</a>' for words, link in links.items() if link]
    see = f": {', '.join(where)}" if where else ""
    return f'<div class="nfx-more">and {plural(len(left), "more task")}{said}{see}</div>'


def _row_without_model(dataset: DatasetResult) -> str:
    return (
        f"<tr>{_name_cell(dataset, None)}"
        '<td data-sorting-val="-1"><span class="nfx-faint">not trained</span></td>'
        f"{_why_cell(dataset.reason or NO_MODEL, dataset.advice)}</tr>"
    )


def _name_cell(dataset: DatasetResult, model: ModelResult | None, link: str = "") -> str:
    state = verdict_of(dataset, model)
    facts = []
    if len(dataset.models) > 1 and model is not None:
        facts.append(escape(model.name))
    if label := assay_facts(dataset.meta.get("assay")).label:
        facts.append(escape(label))
    total = sum(number(row["sequences"]) or 0 for row in dataset.counts if row["task"] == "*")
    if total:
        facts.append(f"{thousands(total)} sequences")
    if "strand_symmetric" in dataset.meta:
        both = dataset.meta["strand_symmetric"]
        facts.append("both strands" if both else "oriented: the given strand only")
    tested = sc.tested_folds(model) if model is not None else 0
    if held_out := held_out_part(dataset.meta, tested):
        facts.append(f"tested on {escape(held_out)}")
    facts += [f"<b>{escape(sentence)}</b>" for sentence in lost(dataset)[:LOSSES]]
    name = escape(dataset.id)
    if link:
        name = f'<a href="{link}" title="Its motif table">{name}</a>'
    return (
        f'<th scope="row" data-sorting-val="{list(STATES).index(state)} {escape(dataset.id)}">'
        f'<span class="nfx-name">{name}</span>{badge(state)}'
        f'<span class="nfx-faint">{" · ".join(facts)}</span></th>'
    )


def held_out_part(meta: Mapping[str, Any], tested_folds: int = 0) -> str:
    """Say what the test part is where it is not a random one; else, or if unknown, nothing.

    Parameters
    ----------
    meta : mapping
        The data set's header.
    tested_folds : int
        Of a model: fewer than there are where trainings diverged; 0 where it is not known.

    Returns
    -------
    str
        As ``chr8 and chr9``, or ``At (column species)``.
    """
    extra = meta.get("extra") or {}
    kind = extra.get("split_by")
    if (folds := meta.get("folds", 1)) > 1:
        if 0 < tested_folds < folds:
            return f"the sequences of {tested_folds} of {folds} folds; the other trainings diverged"
        return f"every sequence once ({folds}-fold cross-validation)"
    if kind == "homology":
        return "sequences similar to none of training"
    if kind == "chromosome":
        return _some(extra.get("test_chromosomes") or (), "chromosomes")
    # Of older results the notes tell what was taken at random.
    drawn = " ".join(re.findall(r"gives no (.*) part", " ".join(meta.get("notes") or ())))
    if kind != "given" or "test" in extra.get("split_at_random", drawn.split()):
        return ""
    column = extra.get("split_column")
    if column is None:
        return assay_facts(meta.get("assay")).test_rows
    groups = (extra.get("split_groups") or {}).get("test") or ()
    if not groups:
        return f"the test part of column {column}"
    return f"{_some(groups, 'groups')} (column {column})"


def _some(names: Sequence[str], noun: str) -> str:
    """Name a few, or count them."""
    if len(names) > NAMES:
        return f"{len(names)} {noun}"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _why_cell(reason: str, advice: str) -> str:
    step = f'<span class="nfx-next"><b>Next:</b> {escape(advice)}</span>' if advice else ""
    return f'<td class="nfx-why">{lines(reason)} {step}</td>'


def _plain(dataset: DatasetResult, model: ModelResult | None) -> dict[str, object]:
    verdict = model.verdict if model is not None else {}
    return {
        "dataset": dataset.id,
        "model": model.name if model is not None else None,
        "verdict": verdict_of(dataset, model),
        "reason": verdict.get("reason") or dataset.reason,
        "advice": verdict.get("advice") or dataset.advice,
    }


def _table_rows(
    dataset: DatasetResult,
    model: ModelResult,
    units: Sequence[Unit],
    known: ModelEvidence | None,
) -> list[dict[str, object]]:
    scores = sc.model_scores(model)
    metric = sc.task_metric(scores)
    rows = []
    tasks = [(task, metric) for task in tasks_of(dataset, model)]
    for task, metric in tasks + [("*", one) for one in sc.together(scores)]:
        score = sc.pick(scores, task, metric)
        row = _plain(dataset, model) | {
            "task": task,
            "metric": metric,
            "value": score.mean if score else None,
            "sd": score.sd if score else None,
            "prevalence": score.prevalence if score else None,
            "leading_motifs": _motif_names(units, task, known),
        }
        for baseline in sc.BASELINES:
            found = sc.pick(sc.baseline_scores(dataset, baseline), task, metric)
            row[f"baseline_{baseline}"] = found.mean if found else None
        rows.append(row)
    return rows or [_plain(dataset, model)]


def _motif_names(units: Sequence[Unit], task: str, known: ModelEvidence | None) -> str:
    """Name the supported motifs of a task, or the strongest where nothing was tested."""
    if known is not None:
        return "; ".join(
            f"{row['family'] or row_name(row)} ({row['motif']}, {share_of(row)}, q {row['q']},"
            f" {found_in(row)})"
            for row in known.supported(task)
        )
    best = top_units(units, task, MOTIFS_PER_TASK)
    return "; ".join(
        f"{unit.annotation or unit.name} ({unit.id}, {evidence(unit)})" for unit in best
    )


def _heading(known: Evidence) -> str:
    return "Motifs that unseen sequences support" if known else "Strongest motifs"
