"""Motifs as HOMER's tools read them (write; :mod:`.positions` reads them)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.io.text import write_text
from nfexplainn.motifs.lines import title
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.scan import BACKGROUND, log_odds
from nfexplainn.motifs.tomtom import consensus

DETECTION_P = 1e-4
"""Share of random positions that count as a site, as in FIMO's default."""
_DECIMALS = 6
_PER_NAT = 200


def write_homer(motifs: MotifSet, path: str | Path) -> None:
    """Write motifs in HOMER's format: consensus, name and threshold, then a row per position.

    HOMER scores a site by its natural log-odds against a quarter of each base, so that no
    probability may be 0: they are those of the scans, (count + 0.25) / (sites + 1). The threshold
    is that of :func:`detection_threshold`. The name is the identifier, after a slash with the
    motif's name where it has one.

    Source: homer.ucsd.edu/homer/motif/creatingCustomMotifs.html.
    """
    parts = []
    for motif in motifs.motifs:
        ppm = _probabilities(motif)
        # HOMER's names have their parts after slashes, and no blanks.
        name = title(motif, "/").removesuffix("/").replace(" ", "_")
        parts.append(f">{consensus(ppm)}\t{name}\t{detection_threshold(ppm):.6f}\n")
        parts += ["\t".join(f"{value:.6f}" for value in row) + "\n" for row in ppm]
    write_text(path, "".join(parts))


def detection_threshold(ppm: NDArray[np.float64], p: float = DETECTION_P) -> float:
    """Give the least score that a random position of one strand reaches with probability `p`.

    Scores are natural log-odds against a quarter of each base, and random bases have a quarter
    each. The distribution is computed in steps of a two-hundredth of a nat per position. A motif
    that is too short or too weak for it gets the score of its best word, one so strong that words
    less likely than chance would do gets 0.

    Parameters
    ----------
    ppm : float64 array, shape (width, 4)
        Above 0.
    p : float

    Returns
    -------
    float
        Nats, from 0 to the score of the best word.
    """
    scores = np.log(ppm / BACKGROUND)
    best = scores.max(axis=1, keepdims=True)
    highest = float(best.sum())
    # What a base costs against the best one; below a score of 0 nothing is told apart.
    costs = np.rint((best - scores) * _PER_NAT).astype(np.int64)
    chance = np.zeros(int(highest * _PER_NAT) + 1)
    chance[0] = 1.0
    for column in costs:
        next_chance = np.zeros_like(chance)
        for cost in column[column < len(chance)].tolist():
            next_chance[cost:] += BACKGROUND * chance[: len(chance) - cost]
        chance = next_chance
    # Sums of quarters are a little off.
    kept = np.flatnonzero((np.cumsum(chance) <= p * (1 + 1e-9)) & (chance > 0))
    lost = int(kept[-1]) if len(kept) else 0
    # Half a step, so that the best word itself does not fail by a rounded digit.
    return max(0.0, highest - (lost + 0.5) / _PER_NAT)


def _probabilities(motif: Motif) -> NDArray[np.float64]:
    found = np.exp(log_odds(motif)) * BACKGROUND
    return np.maximum(found.round(_DECIMALS), 10.0**-_DECIMALS)
