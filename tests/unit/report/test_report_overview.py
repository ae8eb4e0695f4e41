"""The page of many data sets: what it holds, that it is small, and that a browser shows it soon."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from nfexplainn.io.tsv import iterate_tsv
from nfexplainn.report.overview import overview, write_overview

SUMMARY = [
    "dataset",
    "model",
    "verdict",
    "task",
    "metric",
    "value",
    "motifs",
    "baseline_kmer4",
    "reason",
]
EVIDENCE = ["dataset", "model", "task", "name", "consensus", "supported", "share"]


def tables(folder: Path, count: int) -> Path:
    """Write the tables of a report of so many data sets, each with ten motifs."""
    (folder / "tables").mkdir(parents=True)
    one, two = [SUMMARY], [EVIDENCE]
    for number in range(count):
        name = f"set_{number:04d}"
        verdict = ("usable", "weak", "none")[number % 3]
        value = "" if verdict == "none" else f"{0.5 + number / (2 * count):.6g}"
        motifs = "CTCF (row_001), </script><b>REST</b>"
        one.append([name, "explainn", verdict, name, "auprc", value, motifs, "0.7", "why " * 20])
        for motif in range(10):
            supported = "true" if motif < 8 else "false"
            known = "" if motif == 7 else f"M{(number + motif) % 150:03d}"
            share = f"{0.5 / (1 + motif):.6g}"
            two.append([name, "explainn", name, known, "ACGTACGT", supported, share])
    for name, rows in (("summary", one), ("evidence", two)):
        text = "".join("\t".join(row) + "\n" for row in rows)
        (folder / "tables" / f"{name}.tsv").write_text(text)
    return folder


def content(folder: Path) -> dict:
    page = (folder / "overview.html").read_text()
    (data,) = re.findall(r'<script id="data" type="application/json">(.*?)</script>', page)
    found: dict = json.loads(data)
    return found


def test_it_holds_what_the_tables_do(tmp_path: Path) -> None:
    folder = tables(tmp_path, 30)
    write_overview(folder)
    shown = content(folder)
    summary = list(iterate_tsv(folder / "tables" / "summary.tsv"))
    evidence = list(iterate_tsv(folder / "tables" / "evidence.tsv"))
    assert shown == json.loads(json.dumps(overview(summary, evidence)))
    assert shown["sets"] == 30 and len(shown["rows"]) == 30
    place = shown["columns"].index("value")
    assert [row[place] for row in shown["rows"]] == [
        round(float(row["value"]), 4) if row["value"] else None for row in summary
    ]
    supported = {
        (row["name"] or row["consensus"], row["dataset"], round(float(row["share"]), 3))
        for row in evidence
        if row["supported"] == "true"
    }
    cells = {
        (shown["motifs"][motif], shown["columns_of_map"][one], share)
        for motif, one, share in shown["cells"]
    }
    assert cells == supported
    assert shown["motifs"][0] == "ACGTACGT"  # in all of them


@pytest.mark.parametrize("count", [1000])
def test_a_thousand_data_sets_in_a_browser(browser: str, tmp_path: Path, count: int) -> None:
    folder = tables(tmp_path, count)
    write_overview(folder)
    page = folder / "overview.html"
    assert page.stat().st_size < 2e6
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()]
    seconds = []
    for _ in range(3):  # the machine may have other work
        dom = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
        assert dom.count("<tr>") == count
        assert f"{count} data sets, {count} of {count} rows." in dom
        assert dom.count('<td><a href="pages/set_0') == count
        assert "<b>REST</b>" not in dom and "&lt;b&gt;REST&lt;/b&gt;" in dom
        (ready,) = re.findall(r'data-ready="(\d+)"', dom)
        seconds.append(int(ready) / 1000)
    assert min(seconds) < 3, seconds
