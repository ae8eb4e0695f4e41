"""Hundreds of broken sheets, read in one start of Nextflow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fuzz.changes import ANY, SOUND
from fuzz.sheets import SOUND_SHEETS, changed_sheet, judge_sheet, made_sheets
from nextflow_runs import ROOT, run_nextflow

SEED, CHANGED, MADE = 14, 450, 150
ABOVE = ("# my samples\n", "sep=,\n", '"sep=,"\r\n', "\n#a, b\n# c\n")
FILES = (
    *("a.bed", "half.bed", "g.fa", "s.fa", "n.fa", "cells.mtx", "open.bed", "barcodes.tsv"),
    *("clusters.csv", "c0.fastq", "c1.fastq", "c2.fastq"),
)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was said of every sheet; and what each is: its kind, what was done, what must come."""
    folder = tmp_path_factory.mktemp("sheets")
    for name in FILES:
        (folder / name).write_text(">a\nACGT\n")
    cases: dict[str, tuple[str, str, str]] = {}
    sheets: dict[str, bytes] = {}
    for name, text in SOUND_SHEETS.items():
        cases[f"sheet_{name}.csv"], sheets[f"sheet_{name}.csv"] = (
            (name, "nothing", SOUND),
            text.encode(),
        )
        for number, above in enumerate(ABOVE):
            cases[f"sheet_a{number}_{name}.csv"] = (name, f"{above!r} above", SOUND)
            sheets[f"sheet_a{number}_{name}.csv"] = (above + text).encode()
    for number in range(CHANGED):
        name, change = changed_sheet(SEED, number)
        cases[f"sheet_c{number}.csv"] = (name, change.what, change.expect)
        sheets[f"sheet_c{number}.csv"] = change.data
    for number, text in enumerate(made_sheets(MADE)):
        cases[f"sheet_m{number}.csv"] = ("", f"made: {text[:200]!r}", ANY)
        sheets[f"sheet_m{number}.csv"] = text.encode("utf-8", "surrogatepass")
    for name, data in sheets.items():
        (folder / name).write_bytes(data)
    out = folder / "verdicts.json"
    script = ROOT / "tests" / "fuzz" / "sheets.nf"
    run = run_nextflow(folder, script, "--sheets", folder, "--verdicts", out)
    assert run.code == 0, run.said
    return json.loads(out.read_text()), cases


def test_every_broken_sheet_gets_sentences(
    said: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    found, cases = said
    assert set(found) == set(cases)
    faults = []
    for name, (kind, what, expect) in cases.items():
        sound = found[f"sheet_{kind}.csv"]["datasets"] if kind else None
        fault = judge_sheet(name, found[name], expect, sound)
        if fault:
            faults.append(f"{name} (seed {SEED}; {kind or 'hypothesis'}), {what}: {fault}")
    assert not faults, f"{len(faults)} of {len(cases)} sheets:\n" + "\n".join(faults)
