"""The verdict: each threshold from both sides, and the evidence from real tables."""

from __future__ import annotations

import dataclasses
import math

import pandas as pd
import pytest

from nfexplainn.evaluation.gather import gather_evidence
from nfexplainn.evaluation.thresholds import Thresholds
from nfexplainn.evaluation.verdict import Evidence, judge, verdict_record
from nfexplainn.interpret.summary import ended_early

NAN = math.nan
GOOD = Evidence("auroc", 0.93, 0.02, 3, 0.6, 0.8, 800, 100)


def verdict(**changes: object) -> str:
    return judge(dataclasses.replace(GOOD, **changes))[0]  # type: ignore[arg-type]


def test_good_model_is_usable_and_says_by_how_much():
    word, reason, advice = judge(GOOD)
    assert word == "usable"
    for part in ("0.93", "3 replicates", "range 0.02", "0.60 with GC", "0.80 with 4-mers"):
        assert part in reason
    assert advice.endswith(".")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"value": 0.751}, "weak"),  # above the threshold, but 4-mers reach 0.8
        ({"value": 0.751, "kmer4": 0.7}, "usable"),
        ({"value": 0.749, "kmer4": 0.7}, "weak"),
        ({"value": 0.601, "kmer4": 0.5, "gc": 0.5}, "weak"),
        ({"value": 0.599, "kmer4": 0.5, "gc": 0.5}, "unusable"),
        ({"gc": 0.92}, "unusable"),
        ({"gc": 0.909}, "usable"),
        ({"kmer4": 0.94}, "weak"),
        ({"train_positives": 99}, "weak"),
        ({"train_positives": 100}, "usable"),
        ({"test_positives": 19}, "weak"),
        ({"range": 0.11}, "weak"),
        ({"value": NAN}, "weak"),
        ({"gc": NAN, "kmer4": NAN}, "usable"),
        ({"metric": "pearson", "value": 0.31, "gc": 0.1, "kmer4": 0.2}, "usable"),
        ({"metric": "pearson", "value": 0.29, "gc": 0.1, "kmer4": 0.2}, "weak"),
        ({"metric": "pearson", "value": 0.14, "gc": 0.1, "kmer4": 0.1}, "unusable"),
        # Worse than GC content alone, as frozen units on the yeast bins are.
        ({"metric": "pearson", "value": 0.26, "gc": 0.3, "kmer4": 0.35}, "unusable"),
    ],
)
def test_each_threshold_from_both_sides(changes, expected):
    assert verdict(**changes) == expected


def test_a_lead_within_the_range_of_the_replicates_is_told():
    word, reason, _ = judge(dataclasses.replace(GOOD, value=0.76, kmer4=0.75, range=0.03))
    assert word == "usable"
    assert reason.endswith("The lead over 4-mers (0.75) is within the range of the replicates.")
    for changes in (
        {"value": 0.79, "kmer4": 0.75, "range": 0.03},  # clearly above
        {"value": 0.74, "kmer4": 0.75, "range": 0.03},  # below, which is told otherwise
        {"value": 0.76, "kmer4": NAN, "range": 0.03},
        {"value": 0.75, "kmer4": 0.75, "range": 0.0, "replicates": 1},
    ):
        assert "The lead over" not in judge(dataclasses.replace(GOOD, **changes))[1], changes


def test_every_reason_has_its_numbers_and_a_next_step():
    for changes in ({"value": 0.55}, {"gc": 0.95}, {"range": 0.3}, {"test_positives": 12}):
        word, reason, advice = judge(dataclasses.replace(GOOD, **changes))
        assert word != "usable" and reason.endswith(".") and advice.endswith(".")
    assert "12 positives" in judge(dataclasses.replace(GOOD, test_positives=12))[1]


@pytest.mark.parametrize(
    "changes", [{}, {"kmer4": 0.95}, {"value": 0.55}, {"gc": 0.95}, {"range": 0.3}, {"value": NAN}]
)
def test_training_cut_short_is_said_first(changes):
    first = "Training stopped at max_epochs (12) while the validation loss was still falling"
    evidence = dataclasses.replace(GOOD, max_epochs=12, **changes)
    word, _, plain = judge(evidence)
    for ended, which in ((2, " in 2 of 3 replicates"), (3, "")):
        cut, reason, advice = judge(dataclasses.replace(evidence, ended_early=ended))
        assert cut == word
        assert advice.startswith(f"{first}{which}: raise max_epochs. ")
        assert advice.endswith(plain[1:])
        assert "learnt" not in reason + advice
    assert "max_epochs" not in judge(dataclasses.replace(evidence, ended_early=1))[2]
    half = dataclasses.replace(evidence, replicates=2, ended_early=1)
    assert judge(half)[2].startswith(f"{first} in 1 of 2 replicates: ")


