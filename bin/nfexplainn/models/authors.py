"""Weights of the authors' package explainn."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nfexplainn.errors import UserError
from nfexplainn.io.reading import reading
from nfexplainn.models.archives import check_archive
from nfexplainn.models.checkpoint import ModelHeader
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import Expected, Weights, expected_weights
from nfexplainn.models.weights import WAY_OUT, check_weights

_SMALL = 1 << 28  # bytes of a file that needs no such memory as may be lacking


def read_authors_checkpoint(
    path: str | Path, *, length: int | None = None, tasks: tuple[str, ...] = ()
) -> tuple[ModelHeader, Weights]:
    """Read weights that the authors' package saved with ``torch.save``, without running its pickle.

    What is in them is held against the shape of the model that they tell.

    Parameters
    ----------
    path : path
        ``*.pth``: a ``state_dict`` of their ``ExplaiNN``.
    length : int, optional
        Length of the sequences. The weights tell it only up to the tail that pooling leaves out;
        by default the shortest that fits is taken (200 for the paper's models).
    tasks : tuple of str, optional
        Names of the logits; by default ``task_1`` and so on.

    Raises
    ------
    UserError
        If the file is no such checkpoint, or ``length`` or ``tasks`` do not fit its weights.
    """
    path = Path(path)
    check_archive(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError as error:
        if path.stat().st_size > _SMALL:
            raise
        raise UserError(
            f"{path}: a part of this file claims more memory than there is; it is damaged: download"
            " it again."
        ) from error
    except Exception as error:  # arbitrary bytes make the unpickler raise just about anything
        # Its first sentence: torch goes on to advise running what the file holds.
        reason = re.split(r"\.\s", str(error), maxsplit=1)[0].strip() or type(error).__name__
        raise UserError(
            f"{path}: this is not a readable checkpoint ({reason}); give a state_dict written by"
            " torch.save, or download it again."
        ) from error
    if not isinstance(state, Mapping) or "linears.0.weight" not in state:
        raise UserError(
            f"{path}: this checkpoint holds no ExplaiNN (linears.0.weight is missing);"
            " give a state_dict of the authors' ExplaiNN class."
        )
    try:
        config = _infer_config(state, length, path)
    except UserError as error:
        told = str(error)
        raise UserError(told if told.startswith(str(path)) else f"{path}: {told}") from error
    names = tasks or tuple(f"task_{number + 1}" for number in range(config.tasks))
    if len(names) != config.tasks:
        raise UserError(f"{path}: the model has {config.tasks} outputs, not {len(names)}.")
    weights = _arrays(path, state, expected_weights(config))
    header = ModelHeader(
        architecture="explainn", config=dataclasses.asdict(config), tasks=names, dataset=path.stem
    )
    return header, weights


def _arrays(path: Path, state: Mapping[str, Any], expected: Mapping[str, Expected]) -> Weights:
    """Take tensors for arrays of the types that a model has; a half may become a single."""
    found: Weights = {}
    with reading(str(path), "the weights do not fit the model", WAY_OUT):
        for name, value in state.items():
            if value.numel() * value.element_size() > value.untyped_storage().nbytes():
                raise ValueError(f"{name} claims more numbers than there are")
            kind = expected[name].dtype if name in expected else np.dtype(np.float32)
            if value.is_floating_point() != (kind.kind == "f"):
                raise ValueError(f"{name} holds {value.dtype}, not {kind}")
            wide = value.detach().to(torch.float64 if kind.kind == "f" else value.dtype)
            # Numbers may lie in any order in a file; the kernel reads them in memory's plain one.
            found[name] = wide.numpy().astype(kind, order="C")
        check_weights(path, found, expected)
    return found


def _infer_config(state: Mapping[str, Tensor], length: int | None, path: Path) -> ExplaiNNConfig:
    """Read the shape of a model off its weights; pooling is the paper's, 7 and 7."""
    pool = 7
    with reading(str(path), "the weights are not those of an ExplaiNN", "give its state_dict"):
        units, _, k = state["linears.0.weight"].shape
        tasks = state["final.weight"].shape[0]
        hidden, positions, num_fc = 100, 1, 0
        if "linears.6.weight" in state:
            nodes, positions, _ = state["linears.6.weight"].shape
            if "linears.10.weight" in state:
                num_fc = 2
            elif "last_linear.1.weight" in state:
                blocks = {key.split(".")[1] for key in state if key.startswith("linears_bg.")}
                num_fc = 2 + len(blocks)
            else:
                num_fc = 1
            hidden = nodes // units if num_fc > 1 else hidden
    shortest = (positions - 1) * pool + (pool if num_fc else 1) + k - 1
    config = ExplaiNNConfig(
        length=shortest if length is None else length,
        tasks=tasks,
        units=units,
        filter_length=k,
        pool_size=pool,
        pool_stride=pool,
        num_fc=num_fc,
        hidden=hidden,
    )
    if config.pooled_positions != positions:
        raise UserError(
            f"{path}: the weights fit sequences of {shortest} to {shortest + pool - 1} bp,"
            f" not of {length} bp."
        )
    return config
