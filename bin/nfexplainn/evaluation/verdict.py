"""Is the model good enough to read motifs off it: usable, weak or unusable, and what to do next.

The test score over the replicates is held against what GC content alone and a logistic (or ridge)
regression on 4-mers reach on the same split. All thresholds are the fields of :class:`Thresholds`,
here and nowhere else; they are written into every verdict.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from nfexplainn.evaluation.advice import advice_for

Verdict = Literal["usable", "weak", "unusable"]
ORDER: tuple[Verdict, ...] = ("usable", "weak", "unusable")
NAMES = {"auroc": "AUROC", "pearson": "Pearson correlation"}


@dataclass(frozen=True)
class Thresholds:
    """What the verdict depends on.

    Attributes
    ----------
    auroc_unusable, pearson_unusable : float
        A test score below is hardly better than chance (0.5 and 0).
    auroc_usable, pearson_usable : float
        A test score below is weak.
    margin_gc : float
        By less than this above GC content, the model has learnt composition.
    margin_kmer4 : float
        By less than this above 4-mers, it has learnt nothing longer than these (yet).
    max_spread : float
        Largest difference between the best and the worst replicate.
    min_train_positives, min_test_positives : int
        Fewer positives are weak evidence; not for regression.
    """

    auroc_unusable: float = 0.6
    auroc_usable: float = 0.75
    pearson_unusable: float = 0.15
    pearson_usable: float = 0.3
    margin_gc: float = 0.02
    margin_kmer4: float = 0.0
    max_spread: float = 0.1
    min_train_positives: int = 100
    min_test_positives: int = 20


@dataclass(frozen=True)
class Evidence:
    """What one verdict rests on; NaN where it is not known.

    Attributes
    ----------
    metric : {'auroc', 'pearson'}
    value : float
        Median over the replicates of the test score.
    spread : float
        Largest less smallest replicate.
    replicates : int
    gc, kmer4 : float
        Scores of the baselines on the same sequences.
    train_positives, test_positives : float
    split : str
        The part that the score is of.
    accuracy, chance : float
        Of several classes: the share of sequences whose class is found (of one class: of its
        own; mean over the replicates), and the share of the largest class.
    ended_early, max_epochs : int
        Replicates that the limit of epochs stopped at their best, and that limit.
    assay : str
        As in the sheet, which decides what can be done next.
    """

    metric: str
    value: float
    spread: float
    replicates: int
    gc: float
    kmer4: float
    train_positives: float
    test_positives: float
    split: str = "test"
    accuracy: float = math.nan
    chance: float = math.nan
    ended_early: int = 0
    max_epochs: int = 0
    assay: str = ""

    @property
    def unfinished(self) -> bool:
        """Whether at least half of the replicates could still have become better."""
        return 0 < self.replicates <= 2 * self.ended_early

    @property
    def kind(self) -> Literal["peaks", "values", "classes"]:
        """What the sequences are told apart by."""
        if self.metric == "pearson":
            return "values"
        return "peaks" if math.isnan(self.accuracy) else "classes"


@dataclass(frozen=True)
class _Finding:
    verdict: Verdict
    reason: str
    advice: str


def judge(evidence: Evidence, limits: Thresholds | None = None) -> tuple[Verdict, str, str]:
    """Give the verdict, its reason and the next step, each a sentence or two."""
    limits = limits or Thresholds()
    findings = _findings(evidence, limits)
    facts = _facts(evidence) + _barely(evidence, limits)
    if not findings:
        advice = (
            "Trust the motifs that all replicates support."
            if evidence.replicates > 1
            else "Run several replicates (--replicates) to see which motifs come back."
        )
        return "usable", facts, _first(evidence, advice)
    worst = max((finding.verdict for finding in findings), key=ORDER.index)
    reasons = [finding.reason for finding in findings]
    advice = next(finding.advice for finding in findings if finding.verdict == worst)
    return worst, " ".join([facts, *reasons]).strip(), _first(evidence, advice)


def _first(evidence: Evidence, advice: str) -> str:
    """Put before all else that training was cut short: anything else may be due to that."""
    if not evidence.unfinished:
        return advice
    ended, of = evidence.ended_early, evidence.replicates
    which = f" in {ended} of {of} replicates" if ended < of else ""
    return (
        f"Training ended at max_epochs ({evidence.max_epochs}) while the validation loss still"
        f" fell{which}: raise max_epochs. After that: {advice[0].lower()}{advice[1:]}"
    )


def _facts(evidence: Evidence) -> str:
    if math.isnan(evidence.value):
        return ""
    name = NAMES.get(evidence.metric, evidence.metric)
    text = f"{evidence.split.capitalize()} "
    if evidence.kind == "classes":
        text += f"accuracy {evidence.accuracy:.2f}"
        text += (
            "; "
            if math.isnan(evidence.chance)
            else f" (always the largest: {evidence.chance:.2f}); "
        )
        name = "each class against the others: AUROC"
    text += f"{name} {evidence.value:.2f}"
    if evidence.replicates > 1:
        text += f" (median of {evidence.replicates} replicates, range {evidence.spread:.2f})"
    baselines = [
        f"{score:.2f} with {what}"
        for score, what in ((evidence.gc, "GC content alone"), (evidence.kmer4, "4-mers"))
        if not math.isnan(score)
    ]
    return text + (f", against {' and '.join(baselines)}" if baselines else "") + "."


def _barely(evidence: Evidence, limits: Thresholds) -> str:
    """Doubt a lead over 4-mers that is no larger than the replicates' range."""
    lead = evidence.value - evidence.kmer4
    if evidence.replicates < 2 or not limits.margin_kmer4 <= lead <= evidence.spread:
        return ""
    return (
        f" That is hardly above 4-mers ({evidence.kmer4:.2f}): the replicates differ by as much or"
        " more."
    )


