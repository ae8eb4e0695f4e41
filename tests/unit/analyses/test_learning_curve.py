"""Learning curves: subsets, the fit, and a small one from end to end."""

from __future__ import annotations

import csv
import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from nfexplainn.analyses.learning_curve.fit import doubled
from nfexplainn.analyses.learning_curve.measure import Point
from nfexplainn.analyses.learning_curve.report import answer, write_learning_curves
from nfexplainn.analyses.learning_curve.subsets import SHARES, draws, subset
from nfexplainn.data.dataset import Dataset, DatasetMeta, write_dataset
from nfexplainn.io.coordinates import read_names, shuffle_name
from nfexplainn.page.load import load_inputs
from nfexplainn.page.mqc import Page


def make(pairs: int, folds: int = 1, word: bool = False) -> Dataset:
    """Positives, half of them with a word, and a negative that is called a shuffle of each."""
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 4, (2 * pairs, 60)).astype(np.uint8)
    if word:
        codes[:pairs, 20:29] = np.array([0, 1, 2, 3, 3, 0, 2, 1, 1], dtype=np.uint8)
    names = [f"s{row}" for row in range(pairs)]
    names += [shuffle_name(name, 1) for name in names]
    labels = np.repeat(np.float32([1, 0]), pairs)[:, None]
    part = rng.choice(["train", "valid", "test"], pairs, p=[0.6, 0.2, 0.2])
    fold = rng.integers(0, folds, pairs).astype(np.int8) if folds > 1 else None
    meta = DatasetMeta("d", "sequences", "binary", ("d",), 60, True, 42, folds=folds)
    split = np.concatenate([part, part]) if fold is None else np.zeros(0, dtype="U5")
    both = None if fold is None else np.concatenate([fold, fold])
    return Dataset(meta, names, codes, split, labels, fold=both)


def points(scores: dict[float, list[float]], size: int = 1600) -> list[Point]:
    return [
        Point(share, number, round(size * share), 0, "auprc", score, 0)
        for share, own in scores.items()
        for number, score in enumerate(own, 1)
    ]


@pytest.mark.parametrize("share", SHARES)
def test_a_subset_keeps_the_test_part_the_labels_and_families(share: float) -> None:
    dataset = make(400)
    own = subset(dataset, share, 1)
    at = {name: row for row, name in enumerate(dataset.names)}
    rows = np.array([at[name] for name in own.names])
    assert np.array_equal(own.codes, dataset.codes[rows])
    assert set(rows[own.rows("test")]) == set(dataset.rows("test"))
    for part in ("train", "valid"):
        labels = own.labels[own.rows(part), 0]
        assert labels.sum() == len(labels) / 2
        assert len(labels) == pytest.approx(share * len(dataset.rows(part)), abs=2)
    parents = read_names(own.names).parent
    assert (parents >= 0).sum() == len(own) / 2  # each shuffle found its parent
    assert list(subset(dataset, share, 1).names) == list(own.names)
    assert share == 1 or list(subset(dataset, share, 2).names) != list(own.names)


def several(tasks: int, rare: int = 0) -> Dataset:
    """Most sets of labels occur once; `rare` sequences alone are positives of the last task."""
    rng = np.random.default_rng(4)
    labels = (rng.random((3000, tasks)) < 0.3).astype(np.float32)
    labels[:, -1] = 0
    labels[:rare, -1] = 1
    meta = DatasetMeta("d", "matrix", "multilabel", tuple("abcdefghijkl"[:tasks]), 60, True, 42)
    codes = rng.integers(0, 4, (3000, 60)).astype(np.uint8)
    split = np.resize(["train", "train", "train", "valid", "test"], 3000)
    return Dataset(meta, [f"s{row}" for row in range(3000)], codes, split, labels)


@pytest.mark.parametrize("share", SHARES)
def test_a_share_is_one_also_where_most_sets_of_labels_occur_once(share: float) -> None:
    dataset = several(12, rare=8)
    own = subset(dataset, share, 1)
    assert len(own.rows("train")) == pytest.approx(share * 1800, abs=3)
    drawn, given = (one.labels[one.rows("train")].sum(axis=0) for one in (own, dataset))
    assert np.abs(drawn - share * given)[:-1].max() < 4 * np.sqrt(given.max() * share)
    assert drawn[-1] >= 1  # a task keeps its rare class


