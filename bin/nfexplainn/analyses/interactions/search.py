"""Find the pairs of rows whose term lowers the loss on unseen sequences beyond the sum."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, product

import numpy as np
from scipy.special import expit

from nfexplainn.analyses.interactions.model import ExtendedModel, Terms
from nfexplainn.analyses.interactions.terms import Pair, PairKind, Sites, pair_terms
from nfexplainn.evidence.clusters import Floats, Ints, Means, clustered_means
from nfexplainn.evidence.regressions import Kind, fitted_weights, loss_of
from nfexplainn.evidence.removal import PartName
from nfexplainn.motifs.qvalues import q_values

LARGEST_Q = 0.05
LEAST_SHARE = 0.01
"""Of what the sum explains, as of a supported row."""
DISTANCES = (10, 20, 35, 50)
"""Of which validation sequences choose, in bp between the sites."""
MOST_PAIRS = 5
PRESENT = 0.5
"""Strength from which a sequence has a site."""
_PENALTY, _FREE = 1.0, 1e-3


@dataclass(frozen=True)
class Seen:
    """One part of one replicate; arrays of shape (n, ...).

    Attributes
    ----------
    rows : int64 array
        Of the data set.
    labels : float64 array
        Of one task, none unknown.
    logits : float64 array
        Of the model.
    composition : float64 array, shape (n, features)
    sites : Sites
        Of the rows that the replicate has.
    """

    rows: Ints
    labels: Floats
    logits: Floats
    composition: Floats
    sites: Sites


@dataclass(frozen=True)
class Fold:
    """A replicate: what is fitted to its validation part is tested on its unseen one.

    Attributes
    ----------
    kind : {'bce', 'mse'}
    terms : Terms
        With the rows that the replicate has.
    places : mapping of int to int
        Of a row, its place among these.
    valid, unseen : Seen
    """

    kind: Kind
    terms: Terms
    places: Mapping[int, int]
    valid: Seen
    unseen: Seen

    def own(self, pair: Pair) -> Pair | None:
        """Give a pair by the places of its rows in this replicate; None where one is missing."""
        if pair.first not in self.places or pair.second not in self.places:
            return None
        return Pair(self.places[pair.first], self.places[pair.second], pair.kind)

    def design(self, name: PartName, pairs: Sequence[tuple[Pair, int]], *, places: bool) -> Floats:
        """Give all terms of the sum of a part, float64 (n, terms): first 1, then the logit."""
        part = self.part(name)
        of_pairs = (
            pair_terms(part.sites, self.terms.scales, pair, distance) for pair, distance in pairs
        )
        return np.concatenate([self._sums[name, places], *of_pairs], axis=1)

    @cached_property
    def _sums(self) -> dict[tuple[PartName, bool], Floats]:
        """The terms without those of pairs, which are the same for every pair."""
        names: tuple[PartName, ...] = ("valid", "unseen")
        found = {}
        for name, places in product(names, (False, True)):
            one = self.part(name)
            named = self.terms.columns(one.logits, one.composition, one.sites, (), places=places)
            found[name, places] = np.concatenate([columns for _, columns in named], axis=1)
        return found

    def part(self, name: PartName) -> Seen:
        """Give a held-out part by its name."""
        return self.unseen if name == "unseen" else self.valid

    def fit(self, design: Floats, start: Floats | None = None) -> Floats:
        """Fit weights to the validation part; intercept and logit are as good as free."""
        penalty = np.full(design.shape[1], _PENALTY)
        penalty[:2] = _FREE
        return fitted_weights(self.kind, design, self.valid.labels, penalty, start)

    def residual(self, pair: Pair) -> Floats:
        """Give label less prediction of the sum without pairs, of unseen sequences, shape (n,).

        NaN where one of the pair's rows (see :meth:`own`) has no site of half its strength.
        """
        weights = self.fit(self.design("valid", (), places=True))
        predicted = self.design("unseen", (), places=True) @ weights
        if self.kind == "bce":
            predicted = expit(predicted)
        sites, scales = self.unseen.sites, self.terms.scales
        both = np.ones(len(predicted), dtype=np.bool_)
        for row in (pair.first, pair.second):
            both &= scales[row].strength(sites.score[:, row]) >= PRESENT
        return np.where(both, self.unseen.labels - predicted, np.nan)

    def extended(self, pairs: Sequence[tuple[Pair, int]]) -> ExtendedModel:
        """Fit the sum with pairs of rows (see :meth:`own`) and their distances."""
        places = any(pair.kind == "spacing" for pair, _ in pairs)
        weights = self.fit(self.design("valid", pairs, places=places))
        return ExtendedModel(self.terms, tuple(pairs), places, weights)


@dataclass(frozen=True)
class Effect:
    """What a pair adds in one replicate.

    Attributes
    ----------
    gain : float64 array, shape (unseen,)
        Loss without the pair's term less loss with it.
    weight : float
        Of the term: what two best sites add to the logit beyond their sum.
    distance : int
        That validation chose; 0 of a product.
    """

    gain: Floats
    weight: float
    distance: int


def effect_of(fold: Fold, pair: Pair, accepted: Sequence[tuple[Pair, int]]) -> Effect:
    """Fit the sum, and the sum with a pair's term, on validation; compare them on unseen sequences.

    Parameters
    ----------
    fold : Fold
    pair : Pair
        By the places of this replicate.
    accepted : sequence of (Pair, int)
        Pairs that are in the sum already, with their distances.
    """
    spacing = pair.kind == "spacing"
    places = spacing or any(one.kind == "spacing" for one, _ in accepted)
    labels = fold.valid.labels
    plain: Floats | None = None
    best: tuple[float, int, Floats] | None = None
    for distance in DISTANCES if spacing else (0,):
        design = fold.design("valid", [*accepted, (pair, distance)], places=places)
        if plain is None:
            plain = fold.fit(design[:, :-1])
        weight = fold.fit(design, np.append(plain, 0.0))
        loss = float(loss_of(fold.kind, design @ weight, labels).sum())
        if best is None or loss < best[0]:
            best = loss, distance, weight
    assert best is not None and plain is not None
    _, distance, weight = best
    design = fold.design("unseen", [*accepted, (pair, distance)], places=places)
    without, with_it = (
        loss_of(fold.kind, predicted, fold.unseen.labels)
        for predicted in (design[:, :-1] @ plain, design @ weight)
    )
    return Effect(without - with_it, float(weight[-1]), distance)


@dataclass(frozen=True)
class Found:
    """What unseen sequences say of a pair.

    Attributes
    ----------
    pair : Pair
    means : Means
        The gain, shape (1,).
    weights : tuple of float
        Of the replicates that have both rows.
    distances : tuple of int
        Of all replicates; 0 where one has not both rows.
    q : float
    tests : int
        Over which q is: those of the round in which the pair was judged.
    supported : bool
    """

    pair: Pair
    means: Means
    weights: tuple[float, ...]
    distances: tuple[int, ...]
    q: float = 1.0
    tests: int = 0
    supported: bool = False

    @property
    def gain(self) -> float:
        """Mean gain."""
        return float(self.means.value[0])

    @property
    def p(self) -> float:
        """Of the test that it is at most 0."""
        return float(self.means.p[0])

    @property
    def agrees(self) -> bool:
        """Whether the weights have one sign; of three or more one may differ."""
        up = sum(weight > 0 for weight in self.weights)
        return min(up, len(self.weights) - up) <= (1 if len(self.weights) > 2 else 0)


def accepted_in(fold: Fold, number: int, accepted: Sequence[Found]) -> list[tuple[Pair, int]]:
    """Give the accepted pairs that a replicate has, with their distances there."""
    found = []
    for one in accepted:
        own = fold.own(one.pair)
        if own is not None:
            found.append((own, one.distances[number]))
    return found


def averaged(
    folds: Sequence[Fold], values: Sequence[Floats | None], clusters: Ints
) -> tuple[Floats, Ints, Ints]:
    """Average over the replicates that have not seen a sequence; None counts as 0.

    Returns
    -------
    values : float64 array, shape (n,)
    rows : int64 array, shape (n,)
        Of the data set, ascending.
    clusters : int64 array, shape (n,)
        From 0 without gaps.
    """
    total, times = np.zeros(len(clusters)), np.zeros(len(clusters))
    for fold, own in zip(folds, values, strict=True):
        times[fold.unseen.rows] += 1
        if own is not None:
            total[fold.unseen.rows] += own
    rows = np.flatnonzero(times).astype(np.int64)
    numbered = np.unique(clusters[rows], return_inverse=True)[1].astype(np.int64)
    return total[rows] / times[rows], rows, numbered


def measure(
    folds: Sequence[Fold], pair: Pair, accepted: Sequence[Found], clusters: Ints, seed: int
) -> Found | None:
    """Measure what a pair gains on sequences that a replicate has not seen.

    Parameters
    ----------
    folds : sequence of Fold
    pair : Pair
    accepted : sequence of Found
    clusters : int64 array
        Cluster of each row of the data set.
    seed : int

    Returns
    -------
    Found or None
        None where no replicate has both rows.
    """
    effects: list[Effect | None] = []
    for number, fold in enumerate(folds):
        own = fold.own(pair)
        there = accepted_in(fold, number, accepted)
        effects.append(None if own is None else effect_of(fold, own, there))
    some = [effect for effect in effects if effect is not None]
    if not some:
        return None
    gains = [None if effect is None else effect.gain for effect in effects]
    gain, _, own_clusters = averaged(folds, gains, clusters)
    means = clustered_means(gain[None], own_clusters, np.random.default_rng([seed, 31]))
    distances = tuple(0 if effect is None else effect.distance for effect in effects)
    return Found(pair, means, tuple(effect.weight for effect in some), distances)


def pairs_of(rows: int) -> list[Pair]:
    """Give every pair of rows, once as a product and once as a spacing."""
    kinds: tuple[PairKind, ...] = ("product", "spacing")
    return [Pair(*two, kind) for two in combinations(range(rows), 2) for kind in kinds]


def explained_by_sum(folds: Sequence[Fold], clusters: Ints) -> float:
    """Give the loss of the base rate less that of the sum without pairs, on unseen sequences."""
    gains = []
    for fold in folds:
        every = fold.design("valid", (), places=False)
        unseen = fold.design("unseen", (), places=False)
        base, whole = (
            unseen[:, :terms] @ fold.fit(every[:, :terms]) for terms in (1, every.shape[1])
        )
        labels = fold.unseen.labels
        gains.append(loss_of(fold.kind, base, labels) - loss_of(fold.kind, whole, labels))
    return float(averaged(folds, gains, clusters)[0].mean())


def search(
    folds: Sequence[Fold],
    rows: int,
    clusters: Ints,
    seed: int,
    report: Callable[[int, int], None] | None = None,
) -> tuple[list[Found], float]:
    """Test every pair; take the best that is supported into the sum, and test the others again.

    What a pair that was left out does would otherwise be ascribed to pairs with one of its rows.

    Parameters
    ----------
    folds : sequence of Fold
    rows : int
    clusters : int64 array
        Cluster of each row of the data set.
    seed : int
    report : callable, optional
        Called with the number of tests done and in all, in each round.

    Returns
    -------
    list of Found
        Those supported first, in the order in which they joined, as they were then; the others as
        in the last round, by p.
    float
        What the sum explains.
    """
    left, accepted = pairs_of(rows), list[Found]()
    explained = explained_by_sum(folds, clusters)
    while True:
        found = []
        for done, pair in enumerate(left, 1):
            one = measure(folds, pair, accepted, clusters, seed)
            found += [one] if one else []
            if report:
                report(done, len(left))
        if not found:
            return accepted, explained
        q = q_values(np.array([one.p for one in found]))
        found = [
            replace(one, q=float(value), tests=len(found))
            for one, value in zip(found, q, strict=True)
        ]
        found.sort(key=lambda one: (one.p, -one.gain))
        good = [one for one in found if is_supported(one, explained)]
        if not good or len(accepted) == MOST_PAIRS:
            return accepted + found, explained
        accepted.append(replace(good[0], supported=True))
        left = [pair for pair in left if pair != good[0].pair]


def is_supported(found: Found, explained: float) -> bool:
    """Tell whether a pair is supported: by q, by share, and by replicates that agree."""
    enough = found.gain >= LEAST_SHARE * max(explained, 0.0)
    return found.q <= LARGEST_Q and enough and found.agrees
