"""Find sequences that are similar over much of their length, by minhash sketches.

Copies of a repeat or of a gene that have diverged are no independent observations: a model that
has trained on one knows the other. Random splits put them on both sides.

A sketch holds the least of the hashed words of a sequence, each word and its reverse complement
being one. The share of least words that two sketches have in common estimates the Jaccard index of
their words (Broder, On the resemblance and containment of documents, 1997; for genomes Ondov et
al., Mash, Genome Biology 17, 132, 2016). Candidates are pairs that an index of all sketches finds,
so that time and memory grow with the number of sequences and not with that of their pairs; which
of them are similar is told by all of their words, shorter ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna

SKETCHED = 14
"""Bases of the words of sketches: in 200,000 sequences of 200 bp two share one by chance, seldom
several."""
SKETCH = 128
WORD = 10
"""Bases of the words by which a pair is compared: changed bases hide fewer of the short ones."""
LEAST_SHARE = 0.1
"""Share of words in common (Dice's coefficient) from which two sequences are similar: about 80 %
identity over the whole length, or a copied stretch of a tenth of it."""
LEAST_RUN = 32
"""What is shared is at least as many words as a common stretch of so many bases has: of 200,000
sequences with a common motif of 20 bp some share ten bases more by chance."""
SHORTEST = 50
"""In shorter sequences such a stretch is most of them, and one changed base hides it."""
_CANDIDATE = 2  # values that sketches of a pair share in the index
_PROMISING = 0.025  # share of words that sketches let two sequences have in common
# Words of a repeat of 1 to 6 bases do not count, nor do those with as many errors as 14 or 10 bases
# allow: with what follows them by chance they would make strangers similar.
_REPEATS = {SKETCHED: (3, 3, 3, 3, 2, 2), WORD: (2, 2, 2, 1, 0, 0)}
_BITS = 2 * SKETCHED
_MASK = np.uint32((1 << _BITS) - 1)
_NONE = np.uint32(0xFFFFFFFF)  # above every word
_ROWS = 4096
_PARTS = 8
_PAIRS = 16384
_ROUND = 1 << 18  # pairs between which it is looked up what hangs together already

Ints = NDArray[np.int64]
Words = NDArray[np.uint32]


def similar_sequences(codes: dna.Codes) -> Ints:
    """Link each sequence with the first of those that it is similar to, over any number of steps.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)

    Returns
    -------
    int64 array, shape (n,)
        A row of the same cluster, its first; of a sequence that is similar to none its own.
    """
    n, length = codes.shape
    own = np.arange(n, dtype=np.int64)
    if length < SHORTEST:
        return own
    values, sizes = sketches(codes)
    pairs = candidate_pairs(values)
    kept = [own[:0]]
    cluster = own
    for first in range(0, len(pairs), _ROUND):
        some = pairs[first : first + _ROUND]
        some = some[cluster[some // n] != cluster[some % n]]
        for part in np.array_split(some, -(-len(some) // _PAIRS) or 1):
            left, right = part // n, part % n
            hopeful = estimated_share(values, sizes, left, right) >= _PROMISING
            left, right = left[hopeful], right[hopeful]
            kept.append(part[hopeful][_are_similar(codes[left], codes[right])])
        found = np.concatenate(kept)
        cluster = components(n, found // n, found % n)
    first_row = np.unique(cluster, return_index=True)[1]
    return first_row[cluster].astype(np.int64)


def components(n: int, one: Ints, other: Ints) -> Ints:
    """Number the connected components of a graph, in the order of their first nodes.

    Parameters
    ----------
    n : int
        Nodes.
    one, other : int64 arrays, shape (edges,)

    Returns
    -------
    int64 array, shape (n,)
        From 0 without gaps.
    """
    lowest = np.arange(n)  # a node of the same component, in the end its first
    while True:
        before = lowest.copy()
        here, there = lowest[one], lowest[other]
        least = np.minimum(here, there)
        # The nodes that both ends point to point lower from now on, and all that point there.
        np.minimum.at(lowest, here, least)
        np.minimum.at(lowest, there, least)
        lowest = lowest[lowest]
        if np.array_equal(lowest, before):
            return np.unique(lowest, return_inverse=True)[1].astype(np.int64)


def sketches(codes: dna.Codes) -> tuple[Words, Ints]:
    """Take the least hashed words of every sequence.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
        Words with N, and those of short repeats, do not count.

    Returns
    -------
    values : uint32 array, shape (n, SKETCH)
        Ascending, each once; 2^32 - 1 where there are no more.
    sizes : int64 array, shape (n,)
        Distinct words.
    """
    n, length = codes.shape
    values = np.full((n, SKETCH), _NONE)
    sizes = np.zeros(n, dtype=np.int64)
    if length < SKETCHED:
        return values, sizes
    for first in range(0, n, _ROWS):
        words = canonical_words(codes[first : first + _ROWS], SKETCHED)
        hashed = _distinct(np.where(words == _NONE, _NONE, _mixed(words)))
        stop = first + len(hashed)
        sizes[first:stop] = (hashed != _NONE).sum(axis=1)
        kept = min(SKETCH, hashed.shape[1])
        values[first:stop, :kept] = hashed[:, :kept]
    return values, sizes


def canonical_words(codes: dna.Codes, width: int) -> Words:
    """Pack every word, or its reverse complement where that is less, into 2 bits a base.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
    width : int
        :data:`SKETCHED` or :data:`WORD`.

    Returns
    -------
    uint32 array, shape (n, length - width + 1)
        2^32 - 1 where the word holds an N, or is of a short repeat.
    """
    n, length = codes.shape
    count = length - width + 1
    known = np.minimum(codes, 3).astype(np.uint32)
    word, back = np.zeros((2, n, count), dtype=np.uint32)
    for place in range(width):
        base = known[:, place : place + count]
        word = word << np.uint32(2) | base
        back |= (np.uint32(3) - base) << np.uint32(2 * place)
    out = np.minimum(word, back)
    out[_sums(codes == dna.N_CODE, width) > 0] = _NONE
    for period, errors in enumerate(_REPEATS[width], 1):
        equal = _sums(codes[:, period:] == codes[:, :-period], width - period)
        out[equal >= width - period - errors] = _NONE
    return out


def _sums(marks: NDArray[np.bool_], width: int) -> NDArray[np.int8]:
    """Count marks in every window, shape (n, length - width + 1)."""
    count = marks.shape[1] - width + 1
    found = np.zeros((len(marks), count), dtype=np.int8)
    for place in range(width):
        found += marks[:, place : place + count]
    return found


def _mixed(words: Words) -> Words:
    """Permute the numbers of 28 bits, so that neighbours are far from each other."""
    mixed = words
    for factor in (0x9E3779B1, 0x85EBCA77):
        # An odd factor and a shift by half of the bits can both be undone.
        mixed = mixed * np.uint32(factor) & _MASK
        mixed = mixed ^ mixed >> np.uint32(_BITS // 2)
    return mixed


def candidate_pairs(values: Words) -> Ints:
    """Find pairs of sequences that may be similar.

    The sequences with a value in common are compared with the first of them, and with the next:
    as many pairs as there are values, also of a repeat with thousands of copies.

    Parameters
    ----------
    values : uint32 array, shape (n, SKETCH)

    Returns
    -------
    int64 array
        ``left * n + right`` with left < right, each once.
    """
    n = len(values)
    found = [key for part in _value_parts(values) for key in _pairs_of(*part, n)]
    if not found:
        return np.zeros(0, dtype=np.int64)
    keys = np.concatenate(found)
    keys.sort()
    edges = np.flatnonzero(np.diff(keys, prepend=-1, append=-1))
    return keys[edges[:-1]][np.diff(edges) >= _CANDIDATE]


def _value_parts(values: Words) -> Iterator[tuple[Words, Ints]]:
    """Sort the values and their rows, a range of values at a time (an eighth of the memory)."""
    step = (int(values[values != _NONE].max(initial=0)) >> int(math.log2(_PARTS))) + 1
    for part in range(_PARTS):
        inside = (values >= np.uint32(part * step)) & (values < np.uint32((part + 1) * step))
        rows, columns = np.nonzero(inside & (values != _NONE))
        own = values[rows, columns]
        order = np.argsort(own, kind="stable")  # rows ascend within a value
        yield own[order], rows[order].astype(np.int64)


def _pairs_of(own: Words, rows: Ints, n: int) -> Iterator[Ints]:
    """Give the keys of the pairs of each value: with the first row, and of neighbours."""
    if not len(own):
        return
    starts = np.flatnonzero(np.diff(own, prepend=own[0] ^ np.uint32(1)))
    sizes = np.diff(starts, append=len(own))
    head = np.repeat(rows[starts], sizes)
    rank = np.arange(len(own)) - np.repeat(starts, sizes)
    later = rank >= 1
    yield head[later] * n + rows[later]
    next_ = np.flatnonzero(rank >= 2)  # the second's neighbour is the first
    yield rows[next_ - 1] * n + rows[next_]


def estimated_share(values: Words, sizes: Ints, left: Ints, right: Ints) -> NDArray[np.float64]:
    """Estimate Dice's coefficient of the words of pairs from their sketches, shape (pairs,)."""
    both = np.concatenate([values[left], values[right]], axis=1)
    both.sort(axis=1)
    twice = (both[:, 1:] == both[:, :-1]) & (both[:, 1:] != _NONE)
    distinct = np.cumsum(np.concatenate([np.ones((len(both), 1), bool), ~twice], axis=1), axis=1)
    union = distinct[np.arange(len(both)), np.maximum((both != _NONE).sum(axis=1) - 1, 0)]
    # Of sequences with more words, the least values of the union are known as far as a sketch goes.
    whole = np.maximum(sizes[left], sizes[right]) <= SKETCH
    reach = np.where(whole, union, np.minimum(SKETCH, union))
    jaccard = (twice & (distinct[:, 1:] <= reach[:, None])).sum(axis=1) / reach
    return np.asarray(2 * jaccard / (1 + jaccard))


def _are_similar(one: dna.Codes, other: dna.Codes) -> NDArray[np.bool_]:
    """Tell which pairs of sequences share enough of their words, bool, shape (pairs,)."""
    if not len(one):
        return np.zeros(0, dtype=np.bool_)
    words = [_distinct(canonical_words(codes, WORD)) for codes in (one, other)]
    total = sum((some != _NONE).sum(axis=1) for some in words)
    both = np.concatenate(words, axis=1)
    both.sort(axis=1)
    shared = ((both[:, 1:] == both[:, :-1]) & (both[:, 1:] != _NONE)).sum(axis=1)
    return np.asarray((2 * shared >= LEAST_SHARE * total) & (shared >= LEAST_RUN - WORD + 1))


def _distinct(hashed: Words) -> Words:
    """Keep each word of a sequence once, ascending; the last places hold none."""
    hashed = np.sort(hashed, axis=1)
    hashed[:, 1:][hashed[:, 1:] == hashed[:, :-1]] = _NONE
    hashed.sort(axis=1)
    return hashed
