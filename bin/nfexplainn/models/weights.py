"""Weights of a file, held against the model that they are for before either is believed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn.errors import UserError
from nfexplainn.io.reading import reading
from nfexplainn.models.explainn_weights import Expected

# Settings that say how many layers there are: each has weights of its own.
_DEPTHS = ("num_fc", "lstm_layers")
WAY_OUT = "train the model again, or download its file again"


def check_weights(
    path: str | Path, state: Mapping[str, NDArray[Any]], expected: Mapping[str, Expected]
) -> None:
    """Refuse weights that are not those of a model.

    Parameters
    ----------
    path : path
        For messages.
    state : mapping of str to array
        The weights by name.
    expected : mapping of str to Expected
        What the model has.

    Raises
    ------
    UserError
        If names, shapes or types differ, or a weight is no finite number.
    """
    with reading(str(path), "the weights do not fit the model", WAY_OUT):
        if missing := sorted(set(expected) - set(state)):
            raise ValueError(f"{missing[0]} is missing")
        if more := sorted(set(state) - set(expected)):
            raise ValueError(f"the model has no {more[0]}")
        for name, one in expected.items():
            _check(path, name, state[name], one)


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
                    f"{path}: {name} is {value}, but the file has {len(state)} weights; {WAY_OUT}."
                )
            check_depth(path, value, state)
    elif isinstance(config, list | tuple):
        for value in config:
            check_depth(path, value, state)


def _check(path: str | Path, name: str, value: NDArray[Any], own: Expected) -> None:
    """Refuse weights of another shape or type, or that are no finite numbers."""
    if value.dtype != own.dtype:
        raise ValueError(f"{name} holds {value.dtype}, not {own.dtype}")
    if value.shape != own.shape:
        raise ValueError(f"{name} has the shape {value.shape}, not {own.shape}")
    if value.dtype.kind == "f":
        wrong = ~np.isfinite(value)
        if name.endswith("running_var"):
            wrong |= value < 0
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise UserError(
                f"{path}: number {at + 1:,} of the weights {name} is {value.flat[at]:g}, which"
                f" no trained model has; {WAY_OUT}."
            )
