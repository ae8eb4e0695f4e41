"""What groups of a network's first filters are worth on unseen sequences, which needs torch.

As of ExplaiNN's units (:mod:`nfexplainn.evidence`), but that a network is no sum of its filters: it
is computed anew without each group, so that the cost has to be bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from nfexplainn.analyses.nullification import MOST_ROWS, MOST_UNSEEN
from nfexplainn.analyses.nullification.filters import With, replacement, silenced_logits
from nfexplainn.data.dataset import Dataset
from nfexplainn.evidence.clusters import Ints
from nfexplainn.evidence.folds import sites_of
from nfexplainn.evidence.groups import UnitSites, motif_rows
from nfexplainn.evidence.judge import Model
from nfexplainn.evidence.naming import Named, named_rows
from nfexplainn.evidence.removal import Part, Replicate, Units
from nfexplainn.evidence.row_tables import Judged, judge_rows
from nfexplainn.evidence.tables import held_out_clusters, loss_kind
from nfexplainn.interpret.filter_sites import FilterSites
from nfexplainn.interpret.options import AnnotateOptions, NullifyOptions
from nfexplainn.interpret.outputs import unseen_rows
from nfexplainn.interpret.status import filter_name
from nfexplainn.models.first_layer import FirstLayer
from nfexplainn.motifs.motif import MotifSet


@dataclass(frozen=True)
class Network:
    """A trained network with what is known of its first filters.

    Attributes
    ----------
    layer : FirstLayer
        Of the network in evaluation mode, on the CPU.
    both_strands : bool
        Whether predictions are averaged over both strands.
    loss : str
        That it was trained with; empty where it is not known.
    sites : FilterSites
    influence : float64 array, shape (filters,)
        Largest over tasks.
    """

    layer: FirstLayer
    both_strands: bool
    loss: str
    sites: FilterSites
    influence: NDArray[np.float64]


def filter_rows(
    networks: Mapping[int, Network], known: MotifSet, options: AnnotateOptions, min_sites: int
) -> list[Named]:
    """Join the filters of all replicates that look for the same thing.

    Parameters
    ----------
    networks : mapping of replicate to Network
    known : MotifSet
    options : AnnotateOptions
    min_sites : int
        Groups of fewer are left out.

    Returns
    -------
    list of Named
        At most :data:`MOST_ROWS`, by the influence of their strongest filters. Neither sites nor
        influences are of unseen sequences.
    """
    filters = []
    for place, number in enumerate(sorted(networks)):
        own = networks[number]
        share = own.influence / max(float(own.influence.max(initial=0.0)), 1e-300)
        filters += [
            UnitSites(place, at, counts, float(share[at]))
            for at, counts in enumerate(own.sites.counts)
            if counts.any()
        ]
    rows = named_rows(motif_rows(filters), known, options)
    return [one for one in rows if one.row.sites >= min_sites][:MOST_ROWS]


def filter_evidence(
    dataset: Dataset,
    name: str,
    networks: Mapping[int, Network],
    rows: Sequence[Named],
    options: NullifyOptions,
    report: Callable[[int, int], None] | None = None,
) -> Judged | None:
    """Silence each group of filters, and measure what is lost on unseen sequences.

    Parameters
    ----------
    dataset : Dataset
    name : str
        Of the architecture.
    networks : mapping of replicate to Network
    rows : sequence of Named
        From :func:`filter_rows`.
    options : NullifyOptions
        ``nullify_sequences`` is the number of training sequences, at most, that the maps' means
        are taken from and the bias is fitted to.
    report : callable, optional
        Called with the number of batches of a replicate done and in all.

    Returns
    -------
    Judged or None
        None where there is no row, or no unseen sequence.
    """
    numbers = sorted(networks)
    parts = {number: dataset.of_replicate(number) for number in numbers}
    if not rows or not any(len(unseen_rows(one)) for one in parts.values()):
        return None
    members = [one.row.units(len(numbers)) for one in rows]
    replicates, sites = [], []
    for place, number in enumerate(numbers):
        own, network = parts[number], networks[number]
        groups = [units[place] for units in members]
        unseen = unseen_rows(own)
        at = _some(np.arange(len(unseen)), MOST_UNSEEN, options.seed)
        replicates.append(_replicate(number, network, own, unseen[at], groups, options, report))
        sites.append(network.sites.activated[at])
    model = Model(
        tuple(replicates),
        loss_kind(networks[numbers[0]].loss, dataset),
        dataset.meta.tasks,
        held_out_clusters(dataset),
        None if dataset.fold is None else dataset.fold.astype(np.int64),
        additive=False,
    )
    tasks = len(dataset.meta.tasks)
    taken = [_terms(row, units, tasks) for row, units in enumerate(members)]
    where = sites_of([one.row for one in rows], replicates, sites)
    return judge_rows(dataset, name, model, rows, taken, where, filter_name)


def _replicate(
    number: int,
    network: Network,
    dataset: Dataset,
    unseen: Ints,
    groups: Sequence[Ints],
    options: NullifyOptions,
    report: Callable[[int, int], None] | None,
) -> Replicate:
    """Write a network as a sum: what each group adds to the logit of each task, and the rest.

    To take one group out of the sum is then to silence its filters in the network, exactly; of
    several at once this is not true.
    """
    layer, both = network.layer, network.both_strands
    train = _some(dataset.rows("train"), options.nullify_sequences, options.seed)
    value = replacement(layer, dataset, train, cast(With, options.nullify_with), both)
    labels = dataset.labels.astype(np.float64)
    tasks = len(dataset.meta.tasks)

    def part(rows: Ints) -> Part:
        whole, lost = silenced_logits(
            layer, dataset, rows, groups, value, both_strands=both, report=report
        )
        rest = (whole - lost.sum(axis=0, dtype=np.float64)).astype(np.float32)
        terms = np.concatenate([lost, rest[None]]).transpose(0, 2, 1)
        return Part(rows, terms.reshape(tasks * len(terms), len(rows)), labels[rows])

    weight = np.tile(np.eye(tasks), len(groups) + 1)
    nothing = np.zeros(0, dtype=np.int64)
    parts = part(train), part(nothing), part(unseen)
    return Replicate(number, *parts, weight, np.zeros(tasks))


def _terms(row: int, units: Units, tasks: int) -> Units:
    """Places of a row's terms, one per task, in each replicate that has filters of it."""
    own = np.arange(row * tasks, (row + 1) * tasks, dtype=np.int64)
    return [own if len(some) else own[:0] for some in units]


def _some(rows: NDArray[np.intp], most: int, seed: int) -> Ints:
    """Keep at most so many, by chance: the same of the same rows; ascending."""
    if len(rows) > most:
        rows = np.sort(np.random.default_rng([seed, 29]).choice(rows, most, replace=False))
    return rows.astype(np.int64)
