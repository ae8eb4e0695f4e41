"""Motifs of low complexity: a repeat of one base or of two in turn, or a mere composition.

Such a motif is called what it is, and never after a factor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import ALPHABET
from nfexplainn.motifs.motif import FLANK_BITS, column_information, weakened_logs

Floats = NDArray[np.float64]

# Of JASPAR 2026's 2,435 profiles of vertebrates, fungi, insects and plants nine reach what is asked
# below: ZNF384, ZNF362, sqz (A), VEZF1 (C), cg (AC), BPC1, BPC5, BPC6, RAMOSA1 (AG). Boxes rich in
# one base stay below it (ZNF281 .88, KLF1 .85, SP1 .80; in 8 to 10 columns), as do words that are
# too short (RSC3's CGCGC). The poly-A and TA repeats that models of yeast sets learn have .86 to
# .95 in 13 columns and more.
LEAST_REPEATED = 0.93
LEAST_REPEATED_WIDE = 0.87
WIDE = 12
# Informative columns that a repeat of one base, or of two, must have to be one.
FEWEST_COLUMNS = {1: 6, 2: 8}
# Bits of a column below which a motif may be a composition alone, and the share of its information
# that one column, the same everywhere, must then explain. No profile of JASPAR comes near (.7 bits
# and a share of .45 would name none either).
MOST_BITS = 0.5
LEAST_COMPOSED = 0.5
# Share of the mean column by which one base, or two, give a motif its name.
_ONE_BASE, _TWO_BASES = 0.6, 0.6
_COMPLEMENTS = dict(zip(ALPHABET, reversed(ALPHABET), strict=True))
_PAIRS = (("GC-rich", "CG"), ("AT-rich", "AT"), ("AG-rich", "AG"), ("AC-rich", "AC"))


def repeated_share(ppm: Floats, period: int) -> float:
    """Share of a motif's information that a repeat explains.

    The columns of one phase of the repeat are averaged, each by its information; each column is
    compared with that average, weakened as far as suits it (:func:`weakened_logs`).

    Parameters
    ----------
    ppm : float64 array, shape (width, 4)
    period : int
        Columns of the repeat.

    Returns
    -------
    float
        Nearly 1 for a pure repeat; 0 without information.
    """
    bits = column_information(ppm)
    if bits.sum() <= 0:
        return 0.0
    found = 0.0
    for phase in range(period):
        columns = ppm[phase::period]
        logs = weakened_logs(_mean(columns)[None])[:, 0]
        found += float((columns @ logs.T).max(axis=1).sum())
    return float(found / bits.sum())


def low_complexity(ppm: Floats) -> str:
    """Name a motif of low complexity; empty for any other.

    Parameters
    ----------
    ppm : float64 array, shape (width, 4)

    Returns
    -------
    str
        Such as ``poly-A``, ``dinucleotide repeat (AC)`` or ``low complexity (GC-rich)``; the same
        for both strands.
    """
    bits = column_information(ppm)
    columns = int((bits > FLANK_BITS).sum())
    least = LEAST_REPEATED_WIDE if columns >= WIDE else LEAST_REPEATED
    once = repeated_share(ppm, 1)
    if once >= least and columns >= FEWEST_COLUMNS[1]:
        return _composition(_mean(ppm))
    word = _two_bases(ppm)
    if columns >= FEWEST_COLUMNS[2] and repeated_share(ppm, 2) >= least and word[0] != word[1]:
        return f"dinucleotide repeat ({word})"
    if once >= LEAST_COMPOSED and bits.mean() < MOST_BITS:
        return _composition(_mean(ppm))
    return ""


def _mean(columns: Floats) -> Floats:
    bits = np.maximum(column_information(columns), 0.0)
    mean: Floats = bits @ columns / max(float(bits.sum()), 1e-12)
    return mean


def _composition(mean: Floats) -> str:
    """Name a column that is the same everywhere."""
    base = ALPHABET[int(mean.argmax())]
    if mean.max() >= _ONE_BASE:
        return f"poly-{min(base, _COMPLEMENTS[base])}"
    share = dict(zip(ALPHABET, mean, strict=True))
    for name, pair in _PAIRS:
        turned = [_COMPLEMENTS[one] for one in pair]
        if max(sum(share[one] for one in some) for some in (pair, turned)) >= _TWO_BASES:
            return f"low complexity ({name})"
    return "low complexity"


def _two_bases(ppm: Floats) -> str:
    """Spell a repeat of two bases, the first in the alphabet of its four ways to be read."""
    word = "".join(ALPHABET[int(_mean(ppm[phase::2]).argmax())] for phase in (0, 1))
    turned = "".join(_COMPLEMENTS[base] for base in reversed(word))
    return min(word, word[::-1], turned, turned[::-1])
