"""Model files as modules of torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from nfexplainn.errors import UserError
from nfexplainn.models.checkpoint import ModelHeader, configured_of, read_checkpoint, save_model
from nfexplainn.models.explainn_weights import Expected, Weights
from nfexplainn.models.registry import build
from nfexplainn.models.transfer import check_trusted
from nfexplainn.models.weights import check_weights


@dataclass(frozen=True)
class LoadedModule:
    """A module in evaluation mode on the CPU, with what its file says about it."""

    model: nn.Module
    header: ModelHeader


def load_module(path: str | Path, *, trust_programs: bool = False) -> LoadedModule:
    """Read a model file as a module of torch.

    Parameters
    ----------
    path : path
    trust_programs : bool
        Whether the model may hold programs of others (TorchScript, exported), which are code.

    Raises
    ------
    UserError
        As for :func:`nfexplainn.models.checkpoint.load_model`.
    """
    header, weights = read_checkpoint(path)
    return LoadedModule(module_of(path, header, weights, trust_programs=trust_programs), header)


def module_of(
    path: str | Path,
    header: ModelHeader,
    weights: Mapping[str, NDArray[Any]],
    *,
    trust_programs: bool = False,
) -> nn.Module:
    """Make a module in evaluation mode with the weights of a file.

    The module is first made without memory, so that a false size in the file asks for none.

    Raises
    ------
    UserError
        If they do not fit, or there is a program that is not trusted.
    """
    configured_of(path, header)

    def make() -> nn.Module:
        return build(header.architecture, header.config)

    check_weights(path, weights, _expected(path, make))
    model = make()
    put_weights(model, weights)
    check_trusted(model, path, trust_programs=trust_programs)
    return model.eval()


def weights_of(model: nn.Module) -> Weights:
    """Copy a module's weights, by name, to arrays."""
    return {
        name: tensor.detach().cpu().contiguous().numpy().copy()
        for name, tensor in model.state_dict().items()
    }


def put_weights(model: nn.Module, weights: Mapping[str, NDArray[Any]]) -> None:
    """Copy arrays into a module's weights."""
    model.load_state_dict({name: torch.tensor(array) for name, array in weights.items()})


def save_module(path: str | Path, model: nn.Module, header: ModelHeader) -> None:
    """Write a module as :func:`nfexplainn.models.checkpoint.save_model` does weights."""
    save_model(path, weights_of(model), header)


def _expected(path: str | Path, make: Callable[[], nn.Module]) -> dict[str, Expected]:
    """Give shape and type of a module's weights; what is wrong with its shape names the file."""
    try:
        with torch.device("meta"):
            shell = make()
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    return {
        name: Expected(tuple(tensor.shape), np.dtype(str(tensor.dtype).removeprefix("torch.")))
        for name, tensor in shell.state_dict().items()
    }
