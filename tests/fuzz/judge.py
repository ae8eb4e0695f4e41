"""The verdict on a case: what came of it, and whether that is a fault."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fuzz.changes import REFUSE, SAME, SOUND, TOLD
from fuzz.targets import Target

FINE = ("same", "told", "other", "refused", "unusable")
FAULTS = (
    *("traceback", "crash", "hang", "memory", "changed", "passed", "rejected", "sentence", "left"),
    *("ran", "harness", "usage"),
)
_LONGEST = 1500
_INNARDS = re.compile(r"Traceback|<class |object at 0x|[\x00-\x08\x0b-\x1f\x7f]|/bin/nfexplainn")


@dataclass(frozen=True)
class Verdict:
    """What came of a case; ``fault`` is empty where it is as it must be.

    ``kind`` is one of :data:`FINE` or :data:`FAULTS`: numbers that are none or had to be refused
    have ``passed``, a valid form was ``rejected``, what a file holds ``ran``.
    """

    kind: str
    fault: str = ""


def judge(target: Target, facts: Mapping[str, Any], sound: Mapping[str, Any]) -> Verdict:
    """Judge a case by its facts and those of the unbroken input."""
    end = facts["end"]
    if end in ("traceback", "crash", "hang", "memory", "harness", "usage"):
        what = " ".join(str(facts.get(key, "")) for key in ("type", "place")).strip()
        return Verdict(end, f"{what}: {_last(facts['said'])}")
    if "PWNED" in facts["made"]:
        return Verdict("ran", "what the file holds was run")
    if facts["left"] or any(name.endswith(".part") for name in facts["made"]):
        return Verdict("left", f"left behind: {facts['left'] or facts['made']}")
    if facts["state"] in ("error", "refused"):
        return _refusal(target, facts)
    if facts["state"] == "unusable":
        return Verdict("unusable")
    if facts["state"] != "ok":
        return Verdict("harness", f"state {facts['state']}: {facts['reason']}")
    return _numbers(facts, sound)


def _numbers(facts: Mapping[str, Any], sound: Mapping[str, Any]) -> Verdict:
    expect = facts["expect"]
    if not facts.get("finite", True):
        return Verdict("passed", "numbers that are none were taken")
    if expect == REFUSE:
        return Verdict("passed", "taken, and had to be refused")
    if facts.get("numbers") == sound.get("numbers"):
        return Verdict("same")
    if expect in (SAME, SOUND):
        return Verdict("changed", "other numbers, and the state is ok")
    told = facts.get("told") != sound.get("told")
    if expect == TOLD and not told:
        return Verdict("changed", "other numbers, the state is ok, and nothing tells of it")
    return Verdict("told" if told else "other")


def _refusal(target: Target, facts: Mapping[str, Any]) -> Verdict:
    """Check that a refusal is one sentence per line that names a file and no innards of ours."""
    reason = facts["reason"] or facts["said"]
    errors = [line.removeprefix("ERROR: ") for line in reason.splitlines() if line.strip()]
    if not facts["reason"]:  # a script tells its progress, too
        errors = [line.removeprefix("ERROR: ") for line in reason.splitlines() if "ERROR: " in line]
    if facts["expect"] == SOUND:
        return Verdict("rejected", f"a valid form was refused: {reason[:300]}")
    named = (target.broken, *target.files, *facts["names"])
    for line in errors or [""]:
        if len(line) > _LONGEST or not line.endswith((".", ".)", "?")) or _INNARDS.search(line):
            return Verdict("sentence", f"no plain sentence: {line[:300]!r}")
        if not any(name in line for name in named):
            return Verdict("sentence", f"names no file: {line[:300]!r}")
    return Verdict("refused")


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
