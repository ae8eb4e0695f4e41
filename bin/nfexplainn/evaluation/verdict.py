"""Is the model good enough to read motifs off it: usable, weak or unusable, and what to do next.

The test score over the replicates is held against what GC content alone and a logistic (or ridge)
regression on 4-mers reach on the same split. A motif that unseen sequences clearly support lifts
``weak`` to ``usable``.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from nfexplainn.evaluation.advice import advice_for, for_few_scored
from nfexplainn.evaluation.lift import LiftingMotif
from nfexplainn.evaluation.thresholds import Thresholds

Verdict = Literal["usable", "weak", "unusable"]
ORDER: tuple[Verdict, ...] = ("usable", "weak", "unusable")
_TRUST_SUPPORTED = "Trust the motifs that unseen sequences support."
NAMES = {"auroc": "AUROC", "pearson": "Pearson correlation"}


@dataclass(frozen=True)
class Evidence:
    """What one verdict rests on; NaN where it is not known.

    Attributes
    ----------
    metric : {'auroc', 'pearson'}
    value : float
        Median over the replicates of the test score.
    range : float
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
    recipe : str
        Of the training; empty where it is not known.
    supported : int, optional
        Number of motifs that unseen sequences support; None where that was not tested.
    motif : LiftingMotif, optional
        What lifts the verdict from weak to usable.
    folds : int
        Of a cross-validation: `value` is then the mean over these, and `train_positives` and
        `test_positives` count each positive once that any model was trained or tested on.
    tested_folds : int
        Less than `folds` where trainings diverged.
    """

    metric: str
    value: float
    range: float
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
    recipe: str = ""
    supported: int | None = None
    motif: LiftingMotif | None = None
    folds: int = 1
    tested_folds: int = 1

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
        return "usable", facts, _first(evidence, _when_usable(evidence))
    worst = max((finding.verdict for finding in findings), key=ORDER.index)
    reasons = [finding.reason for finding in findings]
    advice = next(finding.advice for finding in findings if finding.verdict == worst)
    if worst == "weak" and evidence.motif:
        worst = "usable"
        reasons.append(evidence.motif.sentence)
        advice = f"{_TRUST_SUPPORTED} For a better score: {_within(advice)}"
    return worst, " ".join([facts, *reasons]).strip(), _first(evidence, advice)


def _when_usable(evidence: Evidence) -> str:
    if evidence.replicates < 2:
        return "Run several replicates (--replicates) to see which motifs are reproducible."
    if evidence.supported:
        return _TRUST_SUPPORTED
    return "Trust the motifs that all replicates support."


def _within(advice: str) -> str:
    """Let an advice follow a colon."""
    return advice[0].lower() + advice[1:]


def _first(evidence: Evidence, advice: str) -> str:
    """Put before all else that training was cut short: anything else may be due to that."""
    if not evidence.unfinished:
        return advice
    ended, of = evidence.ended_early, evidence.replicates
    which = f" in {ended} of {of} replicates" if ended < of else ""
    return (
        f"Training stopped at max_epochs ({evidence.max_epochs}) while the validation loss was"
        f" still falling{which}: raise max_epochs. After that: {_within(advice)}"
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
            else f" (always the largest class: {evidence.chance:.2f}); "
        )
        name = "one-vs-rest AUROC"
    text += f"{name} {evidence.value:.2f}"
    if evidence.folds > 1:
        of = "" if evidence.tested_folds == evidence.folds else f"{evidence.tested_folds} of "
        text += f" (mean over {of}{evidence.folds} folds, range {evidence.range:.2f})"
    elif evidence.replicates > 1:
        text += f" (median of {evidence.replicates} replicates, range {evidence.range:.2f})"
    baselines = [
        f"{score:.2f} with {what}"
        for score, what in ((evidence.gc, "GC content alone"), (evidence.kmer4, "4-mers"))
        if not math.isnan(score)
    ]
    return text + (f", against {' and '.join(baselines)}" if baselines else "") + "."


def _barely(evidence: Evidence, limits: Thresholds) -> str:
    """Doubt a lead over 4-mers that is no larger than the replicates' range.

    Folds differ in what is tested, for the baselines alike.
    """
    lead = evidence.value - evidence.kmer4
    if (
        evidence.folds > 1
        or evidence.replicates < 2
        or not limits.margin_kmer4 <= lead <= evidence.range
    ):
        return ""
    return f" The lead over 4-mers ({evidence.kmer4:.2f}) is within the range of the replicates."


def _findings(evidence: Evidence, limits: Thresholds) -> list[_Finding]:
    found: list[_Finding] = []
    value = evidence.value
    if math.isnan(value) and evidence.train_positives == 0:
        return [
            _Finding(
                "unusable",
                "The training part has no example of this task or class, so it cannot be learnt.",
                "Add examples to the training part, or leave it out of the data set.",
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
        found.append(_Finding("weak", _as_short(evidence), advice.short))
    of_training, of_test = "in the training part", f"in the {evidence.split} part"
    if evidence.folds > 1:
        of_training, of_test = "that the folds' models are trained on", "held out"
    few = [
        f"{count:.0f} positives {part} (under {least})"
        for part, count, least in (
            (of_training, evidence.train_positives, limits.min_train_positives),
            (of_test, evidence.test_positives, limits.min_test_positives),
        )
        if count < least
    ]
    if few:
        found.append(
            _Finding(
                "weak",
                f"There are only {' and '.join(few)}.",
                for_few_scored(evidence.recipe),
            )
        )
    if evidence.folds == 1 and evidence.range > limits.max_range:
        found.append(
            _Finding(
                "weak",
                f"The replicates differ by more than {limits.max_range:g}.",
                "Run more replicates (--replicates) and read the motifs that most of them support.",
            )
        )
    return found


def _as_short(evidence: Evidence) -> str:
    """Say that 4-mers do as well, and what follows from it, if anything does."""
    if evidence.motif:
        return "The score is no better than the 4-mer baseline."
    return "The score is no better than the 4-mer baseline" + (
        " so far." if evidence.unfinished else ": no evidence of longer motifs."
    )


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
        "range": _number(evidence.range),
        "baseline_gc": _number(evidence.gc),
        "baseline_kmer4": _number(evidence.kmer4),
        "best_replicate": best_replicate,
        "unfinished": evidence.unfinished,
        "lifted_by": _lifted_by(evidence, limits),
        "thresholds": dataclasses.asdict(limits),
        **({"folds": evidence.folds} if evidence.folds > 1 else {}),
        "tasks": {
            task: {
                "verdict": judged[task][0],
                "reason": judged[task][1],
                "lifted_by": _lifted_by(each, limits),
                "value": _number(each.value),
                "range": _number(each.range),
                "baseline_gc": _number(each.gc),
                "baseline_kmer4": _number(each.kmer4),
            }
            for task, each in by_task.items()
        },
    }


def _lifted_by(evidence: Evidence, limits: Thresholds) -> dict[str, Any] | None:
    """Give the motif without which the verdict would be weak; None where it lifts nothing."""
    if (
        evidence.motif is None
        or judge(dataclasses.replace(evidence, motif=None), limits)[0] != "weak"
    ):
        return None
    told = dataclasses.asdict(evidence.motif)
    return {
        key: _number(value) if isinstance(value, float) else value for key, value in told.items()
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(f"{value:.6g}")