def test_a_last_epoch_that_is_the_best_means_that_training_was_cut_short():
    epochs = {
        1: [0, 0, 1],  # more might have helped
        2: [0, 1, 0],
        3: [1],
        4: [1, 0, 0, 0],
    }
    histories = {number: pd.DataFrame({"best": best}) for number, best in epochs.items()}
    assert ended_early(histories) == [1, 3]


def test_thresholds_can_be_moved():
    assert judge(GOOD, Thresholds(auroc_usable=0.95))[0] == "weak"


def metric_rows(values: dict[tuple[int, str], float | None], metric: str = "auroc") -> pd.DataFrame:
    rows = [
        {
            "replicate": replicate,
            "split": split,
            "task": task,
            "against": against,
            "metric": name,
            "value": value if (split, against, name) == ("test", "all", metric) else 0.111,
        }
        for (replicate, task), value in values.items()
        for split in ("train", "valid", "test")
        for against in ("all", "pure")
        for name in (metric, "auprc")
    ]
    return pd.DataFrame(rows)


def baseline_rows(values: dict[tuple[str, str], float | None]) -> pd.DataFrame:
    frame = metric_rows({(0, f"{model}/{task}"): value for (model, task), value in values.items()})
    frame["model"] = [task.split("/")[0] for task in frame["task"]]
    frame["task"] = [task.split("/")[1] for task in frame["task"]]
    frame["replicate"] = None
    return frame


COUNTS = pd.DataFrame(
    [
        {"split": split, "task": task, "positives": positives}
        for split, scale in (("train", 8), ("valid", 1), ("test", 1))
        for task, positives in (("*", 400 * scale), ("a", 100 * scale), ("b", 300 * scale))
    ]
)


def test_evidence_takes_test_scores_against_all_negatives():
    metrics = metric_rows(
        {(1, "a"): 0.9, (1, "b"): 0.8, (2, "a"): 0.7, (2, "b"): 0.6, (3, "a"): 0.95, (3, "b"): 0.9}
    )
    baseline = baseline_rows(
        {("gc", "a"): 0.5, ("gc", "b"): 0.7, ("kmer4", "a"): 0.6, ("kmer4", "b"): 0.8}
    )
    evidence, by_task = gather_evidence(
        metrics, baseline, COUNTS, ended_early=2, max_epochs=9, assay="pbm"
    )
    assert evidence.assay == by_task["a"].assay == "pbm"
    assert evidence.unfinished and by_task["a"].unfinished
    record = verdict_record("d", "explainn", 1, evidence, by_task)
    assert record["unfinished"] is True and "max_epochs (9)" in record["advice"]
    assert evidence.value == pytest.approx(0.85)  # median of the means .85, .65, .925
    assert evidence.range == pytest.approx(0.275)
    assert evidence.replicates == 3
    assert (evidence.gc, evidence.kmer4) == (pytest.approx(0.6), pytest.approx(0.7))
    assert evidence.train_positives == 1600
    assert by_task["a"].value == pytest.approx(0.9)
    assert by_task["b"].test_positives == 300
    assert list(by_task) == ["a", "b"]


def test_task_without_a_score_is_left_out_of_model_and_baseline():
    metrics = metric_rows({(1, "a"): 0.9, (1, "b"): None})
    baseline = baseline_rows(
        {("gc", "a"): 0.5, ("gc", "b"): 0.99, ("kmer4", "a"): 0.6, ("kmer4", "b"): 0.99}
    )
    evidence, by_task = gather_evidence(metrics, baseline, COUNTS)
    assert (evidence.value, evidence.gc, evidence.kmer4) == (0.9, 0.5, 0.6)
    assert math.isnan(by_task["b"].value)
    record = verdict_record("d", "explainn", 1, evidence, by_task)
    assert record["verdict"] == "usable"
    assert record["tasks"]["b"]["value"] is None
    assert "1 of 2 tasks is weak or unusable: b." in record["reason"]


