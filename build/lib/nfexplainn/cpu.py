"""How the CPU is used: threads and memory."""

from __future__ import annotations

import ctypes

from nfexplainn.errors import UserError


def prepare_cpu(threads: int) -> None:
    """Check a number of threads, and let freed memory be used again.

    Call it once at the start of a script.

    Raises
    ------
    UserError
        If ``threads`` is below 1.
    """
    if threads < 1:
        raise UserError(f"threads is {threads}; it must be at least 1.")
    _keep_freed_memory()


def describe_cpu(threads: int) -> str:
    """Name the CPU for people."""
    return f"cpu ({threads} thread{'' if threads == 1 else 's'})"


def _keep_freed_memory() -> None:
    """Let glibc keep freed blocks of up to 32 MiB instead of giving them back to the system.

    Every training step frees and allocates the same megabytes; fetching them anew costs a page
    fault per 4 KiB, up to half of the step's time. Elsewhere than on glibc nothing happens.
    """
    trim_threshold, mmap_threshold = -1, -3  # glibc's M_TRIM_THRESHOLD and M_MMAP_THRESHOLD
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(mmap_threshold, 32 << 20)
    mallopt(trim_threshold, 1 << 30)
