"""What each row is worth on unseen sequences, how sure that is, and which rows are supported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from nfexplainn.evidence import FEWEST_CLUSTERS
from nfexplainn.evidence.alone import (
    Alone,
    correlated_alone,
    ranked_alone,
    site_difference,
)
from nfexplainn.evidence.clusters import Floats, Ints, Means
from nfexplainn.evidence.correlation import CorrelationTarget
from nfexplainn.evidence.losses import Kind
from nfexplainn.evidence.minimal import AnyTarget, join_units
from nfexplainn.evidence.removal import PartName, Removed, Replicate, Target, Units
from nfexplainn.motifs.qvalues import q_values

LARGEST_Q = 0.05
LEAST_SHARE = 0.01
LEAST_OVERLAP = 0.25
MOST_OVERLAPPING = 20
_STANDARD_ERRORS = 2.5
EVERY_TASK = "*"

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Model:
    """A model of one or several replicates.

    Attributes
    ----------
    replicates : tuple of Replicate
    kind : {'bce', 'mse', 'cross_entropy', 'pearson'}
        Loss of the training.
    tasks : tuple of str
    clusters : int64 array
        Cluster of each row of the data set.
    folds : int64 array, optional
        Fold of each row of the data set, where there are folds.
    additive : bool
        Whether several rows together add to the logits what each adds by itself.
    """

    replicates: tuple[Replicate, ...]
    kind: Kind
    tasks: tuple[str, ...]
    clusters: Ints
    folds: Ints | None = None
    additive: bool = True

    @property
    def joint(self) -> bool:
        """Whether one loss is of all tasks, so that a row is removed from all at once."""
        several = self.kind == "pearson" and len(self.tasks) > 2
        return self.kind == "cross_entropy" or several

    @property
    def targets(self) -> list[tuple[str, slice]]:
        """Name and tasks of what is tested."""
        if self.joint:
            return [(EVERY_TASK, slice(None))]
        return [(task, slice(at, at + 1)) for at, task in enumerate(self.tasks)]

    def target(
        self,
        tasks: slice,
        part: PartName = "unseen",
        replicates: Sequence[Replicate] | None = None,
    ) -> AnyTarget:
        """Make what units are removed from."""
        some = self.replicates if replicates is None else replicates
        if self.kind == "pearson" and not self.joint:
            return CorrelationTarget(some, tasks, self.clusters, part)
        return Target(some, self.kind, tasks, self.clusters, part)


@dataclass(frozen=True)
class Tested:
    """What a target says of each row; arrays of shape (rows,).

    Attributes
    ----------
    task : str
        ``*`` for all together.
    means : Means
        The gains.
    on_training : float64 array
        Gains on the training part.
    spread : float64 array
        Standard deviation of the gains over the replicates; NaN of one.
    share : float64 array
        Of what the model explains; NaN where it surely explains nothing.
    explained : Means
        Loss of the base rate less that of the model, shape (1,).
    base, model : float
        Their losses on unseen sequences.
    alone : list of Alone
    site_effect : float64 array, shape (rows, 3)
        Value, low, high; NaN where the target is of several tasks.
    prevalence : float
        Share of positives; NaN where there are none by nature.
    explained_on_training : float
        Loss of the base rate less that of the model on the training part.
    clusters : int
        Unseen observations: sequences that belong together are one.
    """

    task: str
    means: Means
    on_training: Floats
    spread: Floats
    share: Floats
    explained: Means
    base: float
    model: float
    alone: list[Alone]
    site_effect: Floats
    prevalence: float
    explained_on_training: float = 0.0
    clusters: int = 0

    @property
    def tested(self) -> Mask:
        """Whether the training part says that the row could be supported; only such are tested.

        What has not even there the share that a supported row needs would only take power from the
        others.
        """
        least = LEAST_SHARE * max(self.explained_on_training, 0.0)
        return np.asarray(self.on_training > least)  # NaN is not

    @property
    def detectable(self) -> float:
        """Least gain that these data could have shown: 2.5 standard errors of the median row.

        Of all rows that help on the training part: those that hardly do are as a weak motif's. NaN
        where no gain could have been enough.
        """
        if self.clusters < FEWEST_CLUSTERS:
            return float("nan")
        errors = self.means.error[(self.on_training > 0) & (self.means.error > 0)]
        return _STANDARD_ERRORS * float(np.median(errors)) if len(errors) else float("nan")


def assess(
    model: Model,
    rows: Sequence[Units],
    sites: Mask,
    rng: np.random.Generator,
    report: Callable[[int, int], None] | None = None,
) -> list[Tested]:
    """Remove each row from each target and measure what is lost.

    Parameters
    ----------
    model : Model
    rows : sequence of Units
    sites : bool array, shape (rows, unseen)
        Which unseen sequences have a site of each row.
    rng : Generator
        Of the bootstrap, where it is needed.
    report : callable, optional
        Called with the number of removals done and in all.
    """
    found, done = [], 0
    total = len(rows) * len(model.targets)
    for task, columns in model.targets:
        target = model.target(columns)
        strata = None if model.folds is None else model.folds[target.rows]
        removals = []
        alone = []
        effects = np.full((len(rows), 3), np.nan)
        for place, units in enumerate(rows):
            removed = target.remove(units)
            alone.append(_alone(model.kind, removed, target, strata))
            if not model.joint:
                given = removed.contribution[:, 0]
                effects[place] = site_difference(given, sites[place], target.clusters, strata)
            removals.append(replace(removed, contribution=np.zeros((0, 0))))  # not held at once
            done += 1
            if report:
                report(done, total)
        found.append(_tested(task, target, removals, alone, effects, rng, model.kind))
    return found


def _tested(
    task: str,
    target: AnyTarget,
    removals: Sequence[Removed],
    alone: list[Alone],
    effects: Floats,
    rng: np.random.Generator,
    kind: Kind,
) -> Tested:
    increases = np.stack([removed.increase for removed in removals])
    own = np.stack([removed.by_replicate for removed in removals])
    explained = target.judge((target.base_loss - target.model_loss)[None])
    means = target.judge(increases, rng)
    sure = float(explained.low[0]) > 0
    share = means.value / explained.value[0] if sure else np.full(len(removals), np.nan)
    labels = target.labels[:, 0]
    classes = kind == "bce" and not np.isnan(labels).all()
    return Tested(
        task=task,
        means=means,
        on_training=np.array([removed.on_training for removed in removals]),
        spread=own.std(axis=1, ddof=1) if own.shape[1] > 1 else np.full(len(own), np.nan),
        share=share,
        explained=explained,
        base=target.mean(target.base_loss),
        model=target.mean(target.model_loss),
        alone=alone,
        site_effect=effects,
        prevalence=float(np.nanmean(labels)) if classes else float("nan"),
        explained_on_training=target.explained_on_training,
        clusters=int(target.clusters.max(initial=-1)) + 1,
    )


def _alone(kind: Kind, removed: Removed, target: AnyTarget, strata: Ints | None) -> Alone:
    """Rank by the contributions alone; over several tasks the mean."""
    given, labels = removed.contribution, target.labels
    if kind == "cross_entropy":
        given = given - given.mean(axis=1, keepdims=True)
    measure = ranked_alone if kind in ("bce", "cross_entropy") else correlated_alone
    each = [measure(g, y, target.clusters, strata) for g, y in zip(given.T, labels.T, strict=True)]
    known = [one for one in each if not np.isnan(one.value)]
    if not known:
        return Alone()
    values = np.array([(one.value, one.low, one.auprc) for one in known])
    return Alone(*(float(value) for value in values.mean(axis=0)))


def q_of(tested: Sequence[Tested]) -> list[Floats]:
    """Give the q of each row and target: Benjamini-Hochberg over all that was tested.

    Returns
    -------
    list of float64 array, shape (rows,)
        NaN where nothing was tested.
    """
    p = np.concatenate([np.where(one.tested, one.means.p, np.nan) for one in tested])
    q = np.full(len(p), np.nan)
    known = ~np.isnan(p)
    q[known] = q_values(p[known])
    return list(np.split(q, len(tested)))


def supported(one: Tested, q: Floats, kind: Kind, differ: Mask | None = None) -> Mask:
    """Tell which rows are supported: by q, by share, and by pointing the right way alone.

    None is on fewer than :data:`FEWEST_CLUSTERS`. Of a contrast no share is asked, since its
    model's loss is often not below the base rate's, but that the sides differ in how many sequences
    have a site.

    Parameters
    ----------
    one : Tested
    q : float64 array, shape (rows,)
    kind : str
    differ : bool array, shape (rows,), optional
        Of a contrast.
    """
    if one.clusters < FEWEST_CLUSTERS:
        return np.zeros(len(q), dtype=np.bool_)
    chance = 0.5 if kind in ("bce", "cross_entropy") else 0.0
    alone = np.array([each.value > chance for each in one.alone], dtype=np.bool_)
    further = one.share >= LEAST_SHARE if differ is None else differ
    return np.asarray((q <= LARGEST_Q) & further & alone)


def overlaps(
    target: AnyTarget, rows: Sequence[Units], which: Sequence[int]
) -> dict[int, list[int]]:
    """Find supported rows that say the same of many sequences, so that one makes up for the other.

    Two rows overlap in prediction where removing both costs surely more than removing each, by at
    least a quarter of the whole.

    Parameters
    ----------
    target : Target or CorrelationTarget
    rows : sequence of Units
    which : sequence of int
        Places of the supported rows, the largest gain first; at most the first 20 are compared.

    Returns
    -------
    dict of int to list of int
        Of each such row, those that it overlaps with.
    """
    which = list(which)[:MOST_OVERLAPPING]
    single = {row: target.remove(rows[row]).increase for row in which}
    found: dict[int, list[int]] = {}
    replicates = len(rows[0]) if rows else 0
    for at, one in enumerate(which):
        for other in which[at + 1 :]:
            both = target.remove(join_units([rows[one], rows[other]], replicates)).increase
            means = target.judge(np.stack([both - single[one] - single[other], both]))
            if means.low[0] > 0 and means.value[0] >= LEAST_OVERLAP * means.value[1]:
                found.setdefault(one, []).append(other)
                found.setdefault(other, []).append(one)
    return found


def least_frequency(gain: float, prevalence: float, positives: float) -> float:
    """Give the share of positives that a motif must be in, and no negative, to be seen.

    It must be in enough of them to gain so much, and in so many that their number, which varies
    by its square root, is 2.5 standard errors from 0.

    Parameters
    ----------
    gain : float
        In nats.
    prevalence : float
        Share of positives.
    positives : float
        Number of unseen positives.

    Returns
    -------
    float
        From 0 to 1; NaN where no motif could be seen.
    """

    def entropy(p: Floats) -> Floats:
        return np.asarray(-xlogy(p, p) - xlogy(1 - p, 1 - p))

    share = np.linspace(0, 1, 10_001)
    without = 1 - prevalence * share
    left = prevalence * (1 - share) / np.maximum(without, 1e-12)
    gains = entropy(np.array(prevalence)) - without * entropy(left)
    enough = np.flatnonzero(gains >= gain)
    if not len(enough) or np.isnan(gain) or positives < _STANDARD_ERRORS**2:
        return float("nan")
    return max(float(share[enough[0]]), _STANDARD_ERRORS**2 / positives)
