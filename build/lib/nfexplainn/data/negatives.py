"""Negatives of the same GC content as the positives, from the genome or from a pool."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.data.duplicates import strand_free_key
from nfexplainn.data.shuffle import dinucleotide_shuffle
from nfexplainn.data.unknown import lay_unknown, share_bins
from nfexplainn.data.windows import Windows, fetch_windows, join_windows
from nfexplainn.io.coordinates import shuffle_name
from nfexplainn.io.genome import Genome
from nfexplainn.io.intervals import Ints, Regions

BINS = 101
# Of how many random windows per window still wanted the genome is tried before a rare GC content
# counts as exhausted, and at least how many in all.
_TRIES = 200
_MIN_TRIES = 400_000
_DRAW = 65536


def gc_bins(codes: dna.Codes) -> Ints:
    """Percent G + C rounded to whole numbers, int64, shape (n,); -1 where every base is N."""
    length = max(1, codes.shape[1])
    # Of sequences with N, too, a share that one without can have, lest none match them.
    share = np.rint(dna.gc_content(codes) * length) / length
    return np.where(np.isnan(share), -1, np.rint(100 * np.nan_to_num(share))).astype(np.int64)


def match_pool(
    positives: Ints, pool: Ints, ratio: float, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Choose positives and pool members with the same distribution of %GC.

    The paper's rule for its single-TF sets: %GC is rounded to whole numbers, and each bin keeps
    as many of both as the scarcer has, so positives are discarded too.

    Parameters
    ----------
    positives, pool : int64 arrays
        %GC of each sequence, or another number of its bin.
    ratio : float
        Pool members per positive.
    rng : Generator

    Returns
    -------
    positive_rows, pool_rows : integer arrays
        Ascending.
    """
    kept_positives: list[NDArray[np.intp]] = []
    kept_pool: list[NDArray[np.intp]] = []
    shares = np.union1d(np.arange(BINS), np.concatenate([positives, pool]))
    for share in shares[shares >= 0].tolist():
        mine, theirs = np.flatnonzero(positives == share), np.flatnonzero(pool == share)
        n_mine = min(len(mine), int(len(theirs) / ratio + 1e-9))
        n_theirs = min(len(theirs), round(n_mine * ratio))
        kept_positives.append(rng.permutation(mine)[:n_mine])
        kept_pool.append(rng.permutation(theirs)[:n_theirs])
    return np.sort(np.concatenate(kept_positives)), np.sort(np.concatenate(kept_pool))


def match_with_unknown(
    positives: dna.Codes, pool: dna.Codes, ratio: float, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp], dna.Codes]:
    """Choose as :func:`match_pool` does, by %GC and by the share of N in steps of 5 %.

    Positives for whose N there are too few in the pool get members without N, over which theirs
    are laid. Where there is no N, the result is that of :func:`match_pool` by %GC.

    Parameters
    ----------
    positives, pool : uint8 arrays, shape (n, length) and (m, length)
    ratio : float
    rng : Generator

    Returns
    -------
    positive_rows, pool_rows : integer arrays
        Ascending.
    codes : uint8 array, shape (pool rows, length)
        Of the members chosen.
    """
    bins, pool_bins = gc_bins(positives), gc_bins(pool)
    shares, pool_shares = share_bins(positives), share_bins(pool)
    keep, rows = match_pool(bins + BINS * shares, pool_bins + BINS * pool_shares, ratio, rng)
    rest = np.setdiff1d(np.flatnonzero(shares), keep)
    free = np.setdiff1d(np.flatnonzero(pool_shares == 0), rows)
    if not len(rest):
        return keep, rows, pool[rows]
    mine, theirs = match_pool(bins[rest], pool_bins[free], ratio, rng)
    more, others = rest[mine], free[theirs]
    laid = lay_unknown(pool[others], pool_bins[others], positives[more], bins[more], rng)
    codes = np.concatenate([pool[rows], laid])
    rows = np.concatenate([rows, others])
    order = np.argsort(rows)
    return np.sort(np.concatenate([keep, more])), rows[order], codes[order]


