"""The terms that are added to a model's sum: what best sites and pairs of them say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nfexplainn.evidence.clusters import Floats, Ints

PairKind = Literal["product", "spacing"]
KNOTS = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95)
_LEAST, _MEDIAN, _MOST = 0, 2, 5
_CENTRE = 0.25
"""Share of half a sequence that is its middle."""


@dataclass(frozen=True)
class Pair:
    """Two rows, by their places, and how they act together."""

    first: int
    second: int
    kind: PairKind


@dataclass(frozen=True)
class Scale:
    """How the scores of a row's best sites are turned into terms.

    Attributes
    ----------
    centre, sd : float
        Of the scores on validation sequences.
    knots : float64 array, shape (6,)
        Their quantiles :data:`KNOTS`.
    """

    centre: float
    sd: float
    knots: Floats

    @property
    def low(self) -> float:
        """Score of no site: the median, or where most sequences have one, halfway to the best."""
        halfway = (self.knots[_LEAST] + self.knots[_MOST]) / 2
        return float(min(self.knots[_MEDIAN], halfway))

    def strength(self, score: Floats) -> Floats:
        """Give 0 at the score of no site and below, 1 at the 95 % quantile and above, (n,)."""
        high = float(self.knots[_MOST])
        return np.clip((score - self.low) / max(high - self.low, 1e-9), 0.0, 1.0)

    def curve(self, score: Floats) -> Floats:
        """Give the terms of a curve of straight pieces, float64 (n, 7)."""
        line = (score - self.centre)[:, None]
        bends = np.maximum(score[:, None] - self.knots, 0.0)
        return np.concatenate([line, bends], axis=1) / self.sd


def scale_of(score: Floats) -> Scale:
    """Find the scale of a row's scores, float64 (n,), of sequences that choose nothing else."""
    sd = float(score.std())
    return Scale(float(score.mean()), sd if sd > 0 else 1.0, np.quantile(score, KNOTS))


@dataclass(frozen=True)
class Sites:
    """The best site of each row in each sequence.

    Attributes
    ----------
    score : float64 array, shape (n, rows)
        Natural log-odds.
    start : int64 array, shape (n, rows)
        First base, from 0.
    widths : int64 array, shape (rows,)
    length : int
        Of the sequences, in bp.
    """

    score: Floats
    start: Ints
    widths: Ints
    length: int

    def gap(self, first: int, second: int) -> Ints:
        """Bases between the sites of two rows, int64 (n,); below 0 where they overlap."""
        a, b = self.start[:, first], self.start[:, second]
        return np.where(a < b, b - a - self.widths[first], a - b - self.widths[second])

    def off_centre(self, row: int) -> Floats:
        """Distance of a row's sites from the middle, as a share of half a sequence, (n,)."""
        half = self.length / 2
        return np.abs(self.start[:, row] + self.widths[row] / 2 - half) / half


def row_terms(sites: Sites, scales: Sequence[Scale], *, places: bool) -> list[Floats]:
    """Give the terms of each row: curves of its scores and, if asked, of its places.

    Where motifs lie in the middle of sequences they lie beside each other: without terms of
    places that would look like a preference for it.

    Parameters
    ----------
    sites : Sites
    scales : sequence of Scale
        Of each row.
    places : bool

    Returns
    -------
    list of float64 array, shape (n, 7) or (n, 10)
    """
    found = []
    for row, scale in enumerate(scales):
        curve = scale.curve(sites.score[:, row])
        if places:
            strength, off = scale.strength(sites.score[:, row]), sites.off_centre(row)
            beside = strength[:, None] * np.stack([off, off**2, off < _CENTRE], axis=1)
            curve = np.concatenate([curve, beside], axis=1)
        found.append(curve)
    return found


def pair_terms(sites: Sites, scales: Sequence[Scale], pair: Pair, distance: int) -> Floats:
    """Give the terms of a pair, the last of which is the one that is tested, float64 (n, terms).

    Of a product that is the product of the strengths of both rows. Of a spacing it is the same
    where the sites lie within a distance and do not overlap, else 0; before it stand the product
    itself, and the product where the sites overlap, as both rows may find one motif.

    Parameters
    ----------
    sites : Sites
    scales : sequence of Scale
        Of each row.
    pair : Pair
    distance : int
        At most so many bases between the sites; a product needs none.
    """
    product = np.ones(len(sites.score))
    for row in (pair.first, pair.second):
        product = product * scales[row].strength(sites.score[:, row])
    if pair.kind == "product":
        return product[:, None]
    gap = sites.gap(pair.first, pair.second)
    near = (gap >= 0) & (gap <= distance)
    return np.stack([product, product * (gap < 0), product * near], axis=1)
