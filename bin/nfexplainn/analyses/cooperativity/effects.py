"""Outputs of a model on random sequences with none, one, or both motifs of a pair.

Novakovsky, Fornes et al. 2023, Fig. 2: the first motif stands in the middle of 60 random
sequences, the second at every distance from it, in both orientations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.dna import Codes

Floats = NDArray[np.float64]
# Gives the channels of a model, shape (n, channels), for codes (n, length).
Predict = Callable[[Codes], NDArray[np.floating]]
ORIENTATIONS = (1, -1)


@dataclass(frozen=True)
class PairOutputs:
    """Channels of a model with none, one, or both motifs.

    Attributes
    ----------
    starts : int array, shape (places,)
        First base of the second motif, from the first base of the first motif; negative before.
    gaps : int array, shape (places,)
        Bases between the two.
    none, first : float64 array, shape (n, channels)
        On the bare backbone, and with the first motif alone.
    second, both : float64 array, shape (2, n, places, channels)
        Of the second motif as written, and reverse complemented.
    """

    starts: NDArray[np.intp]
    gaps: NDArray[np.intp]
    none: Floats
    first: Floats
    second: Floats
    both: Floats

    def interaction(self) -> Floats:
        """Both, minus each alone, plus none; shape (2, n, places, channels).

        A channel to which one of the motifs makes no difference has exactly 0.
        """
        with_first = self.both - self.second
        return with_first - (self.first - self.none)[None, :, None, :]


def backbones(n: int, length: int, seed: int) -> Codes:
    """Draw n sequences in which every base is as likely."""
    rng = np.random.default_rng([seed, 1013])
    return rng.integers(0, 4, (n, length), dtype=np.uint8)


def write_word(codes: Codes, letters: NDArray[np.int8], start: int) -> Codes:
    """Write letters (n, width) into sequences from a place on; -1 leaves what is there."""
    written = codes.copy()
    place = written[:, start : start + letters.shape[1]]
    np.copyto(place, letters.astype(np.uint8), where=letters >= 0)
    return written


def turned(letters: NDArray[np.int8]) -> NDArray[np.int8]:
    """Reverse complement of letters; -1 stays."""
    flipped = letters[:, ::-1]
    return np.where(flipped >= 0, 3 - flipped, flipped).astype(np.int8)


class PairMarginalizer:
    """Random sequences, and a model that is asked about them; what was asked is remembered.

    Parameters
    ----------
    bare : uint8 array, shape (n, length)
        Backbones; an N (padding) is never written over.
    predict : callable
        See :data:`Predict`.
    letters : mapping of word to int8 array, shape (n, width)
    step : int
        Every how many bases the second motif is put.
    """

    def __init__(
        self,
        bare: Codes,
        predict: Predict,
        letters: Mapping[str, NDArray[np.int8]],
        step: int = 1,
    ) -> None:
        self.bare = bare
        self.predict = predict
        self.letters = letters
        self.step = step
        known = np.flatnonzero((bare < dna.N_CODE).all(axis=0))
        self.begin, self.end = (int(known[0]), int(known[-1]) + 1) if len(known) else (0, 0)
        self.none = self._ask(bare)
        self._alone: dict[tuple[str, int, int], Floats] = {}

    def outputs(self, first: str, second: str) -> PairOutputs | None:
        """Give a pair's outputs; None where the sequences are too short for both side by side."""
        letters, other = self.letters[first], self.letters[second]
        width, other_width = letters.shape[1], other.shape[1]
        start = self.begin + (self.end - self.begin - width) // 2
        places = [
            place
            for place in range(self.begin, self.end - other_width + 1)
            if (place + other_width <= start or place >= start + width)
            and (place - start) % self.step == 0
        ]
        if start < self.begin or not places:
            return None
        with_first = write_word(self.bare, letters, start)
        alone, both = [], []
        for sign in ORIENTATIONS:
            turn = other if sign > 0 else turned(other)
            alone.append(np.stack([self._one(second, sign, p) for p in places], axis=1))
            both.append(
                np.stack([self._ask(write_word(with_first, turn, p)) for p in places], axis=1)
            )
        at = np.array(places, dtype=np.intp)
        gaps = np.where(at < start, start - at - other_width, at - start - width)
        return PairOutputs(
            starts=at - start,
            gaps=gaps,
            none=self.none,
            first=self._one(first, 1, start),
            second=np.stack(alone),
            both=np.stack(both),
        )

    def _one(self, word: str, sign: int, place: int) -> Floats:
        key = (word, sign, place)
        if key not in self._alone:
            letters = self.letters[word] if sign > 0 else turned(self.letters[word])
            self._alone[key] = self._ask(write_word(self.bare, letters, place))
        return self._alone[key]

    def _ask(self, codes: Codes) -> Floats:
        return np.asarray(self.predict(codes), dtype=np.float64)