def sample_genome(
    genome: Genome,
    wanted: Ints,
    width: int,
    chromosomes: Sequence[int],
    forbidden: Regions,
    rng: np.random.Generator,
    flank: int = 0,
) -> Windows:
    """Draw random windows without N, apart from each other, so many of each %GC.

    Windows are drawn at random places and read by random access, so the cost follows the number
    of windows, not the genome. A %GC so rare that the tries run out gets fewer than wanted.

    Parameters
    ----------
    genome : Genome
    wanted : int64 array, shape (101,)
        Number of windows per %GC.
    width : int
    chromosomes : sequence of int
        Positions of the chromosomes to draw from.
    forbidden : Regions
        On the genome's axis; no window overlaps them.
    rng : Generator
    flank : int
        Bases to keep on either side.
    """
    rooms = np.maximum(genome.sizes[list(chromosomes)] - width + 1, 0)
    ends = np.cumsum(rooms)
    left = wanted.astype(np.int64).copy()
    taken: dict[int, int] = {}
    parts: list[Windows] = []
    # After five draws per place there is next to nothing left to find.
    places = int(ends[-1]) if len(ends) else 0
    budget = min(max(_MIN_TRIES, _TRIES * int(wanted.sum())), 5 * places)
    axis = genome.axis
    while left.any() and budget > 0:
        draw = int(min(_DRAW, max(4096, 4 * left.sum())))
        budget -= draw
        place = rng.integers(0, places, size=draw)
        which = np.searchsorted(ends, place, side="right")
        chrom = np.asarray(chromosomes, dtype=np.int64)[which]
        start = place - (ends - rooms)[which]
        begin = axis[chrom] + start
        free = ~forbidden.overlap(begin, begin + width)
        chrom, start, begin = chrom[free], start[free], begin[free]
        windows = fetch_windows(genome, chrom, start, width, flank)
        unknown = (windows.codes == dna.N_CODE).any(axis=1)
        bins = np.where(unknown, -1, gc_bins(windows.codes))
        rows = []
        for row in np.flatnonzero((bins >= 0) & (left[bins] > 0)).tolist():
            share, position = int(bins[row]), int(begin[row])
            if left[share] > 0 and _claim(taken, position, width):
                left[share] -= 1
                rows.append(row)
        parts.append(windows.take(np.array(rows, dtype=np.intp)))
    nowhere = np.zeros(0, dtype=np.int64)
    return join_windows(parts or [fetch_windows(genome, nowhere, nowhere, width, flank)])


def _claim(taken: dict[int, int], position: int, width: int) -> bool:
    """Take a window unless it overlaps one that is taken.

    A cell of ``width`` positions holds the start of at most one window, so three cells tell all.
    """
    cell = position // width
    for neighbour in (cell - 1, cell, cell + 1):
        other = taken.get(neighbour)
        if other is not None and abs(other - position) < width:
            return False
    taken[cell] = position
    return True


def shuffled(
    codes: dna.Codes,
    names: Sequence[str],
    ratio: float,
    rng: np.random.Generator,
    wanted: NDArray[np.bool_] | None = None,
) -> tuple[dna.Codes, list[str], NDArray[np.intp], int]:
    """Make dinucleotide shuffles of sequences.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
    names : sequence of str
    ratio : float
        Shuffles per sequence; a fraction is shared out at random.
    rng : Generator
    wanted : bool array, shape (n,), optional
        Whose shuffles to give. Those of the others are drawn too, so that which are wanted does
        not change the rest.

    Returns
    -------
    codes : uint8 array, shape (m, length)
    names : list of str
        The parent's, with the number of the shuffle.
    parents : integer array, shape (m,)
        Rows of the parents.
    failed : int
        Shuffles left out because a sequence so simple can only be shuffled into itself.
    """
    n = len(codes)
    whole = int(ratio)
    extra = np.sort(rng.permutation(n)[: round((ratio - whole) * n)])
    parents = np.concatenate([np.repeat(np.arange(n), whole), extra])
    numbers = np.concatenate([np.tile(np.arange(1, whole + 1), n), np.full(len(extra), whole + 1)])
    order = np.lexsort((numbers, parents))
    parents, numbers = parents[order], numbers[order]
    out = dinucleotide_shuffle(codes[parents], rng)
    originals = strand_free_key(codes)
    for _ in range(10):
        same = np.flatnonzero(strand_free_key(out) == originals[parents])
        if not len(same):
            break
        out[same] = dinucleotide_shuffle(codes[parents[same]], rng)
    good = strand_free_key(out) != originals[parents]
    asked = np.ones(len(parents), dtype=np.bool_) if wanted is None else wanted[parents]
    failed = int((asked & ~good).sum())
    good &= asked
    out, parents, numbers = out[good], parents[good], numbers[good]
    titles = [
        shuffle_name(names[p], k) for p, k in zip(parents.tolist(), numbers.tolist(), strict=True)
    ]
    return out, titles, parents, failed
