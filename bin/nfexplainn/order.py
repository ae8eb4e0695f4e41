"""Orders that do not depend on how a samplesheet is sorted."""

from __future__ import annotations

import re

_Part = tuple[int, int, str]
# What the reads before any selection are called.
_UNSELECTED = re.compile(
    r"(?<![a-z])(zero|input|initial|naive|unselected|unbound|background|control|library"
    r"|(lib|pre|start|starting|random)(?![a-z]))",
    re.IGNORECASE,
)


def natural_key(text: str) -> tuple[tuple[_Part, ...], str]:
    """Sort key that puts ``s2`` before ``s10``; texts that differ never have the same key."""
    return _parts(re.split(r"(\d+)", text)), text


def cycle_key(label: str) -> tuple[bool, tuple[_Part, ...], str]:
    """Sort key of the cycles of a selection.

    First come labels that say zero, input, library, initial, naive, unselected, unbound, control
    and the like, then the others in natural order: ``cycle2`` before ``cycle10``. Case and what is
    neither letter nor digit do not count: ``Cycle_2`` stands between ``cycle 1`` and ``cycle-3``.
    """
    words = re.findall(r"\d+|[^\W\d_]+", label)
    return _UNSELECTED.search(label) is None, _parts(words), label


def _parts(words: list[str]) -> tuple[_Part, ...]:
    """Make words and numbers comparable: numbers first, by value; words without regard to case."""
    return tuple(
        (0, int(word), "") if word.isdecimal() else (1, 0, word.casefold())
        for word in words
        if word
    )
