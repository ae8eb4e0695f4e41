"""The leakage audit: what of validation and test a model has already seen in training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.data.dataset import SPLITS, Dataset
from nfexplainn.data.duplicates import hash_sequences
from nfexplainn.data.splits import make_groups
from nfexplainn.data.unknown import compare_classes, count_unknown
from nfexplainn.io.coordinates import Coordinates, read_names

KMER = 24
SHARED_QUARTER = 0.25
_TABLE_BITS = 27
_ROWS = 8192
_HELD_OUT_ROWS = 65536
_INVALID = np.uint64(1 << 63)  # above every packed word

Words = NDArray[np.uint64]


@dataclass(frozen=True)
class Check:
    """One line of the audit.

    Attributes
    ----------
    check : str
    state : {'pass', 'warn', 'not_applicable'}
        Not applicable where there was nothing to look at, such as no shuffle or no coordinates.
    count : int
        Sequences that violate it.
    total : int
        Sequences looked at.
    example : str
        One of them and what it clashes with; empty where there is none.
    """

    check: str
    state: str
    count: int
    total: int
    example: str


def audit_dataset(dataset: Dataset, where: Coordinates | None = None, fold: int = 0) -> list[Check]:
    """Look for everything that can lie on both sides of a split.

    Checks ``exact_duplicates``, ``reverse_complement_duplicates``, ``shuffle_pairs``,
    ``overlapping_windows`` and ``shared_kmers``: sequences of validation and test of which at
    least a quarter of the 24-mers stand in training, on either strand. The first four compare
    every pair of splits and count the sequences that have a partner in another split.
    ``unknown_bases`` counts the sequences with N where those tell a task's classes apart.

    A split by homology has two more: ``similar_sequences``, those of validation and test that are
    similar to one of training, over any number of steps, and ``similar_if_random``, as many as a
    random split would have had, which no warning is made of.

    Parameters
    ----------
    dataset : Dataset
    where : Coordinates, optional
        Where its sequences come from; by default what their names say.
    fold : int
        The one that is tested, from 0; 0 without folds.
    """
    split = np.searchsorted(np.sort(SPLITS), dataset.split).astype(np.int64)
    where = where or read_names(dataset.names)
    forward, reverse = hash_sequences(dataset.codes)
    pairs = np.flatnonzero(where.parent >= 0)
    return [
        _equal(dataset, "exact_duplicates", forward, forward, split),
        _equal(dataset, "reverse_complement_duplicates", forward, reverse, split),
        _pairs(dataset, pairs, where.parent[pairs], split),
        _overlaps(dataset, where.chains(), where.chrom, where.start, where.end, split),
        _shared_kmers(dataset),
        _unknown_bases(dataset),
        *_similar(dataset, where, fold),
    ]


def _check(name: str, count: int, total: int, example: str = "") -> Check:
    """Make a line of the audit."""
    state = "warn" if count else "pass" if total else "not_applicable"
    return Check(name, state, count, total, example)


def _equal(
    dataset: Dataset, name: str, keys: Words, other_keys: Words, split: NDArray[np.int64]
) -> Check:
    """Find rows whose ``other_key`` is the key of a row of another split."""
    clash = np.zeros(len(keys), dtype=np.bool_)
    partner = np.full(len(keys), -1, dtype=np.int64)
    for part in range(len(SPLITS)):
        rows = np.flatnonzero(split == part)
        if not len(rows):
            continue
        order = rows[np.argsort(keys[rows], kind="stable")]
        index = np.searchsorted(keys[order], other_keys)
        found = order[np.minimum(index, len(order) - 1)]
        hit = (keys[found] == other_keys) & (split != part)
        clash |= hit
        partner[hit] = found[hit]
    return _check(name, int(clash.sum()), len(keys), _example(dataset, clash, partner))


def _pairs(
    dataset: Dataset, child: NDArray[np.intp], parent: NDArray[np.int64], split: NDArray[np.int64]
) -> Check:
    """Find shuffles that lie in another split than what they were made from."""
    apart = split[child] != split[parent]
    clash = np.zeros(len(split), dtype=np.bool_)
    partner = np.full(len(split), -1, dtype=np.int64)
    clash[child[apart]] = True
    partner[child] = parent
    return _check("shuffle_pairs", int(apart.sum()), len(child), _example(dataset, clash, partner))


def _overlaps(
    dataset: Dataset,
    chain: NDArray[np.int64],
    chrom: NDArray[np.int64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    split: NDArray[np.int64],
) -> Check:
    """Find windows that overlap a window of another split."""
    total = int((chrom >= 0).sum())
    # Only chains that several splits share are looked at pair by pair.
    low, high = np.full(len(split), 9), np.full(len(split), -1)
    np.minimum.at(low, chain, split)
    np.maximum.at(high, chain, split)
    rows = np.flatnonzero(low[chain] != high[chain])
    rows = rows[np.lexsort((start[rows], chain[rows]))]
    clash = np.zeros(len(split), dtype=np.bool_)
    partner = np.full(len(split), -1, dtype=np.int64)
    # The furthest end so far of each split in the chain, and whose it is; then the same backwards.
    for sequence, forwards in ((rows, True), (rows[::-1], False)):
        current = -1
        best: dict[int, tuple[int, int]] = {}
        for row in sequence.tolist():
            if chain[row] != current:
                current, best = int(chain[row]), {}
            mine = int(split[row])
            for other, (edge, owner) in best.items():
                if other != mine and (edge > start[row] if forwards else edge < end[row]):
                    clash[row], partner[row] = True, owner
            edge = int(end[row]) if forwards else int(start[row])
            old = best.get(mine)
            if old is None or (edge > old[0] if forwards else edge < old[0]):
                best[mine] = (edge, row)
    return _check("overlapping_windows", int(clash.sum()), total, _example(dataset, clash, partner))


def _example(dataset: Dataset, clash: NDArray[np.bool_], partner: NDArray[np.int64]) -> str:
    """Name the first clash."""
    if not clash.any():
        return ""
    row = int(np.argmax(clash))
    other = int(partner[row])
    return (
        f"{dataset.names[row]} ({dataset.split[row]}) and"
        f" {dataset.names[other]} ({dataset.split[other]})"
    )


def packed_words(codes: dna.Codes, k: int = KMER) -> Words:
    """Pack every k-mer and its reverse complement into 2 bits a base and keep the smaller.

    Returns
    -------
    uint64 array, shape (n, length - k + 1)
        2^63 where the k-mer holds an N.
    """
    n, length = codes.shape
    positions = length - k + 1
    known = np.minimum(codes, 3).astype(np.uint64)
    word = np.zeros((n, positions), dtype=np.uint64)
    back = np.zeros((n, positions), dtype=np.uint64)
    # Words of 1, 2, 4, ... bases are put together from two of half their length.
    forward, reverse = known, np.uint64(3) - known
    size, done = 1, 0
    while True:
        if k & size:
            piece, mirror = forward[:, done:][:, :positions], reverse[:, done:][:, :positions]
            word = (word << np.uint64(2 * size)) | piece
            back = back | (mirror << np.uint64(2 * done))
            done += size
        if done == k:
            break
        forward = (forward[:, :-size] << np.uint64(2 * size)) | forward[:, size:]
        reverse = (reverse[:, size:] << np.uint64(2 * size)) | reverse[:, :-size]
        size *= 2
    out = np.minimum(word, back)
    unknown = np.cumsum(codes == dna.N_CODE, axis=1, dtype=np.int32)
    inside = unknown[:, k - 1 :].copy()
    inside[:, 1:] -= unknown[:, : positions - 1]
    out[inside > 0] = _INVALID
    return out


def shared_words(
    held_out: dna.Codes, training: dna.Codes, k: int = KMER
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the k-mers of each held-out sequence, and those that stand in training on any strand.

    A table of one byte per hash value sorts out the words of training that no held-out sequence
    can have; only the few left are compared exactly. Memory does not grow with training.

    Returns
    -------
    shared, total : int64 arrays, shape (held out,)
    """
    shared = np.zeros(len(held_out), dtype=np.int64)
    total = np.zeros(len(held_out), dtype=np.int64)
    for first in range(0, len(held_out), _HELD_OUT_ROWS):
        part = held_out[first : first + _HELD_OUT_ROWS]
        words = np.concatenate(
            [packed_words(part[i : i + _ROWS], k) for i in range(0, len(part), _ROWS)]
        )
        valid = words != _INVALID
        table = np.zeros(1 << _TABLE_BITS, dtype=np.bool_)
        table[_slot(words[valid])] = True
        seen = []
        for i in range(0, len(training), _ROWS):
            other = packed_words(training[i : i + _ROWS], k).reshape(-1)
            other = other[other != _INVALID]
            seen.append(np.unique(other[table[_slot(other)]]))
        common = np.unique(np.concatenate(seen)) if seen else np.zeros(0, dtype=np.uint64)
        if len(common):
            index = np.minimum(np.searchsorted(common, words), len(common) - 1)
            hit = (common[index] == words) & valid
            shared[first : first + len(part)] = hit.sum(axis=1)
        total[first : first + len(part)] = valid.sum(axis=1)
    return shared, total


