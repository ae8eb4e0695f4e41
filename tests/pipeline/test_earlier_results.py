"""A run beside the results of an earlier one: what is refused touches nothing of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from nextflow_runs import ROOT, TINY, run_nextflow, write_sheet

REPORTS = {
    "execution_trace": "txt",
    "execution_report": "html",
    "execution_timeline": "html",
    "pipeline_dag": "html",
}

# A suffix of its reports is what a configuration reads of a run.
pytestmark = pytest.mark.usefixtures("older_parser")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_refused_run_changes_nothing_of_an_earlier_one(tiny: Path, tmp_path: Path) -> None:
    sheet = write_sheet(
        tmp_path / "sheet.csv",
        ("sample", "assay", "data"),
        ("oct4", "sequences", str(tiny / "oct4.fa")),
    )
    arguments = (ROOT, "--input", sheet, *TINY, "-stub-run")
    run = run_nextflow(tmp_path, *arguments)
    assert run.code == 0, run.said
    before = contents(run.results)
    stamped = {name.rpartition("/")[2].rpartition("_20")[0] for name in before if "_20" in name}
    assert stamped == set(REPORTS)

    refused = run_nextflow(tmp_path, *arguments, "-resume", "--units", "none")
    assert refused.code == 1 and "--units" in refused.said
    assert contents(run.results) == before

    # a second run adds its own four, and takes all from the cache: the stamp is no task's input
    again = run_nextflow(tmp_path, *arguments, "-resume")
    assert again.code == 0, again.said
    after = contents(run.results)
    assert set(before) < set(after) and len(after) == len(before) + len(REPORTS)
    assert {name: after[name] for name in before} == before
    assert set(again.trace().values()) == {"CACHED"}

    # a suffix of one's own names all four
    named = run_nextflow(tmp_path, *arguments, "-resume", "--trace_report_suffix", "mine")
    assert named.code == 0, named.said
    added = set(contents(run.results)) - set(after)
    assert added == {f"pipeline_info/{name}_mine.{end}" for name, end in REPORTS.items()}
    assert set(named.trace().values()) == {"CACHED"}
