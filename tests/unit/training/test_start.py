"""Where weights start: as drawn, from profiles, or from what the training part holds."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset
from nfexplainn.models.explainn_weights import initial_weights
from nfexplainn.motifs.motif import Motif
from nfexplainn.training.loop import TrainingOptions
from nfexplainn.training.native_learner import NativeLearner
from nfexplainn.training.start import SEEDED_FINAL, pwm_seeds, start_of
from training_fixtures import WORD, both_kernels, config_for, planted, train_weights

FILTERS, FINAL = "linears.0.weight", "final.weight"


def settled(**given: Any) -> TrainingOptions:
    return TrainingOptions(**given).settled(seeded=True)


def test_the_paper_starts_all_weights_at_random() -> None:
    dataset = planted(200)
    config, options = config_for(dataset), settled(recipe="paper")
    start = start_of(config, (), dataset, options)
    drawn = initial_weights(config, options.seed)
    assert all(np.array_equal(start.weights[name], drawn[name]) for name in drawn)


def test_a_third_of_the_filters_start_from_pwms_and_words_and_the_others_as_drawn() -> None:
    dataset = planted(600, extra={"negatives": "shuffle"})
    config = config_for(dataset, units=20)
    options = settled(motif_seeds=1, seed_copies=3)
    drawn = initial_weights(config, options.seed)
    weights = start_of(config, (), dataset, options).weights
    changed = (weights[FILTERS] != drawn[FILTERS]).any(axis=(1, 2)).tolist()
    assert changed == [True] * 6 + [False] * 14
    assert np.allclose(weights[FINAL][:, :3], SEEDED_FINAL)
    assert np.array_equal(weights[FINAL][:, 3:], drawn[FINAL][:, 3:])
    assert (weights["linears.10.weight"][:3] >= 0).all()
    spelt = weights[FILTERS][:3].argmax(axis=1)
    both = [WORD, dna.reverse_complement(WORD[None])[0]]
    assert all(
        any((row[:8] == word).all() or (row[1:] == word).all() for word in both) for row in spelt
    )


def test_a_seeded_unit_rises_with_a_match() -> None:
    dataset = planted(600, extra={"negatives": "shuffle"})
    config = config_for(dataset, units=20)
    weights = start_of(config, (), dataset, settled(motif_seeds=1, seed_copies=3)).weights
    learner = NativeLearner(config, weights, seed=1)
    outputs = learner.model.units.forward(dataset.codes, 1)[:, :3]
    labels = dataset.labels[:, 0]
    assert (outputs[labels == 1].mean(axis=0) > outputs[labels == 0].mean(axis=0)).all()


def test_profiles_are_started_from_whatever_the_recipe() -> None:
    dataset = planted(200)
    profile = Motif("p", "p", np.eye(4)[WORD], 100)
    start = start_of(config_for(dataset, units=2), (profile,), dataset, settled())
    assert len(start.profiles) == 2
    options = TrainingOptions().settled(seeded=False)
    assert (options.learning_rate, options.unit_penalty, options.motif_seeds) == (0.003, 0, 0)


@pytest.mark.parametrize("task_type", ["binary", "regression", "multilabel", "multiclass"])
def test_seeds_come_from_both_sides_of_every_task_where_negatives_are_real(task_type: str) -> None:
    dataset = planted(600, task_type)
    found = {(task, sign) for task, sign, _ in pwm_seeds(dataset, 12, 9)}
    assert (0, 1) in found
    if task_type in ("multilabel", "multiclass"):
        assert (1, -1) in found
    else:
        assert (0, -1) in {(task, sign) for task, sign, _ in pwm_seeds(_low(task_type), 12, 9)}
    for task, sign, one in pwm_seeds(dataset, 12, 9):
        assert 0 <= task < len(dataset.meta.tasks) and sign in (1, -1) and one.odds.shape == (9, 4)
    shuffled = dataclasses.replace(
        dataset, meta=dataclasses.replace(dataset.meta, extra={"negatives": "shuffle"})
    )
    assert all(sign == 1 for _, sign, _ in pwm_seeds(shuffled, 12, 9))


def _low(task_type: str) -> Dataset:
    dataset = planted(600, task_type)
    labels = 1 - dataset.labels if task_type == "binary" else -dataset.labels
    return dataclasses.replace(dataset, labels=labels)


def test_data_without_validation_sequences_of_both_classes_give_no_pwm() -> None:
    dataset = planted(200)
    labels = dataset.labels.copy()
    labels[dataset.rows("valid")] = 1
    assert pwm_seeds(dataclasses.replace(dataset, labels=labels), 10, 9) == []


@both_kernels
def test_seeded_training_runs_and_is_reproducible(kernel: str) -> None:
    dataset = planted(200, extra={"negatives": "shuffle"})
    states = []
    for _ in range(2):
        config, options = config_for(dataset), settled(max_epochs=2)
        start = start_of(config, (), dataset, options).weights
        model, _ = train_weights(kernel, config, start, dataset, options)
        states.append(model.weights())
    assert all(np.array_equal(states[0][name], states[1][name]) for name in states[0])
