"""One page for many data sets: a table that is sorted and searched, and a heatmap of motifs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nfexplainn.io.tsv import iterate_tsv

MOST_MOTIFS = 200
TEXTS = ("dataset", "model", "task", "verdict", "metric")
NUMBERS = ("value", "baseline_kmer4")
_PAGE = Path(__file__).with_name("overview.html")
Row = Mapping[str, str]


def write_overview(folder: str | Path) -> None:
    """Write ``overview.html``.

    Parameters
    ----------
    folder : path
        Of the report; ``tables/summary.tsv`` and, where there is one, ``tables/evidence.tsv`` are
        read.
    """
    folder = Path(folder)
    summary = list(iterate_tsv(folder / "tables" / "summary.tsv"))
    table = folder / "tables" / "evidence.tsv"
    evidence = list(iterate_tsv(table)) if table.exists() else []
    # in a script no text may end it
    data = json.dumps(overview(summary, evidence), separators=(",", ":")).replace("<", "\\u003c")
    page = _PAGE.read_text(encoding="utf-8").replace("DATA", data, 1)
    (folder / "overview.html").write_text(page, encoding="utf-8")


def overview(summary: Sequence[Row], evidence: Sequence[Row]) -> dict[str, Any]:
    """Give what the page shows.

    Parameters
    ----------
    summary, evidence : sequence of rows
        Of the report's tables of these names.

    Returns
    -------
    dict
        ``columns`` and ``rows`` of the table; ``motifs``, most frequent first, the data sets as
        ``columns_of_map``, and ``cells``: motif, data set and largest share of a model.
    """
    columns = [*TEXTS, *NUMBERS, "motifs"]
    sets = list(dict.fromkeys(row["dataset"] for row in summary))
    shares: dict[str, dict[str, float]] = defaultdict(dict)
    for row in evidence:
        name = row["name"] or row["consensus"]
        if row["supported"] == "true" and row["share"]:
            own = shares[name]
            own[row["dataset"]] = max(own.get(row["dataset"], 0.0), float(row["share"]))
    motifs = sorted(shares, key=lambda name: (-len(shares[name]), name))[:MOST_MOTIFS]
    # side by side what the same motif leads
    place = {name: rank for rank, name in enumerate(motifs)}
    leading: dict[str, tuple[float, int]] = {}
    for name, rank in place.items():
        for one, share in shares[name].items():
            leading[one] = max(leading.get(one, (0.0, 0)), (share, -rank))
    order = sorted(sets, key=lambda one: -leading[one][1] if one in leading else len(motifs))
    column = {one: number for number, one in enumerate(order)}
    return {
        "sets": len(sets),
        "columns": columns,
        "rows": [[_cell(row, name) for name in columns] for row in summary],
        "motifs": motifs,
        "columns_of_map": order,
        "cells": [
            [place[name], column[one], round(share, 3)]
            for name in motifs
            for one, share in shares[name].items()
            if one in column
        ],
    }


def _cell(row: Row, name: str) -> str | float | None:
    text = row.get(name) or None
    return round(float(text), 4) if text and name in NUMBERS else text
