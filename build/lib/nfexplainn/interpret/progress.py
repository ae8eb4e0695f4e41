"""A line of progress about every ten seconds, with rate and time left."""

from __future__ import annotations

import sys
import time
from typing import TextIO

INTERVAL = 10.0


class Progress:
    """Say how far a loop is; nothing is said of one that is done within the first interval.

    Parameters
    ----------
    what : str
        What is being counted, e.g. ``chunks interpreted``.
    stream : text stream, optional
        Standard error by default.
    interval : float
        Seconds between two lines.
    """

    def __init__(self, what: str, stream: TextIO | None = None, interval: float = INTERVAL) -> None:
        self._what = what
        self._stream = stream or sys.stderr
        self._interval = interval
        self._start = self._last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Take note of the number done, and write a line if the last one is old enough."""
        now = time.monotonic()
        if now - self._last < self._interval:
            return
        self._last = now
        rate = done / (now - self._start)
        left = (total - done) / rate
        print(
            f"{done:,} of {total:,} {self._what}, {rate:.3g}/s, {left:.0f} s left",
            file=self._stream,
            flush=True,
        )
