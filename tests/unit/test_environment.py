"""A script that is started again where torch is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nfexplainn.environment import VARIABLE, run_with_its_packages, start_again_with_torch
from nfexplainn.errors import UserError

SCRIPT = """
import os, sys
from nfexplainn.environment import start_again_with_torch
print(os.environ.get("THERE"), sys.argv[1:], flush=True)
start_again_with_torch("no kernel")
"""


def test_it_is_started_once_with_its_arguments_and_says_so(tmp_path: Path, root: Path) -> None:
    script = tmp_path / "a script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), "--id", "two words"]
    variables = os.environ | {"PYTHONPATH": str(root / "bin")}
    variables[VARIABLE] = f"env THERE=yes '{sys.executable}'"
    finished = subprocess.run(command, env=variables, capture_output=True, text=True)
    words = "['--id', 'two words']"
    assert finished.stdout.splitlines() == [f"None {words}", f"yes {words}"]
    assert finished.stderr.count("no kernel: starting again in the environment with torch") == 1
    assert (
        "UserError: no kernel, but torch is not in this" in finished.stderr.strip().splitlines()[-1]
    )


def test_what_cannot_be_started_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "'/no such/start.sh' python torch")
    with pytest.raises(UserError, match=r"no kernel, but /no such/start.sh cannot be started here"):
        start_again_with_torch("no kernel")


def test_without_another_environment_it_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(UserError, match=r"no kernel, but torch .* use --kernel torch"):
        start_again_with_torch("no kernel")


def lacking(name: str) -> None:
    raise ModuleNotFoundError(f"No module named '{name}'", name=name)


def test_a_missing_package_of_torch_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execvp", lambda _program, words: started.append(words))
    monkeypatch.setattr(sys, "argv", ["attribute.py", "--id", "a"])
    monkeypatch.setenv(VARIABLE, "start.sh python torch")
    run_with_its_packages(lambda: lacking("umap.plot"))
    assert started == [["start.sh", "python", "torch", "attribute.py", "--id", "a"]]
    with pytest.raises(
        UserError, match=r"torch is needed here, but .*; do not configure beforeScript"
    ):
        run_with_its_packages(lambda: lacking("torch"))


def test_a_missing_package_of_any_other_kind_is_a_defect() -> None:
    with pytest.raises(ModuleNotFoundError):
        run_with_its_packages(lambda: lacking("scipy"))
