"""Evidence of a model from the outputs of its units: the tables, and the rows' motifs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nfexplainn.data.classes import is_contrast
from nfexplainn.data.dataset import Dataset
from nfexplainn.data.splits import make_groups
from nfexplainn.evaluation import metrics
from nfexplainn.evidence import judge, minimal
from nfexplainn.evidence.clusters import Ints
from nfexplainn.evidence.folds import fold_motifs, select_in_folds, sites_of
from nfexplainn.evidence.groups import UnitSites, motif_rows
from nfexplainn.evidence.judge import Model, Tested
from nfexplainn.evidence.losses import Kind
from nfexplainn.evidence.naming import Named, named_rows
from nfexplainn.evidence.removal import Part, Replicate, Units
from nfexplainn.evidence.row_tables import judge_rows
from nfexplainn.evidence.side_rates import RATE_COLUMNS, rates_table, side_rates
from nfexplainn.interpret.columns import EVIDENCE_COLUMNS, EVIDENCE_TASK_COLUMNS, MINIMAL_COLUMNS
from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.interpret.outputs import UNSEEN, StoredOutputs, kept_rows
from nfexplainn.io.coordinates import read_names
from nfexplainn.motifs.motif import MotifSet

# Candidates of the minimal model, by their gain on the training part.
_MOST_CANDIDATES = 60
_LOSS_OF = {"regression": "mse", "multiclass": "cross_entropy"}


@dataclass(frozen=True)
class Evidence:
    """What is known of a model's rows.

    Attributes
    ----------
    rows : DataFrame
        Columns ``EVIDENCE_COLUMNS``: a row per task and row, those supported first, by gain.
    tasks : DataFrame
        Columns ``EVIDENCE_TASK_COLUMNS``.
    minimal : DataFrame
        Columns ``MINIMAL_COLUMNS``: the bias alone, each row that joins, and the whole model.
    motifs : MotifSet
        Of the rows, in the order of their ids.
    fold_motifs : mapping of int to MotifSet
        With folds, those of each that were counted without its sequences, under the same ids.
    sides : DataFrame or None
        Of a contrast: the side of each row, how often either has a site, and whether that differs.
    """

    rows: pd.DataFrame
    tasks: pd.DataFrame
    minimal: pd.DataFrame
    motifs: MotifSet
    fold_motifs: Mapping[int, MotifSet] = field(default_factory=dict)
    sides: pd.DataFrame | None = None


def evidence_of(
    dataset: Dataset,
    model: str,
    stored: Mapping[int, StoredOutputs],
    units: pd.DataFrame,
    known: MotifSet,
    options: AnnotateOptions,
) -> Evidence:
    """Join the units of all replicates into rows, and measure each on unseen sequences.

    Parameters
    ----------
    dataset : Dataset
    model : str
        Name of the architecture.
    stored : mapping of replicate to StoredOutputs
    units : DataFrame
        The final units of all replicates.
    known : MotifSet
    options : AnnotateOptions

    Returns
    -------
    Evidence
        Empty tables where there is no live unit, or no unseen sequence.
    """
    numbers = sorted(stored)
    rows = named_rows(motif_rows(_live_units(units, stored)), known, options)
    parts = {number: dataset.of_replicate(number) for number in numbers}
    if not rows or not any(len(one.rows(UNSEEN)) for one in parts.values()):
        return Evidence(
            pd.DataFrame(columns=list(EVIDENCE_COLUMNS)),
            pd.DataFrame(columns=list(EVIDENCE_TASK_COLUMNS)),
            pd.DataFrame(columns=list(MINIMAL_COLUMNS)),
            MotifSet(()),
            sides=pd.DataFrame(columns=list(RATE_COLUMNS)) if is_contrast(dataset) else None,
        )
    kind = loss_kind(stored[numbers[0]].loss, dataset)
    replicates = tuple(
        evidence_replicate(number, stored[number], parts[number]) for number in numbers
    )
    folds = None if dataset.fold is None else dataset.fold.astype(np.int64)
    the_model = Model(replicates, kind, dataset.meta.tasks, held_out_clusters(dataset), folds)
    members = [one.row.units(len(numbers)) for one in rows]
    sites = sites_of([one.row for one in rows], replicates, [stored[n].sites for n in numbers])
    rates = None
    if is_contrast(dataset):
        of_rows = [one.row for one in rows]
        rates = side_rates(dataset, of_rows, replicates, sites, the_model.clusters)
    differ = None if rates is None else rates.differ
    judged = judge_rows(dataset, model, the_model, rows, members, sites, differ=differ)
    names, tested = judged.names, judged.tested
    small = _minimal_table(dataset, model, the_model, rows, members, tested, names)
    by_fold: dict[int, MotifSet] = {}
    if folds is not None:
        found = fold_motifs([one.row for one in rows], numbers, dataset.meta.folds)
        by_fold = {
            fold: MotifSet(tuple(replace(motif, id=names[row]) for row, motif in own.items()))
            for fold, own in found.items()
        }
    told = None
    if rates is not None:
        told = rates_table(names, rates, dataset)
    return Evidence(judged.rows, judged.tasks, small, judged.motifs, by_fold, told)


def loss_kind(loss: str, dataset: Dataset) -> Kind:
    """Give the loss that a model was trained with; where its file tells none, its task's."""
    return cast(Kind, loss or _LOSS_OF.get(dataset.meta.task_type, "bce"))


def clusters_of(dataset: Dataset, rows: NDArray[np.intp]) -> Ints:
    """Number what belongs together among some sequences, int64, shape (rows,)."""
    where = read_names([dataset.names[row] for row in rows.tolist()])
    # What a split keeps apart as similar is no independent observation either.
    similar = dataset.meta.extra.get("split_by") == "homology"
    return make_groups(dataset.codes[rows], where, similar=similar)


