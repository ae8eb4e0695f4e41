"""The kernel on arm64, under emulation: what it computes there is what it computes here.

Here it is held to torch by the other tests. ``apt install g++-aarch64-linux-gnu qemu-user-static``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from nfexplainn.native import build

DRIVER = Path(__file__).with_name("driver.cpp")
COMPILER, EMULATOR = "aarch64-linux-gnu-g++", "qemu-aarch64-static"
# a choice of eight floats that takes AVX's own words, and what takes the place of its sum
INTRINSIC = re.compile(r"(?m)^(#(?:el)?if NFX_WIDTH (?:==|>=) 8)$(?=\n.*_m)")
SUM = "float s = 0; for (int i = 0; i < W; i++) s += x[i]; return s;"
EXACT = {"shuffled", "sites", "counts"}


def compiled(folder: Path, command: str, width: int, *flags: str) -> Path:
    """Compile the driver with the kernel's own flags.

    With eight floats per vector and no AVX, as no build has it yet, the intrinsics of AVX give way
    to the compiler's own vectors.
    """
    source = folder / f"source-{width}"
    if not source.exists():
        shutil.copytree(build.SOURCE_DIR, source)
        vectors = source / "vectors.hpp"
        generic = INTRINSIC.sub(r"\1 && __AVX2__", vectors.read_text())
        generic = (
            generic.replace("return (x[0] + x[2]) + (x[1] + x[3]);", SUM) if width == 8 else generic
        )
        vectors.write_text(generic)
    target = folder / f"{command}-{width}"
    own = [flag for flag in build.COMMON_FLAGS if flag != "-fPIC"]
    subprocess.run(
        [
            command,
            *own,
            f"-DNFX_WIDTH={width}",
            *flags,
            f"-I{source}",
            str(DRIVER),
            "-o",
            str(target),
        ],
        check=True,
    )
    return target


def results(*command: str) -> dict[str, np.ndarray]:
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found: dict[str, list[float]] = {}
    for line in said.splitlines():
        name, value = line.split()
        found.setdefault(name, []).append(float(value))
    return {name: np.array(values) for name, values in found.items()}


@pytest.mark.parametrize("width", [4, 8])
def test_arm64_computes_what_x86_does(tmp_path: Path, width: int) -> None:
    missing = [name for name in (COMPILER, EMULATOR, "g++") if not shutil.which(name)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    here = results(str(compiled(tmp_path, "g++", 4)))
    there = results(EMULATOR, str(compiled(tmp_path, COMPILER, width, "-static")))
    assert here.keys() == there.keys() and len(here) == 10
    for name, values in here.items():
        assert np.isfinite(values).all() and values.std() > 0, name
        if name in EXACT:
            assert np.array_equal(values, there[name]), name
        else:
            scale = np.abs(values).max()
            assert np.abs(there[name] - values).max() < 2e-5 * scale, name
