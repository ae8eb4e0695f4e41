"""PWMs that tell positives from negatives of the training part, kept where validation agrees.

Enriched words are refined to PWMs of fourteen columns: the sites above the threshold of the best
two-proportion z are counted anew. Of the refined PWMs the best ones that differ are kept, their
hits are erased from the sequences, and the next round looks for what stands beside them: so a motif
in a twentieth of the positives is found beside one in half of them. A PWM refined on few sequences
fits these sequences; so none is used that is not enriched among validation sequences, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import N_CODE, Codes
from nfexplainn.filters import Filters
from nfexplainn.motifs.alignments import alignments
from nfexplainn.scanner import Scanner
from nfexplainn.training.seed_words import Word, enriched_words

WIDTH = 14
MOST_CANDIDATES = 25
PER_ROUND = 5
LEAST_VALID_Z = 1.2
_WORDS = 30  # that a round refines
_PASSES = 2
_LEAST_HITS = 6
_MOST_HITS = 0.7  # of all sequences
_LEAST_Z = 1.5  # of a round's best: where nothing is enriched, no round follows
_SIMILAR = 0.6  # cosine of columns, from which two PWMs of one round are the same
_WORD_SHARE = 0.72  # of a word's base in its column; the rest is background
_PSEUDO_COUNT = 2.0
_NOMINAL = 100  # counts of a PWM, to compare it
_EDGE = 2  # columns at either end of a hit that are not erased
# Sites of one sequence have one score on either strand and by every scanner when rounded so; a
# threshold that is met by its own site lies half of that lower.
_DECIMALS, _MARGIN = 3, 5.1e-4

Floats = NDArray[np.float64]
MakeScanner = Callable[[Filters], Scanner]


@dataclass(frozen=True)
class PwmSeed:
    """A PWM refined from a word.

    Attributes
    ----------
    odds : float64 array, shape (width, 4)
        Log-odds against the background of the positives.
    threshold : float
        Score from which a window is a hit.
    z : float
        Two-proportion z of sequences with a hit, on the training part.
    """

    odds: Floats
    threshold: float
    z: float


def refined_seeds(
    positives: Codes, negatives: Codes, count: int, make_scanner: MakeScanner, width: int = WIDTH
) -> list[PwmSeed]:
    """Find PWMs enriched in positives, round by round.

    Parameters
    ----------
    positives, negatives : uint8 array, shape (n, length)
    count : int
        At most so many.
    make_scanner : callable
        Gives what scans for filters.
    width : int
        Columns of a PWM; at most the length.

    Returns
    -------
    list of PwmSeed
        As found: by falling z within a round.
    """
    positives, negatives = positives.copy(), negatives.copy()
    frequencies = _background(positives)
    found: list[PwmSeed] = []
    while len(found) < count:
        words = enriched_words(positives, negatives, _WORDS, copies=1)
        words = [word for word in words if len(word.codes) <= width]
        if not words:
            break
        refined = _refined(positives, negatives, words, frequencies, make_scanner, width)
        taken = _differing(refined, min(PER_ROUND, count - len(found)))
        found += taken
        if not taken or taken[0].z < _LEAST_Z:
            break
        for codes in (positives, negatives):
            _erase_hits(codes, taken, make_scanner)
    return found


def enrichment(
    seeds: Sequence[PwmSeed], positives: Codes, negatives: Codes, make_scanner: MakeScanner
) -> Floats:
    """Give the two-proportion z of sequences with a hit of each seed, shape (seeds,)."""
    if not seeds or not len(positives) or not len(negatives):
        return np.zeros(len(seeds))
    odds = np.stack([seed.odds for seed in seeds])
    limits = np.array([seed.threshold - _MARGIN for seed in seeds])
    n1, n0 = len(positives), len(negatives)
    with_hit, without = (
        (_best(codes, odds, make_scanner) >= limits).sum(axis=0) for codes in (positives, negatives)
    )
    p = (with_hit + without + 1) / (n1 + n0 + 2)
    z: Floats = (with_hit / n1 - without / n0) / np.sqrt(p * (1 - p) * (1 / n1 + 1 / n0))
    return z


def _background(codes: Codes) -> Floats:
    counts = np.bincount(codes[codes < N_CODE], minlength=4)[:4] + 1.0
    counts = counts + counts[::-1]
    return np.asarray(counts / counts.sum())


def _refined(
    positives: Codes,
    negatives: Codes,
    words: Sequence[Word],
    frequencies: Floats,
    make_scanner: MakeScanner,
    width: int,
) -> list[PwmSeed]:
    """Refine each word to a PWM, where one of its thresholds has hits enough and not too many."""
    ppms = np.tile(frequencies, (len(words), width, 1))
    for ppm, word in zip(ppms, words, strict=True):
        begin = (width - len(word.codes)) // 2
        columns = ppm[begin : begin + len(word.codes)]
        columns *= 1 - _WORD_SHARE
        columns[np.arange(len(columns)), word.codes] += _WORD_SHARE
    for last in (False,) * _PASSES + (True,):
        odds = np.log(ppms / frequencies)
        scanner = make_scanner(_both_strands(odds, positives.shape[1]))
        scores = [_either_strand(_maxima(scanner, codes)) for codes in (positives, negatives)]
        z, limits = _best_thresholds(*scores)
        if not last:
            counts = _site_counts(scanner, positives, limits)
            ppms = counts + _PSEUDO_COUNT * frequencies
            ppms /= ppms.sum(axis=2, keepdims=True)
    every = (PwmSeed(*each) for each in zip(odds, limits.tolist(), z.tolist(), strict=True))
    return [seed for seed in every if np.isfinite(seed.z)]  # without z no threshold was allowed


def _differing(refined: Sequence[PwmSeed], most: int) -> list[PwmSeed]:
    """Take the best ones that differ."""
    taken: list[PwmSeed] = []
    counts: list[NDArray[np.int64]] = []
    for seed in sorted(refined, key=lambda seed: -seed.z):
        ppm = np.exp(seed.odds)
        own = np.rint(_NOMINAL * ppm / ppm.sum(axis=1, keepdims=True)).astype(np.int64)
        if counts and max(found[0] for found in alignments(own, counts)) >= _SIMILAR:
            continue
        taken.append(seed)
        counts.append(own)
        if len(taken) == most:
            break
    return taken


def _best_thresholds(
    positives: NDArray[np.float32], negatives: NDArray[np.float32]
) -> tuple[Floats, Floats]:
    """Give the best z of sequences at or above a threshold, and the threshold, each (seeds,).

    Parameters
    ----------
    positives, negatives : float array, shape (n, seeds)
        Best scores.
    """
    n1, n0 = len(positives), len(negatives)
    scores = np.concatenate([positives, negatives])
    order = np.argsort(-scores, axis=0, kind="stable")
    above = np.arange(1, n1 + n0 + 1)[:, None]
    hits = (order < n1).cumsum(axis=0)
    p = (above + 1) / (n1 + n0)
    spread = np.sqrt(p * np.maximum(1 - p, 0.01) * (1 / n1 + 1 / n0))
    z = (hits / n1 - (above - hits) / n0) / spread
    z[(above < _LEAST_HITS)[:, 0] | (above > _MOST_HITS * len(scores))[:, 0]] = -np.inf
    ranked = np.take_along_axis(scores, order, axis=0)
    z[:-1][ranked[:-1] == ranked[1:]] = -np.inf  # equal scores are hits together
    at = z.argmax(axis=0)
    columns = np.arange(scores.shape[1])
    return z[at, columns], ranked[at, columns].astype(np.float64)


def _both_strands(odds: Floats, length: int) -> Filters:
    """Give filters of the PWMs, (seeds, width, 4), and then of their reverse complements."""
    both = np.concatenate([odds, odds[:, ::-1, ::-1]]).transpose(0, 2, 1).astype(np.float32)
    offset = np.zeros(len(both), dtype=np.float32)
    return Filters(np.ascontiguousarray(both), offset, length - odds.shape[1] + 1)


def _maxima(scanner: Scanner, codes: Codes) -> NDArray[np.float32]:
    step = scanner.chunk
    found = [scanner.maxima(codes[at : at + step]) for at in range(0, len(codes), step)]
    return np.concatenate(found) if found else np.empty((0, scanner.units), dtype=np.float32)


def _either_strand(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    half = scores.shape[1] // 2
    either = np.maximum(scores[:, :half], scores[:, half:])
    return np.round(either, _DECIMALS, out=either)


def _best(codes: Codes, odds: Floats, make_scanner: MakeScanner) -> NDArray[np.float32]:
    """Score sequences by their best hit on either strand, float32 (n, seeds)."""
    return _either_strand(_maxima(make_scanner(_both_strands(odds, codes.shape[1])), codes))


def _site_counts(scanner: Scanner, codes: Codes, limits: Floats) -> Floats:
    """Count the bases of all hits, in the PWMs' own direction, float64 (seeds, width, 4)."""
    both = np.tile(limits - _MARGIN, 2).astype(np.float32)
    counts = np.zeros((scanner.units, scanner.width, N_CODE))
    for at in range(0, len(codes), scanner.chunk):
        counts += scanner.sites(codes[at : at + scanner.chunk], both).counts[:, :, :N_CODE]
    half = len(limits)
    return np.asarray(counts[:half] + counts[half:, ::-1, ::-1])


def _erase_hits(codes: Codes, seeds: Sequence[PwmSeed], make_scanner: MakeScanner) -> None:
    """Put N for the hits of seeds, but for the ends of each."""
    odds = np.stack([seed.odds for seed in seeds])
    holds = _best(codes, odds, make_scanner) >= [seed.threshold - _MARGIN for seed in seeds]
    width = odds.shape[1]
    for number, seed in enumerate(seeds):
        rows = np.flatnonzero(holds[:, number])
        own = codes[rows]
        places = own.shape[1] - width + 1
        hit = np.zeros((len(rows), places), dtype=bool)
        for strand in (seed.odds, seed.odds[::-1, ::-1]):
            column_odds = np.concatenate([strand, np.zeros((width, 1))], axis=1)
            score = np.zeros((len(rows), places), dtype=np.float32)
            for column in range(width):
                score += column_odds[column].astype(np.float32)[own[:, column : column + places]]
            hit |= score >= seed.threshold - _MARGIN
        for column in range(_EDGE, width - _EDGE):
            own[:, column : column + places][hit] = N_CODE
        codes[rows] = own
