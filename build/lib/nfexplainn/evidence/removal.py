"""What the loss on unseen sequences becomes when units are taken out of a model, exactly.

A logit is bias + sum of final weight x unit output. Without some units it is known but for the
bias, which is fitted anew on the training part; so is that of the whole model, lest the refit
counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nfexplainn.evidence.clusters import Ints, Means, clustered_means, number_clusters
from nfexplainn.evidence.losses import Floats, Kind, base_logits, best_bias, losses

PartName = Literal["unseen", "valid"]
Units = Sequence[Ints]
"""Places of units, an array per replicate."""
_BLOCK = 32  # units at a time
MOST_PROFILES = 5_000
"""Training sequences that the biases of a profile are fitted to, which takes many steps."""


@dataclass(frozen=True)
class Part:
    """The sequences of one part of a data set, as one replicate sees them.

    Attributes
    ----------
    rows : int64 array, shape (n,)
        Rows of the data set.
    outputs : float32 array, shape (units, n)
        Mean over strands.
    labels : float64 array, shape (n, tasks)
        NaN where unknown.
    """

    rows: Ints
    outputs: NDArray[np.float32]
    labels: Floats


def some_of(part: Part, most: int) -> Part:
    """Keep at most so many sequences, by chance: positives and their shuffles may alternate."""
    if len(part.rows) <= most:
        return part
    some = np.sort(np.random.default_rng(0).choice(len(part.rows), most, replace=False))
    return Part(part.rows[some], part.outputs[:, some], part.labels[some])


@dataclass(frozen=True)
class Replicate:
    """A trained model, as its units' outputs and final layer.

    Attributes
    ----------
    number : int
        Of the replicate.
    train, valid, unseen : Part
        ``train`` may be a sample.
    weight : float64 array, shape (tasks, units)
    bias : float64 array, shape (tasks,)
    """

    number: int
    train: Part
    valid: Part
    unseen: Part
    weight: Floats
    bias: Floats

    def part(self, name: PartName) -> Part:
        """Give a held-out part by its name."""
        return self.unseen if name == "unseen" else self.valid

    def contribution(self, part: Part, units: Ints, tasks: slice) -> Floats:
        """What some units add to the logits, float64 (n, tasks)."""
        chosen = part.outputs[units].astype(np.float64)
        return np.asarray(chosen.T @ self.weight[tasks][:, units].T)

    def logits(self, part: Part, tasks: slice) -> Floats:
        """Logits of the whole model, float64 (n, tasks)."""
        units = np.arange(self.weight.shape[1], dtype=np.int64)
        total = np.broadcast_to(self.bias[tasks], (len(part.rows), len(self.bias[tasks]))).copy()
        for first in range(0, len(units), _BLOCK):
            total += self.contribution(part, units[first : first + _BLOCK], tasks)
        return total


@dataclass(frozen=True)
class Removed:
    """What removing some units of every replicate does.

    Attributes
    ----------
    increase : float64 array, shape (n,)
        Loss without less loss with them, per sequence looked at: mean over the replicates that
        have not seen it (0 in a replicate without such units). NaN where the label is unknown.
        Of a :class:`~nfexplainn.evidence.correlation.CorrelationTarget` see there.
    by_replicate : float64 array, shape (replicates,)
        Mean of each replicate's own increases.
    on_training : float
        Mean increase on the training part, over the replicates with such units; NaN without any.
    contribution : float64 array, shape (n, tasks)
        What the units add to the logits, mean over the same replicates.
    """

    increase: Floats
    by_replicate: Floats
    on_training: float
    contribution: Floats


class Target:
    """One task of a model, or several together: their losses with and without some units.

    Parameters
    ----------
    replicates : sequence of Replicate
    kind : {'bce', 'mse', 'cross_entropy', 'pearson'}
    tasks : slice
        Of the tasks; the loss of a sequence is the mean over those of known label.
    clusters : int64 array
        Cluster of each row of the data set.
    part : {'unseen', 'valid'}
        What is looked at.
    """

    def __init__(
        self,
        replicates: Sequence[Replicate],
        kind: Kind,
        tasks: slice,
        clusters: Ints,
        part: PartName = "unseen",
    ) -> None:
        parts = [replicate.part(part) for replicate in replicates]
        self.rows: Ints = np.unique(np.concatenate([one.rows for one in parts]))
        self.clusters = number_clusters(clusters[self.rows])
        self._at = [np.searchsorted(self.rows, one.rows) for one in parts]
        self._times = np.bincount(np.concatenate(self._at), minlength=len(self.rows))
        self._fits = [Fit(*pair, kind, tasks) for pair in zip(replicates, parts, strict=True)]
        self.labels: Floats = np.full((len(self.rows), parts[0].labels[:, tasks].shape[1]), np.nan)
        for one, at in zip(parts, self._at, strict=True):
            self.labels[at] = one.labels[:, tasks]

    @cached_property
    def model_loss(self) -> Floats:
        """Loss of the whole model per sequence, shape (n,)."""
        return self._mean([fit.model_loss for fit in self._fits])

    @cached_property
    def base_loss(self) -> Floats:
        """Loss of what says the same of every sequence, per sequence, shape (n,)."""
        return self._mean([fit.base_loss for fit in self._fits])

    @property
    def explained_on_training(self) -> float:
        """Loss of the base rate less that of the model on the training part, over replicates."""
        return float(np.mean([fit.explained_on_training for fit in self._fits]))

    def remove(self, units: Units) -> Removed:
        """Take units, an array of places per replicate, out of all replicates at once."""
        increases, contributions, own, training = [], [], [], []
        for fit, chosen in zip(self._fits, units, strict=True):
            contribution = np.zeros((len(fit.model_loss), self.labels.shape[1]))
            increases.append(fit.model_loss * 0)
            if len(chosen):
                loss, train_loss, contribution = fit.without(chosen)
                increases[-1] = loss - fit.model_loss
                training.append(train_loss - fit.train_loss)
            contributions.append(contribution)
            own.append(mean_of_known(increases[-1]))
        on_training = float(np.mean(training)) if training else float("nan")
        return Removed(self._mean(increases), np.array(own), on_training, self._mean(contributions))

    def keep(self, units: Units) -> tuple[Floats, list[Floats]]:
        """Give the loss per sequence with nothing but these units, and each replicate's logits."""
        kept = [fit.with_only(chosen) for fit, chosen in zip(self._fits, units, strict=True)]
        return self._mean([loss for loss, _ in kept]), [logits for _, logits in kept]

    def judge(self, increases: Floats, rng: np.random.Generator | None = None) -> Means:
        """Give the means of increases, shape (m, n), with their errors and tests."""
        return clustered_means(increases, self.clusters, rng)

    def mean(self, losses: Floats) -> float:
        """Give the mean of losses per sequence, shape (n,)."""
        return mean_of_known(losses)

    def _mean(self, of_replicates: Sequence[Floats]) -> Floats:
        """Average over the replicates that have not seen a sequence."""
        total = np.zeros((len(self.rows), *of_replicates[0].shape[1:]))
        for values, at in zip(of_replicates, self._at, strict=True):
            total[at] += values
        return np.asarray(total / self._times.reshape(-1, *(1,) * (total.ndim - 1)))


