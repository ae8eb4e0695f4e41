"""Which data sets could not be used and why, and what the others hold."""

from __future__ import annotations

from collections.abc import Sequence

from nfexplainn.report.load import DatasetResult, Inputs, number
from nfexplainn.report.mqc import MINUS, Cell, Page, cell, escape, plural

ROW_LIMIT = 300
NO_MODEL = "No result of a training reached the report."
_CHECKS = {
    "exact_duplicates": "The same sequence in two parts",
    "reverse_complement_duplicates": "A sequence and its reverse complement in two parts",
    "shuffle_pairs": "A shuffled negative and its parent in two parts",
    "overlapping_windows": "Overlapping windows in two parts",
    "shared_kmers": "Sequences that share a quarter of their 24-mers with training",
}
_SPLITS = ("train", "valid", "test")
_SPLIT_WORDS = {"train": "training", "valid": "validation", "test": "test"}


def write_status(page: Page, inputs: Inputs) -> None:
    """Write who could not be used, why and what to do, and ``status.tsv``."""
    bad = [d for d in inputs.datasets if d.state != "ok" or not d.models]
    good = len(inputs.datasets) - len(bad)
    if bad:
        rows = "".join(
            f'<tr><th scope="row">{escape(dataset.id)}</th><td>{escape(dataset.state)}</td>'
            f"<td>{escape(dataset.reason or NO_MODEL)}</td><td>{escape(dataset.advice)}</td></tr>"
            for dataset in bad
        )
        markup = (
            f"<p>{plural(good, 'data set')} could be trained on, {len(bad)} could not. The others"
            " are not touched by that.</p>"
            '<div class="table-responsive"><table class="table nfx-plain"><thead><tr>'
            "<th>Data set</th><th>State</th><th>Why</th><th>What to do</th></tr></thead>"
            f"<tbody>{rows}</tbody></table></div>"
        )
    else:
        markup = f"<p>All could be trained on ({plural(good, 'data set')}).</p>"
    page.section("nfx_status", "", "html", markup)
    page.tsv(
        "status",
        ("dataset", "state", "reason", "advice"),
        [
            {"dataset": d.id, "state": d.state, "reason": d.reason, "advice": d.advice}
            for d in inputs.datasets
        ],
    )


def write_data(page: Page, inputs: Inputs) -> None:
    """Write counts, dropped records, the leakage audit and the notes of preparation."""
    datasets = [dataset for dataset in inputs.datasets if dataset.counts]
    _counts(page, datasets)
    _dropped(page, datasets)
    _audit(page, datasets)
    _notes(page, datasets)


def capped(total: int, shown: int, table: str) -> str:
    """Say that a table of the page is cut, and where the whole of it is."""
    if shown >= total:
        return ""
    return f" Shown: {shown} of {total} rows; all are in <code>tables/{table}.tsv</code>."


def _counts(page: Page, datasets: Sequence[DatasetResult]) -> None:
    rows: dict[str, dict[str, Cell]] = {}
    plain: list[dict[str, object]] = []
    for dataset in datasets:
        plain += [{"dataset": dataset.id, **row} for row in dataset.counts]
        tasks = list(dict.fromkeys(row["task"] for row in dataset.counts))
        named = [task for task in tasks if task != "*"]
        for task in named or tasks:
            name = dataset.id if len(named) < 2 else f"{dataset.id} · {task}"
            out: dict[str, Cell] = {}
            for row in dataset.counts:
                if row["task"] == "*":
                    out[f"{row['split']}_sequences"] = number(row["sequences"])
                if row["task"] == task:
                    for key in ("positives", "negatives", "unknown", "mean"):
                        out[f"{row['split']}_{key}"] = number(row.get(key))
                    out.setdefault(f"{row['split']}_sequences", number(row["sequences"]))
            rows[name] = out
    if not rows:
        return
    headers: dict[str, dict[str, object]] = {}
    for split in _SPLITS:
        words = _SPLIT_WORDS[split]
        title = words.capitalize()
        for key, short, long in (
            ("sequences", "", f"Sequences of the {words} part"),
            ("positives", " +", f"Sequences with label 1 in the {words} part"),
            ("negatives", f" {MINUS}", f"Sequences with label 0 in the {words} part"),
            ("unknown", " ?", f"Sequences of unknown label in the {words} part"),
        ):
            headers[f"{split}_{key}"] = {
                "title": title + short,
                "description": long,
                "format": "{:,.0f}",
                "hidden": key in ("negatives", "unknown"),
            }
        headers[f"{split}_mean"] = {
            "title": f"{title} mean",
            "description": f"Mean of the target in the {words} part",
            "format": "{:,.3f}",
        }
    used = {key for row in rows.values() for key, value in row.items() if value is not None}
    headers = {key: header for key, header in headers.items() if key in used}
    page.table(
        "nfx_data",
        "Counts",
        dict(list(rows.items())[:ROW_LIMIT]),
        headers,
        first="Data set",
        description="Sequences per part; + are those with label 1 (negatives and unknown labels:"
        " Configure columns)." + capped(len(rows), ROW_LIMIT, "counts"),
    )
    page.tsv("counts", list(dict.fromkeys(key for row in plain for key in row)), plain)


