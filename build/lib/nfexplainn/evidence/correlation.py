"""Models of one or two tasks that were trained for correlation: a loss of all sequences at once.

One minus the correlation over sequences is no mean over them, so its errors come from leaving out
groups of sequences in turn (jackknife).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nfexplainn.evidence.clusters import (
    Floats,
    Ints,
    Means,
    jackknife,
    jackknife_groups,
    number_clusters,
)
from nfexplainn.evidence.removal import Part, PartName, Removed, Replicate, Units


class CorrelationTarget:
    """As :class:`nfexplainn.evidence.removal.Target`, for the loss 1 - r over sequences.

    In place of a loss per sequence stand, in one array, the loss of all sequences and those with
    each group left out, shape (1 + groups,). A bias has no part in a correlation.

    Parameters
    ----------
    replicates : sequence of Replicate
    tasks : slice
        Of several, the mean of their losses counts.
    clusters : int64 array
        Cluster of each row of the data set.
    part : {'unseen', 'valid'}
    """

    def __init__(
        self,
        replicates: Sequence[Replicate],
        tasks: slice,
        clusters: Ints,
        part: PartName = "unseen",
    ) -> None:
        self._replicates, self._tasks = replicates, tasks
        self._parts = [replicate.part(part) for replicate in replicates]
        self.rows: Ints = np.unique(np.concatenate([one.rows for one in self._parts]))
        self.clusters = number_clusters(clusters[self.rows])
        groups = jackknife_groups(self.clusters, np.random.default_rng(0))
        self._at = [np.searchsorted(self.rows, one.rows) for one in self._parts]
        self._groups = [groups[at] for at in self._at]
        self._count = int(groups.max(initial=-1)) + 1
        self._logits = [
            r.logits(p, tasks) for r, p in zip(self._replicates, self._parts, strict=True)
        ]
        self._train = [r.logits(r.train, tasks) for r in replicates]
        self._own = [self._loss(place, z) for place, z in enumerate(self._logits)]
        self.labels: Floats = np.full((len(self.rows), self._logits[0].shape[1]), np.nan)
        for one, at in zip(self._parts, self._at, strict=True):
            self.labels[at] = one.labels[:, tasks]

    @property
    def model_loss(self) -> Floats:
        """Loss of the whole model, shape (1 + groups,)."""
        return np.asarray(np.mean(self._own, axis=0))

    @property
    def base_loss(self) -> Floats:
        """Loss of what says the same of every sequence: 1."""
        return np.ones(1 + self._count)

    @property
    def explained_on_training(self) -> float:
        """Correlation on the training part, mean over replicates."""
        parts = [replicate.train.labels[:, self._tasks] for replicate in self._replicates]
        found = [
            1 - loss_and_left_out(z, y, np.zeros(len(y), dtype=np.int64), 1)[0]
            for z, y in zip(self._train, parts, strict=True)
        ]
        return float(np.mean(found))

    def remove(self, units: Units) -> Removed:
        """Take units, an array of places per replicate, out of all replicates at once."""
        increases, training = [], []
        total = np.zeros_like(self.labels)
        times = np.zeros((len(self.rows), 1))
        for place, chosen in enumerate(units):
            gone = self._contribution(place, self._parts[place], chosen)
            total[self._at[place]] += gone
            times[self._at[place]] += 1
            left = without(self._logits[place], gone)
            increase = self._loss(place, left) - self._own[place]
            increases.append(increase if len(chosen) else increase * 0)
            if len(chosen):
                training.append(self._on_training(place, chosen))
        return Removed(
            np.asarray(np.mean(increases, axis=0)),
            np.array([increase[0] for increase in increases]),
            float(np.mean(training)) if training else float("nan"),
            total / times,
        )

    def keep(self, units: Units) -> tuple[Floats, list[Floats]]:
        """Give the loss with nothing but these units, and each replicate's logits."""
        kept = [self._contribution(p, self._parts[p], chosen) for p, chosen in enumerate(units)]
        found = [self._loss(place, logits) for place, logits in enumerate(kept)]
        return np.asarray(np.mean(found, axis=0)), kept

    def judge(self, increases: Floats, _rng: np.random.Generator | None = None) -> Means:
        """Give increases, shape (m, 1 + groups), with their errors and tests."""
        return jackknife(increases[:, 0], increases[:, 1:])

    def mean(self, losses: Floats) -> float:
        """Give the loss of all sequences."""
        return float(losses[0])

    def _contribution(self, place: int, part: Part, units: Ints) -> Floats:
        return self._replicates[place].contribution(part, units, self._tasks)

    def _on_training(self, place: int, units: Ints) -> float:
        train = self._replicates[place].train
        labels = train.labels[:, self._tasks]
        left = without(self._train[place], self._contribution(place, train, units))
        alone = np.zeros(len(labels), dtype=np.int64)
        before, after = (loss_and_left_out(z, labels, alone, 1) for z in (self._train[place], left))
        return float(after[0] - before[0])

    def _loss(self, place: int, logits: Floats) -> Floats:
        labels = self._parts[place].labels[:, self._tasks]
        return loss_and_left_out(logits, labels, self._groups[place], self._count)


def without(logits: Floats, gone: Floats) -> Floats:
    """Take contributions off logits; what is left of rounding alone is nothing."""
    left = logits - gone
    left[:, left.std(axis=0) <= 1e-9 * logits.std(axis=0)] = 0.0
    return left


def loss_and_left_out(logits: Floats, labels: Floats, groups: Ints, count: int) -> Floats:
    """Give 1 - r over all sequences, and with each group left out; mean over the tasks.

    Parameters
    ----------
    logits, labels : float64 array, shape (n, tasks)
        Labels with NaN where unknown.
    groups : int64 array, shape (n,)
    count : int
        Of groups.

    Returns
    -------
    float64 array, shape (1 + count,)
        1 where either side does not vary.
    """
    found = []
    for z, y in zip(logits.T, labels.T, strict=True):
        known = ~np.isnan(y)
        a, b = z[known] - z[known].mean(), y[known] - y[known].mean()
        terms = (np.ones_like(a), a, b, a * a, b * b, a * b)
        sums = np.stack([np.bincount(groups[known], t, minlength=count) for t in terms])
        total = sums.sum(axis=1, keepdims=True)
        n, sa, sb, saa, sbb, sab = np.concatenate([total, total - sums], axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            va, vb = saa - sa**2 / n, sbb - sb**2 / n
            r = (sab - sa * sb / n) / np.sqrt(va * vb)
        scale = 1e-12 * np.maximum(total[3:5], 1e-300)
        found.append(1 - np.where((va > scale[0]) & (vb > scale[1]), r, 0.0))
    return np.asarray(np.mean(found, axis=0))
