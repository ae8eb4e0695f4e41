"""A cache entry is whole or not there, whatever happens while it is made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import cache
import pytest
from say import StartError

STARTUP = Path(cache.__file__).parent
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "nf-explainn"


def fill(folder: Path) -> None:
    (folder / "bin").mkdir()
    (folder / "bin" / "tool").write_text("works")


def entries(folder: Path) -> list[str]:
    """Names in the cache that are not locks."""
    return sorted(p.name for p in folder.iterdir() if not p.name.endswith(".lock"))


def test_an_entry_is_made_once(own_cache: Path) -> None:
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        fill(folder)

    first = cache.ensure("tool-1", "the tool", 0, make)
    assert cache.ensure("tool-1", "the tool", 0, make) == first == own_cache / "tool-1"
    assert len(made) == 1
    assert (first / "bin" / "tool").read_text() == "works"


@pytest.mark.parametrize("damage", ["removed", "cut", "marker", "dangling"])
def test_a_broken_entry_is_said_and_made_again(own_cache: Path, capsys, damage: str) -> None:
    def make(folder: Path) -> None:
        fill(folder)
        target = folder.parent / "interpreter"
        target.write_text("x")
        (folder / "bin" / "python").symlink_to(target)

    tool = cache.ensure("tool-1", "the tool", 0, make) / "bin" / "tool"
    if damage == "removed":
        tool.unlink()
    elif damage == "cut":
        tool.write_text("wor")
    elif damage == "marker":
        (own_cache / "tool-1" / cache.MARKER).unlink()
    else:
        (own_cache / "interpreter").unlink()
    cache.ensure("tool-1", "the tool", 0, make)
    assert tool.read_text() == "works"
    assert "the tool in the cache is broken" in capsys.readouterr().err
    assert entries(own_cache) == ["interpreter", "tool-1"]


def test_a_failed_make_leaves_nothing(own_cache: Path) -> None:
    def make(folder: Path) -> None:
        fill(folder)
        raise StartError("no network")

    with pytest.raises(StartError, match="no network"):
        cache.ensure("tool-1", "the tool", 0, make)
    assert entries(own_cache) == []


def test_a_full_disk_is_named_with_the_way_out(own_cache: Path) -> None:
    def make(folder: Path) -> None:
        fill(folder)
        with Path("/dev/full").open("w") as disk:
            disk.write("x" * 100_000)

    with pytest.raises(StartError, match=r"disk .* is full.*make room.*XDG_CACHE_HOME"):
        cache.ensure("tool-1", "the tool", 0, make)
    assert entries(own_cache) == []


def test_too_little_room_is_said_before_anything_is_fetched(monkeypatch) -> None:
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: Usage(9e9, 8e9, 1e9))
    with pytest.raises(StartError, match=r"takes about 6\.0 GB and .* has 1\.0 GB left: make room"):
        cache.ensure("tool-1", "the tool", 6.0, fill)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(StartError, match=r"cannot make .*file.*set XDG_CACHE_HOME"):
        cache.cache_folder()


def test_no_home_is_named(monkeypatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/")
    with pytest.raises(StartError, match=r"there is no home folder.*XDG_CACHE_HOME"):
        cache.cache_folder()


MAKER = """
import sys, time, pathlib
sys.path.insert(0, {startup!r})
import cache
def make(folder):
    with open({log!r}, "a") as log:
        log.write("made\\n")
    (folder / "half").write_text("x")
    time.sleep({seconds})
    (folder / "half").rename(folder / "whole")
print(cache.ensure("tool-1", "the tool", 0, make))
"""


def maker(tmp_path: Path, seconds: float) -> subprocess.Popen:
    """Start a process of its own that makes the entry, slowly."""
    log = str(tmp_path / "log")
    code = MAKER.format(startup=str(STARTUP), log=log, seconds=seconds)
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_starts_at_once_make_it_once(tmp_path: Path, own_cache: Path) -> None:
    both = [maker(tmp_path, 1.0) for _ in range(2)]
    said = [process.communicate(timeout=30) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert said[0][0] == said[1][0]
    assert "another start is making the tool: waiting" in said[0][1] + said[1][1]
    assert (tmp_path / "log").read_text() == "made\n"
    assert entries(own_cache) == ["tool-1"]


def test_a_killed_start_blocks_nobody(tmp_path: Path, own_cache: Path) -> None:
    killed = maker(tmp_path, 60)
    while not (own_cache / ".tool-1.making" / "half").exists():
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert entries(own_cache) == [".tool-1.making"]  # what the next start throws away
    assert maker(tmp_path, 0).wait(30) == 0
    assert entries(own_cache) == ["tool-1"]
    assert (own_cache / "tool-1" / "whole").exists()
    assert json.loads((own_cache / "tool-1" / cache.MARKER).read_text()) == {"whole": 1}
