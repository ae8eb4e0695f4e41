"""The best motif of the units beside STREME's: scores, ranks, logos, run time."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from nfexplainn.analyses.discovery.pairs import BOTH, OURS, THEIRS, UNSURE
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.logos import logo_symbol
from nfexplainn.motifs.motif import Motif
from nfexplainn.page.chapters import Chapter, Cite, Methods, Part, Values
from nfexplainn.page.load import Inputs, Row, number, read_table
from nfexplainn.page.mqc import (
    DASH,
    Cell,
    Page,
    cell,
    escape,
    plural,
    power,
    raw_cell,
    short,
    thousands,
)
from nfexplainn.page.style import COLOURS, ROW_LIMIT, capped

CHAPTER = Chapter(
    "nfx_discovery",
    "De novo discovery",
    597,
    "the best motif of the units compared with STREME's, by the same score on the same sequences,"
    " with [`--streme`](usage/streme.md)",
    lead=(
        "How well one motif alone separates the classes: every motif is scored by the AUPRC of"
        " its best hit per sequence, the best is chosen on validation and reported on the test"
        " set (the paper's Figure 3). STREME was given the same training sequences, and its"
        " motifs were scanned in the same way; with folds it was run once for each."
    ),
)

NAMES = {
    "explainn": "Units",
    "explainn_reestimated": "Units, re-estimated",
    "streme": "STREME",
}
BAR_LIMIT = 40
_COLUMN = 12  # pixels per column of a logo
_TABLES = ("discovery", "discovery_motifs", "discovery_pairs", "discovery_timing")
_STATES = {
    BOTH: "both",
    UNSURE: "both, ours not supported",
    THEIRS: "STREME's alone",
    OURS: "ours alone",
}


def write_discovery(page: Page, inputs: Inputs) -> None:
    """Write the bars, a row per side, and the tables; nothing where no data set asked for it."""
    found = inputs.ending(".discovery.tsv")
    if not found:
        return
    for kind in _TABLES:
        rows = [row for *_, path in inputs.ending(f".{kind}.tsv") for row in read_table(path)]
        page.tsv(kind, list(rows[0]) if rows else ["dataset"], rows)
    groups: dict[tuple[str, str, str], list[Row]] = {}
    logos: dict[str, Mapping[str, Motif]] = {}
    several = len({model for _, model, _, _ in found}) > 1
    for dataset, model, _, path in found:
        title = f"{dataset} \u00b7 {model}" if several else dataset
        rows = read_table(path)
        several_tasks = len({row["task"] for row in rows}) > 1
        meme = inputs.files.get(f"{dataset}.{model}.discovery.meme")
        logos[title] = _motifs(meme)
        for row in rows:
            task = row["task"] if several_tasks or row["task"] != dataset else ""
            task = _side(row) or task
            groups.setdefault((title, task, row["source"]), []).append(row)
    seconds = _seconds(inputs, several)
    _bars(page, groups)
    _table(page, groups, logos, seconds)
    _pairs(page, inputs, several)


def _pairs(page: Page, inputs: Inputs, several: bool) -> None:
    """Write STREME's motifs beside the groups of units, motif for motif."""
    shown: dict[str, dict[str, Cell]] = {}
    total, counts = 0, dict.fromkeys(_STATES, 0)
    theirs = set()
    folded, rare = False, 0
    for dataset, model, _, path in inputs.ending(".discovery_pairs.tsv"):
        title = f"{dataset} \u00b7 {model}" if several else dataset
        for row in read_table(path):
            total += 1
            task = _side(row) or ("" if row["task"] == dataset else row["task"])
            key = f"{_joined(title, task)} \u00b7 {row['streme_place'] or row['motif']}"
            found_in, runs = _runs(row)
            folded |= runs > 1
            if key in theirs:
                key += f", {row['motif']}"
            elif 2 * found_in >= runs:
                counts[row["state"]] += 1
            else:
                rare += 1
            theirs.add(key)
            if len(shown) < ROW_LIMIT:
                shown[key] = _pair(row)
    if not shown:
        return
    number_of = sum(counts.values()) - counts[OURS]
    joined = (
        " With folds, similar motifs of all STREME runs are joined, as units are, and counted if"
        f" at least half of the runs found them ({rare} more in fewer runs)."
    )
    text = (
        f"Of STREME's {plural(number_of, 'motif')}, {counts[BOTH]} match a supported group of"
        f" units, {counts[UNSURE]} an unsupported one, and {counts[THEIRS]} none; STREME lacks"
        f" {plural(counts[OURS], 'supported group')} of ours. Motifs match if their column cosine"
        f" is at least 0.7; several of STREME's may match one group.{joined if folded else ''}"
        " STREME's motifs are not tested on unseen sequences here."
    )
    headers: dict[str, dict[str, object]] = {
        "state": {"title": "Found by"},
        "streme": {"title": "STREME's motif"},
        "found_in": {"title": "In folds", "description": "Runs of STREME, one per fold, with it"},
        "ours": {"title": "Our group"},
        "consensus": {"title": "Its motif"},
        "similarity": {
            "title": "Similarity",
            "description": "Column cosine",
            "format": "{:,.2f}",
        },
        "gain": {"title": "Gain", "description": "Of our group", "format": "{:,.4f}"},
        "q": {"title": "q", "description": "Of our group"},
    }
    note = f"<p>{text}{capped(total, ROW_LIMIT, 'discovery_pairs')}</p>"
    if not folded:
        del headers["found_in"]
        shown = {
            key: {column: value for column, value in row.items() if column in headers}
            for key, row in shown.items()
        }
    page.table(CHAPTER, "Motif for motif", shown, headers, first="Motif of", description=note)


