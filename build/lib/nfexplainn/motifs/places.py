"""Find every place of motifs from a score on, and the best of those that overlap.

Scores are sums of entries of tables of words, in one order wherever a place lies, so that a place
has the same score in a window and in a genome.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import N_CODE, Codes
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.scan import Floats, log_odds

_WORD, _LETTERS = 5, N_CODE + 1
_POWERS = _LETTERS ** np.arange(_WORD - 1, -1, -1)
# Bases whose scores are computed at a time.
CHUNK = 1 << 18


@dataclass(frozen=True)
class Places:
    """Places of motifs; arrays of shape (n,).

    Attributes
    ----------
    motif : int64 array
        Which motif.
    start : int64 array
        First base, from 0.
    strand : int8 array
        1 or -1.
    score : float32 array
        Natural log-odds.
    """

    motif: NDArray[np.int64]
    start: NDArray[np.int64]
    strand: NDArray[np.int8]
    score: Floats

    def __len__(self) -> int:
        """Give the number of places."""
        return len(self.start)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Places:
        """Keep the given rows, in the order given."""
        return Places(self.motif[rows], self.start[rows], self.strand[rows], self.score[rows])


def join_places(parts: Sequence[Places]) -> Places:
    """Put places one under the other."""
    none = Places(
        np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int8), np.zeros(0, np.float32)
    )
    return Places(
        *(
            np.concatenate([getattr(one, name) for one in (none, *parts)])
            for name in ("motif", "start", "strand", "score")
        )
    )


class PlaceScanner:
    """Score all places of motifs.

    Parameters
    ----------
    motifs : sequence of Motif
    both_strands : bool
    """

    def __init__(self, motifs: Sequence[Motif], *, both_strands: bool = True) -> None:
        self.widths = np.array([len(motif.ppm) for motif in motifs], dtype=np.int64)
        self._strands = (1, -1) if both_strands else (1,)
        self._tables = [
            [_word_tables(odds if strand > 0 else odds[::-1, ::-1]) for strand in self._strands]
            for odds in map(log_odds, motifs)
        ]

    def best(self, codes: Codes) -> Floats:
        """Give the best score of each motif in each sequence.

        Parameters
        ----------
        codes : uint8 array, shape (n, length)

        Returns
        -------
        float32 array, shape (n, motifs)
            Minus infinity where a motif is wider than the sequences.
        """
        n, length = codes.shape
        found = np.full((n, len(self.widths)), -np.inf, dtype=np.float32)
        step = max(1, CHUNK // max(length, 1))
        for first in range(0, n, step):
            some = codes[first : first + step]
            words = _words(some.ravel())
            for motif, width in enumerate(self.widths.tolist()):
                if width > length:
                    continue
                for _, scores in self._scores(words, motif):
                    own = scores.reshape(some.shape)[:, : length - width + 1].max(axis=1)
                    best = found[first : first + step, motif]
                    np.maximum(best, own, out=best)
        return found

    def places(
        self, codes: Codes, room: NDArray[np.integer], threshold: NDArray[np.floating]
    ) -> Places:
        """Give all places from a score on, whether or not they overlap.

        Parameters
        ----------
        codes : uint8 array, shape (n,)
            Sequences end to end.
        room : int array, shape (n,)
            Bases from each one on that a place may take; 0 where none may begin.
        threshold : float array, shape (motifs,)
        """
        words, parts = _words(codes), []
        for motif, width in enumerate(self.widths.tolist()):
            for strand, scores in self._scores(words, motif):
                rows = np.flatnonzero(scores >= np.float32(threshold[motif]))
                rows = rows[room[rows] >= width]
                shape = len(rows)
                parts.append(
                    Places(
                        np.full(shape, motif, np.int64),
                        rows.astype(np.int64),
                        np.full(shape, strand, np.int8),
                        scores[rows],
                    )
                )
        return join_places(parts)

    def _scores(self, words: NDArray[np.intp], motif: int) -> Iterator[tuple[int, Floats]]:
        """Yield each strand with the score of every start."""
        for strand, tables in zip(self._strands, self._tables[motif], strict=True):
            n = len(words) - _PAD
            total = tables[0].take(words[:n])
            for number, table in enumerate(tables[1:], 1):
                total += table.take(words[_WORD * number : _WORD * number + n])
            yield strand, total


# Unknown bases after the last one, so that a word, of a motif of any width, begins everywhere.
_PAD = 256


def _words(codes: Codes) -> NDArray[np.intp]:
    """Number the word that begins at each base, and in the padding after the last."""
    padded = np.concatenate([codes, np.full(_PAD + _WORD - 1, N_CODE, dtype=np.uint8)])
    words = np.zeros(len(codes) + _PAD, dtype=np.intp)
    for place, power in enumerate(_POWERS.tolist()):
        words += padded[place : place + len(words)].astype(np.intp) * power
    return words


def _word_tables(odds: NDArray[np.float64]) -> list[Floats]:
    """Add up log-odds, (width, 4), over words; an N counts 0."""
    missing = -len(odds) % _WORD
    wide = np.pad(odds, ((0, missing), (0, 1)))
    if len(wide) > _PAD:
        raise ValueError(f"a motif of {len(odds)} columns is too wide; at most {_PAD}")
    digits = np.arange(_LETTERS**_WORD)[:, None] // _POWERS % _LETTERS
    return [
        wide[first + np.arange(_WORD), digits].sum(axis=1).astype(np.float32)
        for first in range(0, len(wide), _WORD)
    ]


def best_apart(places: Places, widths: NDArray[np.int64]) -> Places:
    """Keep, of places of a motif that overlap, the best.

    The best place of a motif is kept, those that overlap it are dropped, and so on with what is
    left. Of equals the first is kept, and the forward strand before the reverse.

    Parameters
    ----------
    places : Places
    widths : int64 array, shape (motifs,)

    Returns
    -------
    Places
        By start; of one start by motif.
    """
    kept = []
    for motif, width in enumerate(widths.tolist()):
        some = places.take(places.motif == motif)
        some = some.take(np.lexsort((-some.strand, some.start)))
        kept.append(some.take(_apart(some, width)))
    found = join_places(kept)
    return found.take(np.lexsort((found.motif, found.start)))


def _apart(places: Places, width: int) -> NDArray[np.int64]:
    """Choose among places of one motif, which come by their start."""
    if not len(places):
        return np.zeros(0, dtype=np.int64)
    # What is chained by overlaps is judged together.
    begins = np.flatnonzero(np.diff(places.start, prepend=places.start[0] - width) >= width)
    sizes = np.diff(begins, append=len(places))
    free = np.ones(len(places), dtype=np.bool_)
    kept: list[int] = begins[sizes == 1].tolist()
    starts, scores = places.start, places.score
    for begin, size in zip(begins[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        own = slice(begin, begin + size)
        first = begin + np.searchsorted(starts[own], starts[own] - width, side="right")
        last = begin + np.searchsorted(starts[own], starts[own] + width, side="left")
        for row in np.argsort(-scores[own], kind="stable").tolist():
            if free[begin + row]:
                kept.append(begin + row)
                free[first[row] : last[row]] = False
    return np.array(sorted(kept), dtype=np.int64)
