"""The compiled kernel on a machine that has no C++ compiler."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import time
from pathlib import Path
from types import ModuleType

from cache import digest, ensure
from say import StartError, run, say
from tools import CONTAINERS, LOCKS, PYTHON, install

RECIPE = CONTAINERS.parent / "bin" / "nfexplainn" / "native" / "build.py"
VARIABLE = "NFEXPLAINN_KERNEL_DIR"


def provide_kernel() -> dict[str, str]:
    """Compile the kernel where the machine cannot do so itself.

    Returns
    -------
    dict
        The variable that names their folder to the tasks; empty where the machine has a compiler,
        with which the first task builds, or the user names a folder. Where none could be made, a
        line says why: scripts that miss the kernel start again with torch.
    """
    if os.environ.get(VARIABLE) or _has_compiler(_recipe()):
        return {}
    try:
        return {VARIABLE: str(compiled_kernel())}
    except StartError as error:
        say(f"continuing without the kernel, slower and with torch: {error}")
        return {}


def compiled_kernel() -> Path:
    """Return the folder of the kernels of every instruction set, compiled if they are not cached.

    The compiler is the package ziglang, fetched aside and deleted when the kernels are there.

    Raises
    ------
    StartError
        If it cannot be fetched, or fails.
    """
    lock = LOCKS / "ziglang.txt"

    def make(folder: Path) -> None:
        say("fetching a C++ compiler for the kernel (0.4 GB, deleted after use)")
        begun = time.monotonic()
        compiler = folder / "compiler"
        install(compiler, lock, "the C++ compiler ziglang")
        fetched = time.monotonic()
        variables = dict(os.environ, PYTHONPATH=str(compiler))
        for kind in ("GLOBAL", "LOCAL"):
            variables[f"ZIG_{kind}_CACHE_DIR"] = str(compiler / "cache")
        command = [PYTHON, str(RECIPE), "--out", str(folder)]
        run(command, "the compiled kernel", variables, folder)
        shutil.rmtree(compiler)
        (folder / ".lock").unlink(missing_ok=True)
        built = time.monotonic()
        took = f"{fetched - begun:.0f} s to fetch, {built - fetched:.0f} s to compile"
        say(f"the kernel is compiled ({took})")

    machine = f"{sys.platform} {os.uname().machine}"
    key = digest(_recipe().source_digest(), RECIPE.read_bytes(), lock.read_bytes(), machine)
    return ensure(f"kernels-{key}", "the compiled kernel", 0.7, make)


def _recipe() -> ModuleType:
    """Return the module with which the tasks, and images, build the kernel."""
    found = importlib.util.spec_from_file_location("nfexplainn_native_build", RECIPE)
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # its dataclasses look themselves up
    found.loader.exec_module(module)
    return module


def _has_compiler(recipe: ModuleType) -> bool:
    try:
        recipe.find_compiler()
    except recipe.BuildError:
        return False
    return True
