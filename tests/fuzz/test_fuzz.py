"""Broken inputs through the real steps: one sentence or the same numbers comes of each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fuzz.changes import ANY, REFUSE, SAME, SOUND, TOLD
from fuzz.judge import FAULTS, judge
from fuzz.targets import targets

SEED = 14


@pytest.mark.parametrize("cases", [500, pytest.param(2000, marks=pytest.mark.release)])
def test_no_broken_input_gets_past_the_steps(root: Path, cases: int) -> None:
    """The list of faults is what the run has printed, each with the command that replays it."""
    command = [sys.executable, "tests/fuzz/run.py", "--cases", str(cases), "--seed", str(SEED)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command[1:])} found:\n{done.stdout}\n{done.stderr}"


OK = {"end": "done", "state": "ok", "reason": "", "said": "", "made": [], "left": [], "names": []}
NAMED = {"state": "error", "reason": "a.bed, line 3: 'x' is not a whole number."}


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"end": "traceback", "type": "KeyError", "said": "KeyError: 'x'"}, "traceback"),
        ({"end": "crash", "type": "SIGSEGV"}, "crash"),
        ({"end": "hang", "type": "SIGPROF"}, "hang"),
        ({"end": "memory"}, "memory"),
        ({"numbers": "1", "expect": REFUSE}, "passed"),
        ({"numbers": "1", "expect": ANY, "finite": False}, "passed"),
        ({"numbers": "2", "expect": SAME}, "changed"),
        ({"numbers": "2", "expect": TOLD, "told": "t"}, "changed"),
        ({"numbers": "2", "expect": TOLD, "told": "u"}, "told"),
        ({"numbers": "2", "expect": ANY}, "told"),
        ({"numbers": "1", "expect": SOUND}, "same"),
        ({**NAMED, "expect": REFUSE}, "refused"),
        ({**NAMED, "expect": SOUND}, "rejected"),
        ({"state": "error", "reason": "it cannot be read.", "expect": ANY}, "sentence"),
        (
            {"state": "error", "reason": "a.bed: \x1b[31m is not a number.", "expect": ANY},
            "sentence",
        ),
        ({"state": "error", "reason": "a.bed: KeyError", "expect": ANY}, "sentence"),
        ({"numbers": "1", "expect": ANY, "left": ["track.bw"]}, "left"),
        ({"numbers": "1", "expect": ANY, "made": ["PWNED"]}, "ran"),
    ],
)
def test_the_judge_knows_each_fault(facts: dict[str, Any], kind: str) -> None:
    target = next(target for target in targets() if target.broken == "a.bed")
    verdict = judge(target, OK | facts, OK | {"numbers": "1", "told": "t"})
    assert verdict.kind == kind
    assert bool(verdict.fault) is (kind in FAULTS)
