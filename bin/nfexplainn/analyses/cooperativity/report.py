"""Pairs of motifs: curves over their distance, and in words whether each model sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nfexplainn.page.chapters import Chapter, Cite, Methods, Part, Values
from nfexplainn.page.load import Inputs, Row, number, read_table
from nfexplainn.page.mqc import MINUS, Cell, Page, cell, escape, power
from nfexplainn.page.style import COLOURS, ROW_LIMIT, capped, name_of

CHAPTER = Chapter(
    "nfx_cooperativity",
    "Cooperativity",
    590,
    "whether two motifs have more effect together than the sum of both, and whether their"
    " distance matters, with [`--cooperativity`](usage/cooperativity.md)",
    lead=(
        "Two motifs are put into random sequences, the first in the middle, the second at every"
        " distance (the paper's Figure 2). Shown is the effect of both beyond the sum of each:"
        " the prediction with both, minus that with each, plus that with none; 0 means that the"
        " effects are additive. As a control, the second motif is replaced by a word that is no"
        " motif."
    ),
)

PANEL_LIMIT = 12
# Which models add up parts that look for one motif each.
_ADDITIVE = ("explainn",)

Key = tuple[str, str]  # data set, pair


def write_cooperativity(page: Page, inputs: Inputs) -> None:
    """Write the curves, a row per pair and model, and the tables; nothing where nobody asked."""
    found = inputs.ending(".cooperativity_verdict.tsv")
    if not found:
        return
    verdicts = [row for *_, path in found for row in read_table(path)]
    curves = [row for *_, path in inputs.ending(".cooperativity.tsv") for row in read_table(path)]
    page.tsv("cooperativity_verdict", list(verdicts[0]) if verdicts else ["dataset"], verdicts)
    page.tsv("cooperativity", list(curves[0]) if curves else ["dataset"], curves)
    tasks = _strongest_tasks(verdicts)
    _curves(page, curves, tasks)
    _table(page, verdicts, tasks)


def _strongest_tasks(verdicts: Sequence[Row]) -> dict[Key, str]:
    """The task in which the first motif of a pair does most, over all models."""
    best: dict[Key, tuple[float, str]] = {}
    for row in verdicts:
        size = abs(number(row["first_effect"]) or 0.0)
        key = row["dataset"], row["pair"]
        if key not in best or size > best[key][0]:
            best[key] = size, row["task"]
    return {key: task for key, (_, task) in best.items()}


def _curves(page: Page, curves: Sequence[Row], tasks: Mapping[Key, str]) -> None:
    groups: dict[Key, dict[str, list[Row]]] = {}
    for row in curves:
        key = row["dataset"], row["pair"]
        if row["task"] == tasks.get(key):
            groups.setdefault(key, {}).setdefault(row["model"], []).append(row)
    if not groups:
        return
    several = len({dataset for dataset, _ in groups}) > 1
    panels, labels, colours, dashes = [], [], {}, {}
    # One colour for a model in all panels.
    places = {model: place for place, model in enumerate(dict.fromkeys(r["model"] for r in curves))}
    for (dataset, pair), models in list(groups.items())[:PANEL_LIMIT]:
        lines: dict[str, list[list[float]]] = {}
        for model, rows in models.items():
            for turn, sign in enumerate("+-"):
                mine = [row for row in rows if row["orientation"] == sign]
                shown = sign.replace("-", MINUS)
                kinds = {"": "difference"}
                if len(models) == 1:
                    kinds |= {", 95 % low": "difference_low", ", 95 % high": "difference_high"}
                for suffix, column in kinds.items():
                    name = f"{name_of(model)}, {shown} strand{suffix}"
                    lines[name] = _line(mine, column)
                    colours[name] = COLOURS[(2 * places[model] + turn) % len(COLOURS)]
                    dashes[name] = "dot" if suffix else "solid"
        panels.append(lines)
        title = f"{dataset}: {pair}" if several else pair
        labels.append({"name": escape(title), "ylab": "Both beyond the sum of each"})
    cut = f" The first {PANEL_LIMIT} of {len(groups)} pairs." if len(groups) > PANEL_LIMIT else ""
    page.section(
        CHAPTER,
        "Over the distance",
        "linegraph",
        panels if len(panels) > 1 else panels[0],
        description="Medians over the random sequences, by strand of the second motif"
        f" (with one model: and their 95 % intervals, dotted).{cut}",
        pconfig={
            "xlab": "Start of the second motif from the start of the first, bp",
            "ylab": "Both beyond the sum of each",
            "tt_decimals": 3,
            "showlegend": True,
            "colors": colours,
            "dash_styles": dashes,
            "data_labels": labels if len(panels) > 1 else [],
        },
    )


def _line(rows: Sequence[Row], column: str) -> list[list[float]]:
    pairs = ((float(row["second_start"]), number(row[column])) for row in rows)
    return [[start, round(value, 5)] for start, value in pairs if value is not None]


def _table(page: Page, verdicts: Sequence[Row], tasks: Mapping[Key, str]) -> None:
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in verdicts:
        if row["task"] == tasks[row["dataset"], row["pair"]]:
            groups.setdefault((row["dataset"], row["pair"], row["model"]), []).append(row)
    rows: dict[str, dict[str, Cell]] = {}
    for (dataset, pair, model), group in list(groups.items())[:ROW_LIMIT]:
        strongest = max(group, key=lambda row: number(row["range"]) or 0.0)
        p = number(strongest["p"])
        share = number(strongest["relative_range"])
        rows[f"{dataset} \u00b7 {pair} \u00b7 {name_of(model)}"] = {
            "kind": cell(strongest["kind"]),
            "distance_dependent": cell(words(group, model)),
            "first": number(strongest["first_effect"]),
            "second": number(strongest["second_effect"]),
            "difference": number(strongest["difference"]),
            "share": None if share is None else 100 * share,
            "p": None if p is None else power(p),
            "task": cell(strongest["task"]),
        }
    number_format = {"format": "{:,.3f}"}
    headers: dict[str, dict[str, object]] = {
        "kind": {"title": "Kind"},
        "distance_dependent": {"title": "Does the distance matter?"},
        "first": {"title": "First alone", "description": "Median effect", **number_format},
        "second": {"title": "Second alone", "description": "Median effect", **number_format},
        "difference": {
            "title": "Beyond the sum",
            "description": "Median over sequences and places",
            **number_format,
        },
        "share": {
            "title": "Change with distance",
            "description": "Of that, between bins of gaps further than two filter lengths, in % of"
            " the stronger motif's effect; the strand with the larger",
            "suffix": "%",
            "format": "{:,.1f}",
        },
        "p": {"title": "p", "description": "Friedman's test over bins of gaps"},
        "task": {"title": "Task"},
    }
    used = {key for row in rows.values() for key, value in row.items() if value is not None}
    page.table(
        CHAPTER,
        "In words",
        rows,
        {key: header for key, header in headers.items() if key in used},
        first="Pair",
        description=f"{escape(_what_can_be_seen(verdicts))}"
        f"{capped(len(groups), ROW_LIMIT, 'cooperativity_verdict')}",
    )


def _what_can_be_seen(verdicts: Sequence[Row]) -> str:
    models = {row["model"] for row in verdicts}
    parts = [
        "The distance matters to a model if, over gaps of more than two filter lengths, p < 0.01,"
        " the change is a tenth of the stronger motif's effect or more, and at least twice that"
        " with the control."
    ]
    if any(_additive(model) for model in models):
        parts.append(
            "ExplaiNN sums units of one filter each, so two different motifs can interact only"
            " within a unit whose filter matches both, never across units; such a filter may be"
            " learnt from a strong dependence in the data. Two copies of a unit's motif can"
            " interact in its layers. A flat curve of ExplaiNN is therefore no evidence about the"
            " data: train other networks as well (--models explainn,deepcnn)."
        )
    if any(not _additive(model) for model in models):
        parts.append(
            "The other networks can learn interactions: if one of them shows none and predicts"
            " well, this is evidence that there is none."
        )
    return " ".join(parts)


def _additive(model: str) -> bool:
    return model.partition("_u")[0] in _ADDITIVE


def words(group: Sequence[Row], model: str) -> str:
    """Say what a model makes of a pair.

    Parameters
    ----------
    group : sequence of rows
        Of both strands.
    model : str
    """
    reasons = [row["reason"] for row in group if row["reason"]]
    if reasons:
        return f"unknown: {reasons[0]}"
    if group[0]["kind"] == "control":
        return "the control"
    seen = [row for row in group if row["distance_dependent"] == "1"]
    different = group[0]["kind"] == "heterotypic"
    if not seen:
        if different and _additive(model):
            return "no; across units, ExplaiNN cannot show it"
        return "no: flat"
    strands = " and ".join(row["orientation"].replace("-", MINUS) for row in seen)
    said = f"yes (second motif on {strands})"
    unit, share = seen[0]["channel"], number(seen[0]["channel_share"])
    if _additive(model) and unit and share is not None:
        said += f", {share:.0%} of it inside {unit}"
        if different:
            said += ", whose filter responds to both motifs: not across units"
    return said


def _methods(values: Values, _: Sequence[str], cite: Cite) -> str:
    number = escape(values.get("cooperativity_backbones", 60))
    step = int(values.get("cooperativity_step") or 1)
    places = "at every distance" if step == 1 else f"at distances {step} bp apart"
    return (
        f"Cooperativity was measured {cite('explainn')} on {number} random sequences with one motif"
        f" in the middle and another {places} on either strand, as the prediction with"
        " both, minus that with each, plus that with none; the word GGGCT was the control. A"
        " change with distance is a p-value of Friedman's test below 0.01 over bins of 10 bp of"
        " gaps beyond two filter lengths, of at least a tenth of the stronger motif's effect and"
        " twice that with the control."
    )


PART = Part(
    CHAPTER,
    lambda page, content: write_cooperativity(page, content.inputs),
    methods=Methods("cooperativity", _methods),
)
