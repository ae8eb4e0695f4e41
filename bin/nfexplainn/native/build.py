"""Compile the kernel: ``python -m nfexplainn.native.build --out DIR`` for an image.

One shared object per instruction set, from the same sources; which one is loaded is decided on the
machine that runs it. So an image, or a cache on a file system that a cluster shares, serves
different processors.
"""

from __future__ import annotations

import argparse
import fcntl
import functools
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCE_DIR = Path(__file__).parent / "source"
MAIN_SOURCE = "kernel.cpp"
COMMON_FLAGS = (
    "-std=c++17",
    "-O3",
    "-fPIC",
    "-pthread",
    "-fvisibility=hidden",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-Wno-psabi",
)
# Without those of an instruction set: ziglang builds the C++ library for each other set of flags,
# in ten times the seconds that the kernel takes.
LINK_FLAGS = ("-O3", "-shared", "-pthread")
# Floats per vector and what the compiler may use. Never -march=native: the object may be loaded
# on another machine than the one that built it. Never -ffast-math: NaN and inf must be seen.
ISA_FLAGS = {
    "avx512": (
        "-DNFX_WIDTH=16",
        *("-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx2", "-mfma", "-mpopcnt"),
    ),
    "avx2": ("-DNFX_WIDTH=8", "-mavx2", "-mfma", "-mpopcnt"),
    "portable": ("-DNFX_WIDTH=4",),
}
BUILD_TIMEOUT_S = 1800
UNFINISHED = ".build-"


class BuildError(Exception):
    """No kernel could be built; the message says why, in a sentence."""


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler.

    Attributes
    ----------
    command : tuple of str
        What to run before the flags.
    version : str
        First line of what it says about itself.
    """

    command: tuple[str, ...]
    version: str


def machine_isas() -> tuple[str, ...]:
    """Give the instruction sets that exist on this kind of machine, best first."""
    x86 = platform.machine().lower() in {"x86_64", "amd64"}
    return tuple(ISA_FLAGS) if x86 else ("portable",)


def find_compiler() -> Compiler:
    """Find ``$CXX``, a compiler of the machine, or the PyPI package ziglang, in this order.

    Raises
    ------
    BuildError
        If there is none.
    """
    own = os.environ.get("CXX", "").split()
    candidates = [tuple(own)] if own else []
    candidates += [(name,) for name in ("c++", "g++", "clang++") if shutil.which(name)]
    if importlib.util.find_spec("ziglang"):
        candidates.append((sys.executable, "-m", "ziglang", "c++"))
    for command in candidates:
        try:
            run = subprocess.run(
                [*command, "--version"], capture_output=True, text=True, timeout=60, check=True
            )
        except (OSError, subprocess.SubprocessError):
            continue
        return Compiler(command, (run.stdout.splitlines() or [""])[0])
    raise BuildError("there is no C++ compiler (c++, g++, clang++, or the package ziglang)")


@functools.cache
def source_digest() -> str:
    """Digest of the sources and flags, 16 hexadecimal digits."""
    digest = hashlib.sha256(repr((COMMON_FLAGS, LINK_FLAGS, ISA_FLAGS)).encode())
    for path in sorted(SOURCE_DIR.iterdir()):
        if path.suffix in {".hpp", ".cpp"}:
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def object_name(isa: str) -> str:
    """File name of a kernel; it holds the digest, so that no other sources' object is loaded."""
    return f"kernel-{source_digest()}-{isa}.so"


def cache_dir(compiler: Compiler) -> Path:
    """Folder of the user's cache for what this compiler makes of these sources."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    identity = repr((source_digest(), compiler, platform.machine(), platform.libc_ver()))
    key = hashlib.sha256(identity.encode()).hexdigest()[:16]
    return Path(base) / "nf-explainn" / "kernel" / key


def digest_path(target: Path) -> Path:
    """File beside an object that holds its sha256 as it was built."""
    return target.with_name(f"{target.name}.sha256")


def fault(target: Path) -> str | None:
    """Say why an object must not be loaded, or None when it holds the bytes that were built.

    A cut one would end the process by SIGBUS as soon as a missing page of it is used.
    """
    try:
        content, expected = target.read_bytes(), digest_path(target).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        return str(error)
    if hashlib.sha256(content).hexdigest() != expected:
        return f"its {len(content)} bytes differ from what was built"
    return None


def build(isa: str, out: Path, compiler: Compiler) -> Path:
    """Compile one object into a folder, unless it is there and whole.

    It is built under a temporary name and renamed, and two builds at once wait for each other. Its
    digest is there before it is: what a killed build leaves is never taken for whole.

    Returns
    -------
    Path
        Of the shared object.

    Raises
    ------
    BuildError
        If the compiler fails.
    OSError
        If the folder cannot be written.
    """
    target = out / object_name(isa)
    if fault(target) is None:
        return target
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        problem = fault(target)
        if problem is None:
            return target
        if target.exists():
            print(f"{target} is broken ({problem}): building it again", file=sys.stderr)
        for left in out.glob(f"{UNFINISHED}*"):  # of builds that were killed
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=UNFINISHED) as folder:
            built = Path(folder) / target.name
            _compile(isa, built, compiler)
            note = digest_path(built)
            note.write_text(f"{hashlib.sha256(built.read_bytes()).hexdigest()}\n")
            note.replace(digest_path(target))
            built.replace(target)
    return target


def _compile(isa: str, target: Path, compiler: Compiler) -> None:
    source = str(SOURCE_DIR / MAIN_SOURCE)
    compiled = str(target.with_suffix(".o"))
    _run_compiler(compiler, *COMMON_FLAGS, *ISA_FLAGS[isa], "-c", source, "-o", compiled)
    _run_compiler(compiler, *LINK_FLAGS, compiled, "-o", str(target))


def _run_compiler(compiler: Compiler, *arguments: str) -> None:
    command = [*compiler.command, *arguments]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise BuildError(f"the C++ compiler {compiler.command[-1]} did not run: {error}") from error
    if run.returncode:
        lines = [line for line in run.stderr.splitlines() if "error" in line] or ["no message"]
        raise BuildError(f"the C++ compiler {compiler.version} failed: {lines[0].strip()}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Build every object of this kind of machine into a folder."""
    parser = argparse.ArgumentParser(prog="python -m nfexplainn.native.build", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the shared objects")
    options = parser.parse_args(arguments)
    try:
        compiler = find_compiler()
        for isa in machine_isas():
            print(build(isa, options.out, compiler))
    except (BuildError, OSError) as error:
        sys.exit(f"ERROR: the kernel was not built: {error}.")


if __name__ == "__main__":
    main()
