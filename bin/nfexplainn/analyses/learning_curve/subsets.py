"""Smaller data sets with the same test part."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.io.coordinates import read_names

SHARES = (1 / 8, 1 / 4, 1 / 2, 1.0)
SUBSETS = 3
FEWEST = 100
"""Training sequences below which a share is left out."""
_STREAM = 31


def subset(dataset: Dataset, share: float, number: int) -> Dataset:
    """Take a share of the training and of the validation part, and the whole test part.

    Sequences are drawn at random within what has the same labels, and a shuffle stays with the
    sequence that it was made from.

    Parameters
    ----------
    dataset : Dataset
        With a split.
    share : float
        In (0, 1].
    number : int
        Of the draw; another one gives other sequences.

    Returns
    -------
    Dataset
        Without folds.
    """
    rng = np.random.default_rng([dataset.meta.seed, _STREAM, round(1 / share), number])
    parent = read_names(dataset.names).parent
    family = np.where(parent >= 0, parent, np.arange(len(dataset)))
    kind = _kinds(dataset)
    kept = np.zeros(len(dataset), dtype=np.bool_)
    for part in ("train", "valid"):
        inside = np.zeros(len(dataset), dtype=np.bool_)
        inside[dataset.rows(part)] = True
        heads = np.flatnonzero(inside & (family == np.arange(len(dataset))))
        for label in np.unique(kind[heads]):
            own = heads[kind[heads] == label]
            drawn = rng.permutation(own)[: max(1, round(share * len(own)))]
            kept[drawn] = True
        # A shuffle whose parent lies in another part is drawn by itself.
        lone = inside & (family != np.arange(len(dataset))) & ~inside[family]
        kept |= inside & kept[family]
        kept[rng.permutation(np.flatnonzero(lone))[: round(share * int(lone.sum()))]] = True
    rows = np.flatnonzero(kept | (dataset.split == "test"))
    return dataclasses.replace(
        dataset,
        meta=dataclasses.replace(dataset.meta, folds=1),
        names=[dataset.names[row] for row in rows.tolist()],
        codes=dataset.codes[rows],
        split=dataset.split[rows],
        labels=dataset.labels[rows],
        flanks=None if dataset.flanks is None else dataset.flanks[rows],
        fold=None,
    )


def draws(dataset: Dataset) -> Iterator[tuple[float, int, Dataset]]:
    """Give the subsets of each share: with folds one per fold, else :data:`SUBSETS`.

    Yields
    ------
    share : float
    number : int
        Of the draw, from 1; with folds the fold that is the test part.
    Dataset
    """
    numbers = range(1, (dataset.meta.folds if dataset.meta.folds > 1 else SUBSETS) + 1)
    for share in SHARES:
        for number in numbers:
            own = subset(dataset.of_replicate(number), share, number)
            if len(own.rows("train")) >= FEWEST:
                yield share, number, own


def _kinds(dataset: Dataset) -> NDArray[np.int64]:
    """Number the labels of each sequence: values are of one kind."""
    if dataset.meta.task_type == "regression":
        return np.zeros(len(dataset), dtype=np.int64)
    known = np.nan_to_num(dataset.labels, nan=-1.0)
    return np.unique(known, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
