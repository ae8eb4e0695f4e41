"""Broken inputs that once ended in a traceback, a crash, or other numbers: all of ``field/faults``.

Each is copied into a folder of its own and read in a process of its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fault_runner import run_cases
from region_fixtures import make_genome

ROOT = Path(__file__).resolve().parents[3]
FAULTS = Path(os.environ.get("NFEXPLAINN_TEST_FIELD", ROOT.parent / "shared/field")) / "faults"
# These have tests of their own, in which whole runs are started.
ELSEWHERE = ("inject", "xss", "pt2", "quote-in-label")
_KINDS = {"options": "options", "st_header": "checkpoint", "pt": "pretrained"}
# What a step leaves beside its status: nothing, but for the tables of what was read.
_MAY_STAY = {"d.status.json"}


def _names() -> list[str]:
    found = sorted(path.name for path in FAULTS.iterdir()) if FAULTS.is_dir() else []
    return [name for name in found if name not in ELSEWHERE]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Run every folder once; give what happened by its name."""
    if not FAULTS.is_dir():
        pytest.skip(f"needs the broken inputs in {FAULTS} (or where NFEXPLAINN_TEST_FIELD says)")
    top = tmp_path_factory.mktemp("faults")
    genome = make_genome(tmp_path_factory.mktemp("genome"))
    cases = []
    for name in _names():
        folder = top / name
        shutil.copytree(FAULTS / name, folder)
        folder.chmod(0o755)
        (folder / "d.status.json").unlink(missing_ok=True)
        for part in genome.parent.iterdir():
            shutil.copyfile(part, folder / part.name)
        cases.append((_KINDS.get(name.partition("-")[0], "prepare"), str(folder)))
    yield dict(zip(_names(), run_cases(cases), strict=True))
    shutil.rmtree(top)


@pytest.mark.parametrize("name", _names() or ["none"])
def test_a_broken_input_ends_with_one_sentence(name: str, results: dict[str, Any]) -> None:
    result = results[name]
    assert result["state"] == "error", result["said"]
    assert set(result["left"]) <= _MAY_STAY
    lines = result["said"].splitlines()
    if name.startswith("options"):
        options = json.loads((FAULTS / name / "o.json").read_text())
        assert all(re.match(rf"({'|'.join(options)}) is .*; give ", line) for line in lines)
        return
    files = [path.name for path in (FAULTS / name).iterdir() if path.suffix != ".json"]
    assert len(lines) == 1, result["said"]
    assert any(file in lines[0] for file in files), result["said"]
