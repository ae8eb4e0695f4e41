"""How alike two counted motifs are, over strands and offsets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MIN_OVERLAP = 8
PSEUDOCOUNT = 1.0

Counts = NDArray[np.int64]


def _deviation(counts: Counts) -> NDArray[np.float64]:
    """Probabilities with a pseudo-count, less the uniform background."""
    total = counts.sum(axis=1, keepdims=True)
    return (counts + PSEUDOCOUNT / 4) / (total + PSEUDOCOUNT) - 0.25


def alignments(founder: Counts, others: Sequence[Counts]) -> list[tuple[float, int, bool]]:
    """Best similarity of a motif and each of others over strands and offsets.

    Parameters
    ----------
    founder : int64 array, shape (width, 4)
    others : sequence of int64 array, shape (width, 4)

    Returns
    -------
    list of tuple
        Similarity: cosine of the overlapping columns, as deviations from a uniform background; at
        least 8 columns (or all of a shorter motif) overlap. Offset: position of the other's first
        column in the founder's frame. Reverse: whether the other was reverse complemented.
    """
    best = [(-1.0, 0, False)] * len(others)
    left = _deviation(founder)
    widths = np.array([len(other) for other in others])
    for width in np.unique(widths):
        at = np.flatnonzero(widths == width)
        need = min(MIN_OVERLAP, len(founder), int(width))
        forward = np.stack([_deviation(others[int(index)]) for index in at])
        similarity = np.full(len(at), -1.0)
        where = np.zeros((len(at), 2), dtype=np.int64)
        for reverse in (False, True):
            right = forward[:, ::-1, ::-1] if reverse else forward
            for offset in range(need - int(width), len(left) - need + 1):
                begin, end = max(0, offset), min(len(left), int(width) + offset)
                a, b = left[begin:end], right[:, begin - offset : end - offset]
                norm = np.linalg.norm(a) * np.linalg.norm(b, axis=(1, 2))
                with np.errstate(invalid="ignore", divide="ignore"):
                    cosine = np.where(norm > 0, (a * b).sum(axis=(1, 2)) / norm, -1.0)
                better = cosine > similarity + 1e-12
                similarity[better] = cosine[better]
                where[better] = offset, reverse
        for index, value, (offset, turned) in zip(at, similarity, where, strict=True):
            best[int(index)] = (float(value), int(offset), bool(turned))
    return best


def alignment(founder: Counts, other: Counts) -> tuple[float, int, bool]:
    """Best similarity of two motifs, as :func:`alignments` gives it."""
    return alignments(founder, [other])[0]
