"""Test pairs of motif rows in every task of a model; the tables, and the models with pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from nfexplainn.analyses.interactions.model import ExtendedModel
from nfexplainn.analyses.interactions.rows import (
    EvidenceRow,
    ScannedReplicate,
    scanned_replicates,
    supported_rows,
)
from nfexplainn.analyses.interactions.search import Fold, Found, accepted_in, averaged, search
from nfexplainn.analyses.interactions.terms import Pair
from nfexplainn.data.dataset import Dataset
from nfexplainn.evidence.clusters import Ints, clustered_means
from nfexplainn.evidence.regressions import Kind
from nfexplainn.evidence.tables import held_out_clusters, loss_kind
from nfexplainn.interpret.outputs import StoredOutputs

GAPS = (0, 10, 20, 30, 40, 50, 75, 100)
"""Edges of the bins of a spacing, in bp; the last bin is open."""
_FEWEST_IN_BIN = 20


@dataclass
class Interactions:
    """What is found of a model.

    Attributes
    ----------
    rows, spacing : list of tuple
        Their cells are :data:`~nfexplainn.analyses.interactions.columns.COLUMNS` and
        ``SPACING_COLUMNS``.
    models : dict of int to dict of str to ExtendedModel
        By replicate and task: those with a supported pair.
    tasks : int
        With two supported rows at least.
    """

    rows: list[tuple[object, ...]] = field(default_factory=list)
    spacing: list[tuple[object, ...]] = field(default_factory=list)
    models: dict[int, dict[str, ExtendedModel]] = field(default_factory=dict)
    tasks: int = 0


def interactions_of(
    dataset: Dataset,
    model: str,
    stored: Mapping[int, StoredOutputs],
    evidence: Sequence[EvidenceRow],
    report: Callable[[int, int], None] | None = None,
) -> Interactions:
    """Test all pairs of supported rows of every task.

    Parameters
    ----------
    dataset : Dataset
    model : str
        Name of the architecture.
    stored : mapping of int to StoredOutputs
        By the number of the replicate.
    evidence : sequence of mappings
        ``D.<model>.evidence.tsv``.
    report : callable, optional
        Called with the number of tests of a task done and in all.

    Returns
    -------
    Interactions
        Empty where classes exclude each other, or no task has two supported rows.
    """
    found = Interactions()
    trained = loss_kind(next(iter(stored.values())).loss, dataset)
    if trained == "cross_entropy":
        return found
    kind: Kind = "bce" if trained == "bce" else "mse"
    chosen = {task: supported_rows(evidence, task) for task in dataset.meta.tasks}
    chosen = {task: rows for task, rows in chosen.items() if len(rows) > 1}
    if not chosen:
        return found
    every = {row["motif"]: row for rows in chosen.values() for row in rows}
    replicates = scanned_replicates(dataset, stored, list(every.values()))
    clusters, order = held_out_clusters(dataset), list(every)
    for task, rows in chosen.items():
        places = [order.index(row["motif"]) for row in rows]
        at = dataset.meta.tasks.index(task)
        own = [(one, one.fold(kind, places, at)) for one in replicates]
        pairs = [(one, fold) for one, fold in own if fold is not None]
        if pairs:
            found.tasks += 1
            _add(found, (dataset.meta.id, model, task), rows, pairs, clusters, dataset, report)
    return found


def _add(
    found: Interactions,
    names: tuple[str, str, str],
    rows: Sequence[EvidenceRow],
    pairs: Sequence[tuple[ScannedReplicate, Fold]],
    clusters: Ints,
    dataset: Dataset,
    report: Callable[[int, int], None] | None,
) -> None:
    """Test the pairs of one task, and add what is found."""
    folds = [fold for _, fold in pairs]
    tested, explained = search(folds, len(rows), clusters, dataset.meta.seed, report)
    for one in tested:
        found.rows.append(names + _cells(one, rows, len(folds), explained))
    good = [one for one in tested if one.supported]
    for two in dict.fromkeys((one.pair.first, one.pair.second) for one in good):
        ids = tuple(rows[row]["motif"] for row in two)
        curve = spacing_of(folds, Pair(*two, "spacing"), clusters)
        found.spacing += [names + ids + cells for cells in curve]
    for number, (replicate, fold) in enumerate(pairs):
        there = accepted_in(fold, number, good)
        if there:
            found.models.setdefault(replicate.number, {})[names[2]] = fold.extended(there)


def _cells(
    one: Found, rows: Sequence[EvidenceRow], replicates: int, explained: float
) -> tuple[object, ...]:
    first, second = rows[one.pair.first], rows[one.pair.second]
    weights, distances = np.array(one.weights), [each for each in one.distances if each]
    return (
        *(first["motif"], first["name"], second["motif"], second["name"], one.pair.kind),
        int(np.median(distances)) if distances else None,
        float(weights.mean()),
        float(weights.std(ddof=1)) if len(weights) > 1 else None,
        *(len(weights), replicates, one.gain, float(one.means.low[0]), float(one.means.high[0])),
        one.gain / explained if explained > 0 else None,
        *(one.p, one.q, one.tests, "true" if one.supported else "false"),
    )


def spacing_of(
    folds: Sequence[Fold], pair: Pair, clusters: Ints
) -> list[tuple[int, int | None, int, float, float, float]]:
    """Tell by the gap how far labels exceed the sum, where both rows have a site.

    Parameters
    ----------
    folds : sequence of Fold
    pair : Pair
    clusters : int64 array
        Cluster of each row of the data set.

    Returns
    -------
    list of (from, to, sequences, excess, low, high)
        Gaps in bp, the last without an end; the mean of label less prediction of the sum without
        pairs, in probability or in the unit of the values, with its 95 % interval. Bins of fewer
        than 20 sequences are left out, and so are replicates without one of the rows.
    """
    there = [(fold, own) for fold in folds if (own := fold.own(pair)) is not None]
    if not there:
        return []
    some = [fold for fold, _ in there]
    excess = [fold.residual(own) for fold, own in there]
    gaps = [fold.unseen.sites.gap(own.first, own.second).astype(float) for fold, own in there]
    mean, _, own_clusters = averaged(some, excess, clusters)
    gap, *_ = averaged(some, gaps, clusters)
    found = []
    for at, low in enumerate(GAPS):
        high = GAPS[at + 1] if at + 1 < len(GAPS) else None
        inside = (gap >= low) & (gap < (np.inf if high is None else high)) & ~np.isnan(mean)
        if inside.sum() < _FEWEST_IN_BIN:
            continue
        numbered = np.unique(own_clusters[inside], return_inverse=True)[1].astype(np.int64)
        one = clustered_means(mean[inside][None], numbered)
        value, least, most = (float(each[0]) for each in (one.value, one.low, one.high))
        found.append((low, high, int(inside.sum()), value, least, most))
    return found
