"""Filters that start from enriched words: a part of the robust recipe."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.data.classes import class_labels, is_contrast
from nfexplainn.data.dataset import Dataset
from nfexplainn.seeds import seed_for

WORD_LENGTHS = (6, 7, 8)
SIMILAR_SHARE = 0.8
MAX_SHIFT = 3
RANDOM_SCALE = 0.3
HIT_WEIGHT = 0.3
MISS_WEIGHT = -0.1
# More sequences than these would take minutes and change no word any more.
MOST_SEQUENCES = 20000
_BLOCK = 5000  # sequences at a time


@dataclass(frozen=True)
class Word:
    """A word that positives hold more often than negatives, on either strand.

    Attributes
    ----------
    codes : uint8 array, shape (length,)
    z : float
        Two-proportion z statistic.
    task : int
        Whose positives hold it.
    """

    codes: dna.Codes
    z: float
    task: int = 0


def _word_numbers(codes: dna.Codes, length: int) -> NDArray[np.int64]:
    """Number of the strand-neutral word at each position, shape (n, positions); -1 where N."""
    positions = codes.shape[1] - length + 1
    if positions <= 0:
        return np.full((len(codes), 0), -1, dtype=np.int64)
    forward = np.zeros((len(codes), positions), dtype=np.int64)
    reverse = np.zeros_like(forward)
    known = np.ones(forward.shape, dtype=bool)
    for offset in range(length):
        letters = codes[:, offset : offset + positions].astype(np.int64)
        known &= letters < dna.N_CODE
        forward = forward * 4 + letters
        reverse += (3 - letters) * 4**offset
    return np.where(known, np.minimum(forward, reverse), -1)


def _sequences_with_word(codes: dna.Codes, length: int) -> NDArray[np.int64]:
    """For each word number, how many sequences hold the word, shape (4 ** length,)."""
    found = np.zeros(4**length, dtype=np.int64)
    for begin in range(0, len(codes), _BLOCK):
        numbers = np.sort(_word_numbers(codes[begin : begin + _BLOCK], length), axis=1)
        first = np.ones(numbers.shape, dtype=bool)
        first[:, 1:] = numbers[:, 1:] != numbers[:, :-1]
        found += np.bincount(numbers[first & (numbers >= 0)], minlength=4**length)
    return found


def _spell(number: int, length: int) -> dna.Codes:
    return np.array([number // 4 ** (length - 1 - i) % 4 for i in range(length)], dtype=np.uint8)


def _agreement(word: dna.Codes, other: dna.Codes) -> float:
    """Largest share of ``word``'s bases that ``other`` has too, over strands and shifts."""
    best = 0
    for strand in (other, dna.reverse_complement(other)):
        for shift in range(-MAX_SHIFT, MAX_SHIFT + 1):
            begin, end = max(0, shift), min(len(word), len(strand) + shift)
            if end > begin:
                same = (word[begin:end] == strand[begin - shift : end - shift]).sum()
                best = max(best, int(same))
    return best / len(word)


def enriched_words(
    positives: dna.Codes, negatives: dna.Codes, count: int, copies: int = 2
) -> list[Word]:
    """Find the words that tell positives from negatives.

    Words of 6, 7 and 8 bp are counted once per sequence and strand-neutrally, ranked by the z
    statistic of two proportions, and a word is passed over when ``copies`` words that were kept
    already agree with it in four of five bases (best over strands and shifts of up to 3 bp).

    Parameters
    ----------
    positives, negatives : uint8 array, shape (n, length)
    count : int
        How many words to keep at most.
    copies : int
        How many similar words to keep at most.

    Returns
    -------
    list of Word
        By falling z; only words with z > 0.
    """
    n1, n0 = len(positives), len(negatives)
    if not n1 or not n0 or count <= 0:
        return []
    scores, numbers, lengths = [], [], []
    for length in WORD_LENGTHS:
        with_pos = _sequences_with_word(positives, length)
        with_neg = _sequences_with_word(negatives, length)
        p = (with_pos + with_neg + 1) / (n1 + n0)
        spread = np.sqrt(p * np.maximum(1 - p, 0.01) * (1 / n1 + 1 / n0))
        z = (with_pos / n1 - with_neg / n0) / spread
        # The kept words are few: a thousand candidates per length leave room for all passed over.
        top = np.argsort(-z, kind="stable")[:1000]
        scores.append(z[top])
        numbers.append(top)
        lengths.append(np.full(len(top), length))
    z = np.concatenate(scores)
    number, length_of = np.concatenate(numbers), np.concatenate(lengths)
    kept: list[Word] = []
    for index in np.argsort(-z, kind="stable"):
        if z[index] <= 0 or len(kept) == count:
            break
        word = _spell(int(number[index]), int(length_of[index]))
        similar = sum(_agreement(word, other.codes) >= SIMILAR_SHARE for other in kept)
        if similar < copies:
            kept.append(Word(word, float(z[index])))
    return kept


def words_of_dataset(dataset: Dataset, count: int) -> list[Word]:
    """Words for the filters of one model, from the training split only.

    Each task gives an equal share (with more tasks than words, the first tasks give one each). A
    classification task compares its positives with its negatives; a regression task compares the
    upper with the lower fifth of its values. A contrast takes half of the words from either side,
    in turn. Of more than :data:`MOST_SEQUENCES` of a kind, as many are drawn.

    Parameters
    ----------
    dataset : Dataset
    count : int
        Words in all.

    Returns
    -------
    list of Word
        At most ``count``, task by task.
    """
    rows = dataset.rows("train")
    tasks = len(dataset.meta.tasks)
    rng = np.random.default_rng(seed_for(dataset.meta.seed, "", "", "words"))
    classes = class_labels(dataset)
    words: list[Word] = []
    for task in range(tasks):
        share = count // tasks + (task < count % tasks)
        upper, lower = (
            rng.permutation(rows[classes[rows, task] == kind])[:MOST_SEQUENCES] for kind in (1, 0)
        )
        sides = dataset.codes[upper], dataset.codes[lower]
        found = (_of_both if is_contrast(dataset) else enriched_words)(*sides, share)
        words += [replace(word, task=task) for word in found]
    return words


def _of_both(one: dna.Codes, other: dna.Codes, count: int) -> list[Word]:
    """Find words of either side in turn: half of them of each, as far as there are so many."""
    of_one = enriched_words(one, other, (count + 1) // 2)
    of_other = enriched_words(other, one, count // 2)
    pairs = itertools.zip_longest(of_one, of_other)
    return [word for pair in pairs for word in pair if word is not None]


def seed_filters(weights: NDArray[np.float32], words: list[Word]) -> NDArray[np.float32]:
    """Start the first filters from words.

    Parameters
    ----------
    weights : float32 array, shape (units, 4, filter_length)
        Random start; not changed.
    words : list of Word
        One for each of the first filters; words longer than a filter are left out.

    Returns
    -------
    float32 array, shape (units, 4, filter_length)
        A seeded filter is 0.3 times its random weights, with the word's columns, centred, at +0.3
        for the word's base and -0.1 for the others.
    """
    seeded = weights.copy()
    width = weights.shape[2]
    fitting = [word for word in words if len(word.codes) <= width]
    for unit, word in enumerate(fitting[: len(weights)]):
        begin = (width - len(word.codes)) // 2
        seeded[unit] *= RANDOM_SCALE
        seeded[unit, :, begin : begin + len(word.codes)] = MISS_WEIGHT
        seeded[unit, word.codes, begin + np.arange(len(word.codes))] = HIT_WEIGHT
    return seeded
