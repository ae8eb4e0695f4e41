"""What a verdict rests on, from the tables of scores, counts and motifs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pandas as pd

from nfexplainn.data.tables import fold_name
from nfexplainn.evaluation.lift import NOT_TESTED, SupportedMotifs
from nfexplainn.evaluation.verdict import Evidence


def gather_evidence(
    metrics: pd.DataFrame,
    baseline: pd.DataFrame,
    counts: pd.DataFrame,
    *,
    ended_early: int = 0,
    max_epochs: int = 0,
    assay: str = "",
    recipe: str = "",
    motifs: SupportedMotifs = NOT_TESTED,
    folds: int = 1,
) -> tuple[Evidence, dict[str, Evidence]]:
    """Collect what the verdict rests on, over all tasks (their mean) and per task.

    Parameters
    ----------
    metrics : DataFrame
        Of all replicates, columns as in ``metrics.tsv``.
    baseline : DataFrame
        The same columns, models ``gc`` and ``kmer4``.
    counts : DataFrame
        Columns as in ``counts.tsv``.
    ended_early, max_epochs, assay, recipe
        As in :class:`Evidence`.
    motifs : SupportedMotifs
        What unseen sequences say of the motifs.
    folds : int
        Of which each replicate is tested on one; the baselines' replicate is that fold.
    """
    scores = metrics[metrics["against"] == "all"]
    right = scores[scores["metric"] == "accuracy"]
    scores = scores[scores["task"] != "*"]
    metric = "pearson" if (scores["metric"] == "pearson").any() else "auroc"
    scores = scores[scores["metric"] == metric]
    split = "test" if (scores["split"] == "test").any() else "valid"
    scores = scores[scores["split"] == split]
    base = baseline[
        (baseline["against"] == "all")
        & (baseline["metric"] == metric)
        & (baseline["split"] == split)
    ]
    tested = sorted({(int(number) - 1) % folds + 1 for number in scores["replicate"]})
    if folds > 1:
        base = base[base["replicate"].isin(tested)]
    tasks = list(dict.fromkeys(scores["task"]))
    table = scores.pivot_table(
        index="replicate", columns="task", values="value", dropna=False, observed=False
    ).reindex(columns=tasks)
    baselines = {
        model: base[base["model"] == model].groupby("task")["value"].mean().reindex(tasks)
        for model in ("gc", "kmer4")
    }
    if folds > 1:
        counts = _held_out_once(counts, tested, folds)
    positives = _positives(counts, tasks, regression=metric == "pearson")
    replicates = int(scores["replicate"].nunique())
    by_class = right[right["split"] == split].groupby("task")["value"].mean().to_dict()
    # A class without an example in training has no part in the accuracy of all classes.
    learnt = positives[split][positives["train"] > 0]
    largest = float(learnt.max() / learnt.sum()) if len(learnt) else math.nan

    def evidence(columns: Sequence[str]) -> Evidence:
        # A task without a score (too few positives) is left out on both sides.
        scored = [c for c in columns if table[c].notna().any()]
        learnable = [c for c in columns if positives["train"][c] != 0] or columns
        by_replicate = table[scored].mean(axis=1)
        whole = len(columns) == len(tasks)
        return Evidence(
            metric=metric,
            value=_joint(by_replicate, folds),
            range=float(by_replicate.max() - by_replicate.min()),
            replicates=replicates,
            gc=float(baselines["gc"][scored].mean()),
            kmer4=float(baselines["kmer4"][scored].mean()),
            train_positives=_median(positives["train"], learnable),
            test_positives=_median(positives[split], learnable),
            split=split,
            accuracy=float(by_class.get("*" if whole else columns[0], math.nan)),
            chance=largest if whole and by_class else math.nan,
            ended_early=ended_early,
            max_epochs=max_epochs,
            assay=assay,
            recipe=recipe,
            supported=motifs.count(columns),
            motif=motifs.of_all(tasks) if whole else motifs.of_task(columns[0]),
            folds=folds,
            tested_folds=len(tested),
        )

    return evidence(tasks), {task: evidence([task]) for task in tasks}


def _joint(by_replicate: pd.Series, folds: int) -> float:
    """Give the median over the replicates; with folds the mean over these of their replicates'."""
    if folds == 1:
        return float(by_replicate.median())
    fold = (by_replicate.index.to_numpy() - 1) % folds
    return float(by_replicate.groupby(fold).mean().mean())


def _held_out_once(counts: pd.DataFrame, tested: Sequence[int], folds: int) -> pd.DataFrame:
    """Count as for one split: every sequence once that any model was trained or tested on.

    While a fold is tested, the next one stops the training, and all others train.
    """
    trained = {(fold - 1 + step) % folds for fold in tested for step in range(2, folds)}
    stopped = {fold % folds for fold in tested}

    def positives(some: Iterable[int]) -> pd.Series:
        own = counts["split"].isin([fold_name(fold) for fold in some])
        return counts[own].groupby("task", sort=False)["positives"].sum(min_count=1)

    parts = {
        "train": positives(trained),
        "valid": positives(stopped),
        "test": positives(fold - 1 for fold in tested),
    }
    return pd.concat([some.reset_index().assign(split=part) for part, some in parts.items()])


def _positives(
    counts: pd.DataFrame, tasks: Sequence[str], *, regression: bool
) -> dict[str, pd.Series]:
    found = {}
    for split in ("train", "valid", "test"):
        part = counts[counts["split"] == split].set_index("task")["positives"].reindex(list(tasks))
        found[split] = part.astype(float) * (math.nan if regression else 1.0)
    return found


def _median(values: pd.Series, tasks: Sequence[str]) -> float:
    return float(values[list(tasks)].median())
