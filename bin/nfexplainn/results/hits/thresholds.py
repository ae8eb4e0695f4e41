"""From which score on a place is a hit of a motif row: by the false discovery rate of unseen data.

The best place of a row in each held-out sequence is scored by the row's consensus PWM, in
sequences in which its sites are expected and in others. A score is a threshold where
(others with a hit + 1) / (sequences with a hit) is no more than the rate that is asked for. Of
fewer others than sequences each stands for several, also the one that is added: a few without a
hit tell little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset
from nfexplainn.data.shuffle import dinucleotide_shuffle
from nfexplainn.data.unknown import mostly_known
from nfexplainn.interpret.site_effect import LOWERS
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.places import PlaceScanner, best_apart
from nfexplainn.motifs.scan import Floats
from nfexplainn.results.windows import pad_of
from nfexplainn.seeds import seed_for

TOO_FEW = "too few sequences for a threshold"
NONE_REACHES = "no threshold keeps the false discovery rate"
# Held-out sequences that are scored, of each kind.
MOST = 20_000
# Of values, the share that is taken as those with sites.
TOP = 0.25
ANY_TASK = "*"


@dataclass(frozen=True)
class ScoredRow:
    """A motif row whose sites are looked for.

    Attributes
    ----------
    place : int
        Of the row in :class:`~nfexplainn.interpret.motif_rows.MotifRows`.
    motif : Motif
        Its consensus, whose id is the row's.
    task : int
        In which its sites are judged; -1: to be chosen, as the row was judged in all together.
    lowers : bool
        Whether its sites lower the predictions of the task.
    """

    place: int
    motif: Motif
    task: int
    lowers: bool


@dataclass(frozen=True)
class Threshold:
    """From which score on a place is a hit of a row.

    Attributes
    ----------
    score : float
        Natural log-odds; NaN where no score keeps the rate.
    task : int
    positives, negatives : int
        Held-out sequences with and without expected sites.
    positive_hits, negative_hits : int
        Of them, those with a hit.
    fdr : float
        That is reached; NaN without a threshold.
    per_kb : float
        Hits per 1,000 bp of the negatives; NaN without a threshold.
    note : str
        Why there is no threshold.
    """

    score: float
    task: int
    positives: int
    negatives: int
    positive_hits: int = 0
    negative_hits: int = 0
    fdr: float = float("nan")
    per_kb: float = float("nan")
    note: str = ""


def find_threshold(positive: Floats, negative: Floats, rate: float) -> tuple[float, float]:
    """Give the lowest score that keeps a false discovery rate, and the rate that it reaches.

    Hits in negatives are counted as among as many negatives as positives, and one is added: of
    fewer negatives than positives before they are scaled, else the rate that it claims could be
    less than 1 in the number of negatives.

    Parameters
    ----------
    positive, negative : float arrays, shapes (p,) and (n,)
        Best scores of sequences.
    rate : float

    Returns
    -------
    score : float
        NaN where none does.
    fdr : float
        What the score reaches; where none keeps the rate, the least that one does.
    """
    scores = np.unique(positive[positive > 0])
    with_hit = len(positive) - np.searchsorted(np.sort(positive), scores, side="left")
    without = len(negative) - np.searchsorted(np.sort(negative), scores, side="left")
    scale = len(positive) / max(len(negative), 1)
    rates = (without * scale + max(scale, 1.0)) / np.maximum(with_hit, 1)
    good = np.flatnonzero(rates <= rate)
    if not len(good):
        return float("nan"), float(rates.min(initial=np.inf))
    return float(scores[good[0]]), float(rates[good[0]])


@dataclass(frozen=True)
class HeldOut:
    """Sequences that were held out.

    Attributes
    ----------
    codes : uint8 array, shape (n, length)
        Without the N that the assay adds.
    labels : float64 array, shape (n, tasks)
    task_type : str
    """

    codes: dna.Codes
    labels: NDArray[np.float64]
    task_type: str


def held_out(dataset: Dataset, seed: int) -> HeldOut:
    """Give the test part, or with folds all, at most twice :data:`MOST`, without added N."""
    rows = np.arange(len(dataset)) if dataset.fold is not None else dataset.rows("test")
    pad = pad_of(dataset.meta)
    inner = slice(pad, dataset.codes.shape[1] - pad)
    rows = rows[mostly_known(dataset.codes[rows][:, inner], 0.5)]
    if len(rows) > 2 * MOST:
        rng = np.random.default_rng(seed_for(seed, dataset.meta.id, "held_out", "hits"))
        rows = np.sort(rng.choice(rows, 2 * MOST, replace=False))
    labels = dataset.labels[rows].astype(np.float64)
    return HeldOut(dataset.codes[rows][:, inner], labels, dataset.meta.task_type)


def make_thresholds(
    rows: Sequence[ScoredRow], dataset: Dataset, rate: float, seed: int
) -> list[Threshold]:
    """Find each row's threshold by the held-out sequences.

    Sites of a row are expected in the sequences of its task (of values: in the quarter with the
    largest, or, where sites lower them, the smallest). The others are, of a yes or no, those
    with a no, of several tasks those with none; where there are too few for the rate (fewer than 1
    in it), or tasks are classes or values, dinucleotide shuffles of the first.

    Parameters
    ----------
    rows : sequence of ScoredRow
    dataset : Dataset
    rate : float
        False discovery rate, per sequence.
    seed : int
    """
    if not rows:
        return []
    unseen = held_out(dataset, seed)
    scanner = PlaceScanner([row.motif for row in rows], both_strands=dataset.meta.strand_symmetric)
    scores = scanner.best(unseen.codes)
    tasks = [
        row.task if row.task >= 0 else _leading_task(scores[:, at], unseen.labels)
        for at, row in enumerate(rows)
    ]
    found: list[Threshold] = [Threshold(float("nan"), 0, 0, 0)] * len(rows)
    groups: dict[tuple[int, bool], list[int]] = {}
    for at, (row, task) in enumerate(zip(rows, tasks, strict=True)):
        lowers = row.lowers and unseen.task_type == "regression"
        groups.setdefault((task, lowers), []).append(at)
    for (task, lowers), members in groups.items():
        positive, negative = _contrast(unseen, task, lowers)
        if len(negative) * rate >= 1:
            others, other_scores = unseen.codes[negative], scores[negative]
        else:
            rng = np.random.default_rng(seed_for(seed, dataset.meta.id, str(task), "hits"))
            others = dinucleotide_shuffle(unseen.codes[positive], rng)
            other_scores = scanner.best(others)
        for at in members:
            one = _threshold(scores[positive, at], other_scores[:, at], task, rate)
            found[at] = one
        _add_density(found, members, scanner, others)
    return found


def _leading_task(scores: Floats, labels: NDArray[np.float64]) -> int:
    """Give the task whose labels go most with the best scores of a row."""
    best, chosen = -np.inf, 0
    for task, column in enumerate(labels.T):
        known = ~np.isnan(column) & np.isfinite(scores)
        values, given = scores[known].astype(np.float64), column[known]
        if len(values) > 1 and values.std() > 0 and given.std() > 0:
            size = float(np.corrcoef(values, given)[0, 1])
            if size > best:
                best, chosen = size, task
    return chosen


def _contrast(
    unseen: HeldOut, task: int, lowers: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Give the sequences in which sites are expected, and others; none: they are to be shuffled."""
    labels = unseen.labels[:, task]
    if unseen.task_type == "regression":
        known = np.flatnonzero(~np.isnan(labels))
        order = known[np.argsort(labels[known] if lowers else -labels[known], kind="stable")]
        return np.sort(order[: max(1, int(TOP * len(order)))]), order[:0]
    positive = np.flatnonzero(labels > 0.5)
    if unseen.task_type == "multiclass":
        return positive, positive[:0]
    if unseen.task_type == "binary":
        return positive, np.flatnonzero(labels <= 0.5)
    none = ~(np.nan_to_num(unseen.labels) > 0.5).any(axis=1) & (labels <= 0.5)
    return positive, np.flatnonzero(none)


