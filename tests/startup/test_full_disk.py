"""A full disk, a real one of some megabytes: each start on it ends in a sentence that names it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cache
import pytest
import tools

from startup.conftest import ROOT

STARTUP = Path(cache.__file__).parent


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A folder on which :func:`on_disk` mounts a small file system that nobody else sees."""
    probe = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", str(tmp_path)]
    if not shutil.which("unshare") or subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("needs a file system of its own: unshare --mount mount -t tmpfs fails")
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk"


def on_disk(
    disk: Path, megabytes: int, shell: str, folder: Path, **variables: str
) -> subprocess.CompletedProcess:
    """Run a line of shell with a file system of so many megabytes mounted at ``disk``."""
    mount = f"mount -t tmpfs -o size={megabytes}m none {disk}"
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", f"{mount} && {shell}"],
        env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1", **variables),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )


def sentence(finished: subprocess.CompletedProcess) -> str:
    assert "Traceback" not in finished.stderr
    assert finished.returncode == 1, finished.stderr
    return finished.stderr.strip().splitlines()[-1]


def test_too_little_room_for_the_first_start(disk: Path, tmp_path: Path) -> None:
    line = f"{ROOT}/containers/startup/start.sh environment core"
    message = sentence(on_disk(disk, 8, line, tmp_path, XDG_CACHE_HOME=str(disk)))
    assert f"{disk}/nf-explainn has 0.0 GB left: make room, or set XDG_CACHE_HOME" in message


def test_the_disk_fills_up_while_the_environment_is_made(disk: Path, tmp_path: Path) -> None:
    """Room was there when it was looked for (here: none is asked for), and then it was not."""
    name = tools.uv().parents[1].name
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import say, tools, pathlib\n"
        "try: tools.environment(pathlib.Path(sys.argv[2]), 'the environment', 0.0)\n"
        "except say.StartError as error: sys.exit(str(error))"
    )
    (tmp_path / "code.py").write_text(code)
    lock = ROOT / "containers" / "core" / "requirements.txt"
    place = f"{disk}/nf-explainn"
    line = (
        f"mkdir {place} && ln -s {cache.cache_folder()}/{name} {place}/{name} && "
        f"{sys.executable} code.py {STARTUP} {lock}; code=$?; ls -A {place} >left; exit $code"
    )
    message = sentence(on_disk(disk, 60, line, tmp_path, XDG_CACHE_HOME=str(disk)))
    assert message == (
        f"the disk of {place} is full, so the environment could not be made: "
        "make room, or set XDG_CACHE_HOME to a folder on a larger disk, then start again"
    )
    left = (tmp_path / "left").read_text().split()
    assert [entry for entry in left if not entry.endswith(".lock")] == [name]


@pytest.mark.parametrize("mode", ["full", "read-only"])
def test_what_is_cached_starts_from_a_full_or_read_only_disk(
    disk: Path, tmp_path: Path, mode: str
) -> None:
    """The version of the user's Nextflow cannot be noted then, and is asked each time."""
    own = tmp_path / "bin"
    own.mkdir()
    script = '#!/bin/sh\n[ "$1" = -version ] && echo "version 25.10.2 build 1" || echo "got: $*"\n'
    (own / "nextflow").write_text(script)
    (own / "nextflow").chmod(0o755)
    # nearly full: there is room for a folder, and for no byte of a file
    fill = {
        "full": f"mkdir {disk}/nf-explainn; cat /dev/zero >{disk}/zeros 2>/dev/null",
        "read-only": f"mkdir {disk}/nf-explainn; mount -o remount,ro {disk}",
    }[mode]
    path = f"{own}:{os.environ['PATH']}"
    line = f"{{ {fill}; {ROOT}/nextflow config .; }}"
    finished = on_disk(disk, 1, line, tmp_path, XDG_CACHE_HOME=str(disk), PATH=path)
    assert finished.stdout == "got: config .\n", finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_start_in_the_background_on_a_full_disk(disk: Path, tmp_path: Path) -> None:
    line = f"cat /dev/zero >{disk}/zeros 2>/dev/null; cd {disk}; {ROOT}/nextflow -bg config ."
    finished = on_disk(disk, 1, line, tmp_path)
    assert finished.returncode == 0, finished.stderr
    (said,) = [text for text in finished.stderr.splitlines() if ".nextflow.pid" in text]
    assert "cannot be written (No space left on device): the run's process is " in said
    assert "Traceback" not in finished.stderr
