"""Folds: every sequence is tested once, and nothing sees the parts of another replicate."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfexplainn.data.dataset import (
    Dataset,
    DatasetMeta,
    read_dataset,
    read_meta,
    write_dataset,
    write_header,
)
from nfexplainn.data.splits import deal, fold_chromosomes
from nfexplainn.errors import UserError
from nfexplainn.interpret.replicates import own_parts
from nfexplainn.io.coordinates import read_names


def folded(n: int = 90, folds: int = 5, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % 2).astype(np.float32)[:, None]
    meta = DatasetMeta("d", "sequences", "binary", ("a",), 12, True, 7, folds=folds)
    fold = rng.permutation(np.arange(n) % folds).astype(np.int8)
    codes = rng.integers(0, 4, (n, 12), dtype=np.uint8)
    names = [f"s{row}" for row in range(n)]
    return Dataset(meta, names, codes, np.zeros(0, dtype="<U5"), labels, fold=fold)


@given(st.integers(3, 12), st.integers(1, 3), st.integers(0, 1000))
def test_every_sequence_is_tested_once_and_validates_once(
    folds: int, seeds: int, seed: int
) -> None:
    data = folded(40, folds, seed)
    parts = np.stack([data.of_replicate(r + 1).split for r in range(folds * seeds)])
    assert ((parts == "test").sum(axis=0) == seeds).all()
    assert ((parts == "valid").sum(axis=0) == seeds).all()
    assert ((parts == "train").sum(axis=0) == seeds * (folds - 2)).all()
    assert (parts[:folds] == np.tile(parts[:folds], (seeds, 1))[-folds:]).all()
    assert all(
        (one.split == part).all() for one, part in zip(data.of_folds(), parts[:folds], strict=True)
    )


def test_the_parts_of_no_replicate_are_no_parts() -> None:
    data = folded()
    with pytest.raises(ValueError, match="those of a replicate"):
        data.rows("test")
    with pytest.raises(IndexError):
        data.split[np.arange(3)]


def test_without_folds_all_replicates_have_the_split() -> None:
    one = dataclasses.replace(folded(), fold=None, split=np.array(["train"] * 90))
    one = dataclasses.replace(one, meta=dataclasses.replace(one.meta, folds=1))
    assert one.of_replicate(4) is one and one.of_folds() == [one]


def test_folds_are_written_and_read_in_place_of_a_split(tmp_path: Path) -> None:
    data = folded()
    write_dataset(data, tmp_path / "d.dataset.parquet")
    again = read_dataset(tmp_path / "d.dataset.parquet")
    assert again.meta == data.meta and again.meta.folds == 5
    assert np.array_equal(again.fold, data.fold) and again.fold.dtype == np.int8
    assert again.digest() == data.digest() == data.of_replicate(3).digest()
    assert pq.read_schema(tmp_path / "d.dataset.parquet").names == ["name", "sequence", "fold", "a"]
    write_header(data, tmp_path / "d.header.json")
    assert read_meta(tmp_path / "d.header.json").folds == 5
    other = dataclasses.replace(data, fold=(data.fold + 1).astype(np.int8) % 5)
    assert other.digest() != data.digest()


def test_without_folds_nothing_is_said_of_them(tmp_path: Path) -> None:
    one = dataclasses.replace(folded(), fold=None, split=np.array(["train"] * 90))
    one = dataclasses.replace(one, meta=dataclasses.replace(one.meta, folds=1))
    write_header(one, tmp_path / "d.header.json")
    assert "fold" not in (tmp_path / "d.header.json").read_text()
    assert read_meta(tmp_path / "d.header.json").folds == 1


def test_folds_that_a_file_does_not_hold_are_refused(tmp_path: Path) -> None:
    data = folded()
    write_dataset(dataclasses.replace(data, fold=data.fold + np.int8(1)), tmp_path / "d.parquet")
    with pytest.raises(UserError, match="prepare the data set again"):
        read_dataset(tmp_path / "d.parquet")
    two = dataclasses.replace(data, meta=dataclasses.replace(data.meta, folds=2))
    write_dataset(two, tmp_path / "two.parquet")
    with pytest.raises(UserError, match="prepare the data set again"):
        read_dataset(tmp_path / "two.parquet")


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(3, 10))
def test_folds_keep_groups_and_are_alike_in_size_and_labels(seed, tasks, folds) -> None:
    rng = np.random.default_rng(seed)
    n = 2000
    groups = np.unique(rng.integers(0, 1200, n), return_inverse=True)[1]
    labels = (rng.random((n, tasks)) < rng.uniform(0.1, 0.6, tasks)).astype(np.float32)
    labels[rng.random((n, tasks)) < 0.05] = np.nan
    fold = deal(groups, labels, [1 / folds] * folds, rng)
    assert set(fold.tolist()) == set(range(folds))
    for group in np.unique(groups):
        assert len(np.unique(fold[groups == group])) == 1
    sizes = np.bincount(fold)
    assert abs(sizes - n / folds).max() <= max(0.05 * n / folds, 8)
    for column in labels.T:
        positives = np.bincount(fold[column == 1], minlength=folds)
        assert abs(positives - positives.mean()).max() <= max(0.15 * positives.mean(), 8)


def test_folds_of_chromosomes_hold_whole_ones() -> None:
    rng = np.random.default_rng(1)
    chosen = rng.choice(7, 400, p=[0.3, 0.2, 0.15, 0.15, 0.1, 0.06, 0.04])
    names = [f"chr{c + 1}:{300 * row}-{300 * row + 100}(+)" for row, c in enumerate(chosen)]
    fold, chromosomes = fold_chromosomes(read_names(names), 4)
    assert sorted(name for some in chromosomes for name in some) == [f"chr{c}" for c in range(1, 8)]
    for place, some in enumerate(chromosomes):
        held = {f"chr{c + 1}" for c in chosen[fold == place]}
        assert held == set(some)
    assert np.bincount(fold).min() >= 60
    with pytest.raises(UserError, match=r"7 chromosomes .*use fewer folds, or split_by random"):
        fold_chromosomes(read_names(names), 8)
    with pytest.raises(UserError, match="no coordinates"):
        fold_chromosomes(read_names(["x", "y"]), 3)


def test_a_run_has_the_parts_that_its_name_tells() -> None:
    data = folded()
    assert (own_parts(data, "d.explainn.r7").split == data.of_replicate(2).split).all()
    with pytest.raises(UserError, match=r"<dataset>\.<model>\.r<replicate>"):
        own_parts(data, "d")
    one = dataclasses.replace(data, fold=None, split=np.array(["train"] * 90))
    assert own_parts(one, "d") is one
