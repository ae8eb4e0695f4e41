"""A second motif per unit, re-estimated from its best hits: a part of the robust recipe.

The paper's motif rests on the windows that activate a filter; from few sequences those are few and
mixed. Here the motif is scanned over all training positives, and its best hits are counted anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.data.classes import class_labels
from nfexplainn.data.dataset import Dataset, Floats
from nfexplainn.dna import Codes
from nfexplainn.interpret.pwms import consensus, information
from nfexplainn.io.tsv import Table
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.scan import Hits, average_precision, best_hits, locate_best_hits

PASSES = 5
NEGATIVE_QUANTILE = 0.9
MIN_HITS = 5
# More sequences than these would take minutes and change no motif any more.
MOST_SEQUENCES = 5000
MOST_SCORED = 20000
PWM_COLUMNS = (
    "task",
    "unit",
    "kind",
    "sites",
    "information",
    "consensus",
    "auprc",
    "best",
    "auprc_test",
)
KINDS = ("sites", "reestimated")


@dataclass(frozen=True)
class SecondMotifs:
    """The re-estimated motifs of a model, and how well both kinds tell the classes apart.

    Attributes
    ----------
    motifs : tuple of Motif
        In the order of the units that have a motif.
    table : Table
        Columns :data:`PWM_COLUMNS`, a row per task, unit and kind of motif.
    """

    motifs: tuple[Motif, ...]
    table: Table


def reestimate(
    motifs: Sequence[Motif],
    positives: Codes,
    negatives: Codes,
    *,
    both_strands: bool = True,
    passes: int = PASSES,
) -> list[Motif]:
    """Re-estimate motifs from their best hits in the training positives.

    In each pass a motif is scored as ln((count + 0.25) / (sites + 1) / 0.25); of the best hits,
    one per positive, those above the 90th percentile of the negatives' best hits are counted anew.
    A motif with fewer than five such hits stays as it is.

    Parameters
    ----------
    motifs : sequence of Motif
        None wider than the sequences.
    positives, negatives : uint8 array, shape (n, length)
        Of the training part.
    both_strands : bool
    passes : int

    Returns
    -------
    list of Motif
        In the order given, with the same ids; ``nsites`` is the number of hits.
    """
    current = list(motifs)
    active = list(range(len(current))) if len(positives) and len(negatives) else []
    for _ in range(passes):
        if not active:
            break
        chosen = [current[at] for at in active]
        background = best_hits(chosen, negatives, both_strands=both_strands)
        thresholds = np.quantile(background, NEGATIVE_QUANTILE, axis=0)
        hits = locate_best_hits(chosen, positives, both_strands=both_strands)
        changed = []
        for column, at in enumerate(active):
            rows = np.flatnonzero(hits.score[:, column] > thresholds[column])
            if len(rows) < MIN_HITS:
                continue
            ppm = _recount(positives, hits, rows, column, len(current[at].ppm))
            if not np.array_equal(ppm, current[at].ppm) or len(rows) != current[at].nsites:
                changed.append(at)
            current[at] = replace(current[at], ppm=ppm, nsites=float(len(rows)))
        active = changed
    return current


def _recount(
    codes: Codes, hits: Hits, rows: NDArray[np.intp], column: int, width: int
) -> NDArray[np.float64]:
    """Probabilities of the bases of some hits, shape (width, 4); an N is a quarter of each base."""
    at = hits.start[rows, column][:, None] + np.arange(width)
    sites = np.take_along_axis(codes[rows], at, axis=1)
    reverse = hits.strand[rows, column] < 0
    sites[reverse] = dna.reverse_complement(sites[reverse])
    counts = np.stack([(sites == base).sum(axis=0) for base in range(dna.N_CODE + 1)], axis=1)
    return (counts[:, :4] + counts[:, 4:] / 4) / len(rows)


def second_motifs(
    dataset: Dataset,
    motifs: Sequence[Motif],
    best_task: NDArray[np.intp],
    *,
    both_strands: bool = True,
) -> SecondMotifs:
    """Re-estimate the motifs of a model's units, and score both kinds of motif.

    A unit is re-estimated in the task in which its effect is largest. The score is the AUPRC of
    the best hit per sequence over the training and validation part; for each task and kind, the
    motif that is best there, and only that one, is scored on the test part too.

    Parameters
    ----------
    dataset : Dataset
        For regression its upper fifth of values is compared with its lower fifth.
    motifs : sequence of Motif
        Of the units that have one.
    best_task : int array, shape (motifs,)
        Column of each unit's task.
    both_strands : bool

    Returns
    -------
    SecondMotifs
    """
    labels = class_labels(dataset)
    rng = np.random.default_rng([dataset.meta.seed, 3])
    train = dataset.rows("train")
    second = list(motifs)
    for task in range(labels.shape[1]):
        mine = np.flatnonzero(best_task == task)
        if not len(mine):
            continue
        parts = [
            _some(train[labels[train, task] == wanted], MOST_SEQUENCES, rng) for wanted in (1, 0)
        ]
        positives, negatives = (dataset.codes[rows] for rows in parts)
        made = reestimate(
            [motifs[int(at)] for at in mine], positives, negatives, both_strands=both_strands
        )
        for at, motif in zip(mine, made, strict=True):
            second[at] = motif
    known = _some(dataset.rows("train", "valid"), MOST_SCORED, rng)
    table = _score(dataset, labels, known, (tuple(motifs), tuple(second)), both_strands)
    return SecondMotifs(tuple(second), table)


def _some(rows: NDArray[np.intp], most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    if len(rows) <= most:
        return rows
    return np.sort(rng.choice(rows, size=most, replace=False))


def _score(
    dataset: Dataset,
    labels: Floats,
    known: NDArray[np.intp],
    kinds: tuple[tuple[Motif, ...], tuple[Motif, ...]],
    both_strands: bool,
) -> Table:
    both = [*kinds[0], *kinds[1]]
    if not both:
        return Table(PWM_COLUMNS, [])
    scores = best_hits(both, dataset.codes[known], both_strands=both_strands)
    test = dataset.rows("test")
    rows = []
    for column, task in enumerate(dataset.meta.tasks):
        areas = average_precision(scores, labels[known, column])
        for number, (kind, motifs) in enumerate(zip(KINDS, kinds, strict=True)):
            own = areas[number * len(motifs) : (number + 1) * len(motifs)]
            best = -1 if np.isnan(own).all() else int(np.nanargmax(own))
            for at, motif in enumerate(motifs):
                held_out = np.nan
                if at == best and len(test):
                    hits = best_hits([motif], dataset.codes[test], both_strands=both_strands)
                    held_out = float(average_precision(hits, labels[test, column])[0])
                rows.append(
                    (
                        task,
                        motif.id,
                        kind,
                        int(motif.nsites),
                        information(motif.ppm),
                        consensus(motif.ppm),
                        own[at],
                        int(at == best),
                        held_out,
                    )
                )
    return Table(PWM_COLUMNS, rows)
