"""The user's cache: each entry is made once, whole or not at all, and checked at every start."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from say import StartError, say

MARKER = ".complete.json"


def cache_folder() -> Path:
    """Return the folder of everything this start-up keeps, made if it is missing.

    Raises
    ------
    StartError
        If there is no home, or the folder cannot be written.
    """
    chosen = os.environ.get("XDG_CACHE_HOME")
    if not chosen and os.environ.get("HOME", "/") in ("", "/", "/nonexistent"):
        raise StartError(
            "there is no home folder to keep the downloads in: "
            "set XDG_CACHE_HOME to a folder that you may write, then start again"
        )
    folder = Path(chosen or Path.home() / ".cache") / "nf-explainn"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(
            f"cannot make {folder} ({error.strerror}): "
            "set XDG_CACHE_HOME to a folder that you may write, then start again"
        ) from error
    return folder


def digest(*parts: str | bytes) -> str:
    """Return 12 hexadecimal digits that stand for all ``parts`` in this order."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()[:12]


def ensure(name: str, label: str, gigabytes: float, make: Callable[[Path], None]) -> Path:
    """Return the cache entry ``name``, making it with ``make(folder)`` where it is not there.

    It is made in a temporary folder and renamed, under a lock that the system drops with its
    process: a killed start leaves a folder that the next one throws away, never half an entry.

    Parameters
    ----------
    name
        Folder name; holds the digest of all that decides the content.
    label
        What the entry is, in messages.
    gigabytes
        Room that it takes on an empty cache, to refuse early on a full disk.
    make
        Fills the folder that it is given.

    Raises
    ------
    StartError
        If it cannot be made; the cache is then as it was.
    """
    entry = cache_folder() / name
    if fault(entry) is None:
        return entry
    with _lock(entry.with_name(f".{name}.lock"), label):
        problem = fault(entry)
        if problem is None:
            return entry
        temporary = entry.with_name(f".{name}.making")
        _remove(temporary)
        if entry.exists():
            say(f"{label} in the cache is broken ({problem}): making it again")
            _remove(entry)
        _check_room(entry.parent, label, gigabytes)
        try:
            temporary.mkdir()
            make(temporary)
            (temporary / MARKER).write_text(json.dumps(_inventory(temporary)))
            temporary.rename(entry)
        except OSError as error:
            raise _explained(error, label, entry.parent) from error
        finally:
            _remove(temporary)
    return entry


def fault(entry: Path) -> str | None:
    """Say what is wrong with a cache entry, or None when it is whole."""
    try:
        expected = json.loads((entry / MARKER).read_text())
        found = _inventory(entry)
    except (OSError, ValueError) as error:
        return str(error)
    if expected == found:
        return None
    changed = sorted(set(expected.items()) ^ set(found.items()))
    return f"{changed[0][0]} is missing or changed"


def _inventory(entry: Path) -> dict[str, int]:
    """Sizes of files two levels deep, and which folders there are; -1 where a link is dangling.

    The Python environment has 30,000 files: of its packages only the names are looked at
    (``lib/python3.x/site-packages`` is the one place deeper down), which takes a millisecond.
    """
    found: dict[str, int] = {}
    folders = [entry, *(p for p in entry.iterdir() if p.is_dir())]
    folders += [p for p in entry.glob("lib/python3*/site-packages") if p.is_dir()]
    for folder in folders:
        with os.scandir(folder) as items:
            for item in items:
                if item.name in (MARKER, "__pycache__"):
                    continue
                name = os.path.relpath(item.path, entry)
                if item.is_dir():
                    found[name] = 0
                else:
                    try:
                        found[name] = item.stat().st_size
                    except OSError:
                        found[name] = -1
    return found


@contextlib.contextmanager
def _lock(path: Path, label: str) -> Iterator[None]:
    """Hold an exclusive lock; wait, saying so, while another start holds it."""
    try:
        handle = path.open("a")
    except OSError as error:
        raise _explained(error, label, path.parent) from error
    with handle:
        started = said = time.monotonic()
        waiting = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                now = time.monotonic()
                if not waiting or now - said >= 10:
                    waiting, said = True, now
                    say(f"another start is making {label}: waiting ({now - started:.0f} s)")
                time.sleep(0.2)
            except OSError as error:
                raise StartError(
                    f"{path.parent} lies on a file system without locks ({error.strerror}): "
                    "set XDG_CACHE_HOME to a folder on a local disk, then start again"
                ) from error
        yield


def _check_room(folder: Path, label: str, gigabytes: float) -> None:
    free = shutil.disk_usage(folder).free / 1e9
    if free < gigabytes:
        raise StartError(
            f"{label} takes about {gigabytes:.1f} GB and {folder} has {free:.1f} GB left: "
            "make room, or set XDG_CACHE_HOME to a folder on a larger disk, then start again"
        )


def _explained(error: OSError, label: str, folder: Path) -> StartError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StartError(
            f"the disk of {folder} is full, so {label} could not be made: "
            "make room, or set XDG_CACHE_HOME to a folder on a larger disk, then start again"
        )
    return StartError(
        f"{label} could not be made in {folder} ({error.strerror}: {error.filename}): "
        "set XDG_CACHE_HOME to a folder that you may write, then start again"
    )


def _remove(folder: Path) -> None:
    """Delete a folder; one that is in use elsewhere is moved out of the way by its new name."""
    if not folder.exists():
        return
    doomed = folder.with_name(f"{folder.name}.old-{os.getpid()}")
    folder.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)
