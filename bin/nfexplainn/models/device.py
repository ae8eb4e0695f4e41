"""Where the models are computed, and how that stays reproducible."""

from __future__ import annotations

import os

import torch

from nfexplainn.cpu import describe_cpu, prepare_cpu
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
            f"device gpu was requested, but {_why_no_gpu()}; make the GPU visible to the task, or"
            " use device auto or cpu."
        )
    return torch.device("cpu")


def describe_device(device: torch.device) -> str:
    """Name the device for people, with the CUDA release on a GPU."""
    if device.type != "cuda":
        return describe_cpu(torch.get_num_threads())
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
    prepare_cpu(threads)
    torch.set_num_threads(threads)
    if device.type == "cuda":
        # Without these, TF32 would cost digits of the logits and the sums' order would vary.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True
        torch.use_deterministic_algorithms(True, warn_only=True)


def _why_no_gpu() -> str:
    if torch.version.cuda is None:
        return f"this torch ({torch.__version__}) was built without CUDA"
    return (
        f"torch {torch.__version__} (CUDA {torch.version.cuda}) sees none: there is no NVIDIA GPU,"
        " its driver is missing or too old, or the container was started without it"
    )
