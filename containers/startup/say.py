"""What the user sees of the start-up: lines on stderr, and tools run with progress."""

from __future__ import annotations

import collections
import errno
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

PREFIX = "[start-up] "
# what pip, uv and jgo say when they do not get through; pip without an index finds "no match"
NO_NETWORK = ("connect", "resolve host", "dns", "timed out", "network", "no matching distribution")


class StartError(Exception):
    """A start that cannot go on; the message names the cause and the way out."""


def say(text: str) -> None:
    """Print one line of the start-up on stderr, where it is in no one's way."""
    print(PREFIX + text, file=sys.stderr, flush=True)


def told(error: OSError) -> str:
    """Put what the system says into a sentence with the path and the way out."""
    place = error.filename2 or error.filename or f"{Path.cwd()} or the cache"
    way_out = {
        errno.ENOSPC: "make room on that disk",
        errno.EDQUOT: "make room: your quota there is used up",
        errno.EROFS: "start in a folder that can be written, and set XDG_CACHE_HOME to another",
        errno.EACCES: "make it readable (and, in the folder of the run and the cache, writable)",
        errno.ENOENT: "put it there, or fetch the project again",
    }.get(error.errno or 0, "correct that")
    return f"{place}: {error.strerror or error}; {way_out}, then start again"


def run(
    command: list[str],
    label: str,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    large: bool = False,
) -> str:
    """Run a tool, showing about every 10 s (on a terminal: every second) how far it is.

    Parameters
    ----------
    command
        Program and arguments.
    label
        What is being made, for the lines of progress and the error.
    environment
        The tool's variables; default: this process's.
    folder
        Where to run it.
    large
        Whether progress shows the room taken on the folder's disk (by everybody), too.

    Returns
    -------
    str
        Its output, stdout and stderr together (the last 200 lines).

    Raises
    ------
    StartError
        If it fails; with its last line that says something, and the way out.
    """
    folder = folder or Path.cwd()
    terminal = sys.stderr.isatty()
    lines: collections.deque[str] = collections.deque(maxlen=200)
    started = time.monotonic()
    free = shutil.disk_usage(folder).free
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        reader = threading.Thread(target=lines.extend, args=(process.stdout,), daemon=True)
        reader.start()
        try:
            while True:
                try:
                    process.wait(1 if terminal else 10)
                    break
                except subprocess.TimeoutExpired:
                    taken = (free - shutil.disk_usage(folder).free) / 1e9
                    room = f", {taken:.1f} GB written" if large and taken > 0.05 else ""
                    text = f"{PREFIX}{label}: {time.monotonic() - started:.0f} s{room}"
                    end = "\r" if terminal else "\n"
                    print(text, end=end, file=sys.stderr, flush=True)
        except BaseException:
            process.terminate()
            raise
        reader.join(5)
    if process.returncode != 0:
        raise StartError(_cause(list(lines), label, folder))
    return "".join(lines)


def _cause(lines: list[str], label: str, folder: Path) -> str:
    text = "".join(lines)
    low = text.lower()
    said = [line.strip() for line in lines if line.strip()]
    telling = [s for s in said if "error" in s.lower() or "caused by" in s.lower()] or said
    last = telling[-1].rstrip(".:") if telling else "it said nothing"
    if "no space left" in low or "disk quota" in low:
        return (
            f"the disk of {folder.parent} is full, so {label} could not be made: "
            "make room, or set XDG_CACHE_HOME to a folder on a larger disk, then start again"
        )
    if os.environ.get("NXF_OFFLINE", "").lower() == "true" or "offline" in low:
        return (
            f"{label} is not in the cache yet and NXF_OFFLINE=true forbids fetching it: start once"
            " with a network and without NXF_OFFLINE"
        )
    if any(word in low for word in NO_NETWORK):
        return (
            f"{label} could not be fetched ({last}): check the network, or set HTTPS_PROXY "
            "or your mirror (PIP_INDEX_URL), then start again; what was fetched is kept"
        )
    if "hash" in low and "mismatch" in low:
        return (
            f"{label} was fetched but does not match the lock ({last}): the mirror or proxy changes"
            " files; use another one (PIP_INDEX_URL), then start again"
        )
    return f"{label} could not be made: {last}; correct that, then start again"