def held_out_clusters(dataset: Dataset) -> Ints:
    """Number what belongs together among the sequences of validation and test part.

    Returns
    -------
    int64 array, shape (n,)
        Of all sequences; -1 in the training part, and of those that are not kept. With folds every
        sequence is in validation and test part of some replicate.
    """
    kept = [(kept_rows(parts), parts.split) for parts in dataset.of_folds()]
    rows = np.unique(np.concatenate([some[split[some] != "train"] for some, split in kept]))
    clusters = np.full(len(dataset), -1, dtype=np.int64)
    clusters[rows] = clusters_of(dataset, rows)
    return clusters


def _live_units(units: pd.DataFrame, stored: Mapping[int, StoredOutputs]) -> list[UnitSites]:
    """Give all units that have sites, their effects as shares of their replicate's largest."""
    columns = [name for name in units.columns if name.startswith("effect:")]
    found = []
    for place, number in enumerate(sorted(stored)):
        own = units[units["replicate"].astype(int) == number]
        size = np.nan_to_num(own[columns].abs().to_numpy(dtype=float)).max(axis=1, initial=0.0)
        share = size / max(float(size.max(initial=0.0)), 1e-300)
        for unit, status, effect in zip(own["unit"], own["status"], share, strict=True):
            at = int(unit.rpartition("_")[2]) - 1
            counts = stored[number].counts[at]
            if status != "dead" and counts.any():
                found.append(UnitSites(place, at, counts, float(effect)))
    return found


def evidence_replicate(number: int, stored: StoredOutputs, dataset: Dataset) -> Replicate:
    """Take apart by the split what the interpretation of a replicate kept."""

    def part(name: str) -> Part:
        at = np.flatnonzero(dataset.split[stored.rows] == name)
        rows = stored.rows[at]
        outputs = np.ascontiguousarray(stored.outputs[at].T)
        return Part(rows, outputs, dataset.labels[rows].astype(np.float64))

    weight, bias = stored.weight.astype(np.float64), stored.bias.astype(np.float64)
    return Replicate(number, part("train"), part("valid"), part(UNSEEN), weight, bias)


def _minimal_table(
    dataset: Dataset,
    name: str,
    model: Model,
    rows: Sequence[Named],
    members: Sequence[Units],
    tested: Sequence[Tested],
    ids: Mapping[int, str],
) -> pd.DataFrame:
    """Select rows forward on the validation part; score the chosen and all on the test part."""
    if not any(len(one.valid.rows) for one in model.replicates):
        return pd.DataFrame(columns=list(MINIMAL_COLUMNS))
    helps = np.max([np.nan_to_num(one.on_training, nan=-np.inf) for one in tested], axis=0)
    candidates = [int(row) for row in np.argsort(-helps, kind="stable") if helps[row] > 0]
    candidates = candidates[:_MOST_CANDIDATES]
    every = slice(None)
    steps, kept = _selected(model, [members[row] for row in candidates], dataset.meta.folds)
    number_chosen = sum(step.chosen for step in steps) - 1
    valid, unseen = model.target(every, "valid"), model.target(every)
    all_units = [np.arange(one.weight.shape[1], dtype=np.int64) for one in model.replicates]

    def scored(target: minimal.AnyTarget, part: str, units: Units) -> tuple[float, float]:
        loss, logits = target.keep(units)
        return float(target.judge(loss[None]).value[0]), _score(model, dataset, part, logits)

    test, whole = scored(unseen, UNSEEN, kept), scored(unseen, UNSEEN, all_units)
    in_valid = scored(valid, "valid", all_units)
    metric = metrics.headline(dataset.labels[:0], dataset.labels[:0], dataset.meta.task_type)[0]
    lines: list[tuple[object, ...]] = []
    for number, step in enumerate(steps):
        row = candidates[step.row] if step.row >= 0 else None
        last = number == number_chosen
        lines.append(
            (
                dataset.meta.id,
                name,
                number,
                "" if row is None else ids[row],
                "" if row is None else rows[row].name,
                step.loss,
                metric,
                _score(model, dataset, "valid", step.logits),
                step.p,
                "true" if step.chosen else "false",
                *(test if last else (np.nan, np.nan)),
            )
        )
    both = (in_valid[0], metric, in_valid[1], np.nan, "false", *whole)
    lines.append((dataset.meta.id, name, len(rows), judge.EVERY_TASK, "", *both))
    return pd.DataFrame(lines, columns=list(MINIMAL_COLUMNS))


def _selected(
    model: Model, candidates: Sequence[Units], folds: int
) -> tuple[list[minimal.Step], Units]:
    """Select rows on the validation part; with folds each replicate on its own."""

    def make(replicates: Sequence[Replicate]) -> minimal.AnyTarget:
        return model.target(slice(None), "valid", replicates)

    if model.folds is not None:
        return select_in_folds(model.replicates, candidates, make, folds)
    steps = minimal.forward_selection(model.replicates, candidates, make)
    chosen = [candidates[row] for row in minimal.chosen_rows(steps)]
    return steps, minimal.join_units(chosen, len(model.replicates))


def _score(
    model: Model, dataset: Dataset, part: str, logits: Sequence[NDArray[np.float64]]
) -> float:
    """Mean over the replicates of the metric that is followed in training."""
    kind = dataset.meta.task_type
    found = []
    for replicate, own in zip(model.replicates, logits, strict=True):
        labels = (replicate.valid if part == "valid" else replicate.unseen).labels
        found.append(metrics.headline(labels, own, kind)[1])
    return float(np.mean(found))
