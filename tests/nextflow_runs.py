"""Real runs of Nextflow in a folder of their own."""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "assets" / "demo"
# Parameters with which a run takes seconds.
TINY = ("--units", "4", "--max_epochs", "2", "--replicates", "2")

QUIET = {"NXF_OFFLINE": "true", "NXF_ANSI_LOG": "false"}


@dataclass(frozen=True)
class Run:
    """A finished run: where it ran, how it ended, what it said."""

    folder: Path
    code: int
    said: str

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def files(self) -> set[str]:
        """Published files without those that Nextflow itself writes."""
        found = (path for path in self.results.rglob("*") if path.is_file())
        names = {str(path.relative_to(self.results)) for path in found}
        return {
            n
            for n in names
            if not n.startswith(("pipeline_info/execution_", "pipeline_info/pipeline_dag"))
        }

    def trace(self) -> dict[str, str]:
        """Status per task, without the names of the subworkflows."""
        with newest_trace(self.results).open(encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle, delimiter="\t"))
        return {row["name"].rpartition(":")[2]: row["status"] for row in rows}

    def errors(self) -> list[str]:
        """The sentences of an error, without Nextflow's own words round them."""
        lines = [line.strip() for line in self.said.splitlines() if line.strip()]
        return [line.removeprefix("ERROR ~ ") for line in lines if not line.startswith("-- Check")]


def newest_trace(results: Path) -> Path:
    """The trace of the last run whose results lie in a folder."""
    found = (results / "pipeline_info").glob("execution_trace*.txt")
    return max(found, key=lambda path: path.stat().st_mtime_ns)


def nextflow_command() -> list[str]:
    """The Nextflow that ``$NXF_CMD`` names, else that of the start-up."""
    named = os.environ.get("NXF_CMD")
    return named.split() if named else [str(ROOT / "nextflow")]


# What a configuration says or reads: by the newer parser of 25.04 it knows no profile beside a file
# given with -c, nor a parameter of the run.
CONFIGURED = {
    *("-c", "-profile", "-params-file"),
    *("--outdir", "--trace_report_suffix", "--help", "--version"),
}


def parser_of(arguments: Sequence[str | Path]) -> str:
    """The parser of newer releases, which is also the faster one, where it can be had."""
    return "v1" if CONFIGURED & set(map(str, arguments)) else "v2"


def run_nextflow(folder: Path, *arguments: str | Path, timeout: float = 900, **env: str) -> Run:
    """Start ``nextflow run`` in a folder and wait for it."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [*nextflow_command(), "-q", "run", *map(str, arguments)]
    done = subprocess.run(
        command,
        cwd=folder,
        env={"NXF_SYNTAX_PARSER": parser_of(arguments), **os.environ, **QUIET, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Run(folder, done.returncode, done.stdout)


def judged(
    folder: Path,
    runs: Sequence[dict[str, Any]],
    *arguments: str | Path,
    values: Sequence[Sequence[Any]] = (),
) -> dict[str, Any]:
    """What the pipeline's own checks say of many parameters and values, in one start."""
    (folder / "cases.json").write_text(json.dumps({"values": values, "runs": runs}))
    script, out = ROOT / "tests" / "pipeline" / "judge.nf", folder / "verdicts.json"
    asked = ("--cases", folder / "cases.json", "--verdicts", out)
    run = run_nextflow(folder, script, *arguments, *asked)
    assert run.code == 0, run.said
    said: dict[str, Any] = json.loads(out.read_text())
    return said


def first_of(cases: Iterable[Sequence[Any]], number: int = 1) -> list[Any]:
    """Cases that cost a start of Nextflow each: the first on each change, all for a release."""
    return [
        pytest.param(*case, marks=() if place < number else pytest.mark.release)
        for place, case in enumerate(cases)
    ]


def cut_fasta(source: Path, target: Path, records: int) -> Path:
    """Copy the first records of a FASTA (gz)."""
    with gzip.open(source, "rt") as handle, target.open("w") as out:
        for line in handle:
            records -= line.startswith(">")
            if records < 0:
                break
            out.write(line)
    return target


def write_sheet(path: Path, *rows: Sequence[str]) -> Path:
    """Write rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle, lineterminator="\n").writerows(rows)
    return path
