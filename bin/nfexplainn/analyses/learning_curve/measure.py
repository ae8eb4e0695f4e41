"""Train on a subset, and measure the score and the motifs that unseen sequences support."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from nfexplainn.data.dataset import Dataset
from nfexplainn.errors import DivergedError
from nfexplainn.evaluation.metrics import headline
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.evidence import judge
from nfexplainn.evidence.groups import UnitSites, motif_rows
from nfexplainn.evidence.tables import evidence_replicate, held_out_clusters, loss_kind
from nfexplainn.interpret.flanks import FlankScanner
from nfexplainn.interpret.outputs import OutputCollector
from nfexplainn.interpret.run import interpret_model
from nfexplainn.models.kernels import choose_kernel
from nfexplainn.models.model import FilterModel
from nfexplainn.models.registry import config_from, configured
from nfexplainn.scanner import TableScanner
from nfexplainn.training.loop import options_from
from nfexplainn.training.run import Plan, train_model

_RNG = 37


@dataclass(frozen=True)
class Point:
    """What was measured of one training.

    Attributes
    ----------
    train_share : float
        Of the training and validation parts.
    number : int
        Of the draw.
    train, positives : int
        Sequences of the training part, and those that are positive in any task (0 of values).
    metric : str
        ``auprc``, ``accuracy`` or ``pearson``.
    value : float
        On the test part; NaN where there is none, or the training diverged.
    n_supported : int
        Motif rows of this one model that its test part supports.
    """

    train_share: float
    number: int
    train: int
    positives: int
    metric: str
    value: float
    n_supported: int


def measure(
    share: float, number: int, dataset: Dataset, values: Mapping[str, Any], threads: int
) -> Point:
    """Train an ExplaiNN on a subset, and test it.

    Parameters
    ----------
    share : float
    number : int
        Also what is added to the seed.
    dataset : Dataset
        The subset, with its split.
    values : mapping
        Options of the training.
    threads : int
    """
    meta = dataset.meta
    options = options_from(values, seed=int(values.get("seed", 42)) + number - 1)
    config = config_from("explainn", values, meta.length, len(meta.tasks))
    kernel = values.get("kernel", "auto")
    plan = Plan("explainn", config, (), kernel, values.get("device", "auto"), threads)
    train, test = dataset.rows("train"), dataset.rows("test")
    positives = 0
    if meta.task_type != "regression":
        positives = int((dataset.labels[train] == 1).any(axis=1).sum())
    try:
        trained = train_model(plan, dataset, options, report=lambda _: None)
    except DivergedError:
        return Point(share, number, len(train), positives, "", float("nan"), 0)
    model = cast(FilterModel, trained.model)
    logits = predict_logits(model, dataset.codes, average_strands=meta.strand_symmetric)
    metric, score = headline(
        dataset.labels[test].astype(np.float64), logits[test].astype(np.float64), meta.task_type
    )
    native = choose_kernel(configured("explainn", config), kernel, plan.device) == "native"
    count = _supported(model, dataset, logits, trained.result.loss, native)
    return Point(share, number, len(train), positives, metric, score, count)


def _supported(
    model: FilterModel, dataset: Dataset, logits: np.ndarray, loss: str, native: bool
) -> int:
    """Count the motif rows that the test part supports."""
    if native:
        from nfexplainn.native.scan import NativeScanner

        scanner = FlankScanner(model.filters(), NativeScanner)
    else:
        scanner = FlankScanner(model.filters(), TableScanner)
    kept = OutputCollector(dataset, scanner.units, dataset.meta.strand_symmetric)
    with tempfile.NamedTemporaryFile(suffix=".parquet") as scratch:
        found = interpret_model(
            model,
            dataset,
            logits,
            scratch.name,
            both_strands=dataset.meta.strand_symmetric,
            make_scanner=lambda _: scanner,
            keep=kept.add,
        )
    stored = kept.store(model, scanner, found.thresholds, loss)
    size = np.abs(np.nan_to_num(found.effect)).max(axis=1)
    share = size / max(float(size.max(initial=0.0)), 1e-300)
    units = [
        UnitSites(0, unit, stored.counts[unit], float(share[unit]))
        for unit, state in enumerate(found.states)
        if state.status != "dead" and stored.counts[unit].any()
    ]
    rows = motif_rows(units)
    if not rows or not len(dataset.rows("test")):
        return 0
    members = [row.units(1) for row in rows]
    replicate = evidence_replicate(1, stored, dataset)
    clusters = held_out_clusters(dataset)
    tested = judge.Model((replicate,), loss_kind(loss, dataset), dataset.meta.tasks, clusters)
    nowhere = np.zeros((len(rows), len(replicate.unseen.rows)), dtype=np.bool_)
    rng = np.random.default_rng([dataset.meta.seed, _RNG])
    targets = judge.assess(tested, members, nowhere, rng)
    good = [
        judge.supported(one, q, tested.kind)
        for one, q in zip(targets, judge.q_of(targets), strict=True)
    ]
    return int(np.any(good, axis=0).sum())
