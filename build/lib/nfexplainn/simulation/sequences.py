"""Sequences with planted motifs on an order-1 background: data whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.motifs.motif import Motif

# Row: the base before; columns: A, C, G, T. A mild CpG depletion, as in vertebrate genomes.
DEFAULT_TRANSITIONS = np.array(
    [
        [0.32, 0.18, 0.29, 0.21],
        [0.34, 0.27, 0.07, 0.32],
        [0.28, 0.22, 0.27, 0.23],
        [0.21, 0.22, 0.27, 0.30],
    ]
)


@dataclass(frozen=True)
class PlantedSite:
    """Where a motif was planted: ``start`` is 0-based, ``strand`` is ``+`` or ``-``."""

    sequence: int
    motif: int
    start: int
    strand: str


def background(
    n: int,
    length: int,
    rng: np.random.Generator,
    transitions: NDArray[np.float64] = DEFAULT_TRANSITIONS,
) -> dna.Codes:
    """Draw sequences from an order-1 Markov chain.

    Parameters
    ----------
    n, length : int
        Number of sequences and their length in bp.
    rng : numpy.random.Generator
    transitions : float64 array, shape (4, 4)
        Rows sum to 1. The first base follows the chain's stationary distribution.

    Returns
    -------
    uint8 array, shape (n, length)
    """
    cumulative = np.cumsum(transitions, axis=1)[:, :3]
    start = np.cumsum(_stationary(transitions))[:3]
    codes = np.empty((n, length), dtype=np.uint8)
    if length == 0:
        return codes
    codes[:, 0] = (rng.random(n)[:, None] > start).sum(axis=1)
    for position in range(1, length):
        limits = cumulative[codes[:, position - 1]]
        codes[:, position] = (rng.random(n)[:, None] > limits).sum(axis=1)
    return codes


def _stationary(transitions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve pi P = pi."""
    values, vectors = np.linalg.eig(transitions.T)
    vector = np.real(vectors[:, np.argmax(np.real(values))])
    return vector / vector.sum()


def draw_sites(motif: Motif, n: int, rng: np.random.Generator) -> dna.Codes:
    """Draw ``n`` sites from a motif, shape (n, width)."""
    cumulative = np.cumsum(motif.ppm, axis=1)[:, :3]
    return (rng.random((n, len(motif.ppm), 1)) > cumulative[None]).sum(axis=2).astype(np.uint8)


def plant(
    codes: dna.Codes,
    motifs: Sequence[Motif],
    rng: np.random.Generator,
    *,
    probability: float | Sequence[float] = 1.0,
    both_strands: bool = True,
    margin: int = 0,
) -> tuple[dna.Codes, list[PlantedSite]]:
    """Plant at most one site of each motif into each sequence, without overlap.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
        Not changed.
    motifs : sequence of Motif
    rng : numpy.random.Generator
    probability : float or sequence of float
        Chance that a sequence gets a site of the motif, for all motifs or one each.
    both_strands : bool
        Whether half of the sites lie on the reverse strand.
    margin : int
        Bases at either end that stay free of sites.

    Returns
    -------
    codes : uint8 array, shape (n, length)
    sites : list of PlantedSite
        In the order of sequences, then motifs.

    Raises
    ------
    ValueError
        If the motifs do not fit into a sequence side by side.
    """
    n, length = codes.shape
    planted = codes.copy()
    chances = np.broadcast_to(np.asarray(probability, dtype=np.float64), (len(motifs),))
    room = length - 2 * margin - sum(len(motif.ppm) for motif in motifs)
    if room < 0:
        raise ValueError(f"{len(motifs)} motifs do not fit into {length} bp side by side")
    drawn = [draw_sites(motif, n, rng) for motif in motifs]
    present = rng.random((n, len(motifs))) < chances
    reverse = (rng.random((n, len(motifs))) < 0.5) & both_strands
    sites: list[PlantedSite] = []
    for row in range(n):
        order = rng.permutation(len(motifs))
        gaps = np.sort(rng.integers(0, room + 1, size=len(motifs)))
        start = margin
        for place, motif_index in enumerate(order):
            width = len(motifs[motif_index].ppm)
            begin = start + int(gaps[place])
            start += width
            if not present[row, motif_index]:
                continue
            site = drawn[motif_index][row]
            strand = "-" if reverse[row, motif_index] else "+"
            planted[row, begin : begin + width] = (
                dna.reverse_complement(site) if strand == "-" else site
            )
            sites.append(PlantedSite(row, int(motif_index), begin, strand))
    sites.sort(key=lambda planted_site: (planted_site.sequence, planted_site.motif))
    return planted, sites


def plant_pairs(
    codes: dna.Codes,
    first: Motif,
    second: Motif,
    rng: np.random.Generator,
    *,
    shares: tuple[float, float] = (0.5, 0.5),
    jitter: int = 10,
) -> tuple[dna.Codes, NDArray[np.bool_], NDArray[np.intp]]:
    """Plant a motif near the middle and another anywhere beside it, each on either strand.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
        Not changed.
    first, second : Motif
    rng : numpy.random.Generator
    shares : (float, float)
        Chance of a sequence to get each motif, independently.
    jitter : int
        How far the first motif lies from the middle at most, in bp.

    Returns
    -------
    codes : uint8 array, shape (n, length)
    present : bool array, shape (n, 2)
    gaps : int array, shape (n,)
        Bases between the two places, whether a motif was planted there or not.
    """
    n, length = codes.shape
    widths = len(first.ppm), len(second.ppm)
    planted = codes.copy()
    present = rng.random((n, 2)) < shares
    begin = (length - widths[0]) // 2 + rng.integers(-jitter, jitter + 1, n)
    before = begin - widths[1] + 1  # places of the second motif that end before the first
    after = length - begin - widths[0] - widths[1] + 1
    place = (rng.random(n) * (before + after)).astype(np.intp)
    start = np.where(place < before, place, begin + widths[0] + place - before)
    gaps = np.where(place < before, begin - start - widths[1], start - begin - widths[0])
    for which, (motif, at) in enumerate(((first, begin), (second, start))):
        sites = draw_sites(motif, n, rng)
        sites = np.where(rng.random((n, 1)) < 0.5, sites, dna.reverse_complement(sites))
        rows = np.flatnonzero(present[:, which])
        columns = at[rows, None] + np.arange(widths[which])
        planted[rows[:, None], columns] = sites[rows]
    return planted, present, gaps
