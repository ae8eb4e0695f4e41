"""What runs again after an edit or with another parameter: by name, over stub runs of a copy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from nextflow_runs import ROOT, Run, run_nextflow

PREPARED = {"DATASET_PREPARE (yeast)"}
REPORT = {"REPORT_COLLECT", "REPORT_MULTIQC"}


def of(*datasets: str, processes: tuple[str, ...]) -> set[str]:
    return {
        f"{process} ({dataset}.explainn{'' if process == 'UNITS_SUMMARISE' else '.r1'})"
        for dataset in datasets
        for process in processes
    }


READ = ("UNITS_INTERPRET", "UNITS_SUMMARISE")
TRAINED = ("MODEL_TRAIN", *READ)
EVERY = ("oct4", "few", "yeast")  # a stub calls none of them too small


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project whose code may be changed."""
    folder = tmp_path_factory.mktemp("copy") / "project"
    ignored = shutil.ignore_patterns(".git", "tests", "work", ".nextflow*", "__pycache__")
    shutil.copytree(ROOT, folder, ignore=ignored)
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("resume")


def again(project: Path, place: Path, tiny: Path, *more: str) -> set[str]:
    """Names of the tasks that a resumed stub run does not take from the cache."""
    sheet = ("--input", tiny / "sheet.csv", "--replicates", "1")
    run: Run = run_nextflow(place, project, *sheet, "-stub-run", "-resume", *more)
    assert run.code == 0, run.said
    return {name for name, status in run.trace().items() if status != "CACHED"}


def edit(path: Path, text: str) -> None:
    with path.open("a") as handle:
        handle.write(text)


def test_table_of_resumes(project: Path, place: Path, tiny: Path) -> None:
    """Parameters and edits one after the other, each with the tasks that it makes run again."""
    whole = again(project, place, tiny)
    assert whole >= REPORT | PREPARED | of(*EVERY, processes=TRAINED)
    package = project / "bin" / "nfexplainn"
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "dna.pyc").write_bytes(b"0")
    assert again(project, place, tiny) == set()

    # a parameter that no step of this run reads
    assert again(project, place, tiny, "--max_reads", "1000", "--flank_left", "ACGT") == set()
    assert again(project, place, tiny, "--lstm_layers", "1") == set()
    assert again(project, place, tiny, "--streme_nmotifs", "3", "--nullify_with", "zero") == set()
    # a file that only peaks read
    black = place / "black.bed"
    black.write_text("chrI\t1\t100\n")
    own = PREPARED | {"BASELINE_EVALUATE (yeast)"} | of("yeast", processes=TRAINED)
    shared = {"SHARED_READ (blacklist)"}
    assert again(project, place, tiny, "--blacklist", str(black)) == REPORT | own | shared
    # one that only the names depend on
    named = again(project, place, tiny, "--q_threshold", "0.1")
    assert named == REPORT | of(*EVERY, processes=("UNITS_SUMMARISE",))

    edit(package / "report" / "page.css", "/* edited */\n")
    assert again(project, place, tiny) == REPORT
    edit(package / "report" / "summary.py", "# edited\n")
    assert again(project, place, tiny) == REPORT
    edit(package / "assays" / "htselex.py", "# edited\n")
    assert again(project, place, tiny) == set()
    edit(package / "assays" / "peaks.py", "# edited\n")
    assert again(project, place, tiny) == REPORT | own
    edit(package / "interpret" / "outputs.py", "# edited\n")
    assert again(project, place, tiny) == REPORT | of(*EVERY, processes=READ)
    edit(package / "native" / "source" / "forward.hpp", "// edited\n")
    assert again(project, place, tiny) == REPORT | of(*EVERY, processes=TRAINED)
    edit(project / "assets" / "motifs" / "JASPAR2026_CORE_vertebrates_non-redundant.meme", "\n")
    collected = {name for name in whole if name.startswith("MOTIFS_COLLECT")}
    assert again(project, place, tiny) >= collected


def test_code_that_every_step_imports(project: Path, place: Path, tiny: Path) -> None:
    """Code that a script only imports counts too: nothing of ours is cached after that edit."""
    edit(project / "bin" / "nfexplainn" / "errors.py", "# edited\n")
    run = again(project, place, tiny)
    assert run >= REPORT | PREPARED | of(*EVERY, processes=TRAINED)
    code = json.loads((project / "assets" / "code.json").read_text())
    assert all("bin/nfexplainn/errors.py" in files for files in code.values())
