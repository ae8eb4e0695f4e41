"""What the preparation read as what, and which data sets lost much of it."""

from __future__ import annotations

from collections.abc import Sequence

from nfexplainn.page.chapters import DATA
from nfexplainn.page.load import DatasetResult, number
from nfexplainn.page.mqc import Cell, Page, cell, thousands

RECORDS = "records"
MUCH = 0.05
# Left out because the user asked for it, or not lost at all.
_ASKED = (
    *("not among the top_n", "chromosome excluded", "beyond max_reads", "unresolved in some task"),
    *("merged with a nearer summit of another file", "candidate overlaps a peak"),
)


def write_readings(page: Page, datasets: Sequence[DatasetResult], limit: int) -> None:
    """Write a table with a row per thing that was read, and ``readings.tsv``.

    Parameters
    ----------
    page : Page
    datasets : sequence of DatasetResult
    limit : int
        Rows to show on the page at most.
    """
    found = [{"dataset": d.id, **row} for d in datasets for row in d.readings]
    page.tsv("readings", ("dataset", "source", "item", "value"), found)
    if not found:
        return
    rows: dict[str, dict[str, Cell]] = {
        str(position): {key: cell(row[key]) for key in ("dataset", "source", "item", "value")}
        for position, row in enumerate(found[:limit], 1)
    }
    more = f" Shown: {limit} of {len(found)} rows; all are in <code>tables/readings.tsv</code>."
    page.table(
        DATA,
        "What was read",
        rows,
        {
            "dataset": {"title": "Data set"},
            "source": {"title": "File"},
            "item": {"title": "What"},
            "value": {"title": "Read as"},
        },
        first="#",
        description="The columns and positions that values were read from: check that they are"
        " right." + (more if len(found) > limit else ""),
    )


def lost(dataset: DatasetResult) -> list[str]:
    """Say for which reasons more than 5 % of the records were left out, the most first."""
    total = {
        row["source"]: number(row["value"].replace(",", "")) or 0
        for row in dataset.readings
        if row["item"] == RECORDS
    }
    rest = sum(number(row["count"]) or 0 for row in dataset.dropped)
    rest += sum(number(row["sequences"]) or 0 for row in dataset.counts if row["task"] == "*")
    found = []
    for row in dataset.dropped:
        count = number(row["count"]) or 0
        of = max(total.get(row["source"], rest), count)
        if not row["reason"].startswith(_ASKED) and count > MUCH * of > 0:
            share = f"{100 * count / of:.0f} % of {row['source']} left out: {row['reason']}"
            found.append((count / of, f"{share} ({thousands(count)} of {thousands(of)})."))
    return [sentence for _, sentence in sorted(found, key=lambda pair: -pair[0])]
