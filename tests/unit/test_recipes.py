"""Recipes: what the robust one changes, and that the paper's changes nothing."""

from __future__ import annotations

import numpy as np
import torch
from test_training import model_for, planted

from nfexplainn import dna
from nfexplainn.recipes import epoch_codes, shifted, start_from_words
from nfexplainn.training import TrainingOptions, train


def test_paper_leaves_the_sequences() -> None:
    dataset = planted(100)
    expected = dataset.codes[dataset.rows("train")]
    assert np.array_equal(epoch_codes(dataset, "paper", (1, 2)), expected)


def test_shifts_move_by_at_most_ten_and_fill_with_n() -> None:
    codes = np.tile(np.arange(40, dtype=np.uint8) % 4, (500, 1))
    codes[:, 20] = 9  # a mark to find again
    moved = shifted(codes, np.random.default_rng(0))
    where = moved.argmax(axis=1)
    assert (moved.max(axis=1) == 9).all()
    assert set(where - 20) == set(range(-10, 11))
    left = moved[where == 15][0]
    assert (left[-5:] == dna.N_CODE).all() and left[-6] == codes[0, -1]


def test_shuffles_are_fresh_and_keep_the_dinucleotides() -> None:
    dataset = planted(100, extra={"negatives": "shuffle"})
    before = dataset.codes.copy()
    labels = dataset.labels[dataset.rows("train"), 0]
    one, again, two = (epoch_codes(dataset, "robust", seed) for seed in ((1, 1), (1, 1), (1, 2)))
    assert np.array_equal(one, again)
    assert not np.array_equal(one[labels == 0], two[labels == 0])
    assert np.array_equal(dataset.codes, before)
    # A shift cuts an end off; the composition of what is left stays near that of its parent.
    parents = dataset.codes[dataset.rows("train")][labels == 1]
    shares = [(codes[codes < 4] == 1).mean() for codes in (one[labels == 0], parents)]
    assert abs(shares[0] - shares[1]) < 0.05


def test_given_negatives_are_not_shuffled() -> None:
    dataset = planted(100)
    rows = dataset.rows("train")
    moved = epoch_codes(dataset, "robust", (1, 1))
    for row, codes in zip(rows, moved, strict=True):
        text, original = dna.decode(codes[None])[0], dna.decode(dataset.codes[row][None])[0]
        assert text.strip("N") in original


def test_filters_start_from_the_planted_word() -> None:
    dataset = planted(600)
    model = model_for(dataset, units=10)
    assert start_from_words(model, dataset) == 3
    word = np.array([3, 2, 0, 1, 3, 1, 0, 3])
    weight = model.convolution[0].weight.detach().numpy()
    best = 0
    for unit in range(3):
        spelt = np.where(weight[unit].max(axis=0) > 0.29, weight[unit].argmax(axis=0), 9)
        for strand in (word, (3 - word)[::-1]):
            for start in range(-3, 5):
                at = np.arange(max(0, start), min(9, start + 8))
                best = max(best, int((spelt[at] == strand[at - start]).sum()))
    assert best >= 6


def test_robust_training_runs_and_is_reproducible() -> None:
    dataset = planted(200, extra={"negatives": "shuffle"})
    states = []
    for _ in range(2):
        model = model_for(dataset)
        start_from_words(model, dataset)
        options = TrainingOptions(max_epochs=2, recipe="robust")
        train(model, dataset, options, report=lambda _: None)
        states.append(model.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
