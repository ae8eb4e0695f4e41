"""Recipes: what the robust one changes, and that the paper's changes nothing."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset
from nfexplainn.native import library
from nfexplainn.training.loop import TrainingOptions
from nfexplainn.training.native_learner import NativeLearner
from nfexplainn.training.recipes import epoch_codes, shifted
from training_fixtures import planted, trained


def test_paper_trains_on_the_sequences_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = planted(100)
    expected = {row.tobytes() for row in dataset.codes[dataset.rows("train")]}
    seen: set[bytes] = set()
    step = NativeLearner.step

    def spy(self: NativeLearner, batch: np.ndarray, *rest: Any) -> float:
        seen.update(row.tobytes() for row in batch)
        return step(self, batch, *rest)

    monkeypatch.setattr(NativeLearner, "step", spy)
    options = TrainingOptions(max_epochs=1, reverse_complement=False, recipe="paper")
    trained("native", dataset, options, units=2)
    assert seen == expected


def test_shifts_are_uniform_over_all_places() -> None:
    codes = np.tile(np.arange(60, dtype=np.uint8), (2100, 1))
    moved = shifted(codes, 40, np.random.default_rng(0))
    assert moved.shape == (2100, 40) and (np.diff(moved.astype(int), axis=1) == 1).all()
    counts = np.bincount(moved[:, 0], minlength=21)
    assert len(counts) == 21 and counts.min() > 60 and counts.max() < 145


def test_without_a_genome_n_moves_in() -> None:
    dataset = planted(100)
    length = dataset.meta.length
    moved = epoch_codes(dataset, (1, 1))
    for before, after in zip(dataset.codes[dataset.rows("train")], moved, strict=True):
        padded = np.pad(before, 10, constant_values=dna.N_CODE)
        assert any(np.array_equal(padded[at : at + length], after) for at in range(21))


def with_flanks(dataset: Dataset) -> Dataset:
    """Give every sequence the flanks AAAAAAAAAA and CCCCCCCCCC."""
    flanks = np.repeat(np.array([[0] * 10 + [1] * 10], dtype=np.uint8), len(dataset), axis=0)
    return dataclasses.replace(dataset, flanks=flanks)


def test_with_a_genome_the_real_flanks_move_in() -> None:
    dataset = with_flanks(planted(100))
    rows, length = dataset.rows("train"), dataset.meta.length
    whole = np.concatenate(
        [dataset.flanks[rows, :10], dataset.codes[rows], dataset.flanks[rows, 10:]], axis=1
    )
    moved = epoch_codes(dataset, (1, 1))
    assert (moved < dna.N_CODE).sum() == (whole[:, :length] < dna.N_CODE).sum()
    for one, other in zip(moved, whole, strict=True):
        assert any(np.array_equal(other[at : at + length], one) for at in range(21))
    shuffling = dataclasses.replace(
        dataset, meta=dataclasses.replace(dataset.meta, extra={"negatives": "shuffle"})
    )
    moved = epoch_codes(shuffling, (1, 1))
    assert (moved < dna.N_CODE).all()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_kernel_shuffles_too(threads: int) -> None:
    try:
        library.load()
    except library.KernelError as error:
        pytest.skip(str(error))
    dataset = with_flanks(planted(100, extra={"negatives": "shuffle"}))
    seeds = ((1, 1), (1, 1), (1, 2))
    one, again, two = (epoch_codes(dataset, seed, native=True, threads=threads) for seed in seeds)
    negative = dataset.labels[dataset.rows("train"), 0] == 0
    assert np.array_equal(one, again) and not np.array_equal(one[negative], two[negative])
    by_numpy = epoch_codes(dataset, (1, 1))
    assert one.shape == by_numpy.shape
    pairs = [
        np.bincount((c[:, :-1].astype(int) * 4 + c[:, 1:]).ravel())
        for c in (one[negative], by_numpy[negative])
    ]
    np.testing.assert_allclose(pairs[0], pairs[1], rtol=0.1, atol=60)


def test_shuffles_are_fresh_and_keep_the_dinucleotides() -> None:
    dataset = planted(100, extra={"negatives": "shuffle"})
    before = dataset.codes.copy()
    labels = dataset.labels[dataset.rows("train"), 0]
    one, again, two = (epoch_codes(dataset, seed) for seed in ((1, 1), (1, 1), (1, 2)))
    assert np.array_equal(one, again)
    assert not np.array_equal(one[labels == 0], two[labels == 0])
    assert np.array_equal(dataset.codes, before)
    # A shift cuts an end off; the composition of what is left stays near that of its parent.
    parents = dataset.codes[dataset.rows("train")][labels == 1]
    shares = [(codes[codes < 4] == 1).mean() for codes in (one[labels == 0], parents)]
    assert abs(shares[0] - shares[1]) < 0.05


def test_padding_is_not_shuffled_into_the_reads() -> None:
    dataset = planted(100, extra={"negatives": "shuffle", "pad": 5})
    codes = dataset.codes.copy()
    codes[:, :5] = codes[:, -5:] = dna.N_CODE
    padded = dataclasses.replace(dataset, codes=codes)
    for native in (False, True):
        if native:
            try:
                library.load()
            except library.KernelError:
                continue
        for row in epoch_codes(padded, (1, 1), native=native):
            known = np.flatnonzero(row < dna.N_CODE)
            assert (row[known[0] : known[-1] + 1] < dna.N_CODE).all()


def test_given_negatives_are_not_shuffled() -> None:
    dataset = planted(100)
    rows = dataset.rows("train")
    moved = epoch_codes(dataset, (1, 1))
    for row, codes in zip(rows, moved, strict=True):
        text, original = dna.decode(codes[None])[0], dna.decode(dataset.codes[row][None])[0]
        assert text.strip("N") in original
