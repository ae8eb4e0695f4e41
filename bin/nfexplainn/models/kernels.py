"""Which implementation computes a model."""

from __future__ import annotations

import importlib.util
import sys

from nfexplainn.environment import start_again_with_torch
from nfexplainn.errors import UserError
from nfexplainn.models.config import ExplaiNNConfig, ModelConfig
from nfexplainn.models.model import Kernel
from nfexplainn.native import library
from nfexplainn.native.units import why_unusable


def choose_kernel(config: ModelConfig, requested: str, device: str = "cpu") -> Kernel:
    """Name what computes a model.

    Parameters
    ----------
    config : ModelConfig
        Models other than ExplaiNN have only ``torch``.
    requested : {'auto', 'native', 'torch'}
        ``auto`` takes the native kernel where it can be used, and says why where it cannot.
    device : {'auto', 'cpu', 'gpu'}
        ``auto`` is the CPU for what the kernel computes.

    Raises
    ------
    UserError
        If a name is unknown, or ``native`` is asked for and cannot be used; or torch is needed and
        cannot be had. (In the core environment the script is started again in the one with torch.)
    """
    if requested not in ("auto", "native", "torch"):
        raise UserError(f"kernel '{requested}' is unknown; choose auto, native or torch.")
    if device not in ("auto", "cpu", "gpu"):
        raise UserError(f"device '{device}' is unknown; choose auto, cpu or gpu.")
    if requested == "torch" or not isinstance(config, ExplaiNNConfig):
        return "torch"
    reason = "it runs on the CPU only" if device == "gpu" else why_unusable(config)
    if reason is None:
        return "native"
    if requested == "native":
        raise UserError(f"kernel native was requested, but {reason}; use kernel auto or torch.")
    if device != "gpu":
        if importlib.util.find_spec("torch") is None:
            start_again_with_torch(f"kernel torch, since {reason}")
        print(f"kernel torch, since {reason}", file=sys.stderr)
    return "torch"


def instruction_set(kernel: Kernel) -> str:
    """Name what computes a model: ``avx512``, ``avx2`` or ``portable`` (native), or ``torch``.

    The same model trained by two of them differs in the last digits, since they sum in another
    order.
    """
    return "torch" if kernel == "torch" else library.load().isa
