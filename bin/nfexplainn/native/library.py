"""Find, or build, the kernel for this machine, and speak to it through its C interface."""

from __future__ import annotations

import ctypes
import functools
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nfexplainn.errors import UserError
from nfexplainn.native import build

ISA_VARIABLE = "NFEXPLAINN_ISA"
FOLDER_VARIABLE = "NFEXPLAINN_KERNEL_DIR"
_NEEDED = {
    "avx512": {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx2", "fma", "popcnt"},
    "avx2": {"avx2", "fma", "popcnt"},
    "portable": set[str](),
}
_NO_MEMORY = 4


class KernelError(Exception):
    """The kernel cannot be used here; the message says why, without a full stop."""


class Layer(ctypes.Structure):
    """A layer and the batch norm after it (``struct Layer``); addresses of float32 arrays."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("weight", "bias", "gamma", "beta")),
        ("running_mean", ctypes.c_void_p),
        ("running_variance", ctypes.c_void_p),
        ("eps", ctypes.c_double),
        ("momentum", ctypes.c_double),
    )


class UnitsCall(ctypes.Structure):
    """One forward pass of all units (``struct UnitsCall``)."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("sequences", "length", "units")),
        *((name, ctypes.c_int32) for name in ("filter_length", "pool_size", "pool_stride")),
        *((name, ctypes.c_int32) for name in ("pooled", "hidden", "num_fc", "threads", "training")),
        ("dropout", ctypes.c_double),
        ("seed", ctypes.c_uint64),
        ("codes", ctypes.c_void_p),
        *((name, Layer) for name in ("convolution", "first", "last")),
        ("output", ctypes.c_void_p),
        ("saved", ctypes.c_void_p),
        ("bad_unit", ctypes.c_int32),
        ("bad_value", ctypes.c_float),
    )


class EditsCall(ctypes.Structure):
    """Edits of the sequences of a call of the units (``struct EditsCall``)."""

    _fields_ = (
        ("edits", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("codes", "row", "first", "last", "change")),
    )


class UnitsGradient(ctypes.Structure):
    """Where the backward pass writes (``struct UnitsGradient``)."""

    _fields_ = tuple(
        (name, ctypes.c_void_p)
        for name in (
            "output",
            *("convolution", "convolution_gamma", "convolution_beta"),
            *("first", "first_gamma", "first_beta"),
            *("last", "last_gamma", "last_beta"),
        )
    )


