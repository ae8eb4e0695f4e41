"""A sheet of a thousand rows is checked, and its first task found, in seconds and half a GB."""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path

import pytest

from nextflow_runs import DEMO, ROOT, write_sheet

CPU_S, GIGABYTES = (
    30,
    0.6,
)  # 25 s and 0.55 GB on a busy machine; a pair compared per row and row: 52


@pytest.mark.minutes
def test_a_thousand_rows(tmp_path: Path) -> None:
    """In a process of its own, whose memory and time are its alone; by the locked Nextflow."""
    rows = [("sample", "assay", "data", "genome")]
    for number in range(0, 1000, 2):
        data, genome = DEMO / "sacCer3_promoters_5462.bed", DEMO / "sacCer3_R64.fa.gz"
        rows.append((f"s{number}", "peaks", str(data), str(genome)))
        sequences = DEMO / "OCT4_H1hESC_200bp.1500.fa.gz"
        rows.append((f"s{number + 1}", "sequences", str(sequences), ""))
    sheet = write_sheet(tmp_path / "sheet.csv", *rows)
    command = [str(ROOT / "nextflow"), "-q", "run", str(ROOT), "-preview", "--input", str(sheet)]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "NXF_OFFLINE": "true", "NXF_ANSI_LOG": "false"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, said
    if "NXF_CMD" in os.environ:
        pytest.skip("NXF_CMD names another Nextflow, with a Java of other settings")
    assert isinstance(used, resource.struct_rusage)
    assert used.ru_utime + used.ru_stime < CPU_S
    assert used.ru_maxrss * 1024 < GIGABYTES * 1e9
