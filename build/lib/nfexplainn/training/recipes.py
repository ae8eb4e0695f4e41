"""Recipes of training: the paper's, and the default, which finds more motifs from fewer sequences.

``robust`` adds to the paper's recipe, for the training part only: windows shifted at random anew
in every epoch, shuffled negatives shuffled anew in every epoch, and filters that start from
enriched words (:mod:`nfexplainn.training.start`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from nfexplainn.data.dataset import Dataset
from nfexplainn.data.shuffle import dinucleotide_shuffle
from nfexplainn.data.unknown import shuffle_known
from nfexplainn.data.windows import MAX_SHIFT
from nfexplainn.dna import N_CODE, Codes

Recipe = Literal["robust", "paper"]


def epoch_codes(
    dataset: Dataset, seed: Sequence[int], *, native: bool = False, threads: int = 1
) -> Codes:
    """Give the training sequences of one epoch of the robust recipe.

    Parameters
    ----------
    dataset : Dataset
    seed : sequence of int
        Of this epoch.
    native : bool
        Whether the kernel shuffles; its random numbers are others than NumPy's.
    threads : int
        Of the kernel.

    Returns
    -------
    uint8 array, shape (n, length)
        In the order of ``dataset.rows("train")``.
    """
    rows = dataset.rows("train")
    codes = dataset.codes[rows]
    rng = np.random.default_rng(list(seed))
    if dataset.flanks is not None:
        left, right = np.split(dataset.flanks[rows], 2, axis=1)
        codes = np.concatenate([left[:, -MAX_SHIFT:], codes, right[:, :MAX_SHIFT]], axis=1)
    if dataset.meta.extra.get("negatives") == "shuffle":
        labels = dataset.labels[rows]
        negatives = np.flatnonzero((labels == 0).all(axis=1))
        positives = np.flatnonzero((labels == 1).any(axis=1))
        if len(negatives) and len(positives):
            # As many as there were; several per positive where there are more of them. With real
            # flanks these are shuffled along, so that no class is told by its ends.
            # The N that pad reads are no bases to shuffle. Others stay in place as well: elsewhere
            # they would give the negatives away.
            pad = int(dataset.meta.extra.get("pad", 0))
            inside = slice(pad, codes.shape[1] - pad)
            parents = np.ascontiguousarray(codes[np.resize(positives, len(negatives)), inside])
            if native:
                fresh = compiled_shuffle(parents, int(rng.integers(2**63)), threads)
            else:
                fresh = dinucleotide_shuffle(parents, rng)
            codes[negatives, inside] = fresh
    if dataset.flanks is None:
        codes = np.pad(codes, ((0, 0), (MAX_SHIFT, MAX_SHIFT)), constant_values=N_CODE)
    return shifted(codes, dataset.meta.length, rng)


def compiled_shuffle(codes: Codes, seed: int, threads: int = 1, first: int = 0) -> Codes:
    """Shuffle as :func:`~nfexplainn.data.shuffle.dinucleotide_shuffle` does, by the kernel.

    Every sequence has random numbers of its own, from ``seed`` and its number, so that the result
    depends neither on the number of threads nor on how the sequences are divided into calls. The
    first and the last base stay, and so does every N, whose neighbours count as each other's.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
    seed : int
        At least 0, below 2**64.
    threads : int
    first : int
        Number of the first sequence.

    Returns
    -------
    uint8 array, shape (n, length)

    Raises
    ------
    nfexplainn.native.library.KernelError
        If there is no kernel.
    """
    from nfexplainn.native.shuffle import shuffle_letters

    return shuffle_known(codes, lambda moved: shuffle_letters(moved, seed, threads, first))


def shifted(codes: Codes, length: int, rng: np.random.Generator) -> Codes:
    """Cut a window of ``length`` out of each sequence, at a uniform place, shape (n, length)."""
    start = rng.integers(0, codes.shape[1] - length + 1, size=len(codes))
    # Positions of all bases as whole numbers would take eight times the sequences' memory.
    moved: Codes = sliding_window_view(codes, length, axis=1)[np.arange(len(codes)), start]
    return moved
