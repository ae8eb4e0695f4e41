"""The benchmark of the evidence: its sets, its parts, what it measures, and going on."""

from __future__ import annotations

import sys
from pathlib import Path

import evidence
import evidence_sets
import numpy as np
import pytest
import verdicts

from nfexplainn.motifs.motif import MotifSet

SMALL = ("--positives", "150", "--units", "6", "--epochs", "2", "--fresh", "400")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["evidence.py", *SMALL, *arguments])
    evidence.main()


@pytest.mark.parametrize("kind", ["planted", *evidence_sets.NULLS])
def test_folds_hold_out_every_sequence_once_and_keep_a_shuffle_with_its_parent(kind: str) -> None:
    dataset = evidence_sets.make_set(kind, 100, 1)
    assert (len(dataset), dataset.labels.mean()) == (200, 0.5)
    sets = evidence_sets.parts(dataset, 5, 3, 1)
    test = np.stack([one.split == "test" for one in sets])
    valid = np.stack([one.split == "valid" for one in sets])
    assert (test.sum(axis=0) == 1).all() and test.sum(axis=1).tolist() == [40] * 5
    assert np.array_equal(valid, np.roll(test, -1, axis=0))
    if kind != "negatives":
        assert np.array_equal(test[:, :100], test[:, 100:])
    if kind in ("planted", "random"):
        assert all(one.labels[one.rows("test")].mean() == 0.5 for one in sets)


def test_real_negatives_are_windows_apart() -> None:
    names = evidence_sets.make_set("negatives", 100, 1).names
    assert len(set(names)) == 200 and all(name.startswith("chr") for name in names)


def test_a_second_start_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "runs.tsv"
    asked = ("--only", "planted", "interval", "--folds", "3", "--table", str(table))
    run(monkeypatch, *asked, "--sets", "1")
    first = table.read_text()
    monkeypatch.setattr(evidence, "run_case", None)  # nothing is computed again
    run(monkeypatch, *asked, "--sets", "1")
    assert table.read_text() == first and first.count("\n") == 3
    line = dict(zip(*(row.split("\t") for row in first.splitlines()[:2]), strict=True))
    assert float(line["exact"]) < 1e-6 and line["unseen"] == "300"
    assert line["steps"].count(" | ") == 2  # each fold selects by itself
    said = capsys.readouterr().out
    assert "evidence\tplanted planted 150 robust 3 3 6: largest error of a gain\t" in said


def test_what_sets_show_together() -> None:
    planted = dict.fromkeys(evidence.COLUMNS, "") | {
        **{"supported": "3", "found": "2", "false": "1", "exact": "1e-9", "chosen_false": "0"},
        **{"chosen_loss": ".5", "full_loss": ".49", "train_seconds": "1", "evidence_seconds": "1"},
    }
    none = planted | {"supported": "0", "found": "0", "false": "0", "chosen_false": "1"}
    found = {name: ours for name, ours, _ in evidence.summary([planted, none], "planted x")}
    assert found["sets with 2 of 4 supported, of 5"] == 2.5
    assert found["false proportion"] == pytest.approx(1 / 6)
    assert found["false rows in 5 sets"] == 2.5
    assert found["minimal model planted alone, of 5"] == 2.5
    assert found["its test loss less the full model's, worst"] == pytest.approx(0.01)
    held = none | {"intervals": "A:1:0:2:1.5 none:1:0:2:3"}
    found = {name: ours for name, ours, _ in evidence.summary([held, held], "interval x")}
    assert (
        found["intervals that hold, A, of 2"] == 2 and found["intervals that hold, none, of 2"] == 0
    )


def test_why_a_verdict_changed() -> None:
    def record(verdict: str, lifted: bool = False) -> dict[str, object]:
        return {"verdict": verdict, "lifted_by": {"name": "X"} if lifted else None}

    assert verdicts.why(record("weak"), record("weak")) == "the same"
    assert verdicts.why(record("weak"), record("usable", True)) == "a supported motif lifts it"
    assert verdicts.why(record("weak"), record("usable")) == "the recipe's scores pass"
    assert verdicts.why(record("usable"), record("weak")) == "the recipe's scores fail"


def test_the_rules_follow_the_scores() -> None:
    facts = "Test AUROC 0.85 (median of 3 replicates, range 0.03), against 0.79 with 4-mers."
    assert verdicts.rules({"reason": f"{facts} There are few."}) == "There are few."
    assert verdicts.rules({"reason": facts}) == ""


def test_with_folds_two_counts_of_what_trains_are_judged(tmp_path: Path) -> None:
    """110 positives in three folds: a model is trained on a third of them, and each trains one."""
    demo = next(verdicts.sources(tmp_path))
    some = verdicts.cut(demo, 110, tmp_path)
    assert verdicts.count(some) == 110 < verdicts.count(demo)
    dataset = verdicts.prepared(some, tmp_path, folds=3)
    assert dataset.meta.folds == 3 and (dataset.labels == 1).sum() == 110
    records, lifting, _ = verdicts.judge_folds(dataset, MotifSet(()), epochs=1)
    said = "There are only 37 positives that the folds' models are trained on (under 100)."
    assert (
        said in records["before"]["reason"] and "positives that" not in records["after"]["reason"]
    )
    assert lifting.count(dataset.meta.tasks) is not None
    anew = verdicts.dealt_anew(dataset)
    for fold in range(3):
        labels = (one.labels[one.fold == fold] == 1 for one in (dataset, anew))
        assert next(labels).sum() == next(labels).sum()
    assert 80 < (anew.labels != dataset.labels).sum() < 140


def test_what_the_count_changes_is_told() -> None:
    lifted, plain = ({"verdict": "usable", "lifted_by": by} for by in ({"name": "X"}, None))
    weak = {"verdict": "weak", "lifted_by": None}
    assert verdicts.why_folded(weak, plain) == "each positive counts"
    assert verdicts.why_folded(lifted, plain) == "the same without a lift"
    assert verdicts.why_folded(weak, weak) == verdicts.why_folded(lifted, lifted) == "the same"