def _dropped(page: Page, datasets: Sequence[DatasetResult]) -> None:
    found = [
        {"dataset": dataset.id, **row}
        for dataset in datasets
        for row in dataset.dropped
        if number(row["count"])
    ]
    page.tsv("dropped", ("dataset", "source", "reason", "count"), found)
    if not found:
        return
    found.sort(key=lambda row: -(number(row["count"]) or 0))
    rows: dict[str, dict[str, Cell]] = {}
    for row in found[:ROW_LIMIT]:
        key = f"{row['dataset']} · {row['source']} · {row['reason']}"
        rows[key] = {
            "dataset": cell(row["dataset"]),
            "source": cell(row["source"]),
            "reason": cell(row["reason"]),
            "count": number(row["count"]),
        }
    numbered = {str(position): row for position, row in enumerate(rows.values(), 1)}
    page.table(
        "nfx_data",
        "Dropped records",
        numbered,
        {
            "dataset": {"title": "Data set"},
            "source": {"title": "File"},
            "reason": {"title": "Reason"},
            "count": {"title": "Records", "format": "{:,.0f}"},
        },
        first="#",
        description="Records of the input that could not be used."
        + capped(len(found), len(rows), "dropped"),
    )


def _audit(page: Page, datasets: Sequence[DatasetResult]) -> None:
    found = [{"dataset": d.id, **row} for d in datasets for row in d.audit]
    page.tsv("audit", ("dataset", "check", "state", "count", "total", "example"), found)
    if not found:
        return
    warned = [row for row in found if row["state"] != "pass"]
    passed = len(found) - len(warned)
    shown = (warned + [row for row in found if row["state"] == "pass"])[:ROW_LIMIT]
    if len(found) > ROW_LIMIT:
        shown = warned[:ROW_LIMIT]
    description = (
        f"Could a model know its test sequences from training? {plural(passed, 'check')} passed,"
        f" {len(warned)} with a warning."
    ) + capped(len(found), len(shown), "audit")
    if not shown:
        page.section("nfx_data", "Leakage audit", "html", f"<p>{description}</p>")
        return
    rows: dict[str, dict[str, Cell]] = {
        str(position): {
            "dataset": cell(row["dataset"]),
            "check": cell(_CHECKS.get(row["check"], row["check"].replace("_", " "))),
            "state": row["state"],
            "count": number(row["count"]),
            "total": number(row["total"]),
            "example": cell(row["example"]),
        }
        for position, row in enumerate(shown, 1)
    }
    page.table(
        "nfx_data",
        "Leakage audit",
        rows,
        {
            "dataset": {"title": "Data set"},
            "check": {"title": "Check"},
            "state": {"title": "State", "description": "pass, or warn"},
            "count": {"title": "Found", "format": "{:,.0f}"},
            "total": {"title": "Of", "description": "Sequences checked", "format": "{:,.0f}"},
            "example": {"title": "Example"},
        },
        first="#",
        description=description,
    )


def _notes(page: Page, datasets: Sequence[DatasetResult]) -> None:
    noted = [dataset for dataset in datasets if dataset.meta.get("notes")]
    if not noted:
        return
    parts = []
    for dataset in noted:
        notes = "".join(f"<li>{escape(note)}</li>" for note in dataset.meta["notes"])
        opened = " open" if len(noted) <= 6 else ""
        parts.append(
            f"<details{opened}><summary>{escape(dataset.id)}</summary><ul>{notes}</ul></details>"
        )
    page.section(
        "nfx_data",
        "Notes",
        "html",
        f'<div class="nfx-text">{"".join(parts)}</div>',
        description="What was cut, matched and shuffled on the way.",
    )