def _pair(row: Row) -> dict[str, Cell]:
    name = f"{row['name']} ({row['motif']})" if row["name"] else row["motif"]
    found_in, runs = _runs(row)
    return {
        "state": cell(_STATES[row["state"]]),
        "streme": cell(row["streme_consensus"].strip("N") or DASH),
        "found_in": cell(f"{found_in}/{runs}" if runs > 1 else DASH),
        "ours": cell(name or DASH),
        "consensus": cell(row["consensus"].strip("N") or DASH),
        "similarity": number(row["similarity"]),
        "gain": number(row["gain"]),
        "q": power(number(row["q"])) if row["q"] else DASH,
    }


def _side(row: Row) -> str:
    """Say of a contrast whose motifs a row is of, so that the page tells both sides apart."""
    return f"side {row['side']}" if row.get("side") else ""


def _runs(row: Row) -> tuple[int, int]:
    """Give in how many of how many runs STREME found a motif; of a group of ours alone 1 in 1."""
    return int(row["streme_found_in"] or 1), int(row["streme_runs"] or 1)


def _motifs(path: Path | None) -> Mapping[str, Motif]:
    if path is None:
        return {}
    return {motif.id: motif for motif in read_meme(path, allow_empty=True).motifs}


def _seconds(inputs: Inputs, several: bool) -> dict[tuple[str, str, str], float]:
    """Mean seconds by data set, task (``*``: of all together) and source, the processor's first."""
    times: dict[tuple[str, str, str], dict[str, list[float]]] = {}
    for dataset, model, _, path in inputs.ending(".discovery_timing.tsv"):
        title = f"{dataset} \u00b7 {model}" if several else dataset
        for row in read_table(path):
            value = number(row["seconds"])
            if value is not None:
                clocks = times.setdefault((title, _side(row) or row["task"], row["source"]), {})
                clocks.setdefault(row["clock"], []).append(value)
    return {
        key: statistics.fmean(
            clocks.get("cpu") or clocks.get("wall") or next(iter(clocks.values()))
        )
        for key, clocks in times.items()
    }


