"""Verdict and scores with folds: means over them, and all held-out sequences count."""

from __future__ import annotations

import pandas as pd
import pytest

from nfexplainn.evaluation.gather import gather_evidence
from nfexplainn.evaluation.verdict import judge, verdict_record
from nfexplainn.page.load import DatasetResult, ModelResult
from nfexplainn.page.scores import baseline_scores, largest_class, model_scores, pick

COUNTS = pd.DataFrame(
    [
        {"split": f"fold_{fold}", "task": task, "positives": positives}
        for fold in range(1, 6)
        for task, positives in (("*", 30), ("a", 24), ("b", 12))
    ]
)


def rows(values: dict[tuple[int, str], float | None], model: str = "explainn", split: str = "test"):
    fixed = {"against": "all", "metric": "auroc", "model": model, "split": split}
    return pd.DataFrame(
        [{"replicate": r, "task": t, "value": v} | fixed for (r, t), v in values.items()]
    )


def baselines(folds: int = 5, worst: float = 0.5) -> pd.DataFrame:
    values = {(f, t): worst + 0.01 * f for f in range(1, folds + 1) for t in ("a", "b")}
    gc = dict.fromkeys(values, 0.5)
    return pd.concat([rows(gc, "gc"), rows(values, "kmer4")])


def test_the_verdict_is_of_the_mean_over_folds_and_counts_all_that_was_held_out() -> None:
    own = {1: 0.9, 2: 0.8, 3: 0.95, 4: 0.7, 5: 0.85}
    scores = rows({(r, t): v for r, v in own.items() for t in ("a", "b")})
    evidence, by_task = gather_evidence(scores, baselines(), COUNTS, folds=5)
    assert evidence.value == pytest.approx(0.84) and evidence.range == pytest.approx(0.25)
    assert evidence.kmer4 == pytest.approx(0.53)
    # Each of the 24 positives of five folds is trained on (by three models) and tested once.
    assert by_task["a"].test_positives == by_task["a"].train_positives == 120
    assert judge(by_task["a"])[0] == "usable"
    word, reason, _ = judge(by_task["b"])
    assert by_task["b"].test_positives == 60 and word == "weak"
    assert (
        "There are only 60 positives that the folds' models are trained on (under 100)." in reason
    )
    assert "range 0.25" in reason and "differ by more" not in reason and "held out" not in reason
    record = verdict_record("d", "explainn", 1, evidence, by_task)
    assert record["folds"] == 5 and "mean over 5 folds" in record["reason"]


def test_seeds_of_a_fold_count_once_and_a_lost_fold_is_told() -> None:
    values = {1: 0.9, 2: 0.6, 3: 0.6, 6: 0.7, 8: 0.8, 11: 0.8}  # folds 1 (thrice), 2, 3 (twice)
    scores = rows({(r, t): v for r, v in values.items() for t in ("a", "b")})
    evidence, by_task = gather_evidence(scores, baselines(), COUNTS, folds=5)
    assert evidence.value == pytest.approx((0.8 + 0.6 + 0.7) / 3)
    assert evidence.kmer4 == pytest.approx(0.52)  # of the same folds
    assert by_task["a"].test_positives == 72
    assert "mean over 3 of 5 folds" in judge(evidence)[1]


def test_of_lost_folds_only_what_was_trained_on_counts() -> None:
    """Of three folds one trains while the next is tested: replicate 2 is trained on fold 1."""
    counts = COUNTS[COUNTS["split"].isin(["fold_1", "fold_2", "fold_3"])].assign(
        positives=lambda frame: frame["positives"] + 10 * frame["split"].str[-1].astype(int)
    )
    scores = rows({(2, "a"): 0.9, (2, "b"): 0.9})
    _, by_task = gather_evidence(scores, baselines(3), counts, folds=3)
    assert by_task["a"].train_positives == 34 and by_task["a"].test_positives == 44
    scores = rows({(r, t): 0.9 for r in (1, 2) for t in "ab"})
    _, by_task = gather_evidence(scores, baselines(3), counts, folds=3)
    assert by_task["a"].train_positives == 34 + 54 and by_task["a"].test_positives == 34 + 44
    assert "34 positives held out" not in judge(by_task["a"])[1]
    few = counts.assign(positives=5)
    _, by_task = gather_evidence(scores, baselines(3), few, folds=3)
    assert "trained on (under 100) and 10 positives held out (under 20)" in judge(by_task["a"])[1]


def test_one_split_has_no_folds_in_its_verdict() -> None:
    counts = pd.DataFrame(
        [{"split": s, "task": "a", "positives": 200} for s in ("train", "valid", "test")]
    )
    base = baselines(1).query("task == 'a'").assign(replicate=None)
    evidence, by_task = gather_evidence(rows({(1, "a"): 0.9, (2, "a"): 0.7}), base, counts)
    assert "folds" not in verdict_record("d", "explainn", 1, evidence, by_task)
    assert "differ by more" in judge(evidence)[1]


def told(replicate: int, value: str, n: str, positives: str, split: str = "test") -> dict[str, str]:
    return {
        **{"replicate": str(replicate), "split": split, "task": "a", "against": "all"},
        **{"metric": "auprc", "value": value, "n": n, "positives": positives},
        **{"prevalence": str(int(positives) / int(n)), "note": "", "model": "gc"},
    }


def test_the_page_averages_over_folds_and_adds_up_what_they_test() -> None:
    metrics = {
        1: [told(1, "0.9", "100", "50"), told(1, "1", "300", "150", "train")],
        2: [told(2, "0.6", "80", "20"), told(2, "1", "300", "150", "train")],
        3: [told(3, "0.6", "120", "60")],
        4: [told(4, "0.7", "100", "50")],
    }
    model = ModelResult("d", "explainn", metrics=metrics, folds=3)
    score = pick(model_scores(model), "a", "auprc")
    assert score.mean == pytest.approx((0.8 + 0.6 + 0.6) / 3) and len(score.values) == 4
    assert (score.n, score.positives) == (300, 130) and score.prevalence == pytest.approx(130 / 300)
    assert pick(model_scores(model), "a", "auprc", "train").n == 300
    counts = [
        {"split": f"fold_{f}", "task": t, "positives": p}
        for f in (1, 2, 3)
        for t, p in (("*", "9"), ("a", "6"), ("b", "3"))
    ]
    baseline = [row for rows in metrics.values() for row in rows if int(row["replicate"]) < 4]
    data = DatasetResult("d", "ok", "", "", {"folds": 3}, counts, [], [], baseline, (model,))
    assert largest_class(data) == pytest.approx(2 / 3)
    assert pick(baseline_scores(data, "gc"), "a", "auprc").mean == pytest.approx(0.7)
