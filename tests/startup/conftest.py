"""Make the start-up's modules importable, and start the real script in a world of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "containers" / "startup"))


def executable(path: Path, script: str) -> Path:
    """Write a shell script that can be started."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def world(tmp_path: Path) -> dict[str, str]:
    """Variables of a machine with nothing but Python 3.11+, a shell and its tools."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "readlink", "dirname", "head"):
        (tools / name).symlink_to(subprocess.check_output(["which", name], text=True).strip())
    (tools / "python3").symlink_to(sys.executable)
    home = tmp_path / "home"
    home.mkdir()
    kept = ("LANG", "SSL_CERT_FILE", "PIP_CERT", "PIP_INDEX_URL", "HTTPS_PROXY", "https_proxy")
    variables = {name: os.environ[name] for name in kept if name in os.environ}
    return variables | {"PATH": str(tools), "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def start(world: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess]:
    """Run ``./nextflow`` with these arguments; keywords are variables."""

    def run(*arguments: str, timeout: int = 120, **variables: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(ROOT / "nextflow"), *arguments],
            env=world | variables,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run
