"""Keep the units of the minimal model, and fit the bias anew: by arrays, without the network.

A logit is bias + sum of final weight x unit output, so leaving units out of the arrays is exact,
and the outputs that the interpretation has kept are all that the bias needs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn.evaluation import metrics
from nfexplainn.evidence.clusters import Floats, Ints
from nfexplainn.evidence.losses import Kind, best_bias
from nfexplainn.evidence.removal import MOST_PROFILES, Part, Replicate, some_of
from nfexplainn.interpret.status import unit_name
from nfexplainn.models.checkpoint import ModelHeader
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import FINAL, Weights, expected_weights

PRUNED_COLUMNS = ("n_units", "n_kept", "groups", "units", "metric", "value", "whole_value")
_EVERY = slice(None)


@dataclass(frozen=True)
class Chosen:
    """What the minimal model of a replicate consists of.

    Attributes
    ----------
    rows : tuple of str
        Groups, in the order in which they joined.
    units : int64 array
        Places of their units in the replicate, ascending.
    """

    rows: tuple[str, ...]
    units: Ints


def chosen_units(
    minimal: Sequence[Mapping[str, str]], evidence: Sequence[Mapping[str, str]], replicate: int
) -> Chosen:
    """Read which units of a replicate belong to the chosen groups.

    Parameters
    ----------
    minimal, evidence : sequence of rows
        As in ``D.<model>.minimal.tsv`` and ``D.<model>.evidence.tsv``.
    replicate : int
    """
    rows = tuple(row["motif"] for row in minimal if row["chosen"] == "true" and row["motif"])
    members = {row["motif"]: row["units"] for row in evidence}
    prefix = f"r{replicate}:"
    units = {
        int(unit.rpartition("_")[2]) - 1
        for row in rows
        for unit in members[row].split(",")
        if unit.startswith(prefix)
    }
    return Chosen(rows, np.array(sorted(units), dtype=np.int64))


def refitted_bias(replicate: Replicate, kind: Kind, units: Ints) -> Floats:
    """Give the biases, shape (tasks,), with which some units alone have the least training loss.

    Parameters
    ----------
    replicate : Replicate
    kind : {'bce', 'mse', 'cross_entropy', 'pearson'}
        Loss of the training. The correlation of one or two tasks has no least bias: that keeps
        the means of the logits.
    units : int64 array
    """
    train = replicate.train
    if kind == "pearson":
        train = some_of(train, MOST_PROFILES)
    logits = replicate.contribution(train, units, _EVERY) + replicate.bias
    if kind == "pearson" and logits.shape[1] <= 2:
        whole = replicate.logits(train, _EVERY)
        return np.asarray(replicate.bias + (whole - logits).mean(axis=0))
    return np.asarray(replicate.bias + best_bias(kind, logits, train.labels))


def prune_weights(
    config: ExplaiNNConfig, weights: Mapping[str, NDArray[Any]], units: Ints, bias: Floats
) -> tuple[ExplaiNNConfig, Weights]:
    """Leave units out of a model's arrays.

    Parameters
    ----------
    config : ExplaiNNConfig
    weights : mapping of str to array
        By the authors' names.
    units : int64 array
        Places of those that stay; at least one.
    bias : float64 array, shape (tasks,)
        Of the final layer.

    Returns
    -------
    ExplaiNNConfig, dict of str to array
    """
    smaller = dataclasses.replace(config, units=len(units))
    kept: Weights = {}
    for name, expected in expected_weights(smaller).items():
        array = weights[name]
        if name == f"{FINAL}.bias":
            array = bias
        elif name == f"{FINAL}.weight":
            array = array[:, units]
        elif array.ndim:
            # Every layer's nodes are ordered by unit.
            grouped = array.reshape(config.units, -1, *array.shape[1:])[units]
            array = grouped.reshape(-1, *array.shape[1:])
        kept[name] = np.array(array, dtype=expected.dtype, order="C")
    return smaller, kept


def pruned_header(header: ModelHeader, config: ExplaiNNConfig, chosen: Chosen) -> ModelHeader:
    """Say in a model's header which units of which groups are left."""
    units = [unit_name(int(unit)) for unit in chosen.units]
    training = dict(header.training) | {"pruned": {"rows": list(chosen.rows), "units": units}}
    if header.training.get("initial_profiles"):
        names = header.training["initial_profiles"]
        training["initial_profiles"] = [names[unit] for unit in chosen.units]
    return dataclasses.replace(header, config=dataclasses.asdict(config), training=training)


def scored(replicate: Replicate, part: Part, units: Ints, bias: Floats, kind: str) -> float:
    """Give the metric that is followed in training, of some units with a bias.

    Parameters
    ----------
    replicate : Replicate
    part : Part
    units : int64 array
    bias : float64 array, shape (tasks,)
    kind : str
        Of the task.
    """
    logits = replicate.contribution(part, units, _EVERY) + bias
    return float(metrics.headline(part.labels, logits, kind)[1])
