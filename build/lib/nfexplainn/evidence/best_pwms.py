"""The best single PWM of a model in each task, chosen among the rows that evidence supports.

The best of a hundred PWMs by the AUPRC on a few validation sequences is a lottery; among supported
rows it is not. What is chosen is given in three kinds: counted from the row's sites, re-estimated
from its best hits, and tuned to tell the classes apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.evidence.clusters import Ints
from nfexplainn.evidence.judge import EVERY_TASK
from nfexplainn.evidence.tuned import Labelled, tune
from nfexplainn.interpret.columns import BEST_PWM_COLUMNS
from nfexplainn.interpret.outputs import UNSEEN, kept_rows
from nfexplainn.interpret.pwms import consensus, information
from nfexplainn.interpret.reestimate import MOST_SCORED, MOST_SEQUENCES, class_labels, reestimate
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.scan import average_precision, best_hits, resize

SITES, REESTIMATED, TUNED = "sites", "reestimated", "tuned"
KINDS = (SITES, REESTIMATED, TUNED)
WIDER = ExplaiNNConfig.filter_length
"""Columns to which a narrower row is widened: what lies beside its core may help."""
# Bases of each class that one PWM is tuned on, and all PWMs of a model together: a second or two of
# the processor for 50,000.
_MOST_TUNED, _MOST_TUNED_IN_ALL, _LEAST_TUNED = 150_000, 450_000, 50_000

Labels = NDArray[np.floating]


@dataclass(frozen=True)
class View:
    """What a PWM is made from and judged by: one replicate's, where each holds out other sequences.

    Attributes
    ----------
    train, valid, unseen : int array
        Rows of the data set.
    motifs : mapping of str to Motif
        Of the rows, none counted from unseen sequences.
    """

    train: Ints
    valid: Ints
    unseen: Ints
    motifs: Mapping[str, Motif]


@dataclass(frozen=True)
class Kind:
    """One kind of a PWM, with its AUPRC by best hit; NaN where there is no such sequence."""

    motif: Motif
    valid: float
    unseen: float
    penalty: float = float("nan")


@dataclass(frozen=True)
class Sequences:
    """Codes of a data set with the labels of one task, of which some are NaN."""

    codes: NDArray[np.uint8]
    labels: Labels
    both_strands: bool

    def some(self, rows: Ints, most: int, seed: Sequence[int]) -> Labelled:
        """Take the rows of known label, at most so many of each class by chance."""
        rng = np.random.default_rng(list(seed))
        parts = [rows[self.labels[rows] == wanted] for wanted in (1, 0)]
        kept = [
            rng.choice(part, most, replace=False) if len(part) > most else part for part in parts
        ]
        chosen = np.sort(np.concatenate(kept))
        return Labelled(self.codes[chosen], self.labels[chosen])

    def auprc(self, motifs: Sequence[Motif], rows: Ints) -> NDArray[np.float64]:
        """Judge motifs by the AUPRC of their best hits, float64 (motifs,)."""
        if not len(rows):
            return np.full(len(motifs), np.nan)
        hits = best_hits(motifs, self.codes[rows], both_strands=self.both_strands)
        return average_precision(hits, self.labels[rows])


def split_view(dataset: Dataset, motifs: MotifSet) -> View:
    """Give the view of replicates that all hold out the same sequences."""
    kept = kept_rows(dataset)
    train, valid, unseen = (
        kept[dataset.split[kept] == part] for part in ("train", "valid", UNSEEN)
    )
    return View(train, valid, unseen, {motif.id: motif for motif in motifs.motifs})


def fold_views(
    dataset: Dataset, motifs: MotifSet, by_fold: Mapping[int, MotifSet]
) -> tuple[View, list[View]]:
    """Give the view from which PWMs are given, and with folds those by which they are judged.

    Parameters
    ----------
    dataset : Dataset
        As read.
    motifs : MotifSet
        Of all replicates.
    by_fold : mapping of int to MotifSet
        Counted without a fold's sequences; empty without folds.
    """
    first = split_view(dataset.of_replicate(1), motifs)
    if dataset.fold is None:
        return first, []
    # What all folds give has seen everything: there is nothing left to judge it by.
    train = np.sort(np.concatenate([first.train, first.unseen]))
    whole = replace(first, train=train, unseen=first.unseen[:0])
    return whole, [split_view(dataset.of_replicate(fold + 1), own) for fold, own in by_fold.items()]


def best_pwms(
    dataset: Dataset,
    model: str,
    rows: pd.DataFrame,
    whole: View,
    folds: Sequence[View] = (),
) -> tuple[pd.DataFrame, MotifSet]:
    """Choose the best PWM of each task, and give it in all kinds.

    Parameters
    ----------
    dataset : Dataset
        Of values, the upper fifth is compared with the lower (with folds by the training part of
        the first replicate, so that all folds have the same classes); there nothing is tuned, nor
        where classes exclude each other.
    model : str
    rows : DataFrame
        Of the evidence: ``task``, ``motif``, ``name``, ``supported``, ``p`` and ``alone`` are read.
    whole : View
        From which the PWMs that are given are made.
    folds : sequence of View
        By which they are judged where replicates hold out different sequences: the mean AUPRC of
        each fold's own PWM on what that fold held out. By default `whole`.

    Returns
    -------
    DataFrame
        Columns ``BEST_PWM_COLUMNS``: a row per task and kind.
    MotifSet
        Called as in the column ``pwm``.
    """
    labels = class_labels(dataset.of_replicate(1))
    lines: list[dict[str, object]] = []
    motifs: list[Motif] = []
    views = list(folds) or [whole]
    chance = 0.0 if dataset.meta.task_type == "regression" else 0.5
    tuning = dataset.meta.task_type in ("binary", "multilabel")
    fits = len(dataset.meta.tasks) * (len(folds) + 1 if folds else 1)
    most = max(_LEAST_TUNED, min(_MOST_TUNED, _MOST_TUNED_IN_ALL // fits)) // dataset.meta.length
    for at, task in enumerate(dataset.meta.tasks):
        own = rows[rows["task"].isin([task, EVERY_TASK])]
        some = Sequences(dataset.codes, labels[:, at], dataset.meta.strand_symmetric)
        seed = (dataset.meta.seed, 29, at)
        chosen = choose(own, views, some, seed, chance)
        if chosen is None:
            continue
        row = own[own["motif"] == chosen].iloc[0]
        given = kinds_of(whole.motifs[chosen], whole, some, seed, tuning, max(most, 1))
        judged = [
            kinds_of(view.motifs[chosen], view, some, seed, tuning, max(most, 1))
            for view in folds
            if chosen in view.motifs
        ] or [given]
        known = some.labels[np.concatenate([view.unseen for view in views])]
        for kind, one in given.items():
            name = f"task{at + 1}_{kind}"
            motifs.append(replace(one.motif, id=name, name=row["name"] or chosen))
            lines.append(
                {
                    "dataset": dataset.meta.id,
                    "model": model,
                    "task": task,
                    "kind": kind,
                    "pwm": name,
                    "motif": chosen,
                    "name": row["name"],
                    "supported": row["supported"],
                    "sites": np.nan if kind == TUNED else one.motif.nsites,
                    "width": len(one.motif.ppm),
                    "information": information(one.motif.ppm),
                    "consensus": consensus(one.motif.ppm),
                    "penalty": one.penalty,
                    "auprc_valid": _mean([other[kind].valid for other in judged if kind in other]),
                    "auprc_test": _mean([other[kind].unseen for other in judged if kind in other]),
                    "prevalence": _mean(known.tolist()),
                }
            )
    return pd.DataFrame(lines, columns=list(BEST_PWM_COLUMNS)), MotifSet(tuple(motifs))


def choose(
    rows: pd.DataFrame,
    views: Sequence[View],
    sequences: Sequences,
    seed: Sequence[int],
    chance: float = 0.5,
) -> str | None:
    """Choose the row whose PWM is the best of a task.

    Parameters
    ----------
    rows : DataFrame
        Of the task, those supported first, by gain.
    views : sequence of View
    sequences : Sequences
    seed : sequence of int
        Of the sample of many validation sequences.
    chance : float
        What a row that is not supported must be above alone.

    Returns
    -------
    str or None
        The supported row with the best mean validation AUPRC; a fold whose models lack it counts as
        chance, or a row of a single fold could win by that fold. Without any, the row with the
        least p, of equals the one that gains most, among those that point the right way alone.
    """
    supported = rows[rows["supported"] == "true"]
    if not len(supported):
        left = rows[rows["alone"].astype(float) > chance]
        p = left["p"].astype(float).fillna(np.inf).to_numpy()
        return str(left["motif"].iloc[int(np.argmin(p))]) if len(left) else None
    names = [str(motif) for motif in supported["motif"]]
    if len(names) == 1:
        return names[0]
    areas = np.full((len(views), len(names)), np.nan)
    for place, view in enumerate(views):
        held = [at for at, name in enumerate(names) if name in view.motifs]
        motifs = [_fitting(view.motifs[names[at]], sequences) for at in held]
        valid = sequences.some(view.valid, MOST_SCORED // 2, seed)
        if not 0 < valid.labels.sum() < len(valid.labels):
            continue
        areas[place] = valid.labels.mean()
        if motifs:
            hits = best_hits(motifs, valid.codes, both_strands=sequences.both_strands)
            areas[place, held] = average_precision(hits, valid.labels)
    means = [_mean(column) for column in areas.T.tolist()]
    return names[0 if np.isnan(means).all() else int(np.nanargmax(means))]


def kinds_of(
    motif: Motif, view: View, sequences: Sequences, seed: Sequence[int], tuning: bool, most: int
) -> dict[str, Kind]:
    """Make all kinds of a motif from one view's training part, and judge them.

    Parameters
    ----------
    motif : Motif
        Counted from sites.
    view : View
    sequences : Sequences
    seed : sequence of int
    tuning : bool
        Whether there is a tuned kind.
    most : int
        Training sequences of each class that it is tuned on.
    """
    motif = _fitting(motif, sequences)
    second = _reestimated(motif, view, sequences, seed)
    found = {SITES: motif, REESTIMATED: second}
    both, penalty = sequences.both_strands, float("nan")
    train = sequences.labels[view.train]
    if tuning and (train == 1).any() and (train == 0).any():
        few = sequences.some(view.train, most, seed)
        valid = sequences.some(view.valid, most, seed)
        tuned = tune(second, few, valid, both_strands=both)
        # Turned round, the best hit would not rank as the fit does.
        if tuned.slope > 0:
            found[TUNED], penalty = tuned.motif(second), tuned.penalty
    areas = [sequences.auprc(list(found.values()), rows) for rows in (view.valid, view.unseen)]
    return {
        kind: Kind(one, valid, unseen, penalty if kind == TUNED else float("nan"))
        for (kind, one), valid, unseen in zip(found.items(), *map(list, areas), strict=True)
    }


def _reestimated(motif: Motif, view: View, sequences: Sequences, seed: Sequence[int]) -> Motif:
    """Re-estimate a motif in its own width and in a wider one, and keep the better.

    What is better is told by the AUPRC on training and validation: where it matters there are few
    validation sequences, and a motif that is counted can hardly learn sequences by heart.
    """
    train = sequences.some(view.train, MOST_SEQUENCES, seed)
    positives, negatives = (train.codes[train.labels == wanted] for wanted in (1, 0))
    wide = _fitting(resize(motif, max(len(motif.ppm), WIDER)), sequences)
    tried = [motif, wide] if len(wide.ppm) > len(motif.ppm) else [motif]
    found = reestimate(tried, positives, negatives, both_strands=sequences.both_strands)
    if len(found) == 1:
        return found[0]
    seen = sequences.some(np.concatenate([view.train, view.valid]), MOST_SCORED // 2, seed)
    hits = best_hits(found, seen.codes, both_strands=sequences.both_strands)
    areas = average_precision(hits, seen.labels)
    return found[0] if np.isnan(areas).all() else found[int(np.nanargmax(areas))]


def _fitting(motif: Motif, sequences: Sequences) -> Motif:
    return resize(motif, min(len(motif.ppm), sequences.codes.shape[1]))


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
