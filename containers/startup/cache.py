"""The user's cache: each entry is made once, whole or not at all, and checked at every start."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from manifest import MARKER, deep_fault, fault, seal
from say import StartError, say, told

FORMAT = "2"  # of an entry, part of its name


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
    total = hashlib.sha256(FORMAT.encode())
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()[:12]


def ensure(name: str, label: str, gigabytes: float, make: Callable[[Path], None]) -> Path:
    """Return the cache entry ``name``, making it with ``make(folder)`` where it is not there.

    It is made in a temporary folder and renamed, under a lock that the system drops with its
    process: a killed start leaves a folder that the next one throws away, never half an entry.
    One that is broken stays until another is made, as tasks may be running in it.

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
    lock = entry.with_name(f".{name}.lock")
    if fault(entry) is None:
        if _litter(entry):
            _sweep(entry, lock)
        return entry
    try:
        with _lock(lock, label):
            _make(entry, label, gigabytes, make)
    except OSError as error:
        raise explained(error, label, entry.parent) from error
    return entry


def _make(entry: Path, label: str, gigabytes: float, make: Callable[[Path], None]) -> None:
    for left in _litter(entry):
        shutil.rmtree(left, ignore_errors=True)
    problem = fault(entry)
    if problem is None:  # another start has made it meanwhile
        return
    if entry.exists():
        say(f"{label} in the cache is broken ({problem}): making it again")
    _check_room(entry.parent, label, gigabytes)
    # A folder of this start's own: what a killed one had started may still write into its.
    temporary = entry.with_name(f".{entry.name}.making-{os.getpid()}-{time.time_ns():x}")
    try:
        temporary.mkdir()
        make(temporary)
        seal(temporary)
        _retire(entry)
        temporary.rename(entry)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check() -> list[str]:
    """Compare every entry with its digests; remove each that is broken, and say so."""
    said = []
    for marker in sorted(cache_folder().glob(f"*/{MARKER}")):
        entry = marker.parent
        if not entry.name.startswith("."):
            with _lock(entry.with_name(f".{entry.name}.lock"), entry.name):
                problem = deep_fault(entry)
                if problem:
                    _retire(entry)
                    said.append(f"{entry} was broken ({problem}): the next start makes it again")
    return said


def _litter(entry: Path) -> list[Path]:
    """Folders that killed starts have left of an entry."""
    kinds = (f".{entry.name}.making", f"{entry.name}.old-")
    with os.scandir(entry.parent) as items:
        return [entry.with_name(item.name) for item in items if item.name.startswith(kinds)]


def _sweep(entry: Path, lock: Path) -> None:
    """Delete what killed starts have left, unless another start is at work or it cannot be."""
    with contextlib.suppress(OSError), lock.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left in _litter(entry):
            shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _lock(path: Path, label: str) -> Iterator[None]:
    """Hold an exclusive lock; wait, saying so, while another start holds it."""
    with path.open("a") as handle:
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


def explained(error: OSError, label: str, folder: Path) -> StartError:
    """Put what the system says into a sentence with the place and the way out."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StartError(
            f"the disk of {folder} is full, so {label} could not be made: "
            "make room, or set XDG_CACHE_HOME to a folder on a larger disk, then start again"
        )
    if error.filename and not Path(error.filename).is_relative_to(folder):
        return StartError(told(error))  # something else that it is made from
    return StartError(
        f"{label} could not be made in {folder} ({error.strerror or error}: {error.filename}): "
        "set XDG_CACHE_HOME to a folder that you may write, then start again"
    )


def _retire(entry: Path) -> None:
    """Delete an entry that tasks may be using: at once out of the way, by another name."""
    if entry.exists():
        doomed = entry.with_name(f"{entry.name}.old-{os.getpid()}-{time.time_ns():x}")
        entry.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
