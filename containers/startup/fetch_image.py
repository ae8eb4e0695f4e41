"""Fetch an image from the registry that its name holds, where that answers soon."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from say import say
from tools import offline

# Without a network some systems tell at once, others not for minutes: the wait for a first answer.
PATIENCE = 12.0  # seconds
# What engines say of an image that the registry has. Apptainer says nothing before it has the
# layers, but keeps the first thing that it gets in the folder of its cache.
_refused: set[str] = set()  # images, and registries that are silent: asked once in a start
_ANSWERED = re.compile(r"Pulling from|Getting image source|Copying blob|Extracting")


def fetch_image(
    image: str,
    command: list[str],
    variables: Mapping[str, str] | None = None,
    kept: Path | None = None,
) -> bool:
    """Run the command that fetches an image; say which, and why not where it fails.

    Parameters
    ----------
    image
        Full name, with registry and tag.
    command
        The engine's words.
    variables
        Its variables; default: this process's.
    kept
        Folder that is empty and gets the parts of the image as they come.

    Returns
    -------
    bool
        Whether the image is there. False, too, where the user forbids the network.
    """
    host = image.partition("/")[0]
    if offline() or _refused & {image, host}:
        return False
    say(f"looking for the image {image} in its registry")
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        answered, code = _watch(command, variables, image, log.fileno(), kept)
        log.seek(0)
        lines = [line.strip() for line in log.read().splitlines() if line.strip()]
    if code == 0:
        say(f"the image {image} is fetched")
        return True
    _refused.add(image if answered else host)
    last = lines[-1] if lines else "it gives no reason"
    reason = last if answered else f"its registry did not answer within {PATIENCE:.0f} s"
    say(f"it could not be fetched ({reason.rstrip('.')})")
    return False


def _watch(
    command: list[str],
    variables: Mapping[str, str] | None,
    image: str,
    log: int,
    kept: Path | None,
) -> tuple[bool, int]:
    """Wait for the command, not for one whose registry is silent: (whether it answered, code)."""
    started = told = time.monotonic()
    answered = False
    with subprocess.Popen(
        command, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
    ) as process:
        try:
            while process.poll() is None:
                time.sleep(0.1)
                now = time.monotonic()
                answered = answered or _has_answered(log, kept)
                if not answered and now - started > PATIENCE:
                    process.kill()
                    return False, -1
                if answered and now - told > 10:
                    told = now
                    say(f"fetching the image {image}: {now - started:.0f} s")
        except BaseException:
            process.terminate()
            raise
    return True, process.returncode


def _has_answered(log: int, kept: Path | None) -> bool:
    text = os.pread(log, os.fstat(log).st_size, 0).decode(errors="replace")
    parts = (path for path in kept.rglob("*") if path.is_file()) if kept else ()
    return bool(_ANSWERED.search(text)) or any(path.stat().st_size for path in parts)