def _bars(page: Page, groups: Mapping[tuple[str, str, str], Sequence[Row]]) -> None:
    bars: dict[str, dict[str, float]] = {}
    for (title, task, source), rows in groups.items():
        value = _mean(rows, "auprc_test")
        if value is not None:
            bars.setdefault(_joined(title, task), {})[source] = value
    if not bars:
        return
    note = f" The first {BAR_LIMIT} of {len(bars)}." if len(bars) > BAR_LIMIT else ""
    page.section(
        CHAPTER,
        "Best motif",
        "bargraph",
        {escape(name): bar for name, bar in list(bars.items())[:BAR_LIMIT]},
        description="AUPRC on the test set; units: mean over the replicates; with folds, both:"
        f" mean over the folds, each with its own best motif.{note}",
        categories={
            source: {"name": name, "color": COLOURS[place]}
            for place, (source, name) in enumerate(NAMES.items())
            if any(source in bar for bar in bars.values())
        },
        pconfig={
            "stacking": "group",
            "cpswitch": False,
            "hide_zero_cats": False,
            "sort_samples": False,
            "tt_decimals": 3,
            "ylab": "AUPRC",
            "ymax": 1,
        },
    )


def _table(
    page: Page,
    groups: Mapping[tuple[str, str, str], Sequence[Row]],
    logos: Mapping[str, Mapping[str, Motif]],
    seconds: Mapping[tuple[str, str, str], float],
) -> None:
    rows: dict[str, dict[str, Cell]] = {}
    symbols = []
    for place, ((title, task, source), group) in enumerate(list(groups.items())[:ROW_LIMIT]):
        best = max(group, key=lambda row: number(row["auprc_chosen"]) or -1.0)
        name = NAMES.get(source, source)
        motif = logos[title].get(best["logo"])
        logo = ""
        if motif is not None:
            symbol = f"nfx-d{place}"
            symbols.append(logo_symbol(motif, symbol))
            logo = (
                f'<svg class="nfx-logo" style="width:{_COLUMN * len(motif.ppm)}px" role="img"'
                f' aria-label="{escape("Logo of " + best["consensus"])}">'
                f'<use href="#{symbol}"/></svg>'
            )
        q_value = number(best["q_value"])
        took = seconds.get((title, task or best["task"], source), None)
        if took is None:
            took = seconds.get((title, "*", source.removesuffix("_reestimated")))
        rows[f"{_joined(title, task)} \u00b7 {name}"] = {
            "logo": raw_cell(logo) or cell(DASH),
            "name": cell(best["annotation"] or DASH),
            "q": None if q_value is None else power(q_value),
            "auprc": _mean(group, "auprc_test"),
            "sd": _sd(group),
            "chance": _mean(group, "prevalence"),
            "motifs": _mean(group, "motifs"),
            "effect": _ranks(group, "rank_effect"),
            "importance": _ranks(group, "rank_importance"),
            "seconds": None if took is None else thousands(took) if took >= 10 else short(took, 1),
            "note": cell(_note(group)),
        }
    score = {"format": "{:,.3f}"}
    headers: dict[str, dict[str, object]] = {
        "logo": {"title": "Best motif", "description": "The best one of the replicates"},
        "name": {"title": "Known motif"},
        "q": {"title": "q", "description": "q-value of the best match"},
        "auprc": {
            "title": "AUPRC",
            "description": "Best hit, test set, mean of replicates or folds",
            **score,
        },
        "sd": {"title": "\u00b1", "description": "Standard deviation over these", **score},
        "chance": {"title": "Chance", "description": "Share of positives, test set", **score},
        "motifs": {
            "title": "Motifs",
            "description": "Candidates for the best",
            "format": "{:,.0f}",
        },
        "effect": {
            "title": "Rank by effect",
            "description": "Of the unit with the best motif, in each replicate",
        },
        "importance": {
            "title": "Rank by importance",
            "description": "The same by the paper's median importance",
        },
        "seconds": {
            "title": "Seconds",
            "description": "STREME: CPU time of a run; units: time of a training, for all tasks",
        },
        "note": {"title": "Note"},
    }
    used = {key for row in rows.values() for key, value in row.items() if value is not None}
    text = (
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true">'
        f"{''.join(symbols)}</svg><p>{_said(groups)}"
        f"{capped(len(groups), ROW_LIMIT, 'discovery')}</p>"
    )
    kept = {key: header for key, header in headers.items() if key in used}
    page.table(CHAPTER, "Side by side", rows, kept, first="Motifs of", description=text)