class ScanCall(ctypes.Structure):
    """One scan of all filters (``struct ScanCall``): ``best``, or the sites above ``threshold``."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("sequences", "length", "units", "covered")),
        *((name, ctypes.c_int32) for name in ("filter_length", "threads")),
        *((name, ctypes.c_void_p) for name in ("codes", "weight", "offset", "best", "threshold")),
        *((name, ctypes.c_void_p) for name in ("counts", "sites", "activated")),
    )


@dataclass(frozen=True)
class Kernel:
    """A loaded kernel.

    Attributes
    ----------
    isa : str
        ``avx512``, ``avx2`` or ``portable``.
    path : Path
        Of the shared object.
    functions : ctypes.CDLL
    """

    isa: str
    path: Path
    functions: ctypes.CDLL


def load() -> Kernel:
    """Load the kernel, building it first where no built one is found.

    Looked for in ``$NFEXPLAINN_KERNEL_DIR`` (an image's), then in the user's cache; built into
    the cache, or, where that cannot be written, into a temporary folder of this process. One that
    does not hold the bytes that were built is not loaded, but built again.
    ``$NFEXPLAINN_ISA`` overrides the choice of the instruction set.

    Raises
    ------
    KernelError
        If there is none and none can be built.
    UserError
        If ``$NFEXPLAINN_ISA`` names no instruction set.
    """
    isa = wanted_isa()
    found = _load(isa, os.environ.get(FOLDER_VARIABLE, ""))
    if isinstance(found, KernelError):
        raise found
    return found


def wanted_isa() -> str:
    """Give the instruction set to use: ``$NFEXPLAINN_ISA``, else the best of this processor."""
    named = os.environ.get(ISA_VARIABLE, "")
    if named:
        if named not in _NEEDED:
            raise UserError(
                f"{ISA_VARIABLE} is {named!r}; it must be one of {', '.join(_NEEDED)}, or unset."
            )
        return named
    flags = _processor_flags()
    return next(isa for isa in build.machine_isas() if _NEEDED[isa] <= flags)


def check(status: int) -> None:
    """Raise what a status of the kernel means, apart from those that a unit's values cause."""
    if status == _NO_MEMORY:
        raise MemoryError("the kernel's working memory")
    if status:
        raise RuntimeError(f"the kernel returned status {status}")


@functools.cache
def _load(isa: str, folder: str) -> Kernel | KernelError:
    try:
        return _open(isa, _built(isa, folder))
    except (KernelError, build.BuildError, OSError) as error:
        return KernelError(f"the native kernel cannot be used: {error}")


def _built(isa: str, folder: str) -> Path:
    if folder and (ready := Path(folder) / build.object_name(isa)).is_file():
        problem = build.fault(ready)
        if problem is None:
            return ready
        try:
            return _cached(isa)
        except build.BuildError as error:
            raise KernelError(
                f"{ready} is broken ({problem}); build or pull the image again ({error})"
            ) from error
    return _cached(isa)


def _cached(isa: str) -> Path:
    compiler = build.find_compiler()
    try:
        return build.build(isa, build.cache_dir(compiler), compiler)
    except OSError:
        # A read-only home, as in many containers. The folder is removed when the process ends.
        temporary = tempfile.TemporaryDirectory(prefix="nf-explainn-kernel-")
        _KEPT.append(temporary)
        return build.build(isa, Path(temporary.name), compiler)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def _open(isa: str, path: Path) -> Kernel:
    functions = ctypes.CDLL(str(path))
    pointer, long, number = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int32
    functions.nfx_width.argtypes, functions.nfx_width.restype = (), number
    functions.nfx_saved_bytes.argtypes = (ctypes.POINTER(UnitsCall),)
    functions.nfx_saved_bytes.restype = long
    functions.nfx_forward.argtypes = (ctypes.POINTER(UnitsCall),)
    functions.nfx_edits.argtypes = (ctypes.POINTER(UnitsCall), ctypes.POINTER(EditsCall))
    functions.nfx_backward.argtypes = (ctypes.POINTER(UnitsCall), ctypes.POINTER(UnitsGradient))
    functions.nfx_scan.argtypes = (ctypes.POINTER(ScanCall),)
    functions.nfx_shuffle.argtypes = (pointer, long, long, ctypes.c_uint64, long, number, pointer)
    functions.nfx_adam.argtypes = (long, *[pointer] * 4, *[ctypes.c_double] * 3)
    functions.nfx_adam.restype = None
    for name in ("nfx_forward", "nfx_edits", "nfx_backward", "nfx_scan", "nfx_shuffle"):
        getattr(functions, name).restype = number
    if f"-DNFX_WIDTH={functions.nfx_width()}" not in build.ISA_FLAGS[isa]:
        raise KernelError(f"{path.name} was not built for the instruction set in its name")
    return Kernel(isa, path, functions)


@functools.cache
def _processor_flags() -> frozenset[str]:
    """Instruction sets that processor and operating system allow, in Linux's spelling."""
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        names = ["machdep.cpu.features", "machdep.cpu.leaf7_features"]
        run = subprocess.run(["sysctl", "-n", *names], capture_output=True, text=True, check=False)
        return frozenset(run.stdout.lower().split())
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    flags = next((line for line in lines if line.startswith("flags")), ":")
    return frozenset(flags.partition(":")[2].split())
