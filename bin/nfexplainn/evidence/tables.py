"""Evidence of a model from the outputs of its units: the tables, and the rows' motifs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.data.splits import make_groups
from nfexplainn.evaluation import metrics
from nfexplainn.evidence import judge, minimal
from nfexplainn.evidence.alone import SiteRates
from nfexplainn.evidence.clusters import Ints
from nfexplainn.evidence.folds import FoldHits, fold_hits, fold_motifs, select_in_folds, sites_of
from nfexplainn.evidence.groups import MotifRow, UnitSites, motif_rows
from nfexplainn.evidence.hits import HitScores, hit_scores
from nfexplainn.evidence.judge import Model, Tested
from nfexplainn.evidence.losses import Kind
from nfexplainn.evidence.naming import Named, named_rows
from nfexplainn.evidence.removal import Part, Replicate, Units
from nfexplainn.interpret.columns import EVIDENCE_COLUMNS, EVIDENCE_TASK_COLUMNS, MINIMAL_COLUMNS
from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.interpret.outputs import UNSEEN, StoredOutputs, kept_rows, unseen_rows
from nfexplainn.interpret.pwms import consensus
from nfexplainn.interpret.site_effect import LOWERS, RAISES
from nfexplainn.interpret.status import unit_name
from nfexplainn.io.coordinates import read_names
from nfexplainn.motifs.motif import Motif, MotifSet

# Candidates of the minimal model, by their gain on the training part.
_MOST_CANDIDATES = 60
# Rows whose hits are counted: those supported are among the first.
_SCANNED = 20
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
    """

    rows: pd.DataFrame
    tasks: pd.DataFrame
    minimal: pd.DataFrame
    motifs: MotifSet
    fold_motifs: Mapping[int, MotifSet] = field(default_factory=dict)


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
        )
    kind = loss_kind(stored[numbers[0]], dataset)
    replicates = tuple(
        evidence_replicate(number, stored[number], parts[number]) for number in numbers
    )
    folds = None if dataset.fold is None else dataset.fold.astype(np.int64)
    the_model = Model(replicates, kind, dataset.meta.tasks, held_out_clusters(dataset), folds)
    members = [one.row.units(len(numbers)) for one in rows]
    rng = np.random.default_rng([dataset.meta.seed, 19])
    sites = sites_of([one.row for one in rows], replicates, [stored[n].sites for n in numbers])
    tested = judge.assess(the_model, members, sites, rng)
    # The row that gains most in any task is the first.
    best = np.max([np.nan_to_num(one.means.value, nan=-np.inf) for one in tested], axis=0)
    order = np.argsort(-best, kind="stable")
    names = {int(row): f"row_{place:03d}" for place, row in enumerate(order, 1)}
    table, tasks = _row_tables(dataset, model, the_model, rows, members, tested, names)
    motifs = tuple(rows[row].row.motif(name, rows[row].name) for row, name in names.items())
    small = _minimal_table(dataset, model, the_model, rows, members, tested, names)
    by_fold: dict[int, MotifSet] = {}
    if folds is not None:
        found = fold_motifs([one.row for one in rows], numbers, dataset.meta.folds)
        by_fold = {
            fold: MotifSet(tuple(replace(motif, id=names[row]) for row, motif in own.items()))
            for fold, own in found.items()
        }
    return Evidence(table, tasks, small, MotifSet(motifs), by_fold)


def loss_kind(stored: StoredOutputs, dataset: Dataset) -> Kind:
    """Give the loss that a model was trained with; where its file tells none, its task's."""
    return cast(Kind, stored.loss or _LOSS_OF.get(dataset.meta.task_type, "bce"))


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
    where = read_names([dataset.names[row] for row in rows.tolist()])
    clusters = np.full(len(dataset), -1, dtype=np.int64)
    clusters[rows] = make_groups(dataset.codes[rows], where)
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


def _hits(
    dataset: Dataset, model: Model, rows: Sequence[tuple[MotifRow, Motif]]
) -> HitScores | FoldHits:
    """Find the hits of rows: of the motif of all replicates, or with folds of each fold's own."""
    if model.folds is None:
        return hit_scores(dataset, [motif for _, motif in rows], unseen_rows(dataset))
    return fold_hits(dataset, [one.number for one in model.replicates], [row for row, _ in rows])


