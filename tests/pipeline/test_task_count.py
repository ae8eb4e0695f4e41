"""How many tasks a run has, and how many interpreters they start."""

from __future__ import annotations

from pathlib import Path

from nextflow_runs import ROOT, run_nextflow, write_sheet

MOST = 13  # one peaks row with three replicates


def test_a_row_of_peaks_with_three_replicates(tiny: Path, tmp_path: Path) -> None:
    """Thirteen tasks, each of them one start of Python, as a wrapper round it counts."""
    programs = tmp_path / "programs"
    programs.mkdir()
    starts = tmp_path / "starts"
    for name in ("python", "python3", "multiqc"):
        wrapper = programs / name
        wrapper.write_text(
            f'#!/bin/sh\necho "{name} $1" >> {starts}\n'
            f'PATH=$(echo "$PATH" | sed "s#{programs}:##g")\nexec {name} "$@"\n'
        )
        wrapper.chmod(0o755)
    config = tmp_path / "count.config"
    environment = "${System.getenv('NFEXPLAINN_ENVIRONMENT')}/bin"
    config.write_text(f'env.PATH = "{programs}:{environment}:\\$PATH"\n')
    sheet = write_sheet(
        tmp_path / "sheet.csv",
        ("sample", "assay", "data", "genome", "chromosomes", "jaspar_taxon"),
        ("yeast", "peaks", f"{tiny}/promoters.bed", f"{tiny}/genome.fa.gz", "chrI,chrVI", "fungi"),
    )
    small = ("--units", "4", "--max_epochs", "2", "--replicates", "3")
    run = run_nextflow(tmp_path, "-c", config, ROOT, "--input", sheet, *small)
    assert run.code == 0, run.said
    assert set(run.trace().values()) == {"COMPLETED"}
    assert len(run.trace()) <= MOST, sorted(run.trace())
    lines = starts.read_text().splitlines()
    assert len(lines) <= MOST, lines
    named = {Path(line.split()[-1]).name for line in lines}
    assert {"train.py", "interpret.py", "summarise.py", "report.py"} <= named