def _slot(words: Words) -> NDArray[np.int64]:
    """Give each word its place in the table (Fibonacci hashing)."""
    mixed = words * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(64 - _TABLE_BITS)).astype(np.int64)


def _shared_kmers(dataset: Dataset) -> Check:
    """Find held-out sequences that share a quarter of their 24-mers with training."""
    name = "shared_kmers"
    rows = dataset.rows("valid", "test")
    train = dataset.rows("train")
    if dataset.codes.shape[1] < KMER:
        return _check(name, 0, 0, f"not searched: sequences are under {KMER} bp")
    shared, total = shared_words(dataset.codes[rows], dataset.codes[train])
    clash = (total > 0) & (shared >= SHARED_QUARTER * total)
    if not clash.any():
        return _check(name, 0, len(rows))
    row = int(np.argmax(clash))
    mine = packed_words(dataset.codes[rows[row]][None])[0]
    partner = -1
    for i in range(0, len(train), _ROWS):
        hits = np.isin(packed_words(dataset.codes[train[i : i + _ROWS]]), mine[mine != _INVALID])
        if hits.any():
            partner = int(train[i + int(np.argmax(hits.sum(axis=1)))])
            break
    example = (
        f"{dataset.names[rows[row]]} ({dataset.split[rows[row]]}) shares {shared[row]} of"
        f" {total[row]} {KMER}-mers with training, e.g. with {dataset.names[partner]}"
    )
    return _check(name, int(clash.sum()), len(rows), example)


