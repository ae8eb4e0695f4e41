"""The architectures by name: every module takes uint8 codes (B, length), gives (B, tasks)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nfexplainn.errors import UserError
from nfexplainn.models.architecture import Architecture
from nfexplainn.models.config import ModelConfig
from nfexplainn.modules import find_modules
from nfexplainn.typed import from_json

if TYPE_CHECKING:
    from torch import nn

# Ours first, and those that need trained models last.
ARCHITECTURES: Mapping[str, Architecture] = {
    one.name: one
    for one in sorted(
        (module.ARCHITECTURE for module in find_modules("nfexplainn.models.architectures.*")),
        key=lambda one: (one.pretrained, one.name != "explainn", one.name),
    )
}


def build(name: str, config: Mapping[str, Any]) -> nn.Module:
    """Make an untrained module of :func:`configured`.

    Raises
    ------
    UserError
        As :func:`configured`, or if the sequences are too short.
    """
    return _architecture(name).model(configured(name, config))


def configured(name: str, config: Mapping[str, Any]) -> ModelConfig:
    """Make the configuration of an architecture.

    Parameters
    ----------
    name : str
        One of :data:`ARCHITECTURES`.
    config : mapping
        Values of the architecture's configuration; what it does not know is refused.

    Raises
    ------
    UserError
        If the name or a value is unknown or out of range.
    """
    architecture = _architecture(name)
    known = {field.name for field in dataclasses.fields(architecture.config)}
    if unknown := sorted(set(config) - known):
        raise UserError(
            f"model {name}: unknown setting {', '.join(unknown)};"
            f" known are {', '.join(sorted(known))}."
        )
    return from_json(architecture.config, config, f"model {name}")


def config_from(name: str, options: Mapping[str, Any], length: int, tasks: int) -> dict[str, Any]:
    """Pick a model's configuration out of the options of a whole run.

    Parameters
    ----------
    name : str
        Architecture.
    options : mapping
        Parameters by name; those that are not the architecture's are left out.
    length, tasks : int
        Of the data set.
    """
    known = {field.name for field in dataclasses.fields(_architecture(name).config)}
    picked = {key: value for key, value in options.items() if key in known and value is not None}
    return picked | {"length": length, "tasks": tasks}


def _architecture(name: str) -> Architecture:
    if not isinstance(name, str) or name not in ARCHITECTURES:
        raise UserError(f"model '{name}' is unknown; choose from {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[name]
