"""The chapter Data of the report: what the leakage audit found."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from nfexplainn.page.load import DatasetResult, Inputs
from nfexplainn.page.mqc import DASH, Page
from nfexplainn.report.data import write_data
from nfexplainn.report.readings import lost

CHECKS = (
    "exact_duplicates",
    "reverse_complement_duplicates",
    "shuffle_pairs",
    "overlapping_windows",
    "shared_kmers",
    "unknown_bases",
)


def dataset(name: str, *found: tuple[str, int, int]) -> DatasetResult:
    """A data set whose checks have these states, counts and totals."""
    audit = [
        {"check": check, "state": state, "count": str(count), "total": str(total)}
        | {"example": f"{name} {check}" if count else ""}
        for check, (state, count, total) in zip(CHECKS, found, strict=True)
    ]
    counts = [{"split": "train", "task": "*", "sequences": "9"}]
    return DatasetResult(name, "ok", "", "", {}, counts, [], audit, [], ())


def test_a_check_without_anything_to_look_at_is_a_dash(tmp_path: Path) -> None:
    passed, nothing = ("pass", 0, 1000), ("not_applicable", 0, 0)
    clean = dataset("clean", passed, passed, ("pass", 0, 0), *[nothing] * 3)  # an older result
    leaks = dataset("leaks", passed, ("warn", 2, 1000), nothing, passed, ("warn", 13, 797), nothing)
    page = Page(tmp_path)
    write_data(page, Inputs((clean, leaks), {}, []))
    shown = json.loads((tmp_path / "nfx_data_leakage_audit_mqc.json").read_text())
    assert list(shown["data"]) == ["leaks", "clean"]  # warnings first
    rows = shown["data"]
    assert [row["state"] for row in rows.values()] == ["warn", "pass"]
    assert [rows["clean"][check] for check in CHECKS[2:]] == [DASH] * 4
    assert rows["leaks"]["shuffle_pairs"] == DASH
    assert ">13 of 797<" in rows["leaks"]["shared_kmers"]
    assert ">0 of 1" in rows["clean"]["exact_duplicates"]
    assert "leaks reverse_complement_duplicates; leaks shared_kmers" in rows["leaks"]["example"]
    assert "4 checks passed, 2 with a warning" in shown["description"]
    assert set(shown["headers"]) == {"state", *CHECKS, "example"}
    with (tmp_path / "tables" / "audit.tsv").open() as handle:
        states = [row["state"] for row in csv.DictReader(handle, delimiter="\t")]
    assert states.count("not_applicable") == 6 and states.count("pass") == 4


def test_what_was_read_and_what_was_lost(tmp_path: Path) -> None:
    counts = [{"split": "train", "task": "*", "sequences": "900"}]
    dropped = [
        {"source": "p.bed", "reason": "window in the blacklist", "count": "60"},
        {"source": "p.bed", "reason": "window with N", "count": "40"},
        {"source": "p.bed", "reason": "not among the top_n", "count": "500"},
        {"source": "q.bed", "reason": "window with N", "count": "500"},
    ]
    readings = [
        {"source": "p.bed", "item": "records", "value": "1,000"},
        {"source": "p.bed", "item": "windows", "value": "round 1,000 summits (column 10)"},
    ]
    d = DatasetResult("d", "ok", "", "", {}, counts, dropped, [], [], (), readings)
    page = Page(tmp_path)
    write_data(page, Inputs((d,), {}, []))
    shown = json.loads((tmp_path / "nfx_data_what_was_read_mqc.json").read_text())
    assert "round 1&#44;000 summits (column 10)" in json.dumps(shown["data"])
    assert (tmp_path / "tables" / "readings.tsv").read_text().splitlines()[1:] == [
        "d\tp.bed\trecords\t1,000",
        "d\tp.bed\twindows\tround 1,000 summits (column 10)",
    ]
    assert lost(d) == [
        "25 % of q.bed left out: window with N (500 of 2\u202f000).",
        "6 % of p.bed left out: window in the blacklist (60 of 1\u202f000).",
    ]
