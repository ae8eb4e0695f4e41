"""Judge the motifs of both sides alike: by the AUPRC of their best hit in each sequence.

Novakovsky, Fornes et al. 2023, Fig. 3: the best of a model's motifs is chosen on the validation
sequences and reported on the test sequences, which are used for that one motif only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nfexplainn.analyses.discovery.streme import StremeResult
from nfexplainn.data.classes import class_labels
from nfexplainn.data.dataset import Dataset
from nfexplainn.interpret.pwms import consensus, information
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.scan import average_precision, best_hits

# With fewer positives to choose on, training and validation are taken together.
LEAST_POSITIVES = 50
# More sequences change no choice any more, but take minutes.
MOST_SCORED = 20000
STREME, UNITS, REESTIMATED = "streme", "explainn", "explainn_reestimated"

BEST_COLUMNS = (
    *("dataset", "model", "task", "side", "source", "replicate", "state", "motifs", "chosen_on"),
    *("positives", "logo", "motif", "width", "information", "consensus", "auprc_chosen"),
    *("auprc_test", "prevalence", "rank_effect", "rank_importance", "annotation", "target_id"),
    *("q_value", "reason"),
)
SCORE_COLUMNS = (
    *("dataset", "model", "task", "side", "source", "replicate", "motif", "width", "sites"),
    *("information", "consensus", "auprc"),
)
TIMING_COLUMNS = ("dataset", "model", "task", "side", "source", "replicate", "clock", "seconds")


@dataclass(frozen=True)
class Candidates:
    """The motifs of one side, to choose the best of.

    Attributes
    ----------
    source : str
        ``explainn``, ``explainn_reestimated`` or ``streme``.
    replicate : int or None
        Of STREME, which has no seed that matters, the fold that is held out, or None without.
    motifs : tuple of Motif
    state, reason : str
        As of :class:`~nfexplainn.analyses.discovery.streme.StremeResult`.
    ranks : mapping of motif id to (int or None, int or None)
        Place of the unit by effect and by median importance in the task.
    """

    source: str
    replicate: int | None
    motifs: tuple[Motif, ...]
    state: str = "ok"
    reason: str = ""
    ranks: Mapping[str, tuple[int | None, int | None]] | None = None


@dataclass(frozen=True)
class Judgement:
    """What came of the comparison in one task.

    Attributes
    ----------
    best : list of dict
        A row of :data:`BEST_COLUMNS` per side, without dataset, model and annotation.
    scores : list of dict
        A row of :data:`SCORE_COLUMNS` per motif, without dataset and model.
    motifs : dict of str to Motif
        The best motif of each side that has one, by its name in the column ``logo``.
    """

    best: list[dict[str, object]]
    scores: list[dict[str, object]]
    motifs: dict[str, Motif]


def unit_ranks(
    effects: pd.DataFrame, task: str, dead: Collection[str]
) -> dict[str, tuple[int | None, int | None]]:
    """Place of each unit in a task, from 1, by effect and by the paper's median importance.

    Units without a value have no place, nor have dead ones, as in the table of final units; of
    equals the first unit comes first.

    Parameters
    ----------
    effects : DataFrame
        As in ``R.effects.tsv``, where the effect of a dead unit is 0.
    task : str
    dead : collection of str
        The units that ``R.units.tsv`` calls dead.
    """
    rows = effects[effects["task"] == task]
    rows = rows.assign(effect=rows["effect"].mask(rows["unit"].isin(dead)))
    places = [
        pd.to_numeric(rows[column]).rank(ascending=False, method="first")
        for column in ("effect", "importance_median")
    ]
    return {
        unit: (
            int(effect) if effect == effect else None,
            int(median) if median == median else None,
        )
        for unit, effect, median in zip(rows["unit"], *places, strict=True)
    }


def streme_candidates(
    result: StremeResult, *, both_strands: bool, fold: int | None = None
) -> Candidates:
    """Take STREME's motifs; of reads of one strand, each as found and turned round.

    STREME reads both strands of DNA and gives its motifs on either. With folds the result is that
    of one, from 1.
    """
    motifs = list(result.motifs)
    if not both_strands:
        motifs += [
            replace(motif, id=f"{motif.id}_turned", ppm=motif.ppm[::-1, ::-1].copy())
            for motif in result.motifs
        ]
    return Candidates(STREME, fold, tuple(motifs), result.state, result.reason)


def judge(
    dataset: Dataset, task: int, sides: Sequence[Candidates], number: int | None = None
) -> Judgement:
    """Score all motifs of all sides in one task, and the best of each side on the test part.

    The best has the largest AUPRC on the validation part, or, where that has fewer than 50
    positives, on training and validation together; of equals the first. More than 20,000
    sequences to choose on are a random sample of the data set's seed.

    Parameters
    ----------
    dataset : Dataset
        For regression its upper fifth of values is compared with its lower fifth.
    task : int
        Column of the labels.
    sides : sequence of Candidates
    number : int, optional
        In the names of the motifs; the place of the task, from 1, unless it is given.

    Returns
    -------
    Judgement
    """
    labels = class_labels(dataset)[:, task]
    both = dataset.meta.strand_symmetric
    name = dataset.meta.tasks[task]
    chosen_on = "valid"
    rows = _known(dataset, labels, "valid")
    if (labels[rows] == 1).sum() < LEAST_POSITIVES:
        chosen_on = "train+valid"
        rows = _known(dataset, labels, "train", "valid")
    if len(rows) > MOST_SCORED:
        rng = np.random.default_rng([dataset.meta.seed, 11, task])
        rows = np.sort(rng.choice(rows, size=MOST_SCORED, replace=False))
    test = _known(dataset, labels, "test")
    prevalence = float(labels[test].mean()) if len(test) else np.nan
    length = dataset.meta.length
    judged = Judgement([], [], {})
    for side in sides:
        motifs = tuple(motif for motif in side.motifs if len(motif.ppm) <= length)
        row: dict[str, object] = {
            "task": name,
            "source": side.source,
            "replicate": side.replicate,
            "state": side.state,
            "motifs": len(side.motifs),
            "chosen_on": chosen_on,
            "positives": int((labels[rows] == 1).sum()),
            "prevalence": prevalence,
            "reason": side.reason,
        }
        judged.best.append(row)
        areas = np.full(len(motifs), np.nan)
        if motifs and len(rows):
            hits = best_hits(motifs, dataset.codes[rows], both_strands=both)
            areas = average_precision(hits, labels[rows])
        judged.scores.extend(
            _described(motif)
            | {"task": name, "source": side.source, "replicate": side.replicate, "auprc": area}
            for motif, area in zip(motifs, areas.tolist(), strict=True)
        )
        if np.isnan(areas).all():
            continue
        best = motifs[int(np.nanargmax(areas))]
        held_out = np.nan
        if len(test):
            hits = best_hits([best], dataset.codes[test], both_strands=both)
            held_out = float(average_precision(hits, labels[test])[0])
        logo = f"task{number or task + 1}_{side.source}" + (
            f"_r{side.replicate}" if side.replicate else ""
        )
        effect, importance = (side.ranks or {}).get(best.id, (None, None))
        judged.motifs[logo] = replace(best, id=logo, name=best.id)
        row |= _described(best) | {
            "logo": logo,
            "auprc_chosen": float(np.nanmax(areas)),
            "auprc_test": held_out,
            "rank_effect": effect,
            "rank_importance": importance,
        }
    return judged


def _known(dataset: Dataset, labels: NDArray[np.float32], *splits: str) -> NDArray[np.intp]:
    rows = dataset.rows(*splits)
    return rows[~np.isnan(labels[rows])]


def _described(motif: Motif) -> dict[str, object]:
    return {
        "motif": motif.id,
        "width": len(motif.ppm),
        "sites": int(motif.nsites),
        "information": information(motif.ppm),
        "consensus": consensus(motif.ppm),
    }
