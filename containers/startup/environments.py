"""The Python environments: of most tasks (core), of those that need torch, and of the tests."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path

from cache import cache_folder
from say import StartError
from tools import CONTAINERS, LOCKS, environment, environment_name, run_uv


@dataclass(frozen=True)
class Recipe:
    """How an environment is made.

    Attributes
    ----------
    folder
        Where its ``requirements.in`` and the lock made of it lie.
    label
        What it is, in messages.
    gigabytes
        Room that it takes on an empty cache.
    """

    folder: Path
    label: str
    gigabytes: float


# torch with its CUDA libraries is nearly all of the second, which holds the first's packages, too
RECIPES = {
    "core": Recipe(CONTAINERS / "core", "the Python environment", 1.5),
    "torch": Recipe(CONTAINERS / "torch", "the Python environment with torch", 8.0),
    "tests": Recipe(CONTAINERS.parent / "tests", "the Python environment of the tests", 9.4),
}
# MultiQC asks for it to draw plots as pictures, by a browser of 0.2 GB; ours are interactive
UNUSED = "kaleido"
# One lock after the other: core and tests take the versions that torch has
LOCKED = ("torch", "core", "tests")


def provide(name: str) -> Path:
    """Return the folder of an environment, making it where it is not in the cache.

    Raises
    ------
    StartError
        If there is none of the name, or it cannot be made.
    """
    if name not in RECIPES:
        raise StartError(f"there is no environment {name}: choose one of {', '.join(RECIPES)}")
    recipe = RECIPES[name]
    return environment(recipe.folder / "requirements.txt", recipe.label, recipe.gigabytes)


def place(name: str) -> Path:
    """Return the folder where an environment is, or will be."""
    return cache_folder() / environment_name(RECIPES[name].folder / "requirements.txt")


def start_python(name: str, arguments: list[str]) -> None:
    """Become the Python of an environment, made first where it is missing.

    Raises
    ------
    StartError
        If it cannot be made, as on a node of a cluster without a network.
    """
    try:
        folder = provide(name)
    except StartError as error:
        command = f"{LOCKS / 'start.sh'} environment {name}"
        raise StartError(f"{error}. Or make it where there is a network: {command}") from error
    variables = dict(os.environ)
    enter(folder, variables)
    python = str(folder / "bin" / "python3")
    os.execve(python, [python, *arguments], variables)


def enter(folder: Path, variables: MutableMapping[str, str]) -> None:
    """Let these variables say that an environment is to be used, and nothing of the user's own."""
    variables["PATH"] = f"{folder / 'bin'}{os.pathsep}{variables.get('PATH', '')}"
    variables["PYTHONNOUSERSITE"] = "1"
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
        variables.pop(name, None)


def lock() -> None:
    """Write the lock of every environment anew; what it held stays where it still fits.

    Raises
    ------
    StartError
        If the index cannot be reached, or the versions do not fit together.
    """
    top = CONTAINERS.parent
    files = {name: str(RECIPES[name].folder.relative_to(top) / "requirements") for name in LOCKED}
    for name, file in files.items():
        command = ["pip", "compile", "--universal", "--python-version", "3.11", "--no-header"]
        command += ["--no-annotate", "--generate-hashes", "--no-emit-package", UNUSED]
        command += ["--output-file", f"{file}.txt"]
        if name != LOCKED[0]:
            command += ["--constraints", f"{files[LOCKED[0]]}.txt"]
        run_uv([*command, f"{file}.in"], f"the lock of {RECIPES[name].label}", top)
