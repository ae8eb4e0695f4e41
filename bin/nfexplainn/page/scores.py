"""Scores of the models and of the baselines, averaged over the replicates."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nfexplainn.page.load import DatasetResult, ModelResult, Row, number
from nfexplainn.page.mqc import escape, plural

# The metric that a task type is judged by comes first.
METRICS = {
    "auprc": "AUPRC",
    "pearson": "Pearson r",
    "accuracy": "Accuracy",
    "auroc": "AUROC",
    "spearman": "Spearman",
    "mse": "MSE",
    "pearson_regions": "Pearson r per region",
    "well_predicted": "Well predicted (r \u2265 0.75)",
}
BASELINES = {"gc": "GC", "kmer4": "4\u2011mers"}
# Only several classes have an accuracy: that of each class is then what is shown.
# Of all tasks together, beside those of each.
TOGETHER = {"accuracy": "all classes", "pearson_regions": "all tasks, per region"}
MAIN = ("accuracy", "auprc", "pearson")
NAMED_TASKS = 5


@dataclass(frozen=True)
class Score:
    """One metric of one task on one split.

    Attributes
    ----------
    task, metric, split, against : str
        As in the metrics table; `against` is ``all`` or ``pure``.
    values : tuple of float
        One per replicate that has one.
    positives, prevalence : float or None
    n : float or None
        Sequences with a known label.
    note : str
        Why there is no value.
    folds : tuple of int
        With folds, the one that each value is of.
    """

    task: str
    metric: str
    split: str
    against: str
    values: tuple[float, ...]
    n: float | None
    positives: float | None
    prevalence: float | None
    note: str
    folds: tuple[int, ...] = ()

    @property
    def mean(self) -> float | None:
        """Mean over the replicates; with folds, over these of the means of their replicates."""
        if not self.values:
            return None
        own: dict[int, list[float]] = {}
        for value, fold in zip(self.values, self.folds or (0,) * len(self.values), strict=True):
            own.setdefault(fold, []).append(value)
        return statistics.fmean(statistics.fmean(values) for values in own.values())

    @property
    def sd(self) -> float | None:
        """Standard deviation over the replicates; None for fewer than two."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None


def average(rows: Iterable[Row], folds: int = 1) -> list[Score]:
    """Group rows of metrics by task, metric, split and reference, and gather the replicates.

    With folds, the sequences of the test part are those of all folds: each is tested once.
    """
    groups: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in rows:
        key = (row["task"], row["metric"], row["split"], row["against"])
        groups.setdefault(key, []).append(row)
    return [_score(key, group, folds) for key, group in groups.items()]


def _score(key: tuple[str, str, str, str], group: Sequence[Row], folds: int) -> Score:
    known = [(row, v) for row in group if (v := number(row["value"])) is not None]
    tested = {_fold(row, folds): row for row in group} if key[2] == "test" else {0: group[0]}

    def count(column: str) -> float | None:
        counts = [n for row in tested.values() if (n := number(row.get(column))) is not None]
        return sum(counts) if counts else None

    n, positives = count("n"), count("positives")
    pooled = positives / n if n and positives is not None and len(tested) > 1 else None
    return Score(
        *key,
        values=tuple(value for _, value in known),
        n=n,
        positives=positives,
        prevalence=number(group[0].get("prevalence")) if pooled is None else pooled,
        note=next((row["note"] for row in group if row.get("note")), ""),
        folds=tuple(_fold(row, folds) for row, _ in known) if folds > 1 else (),
    )


def _fold(row: Row, folds: int) -> int:
    """Give the fold that a row is of, from 0; of a baseline its replicate is the fold."""
    return 0 if folds == 1 else (int(row["replicate"]) - 1) % folds


def tested_folds(model: ModelResult) -> int:
    """Count the folds that some replicate is tested on: fewer than all where some diverged."""
    return len({(replicate - 1) % model.folds for replicate in model.metrics})


def model_scores(model: ModelResult) -> list[Score]:
    """Scores of a model over its replicates."""
    return average((row for rows in model.metrics.values() for row in rows), model.folds)


def baseline_scores(dataset: DatasetResult, baseline: str) -> list[Score]:
    """Scores of one baseline (``gc`` or ``kmer4``)."""
    return average((row for row in dataset.baseline if row["model"] == baseline), dataset.folds)


def pick(
    scores: Sequence[Score], task: str, metric: str, split: str = "test", against: str = "all"
) -> Score | None:
    """Find one score, or None."""
    wanted = (task, metric, split, against)
    return next((s for s in scores if (s.task, s.metric, s.split, s.against) == wanted), None)


def main_metric(scores: Sequence[Score]) -> str:
    """Name the metric to show first: of its task type's, the one that tells rare positives best.

    The verdict may rest on another one (AUROC does not depend on the prevalence); its reason says.
    """
    known = {score.metric for score in scores}
    return next((metric for metric in (*MAIN, *METRICS) if metric in known), "auprc")


