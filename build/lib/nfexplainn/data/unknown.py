"""Unknown bases: how many a sequence may hold, and how negatives come to hold the same.

An N adds nothing to a filter, whose sum runs over the known bases of its window. What must not be
is that the classes differ in their N: a model would learn those instead of motifs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna

SHARE_STEP = 0.05
# Classes differ in N where the AUROC is this far from 0.5, and so many standard errors.
_FAR, _SURE = 0.05, 4
_ROWS = 8192
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def count_unknown(codes: dna.Codes) -> Ints:
    """Count the N of each sequence, int64, shape (n,), in blocks so as to need little memory."""
    out = np.empty(len(codes), dtype=np.int64)
    for first in range(0, len(codes), _ROWS):
        out[first : first + _ROWS] = (codes[first : first + _ROWS] == dna.N_CODE).sum(axis=1)
    return out


def mostly_known(codes: dna.Codes, max_unknown: float) -> NDArray[np.bool_]:
    """Tell which sequences hold at most this share of N, bool, shape (n,).

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
    max_unknown : float
        From 0 (no N at all) to 1.
    """
    # What 0.1 x 30 is short of 3 is rounding.
    return np.asarray(count_unknown(codes) <= max_unknown * codes.shape[1] + 1e-9)


def why_dropped(what: str, max_unknown: float) -> str:
    """Give the reason for the table of dropped records, such as ``read with N``."""
    return f"{what} with {f'more than {100 * max_unknown:g} % ' if max_unknown else ''}N"


def share_bins(codes: dna.Codes) -> Ints:
    """Share of N in steps of 5 %, rounded up, int64, shape (n,); 0 is none at all."""
    share = count_unknown(codes) / max(1, codes.shape[1])
    return np.ceil(share / SHARE_STEP - 1e-9).astype(np.int64)


def matched_by(codes: dna.Codes) -> str:
    """Say what sequences are matched by in GC content and, where any holds N, in N."""
    unknown = count_unknown(codes).any()
    return "GC content in steps of 1 %" + (" and by their unknown bases (N)" if unknown else "")


def shuffle_known(codes: dna.Codes, shuffle: Callable[[dna.Codes], dna.Codes]) -> dna.Codes:
    """Shuffle the known bases of each sequence and leave every N where it is.

    The known bases are shuffled as if the N between them were not there: their pairs are kept,
    those on both sides of a run of N as a pair of neighbours.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
    shuffle : callable
        Keeps the pairs of five letters, N one of them.

    Returns
    -------
    uint8 array, shape (n, length)
    """
    rows = np.flatnonzero(count_unknown(codes))
    if not len(rows):
        return shuffle(codes)
    blocks = [rows[first : first + _ROWS] for first in range(0, len(rows), _ROWS)]
    moved = codes.copy()
    for block in blocks:
        moved[block] = np.take_along_axis(codes[block], _known_first(codes[block]), axis=1)
    # No pair leads from N back to a base: N that stand at the end stay there.
    out = shuffle(moved)
    for block in blocks:
        back = np.empty_like(out[block])
        np.put_along_axis(back, _known_first(codes[block]), out[block], axis=1)
        out[block] = back
    return out


def _known_first(codes: dna.Codes) -> NDArray[np.intp]:
    """Order the places of each sequence: those of known bases, then those of N."""
    return np.argsort(codes == dna.N_CODE, axis=1, kind="stable")


def lay_unknown(
    codes: dna.Codes, bins: Ints, models: dna.Codes, model_bins: Ints, rng: np.random.Generator
) -> dna.Codes:
    """Lay the N of sequences over others of the same bin, so that N tell the two apart nowhere.

    Within a bin every model serves as often as the others (once more or less where the numbers
    do not divide), in random order.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
    bins : int64 array, shape (n,)
    models : uint8 array, shape (m, length)
        Those whose N are taken.
    model_bins : int64 array, shape (m,)
    rng : Generator
        Nothing is drawn where no model holds an N.

    Returns
    -------
    uint8 array, shape (n, length)
    """
    unknown = models == dna.N_CODE
    if not unknown.any():
        return codes
    out = codes.copy()
    for number in np.unique(bins).tolist():
        rows, sources = np.flatnonzero(bins == number), np.flatnonzero(model_bins == number)
        if len(sources):
            drawn = np.resize(rng.permutation(sources), len(rows))
            out[rows] = np.where(unknown[drawn], dna.N_CODE, codes[rows])
    return out


def extend_unknown(codes: dna.Codes, flanks: dna.Codes) -> dna.Codes:
    """Make the flank beside an N at the end of a sequence N too.

    A run of N that was laid over a negative goes on beyond its end as that of a positive does.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
    flanks : uint8 array, shape (n, 2 * width)
        The bases before and after each, changed in place.
    """
    width = flanks.shape[1] // 2
    flanks[codes[:, 0] == dna.N_CODE, :width] = dna.N_CODE
    flanks[codes[:, -1] == dna.N_CODE, width:] = dna.N_CODE
    return flanks


@dataclass(frozen=True)
class Comparison:
    """How the N of the classes of each task compare.

    Attributes
    ----------
    auroc : float64 array, shape (tasks,)
        Of the number of N for telling the classes apart; 0.5 where there is only one.
    differ : bool array, shape (tasks,)
        Where it is further from 0.5 than chance makes it.
    upper, lower : float64 array, shape (tasks,)
        Share of the sequences of either class that hold any N.
    """

    auroc: Floats
    differ: NDArray[np.bool_]
    upper: Floats
    lower: Floats


def compare_classes(unknown: Ints, labels: NDArray[np.float32], halves: bool) -> Comparison:
    """Compare the number of N between the classes of each task (Mann and Whitney, with ties).

    Parameters
    ----------
    unknown : int64 array, shape (n,)
        N per sequence.
    labels : float32 array, shape (n, tasks)
        1 and 0, NaN where unknown.
    halves : bool
        Labels are values: those above the median are one class.
    """
    known = ~np.isnan(labels)
    if halves:
        middle = np.array(
            [
                np.median(column[k]) if k.any() else 0
                for column, k in zip(labels.T, known.T, strict=True)
            ]
        )
        upper = known & (labels > middle)
    else:
        upper = known & (labels == 1)
    values, place = np.unique(unknown, return_inverse=True)
    high, low = np.zeros((2, len(values), labels.shape[1]))
    for number in range(len(values)):
        rows = place == number
        high[number] = upper[rows].sum(axis=0)
        low[number] = (known & ~upper)[rows].sum(axis=0)
    n_high, n_low = high.sum(axis=0), low.sum(axis=0)
    both = n_high * n_low
    n = n_high + n_low
    below = np.cumsum(low, axis=0) - low
    tied = high + low
    with np.errstate(invalid="ignore", divide="ignore"):
        auroc = np.where(both > 0, (high * (below + low / 2)).sum(axis=0) / both, 0.5)
        ties = (tied**3 - tied).sum(axis=0) / (n * (n - 1))
        error = np.sqrt(np.maximum(n + 1 - ties, 0) / (12 * both))
        some = values > 0
        shares = high[some].sum(axis=0) / n_high, low[some].sum(axis=0) / n_low
        differ = (both > 0) & (np.abs(auroc - 0.5) >= np.maximum(_FAR, _SURE * error))
    return Comparison(auroc, differ, *shares)