def _threshold(positive: Floats, negative: Floats, task: int, rate: float) -> Threshold:
    score, fdr = find_threshold(positive, negative, rate)
    counts = task, len(positive), len(negative)
    if np.isnan(score):
        few = len(positive) * rate < 1
        least = f"{NONE_REACHES}; the lowest is {100 * fdr:.3g} %" if fdr < 1 else NONE_REACHES
        return Threshold(score, *counts, note=TOO_FEW if few else least)
    limit = np.float32(score)
    hits = int((positive >= limit).sum()), int((negative >= limit).sum())
    return Threshold(score, *counts, *hits, fdr)


def _add_density(
    found: list[Threshold], members: Sequence[int], scanner: PlaceScanner, codes: dna.Codes
) -> None:
    """Count the hits per 1,000 bp of the negatives, as hits of a scan are counted."""
    limits = np.full(len(found), np.inf)
    for at in members:
        if not np.isnan(found[at].score):
            limits[at] = found[at].score
    n, length = codes.shape
    room = np.tile(np.arange(length, 0, -1), n)
    places = best_apart(scanner.places(codes.ravel(), room, limits), scanner.widths)
    counts = np.bincount(places.motif, minlength=len(found))
    for at in members:
        if not np.isnan(found[at].score) and codes.size:
            found[at] = replace(found[at], per_kb=float(1000 * counts[at] / codes.size))


def scored_rows(
    table: Sequence[Mapping[str, Any]],
    ids: Sequence[str],
    motifs: Mapping[str, Motif],
    tasks: Sequence[str],
) -> tuple[list[ScoredRow], bool]:
    """Choose the rows whose sites are looked for: those supported; all where none is.

    Parameters
    ----------
    table : sequence of mappings
        ``D.<model>.evidence.tsv``.
    ids : sequence of str
        Of the rows, by their places.
    motifs : mapping of str to Motif
        ``D.<model>.evidence.meme``.
    tasks : sequence of str

    Returns
    -------
    rows : list of ScoredRow
    supported : bool
        Whether these are the supported ones.
    """
    good = {line["motif"] for line in table if line["supported"] == "true"}
    places = {id: place for place, id in enumerate(ids)}
    found = []
    for id in sorted(good or places):
        if id in motifs and id in places:
            lines = [line for line in table if line["motif"] == id]
            best = max(lines, key=lambda line: (line["supported"] == "true", _gain(line)))
            task = -1 if best["task"] == ANY_TASK else tasks.index(best["task"])
            lowers = best.get("direction", "") == LOWERS
            found.append(ScoredRow(places[id], motifs[id], task, lowers))
    return found, bool(good)


def _gain(line: Mapping[str, Any]) -> float:
    try:
        value = float(line["gain"])
    except (KeyError, ValueError):
        return -np.inf
    return value if value == value else -np.inf
