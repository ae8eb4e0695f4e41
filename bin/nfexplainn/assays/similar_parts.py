"""Splits that keep similar sequences together, and what a random split would have shared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nfexplainn.assays.part_kinds import Parts
from nfexplainn.assays.spec import Spec
from nfexplainn.data.dataset import Floats
from nfexplainn.data.homology import SHORTEST
from nfexplainn.data.splits import deal, make_groups, split_random
from nfexplainn.dna import Codes
from nfexplainn.errors import UserError
from nfexplainn.io.coordinates import Coordinates

if TYPE_CHECKING:
    from nfexplainn.assays.common import PrepLog

MOST = 0.5
"""Largest share of the sequences that one cluster may hold."""
Ints = NDArray[np.int64]


def similar_groups(
    spec: Spec, source: str, codes: Codes, where: Coordinates, *, pad: int = 0
) -> Ints:
    """Number what must stay together where similar sequences must.

    Parameters
    ----------
    spec : Spec
    source : str
        What the sequences come from, for messages.
    codes : uint8 array, shape (n, length)
    where : Coordinates
    pad : int
        N that were added to either side.

    Returns
    -------
    int64 array, shape (n,)

    Raises
    ------
    UserError
        If the sequences are too short, or most are similar to each other.
    """
    length = codes.shape[1] - 2 * pad
    if length < SHORTEST:
        raise UserError(
            f"{spec.id} ({source}): split_by homology compares sequences of {SHORTEST} bp and more,"
            f" and these have {length}; use split_by random, which keeps equal sequences together."
        )
    groups = make_groups(codes, where, similar=True)
    largest = int(np.bincount(groups).max(initial=0))
    if largest > MOST * len(groups):
        raise UserError(
            f"{spec.id} ({source}): {largest:,} of {len(groups):,} sequences are directly or"
            " indirectly similar, as variants of one sequence are, so that split_by homology cannot"
            " separate them; use split_by random, but do not expect its scores on other sequences."
        )
    return groups


def with_homology(
    parts: Parts, spec: Spec, log: PrepLog, plain: Ints, groups: Ints, labels: Floats
) -> Parts:
    """Add to parts by homology what a random split would have shared; others stay as they are.

    Parameters
    ----------
    parts : Parts
    spec, log
    plain : int64 array, shape (n,)
        What a random split keeps together.
    groups : int64 array, shape (n,)
        What this one keeps together.
    labels : float32 array, shape (n, tasks)
    """
    if spec.options.split_by != "homology":
        return parts
    shared, held_out = random_shared(parts, spec, plain, groups, labels)
    clusters = _plain_groups_in(plain, groups)
    merged = clusters > 1
    inside = int(np.bincount(groups)[merged].sum())
    found = {
        "clusters": int(merged.sum()),
        "sequences": inside,
        "largest": int(np.bincount(groups)[merged].max(initial=0)),
        "random_shared": shared,
        "random_held_out": held_out,
    }
    log.note(
        "Similar sequences (a tenth of their 10-mers in common, on either strand) were kept"
        f" together: {inside:,} of {len(groups):,} sequences are in clusters, {found['clusters']:,}"
        f" in all, the largest of {found['largest']:,}. A random split would have held out"
        f" {sum(held_out):,} sequences of which {sum(shared):,} have a similar one in training."
    )
    return replace(parts, extra=parts.extra | {"homology": found})


def random_shared(
    parts: Parts, spec: Spec, plain: Ints, groups: Ints, labels: Floats
) -> tuple[list[int], list[int]]:
    """Count the sequences that a random split holds out, and those with a similar one in training.

    Returns
    -------
    shared, held_out : list of int
        A number per fold; one without folds.
    """
    rng = spec.rng("split")
    if parts.folds > 1:
        fold = deal(plain, labels, [1 / parts.folds] * parts.folds, rng)
        tested = [fold == number for number in range(parts.folds)]
        trained = [(fold - number) % parts.folds > 1 for number in range(parts.folds)]
    else:
        options = spec.options
        split = split_random(plain, labels, options.valid_fraction, options.test_fraction, rng)
        tested, trained = [split != "train"], [split == "train"]
    count = int(groups.max(initial=-1)) + 1
    shared = []
    for test, train in zip(tested, trained, strict=True):
        known = np.bincount(groups[train], minlength=count) > 0
        shared.append(int(known[groups[test]].sum()))
    return shared, [int(test.sum()) for test in tested]


def _plain_groups_in(plain: Ints, groups: Ints) -> Ints:
    """Count the groups of a random split in each of this one."""
    first = np.unique(plain, return_index=True)[1]
    return np.bincount(groups[first], minlength=int(groups.max(initial=-1)) + 1)
