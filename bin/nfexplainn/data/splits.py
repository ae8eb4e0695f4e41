"""Split sequences into training, validation and test so that nothing leaks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.data.dataset import SPLITS, Floats
from nfexplainn.data.duplicates import first_of_each, strand_free_key
from nfexplainn.data.homology import components, similar_sequences
from nfexplainn.errors import UserError
from nfexplainn.io.coordinates import Coordinates

Ints = NDArray[np.int64]


def make_groups(codes: dna.Codes, where: Coordinates, *, similar: bool = False) -> Ints:
    """Number the groups of sequences that must stay on one side of a split.

    Together stay a shuffle and its parent, overlapping windows, and sequences that are equal on
    the same or on opposite strands; and whatever hangs together through any of these.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
    where : Coordinates
    similar : bool
        Also keep sequences together that share a tenth of their words
        (:func:`nfexplainn.data.homology.similar_sequences`).

    Returns
    -------
    int64 array, shape (n,)
        From 0 without gaps.
    """
    own = np.arange(len(codes))
    links = [
        np.where(where.parent >= 0, where.parent, own),
        where.chains(),
        first_of_each(strand_free_key(codes)),
    ]
    return connected([*links, similar_sequences(codes)] if similar else links)


def connected(links: Sequence[Ints]) -> Ints:
    """Number the connected components of a graph, in the order of their first nodes.

    Parameters
    ----------
    links : sequence of int64 arrays, shape (n,)
        At least one; in each, the node that a node is linked with (itself: with none).

    Returns
    -------
    int64 array, shape (n,)
        From 0 without gaps.
    """
    own = np.arange(len(links[0]))
    return components(len(own), np.tile(own, len(links)), np.concatenate(links))


def across_parts(groups: Ints, split: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Find what must go so that no group lies in two parts that the user gave.

    The last of train, valid and test that a group has members in keeps them, as what is tested
    must not have been trained on.

    Parameters
    ----------
    groups : int64 array, shape (n,)
        See :func:`make_groups`.
    split : array of str, shape (n,)

    Returns
    -------
    bool array, shape (n,)
    """
    part = np.array([SPLITS.index(name) for name in split.tolist()], dtype=np.int64)
    last = np.zeros(int(groups.max(initial=-1)) + 1, dtype=np.int64)
    np.maximum.at(last, groups, part)
    return part < last[groups]


def split_random(
    groups: Ints, labels: Floats, valid: float, test: float, rng: np.random.Generator
) -> NDArray[np.str_]:
    """Split whole groups at random, with the same share of every set of labels in each part.

    Parameters
    ----------
    groups : int64 array, shape (n,)
    labels : float32 array, shape (n, tasks)
        NaN where unknown.
    valid, test : float
        Shares of the sequences; the rest trains.
    rng : Generator

    Returns
    -------
    array of str, shape (n,)
    """
    return np.array(SPLITS)[deal(groups, labels, (1 - valid - test, valid, test), rng)]