def task_metric(scores: Sequence[Score]) -> str:
    """Name the metric to show of single tasks: of several classes AUROC, which the verdict uses.

    The accuracy within a class is the share of its sequences found: a model that never names a
    class has 0 there, and one that always does has 1.
    """
    main = main_metric(scores)
    known = any(score.metric == "auroc" and score.task != "*" for score in scores)
    return "auroc" if main == "accuracy" and known else main


def scored_tasks(model: ModelResult, scores: Sequence[Score], metric: str) -> list[str]:
    """Tasks with a row of the metric; one over all tasks (``*``) only where there is no other."""
    tasks = list(dict.fromkeys(s.task for s in scores if s.metric == metric and s.split == "test"))
    single = [task for task in tasks if task != "*"]
    return single or tasks or model.tasks


def without_value(
    models: Sequence[ModelResult], metric: str, tasks: Sequence[str], split: str = "test"
) -> dict[str, str]:
    """Find the tasks that no model has a value of, and why.

    Means over tasks leave them out, for all models alike, so that the means can be compared.

    Parameters
    ----------
    models : sequence of ModelResult
        Of one data set.
    metric : str
    tasks : sequence of str
    split : {'train', 'valid', 'test'}

    Returns
    -------
    dict of task to str
        The reason; a task of which a part has no row at all has an empty one.
    """
    reasons, known = dict.fromkeys(tasks, ""), set()
    for row in (row for model in models for rows in model.metrics.values() for row in rows):
        key = (row["metric"], row["split"], row["against"])
        if key != (metric, split, "all") or row["task"] not in reasons:
            continue
        if number(row["value"]) is not None:
            known.add(row["task"])
        reasons[row["task"]] = reasons[row["task"]] or row.get("note") or ""
    return {task: reason for task, reason in reasons.items() if task not in known}


def left_out(missing: Mapping[str, Mapping[str, str]]) -> str:
    """Say which tasks a mean leaves out (HTML); empty where it leaves out none.

    Parameters
    ----------
    missing : mapping of str to mapping of task to str
        By a data set, or a part of it: see :func:`without_value`.
    """
    told = []
    for where, tasks in missing.items():
        some = [
            escape(task) + (f" ({escape(reason)})" if reason else "")
            for task, reason in list(tasks.items())[:NAMED_TASKS]
        ]
        rest = len(tasks) - len(some)
        more = f" and {plural(rest, 'more task')}" if rest else ""
        told += [f"{escape(where)}: {', '.join(some)}{more}"] if some else []
    if not told:
        return ""
    return f" No model has a score for these tasks, so the mean leaves them out: {'; '.join(told)}."


def together(scores: Sequence[Score]) -> list[str]:
    """Metrics of all tasks together that are known of the test set."""
    return [metric for metric in TOGETHER if pick(scores, "*", metric)]


def largest_class(dataset: DatasetResult) -> float | None:
    """Share of the largest class in the test set: the accuracy of always guessing it.

    Classes without an example in training have no part in that accuracy. With folds all sequences
    are tested.
    """
    if dataset.folds > 1:
        classes = Counter[str]()
        for row in dataset.counts:
            if row["task"] != "*":
                classes[row["task"]] += int(number(row["positives"]) or 0)
        return max(classes.values()) / classes.total() if classes.total() else None
    positives = {
        (row["split"], row["task"]): number(row["positives"]) or 0.0 for row in dataset.counts
    }
    counts = [
        count
        for (split, task), count in positives.items()
        if split == "test" and task != "*" and positives.get(("train", task), 1.0)
    ]
    return max(counts) / sum(counts) if sum(counts) else None


def label(metric: str, task: str = "*") -> str:
    """Name of a metric for people; the accuracy within one class is its recall."""
    if metric == "accuracy" and task not in ("", "*"):
        return "Recall"
    return METRICS.get(metric, metric)


def by_replicate(
    model: ModelResult, metric: str, tasks: Sequence[str], split: str = "test"
) -> dict[int, float]:
    """Give a model's score of every replicate, the mean over tasks; those with all of them.

    What no model has a value of is not to be among the tasks: see
    :func:`without_value`.
    """
    out = {}
    for replicate, rows in sorted(model.metrics.items()):
        found = {
            row["task"]: number(row["value"])
            for row in rows
            if (row["metric"], row["split"], row["against"]) == (metric, split, "all")
        }
        values = [value for task in tasks if (value := found.get(task)) is not None]
        if values and len(values) == len(tasks):
            out[replicate] = statistics.fmean(values)
    return out


def cost(model: ModelResult) -> dict[str, object]:
    """Give the number of parameters, and seconds and epochs per replicate."""
    seconds, epochs = [], []
    for history in model.histories.values():
        known = [number(row.get("seconds")) for row in history]
        seconds += [sum(value for value in known if value is not None)] if any(known) else []
        epochs += [len(history)]
    sizes = sorted(model.sizes.values())
    return {
        "parameters": sizes[0] if sizes else None,
        "seconds": statistics.fmean(seconds) if seconds else None,
        "epochs": statistics.fmean(epochs) if epochs else None,
    }
