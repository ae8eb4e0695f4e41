"""Where the models are computed, and how that stays reproducible."""

from __future__ import annotations

import ctypes
import os

import torch

from nfexplainn.errors import UserError


def resolve_device(name: str) -> torch.device:
    """Find the device that a user asked for.

    Parameters
    ----------
    name : {'auto', 'cpu', 'gpu'}
        ``auto`` takes a GPU where there is a usable one.

    Raises
    ------
    UserError
        If ``gpu`` is asked for and there is none, or the name is unknown.
    """
    if name == "cpu":
        return torch.device("cpu")
    if name not in ("auto", "gpu"):
        raise UserError(f"device '{name}' is unknown; choose auto, cpu or gpu.")
    if torch.cuda.is_available():
        return torch.device("cuda")
    if name == "gpu":
        raise UserError(
            f"device gpu was asked for, but {_why_no_gpu()};"
            " make the GPU visible to the task, or use device auto or cpu."
        )
    return torch.device("cpu")


def describe_device(device: torch.device) -> str:
    """Name the device for people, with the CUDA release on a GPU."""
    if device.type != "cuda":
        threads = torch.get_num_threads()
        return f"cpu ({threads} thread{'' if threads == 1 else 's'})"
    name = torch.cuda.get_device_name(device)
    memory = torch.cuda.get_device_properties(device).total_memory / 2**30
    return f"gpu ({name}, {memory:.0f} GiB, CUDA {torch.version.cuda})"


def prepare_device(device: torch.device, threads: int) -> None:
    """Set the number of threads and, on a GPU, full float32 precision and reproducible kernels.

    Call it once at the start of a script, before anything ran on the device.

    Raises
    ------
    UserError
        If ``threads`` is below 1.
    """
    if threads < 1:
        raise UserError(f"threads is {threads}; it must be at least 1.")
    torch.set_num_threads(threads)
    _keep_freed_memory()
    if device.type == "cuda":
        # Without these, TF32 would cost digits of the logits and the sums' order would vary.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True
        torch.use_deterministic_algorithms(True, warn_only=True)


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


def _why_no_gpu() -> str:
    if torch.version.cuda is None:
        return f"this torch ({torch.__version__}) was built without CUDA"
    return (
        f"torch {torch.__version__} (CUDA {torch.version.cuda}) sees none: there is no NVIDIA GPU,"
        " its driver is missing or too old, or the container was started without it"
    )