def deal(groups: Ints, labels: Floats, parts: Sequence[float], rng: np.random.Generator) -> Ints:
    """Deal whole groups out at random, with the same share of every set of labels in each part.

    Groups too large to fit come first and go where most is missing. The others are dealt out by
    quota among groups with the same labels, and make up for what the large ones upset. What
    the quotas leave over goes where most is missing, the rarest labels weighing most.

    Parameters
    ----------
    groups : int64 array, shape (n,)
    labels : float32 array, shape (n, tasks)
        NaN where unknown.
    parts : sequence of float
        Share of the sequences that each part is to have.
    rng : Generator

    Returns
    -------
    int64 array, shape (n,)
        The part of each sequence, from 0.
    """
    if not len(groups):
        return np.zeros(0, dtype=np.int64)
    shares = np.array(parts)
    pattern = _patterns(labels)
    sizes = np.bincount(pattern)
    count = int(groups.max()) + 1
    features = _group_features(groups, labels, count)
    kinds = _group_kinds(groups, pattern, count)
    large = features[:, 0] * 10 > shares[shares > 0].min() * len(groups)
    place = np.full(count, -1, dtype=np.int64)
    missing = shares[:, None] * features.sum(axis=0)
    _deal_one_by_one(np.flatnonzero(large), features, missing, shares, place)

    # Rows of each part that each set of labels still lacks.
    lacking = shares[:, None] * sizes
    rows = np.flatnonzero(large[groups])
    np.subtract.at(lacking, (place[groups[rows]], pattern[rows]), 1)
    members = np.argsort(groups, kind="stable")
    bound = np.concatenate([[0], np.cumsum(np.bincount(groups, minlength=count))])
    order = rng.permutation(np.flatnonzero(~large))
    order = order[np.lexsort((kinds[order], -features[order, 0]))]
    edges = np.flatnonzero(np.diff(kinds[order], prepend=-1, append=-1))
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        one = order[first]
        inside = pattern[members[bound[one] : bound[one + 1]]]
        need = np.maximum((lacking[:, inside] / sizes[inside]).sum(axis=1), 0)
        need = need / need.sum() if need.sum() > 0 else shares
        quota = np.floor((last - first) * need + 1e-9).astype(np.int64)
        place[order[first : first + quota.sum()]] = np.repeat(np.arange(len(shares)), quota)
        for part in range(len(shares)):
            np.subtract.at(lacking[part], inside, quota[part])
    dealt = place >= 0
    have = [features[place == part].sum(axis=0) for part in range(len(shares))]
    missing = shares[:, None] * features.sum(axis=0) - np.stack(have)
    _deal_one_by_one(order[~dealt[order]], features, missing, shares, place)
    return place[groups]


def _deal_one_by_one(
    some: NDArray[np.integer],
    features: NDArray[np.float64],
    missing: NDArray[np.float64],
    shares: NDArray[np.float64],
    place: Ints,
) -> None:
    """Put groups, the largest first, where most of what they hold is missing; in place."""
    totals = np.maximum(features.sum(axis=0), 1)
    for group in some[np.argsort(-features[some, 0], kind="stable")].tolist():
        gain = missing @ (features[group] / totals**2)
        gain[shares == 0] = -np.inf
        part = int(np.argmax(gain))
        place[group] = part
        missing[part] -= features[group]


def _patterns(labels: Floats) -> Ints:
    """Number the sets of labels (1, 0, unknown per task) that occur, shape (n,)."""
    states = np.where(np.isnan(labels), 2, labels == 1).astype(np.uint8)
    view = np.ascontiguousarray(states).view(np.dtype((np.void, states.shape[1]))).reshape(-1)
    return np.unique(view, return_inverse=True)[1].astype(np.int64)


def _group_features(groups: Ints, labels: Floats, count: int) -> NDArray[np.float64]:
    """Count the sequences and each task's positives of every group, shape (groups, 1 + tasks)."""
    columns = [np.bincount(groups, minlength=count)]
    columns += [np.bincount(groups, weights=column == 1, minlength=count) for column in labels.T]
    return np.stack(columns, axis=1).astype(np.float64)


def _group_kinds(groups: Ints, pattern: Ints, count: int) -> Ints:
    """Number the kinds of groups: those with the same labels equally often are of one kind."""
    rng = np.random.default_rng(0)  # fixed: a hash of the multiset of patterns, not a sample
    marks = rng.integers(0, 1 << 62, size=int(pattern.max()) + 1)
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, groups, marks[pattern])
    return np.unique(sums, return_inverse=True)[1].astype(np.int64)


