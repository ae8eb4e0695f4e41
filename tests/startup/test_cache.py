"""A cache entry is whole or not there, whatever happens while it is made."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import cache
import manifest
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


def half_made(folder: Path) -> list[Path]:
    """Folders of starts that are at work, or were killed at it."""
    return list(folder.glob(".tool-1.making-*"))


def test_an_entry_is_made_once(own_cache: Path) -> None:
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        fill(folder)

    first = cache.ensure("tool-1", "the tool", 0, make)
    assert cache.ensure("tool-1", "the tool", 0, make) == first == own_cache / "tool-1"
    assert len(made) == 1
    assert (first / "bin" / "tool").read_text() == "works"


DAMAGES = ("removed", "cut", "marker", "dangling", "emptied library", "rewritten", "no digests")


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_broken_entry_is_said_and_made_again(own_cache: Path, capsys, damage: str) -> None:
    deep = Path("lib", "python3.11", "site-packages", "torch", "lib", "libtorch.so")

    def make(folder: Path) -> None:
        fill(folder)
        (folder / deep).parent.mkdir(parents=True)
        (folder / deep).write_bytes(b"library")
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
    elif damage == "emptied library":
        (own_cache / "tool-1" / deep).write_bytes(b"")
    elif damage == "rewritten":  # as many bytes
        (own_cache / "tool-1" / deep).write_bytes(b"yrarbil")
    elif damage == "no digests":
        (own_cache / "tool-1" / manifest.DIGESTS).unlink()
        os.utime(tool)
    else:
        (own_cache / "interpreter").unlink()
    cache.ensure("tool-1", "the tool", 0, make)
    assert tool.read_text() == "works"
    assert (own_cache / "tool-1" / deep).read_bytes() == b"library"
    assert "the tool in the cache is broken" in capsys.readouterr().err
    assert entries(own_cache) == ["interpreter", "tool-1"]


def test_a_copied_cache_is_whole_and_its_times_are_noted(capsys) -> None:
    entry = cache.ensure("tool-1", "the tool", 0, fill)
    os.utime(entry / "bin" / "tool", (1, 1))
    marker = (entry / cache.MARKER).read_text()
    assert cache.fault(entry) is None
    assert (entry / cache.MARKER).read_text() != marker
    (entry / manifest.DIGESTS).unlink()  # which are not read again
    assert cache.fault(entry) is None
    assert capsys.readouterr().err == ""


def test_bytes_that_turned_without_a_write_are_seen_by_check(own_cache: Path) -> None:
    tool = cache.ensure("tool-1", "the tool", 0, fill) / "bin" / "tool"
    cache.ensure("tool-2", "the tool", 0, fill)
    times = tool.stat()
    tool.write_text("wOrks")
    os.utime(tool, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert cache.fault(own_cache / "tool-1") is None
    (said,) = cache.check()
    assert "tool-1 was broken (bin/tool has changed since it was made)" in said
    assert entries(own_cache) == ["tool-2"]
    assert cache.check() == []


def test_a_slow_file_system_is_asked_for_many_files_at_once(monkeypatch) -> None:
    def make(folder: Path) -> None:
        for number in range(1000):
            (folder / str(number)).write_text("x")

    def slow(entry: Path, name: str, state=manifest._state) -> manifest.State | None:
        time.sleep(0.001)
        return state(entry, name)

    entry = cache.ensure("many-1", "many files", 0, make)
    monkeypatch.setattr(manifest, "_state", slow)
    begun = time.monotonic()
    assert cache.fault(entry) is None
    assert time.monotonic() - begun < 0.7
    (entry / "999").write_text("")
    assert cache.fault(entry) == "999 has 0 bytes, not 1"


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
    while not [place for place in half_made(own_cache) if (place / "half").exists()]:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    (left,) = half_made(own_cache)
    assert maker(tmp_path, 0).wait(30) == 0
    assert entries(own_cache) == ["tool-1"]
    assert (own_cache / "tool-1" / "whole").exists()
    assert list(json.loads((own_cache / "tool-1" / cache.MARKER).read_text())) == ["whole"]
    # a tool that the killed start had begun writes on: in its own folder, which goes next time
    (left / "environment").mkdir(parents=True)
    (own_cache / "tool-1.old-77" / "bin").mkdir(parents=True)
    assert maker(tmp_path, 0).wait(30) == 0
    assert entries(own_cache) == ["tool-1"]


@pytest.mark.parametrize("seed", range(6))
def test_a_start_that_is_killed_at_any_moment_blocks_nobody(
    tmp_path: Path, own_cache: Path, seed: int
) -> None:
    """Six kills in turn within each: also while a broken entry is replaced, and while swept."""
    rng = random.Random(seed)
    for _ in range(6):
        killed = maker(tmp_path, 0.05)
        time.sleep(rng.random() * 0.4)
        killed.kill()
        killed.communicate()
        if rng.random() < 0.5 and (own_cache / "tool-1" / "whole").exists():
            (own_cache / "tool-1" / "whole").write_text("")
    last = maker(tmp_path, 0)
    assert last.communicate(timeout=30)[0] == f"{own_cache / 'tool-1'}\n"
    assert entries(own_cache) == ["tool-1"]
    assert cache.fault(own_cache / "tool-1") is None


def test_starts_that_are_killed_while_they_sweep_block_nobody(own_cache: Path, monkeypatch) -> None:
    """Each sees what all before it have left, under the names that they gave it."""
    cache.ensure("tool-1", "the tool", 0, fill)
    with monkeypatch.context() as killed:
        killed.setattr(cache.shutil, "rmtree", lambda *_, **__: None)
        for _ in range(40):
            (own_cache / "tool-1" / "bin" / "tool").write_text("")
            cache.ensure("tool-1", "the tool", 0, fill)
    assert len(entries(own_cache)) == 41
    assert max(map(len, entries(own_cache))) < 60
    cache.ensure("tool-1", "the tool", 0, fill)
    assert entries(own_cache) == ["tool-1"]


def test_a_read_only_cache_that_is_whole_is_used(own_cache: Path, monkeypatch) -> None:
    """With what a killed start has left in it, too, which cannot be swept there."""
    entry = cache.ensure("tool-1", "the tool", 0, fill)
    (own_cache / ".tool-1.making-7-7").mkdir()

    def refuse(path: Path, mode: str = "r", *more: object, opened=Path.open, **names: object):
        if mode in ("r", "rb"):
            return opened(path, mode, *more, **names)
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "rename", refuse)
    assert cache.ensure("tool-1", "the tool", 0, fill) == entry
    with pytest.raises(StartError, match=r"the other tool could not be made.*Read-only.*set XDG"):
        cache.ensure("tool-2", "the other tool", 0, fill)
