"""Filters to motifs: two streaming passes, integer counts, memory that n does not change."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.dna import Codes
from nfexplainn.motifs.motif import column_information

if TYPE_CHECKING:  # it loads torch, for which those who read a motif need not wait
    from nfexplainn.filters import SiteCounts
    from nfexplainn.scanner import Scanner


@dataclass(frozen=True)
class Chunk:
    """Some sequences on one strand.

    Attributes
    ----------
    rows : int array, shape (n,)
        Rows of the data set.
    strand : {1, -1}
    codes : uint8 array, shape (n, length)
    """

    rows: NDArray[np.intp]
    strand: int
    codes: Codes


@dataclass(frozen=True)
class SiteTable:
    """What all units were activated by.

    Attributes
    ----------
    counts : int64 array, shape (units, width, 5)
        Bases A, C, G, T, N of the sites per position.
    sites : int64 array, shape (units,)
    maximum, threshold : float32 array, shape (units,)
        The largest activation and the least one of a site; natural logarithms after an
        exponential.
    """

    counts: NDArray[np.int64]
    sites: NDArray[np.int64]
    maximum: NDArray[np.float32]
    threshold: NDArray[np.float32]


def strand_chunks(
    codes: Codes, rows: NDArray[np.intp], size: int, both_strands: bool
) -> Iterator[Chunk]:
    """Give the rows in chunks of `size`, each on the forward and, if asked, the reverse strand."""
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        forward = codes[part]
        yield Chunk(part, 1, forward)
        if both_strands:
            yield Chunk(part, -1, dna.reverse_complement(forward))


def count_sites(
    scanner: Scanner,
    chunks: Callable[[], Iterator[Chunk]],
    *,
    fraction: float = 0.5,
    activation: Literal["exponential", "relu"] = "exponential",
    skip: NDArray[np.bool_] | None = None,
    visit: Callable[[Chunk, SiteCounts], None] | None = None,
) -> SiteTable:
    """Count the windows that activate each unit by at least `fraction` of its maximum.

    The maximum is the unit's largest activation over all chunks: after an exponential, so on the
    logarithmic scale the threshold is maximum + ln(fraction); after a ReLU it is maximum x
    fraction, and a unit that is never above 0 has no sites. Only windows that the pooling covers
    are looked at. An N counts as an unknown base of its site. (Paper, Methods, Interpretability.)

    Parameters
    ----------
    scanner : Scanner
    chunks : callable
        Gives the sequences anew at each call; it is called twice.
    fraction : float
        In (0, 1].
    activation : {'exponential', 'relu'}
        What the filters' sums go through.
    skip : bool array, shape (units,), optional
        Units that get no sites.
    visit : callable, optional
        Called with every chunk of the second pass and its counts.

    Returns
    -------
    SiteTable
        Maximum -inf, threshold +inf and no sites for skipped units, or if there is no sequence.
    """
    maximum = np.full(scanner.units, -np.inf, dtype=np.float32)
    for chunk in chunks():
        best = scanner.maxima(chunk.codes)
        maximum = np.maximum(maximum, best.max(axis=0, initial=-np.inf))
    usable = np.isfinite(maximum)
    if activation == "exponential":
        threshold = maximum + np.float32(math.log(fraction))
    else:
        threshold = maximum * np.float32(fraction)
        usable &= maximum > 0
    if skip is not None:
        usable &= ~skip
    threshold = np.where(usable, threshold, np.float32(np.inf)).astype(np.float32)
    counts = np.zeros((scanner.units, scanner.width, dna.N_CODE + 1), dtype=np.int64)
    sites = np.zeros(scanner.units, dtype=np.int64)
    for chunk in chunks():
        found = scanner.sites(chunk.codes, threshold)
        counts += found.counts
        sites += found.sites
        if visit is not None:
            visit(chunk, found)
    return SiteTable(counts, sites, maximum, threshold)


def probabilities(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Turn counts of A, C, G, T, N into probabilities; an N is a quarter of each base.

    Parameters
    ----------
    counts : int64 array, shape (width, 5), every row with the same sum above 0

    Returns
    -------
    float64 array, shape (width, 4)
    """
    return (counts[:, :4] + counts[:, 4:] / 4) / counts.sum(axis=1, keepdims=True)


def information(ppm: NDArray[np.float64]) -> float:
    """Information content of a motif in bits, against uniform background: 2 per column at most."""
    return float(column_information(ppm).sum())


def consensus(ppm: NDArray[np.float64]) -> str:
    """Write a motif in IUPAC letters: the fewest bases that together reach 0.75, or one of 0.5.

    One base suffices if it has at least 0.5 and twice the second; else two with 0.75; else N.
    """
    letters = []
    for row in ppm:
        order = np.argsort(-row, kind="stable")
        first, second = row[order[0]], row[order[1]]
        if first >= 0.5 and first >= 2 * second:
            letters.append(dna.ALPHABET[order[0]])
        elif first + second >= 0.75:
            letters.append(dna.IUPAC[(1 << int(order[0])) | (1 << int(order[1]))])
        else:
            letters.append("N")
    return "".join(letters)
