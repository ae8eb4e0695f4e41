"""ExplaiNN's weights as arrays, by the names of the authors' ``state_dict``.

Novakovsky, Fornes et al., Genome Biology 2023, Methods ("ExplaiNN architecture").
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn.filters import Filters
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.native.units import EPSILON
from nfexplainn.seeds import seed_for

Weights = dict[str, NDArray[Any]]
FILTERS, FILTER_NORM, FINAL = "linears.0", "linears.1", "final"


@dataclass(frozen=True)
class Expected:
    """Shape and type of an array of weights."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def layer_names(num_fc: int) -> list[tuple[str, str]]:
    """Name the layers of the units and their batch norms: the filters, then the dense layers.

    The numbers are the layers' places in the authors' ``nn.Sequential``.
    """
    names = [(FILTERS, FILTER_NORM)]
    if num_fc:
        names.append(("linears.6", "linears.7"))
    if num_fc == 2:
        names.append(("linears.10", "linears.11"))
    elif num_fc > 2:
        names += [(f"linears_bg.{i}.1", f"linears_bg.{i}.2") for i in range(num_fc - 2)]
        names.append(("last_linear.1", "last_linear.2"))
    return names


def expected_weights(config: ExplaiNNConfig) -> dict[str, Expected]:
    """Give shape and type of every array of a model's weights, by name."""
    single, whole = np.dtype(np.float32), np.dtype(np.int64)
    found: dict[str, Expected] = {}
    for (layer, norm), shape in zip(layer_names(config.num_fc), _layer_shapes(config), strict=True):
        found[f"{layer}.weight"] = Expected(shape, single)
        found[f"{layer}.bias"] = Expected(shape[:1], single)
        for name in ("weight", "bias", "running_mean", "running_var"):
            found[f"{norm}.{name}"] = Expected(shape[:1], single)
        found[f"{norm}.num_batches_tracked"] = Expected((), whole)
    found[f"{FINAL}.weight"] = Expected((config.tasks, config.units), single)
    found[f"{FINAL}.bias"] = Expected((config.tasks,), single)
    return found


def initial_weights(config: ExplaiNNConfig, seed: int) -> Weights:
    """Draw the random start of a model, from its seed alone.

    A weight, and a bias, is uniform between plus and minus one over the square root of the number
    of a node's inputs, as torch starts convolutions and linear layers.
    """
    weights: Weights = {}
    rng = np.random.default_rng(seed_for(seed, "", "", "weights"))
    expected = expected_weights(config)
    for name, one in expected.items():
        layer, _, kind = name.rpartition(".")
        if kind in ("running_mean", "num_batches_tracked"):
            weights[name] = np.zeros(one.shape, dtype=one.dtype)
        elif kind == "running_var":
            weights[name] = np.ones(one.shape, dtype=one.dtype)
        elif f"{layer}.running_mean" in expected:
            value = 1.0 if kind == "weight" else 0.0
            weights[name] = np.full(one.shape, value, dtype=one.dtype)
        else:
            limit = 1 / math.sqrt(math.prod(expected[f"{layer}.weight"].shape[1:]))
            weights[name] = rng.uniform(-limit, limit, one.shape).astype(one.dtype)
    return weights


def folded_filters(config: ExplaiNNConfig, weights: Mapping[str, NDArray[Any]]) -> Filters:
    """Give every unit's filter with its batch norm folded in, as in evaluation."""
    norm = {
        name: weights[f"{FILTER_NORM}.{name}"]
        for name in ("weight", "bias", "running_mean", "running_var")
    }
    scale = norm["weight"] / np.sqrt(norm["running_var"] + np.float32(EPSILON))
    offset = norm["bias"] + scale * (weights[f"{FILTERS}.bias"] - norm["running_mean"])
    filters = weights[f"{FILTERS}.weight"] * scale[:, None, None]
    return Filters(filters.astype(np.float32), offset.astype(np.float32), config.covered)


def _layer_shapes(config: ExplaiNNConfig) -> list[tuple[int, ...]]:
    """Give the shapes of the weights of the units' layers, grouped: (units * out, in, width)."""
    units, hidden = config.units, config.hidden
    shapes: list[tuple[int, ...]] = [(units, 4, config.filter_length)]
    if config.num_fc:
        shapes.append((units * (hidden if config.num_fc > 1 else 1), config.pooled_positions, 1))
    shapes += [(units * hidden, hidden, 1)] * max(0, config.num_fc - 2)
    if config.num_fc > 1:
        shapes.append((units, hidden, 1))
    return shapes