def test_no_score_at_all_is_no_crash():
    metrics = metric_rows({(1, "a"): None, (2, "a"): None})
    baseline = baseline_rows({("gc", "a"): None, ("kmer4", "a"): None})
    evidence, by_task = gather_evidence(metrics, baseline, COUNTS)
    record = verdict_record("d", "explainn", 1, evidence, by_task)
    assert record["verdict"] == "weak" and record["value"] is None


def test_regression_is_judged_by_pearson_without_positives():
    metrics = metric_rows({(1, "a"): 0.5, (2, "a"): 0.6}, metric="pearson")
    baseline = baseline_rows({("gc", "a"): 0.2, ("kmer4", "a"): 0.3})
    baseline["metric"] = baseline["metric"].replace("auroc", "pearson")
    counts = COUNTS.assign(positives=None)
    evidence, _ = gather_evidence(metrics, baseline, counts)
    assert evidence.metric == "pearson" and math.isnan(evidence.train_positives)
    assert judge(evidence)[0] == "usable"
    assert evidence.replicates == 2


def test_record_prints_the_thresholds():
    record = verdict_record("d", "explainn", 2, GOOD, {"a": GOOD})
    assert record["thresholds"] == dataclasses.asdict(Thresholds())
    assert record["best_replicate"] == 2 and record["unfinished"] is False
    assert record["value"] == 0.93 and record["range"] == 0.02


def test_classes_are_judged_with_their_accuracy_and_values_without_peaks():
    names = {"auroc": {"a": 0.9, "b": 0.7}, "accuracy": {"a": 0.8, "b": 0.4, "*": 0.5}}
    metrics = pd.DataFrame(
        [
            {"replicate": replicate, "split": "test", "task": task, "against": "all"}
            | {"metric": metric, "value": value}
            for replicate in (1, 2)
            for metric, values in names.items()
            for task, value in values.items()
        ]
    )
    baseline = baseline_rows({(model, task): 0.5 for model in ("gc", "kmer4") for task in "ab"})
    evidence, by_task = gather_evidence(metrics, baseline, COUNTS)
    assert (evidence.kind, evidence.accuracy, evidence.chance) == ("classes", 0.5, 0.75)
    assert "accuracy 0.50 (always the largest class: 0.75)" in judge(evidence)[1]
    assert by_task["b"].accuracy == 0.4
    assert "accuracy 0.40; one-vs-rest" in judge(by_task["b"])[1]
    for kind in ({"accuracy": 0.3, "assay": "htselex"}, {"metric": "pearson", "assay": "pbm"}):
        for changes in ({"value": 0.1}, {"value": 0.29}, {"gc": 0.95}, {"kmer4": 0.95}):
            advice = judge(dataclasses.replace(GOOD, **kind, **changes))[2]
            assert not {"peaks", "positives", "negatives"} & set(advice.split()), advice


def test_a_class_without_an_example_in_training_has_no_part() -> None:
    tasks = {"T": 0.9, "B": 0.8, "NK": NAN}
    scores = [("auroc", task, value) for task, value in tasks.items()]
    scores += [("accuracy", "*", 0.9), ("accuracy", "T", 0.9), ("accuracy", "B", 0.9)]
    rows = [
        {"replicate": 1, "split": "test", "task": task, "against": "all", "metric": metric}
        | {"value": value, "model": "explainn"}
        for metric, task, value in [*scores, ("accuracy", "NK", NAN)]
    ]
    frame = pd.DataFrame(rows)
    base = pd.concat(
        [frame.assign(model=model, value=frame.value - 0.2) for model in ("gc", "kmer4")]
    )
    counts = pd.DataFrame(
        [
            {
                "split": split,
                "task": task,
                "positives": 0 if (split, task) == ("train", "NK") else n,
            }
            for split in ("train", "valid", "test")
            for task, n in (("T", 300), ("B", 100), ("NK", 900))
        ]
    )
    whole, by_task = gather_evidence(frame, base, counts)
    assert (whole.value, whole.accuracy, whole.chance) == (pytest.approx(0.85), 0.9, 0.75)
    assert (whole.train_positives, whole.test_positives) == (200, 200)
    assert by_task["NK"].train_positives == 0
    word, reason, _ = judge(by_task["NK"])
    assert word == "unusable"
    assert (
        reason == "The training part has no example of this task or class, so it cannot be learnt."
    )
    record = verdict_record("d", "explainn", 1, whole, by_task)
    assert "1 of 3 tasks is weak or unusable: NK." in record["reason"]
