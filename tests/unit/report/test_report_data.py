"""The chapter Data of the report: what the leakage audit found."""

from __future__ import annotations

import csv
import dataclasses
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


def test_a_check_of_several_folds_counts_once(tmp_path: Path) -> None:
    """Of each the fold with most is told; one that looked at nothing tells less than any other."""
    passed, nothing, found = ("pass", 0, 900), ("not_applicable", 0, 0), ("warn", 3, 900)
    folds = [
        dataset("d", passed, nothing, *[nothing] * 4),
        dataset("d", found, passed, *[nothing] * 4),
        dataset("d", ("warn", 2, 900), nothing, *[nothing] * 4),
    ]
    audit = [check | {"fold": str(at)} for at, one in enumerate(folds, 1) for check in one.audit]
    page = Page(tmp_path)
    write_data(page, Inputs((dataclasses.replace(folds[0], audit=audit),), {}, []))
    shown = json.loads((tmp_path / "nfx_data_leakage_audit_mqc.json").read_text())
    assert "1 check passed, 1 with a warning" in shown["description"]
    (row,) = shown["data"].values()
    assert ">3 of 900<" in row[CHECKS[0]] and ">0 of 900<" in row[CHECKS[1]]
    assert row[CHECKS[2]] == DASH
    assert len((tmp_path / "tables" / "audit.tsv").read_text().splitlines()) == 1 + 3 * 6


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
