"""How much higher a sample's signal is where a motif has a site, beyond composition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset
from nfexplainn.evidence.occurrence import composition
from nfexplainn.motifs.qvalues import q_values

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

FEWEST_EACH = 20
"""With a site, and without: of fewer a slope says little, and there is none."""
LARGEST_Q = 0.05
_KNOTS = np.linspace(0.1, 0.9, 9)
_SAME = 1e-8  # of the largest singular value: columns that others make up
_LEFT = 0.05  # share of the sites' variance that composition must leave


@dataclass(frozen=True)
class Slopes:
    """Slopes of the signal of samples on the presence of sites.

    Attributes
    ----------
    values : float64 array, shape (rows, samples)
        In units of the signal; NaN where there is none.
    with_site : int64 array, shape (rows,)
        Windows with a site.
    noise : float64 array, shape (rows,)
        Variance of a slope where that of the signal beyond its model is 1.
    z : float64 array, shape (rows,)
        Of the slope of the mean signal of all samples, windows being the unit.
    windows : int
        That were looked at.
    """

    values: Floats
    with_site: Ints
    noise: Floats
    z: Floats
    windows: int

    @property
    def known(self) -> Mask:
        """Which rows have slopes."""
        return np.asarray(np.isfinite(self.values).all(axis=1))

    @property
    def tested(self) -> Mask:
        """Which rows are tested: those whose sites go with the mean signal (q at most .05).

        Others do nothing in any condition. The mean over samples says nothing of a difference
        between some and others of them, so that no p of a row that is tested is biased by it.
        """
        known = np.flatnonzero(self.known)
        found = np.zeros(len(self.z), dtype=np.bool_)
        if len(known):
            found[known] = q_values(2 * ndtr(-np.abs(self.z[known]))) <= LARGEST_Q
        return found


def composition_space(dataset: Dataset, windows: Ints) -> Floats:
    """Span what the composition of windows may do to a signal.

    Dinucleotides, GC content and its square, and a curve of GC content that may bend at every
    tenth of the windows, as libraries are biased by it, each in its own way; with folds an
    intercept for each, as models of other folds have other sites.

    Parameters
    ----------
    dataset : Dataset
    windows : int64 array, shape (n,)
        Rows of the data set.

    Returns
    -------
    float64 array, shape (n, dimensions)
        An orthonormal basis.
    """
    features = composition(dataset)[windows]
    content = np.nan_to_num(dna.gc_content(dataset.codes), nan=0.5)[windows]
    bent = np.maximum(content[:, None] - np.unique(np.quantile(content, _KNOTS)), 0)
    fold = dataset.numbered_folds()[windows]
    own = (fold[:, None] == np.unique(fold)).astype(np.float64)
    design = np.concatenate([own, features, bent], axis=1)
    norms = np.sqrt((design**2).sum(axis=0))
    left, sizes, _ = np.linalg.svd(design / np.where(norms > 0, norms, 1), full_matrices=False)
    return np.asarray(left[:, sizes > _SAME * sizes[0]])


def adjusted_slopes(sites: Mask, signal: Floats, space: Floats) -> Slopes:
    """Regress the signal of every sample on the sites of every row, and on composition.

    Parameters
    ----------
    sites : bool array, shape (rows, n)
    signal : float64 array, shape (n, samples)
        Without NaN.
    space : float64 array, shape (n, dimensions)
        Of :func:`composition_space`.

    Returns
    -------
    Slopes
        Of each row by itself: not adjusted for the sites of others.
    """
    count = sites.shape[1]
    with_site = sites.sum(axis=1).astype(np.int64)
    held = sites.astype(np.float64)
    rest = held - (held @ space) @ space.T
    size = (rest**2).sum(axis=1)
    spread = with_site * (1 - with_site / max(count, 1))
    enough = np.minimum(with_site, count - with_site) >= FEWEST_EACH
    good = enough & (size > _LEFT * spread)
    values = np.full((len(sites), signal.shape[1]), np.nan)
    values[good] = (rest[good] @ signal) / size[good, None]
    noise = np.divide(1.0, size, out=np.full(len(sites), np.nan), where=good)
    mean = signal.mean(axis=1)
    left = mean - space @ (space.T @ mean)
    error = np.sqrt(noise * float(left @ left) / max(count - space.shape[1] - 1, 1))
    z = np.divide(values.mean(axis=1), error, out=np.zeros(len(sites)), where=error > 0)
    return Slopes(values, with_site, noise, z, count)
