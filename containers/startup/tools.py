"""uv, and the environments that it makes from hash-locked requirements."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

from cache import digest, ensure
from say import StartError, run, say

CONTAINERS = Path(__file__).resolve().parent.parent
LOCKS = CONTAINERS / "startup"
# the interpreter itself where this one is a virtual environment's: an entry outlives that, and is
# not made once more for each
PYTHON = str(Path(sys.executable).resolve())


def offline() -> bool:
    """Whether the user forbids the network, by Nextflow's own variable."""
    return os.environ.get("NXF_OFFLINE", "").lower() == "true"


def uv() -> Path:
    """Return the locked uv, fetched by this Python's pip where it is not cached."""
    lock = LOCKS / "uv.txt"

    def make(folder: Path) -> None:
        say("fetching uv, which makes Python environments (25 MB)")
        command = [
            *_pip(folder),
            *("install", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"),
            *("--disable-pip-version-check", "--root-user-action", "ignore"),
            *("--target", str(folder), "-r", str(lock)),
        ]
        if offline():
            command += ["--no-index"]
        run(command, "uv", folder=folder)
        shutil.rmtree(folder / "pip-venv", ignore_errors=True)

    entry = ensure(f"uv-{digest(lock.read_bytes(), _python())}", "uv", 0.1, make)
    return entry / "bin" / "uv"


def install(folder: Path, lock: Path, label: str) -> None:
    """Unpack the packages of ``lock`` into ``folder``, which needs no interpreter of its own."""
    folder.mkdir()
    # a cache would keep what the caller deletes
    command = ["pip", "install", "--no-cache", "--python", PYTHON, "--no-deps"]
    run_uv([*command, "--target", str(folder), "--require-hashes", "-r", str(lock)], label, folder)


def run_uv(arguments: list[str], label: str, folder: Path) -> None:
    """Run uv in a folder with the user's index, certificates and links."""
    run([str(uv()), *arguments], label, _uv_variables(), folder)


def environment(lock: Path, label: str, gigabytes: float) -> Path:
    """Return the folder of a Python environment with exactly the packages of ``lock``.

    Parameters
    ----------
    lock
        Requirements with hashes, as ``uv pip compile --generate-hashes`` writes them.
    label
        What it is, in messages.
    gigabytes
        Room that it takes on an empty cache.
    """

    def make(folder: Path) -> None:
        tool = str(uv())
        say(f"making {label} (about {gigabytes:.1f} GB; minutes the first time)")
        variables = _uv_variables()
        place = folder / "environment"
        run(
            [tool, "venv", "--relocatable", "--python", PYTHON, str(place)],
            label,
            variables,
            folder,
        )
        command = [tool, "pip", "install", "--python", str(place / "bin" / "python")]
        # Tasks write no bytecode (nextflow.config): without this each would compile torch anew.
        command += ["--require-hashes", "--no-deps", "--compile-bytecode", "-r", str(lock)]
        run(command, label, variables, folder, large=True)
        for item in place.iterdir():
            item.rename(folder / item.name)
        place.rmdir()
        say(f"{label} is ready")

    return ensure(environment_name(lock), label, gigabytes, make)


def environment_name(lock: Path) -> str:
    """Return the name of the cache entry of the environment of ``lock``."""
    return f"python-{digest(lock.read_bytes(), _python(), 'compiled')}"


def _python() -> str:
    """What of this Python decides whether an environment made with it still works."""
    return f"{PYTHON} {sys.version_info[:2]} {sys.platform} {os.uname().machine}"


def _pip(folder: Path) -> list[str]:
    """Return a command that is pip: this Python's, or one of a throw-away venv."""
    own = [PYTHON, "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True).returncode == 0:
        return own
    venv = folder / "pip-venv"
    made = subprocess.run([PYTHON, "-m", "venv", str(venv)], capture_output=True)
    if made.returncode == 0:
        return [str(venv / "bin" / "python"), "-m", "pip"]
    raise StartError(
        f"{PYTHON} has neither pip nor venv: install one of them "
        "(Debian, Ubuntu: apt install python3-pip), then start again"
    )


def _uv_variables() -> dict[str, str]:
    """Give uv, which does not read pip's settings, the user's index, certificates and links."""
    variables = dict(os.environ)
    variables.update(UV_PYTHON_DOWNLOADS="never", UV_NO_PROGRESS="1", UV_NO_COLOR="1")
    for name in ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH"):
        variables.pop(name, None)
    if offline():
        variables["UV_OFFLINE"] = "1"
    pip = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True)
    settings = {}
    for line in pip.stdout.splitlines():
        key, _, value = line.partition("=")
        settings[key.rpartition(".")[2]] = str(ast.literal_eval(value)) if value else ""
    for setting, name in (
        ("index-url", "UV_DEFAULT_INDEX"),
        ("extra-index-url", "UV_INDEX"),
        ("find-links", "UV_FIND_LINKS"),
        ("trusted-host", "UV_INSECURE_HOST"),
        ("cert", "SSL_CERT_FILE"),
    ):
        old = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}.get(name, name)
        if setting in settings and name not in variables and old not in variables:
            variables[name] = settings[setting].replace("\n", " ").strip()
    return variables
