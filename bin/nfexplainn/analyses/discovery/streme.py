"""What STREME gave: its motifs, how surely it holds them, how long it took, or why there is none.

The program's own files are read as they are: ``streme.txt`` (MEME format) and ``streme.xml``.
With a hold-out of 0 its motifs carry a score of the training sequences (``S=``) instead of an
E-value (``E=``), which says nothing of significance.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from nfexplainn.errors import UserError
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.motif import Motif

State = Literal["ok", "none", "failed", "absent", "skipped"]
SAYINGS: Mapping[str, str] = {
    "ok": "",
    "none": "STREME found no motif",
    "failed": "STREME failed",
    "absent": "the program streme was not found",
    "skipped": "STREME was not run",
}

_MATRIX = re.compile(r"^letter-probability matrix:.*\b(?P<kind>[SE])=\s*(?P<value>\S+)")
_SECONDS = re.compile(r"^FINALTIME:\s*(?P<seconds>[\d.]+)\s+seconds")
_VERSION = re.compile(r"^MEME version (?P<version>\S+)")
_STOPPED = re.compile(r"^Stopped because (?P<reason>.+)$")
# A number such as 7.2e-064 that is smaller than any float is 0.
_KINDS: Mapping[str, Literal["score", "e_value"]] = {"S": "score", "E": "e_value"}


@dataclass(frozen=True)
class Significance:
    """How surely a motif is one.

    Attributes
    ----------
    kind : {'score', 'e_value'}
        ``score`` is the p-value of the training sequences themselves: no significance.
    value : float
    """

    kind: Literal["score", "e_value"]
    value: float


@dataclass(frozen=True)
class StremeResult:
    """One run of STREME.

    Attributes
    ----------
    state : {'ok', 'none', 'failed', 'absent', 'skipped'}
        ``none``: it ended well, without a motif.
    reason : str
        Why there is no motif, as far as it is known.
    motifs : tuple of Motif
    significance : tuple of Significance
        Of each motif.
    cpu_seconds, wall_seconds : float or None
    version : str
    stopped : str
        Why it looked for no more motifs.
    motif_seconds : tuple of float
        CPU seconds when each motif was found; empty without ``streme.xml``.
    """

    state: State
    reason: str = ""
    motifs: tuple[Motif, ...] = ()
    significance: tuple[Significance, ...] = ()
    cpu_seconds: float | None = None
    wall_seconds: float | None = None
    version: str = ""
    stopped: str = ""
    motif_seconds: tuple[float, ...] = field(default=())


def read_outcome(path: Path) -> dict[str, str]:
    """Read the lines ``key<tab>value`` that the process writes: state, exit, seconds, message."""
    pairs = (line.partition("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return {key: value.strip() for key, _, value in pairs if key}


def read_streme(
    text: Path | None, *, xml: Path | None = None, outcome: Mapping[str, str] | None = None
) -> StremeResult:
    """Read what a run of STREME left, whatever that is.

    Parameters
    ----------
    text : path or None
        ``streme.txt``; None or a missing or empty file where it wrote none.
    xml : path, optional
        ``streme.xml``, for the time of each motif.
    outcome : mapping, optional
        ``state`` (``finished``, ``absent``), ``exit``, ``seconds`` (wall) and ``message`` (the
        last line it said) of the process.

    Returns
    -------
    StremeResult
        A failure is a result with a reason, never an exception.
    """
    said = dict(outcome or {})
    wall = _number(said.get("seconds"))
    if said.get("state") == "absent":
        return StremeResult("absent", SAYINGS["absent"])
    code, message = said.get("exit", "0"), said.get("message", "")
    if code != "0":
        reason = f"STREME ended with exit code {code}"
        return StremeResult(
            "failed", f"{reason}: {message}" if message else reason, wall_seconds=wall
        )
    if text is None or not text.is_file() or not text.stat().st_size:
        return StremeResult("failed", "STREME left no streme.txt", wall_seconds=wall)
    try:
        motifs = read_meme(text, allow_empty=True).motifs
    except UserError as error:
        return StremeResult("failed", f"streme.txt cannot be read: {error}", wall_seconds=wall)
    lines = text.read_text(encoding="utf-8", errors="replace").splitlines()
    found = [match for line in lines if (match := _MATRIX.match(line))]
    significance = tuple(
        Significance(_KINDS[match["kind"]], _number(match["value"]) or 0.0) for match in found
    )
    if len(significance) != len(motifs):
        significance = ()
    stopped = _first(_STOPPED, lines, "reason").rstrip(".")
    return StremeResult(
        "ok" if motifs else "none",
        "" if motifs else f"{SAYINGS['none']}{f' ({stopped})' if stopped else ''}",
        motifs,
        significance,
        _number(_first(_SECONDS, lines, "seconds")),
        wall,
        _first(_VERSION, lines, "version"),
        stopped,
        read_motif_seconds(xml) if xml is not None else (),
    )


def read_motif_seconds(path: Path) -> tuple[float, ...]:
    """Give the CPU seconds at which each motif of a ``streme.xml`` was found.

    A file that is missing or no XML gives none: the times are an ornament.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return ()
    times = (_number(motif.get("elapsed_time")) for motif in root.iterfind("motifs/motif"))
    return tuple(time for time in times if time is not None)


def _first(pattern: re.Pattern[str], lines: list[str], group: str) -> str:
    return next((match[group] for line in lines if (match := pattern.match(line))), "")


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
