"""Which data sets could not be used and why, and what the others hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from nfexplainn.page.chapters import DATA, STATUS, Part
from nfexplainn.page.load import DatasetResult, Inputs, Row, number
from nfexplainn.page.mqc import DASH, MINUS, Cell, Page, cell, escape, lines, plural, thousands
from nfexplainn.page.style import ROW_LIMIT, capped
from nfexplainn.report.readings import lost, write_readings

NO_MODEL = "No trained model is available for this data set."
_CHECKS = {
    "exact_duplicates": ("Same sequence", "The same sequence in two parts"),
    "reverse_complement_duplicates": (
        "Reverse complement",
        "A sequence and its reverse complement in two parts",
    ),
    "shuffle_pairs": ("Shuffle and parent", "A shuffled negative and its parent in two parts"),
    "overlapping_windows": ("Overlap", "Overlapping windows in two parts"),
    "shared_kmers": (
        "Shared 24-mers",
        "Held-out sequences that share a quarter of their 24-mers with training",
    ),
    "unknown_bases": ("N", "Sequences with N, if N separates the classes of a task"),
}
# Of splits by homology alone.
_SIMILAR = {
    "similar_sequences": ("Similar", "Held-out sequences that are similar to one of training"),
    "similar_if_random": (
        "Similar if random",
        "Held-out sequences that a random split would have had similar to one of training",
    ),
}
_OPEN = "not_applicable"
_SPLITS = {
    "train": ("Training", "the training part"),
    "valid": ("Validation", "the validation part"),
    "test": ("Test", "the test part"),
    "all": ("All folds", "all folds together"),
}


def write_status(page: Page, inputs: Inputs) -> None:
    """Write who could not be used, why and what to do, and ``status.tsv``."""
    bad = [d for d in inputs.datasets if d.state != "ok" or not d.models]
    good = len(inputs.datasets) - len(bad)
    if bad:
        rows = "".join(
            f'<tr><th scope="row">{escape(dataset.id)}</th><td>{escape(dataset.state)}</td>'
            f"<td>{lines(dataset.reason or NO_MODEL)}</td><td>{escape(dataset.advice)}</td></tr>"
            for dataset in bad
        )
        markup = (
            f"<p>{plural(good, 'data set')} could be trained on, {len(bad)} could not. The others"
            ' are not affected.</p><div class="table-responsive"><table class="table'
            ' nfx-plain"><thead><tr><th>Data set</th><th>State</th><th>Why</th><th>What to'
            f" do</th></tr></thead><tbody>{rows}</tbody></table></div>"
        )
    else:
        markup = f"<p>All could be trained on ({plural(good, 'data set')}).</p>"
    page.section(STATUS, "", "html", markup)
    page.tsv(
        "status",
        ("dataset", "state", "reason", "advice"),
        [
            {"dataset": d.id, "state": d.state, "reason": d.reason, "advice": d.advice}
            for d in inputs.datasets
        ],
    )


def write_data(page: Page, inputs: Inputs) -> None:
    """Write what was read, counts, dropped records, the leakage audit and the notes."""
    datasets = [dataset for dataset in inputs.datasets if dataset.counts]
    write_readings(page, inputs.datasets, ROW_LIMIT)
    _counts(page, datasets)
    _dropped(page, inputs.datasets)
    _audit(page, datasets)
    _notes(page, datasets)


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
            if dataset.folds > 1:
                rows[name] = _fold_counts(dataset, task)
                continue
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
    headers: dict[str, dict[str, object]] = {
        "folds": {"title": "Folds", "description": "Each is tested once", "format": "{:,.0f}"}
    }
    for split, (title, part) in _SPLITS.items():
        for key, short, long in (
            ("sequences", "", f"Sequences of {part}"),
            ("positives", " +", f"Sequences with label 1 in {part}"),
            ("negatives", f" {MINUS}", f"Sequences with label 0 in {part}"),
            ("unknown", " ?", f"Sequences of unknown label in {part}"),
        ):
            headers[f"{split}_{key}"] = {
                "title": title + short,
                "description": long,
                "format": "{:,.0f}",
                "hidden": key in ("negatives", "unknown"),
            }
        headers[f"{split}_mean"] = {
            "title": f"{title} mean",
            "description": f"Mean of the target in {part}",
            "format": "{:,.3f}",
        }
    used = {key for row in rows.values() for key, value in row.items() if value is not None}
    headers = {key: header for key, header in headers.items() if key in used}
    page.table(
        DATA,
        "Counts",
        dict(list(rows.items())[:ROW_LIMIT]),
        headers,
        first="Data set",
        description=f"Sequences per part{', or of all folds' if 'folds' in headers else ''}; + are"
        " those with label 1 (negatives and unknown labels:"
        " Configure columns)." + capped(len(rows), ROW_LIMIT, "counts"),
    )
    page.tsv("counts", list(dict.fromkeys(key for row in plain for key in row)), plain)


def _fold_counts(dataset: DatasetResult, task: str) -> dict[str, Cell]:
    """Add up the folds, each of which is in every part once."""
    own = [row for row in dataset.counts if row["task"] == task]
    sizes = [number(row["sequences"]) or 0.0 for row in own]
    out: dict[str, Cell] = {"folds": dataset.folds, "all_sequences": sum(sizes)}
    for key in ("positives", "negatives", "unknown"):
        known = [count for row in own if (count := number(row.get(key))) is not None]
        out[f"all_{key}"] = sum(known) if known else None
    means = [number(row.get("mean")) for row in own]
    pairs = [(n, mean) for n, mean in zip(sizes, means, strict=True) if mean is not None]
    if pairs:
        out["all_mean"] = sum(n * mean for n, mean in pairs) / max(sum(n for n, _ in pairs), 1)
    return out


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
        DATA,
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
    found = [{"dataset": d.id, **row, "state": _state(row)} for d in datasets for row in d.audit]
    folded = [name for name in ("fold",) if any(name in row for row in found)]
    page.tsv("audit", ("dataset", "check", "state", "count", "total", "example", *folded), found)
    if not found:
        return
    # A check of several folds counts once.
    counts = Counter(_state(row) for d in datasets for row in _worst(d.audit))
    checks = ("state", *_shown_checks(found), "example")
    audited = {d.id: _audited(d.audit) for d in datasets if d.audit}
    rows = {name: {check: row[check] for check in checks} for name, row in audited.items()}
    worst_first = sorted(rows, key=lambda name: rows[name]["state"] != "warn")
    shown = {name: rows[name] for name in worst_first[:ROW_LIMIT]}
    headers: dict[str, dict[str, object]] = {
        "state": {"title": "State", "description": "warn where a check found something"}
    }
    headers |= {
        check: {"title": title, "description": description}
        for check, (title, description) in _shown_checks(found).items()
    }
    page.table(
        DATA,
        "Leakage audit",
        shown,
        headers | {"example": {"title": "Example"}},
        first="Data set",
        description="Checks for overlap between training and test sequences, and for classes that"
        f" differ in N.{' The worst fold is shown.' if folded else ''}"
        f" {plural(counts['pass'], 'check')} passed, {counts['warn']} with a warning; {DASH}"
        " where there is nothing to check." + capped(len(rows), len(shown), "audit"),
    )


def _shown_checks(found: Sequence[Row]) -> dict[str, tuple[str, str]]:
    """Give the checks to show: those of splits by homology where there is one."""
    there = {row["check"] for row in found}
    return _CHECKS | {check: words for check, words in _SIMILAR.items() if check in there}


def _state(check: Row) -> str:
    """Give the state of a check; what looked at nothing neither passed nor failed."""
    return check["state"] if number(check["total"]) else _OPEN


def _worst(checks: Sequence[Row]) -> list[Row]:
    """Keep, of each check, the fold where it found most; there is one without folds.

    What looked at nothing in one fold may have in another.
    """
    kept: dict[str, Row] = {}
    for check in checks:
        kept[check["check"]] = max(kept.get(check["check"], check), check, key=_told)
    return list(kept.values())


def _told(check: Row) -> tuple[bool, float]:
    return _state(check) != _OPEN, number(check["count"]) or 0.0


def _audited(checks: Sequence[Row]) -> dict[str, Cell]:
    """Give the row of a data set: what each check found, and examples of that."""
    row: dict[str, Cell] = dict.fromkeys(_CHECKS | _SIMILAR, DASH)
    checks = _worst(checks)
    warned = [check for check in checks if _state(check) == "warn"]
    row["state"] = "warn" if warned else "pass"
    for check in checks:
        count, total = (thousands(float(check[key])) for key in ("count", "total"))
        if check["check"] not in _CHECKS | _SIMILAR:
            continue
        row[check["check"]] = DASH if _state(check) == _OPEN else cell(f"{count} of {total}")
    row["example"] = cell("; ".join(check["example"] for check in warned))
    return row


def _notes(page: Page, datasets: Sequence[DatasetResult]) -> None:
    notes = {
        dataset.id: [*lost(dataset), *(dataset.meta.get("notes") or ())] for dataset in datasets
    }
    noted = {name: some for name, some in notes.items() if some}
    if not noted:
        return
    parts = []
    for name, some in noted.items():
        items = "".join(f"<li>{escape(note)}</li>" for note in some)
        opened = " open" if len(noted) <= 6 else ""
        parts.append(
            f"<details{opened}><summary>{escape(name)}</summary><ul>{items}</ul></details>"
        )
    page.section(
        DATA,
        "Notes",
        "html",
        f'<div class="nfx-text">{"".join(parts)}</div>',
        description="How sequences were cut, matched and shuffled.",
    )


STATUS_PART = Part(STATUS, lambda page, content: write_status(page, content.inputs))


PART = Part(DATA, lambda page, content: write_data(page, content.inputs))
