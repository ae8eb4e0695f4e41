"""``kill -9`` at random moments, then -resume: the same artefacts, and none half-written."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from killed_runs import SMALL, START, digests, kill_and_resume, moments, small_sheet
from nextflow_runs import ROOT, Run, first_of, run_nextflow

SEED = 14  # the moments that the seed draws: one in each half of the run


@dataclass(frozen=True)
class Whole:
    """The undisturbed run, and what it published."""

    run: Run
    arguments: tuple[str, ...]
    expected: dict[str, str]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    arguments = ("--input", str(small_sheet(folder / "input")), *SMALL)
    run = run_nextflow(folder, ROOT, *arguments)
    assert run.code == 0, run.said
    return Whole(run, arguments, digests(run.results))


@pytest.mark.parametrize("share", first_of([share] for share in moments(2, SEED)))
def test_killed_at_a_random_moment(whole: Whole, tmp_path: Path, share: float) -> None:
    """Nextflow and its tasks; ``tests/killed_runs.py`` does the same at many more moments."""
    folder = tmp_path / "run"
    made = kill_and_resume(folder, share, whole.run.folder, whole.expected, *whole.arguments)
    assert made.artefacts > 20
    assert made.different == ()
    assert made.cached + made.again > 5
    assert (made.begun > 0) == (share > START)


def test_what_was_published_half_or_not_at_all_is_mended(whole: Whole) -> None:
    """Nextflow copies a result in pieces: after a kill, files are cut, empty or missing.

    Its task is in the cache then, and by default Nextflow writes over nothing of such a task.
    """
    results = whole.run.results
    names = sorted(whole.expected)
    for place, name in enumerate(names):
        path = results / name
        content = path.read_bytes()
        path.unlink()
        if place % 3:
            path.write_bytes(content[: len(content) // 2] if place % 3 == 1 else b"")
    page = results / "multiqc_report.html"
    page.write_bytes(page.read_bytes()[:10_000])
    run = run_nextflow(whole.run.folder, ROOT, *whole.arguments, "-resume")
    assert run.code == 0, run.said
    assert set(run.trace().values()) == {"CACHED"}
    assert digests(results) == whole.expected
    assert page.read_bytes().rstrip().endswith(b"</html>")


def test_a_task_that_starts_again_in_its_own_folder_gives_the_same(whole: Whole) -> None:
    """As SLURM does with a job whose node died, or that another one displaced."""
    scripts = sorted((whole.run.folder / "work").glob("*/*/.command.run"))
    assert len(scripts) > 7
    for script in scripts:
        before = made_in(script.parent)
        again = subprocess.run(
            ["bash", script.name], cwd=script.parent, capture_output=True, text=True, check=False
        )
        assert again.returncode == 0, again.stderr
        assert made_in(script.parent) == before


def test_no_module_makes_a_folder_or_link_that_may_be_there(root: Path) -> None:
    modules = (*root.glob("modules/local/*/*/main.nf"), *root.glob("subworkflows/local/*/*.nf"))
    text = "\n".join(path.read_text() for path in modules)
    assert re.findall(r"\bln -sf? |\bmkdir (?:-p )?", text)
    assert re.findall(r"\bln -s .*|\bmkdir (?!-p).*", text) == []


def made_in(folder: Path) -> dict[str, str]:
    """Sha256 of what a task has made, without the files of Nextflow, the page and clocks."""
    found = digests(folder)
    return {
        name: digest
        for name, digest in found.items()
        if not name.startswith((".command", "whole_data/"))
        and not name.endswith(("history.tsv", ".html", "nfx_training_runs_mqc.json"))
    }


def test_every_published_file_is_compared_with_its_task_s_own(root: Path) -> None:
    lines = [
        line
        for path in root.glob("modules/local/*/*/main.nf")
        for line in path.read_text().splitlines()
        if line.strip().startswith("publishDir")
    ]
    assert len(lines) > 20
    wanted = "overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null"
    assert [line for line in lines if wanted not in line] == []


@pytest.mark.release
def test_links_of_a_run_before_are_replaced_although_their_content_is_the_same(
    tmp_path: Path,
) -> None:
    """Where files are not copied, a link must lead to this run's task: the other may be deleted."""
    sheet = str(small_sheet(tmp_path / "input"))
    arguments = ("--input", sheet, *SMALL, "--publish_dir_mode", "symlink", "-stub-run")
    for work in ("one", "two"):
        run = run_nextflow(tmp_path, ROOT, *arguments, "-w", work)
        assert run.code == 0, run.said
    links = [path for path in run.results.rglob("*") if path.is_symlink()]
    assert len(links) > 20
    assert {path.resolve().relative_to(tmp_path).parts[0] for path in links} == {"two"}


def test_files_that_are_whole_are_not_written_again(whole: Whole) -> None:
    paths = [whole.run.results / name for name in whole.expected]
    before = [path.stat().st_mtime_ns for path in paths]
    run = run_nextflow(whole.run.folder, ROOT, *whole.arguments, "-resume")
    assert run.code == 0, run.said
    assert [path.stat().st_mtime_ns for path in paths] == before
