"""How many positives and negatives have a hit of a row's motif, as other motif finders tell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.dna import N_CODE, Codes
from nfexplainn.evidence.alone import SiteRates, best_threshold, site_rates
from nfexplainn.evidence.clusters import Ints
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.scan import best_hits, resize

MOST_TRAINING = 2_000
"""Training sequences from which a threshold is chosen."""
# Motifs are widened to multiples of this, as motifs of one width are scored together.
_STEP = 8


@dataclass(frozen=True)
class HitScores:
    """Best hits of some motifs.

    Attributes
    ----------
    train, unseen : float32 array, shape (n, motifs)
    train_labels, unseen_labels : float64 array, shape (n, tasks)
    """

    train: NDArray[np.float32]
    unseen: NDArray[np.float32]
    train_labels: NDArray[np.float64]
    unseen_labels: NDArray[np.float64]

    def hits(self, motif: int, task: int) -> NDArray[np.bool_]:
        """Tell which unseen sequences have a hit above what training sequences say, shape (n,)."""
        score = self.train[:, motif].astype(np.float64)
        threshold = best_threshold(score, self.train_labels[:, task])
        return np.asarray(self.unseen[:, motif] >= threshold)

    def rates(self, motif: int, task: int) -> SiteRates:
        """Count the unseen sequences with such a hit."""
        return site_rates(self.hits(motif, task), self.unseen_labels[:, task])


def hit_scores(dataset: Dataset, motifs: Sequence[Motif], unseen: Ints) -> HitScores:
    """Score training and unseen sequences by the best hit of each motif.

    Parameters
    ----------
    dataset : Dataset
    motifs : sequence of Motif
        What is wider than the sequences is cut.
    unseen : int64 array
        Rows of the data set.
    """
    train = dataset.rows("train")
    if len(train) > MOST_TRAINING:
        rng = np.random.default_rng([dataset.meta.seed, 23])
        train = np.sort(rng.choice(train, MOST_TRAINING, replace=False))
    both = dataset.meta.strand_symmetric
    train_scores, unseen_scores = (
        _scored(dataset.codes[rows], motifs, both) for rows in (train, unseen)
    )
    labels = dataset.labels.astype(np.float64)
    return HitScores(train_scores, unseen_scores, labels[train], labels[unseen])


def _scored(codes: Codes, motifs: Sequence[Motif], both_strands: bool) -> NDArray[np.float32]:
    """Score sequences by best hits; columns that are added tell nothing, and neither does an N."""
    length = codes.shape[1]
    padded = np.pad(codes, ((0, 0), (_STEP // 2, _STEP // 2)), constant_values=N_CODE)
    wide = []
    for motif in motifs:
        fitting = resize(motif, min(len(motif.ppm), length))
        wide.append(resize(fitting, -(-len(fitting.ppm) // _STEP) * _STEP))
    return best_hits(wide, padded, both_strands=both_strands)
