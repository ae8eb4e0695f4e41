"""Which implementation computes a model's units."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from nfexplainn.errors import UserError
from nfexplainn.models.explainn import ExplaiNN, Kernel

NATIVE = "nfexplainn.native.units"


def choose_kernel(model: nn.Module, requested: str, device: torch.device) -> Kernel:
    """Set a model's kernel, and name it.

    Parameters
    ----------
    model : nn.Module
        Models other than ExplaiNN have only ``torch``.
    requested : {'auto', 'native', 'torch'}
        ``auto`` takes the native kernel where it can be used, and says why where it cannot.
    device : torch.device

    Raises
    ------
    UserError
        If ``native`` is asked for and cannot be used.
    """
    if requested not in ("auto", "native", "torch"):
        raise UserError(f"kernel '{requested}' is unknown; choose auto, native or torch.")
    for source in getattr(model, "sources", ()):  # the frozen models of another
        choose_kernel(source, requested, device)
    if requested == "torch" or not isinstance(model, ExplaiNN):
        return "torch"
    reason = _why_not_native(model, device)
    if reason is None:
        model.kernel = "native"
        return "native"
    if requested == "native":
        raise UserError(f"kernel native was asked for, but {reason}; use kernel auto or torch.")
    if device.type == "cpu":
        print(f"kernel torch, since {reason}", file=sys.stderr)
    return "torch"


@contextmanager
def own_threads(model: nn.Module) -> Iterator[None]:
    """Give all threads to the native kernel while it trains, and one to torch.

    What torch does beside the kernel is little; its other threads would only wait for the next
    piece of work by spinning, on the cores that the kernel needs.
    """
    if not isinstance(model, ExplaiNN) or model.kernel != "native":
        yield
        return
    threads = torch.get_num_threads()
    model.threads = threads
    torch.set_num_threads(1)
    try:
        yield
    finally:
        model.threads = 0
        torch.set_num_threads(threads)


def instruction_set(kernel: Kernel) -> str:
    """Name what computes a model: ``avx512``, ``avx2`` or ``portable`` (native), or ``torch``.

    The same model trained by two of them differs in the last digits, since they sum in another
    order.
    """
    if kernel == "torch":
        return "torch"
    isa: str = importlib.import_module("nfexplainn.native.library").load().isa
    return isa


def _why_not_native(model: ExplaiNN, device: torch.device) -> str | None:
    """Say why the native kernel cannot compute this model here; None where it can."""
    if device.type != "cpu":
        return "it runs on the CPU only"
    try:
        native = importlib.import_module(NATIVE)
    except ModuleNotFoundError as error:
        if error.name is None or not NATIVE.startswith(error.name):
            raise
        return "this installation has no native kernel"
    reason: str | None = native.why_unusable(model.config)
    return reason
