"""Matrices, bulk and single-cell accessibility, from the sheet on."""

from __future__ import annotations

from pathlib import Path

import pytest

from nextflow_runs import DEMO, ROOT, Run, run_nextflow, write_sheet

ASSAYS = {
    "simulated_matrix": "matrix",
    "simulated_bulk": "accessibility",
    "simulated_cells": "single_cell",
}
SIMULATED = DEMO / "simulated"
GENOME = SIMULATED / "simulated_genome.fa.gz"
HEAD = ("sample", "assay", "data", "genome", "regions", "clusters")


@pytest.fixture(scope="module")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One stub run of all three."""
    folder = tmp_path_factory.mktemp("stubs")
    files = ("matrix.tsv.gz", "accessibility.tsv.gz", "cells.h5ad")
    rows = [
        (name, assay, str(SIMULATED / f"simulated_{file}"), str(GENOME), "", "")
        for (name, assay), file in zip(ASSAYS.items(), files, strict=True)
    ]
    sheet = write_sheet(folder / "s.csv", HEAD, *rows)
    return run_nextflow(folder, ROOT, "--input", sheet, "--replicates", "1", "-stub-run")


@pytest.mark.parametrize("dataset", ASSAYS)
def test_stub(stubs: Run, dataset: str) -> None:
    assert stubs.code == 0, stubs.said
    assert stubs.trace()[f"DATASET_PREPARE ({dataset})"] == "COMPLETED"
    for kind in (
        "status.json",
        "dataset.parquet",
        "counts.tsv",
        "dropped.tsv",
        "readings.tsv",
        "audit.tsv",
    ):
        assert (stubs.results / dataset / "data" / f"{dataset}.{kind}").is_file()


def test_mistakes_of_all_files_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "m.tsv").write_text("chrom\tstart\tend\tA\nsim1\t0\t200\t7\n")
    (tmp_path / "a.bg").write_text("sim1\t0\t200\t1\n")
    (tmp_path / "c.csv").write_text("Barcode,Cluster\nX-1,1\n")
    cells = str(SIMULATED / "simulated_cells.h5ad")
    sheet = write_sheet(
        tmp_path / "s.csv",
        (*HEAD, "dataset", "cluster_column", "peakvi"),
        ("mat", "matrix", "m.tsv", str(GENOME), "", "", "", "", ""),
        ("acc", "accessibility", "a.bg", str(GENOME), "", "", "", "", ""),
        ("sc", "single_cell", cells, str(GENOME), "", "c.csv", "", "", ""),
        ("noisy", "single_cell", cells, str(GENOME), "", "", "", "nowhere", "true"),
        ("one", "single_cell", cells, str(GENOME), "", "", "both", "", "true"),
        ("two", "single_cell", cells, str(GENOME), "", "", "both", "", "true"),
    )
    run = run_nextflow(tmp_path, ROOT, "--input", sheet)
    assert run.code == 1  # after the report, as no data set is left
    said = (run.results / "tables" / "status.tsv").read_text()
    assert "m.tsv, line 2, column A: 7 is not a label" in said
    assert (
        "acc: tracks (" in said and (") need regions to sum the signal over (or tile_step)") in said
    )
    assert "c.csv: none of its barcodes is in the matrix" in said
    assert "obs has no column 'nowhere' (cluster_column)" in said
    assert "'both' has 2 rows, but single cells must be one matrix" in said
    assert "Traceback" not in run.said
    failed = {name for name, status in run.trace().items() if status != "COMPLETED"}
    assert failed == {"REPORT_CHECK (1)"}


@pytest.mark.release
def test_a_missing_genome_is_told_before_any_task(tmp_path: Path) -> None:
    rows = [(assay, assay, str(SIMULATED / "simulated_matrix.tsv.gz")) for assay in ASSAYS.values()]
    sheet = write_sheet(tmp_path / "s.csv", ("sample", "assay", "data"), *rows)
    run = run_nextflow(tmp_path, ROOT, "--input", sheet)
    assert run.code != 0
    for assay in ASSAYS.values():
        assert f"the assay {assay} needs genome; give --genome or the column genome" in run.said


@pytest.mark.release
def test_cells_are_denoised_only_where_that_is_asked_for(tmp_path: Path) -> None:
    cells = str(SIMULATED / "simulated_cells.h5ad")
    sheet = write_sheet(
        tmp_path / "s.csv",
        ("sample", "assay", "data", "genome", "peakvi"),
        ("plain", "single_cell", cells, str(GENOME), ""),
        ("denoised", "single_cell", cells, str(GENOME), "true"),
    )
    run = run_nextflow(tmp_path, ROOT, "--input", sheet, "--replicates", "1", "-stub-run")
    assert run.code == 0, run.said
    ran = run.trace()
    assert ran["CELLS_DENOISE (denoised)"] == "COMPLETED"
    assert "CELLS_DENOISE (plain)" not in ran
    assert ran["DATASET_PREPARE (plain)"] == ran["DATASET_PREPARE (denoised)"]
    assert (run.results / "denoised/data/denoised.peakvi.tsv").is_file()


@pytest.mark.release
def test_settings_of_denoising_are_checked_before_any_task(tmp_path: Path) -> None:
    cells = str(SIMULATED / "simulated_cells.h5ad")
    columns = ("peakvi", "peakvi_latent", "peakvi_epochs")
    wrong = (
        ("peakvi", "perhaps"),
        ("peakvi_latent", "0"),
        ("peakvi_latent", "many"),
        ("peakvi_latent", "2.5"),
        ("peakvi_epochs", "-1"),
        ("peakvi_epochs", "1000000"),
    )
    rows = [
        (
            f"c{number}",
            "single_cell",
            cells,
            str(GENOME),
            *(cell if c == column else "" for c in columns),
        )
        for number, (column, cell) in enumerate(wrong)
    ]
    head = ("sample", "assay", "data", "genome", *columns)
    sheet = write_sheet(tmp_path / "s.csv", head, *rows)
    run = run_nextflow(tmp_path, ROOT, "--input", sheet, "-stub-run")
    assert run.code == 1 and "CELLS_DENOISE" not in run.said
    for line, (column, _) in enumerate(wrong, start=2):
        place = f"s.csv, line {line}, column {column}: "
        assert any(error.startswith(place) for error in run.errors()), run.said