def test_with_folds_each_is_the_test_part_once() -> None:
    dataset = make(900, folds=5)
    found = list(draws(dataset))
    assert [(share, number) for share, number, _ in found] == [
        (share, number) for share in SHARES for number in range(1, 6)
    ]
    for _, number, own in found:
        assert own.fold is None and own.meta.folds == 1
        assert dataset.fold is not None
        assert len(own.rows("test")) == (dataset.fold == number - 1).sum()


def test_shares_of_few_sequences_are_left_out() -> None:
    assert {share for share, _, _ in draws(make(200))} == {0.5, 1.0}
    assert doubled(points({0.5: [0.8, 0.8], 1.0: [0.85, 0.85]})) is None


def test_a_power_law_is_drawn_on_exactly() -> None:
    found = doubled(points({share: [1 - 0.4 * (1600 * share) ** -0.25] * 3 for share in SHARES}))
    assert found is not None
    expected = 1 - 0.4 * 3200**-0.25
    assert found.now == pytest.approx(1 - 0.4 * 1600**-0.25)
    for value in (found.score, found.low, found.high):
        assert value == pytest.approx(expected, abs=1e-9)


def test_folds_of_other_difficulty_do_not_widen_the_interval() -> None:
    rng = np.random.default_rng(1)
    offsets = rng.normal(0, 0.3, 5)
    scores = {
        share: [float(1 - 0.4 * np.exp(offset) * (1600 * share) ** -0.25) for offset in offsets]
        for share in SHARES
    }
    found = doubled(points(scores))
    assert found is not None and found.high - found.low < 1e-9


def test_the_interval_holds_what_it_says() -> None:
    """Of 2,000 power laws with noise; the mean of as many trainings at twice the data."""
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(2000):
        slope, level = rng.uniform(0.05, 0.5), rng.uniform(0.5, 3)

        def score(size: float, slope: float = slope, level: float = level) -> float:
            return float(1 - np.exp(np.log(level) - slope * np.log(size) - 1 + rng.normal(0, 0.05)))

        found = doubled(points({s: [score(1600 * s) for _ in range(3)] for s in SHARES}))
        assert found is not None
        met = 1 - np.exp(np.mean([np.log1p(-score(3200)) for _ in range(3)]))
        inside += found.low <= met <= found.high
    assert 0.935 <= inside / 2000 <= 0.965


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        ((0.012, 0.004, 0.02), "would add about 0.012 to the AUPRC (0.004 to 0.020)"),
        ((0.01, -0.01, 0.03), "would add about 0.010 to the AUPRC, and perhaps nothing"),
        ((-0.01, -0.03, 0.01), "would not measurably add to the AUPRC ("),
        ((0.001, -0.001, 0.002), "would add almost nothing to the AUPRC"),
    ],
)
def test_what_twice_the_data_would_add(gain: tuple[float, float, float], said: str) -> None:
    assert answer({"metric": "auprc", "doubling": {"gain": gain}}).startswith(said)


def test_from_file_to_page(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dataset(make(800, word=True), tmp_path / "d.dataset.parquet")
    options = {"units": 5, "filter_length": 11, "max_epochs": 15, "recipe": "paper", "seed": 42}
    (tmp_path / "options.json").write_text(json.dumps(options))
    arguments = ["--dataset", str(tmp_path / "d.dataset.parquet"), "--id", "d"]
    arguments += ["--options", str(tmp_path / "options.json"), "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["learning_curve.py", *arguments])
    runpy.run_path(str(root / "bin" / "learning_curve.py"), run_name="__main__")
    with (tmp_path / "d.learning_curve.tsv").open() as handle:
        found = list(csv.DictReader(handle, delimiter="\t"))
    assert len(found) == 12 and {row["metric"] for row in found} == {"auprc"}
    best = [float(row["value"]) for row in found if row["train_share"] == "1"]
    assert min(best) > 0.9
    files = [tmp_path / f"d.learning_curve.{ending}" for ending in ("tsv", "json")]
    (tmp_path / "d.status.json").write_text('{"dataset": "d", "state": "ok"}')
    inputs = load_inputs([*files, tmp_path / "d.status.json"], {}, {})
    page = Page(tmp_path / "page")
    write_learning_curves(page, inputs)
    sections = {path.stem: path.read_text() for path in (tmp_path / "page").glob("*_mqc.json")}
    assert any("Twice the data" in text for text in sections.values())
    assert (tmp_path / "page" / "tables" / "learning_curve.tsv").is_file()
