"""What differs with folds, where each replicate has sequences of its own that it has not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.evidence.alone import SiteRates, site_rates
from nfexplainn.evidence.clusters import Ints
from nfexplainn.evidence.groups import MotifRow, motif_rows
from nfexplainn.evidence.hits import HitScores, hit_scores
from nfexplainn.evidence.minimal import (
    MakeTarget,
    Step,
    chosen_rows,
    forward_selection,
    join_units,
)
from nfexplainn.evidence.removal import Replicate, Units
from nfexplainn.interpret.outputs import unseen_rows
from nfexplainn.motifs.motif import Motif


@dataclass(frozen=True)
class FoldHits:
    """Best hits of rows in the sequences of each fold.

    Attributes
    ----------
    folds : tuple of (HitScores, mapping of int to int)
        Of each fold, and which motif in these is that of a row.
    """

    folds: tuple[tuple[HitScores, Mapping[int, int]], ...]

    def rates(self, row: int, task: int) -> SiteRates:
        """Count sequences with a hit: as :meth:`HitScores.rates`, each fold by itself.

        A row that a fold's replicates lack has no hit there.
        """
        sites, labels = [], []
        for scores, places in self.folds:
            labels.append(scores.unseen_labels[:, task])
            own = scores.hits(places[row], task) if row in places else np.zeros(len(labels[-1]))
            sites.append(np.asarray(own, dtype=np.bool_))
        return site_rates(np.concatenate(sites), np.concatenate(labels))


def fold_hits(dataset: Dataset, numbers: Sequence[int], rows: Sequence[MotifRow]) -> FoldHits:
    """Score each fold by motifs of the replicates that have not seen it.

    The motif of all replicates has seen every sequence, so that it could tell nothing of any.

    Parameters
    ----------
    dataset : Dataset
        With folds.
    numbers : sequence of int
        Of the replicates, in the order in which the rows' members count them.
    rows : sequence of MotifRow
    """
    found = []
    for fold, motifs in fold_motifs(rows, numbers, dataset.meta.folds).items():
        parts = dataset.of_replicate(fold + 1)
        scores = hit_scores(parts, list(motifs.values()), unseen_rows(parts))
        found.append((scores, {row: at for at, row in enumerate(motifs)}))
    return FoldHits(tuple(found))


def fold_motifs(
    rows: Sequence[MotifRow], numbers: Sequence[int], folds: int
) -> dict[int, dict[int, Motif]]:
    """Count rows' motifs from the replicates alone that have not seen a fold.

    Parameters
    ----------
    rows : sequence of MotifRow
    numbers : sequence of int
        Of the replicates, in the order in which the rows' members count them.
    folds : int

    Returns
    -------
    dict of int to dict of int to Motif
        Of each fold that a replicate is tested on, the motif of each place in `rows` that these
        replicates have.
    """
    found: dict[int, dict[int, Motif]] = {}
    for fold in range(folds):
        own = {at for at, number in enumerate(numbers) if (number - 1) % folds == fold}
        motifs = {}
        for place, row in enumerate(rows):
            members = [member for member in row.members if member.replicate in own]
            if members:
                motifs[place] = motif_rows(members)[0].motif(f"row_{place}")
        if own:
            found[fold] = motifs
    return found


def sites_of(
    rows: Sequence[MotifRow], replicates: Sequence[Replicate], sites: Sequence[NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    """Tell which unseen sequences have a site of each row.

    Parameters
    ----------
    rows : sequence of MotifRow
    replicates : sequence of Replicate
    sites : sequence of bool array, shape (own unseen, units)
        Of each replicate.

    Returns
    -------
    bool array, shape (rows, unseen)
        Unseen are the sequences that any replicate has not seen, ascending; one has a site where
        at least half of the replicates have it that have the row and have not seen the sequence.
    """
    every = np.unique(np.concatenate([one.unseen.rows for one in replicates]))
    at = [np.searchsorted(every, one.unseen.rows) for one in replicates]
    found = np.zeros((len(rows), len(every)), dtype=np.bool_)
    for place, row in enumerate(rows):
        yes, of = np.zeros(len(every)), np.zeros(len(every))
        for number, (where, own) in enumerate(zip(at, sites, strict=True)):
            unit = row.strongest(number)
            if unit is not None:
                yes[where] += own[:, unit.unit]
                of[where] += 1
        found[place] = (of > 0) & (2 * yes >= of)
    return found


def select_in_folds(
    replicates: Sequence[Replicate], candidates: Sequence[Units], make: MakeTarget, folds: int
) -> tuple[list[Step], list[Ints]]:
    """Let each replicate select rows on its own validation part.

    To select on all of these together would be to select on sequences that are tested.

    Parameters
    ----------
    replicates : sequence of Replicate
    candidates : sequence of Units
        Of the rows.
    make : callable
        Gives the target, on validation sequences, of replicates.
    folds : int

    Returns
    -------
    steps : list of Step
        With 0, 1, 2, ... rows, each replicate's own: the mean loss, and the logits. Chosen rows
        are those that at least half of the folds choose, the most often chosen first; beside
        them stands the loss at the same number of rows, not their own. Others have row -1.
    units : list of int64 array
        What each replicate chooses.
    """
    runs = [_select(place, one, candidates, make) for place, one in enumerate(replicates)]
    chosen = [[own[at] for at in chosen_rows(steps)] for own, steps in runs]
    rows = _agreed(chosen, [(one.number - 1) % folds for one in replicates])
    longest = max(len(rows) + 1, *(len(steps) for _, steps in runs))
    runs = [
        run if len(run[1]) == longest else _select(place, one, candidates, make, longest)
        for (place, one), run in zip(enumerate(replicates), runs, strict=True)
    ]
    # One that has no further row stays where it is, or it would cut the rows of all.
    curves = [steps + [steps[-1]] * (longest - len(steps)) for _, steps in runs]
    found = [
        Step(
            rows[at - 1] if 0 < at <= len(rows) else -1,
            float(np.mean([step.loss for step in steps])),
            float("nan"),
            at <= len(rows),
            [step.logits[0] for step in steps],
        )
        for at, steps in enumerate(zip(*curves, strict=True))
    ]
    count = len(replicates)
    own_units = [
        join_units([candidates[row] for row in some], count)[place]
        for place, some in enumerate(chosen)
    ]
    return found, own_units


def _select(
    place: int,
    replicate: Replicate,
    candidates: Sequence[Units],
    make: MakeTarget,
    least: int = 0,
) -> tuple[list[int], list[Step]]:
    """Select among the candidates that a replicate has; which these are, and the steps."""
    own = [row for row, units in enumerate(candidates) if len(units[place])]
    some = [[candidates[row][place]] for row in own]
    return own, forward_selection([replicate], some, make, least)


def _agreed(chosen: Sequence[Sequence[int]], folds: Sequence[int]) -> list[int]:
    """Give the rows that at least half of the folds choose, the most often chosen first.

    A fold chooses what at least half of its replicates do.

    Parameters
    ----------
    chosen : sequence of sequence of int
        What each replicate chooses, in the order in which it joined.
    folds : sequence of int
        Of each replicate.
    """
    runs = Counter(folds)
    by_fold = Counter((row, fold) for some, fold in zip(chosen, folds, strict=True) for row in some)
    votes = Counter(row for (row, fold), times in by_fold.items() if 2 * times >= runs[fold])
    early = {row: min(some.index(row) for some in chosen if row in some) for row in votes}
    rows = [row for row, count in votes.items() if 2 * count >= len(runs)]
    return sorted(rows, key=lambda row: (-votes[row], early[row], row))
