"""Score sequences with motifs: best hits, their places, and how well they tell classes apart.

The paper judges a motif by the AUPRC of its best hit per sequence (Novakovsky et al. 2023, Fig. 3).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import Codes
from nfexplainn.evaluation import metrics
from nfexplainn.motifs.logos import heights
from nfexplainn.motifs.motif import Motif

Floats = NDArray[np.float32]

PSEUDOCOUNT = 0.25
BACKGROUND = 0.25
# The authors' code raises probabilities to this instead of adding a pseudo-count.
ORIGINAL_CLIP = 1e-4
# Most memory that the windows and scores of a batch take.
BATCH_BYTES = 64 * 2**20

# An unknown base is no evidence for or against a motif: its log-odds are 0.
_ONE_HOT: Floats = np.eye(5, 4, dtype=np.float32)


@dataclass(frozen=True)
class Hits:
    """The best hit of each motif in each sequence; arrays of shape (sequences, motifs).

    Attributes
    ----------
    score : float32 array
        Natural log-odds.
    start : int32 array
        First base of the hit, from 0, on the sequence as given.
    strand : int8 array
        1 or -1; of equals the first, and the forward strand before the reverse.
    """

    score: Floats
    start: NDArray[np.int32]
    strand: NDArray[np.int8]


def log_odds(motif: Motif, *, original_clip: bool = False) -> NDArray[np.float64]:
    """Natural log-odds of a motif's letters against 0.25 each.

    Parameters
    ----------
    motif : Motif
    original_clip : bool
        Take probabilities, raised to at least 1e-4, as the authors' code does (which punishes
        motifs of few sites), instead of (count + 0.25) / (sites + 1).

    Returns
    -------
    float64 array, shape (width, 4)
    """
    if original_clip:
        frequencies = np.maximum(motif.ppm, ORIGINAL_CLIP)
    else:
        frequencies = (motif.ppm * motif.nsites + PSEUDOCOUNT) / (motif.nsites + 4 * PSEUDOCOUNT)
    return np.asarray(np.log(frequencies / BACKGROUND), dtype=np.float64)


def best_hits(
    motifs: Sequence[Motif],
    codes: Codes,
    *,
    reduce: Literal["max", "sum"] = "max",
    both_strands: bool = True,
    original_clip: bool = False,
) -> Floats:
    """Score each sequence with each motif by its best place, or by the sum over all places.

    Parameters
    ----------
    motifs : sequence of Motif
        None wider than the sequences (see :func:`resize`).
    codes : uint8 array, shape (n, length)
        An N counts 0, like a letter as frequent in the motif as in the background.
    reduce : {'max', 'sum'}
        Over the places, and over both strands.
    both_strands, original_clip : bool
        See :func:`log_odds`.

    Returns
    -------
    float32 array, shape (n, motifs)
        Natural log-odds.

    Raises
    ------
    ValueError
        If a motif is wider than the sequences.
    """
    scores = np.empty((len(codes), len(motifs)), dtype=np.float32)
    for rows, columns, block in _blocks(motifs, codes, both_strands, original_clip):
        flat = block.reshape(len(block), -1, len(columns))
        scores[rows, columns] = flat.max(axis=1) if reduce == "max" else flat.sum(axis=1)
    return scores


def locate_best_hits(
    motifs: Sequence[Motif],
    codes: Codes,
    *,
    both_strands: bool = True,
    original_clip: bool = False,
) -> Hits:
    """Find the best place of each motif in each sequence; arguments as of :func:`best_hits`."""
    shape = (len(codes), len(motifs))
    hits = Hits(np.empty(shape, np.float32), np.empty(shape, np.int32), np.empty(shape, np.int8))
    strands = 1 + both_strands
    for rows, columns, block in _blocks(motifs, codes, both_strands, original_clip):
        flat = block.reshape(len(block), -1, len(columns))
        best = flat.argmax(axis=1)
        hits.score[rows, columns] = np.take_along_axis(flat, best[:, None], axis=1)[:, 0]
        hits.start[rows, columns] = best // strands
        hits.strand[rows, columns] = 1 - 2 * (best % strands)
    return hits


def average_precision(
    scores: NDArray[np.floating], labels: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Area under the precision-recall curve of each motif's scores, as average precision.

    Parameters
    ----------
    scores : float array, shape (n, motifs)
    labels : float array, shape (n,)
        1, 0, or NaN where unknown (left out).

    Returns
    -------
    float64 array, shape (motifs,)
        NaN without a positive.
    """
    known = ~np.isnan(labels)
    truth = labels[known]
    areas = np.full(scores.shape[1], np.nan)
    for column, values in enumerate(scores[known].T if (truth > 0.5).any() else ()):
        areas[column] = metrics.average_precision(truth, values)
    return areas


def resize(motif: Motif, width: int) -> Motif:
    """Bring a motif to a width: cut the less informative end, or add uniform columns.

    Columns are cut one at a time (of equal ends the right one); they are added on both sides, the
    odd one on the right.
    """
    ppm = motif.ppm
    information = heights(ppm).sum(axis=1)
    start, end = 0, len(ppm)
    while end - start > width:
        if information[start] < information[end - 1]:
            start += 1
        else:
            end -= 1
    missing = max(width - len(ppm), 0)
    left = missing // 2
    padded = np.pad(ppm[start:end], ((left, missing - left), (0, 0)), constant_values=BACKGROUND)
    return replace(motif, ppm=padded)


def _blocks(
    motifs: Sequence[Motif], codes: Codes, both_strands: bool, original_clip: bool
) -> Iterator[tuple[slice, NDArray[np.intp], Floats]]:
    """Yield rows, motifs, and their scores, shape (rows, places, strands, motifs)."""
    length = codes.shape[1]
    for motif in motifs:
        if len(motif.ppm) > length:
            raise ValueError(
                f"the motif {motif.id} has {len(motif.ppm)} columns, the sequences only {length}"
            )
    widths = np.array([len(motif.ppm) for motif in motifs], dtype=np.intp)
    strands = 1 + both_strands
    for width in np.unique(widths):
        columns: NDArray[np.intp] = np.flatnonzero(widths == width)
        odds = [log_odds(motifs[int(n)], original_clip=original_clip) for n in columns]
        turned = [table[::-1, ::-1] for table in odds] if both_strands else []
        # A matrix product scores all windows of a batch: (windows, 4 width) by (4 width, motifs).
        weights = np.stack(odds + turned).reshape(len(columns) * strands, 4 * width)
        matrix: Floats = np.ascontiguousarray(weights.T, dtype=np.float32)
        places = length - width + 1
        batch = max(1, BATCH_BYTES // (4 * places * (4 * width + matrix.shape[1])))
        for first in range(0, len(codes), batch):
            rows = slice(first, min(first + batch, len(codes)))
            flat = _ONE_HOT[codes[rows]].reshape(-1, 4 * length)
            windows = np.lib.stride_tricks.sliding_window_view(flat, 4 * width, axis=1)[:, ::4]
            scores = windows.reshape(-1, 4 * width) @ matrix
            yield rows, columns, scores.reshape(-1, places, strands, len(columns))
