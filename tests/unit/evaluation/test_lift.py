"""Supported motifs lift weak verdicts: each threshold from both sides, and what is said of it."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nfexplainn.evaluation.gather import gather_evidence
from nfexplainn.evaluation.lift import LiftingMotif, SupportedMotifs, supported_motifs
from nfexplainn.evaluation.thresholds import Thresholds
from nfexplainn.evaluation.verdict import Evidence, judge, verdict_record

SHORT = Evidence("auroc", 0.93, 0.02, 3, 0.6, 0.95, 800, 100)  # 4-mers do better
MOTIF = LiftingMotif("row_001", "KLF1", 0.1234, 0.0912, 0.1567, 0.41, 0.831, 0.802)
SENTENCE = (
    "The motif KLF1 (row_001) raises the verdict from weak to usable: without it the loss"
    " on unseen sequences rises by 0.12 nats (95 % interval 0.091 to 0.16), 41 % of what the model"
    " explains, and by itself it reaches AUROC 0.83 (at least 0.80)."
)


def row(**changes: Any) -> dict[str, Any]:
    found = {"task": "a", "motif": "row_001", "name": "KLF1", "supported": "true", "gain": 0.02}
    found |= {"gain_low": 0.01, "gain_high": 0.03, "share": 0.1, "alone": 0.6, "alone_low": 0.55}
    return found | changes


def motifs_of(
    *rows: dict[str, Any], loss: str = "bce", low: tuple[str, ...] = ()
) -> SupportedMotifs:
    names = list(dict.fromkeys(one["task"] for one in rows)) or ["a"]
    tasks = pd.DataFrame({"task": names, "loss_function": [loss] * len(names)})
    return supported_motifs(pd.DataFrame(list(rows)), tasks, low)


@pytest.mark.parametrize(
    ("changes", "lifts"),
    [
        ({}, True),
        ({"gain_low": 0.0099}, False),
        ({"share": 0.099}, False),
        ({"alone_low": 0.549}, False),
        ({"share": math.nan}, False),
        ({"alone_low": math.nan}, False),
        ({"supported": "false"}, False),
    ],
)
def test_each_threshold_from_both_sides(changes: dict[str, Any], lifts: bool) -> None:
    assert (motifs_of(row(**changes)).of_task("a") is not None) == lifts


def test_low_complexity_and_other_losses_lift_nothing() -> None:
    assert motifs_of(row(), low=("row_001",)).of_task("a") is None
    assert motifs_of(row(), loss="mse").of_task("a") is None
    assert motifs_of(row(), loss="pearson").of_task("a") is None
    both = motifs_of(row(motif="row_001", share=0.9), row(motif="row_002"), low=("row_001",))
    assert both.of_task("a") is not None and both.of_task("a").motif == "row_002"  # type: ignore[union-attr]
    assert both.count(["a"]) == 2 and both.count(["b"]) is None


def test_the_largest_share_is_told_and_a_missing_name_is_none() -> None:
    found = motifs_of(row(share=0.2), row(motif="row_002", name=math.nan, share=0.3)).of_task("a")
    assert found is not None and (found.motif, found.name) == ("row_002", "")
    assert found.sentence.startswith("The motif row_002 raises the verdict from weak to usable: ")
    over = dataclasses.replace(found, share=1.3)
    assert "nats (95 % interval 0.01 to 0.03), more than 100 % of what" in over.sentence


def test_half_of_the_tasks_must_have_a_motif_to_lift_them_together() -> None:
    found = motifs_of(row(task="a", share=0.2), row(task="b", motif="row_002", share=0.4))
    assert found.of_all(["a", "b", "c", "d", "e"]) is None
    whole = found.of_all(["a", "b", "c", "d"])
    assert whole is not None and whole.motif == "row_002"
    assert "from weak to usable in 2 of 4 tasks, most in b: without it" in whole.sentence
    joint = motifs_of(row(task="*"), loss="cross_entropy")
    assert joint.of_all(["a", "b"]) == joint.lifting["*"] and joint.of_task("a") is None
    assert joint.count(["a"]) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"value": 0.7, "kmer4": 0.6},
        {"kmer4": 0.8, "test_positives": 12},
        {"kmer4": 0.8, "train_positives": 80},
        {"kmer4": 0.8, "range": 0.2},
    ],
)
def test_weak_becomes_usable_and_says_why(changes: dict[str, Any]) -> None:
    plain = dataclasses.replace(SHORT, **changes)
    word, reason, advice = judge(dataclasses.replace(plain, motif=MOTIF, supported=1))
    assert judge(plain)[0] == "weak" and word == "usable"
    assert reason.endswith(f". {SENTENCE}") and "no evidence of longer" not in reason
    told = judge(plain)[2]
    assert advice == (
        "Trust the motifs that unseen sequences support. For a better score:"
        f" {told[0].lower()}{told[1:]}"
    )


def test_unusable_is_never_lifted_and_usable_says_nothing_of_it() -> None:
    for changes in ({"gc": 0.92}, {"value": 0.55}):
        evidence = dataclasses.replace(SHORT, motif=MOTIF, **changes)
        word, reason, _ = judge(evidence)
        assert word == "unusable" and "lifts" not in reason
        assert verdict_record("d", "explainn", 1, evidence, {})["lifted_by"] is None
    good = dataclasses.replace(SHORT, kmer4=0.8, motif=MOTIF, supported=1)
    word, reason, advice = judge(good)
    assert word == "usable" and "lifts" not in reason
    assert advice == "Trust the motifs that unseen sequences support."
    none = dataclasses.replace(good, motif=None, supported=0)
    assert judge(none)[2] == "Trust the motifs that all replicates support."
    assert verdict_record("d", "explainn", 1, good, {})["lifted_by"] is None


def test_the_record_holds_what_lifted_and_the_thresholds() -> None:
    evidence = dataclasses.replace(SHORT, motif=MOTIF)
    record = verdict_record("d", "explainn", 1, evidence, {"a": evidence, "b": SHORT})
    assert record["verdict"] == "usable"
    assert record["lifted_by"] == record["tasks"]["a"]["lifted_by"] == dataclasses.asdict(MOTIF)
    assert record["tasks"]["b"]["verdict"] == "weak" and record["tasks"]["b"]["lifted_by"] is None
    assert "1 of 2 tasks is weak or unusable: b." in record["reason"]
    limits = Thresholds()
    assert (limits.lift_gain, limits.lift_share, limits.lift_alone) == (0.01, 0.1, 0.55)
    assert record["thresholds"]["lift_gain"] == 0.01
    json.dumps(record, allow_nan=False)


def test_advice_knows_the_recipe_in_use() -> None:
    few = dataclasses.replace(SHORT, kmer4=0.8, train_positives=80)
    for recipe in ("", "robust"):
        assert judge(dataclasses.replace(few, recipe=recipe))[2] == "Give more positives."
    said = judge(dataclasses.replace(few, recipe="paper"))[2]
    assert said.endswith("or leave out --recipe paper: robust, the default, needs fewer.")


def test_motifs_and_recipe_reach_the_tasks_that_they_are_of() -> None:
    scores = pd.DataFrame(
        [
            {"replicate": 1, "split": "test", "task": task, "against": "all", "metric": "auroc"}
            | {"value": value, "model": "explainn"}
            for task, value in (("a", 0.9), ("b", 0.9), ("c", 0.9))
        ]
    )
    base = pd.concat([scores.assign(model=name, value=0.5) for name in ("gc", "kmer4")])
    counts = pd.DataFrame(
        [
            {"split": split, "task": task, "positives": 300}
            for split in ("train", "valid", "test")
            for task in "abc"
        ]
    )
    motifs = motifs_of(row(task="a"), row(task="b", supported="false"))
    whole, by_task = gather_evidence(scores, base, counts, recipe="robust", motifs=motifs)
    assert whole.motif is None and whole.recipe == by_task["a"].recipe == "robust"
    assert by_task["a"].motif == motifs.lifting["a"] and by_task["b"].motif is None
    assert (by_task["a"].supported, by_task["b"].supported, by_task["c"].supported) == (1, 0, None)
    assert whole.supported == 1
    alone, _ = gather_evidence(scores[:1], base[base["task"] == "a"], counts, motifs=motifs)
    assert alone.motif == motifs.lifting["a"]


def test_the_summary_is_told_the_recipe(root: Path) -> None:
    groups = json.loads((root / "nextflow_schema.json").read_text())["$defs"].values()
    (recipe,) = [one["properties"]["recipe"] for one in groups if "recipe" in one["properties"]]
    assert "summarise" in recipe["steps"]