def _findings(evidence: Evidence, limits: Thresholds) -> list[_Finding]:
    found: list[_Finding] = []
    value = evidence.value
    if math.isnan(value) and evidence.train_positives == 0:
        return [
            _Finding(
                "unusable",
                "There is no example of it in the training part, so it cannot be learnt.",
                "Give some in the training part, or leave it out of the data set.",
            )
        ]
    if math.isnan(value):
        return [
            _Finding(
                "weak",
                "There is no test score: too few test sequences have a known label.",
                "Give more sequences, or a larger test part.",
            )
        ]
    correlation = evidence.metric == "pearson"
    advice = advice_for(evidence.assay, values=correlation)
    floor = limits.pearson_unusable if correlation else limits.auroc_unusable
    good = limits.pearson_usable if correlation else limits.auroc_usable
    if value < floor:
        found.append(
            _Finding(
                "unusable",
                f"That is hardly better than chance (under {floor:g}).",
                advice.wrong,
            )
        )
    elif value < good:
        found.append(_Finding("weak", f"That is under {good:g}.", advice.more))
    if value < evidence.gc + limits.margin_gc:
        found.append(
            _Finding(
                "unusable",
                "The model is no better than GC content alone.",
                advice.composition,
            )
        )
    if value < evidence.kmer4 + limits.margin_kmer4:
        found.append(
            _Finding(
                "weak",
                "Counting 4-mers does as well"
                + (" so far." if evidence.unfinished else ", so nothing longer was learnt."),
                advice.short,
            )
        )
    few = [
        f"{count:.0f} positives in the {part} part (under {least})"
        for part, count, least in (
            ("training", evidence.train_positives, limits.min_train_positives),
            (evidence.split, evidence.test_positives, limits.min_test_positives),
        )
        if count < least
    ]
    if few:
        found.append(
            _Finding(
                "weak",
                f"There are only {' and '.join(few)}.",
                "Give more positives; for some hundred of them there is --recipe robust.",
            )
        )
    if evidence.spread > limits.max_spread:
        found.append(
            _Finding(
                "weak",
                f"The replicates differ by more than {limits.max_spread:g}.",
                "Run more replicates (--replicates) and read the motifs that most of them support.",
            )
        )
    return found


def gather_evidence(
    metrics: pd.DataFrame,
    baseline: pd.DataFrame,
    counts: pd.DataFrame,
    *,
    ended_early: int = 0,
    max_epochs: int = 0,
    assay: str = "",
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
    ended_early, max_epochs, assay
        As in :class:`Evidence`.
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
    tasks = list(dict.fromkeys(scores["task"]))
    table = scores.pivot_table(
        index="replicate", columns="task", values="value", dropna=False, observed=False
    ).reindex(columns=tasks)
    baselines = {
        model: base[base["model"] == model].set_index("task")["value"].reindex(tasks)
        for model in ("gc", "kmer4")
    }
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
            value=float(by_replicate.median()),
            spread=float(by_replicate.max() - by_replicate.min()),
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
        )

    return evidence(tasks), {task: evidence([task]) for task in tasks}


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


def verdict_record(
    dataset: str,
    model: str,
    best_replicate: int,
    evidence: Evidence,
    by_task: Mapping[str, Evidence],
    limits: Thresholds | None = None,
) -> dict[str, Any]:
    """Give the content of ``verdict.json``; None stands for what is not known."""
    limits = limits or Thresholds()
    verdict, reason, advice = judge(evidence, limits)
    judged = {task: judge(each, limits) for task, each in by_task.items()}
    doubtful = [task for task, (word, _, _) in judged.items() if word != "usable"]
    if len(by_task) > 1 and doubtful:
        shown = ", ".join(doubtful[:3]) + (" and others" if len(doubtful) > 3 else "")
        be = "is" if len(doubtful) == 1 else "are"
        reason += f" {len(doubtful)} of {len(by_task)} tasks {be} weak or unusable: {shown}."
    return {
        "dataset": dataset,
        "model": model,
        "verdict": verdict,
        "reason": reason,
        "advice": advice,
        "metric": evidence.metric,
        "value": _number(evidence.value),
        "spread": _number(evidence.spread),
        "baseline_gc": _number(evidence.gc),
        "baseline_kmer4": _number(evidence.kmer4),
        "best_replicate": best_replicate,
        "unfinished": evidence.unfinished,
        "thresholds": dataclasses.asdict(limits),
        "tasks": {
            task: {
                "verdict": judged[task][0],
                "reason": judged[task][1],
                "value": _number(each.value),
                "spread": _number(each.spread),
                "baseline_gc": _number(each.gc),
                "baseline_kmer4": _number(each.kmer4),
            }
            for task, each in by_task.items()
        },
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(f"{value:.6g}")
