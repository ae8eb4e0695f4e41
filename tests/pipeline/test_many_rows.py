"""A sheet of a thousand rows is checked, and its first task found, in seconds and half a GB."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nextflow_runs import DEMO, ROOT, write_sheet

GIGABYTES = 0.6
# CPU seconds of 1,000 rows, in those of 2: 2.3; with a pair compared per row and row 4
TIMES = 3
# Whoever starts a process counts its own memory as that process's until then: this one is small.
MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print("measured", code, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def preview(folder: Path, number: int) -> tuple[float, float]:
    """CPU seconds and gigabytes of checking so many rows."""
    rows = [("sample", "assay", "data", "genome")]
    for row in range(0, number, 2):
        data, genome = DEMO / "sacCer3_promoters_5462.bed", DEMO / "sacCer3_R64.fa.gz"
        rows.append((f"s{row}", "peaks", str(data), str(genome)))
        sequences = DEMO / "OCT4_H1hESC_200bp.1500.fa.gz"
        rows.append((f"s{row + 1}", "sequences", str(sequences), ""))
    sheet = write_sheet(folder / f"sheet_{number}.csv", *rows)
    command = [str(ROOT / "nextflow"), "-q", "run", str(ROOT), "-preview", "--input", str(sheet)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command],
        cwd=folder,
        env={**os.environ, "NXF_OFFLINE": "true", "NXF_ANSI_LOG": "false"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    _, code, cpu_s, kilobytes = done.stdout.splitlines()[-1].split()
    assert code == "0", done.stdout
    return float(cpu_s), int(kilobytes) * 1024 / 1e9


@pytest.mark.minutes
def test_a_thousand_rows(tmp_path: Path) -> None:
    few, _ = preview(tmp_path, 2)
    many, gigabytes = preview(tmp_path, 1000)
    if "NXF_CMD" in os.environ:
        pytest.skip("NXF_CMD names another Nextflow, with a Java of other settings")
    assert many < TIMES * few
    assert gigabytes < GIGABYTES
