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

    Sequences are drawn at random, as many of each set of labels as the share asks for, to one
    sequence; each task keeps an example of either class. A shuffle stays with the sequence that it
    was made from.

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
        kept[_drawn(heads, kind, share, rng)] = True
        _keep_classes(kept, heads, dataset, rng)
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


def _drawn(
    heads: NDArray[np.intp], kind: NDArray[np.int64], share: float, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Draw a share of rows, evenly over the kinds: a row in 1 / share of those sorted by kind.

    A rounded number of each kind would be all rows where most sets of labels occur once.
    """
    order = heads[np.lexsort((rng.random(len(heads)), kind[heads]))]
    steps = np.floor(np.arange(len(order) + 1) * share + rng.random())
    return order[np.diff(steps) > 0]


def _keep_classes(
    kept: NDArray[np.bool_],
    heads: NDArray[np.intp],
    dataset: Dataset,
    rng: np.random.Generator,
) -> None:
    """Add a row of each class of a task of which none was drawn; in place."""
    if dataset.meta.task_type == "regression":
        return
    labels = dataset.labels[heads]
    for column in labels.T:
        for value in (0, 1):
            own = heads[column == value]
            if len(own) and not kept[own].any():
                kept[rng.choice(own)] = True


def _kinds(dataset: Dataset) -> NDArray[np.int64]:
    """Number the labels of each sequence: values are of one kind."""
    if dataset.meta.task_type == "regression":
        return np.zeros(len(dataset), dtype=np.int64)
    known = np.nan_to_num(dataset.labels, nan=-1.0)
    return np.unique(known, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
