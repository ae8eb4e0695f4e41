"""The versions that a script tells of itself."""

from __future__ import annotations

import json
import platform
import sys
from importlib import metadata
from pathlib import Path

import pytest

from nfexplainn.errors import run_script
from nfexplainn.versions import PACKAGES, VARIABLE, used_versions


def test_what_was_imported_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "versions.json"
    monkeypatch.setenv(VARIABLE, str(path))
    run_script(lambda: None)
    told = json.loads(path.read_text())
    assert told == used_versions() and told["Python"] == platform.python_version()
    monkeypatch.delitem(sys.modules, "scipy", raising=False)
    assert "scipy" not in used_versions()
    monkeypatch.setitem(sys.modules, "scipy", sys)
    assert used_versions()["scipy"] == metadata.version("scipy")


def test_nothing_is_written_where_nobody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    run_script(lambda: None)
    assert not list(tmp_path.iterdir())


def test_every_package_has_its_name(root: Path) -> None:
    lock = (root / "containers" / "torch" / "requirements.txt").read_text()
    for name in set(PACKAGES.values()) - {"scvi-tools"}:
        assert f"\n{name}==" in f"\n{lock}", name