def _similar(dataset: Dataset, where: Coordinates, fold: int) -> list[Check]:
    """Look for what a split by homology must not have, and tell what a random one would have."""
    told = dataset.meta.extra.get("homology")
    if told is None:
        return []
    groups = make_groups(dataset.codes, where, similar=True)
    train, rows = dataset.rows("train"), dataset.rows("valid", "test")
    partner = np.full(int(groups.max(initial=-1)) + 1, -1, dtype=np.int64)
    partner[groups[train]] = train
    clash, partners = np.zeros((2, len(dataset)), dtype=np.int64)
    partners[rows] = partner[groups[rows]]
    clash[rows] = partners[rows] >= 0
    found = clash.astype(np.bool_)
    shared, held_out = (int(told[key][fold]) for key in ("random_shared", "random_held_out"))
    return [
        _check(
            "similar_sequences", int(found.sum()), len(rows), _example(dataset, found, partners)
        ),
        Check("similar_if_random", "pass" if held_out else "not_applicable", shared, held_out, ""),
    ]


def _unknown_bases(dataset: Dataset) -> Check:
    """Look whether the number of N tells the classes of any task apart."""
    name, total = "unknown_bases", len(dataset)
    unknown = count_unknown(dataset.codes) - 2 * int(dataset.meta.extra.get("pad", 0))
    if not unknown.any():
        return _check(name, 0, total)
    values = dataset.meta.task_type == "regression"
    found = compare_classes(unknown, dataset.labels, halves=values)
    if not found.differ.any():
        return _check(name, 0, total)
    worst = int(np.argmax(np.where(found.differ, np.abs(found.auroc - 0.5), -1)))
    more, less = ("upper half", "lower half") if values else ("positives", "negatives")
    example = (
        f"{dataset.meta.tasks[worst]}: {100 * found.upper[worst]:.1f} % of the {more} and"
        f" {100 * found.lower[worst]:.1f} % of the {less} hold N; their number alone has an AUROC"
        f" of {found.auroc[worst]:.2f}"
    )
    return _check(name, int((unknown > 0).sum()), total, example)
