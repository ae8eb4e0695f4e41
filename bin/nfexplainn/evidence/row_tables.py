"""The tables of a model's rows: what each is worth, in each task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.evidence import judge
from nfexplainn.evidence.alone import SiteRates
from nfexplainn.evidence.folds import FoldHits, fold_hits
from nfexplainn.evidence.groups import MotifRow
from nfexplainn.evidence.hits import HitScores, hit_scores
from nfexplainn.evidence.judge import Model, Tested
from nfexplainn.evidence.losses import Kind
from nfexplainn.evidence.minimal import AnyTarget
from nfexplainn.evidence.naming import Named
from nfexplainn.evidence.removal import Units
from nfexplainn.interpret.columns import EVIDENCE_COLUMNS, EVIDENCE_TASK_COLUMNS
from nfexplainn.interpret.outputs import unseen_rows
from nfexplainn.interpret.pwms import consensus
from nfexplainn.interpret.site_effect import LOWERS, RAISES
from nfexplainn.interpret.status import unit_name
from nfexplainn.motifs.motif import Motif, MotifSet

# Rows whose hits are counted: those supported are among the first.
_SCANNED = 20

NameOf = Callable[[int], str]


@dataclass(frozen=True)
class Judged:
    """What unseen sequences say of rows.

    Attributes
    ----------
    rows, tasks : DataFrame
        Columns ``EVIDENCE_COLUMNS`` and ``EVIDENCE_TASK_COLUMNS``.
    motifs : MotifSet
        Of the rows, in the order of their ids.
    names : mapping of int to str
        Id of each row by its place, in the order of the ids.
    tested : list of Tested
        Of each task, or of all together.
    """

    rows: pd.DataFrame
    tasks: pd.DataFrame
    motifs: MotifSet
    names: Mapping[int, str]
    tested: list[Tested]


def judge_rows(
    dataset: Dataset,
    name: str,
    model: Model,
    rows: Sequence[Named],
    members: Sequence[Units],
    sites: judge.Mask,
    name_of: NameOf = unit_name,
    differ: judge.Mask | None = None,
) -> Judged:
    """Test each row on unseen sequences, and write down what is found.

    Parameters
    ----------
    dataset : Dataset
    name : str
        Of the architecture.
    model : Model
    rows : sequence of Named
    members : sequence of Units
        What is taken out of the model with each row.
    sites : bool array, shape (rows, unseen)
        Which unseen sequences have a site of each row.
    name_of : callable
        Names a unit by its place.
    differ : bool array, shape (rows,), optional
        Of a contrast, whether its sides differ in how many sequences have a site of each row.
    """
    tested = judge.assess(model, members, sites, np.random.default_rng([dataset.meta.seed, 19]))
    # The row that gains most in any task is the first.
    best = np.max([np.nan_to_num(one.means.value, nan=-np.inf) for one in tested], axis=0)
    order = np.argsort(-best, kind="stable")
    names = {int(row): f"row_{place:03d}" for place, row in enumerate(order, 1)}
    table, tasks = _row_tables(dataset, name, model, rows, members, tested, names, name_of, differ)
    motifs = tuple(rows[row].row.motif(id, rows[row].name) for row, id in names.items())
    return Judged(table, tasks, MotifSet(motifs), names, tested)


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
    name_of: NameOf,
    differ: judge.Mask | None,
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
        good = judge.supported(one, q, model.kind, differ)
        order = _ordered(one, good)
        which = [row for row in order if good[row]]
        target = model.target(columns)
        several = model.additive and len(which) > 1
        overlapping = judge.overlaps(target, members, which) if several else {}
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
                        f"r{model.replicates[unit.replicate].number}:{name_of(unit.unit)}"
                        for unit in of_row.members
                    ),
                    "found_in": len({unit.replicate for unit in of_row.members}),
                    "replicates": len(model.replicates),
                    "sites": of_row.sites,
                    "tests": tests,
                    "overlaps_with": ",".join(ids[other] for other in overlapping.get(row, ())),
                    "negative_kind": dataset.meta.extra.get("negatives", ""),
                }
            )
        tasks.append(
            own
            | _task(one, model.kind, target, len(rows))
            | {"tests": tests, "n_supported": good.sum()}
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


def _task(one: Tested, kind: Kind, target: AnyTarget, rows: int) -> dict[str, object]:
    explained = one.explained
    positives = float((target.labels[:, 0] == 1).sum())
    least = judge.least_frequency(one.detectable, one.prevalence, positives)
    return {
        "task": one.task,
        "loss_function": kind,
        "unseen": len(target.rows),
        "clusters": one.clusters,
        "prevalence": one.prevalence,
        "base_loss": one.base,
        "model_loss": one.model,
        "explained_loss": explained.value[0],
        "explained_loss_low": explained.low[0],
        "explained_loss_high": explained.high[0],
        "rows": rows,
        "detectable_gain": one.detectable,
        "detectable_share": least if kind == "bce" else np.nan,
    }
