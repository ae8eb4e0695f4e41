"""Weights of a file, held against the model that they are for before either is believed."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nfexplainn.errors import UserError
from nfexplainn.io.reading import reading

# Settings that say how many layers there are: each has weights of its own.
_DEPTHS = ("num_fc", "lstm_layers")
_WAY_OUT = "train the model anew, or fetch its file again"


def fitted(
    path: str | Path, make: Callable[[], nn.Module], state: Mapping[str, Any], *, exact: bool
) -> nn.Module:
    """Make a model with the weights of a file.

    The model is first made without memory, so that a false size in the file asks for none.

    Parameters
    ----------
    path : path
        For messages.
    make : callable
        Makes the model.
    state : mapping of str to Tensor
        The weights by name.
    exact : bool
        Whether they must have the model's types of numbers, and not just any.

    Returns
    -------
    nn.Module

    Raises
    ------
    UserError
        If they do not fit the model, or one of them is no finite number.
    """
    with reading(str(path), "the weights do not fit the model", _WAY_OUT):
        shell = _shell(path, make)
        shell.load_state_dict({name: value.to("meta") for name, value in state.items()})
        for name, own in shell.state_dict().items():
            _check(path, name, state[name], own, exact)
        model = make()
        model.load_state_dict(dict(state))
    return model


def check_depth(path: str | Path, config: Any, state: Mapping[str, Any]) -> None:
    """Refuse a configuration of more layers than there are weights, before it is made.

    Raises
    ------
    UserError
    """
    if isinstance(config, Mapping):
        for name, value in config.items():
            if name in _DEPTHS and isinstance(value, int | float) and value > len(state):
                raise UserError(
                    f"{path}: {name} is {value}, but the file has {len(state)} weights; {_WAY_OUT}."
                )
            check_depth(path, value, state)
    elif isinstance(config, list | tuple):
        for value in config:
            check_depth(path, value, state)


def check_archive(path: str | Path) -> None:
    """Refuse an archive of torch of which a part is damaged, by its checksums.

    Raises
    ------
    UserError
    """
    with reading(str(path), "this is no readable checkpoint of weights", _WAY_OUT):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                damaged = archive.testzip()
            if damaged is not None:
                raise ValueError(f"its part {damaged} is damaged")


def check_storage(path: str | Path, state: Mapping[str, Any]) -> None:
    """Refuse weights that lie beyond the parts of the archive that hold them.

    torch believes the length of a storage, and would read the memory behind it.

    Raises
    ------
    UserError
    """
    if not zipfile.is_zipfile(path):
        return
    with reading(str(path), "this is no readable checkpoint of weights", _WAY_OUT):
        with zipfile.ZipFile(path) as archive:
            there = [one.file_size for one in archive.infolist() if "/data/" in one.filename]
        storages = {}
        for value in state.values():
            if isinstance(value, Tensor):
                storage = value.untyped_storage()
                storages[storage.data_ptr()] = storage.nbytes()
        claimed = sorted(filter(None, storages.values()), reverse=True)
        held = sorted(there, reverse=True)
        if len(claimed) > len(held) or any(
            most < size for size, most in zip(claimed, held, strict=False)
        ):
            raise ValueError("a weight is longer than the part that holds it")


def _shell(path: str | Path, make: Callable[[], nn.Module]) -> nn.Module:
    """Make a model without memory; what is wrong with its shape names the file."""
    try:
        with torch.device("meta"):
            return make()
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def _check(path: str | Path, name: str, value: Tensor, own: Tensor, exact: bool) -> None:
    """Refuse weights of another type, or that are no finite numbers."""
    fits = value.dtype == own.dtype if exact else _is_float(value) == _is_float(own)
    if not fits:
        raise ValueError(f"{name} holds {value.dtype}, not {own.dtype}")
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():
        raise ValueError(f"{name} claims more numbers than there are")
    if _is_float(value):
        wrong = ~torch.isfinite(value)
        if name.endswith("running_var"):
            wrong |= value < 0
        if wrong.any():
            at = int(wrong.flatten().nonzero()[0])
            raise UserError(
                f"{path}: number {at + 1:,} of the weights {name} is {value.flatten()[at]:g}, which"
                f" no trained model has; {_WAY_OUT}."
            )


def _is_float(value: Tensor) -> bool:
    return value.is_floating_point()