def _row_tables(
    dataset: Dataset,
    name: str,
    model: Model,
    rows: Sequence[Named],
    members: Sequence[Units],
    tested: Sequence[Tested],
    ids: Mapping[int, str],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    tests = int(sum(one.tested.sum() for one in tested))
    table: list[dict[str, object]] = []
    tasks: list[dict[str, object]] = []
    motifs = {row: rows[row].row.motif(id) for row, id in ids.items()}
    own = {"dataset": dataset.meta.id, "model": name}
    all_q = judge.q_of(tested)
    scanned = list(motifs)[:_SCANNED]
    classes = model.kind == "bce"
    hits = _hits(dataset, model, [(rows[row].row, motifs[row]) for row in scanned if classes])
    for number, ((_, columns), one, q) in enumerate(zip(model.targets, tested, all_q, strict=True)):
        good = judge.supported(one, q, model.kind)
        order = _ordered(one, good)
        which = [row for row in order if good[row]]
        target = model.target(columns)
        overlapping = judge.overlaps(target, members, which) if len(which) > 1 else {}
        for row in order:
            of_row = rows[row].row
            known = classes and row in scanned
            rates = hits.rates(scanned.index(row), number) if known else SiteRates()
            table.append(
                own
                | _gains(one, row, q, good, model.kind)
                | _rates(rates)
                | {
                    "motif": ids[row],
                    "name": rows[row].name,
                    "family": rows[row].family,
                    "consensus": consensus(motifs[row].ppm),
                    "units": ",".join(
                        f"r{model.replicates[unit.replicate].number}:{unit_name(unit.unit)}"
                        for unit in of_row.members
                    ),
                    "found_in": len({unit.replicate for unit in of_row.members}),
                    "replicates": len(model.replicates),
                    "sites": of_row.sites,
                    "tests": tests,
                    "overlaps_with": ",".join(ids[other] for other in overlapping.get(row, ())),
                    "negatives": dataset.meta.extra.get("negatives", ""),
                }
            )
        tasks.append(
            own
            | _task(one, model.kind, target, len(rows))
            | {"tests": tests, "supported": good.sum()}
        )
    return (
        pd.DataFrame(table, columns=list(EVIDENCE_COLUMNS)),
        pd.DataFrame(tasks, columns=list(EVIDENCE_TASK_COLUMNS)),
    )


def _gains(
    one: Tested, row: int, q: NDArray[np.float64], good: NDArray[np.bool_], kind: Kind
) -> dict[str, object]:
    means, alone = one.means, one.alone[row]
    effect, low, high = one.site_effect[row]
    direction = RAISES if low > 0 else LOWERS if high < 0 else ""
    was_tested = bool(one.tested[row])
    return {
        "task": one.task,
        "gain": means.value[row],
        "gain_low": means.low[row],
        "gain_high": means.high[row],
        "gain_sd_replicates": one.spread[row],
        "p": means.p[row] if was_tested else np.nan,
        "q": q[row],
        "supported": "true" if good[row] else "false",
        "share": one.share[row],
        "alone": alone.value,
        "alone_low": alone.low,
        "direction": direction,
        "site_effect": effect,
        "site_effect_low": low,
        "site_effect_high": high,
        "auprc_alone": alone.auprc if kind == "bce" else np.nan,
        "test": means.test[row] if was_tested else "",
    }


def _ordered(one: Tested, good: NDArray[np.bool_]) -> list[int]:
    """Order rows: those supported first, by gain."""
    return [int(row) for row in np.lexsort((-one.means.value, ~good))]


def _rates(rates: SiteRates) -> dict[str, object]:
    return {
        "positives_with_site": rates.positives,
        "negatives_with_site": rates.negatives,
        "odds": rates.odds,
        "odds_low": rates.low,
        "odds_high": rates.high,
    }


def _task(one: Tested, kind: Kind, target: minimal.AnyTarget, rows: int) -> dict[str, object]:
    explained = one.explained
    positives = float((target.labels[:, 0] == 1).sum())
    least = judge.least_frequency(one.detectable, one.prevalence, positives)
    return {
        "task": one.task,
        "loss": kind,
        "unseen": len(target.rows),
        "clusters": one.clusters,
        "prevalence": one.prevalence,
        "base_loss": one.base,
        "model_loss": one.model,
        "explained": explained.value[0],
        "explained_low": explained.low[0],
        "explained_high": explained.high[0],
        "rows": rows,
        "detectable_gain": one.detectable,
        "detectable_share": least if kind == "bce" else np.nan,
    }


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