def split_chromosomes(
    where: Coordinates,
    valid: Sequence[str],
    test: Sequence[str],
    valid_fraction: float,
    test_fraction: float,
) -> tuple[NDArray[np.str_], tuple[str, ...], tuple[str, ...]]:
    """Split by chromosome; where none are named, choose them so that the fractions are met.

    Returns
    -------
    split : array of str, shape (n,)
    valid, test : tuple of str
        The chromosomes used.

    Raises
    ------
    UserError
        If a sequence has no coordinates, a chromosome is unknown, or too few are there.
    """
    counts = _chromosome_counts(where)
    for option, names in (("valid_chromosomes", valid), ("test_chromosomes", test)):
        unknown = [name for name in names if name not in where.chromosomes]
        if unknown:
            raise UserError(
                f"{option}: no sequence lies on '{unknown[0]}'; there are"
                f" {', '.join(where.chromosomes[:5])}"
                f"{' and others' if len(where.chromosomes) > 5 else ''}."
            )
    if not test and test_fraction > 0:
        test = choose_groups(counts, test_fraction, set(valid))
    if not valid:
        valid = choose_groups(counts, valid_fraction, set(test))
    if len(set(valid) | set(test)) >= len(counts) or not valid:
        raise UserError(
            f"split_by chromosome: {len(counts)} chromosomes ({', '.join(list(counts)[:5])}) are"
            " too few for training, validation and test; use split_by random."
        )
    part = np.array(
        ["valid" if c in valid else "test" if c in test else "train" for c in where.chromosomes]
    )
    return part[where.chrom], tuple(valid), tuple(test)


def fold_chromosomes(where: Coordinates, folds: int) -> tuple[Ints, list[list[str]]]:
    """Make folds of whole chromosomes, as equal in size as these allow.

    Parameters
    ----------
    where : Coordinates
    folds : int

    Returns
    -------
    fold : int64 array, shape (n,)
        From 0.
    chromosomes : list of list of str
        Of each fold.

    Raises
    ------
    UserError
        If a sequence has no coordinates, or there are fewer chromosomes than folds.
    """
    counts = {name: count for name, count in _chromosome_counts(where).items() if count}
    if len(counts) < folds:
        raise UserError(
            f"folds {folds} with split_by chromosome: the sequences lie on {len(counts)}"
            f" chromosomes ({', '.join(list(counts)[:5])}), and a fold needs whole ones; use fewer"
            " folds, or split_by random."
        )
    chosen: list[list[str]] = [[] for _ in range(folds)]
    sizes = [0] * folds
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        least = sizes.index(min(sizes))
        chosen[least].append(name)
        sizes[least] += counts[name]
    place = {name: fold for fold, names in enumerate(chosen) for name in names}
    of_chromosome = np.array([place.get(name, -1) for name in where.chromosomes], dtype=np.int64)
    return of_chromosome[where.chrom], chosen


def _chromosome_counts(where: Coordinates) -> dict[str, int]:
    """Count the sequences of each chromosome.

    Raises
    ------
    UserError
        If a sequence has no coordinates.
    """
    if (where.chrom < 0).any():
        own = where.parent < 0  # those that the user gave: shuffles are as their parents
        raise UserError(
            f"split_by chromosome: {int((own & (where.chrom < 0)).sum()):,} of"
            f" {int(own.sum()):,} sequences have no coordinates in their names (chr1:100-300 or"
            " name::chr1:100-300); use split_by random."
        )
    counts = np.bincount(where.chrom, minlength=len(where.chromosomes)).tolist()
    return dict(zip(where.chromosomes, counts, strict=True))


def choose_groups(counts: dict[str, int], fraction: float, used: set[str]) -> tuple[str, ...]:
    """Pick groups (chromosomes), each time the one that comes nearest to what is missing.

    Parameters
    ----------
    counts : dict of str to int
        Sequences of each group.
    fraction : float
        Of all sequences.
    used : set of str
        Groups that are taken.
    """
    goal = fraction * sum(counts.values())
    chosen: list[str] = []
    while True:
        rest = {c: n for c, n in counts.items() if c not in used and c not in chosen}
        if not rest:
            return tuple(chosen)
        best = min(rest, key=lambda c: abs(goal - rest[c]))
        if chosen and abs(goal - rest[best]) >= abs(goal):
            return tuple(chosen)
        chosen.append(best)
        goal -= rest[best]
