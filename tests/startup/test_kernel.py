"""A machine without a C++ compiler: who compiles the kernel there, and what happens without it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cache
import kernel
import pytest
import say

from nfexplainn.data.dataset import write_dataset
from nfexplainn.native import build, library
from startup.conftest import ROOT, executable
from startup.test_wrapper import NOWHERE, a_nextflow, cached
from training_fixtures import planted

TELL = 'if [ "$1" = -version ]; then echo "version 25.10.2 build 1"; else {}; fi'


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """No compiler, an empty cache, and shams of what fetches and compiles; their commands."""
    commands: list[list[str]] = []

    def install(folder: Path, lock: Path, _label: str) -> None:
        commands.append(["install", lock.name])
        (folder / "ziglang").mkdir(parents=True)

    def run(command: list[str], _label: str, variables: dict[str, str], folder: Path) -> None:
        commands.append(command)
        assert (Path(variables["PYTHONPATH"]) / "ziglang").is_dir()
        (folder / "kernel.so").write_text("object")

    monkeypatch.setattr(kernel, "install", install)
    monkeypatch.setattr(kernel, "run", run)
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: Room())
    for name in ("CXX", kernel.VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return commands


class Room:
    free = 10**12


def test_a_fetched_compiler_makes_it_once_and_goes(bare, capsys) -> None:
    folder = Path(kernel.provide_kernel()[kernel.VARIABLE])
    fetched, compiled = bare
    assert fetched == ["install", "ziglang.txt"]
    assert compiled[:-1] == [kernel.PYTHON, str(kernel.RECIPE), "--out"]
    assert {path.name for path in folder.iterdir()} == {
        "kernel.so",
        ".complete.json",
        ".digests.json",
    }
    assert "the kernel is compiled (0 s to fetch, 0 s to compile)" in capsys.readouterr().err
    assert kernel.provide_kernel() == {kernel.VARIABLE: str(folder)}
    assert len(bare) == 2


def test_nothing_is_fetched_where_there_is_a_compiler_or_a_kernel(
    bare, monkeypatch, tmp_path
) -> None:
    monkeypatch.setenv(kernel.VARIABLE, "/mine")
    assert kernel.provide_kernel() == {}
    monkeypatch.delenv(kernel.VARIABLE)
    monkeypatch.setenv("CXX", str(executable(tmp_path / "compiler", "exit 0")))
    assert kernel.provide_kernel() == {}
    assert bare == []


def test_a_compiler_that_cannot_be_fetched_is_a_line_and_no_end(bare, monkeypatch, capsys) -> None:
    def fail(*_: object) -> None:
        raise say.StartError("ziglang could not be fetched")

    monkeypatch.setattr(kernel, "install", fail)
    assert kernel.provide_kernel() == {}
    assert bare == []
    said = capsys.readouterr().err
    assert "continuing without the kernel, slower and with torch: ziglang could not be" in said


@pytest.mark.release
def test_the_start_compiles_every_kernel_by_ziglang(start, world, monkeypatch) -> None:
    """For real; what it makes is loaded as that of a compiler of the machine is."""
    a_nextflow(world["PATH"], "25.10.2").write_text(
        f"#!/bin/sh\n{TELL.format(shutil.which('env'))}\n"
    )
    begun = start("run", ".", timeout=900)
    assert begun.returncode == 0, begun.stderr
    assert "fetching a C++ compiler for the kernel" in begun.stderr
    assert "the kernel is compiled (" in begun.stderr
    told = dict(line.split("=", 1) for line in begun.stdout.splitlines() if "=" in line)
    folder = Path(told[kernel.VARIABLE])
    names = {build.object_name(isa) for isa in build.machine_isas()}
    assert names <= {path.name for path in folder.iterdir()}
    assert sum(path.stat().st_size for path in folder.iterdir()) < 20e6
    assert not [name for name in cached(world) if "making" in name]
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv(library.FOLDER_VARIABLE, str(folder))
    assert library.load().path.parent == folder
    # a start afterwards needs neither compiler nor network
    again = start("run", ".", NXF_OFFLINE="true", PIP_INDEX_URL=NOWHERE)
    assert again.stderr == ""


@pytest.fixture
def task(tmp_path: Path) -> list[str]:
    """Train a small model by the Python that is given first."""
    write_dataset(planted(60), tmp_path / "planted.dataset.parquet")
    options = {"units": 3, "filter_length": 7, "hidden": 5, "max_epochs": 1}
    (tmp_path / "options.json").write_text(json.dumps(options))
    script = [str(ROOT / "bin" / "train.py"), "--dataset", "planted.dataset.parquet"]
    return [*script, "--options", "options.json", "--id", "run"]


def without_compiler(tmp_path: Path) -> dict[str, str]:
    """Variables of a task of the bare start on such a machine, whose environments are there."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "readlink", "dirname", "head"):
        (tools / name).symlink_to(str(shutil.which(name)))
    (tools / "python3").symlink_to(sys.executable)
    kept = {name: os.environ[name] for name in ("HOME", "XDG_CACHE_HOME") if name in os.environ}
    return kept | {"PATH": str(tools), "PYTHONNOUSERSITE": "1", "NXF_OFFLINE": "true"}


def environment(name: str) -> Path:
    start = str(ROOT / "containers" / "startup" / "start.sh")
    return Path(subprocess.check_output([start, "environment", name], text=True).strip())


def test_a_task_without_a_kernel_starts_again_with_torch(tmp_path, task) -> None:
    variables = without_compiler(tmp_path)
    environment("torch")
    variables["NFEXPLAINN_TORCH"] = f"{ROOT / 'containers/startup/start.sh'} python torch"
    python = environment("core") / "bin" / "python3"
    finished = subprocess.run(
        [str(python), *task], cwd=tmp_path, env=variables, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    said = [line for line in finished.stderr.splitlines() if "kernel torch, since" in line]
    assert len(said) == 2  # of the first start, and of the second, which goes on
    assert "there is no C++ compiler" in said[0]
    assert said[0].endswith(": starting again in the environment with torch")
    assert (tmp_path / "run.model.tsv").read_text().splitlines()[1].endswith("\ttorch")


def test_in_an_image_that_is_one_sentence(tmp_path, task) -> None:
    python = environment("core") / "bin" / "python3"
    finished = subprocess.run(
        [str(python), *task],
        cwd=tmp_path,
        env=without_compiler(tmp_path),
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr
    last = finished.stderr.strip().splitlines()[-1]
    assert "there is no C++ compiler" in last
    assert "torch is not in this environment or image; fix that, or use --kernel torch" in last
