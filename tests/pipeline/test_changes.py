"""What a maintainer adds is written in few places: one example of each kind, in a copy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nextflow_runs import ROOT, TINY, nextflow_command, write_sheet

# Files that each change touches, beside those that assets/generate.py writes.
CHANGES = {
    "another_name_of_an_assay": 2,
    "an_assay": 5,
    "an_architecture": 3,
    "an_analysis": 9,
    "a_column_of_the_units": 4,
    "a_parameter": 4,
}
TESTS = (
    "tests/unit/assays/test_oligos.py",
    "tests/unit/models/test_convnets.py",
    "tests/unit/analyses/test_composition.py",
    "tests/unit/interpret/test_status.py",
    "tests/unit/interpret/test_support.py",
    "tests/unit/training/test_loop.py",
    "tests/unit/assays/test_step_options.py",
    "tests/style/test_newer_nextflow.py",
)


def patch_of(name: str) -> Path:
    return ROOT / "tests" / "changes" / f"{name}.patch"


@pytest.mark.parametrize(("name", "most"), CHANGES.items())
def test_a_change_touches_few_files(name: str, most: int) -> None:
    touched = re.findall(r"^diff --git a/(\S+)", patch_of(name).read_text(), re.MULTILINE)
    assert len(touched) == len(set(touched)) <= most


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with all the changes, and with what the command writes."""
    place = tmp_path_factory.mktemp("changed") / "project"
    names = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    for name in names:
        if (ROOT / name).exists():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    subprocess.run(["git", "init", "-q"], cwd=place, check=True)
    for name in CHANGES:
        subprocess.run(["git", "apply", str(patch_of(name))], cwd=place, check=True)
    subprocess.run(["git", "add", "-A"], cwd=place, check=True)
    done(place, sys.executable, "assets/generate.py")
    return place


def done(place: Path, *command: str) -> str:
    """Run a command in the copy, without the package of the project itself."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    finished = subprocess.run(
        command, cwd=place, capture_output=True, text=True, env=environment, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.mark.minutes
def test_checkers_are_content(changed: Path, tmp_path: Path) -> None:
    done(changed, sys.executable, "-m", "ruff", "check", "--no-cache", "bin", "tests")
    done(changed, sys.executable, "-m", "ruff", "format", "--no-cache", "--check", "bin", "tests")
    done(changed, sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path))
    said = done(changed, *nextflow_command(), "-q", "lint", ".")
    assert "had no errors" in said


@pytest.mark.release
def test_tests_of_the_changes_pass(changed: Path) -> None:
    done(changed, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS)


@pytest.mark.release
def test_a_run_uses_all_of_them(changed: Path, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "oligos.txt").write_text("\n".join(["ACGTTGCA" * 5] * 9))
    sheet = write_sheet(
        tmp_path / "sheet.csv",
        ("sample", "assay", "data", "genome"),
        ("mentation", "chipmentation", str(tiny / "promoters.bed"), str(tiny / "genome.fa.gz")),
        ("oligos", "oligos", str(tmp_path / "oligos.txt"), ""),
    )
    asked = ("--models", "explainn,cnn2", "--composition", "--least_epochs", "2", *TINY)
    done(
        *(tmp_path, *nextflow_command(), "-q", "run", str(changed), "-stub-run", "--input"),
        *(str(sheet), *asked, "--outdir", str(tmp_path / "results")),
    )
    found = {path.name for path in (tmp_path / "results").rglob("*") if path.is_file()}
    assert {"mentation.dataset.parquet", "oligos.dataset.parquet"} <= found
    assert "mentation.cnn2.r2.model.safetensors" in found
    assert any(name.endswith(".composition.tsv") for name in found)