class Fit:
    """One replicate with its bias fitted anew.

    Parameters
    ----------
    replicate : Replicate
    part : Part
        What is looked at.
    kind, tasks
        As of :class:`Target`.
    """

    def __init__(self, replicate: Replicate, part: Part, kind: Kind, tasks: slice) -> None:
        self._replicate, self._part, self._kind, self._tasks = replicate, part, kind, tasks
        few = kind == "pearson" and len(replicate.train.rows) > MOST_PROFILES
        self._training = some_of(replicate.train, MOST_PROFILES) if few else replicate.train
        self._train = replicate.logits(self._training, tasks)
        self._train_labels = self._training.labels[:, tasks]
        self._labels = part.labels[:, tasks]
        self._before = replicate.logits(part, tasks)
        self._bias = best_bias(kind, self._train, self._train_labels)
        self.model_loss, self.train_loss, _ = self._refitted(self._train, self._before, self._bias)
        flat = np.broadcast_to(base_logits(kind, self._train_labels), self._labels.shape)
        self.base_loss = of_sequences(losses(kind, flat, self._labels))

    @property
    def explained_on_training(self) -> float:
        """Loss of the base rate less that of the model on the training part."""
        labels = self._train_labels
        flat = np.broadcast_to(base_logits(self._kind, labels), labels.shape)
        return mean_of_known(losses(self._kind, flat, labels)) - self.train_loss

    def without(self, units: Ints) -> tuple[Floats, float, Floats]:
        """Give the losses without units, the training loss, and what the units contribute."""
        replicate, tasks = self._replicate, self._tasks
        on_train = replicate.contribution(self._training, units, tasks)
        gone = replicate.contribution(self._part, units, tasks)
        start = self._bias + on_train.mean(axis=0) if len(on_train) else None
        found = self._refitted(self._train - on_train, self._before - gone, start)
        return found[0], found[1], gone

    def with_only(self, units: Ints) -> tuple[Floats, Floats]:
        """Give losses and logits with nothing but these units."""
        replicate, tasks = self._replicate, self._tasks
        bias = replicate.bias[tasks]
        on_train = replicate.contribution(self._training, units, tasks) + bias
        kept = replicate.contribution(self._part, units, tasks) + bias
        loss, _, logits = self._refitted(on_train, kept)
        return loss, logits

    def _refitted(
        self, train: Floats, logits: Floats, start: Floats | None = None
    ) -> tuple[Floats, float, Floats]:
        bias = best_bias(self._kind, train, self._train_labels, start)
        on_train = mean_of_known(losses(self._kind, train + bias, self._train_labels))
        fitted = logits + bias
        return of_sequences(losses(self._kind, fitted, self._labels)), on_train, fitted


def of_sequences(values: Floats) -> Floats:
    """Average over the known tasks of each sequence, shape (n, tasks) to (n,); NaN without any."""
    if values.shape[1] == 1:
        return values[:, 0]
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def mean_of_known(values: Floats) -> float:
    """Mean of what is known; NaN where nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