def _said(groups: Mapping[tuple[str, str, str], Sequence[Row]]) -> str:
    """Say who wins how often, and where STREME has nothing to show."""
    wins = {"explainn": 0, "streme": 0}
    missing: dict[str, int] = {}
    for (title, task, source), rows in groups.items():
        if source != "streme":
            continue
        theirs = _mean(rows, "auprc_test")
        if all(row["state"] != "ok" for row in rows):
            missing[rows[0]["reason"]] = missing.get(rows[0]["reason"], 0) + 1
        ours = [
            value
            for side in ("explainn", "explainn_reestimated")
            if (value := _mean(groups.get((title, task, side), ()), "auprc_test")) is not None
        ]
        if theirs is not None and ours:
            wins["explainn" if max(ours) > theirs else "streme"] += 1
    parts = []
    if sum(wins.values()):
        parts.append(
            f"The best motif of the units is better than STREME's in {wins['explainn']} of"
            f" {sum(wins.values())} cases."
        )
    parts += [
        f"Without STREME in {count} case{'s' if count > 1 else ''}: {escape(reason.rstrip('.'))}."
        for reason, count in missing.items()
    ]
    return " ".join(parts)


def _joined(title: str, task: str) -> str:
    return f"{title} \u00b7 {task}" if task else title


def _values(rows: Sequence[Row], column: str) -> list[float]:
    return [value for row in rows if (value := number(row[column])) is not None]


def _mean(rows: Sequence[Row], column: str) -> float | None:
    values = _values(rows, column)
    return statistics.fmean(values) if values else None


def _sd(rows: Sequence[Row]) -> float | None:
    values = _values(rows, "auprc_test")
    return statistics.stdev(values) if len(values) > 1 else None


def _ranks(rows: Sequence[Row], column: str) -> str | None:
    values = _values(rows, column)
    return raw_cell(", ".join(f"{value:.0f}" for value in values)) if values else None


def _note(rows: Sequence[Row]) -> str:
    count = Counter(row["reason"] for row in rows if row["reason"])
    notes = dict.fromkeys(
        reason if number == len(rows) else f"{reason} (in {number} of {len(rows)})"
        for reason, number in count.items()
    )
    if rows[0]["chosen_on"] == "train+valid":
        notes["chosen on training and validation, since there are few positives"] = None
    return "; ".join(notes)


def _streme_ran(rows: Sequence[Mapping[str, str]]) -> bool:
    return any(row["source"] == "streme" and row["state"] in ("ok", "none") for row in rows)


def _methods(values: Values, _: Sequence[str], cite: Cite) -> str:
    defaults = {"nmotifs": 10, "hofract": 0, "minw": 8, "maxw": 19}
    number, share, least, largest = (
        escape(values.get(f"streme_{name}", default)) for name, default in defaults.items()
    )
    return (
        f"STREME {cite('streme')} was given the training positives and negatives of each task, with"
        f" folds once for each fold ({number} motifs of {least} to {largest} bp, hold-out {share})."
        " Every motif of the units and of STREME was scored by the AUPRC of its best hit per"
        " sequence; the best of either was chosen on the validation part (with fewer than 50"
        " positives there, on training and validation) and scored once on the test part."
    )


PART = Part(
    CHAPTER,
    lambda page, content: write_discovery(page, content.inputs),
    methods=Methods("discovery", _methods, ran=_streme_ran),
)
