"""The two learners from one start, step by step, and Adam alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn import ExplaiNN
from nfexplainn.models.explainn_weights import expected_weights, initial_weights
from nfexplainn.models.modules import put_weights, weights_of
from nfexplainn.native import library
from nfexplainn.native.adam import Adam
from nfexplainn.training.losses import LOSSES
from nfexplainn.training.native_learner import NativeLearner, trained_names
from nfexplainn.training.torch_adam import FusedAdam
from nfexplainn.training.torch_learner import TorchLearner
from training_fixtures import planted

CPU = torch.device("cpu")
CONFIG = ExplaiNNConfig(length=40, tasks=1, units=12, filter_length=9, hidden=20, dropout=0.0)


@pytest.fixture(autouse=True)
def _kernel() -> None:
    try:
        library.load()
    except library.KernelError as error:
        pytest.skip(f"needs the native kernel, but {error}")


def learners(config: ExplaiNNConfig, seed: int = 1) -> tuple[NativeLearner, TorchLearner]:
    weights = initial_weights(config, seed)
    module = ExplaiNN(config)
    put_weights(module, weights)
    both = NativeLearner(config, weights, seed=seed), TorchLearner(module, CPU)
    for learner in both:
        learner.start(0.003, hold_filters=False)
    return both


@pytest.mark.parametrize("seed", range(3))
def test_one_step_of_adam_from_equal_gradients(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = rng.normal(size=3001).astype(np.float32)
    ours, theirs = start.copy(), torch.from_numpy(start.copy())
    adam, fused = Adam(len(ours), 0.003), FusedAdam([theirs], 0.003)
    for _ in range(4):
        slope = (rng.normal(size=3001) * 10.0 ** rng.uniform(-9, 2, 3001)).astype(np.float32)
        adam.step(ours, slope)
        theirs.grad = torch.from_numpy(slope)
        fused.step()
        assert np.abs(ours - theirs.numpy()).max() < 1e-6


def test_both_start_from_the_same_weights_as_torch_draws_them() -> None:
    weights = initial_weights(ExplaiNNConfig(200, 3), 5)
    again, other = (initial_weights(ExplaiNNConfig(200, 3), seed) for seed in (5, 6))
    module = ExplaiNN(ExplaiNNConfig(200, 3))
    theirs = weights_of(module)
    assert list(weights) == list(expected_weights(module.config))
    assert set(weights) == set(theirs)
    for name, array in weights.items():
        assert (array.shape, array.dtype) == (theirs[name].shape, theirs[name].dtype), name
        assert np.array_equal(array, again[name])
        drawn = array.size > 200 and theirs[name].std() > 0
        if drawn:  # uniform between the same limits
            assert not np.array_equal(array, other[name])
            assert np.abs(array).max() == pytest.approx(np.abs(theirs[name]).max(), rel=0.05)
            assert array.std() == pytest.approx(theirs[name].std(), rel=0.1)
        elif theirs[name].std() == 0:
            assert np.array_equal(array, theirs[name])


@pytest.mark.parametrize("num_fc", [0, 1, 2])
def test_twenty_steps_from_one_start(num_fc: int) -> None:
    """Losses to 1e-3 and logits to 5e-3: Adam turns rounding into steps."""
    config = dataclasses.replace(CONFIG, num_fc=num_fc)
    dataset = planted(400)
    native, other = learners(config)
    rng = np.random.default_rng(0)
    for _ in range(20):
        at = rng.choice(len(dataset.codes), 100, replace=False)
        batch, labels = dataset.codes[at], dataset.labels[at]
        one, two = (learner.step(batch, labels, LOSSES["bce"]) for learner in (native, other))
        assert one == pytest.approx(two, abs=1e-3)
    logits = [learner.logits(dataset.codes) for learner in (native, other)]
    assert np.abs(logits[0] - logits[1]).max() < 5e-3
    assert native.state()["linears.1.num_batches_tracked"] == 20


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_of_every_loss(loss: str) -> None:
    kind = {"bce": "multilabel", "cross_entropy": "multiclass"}.get(loss, "regression")
    dataset = planted(200, kind)
    config = dataclasses.replace(CONFIG, tasks=len(dataset.meta.tasks))
    native, other = learners(config)
    at = np.arange(100)
    batch, labels = dataset.codes[at], dataset.labels[at].copy()
    if loss != "cross_entropy":
        labels[:9] = np.nan
    means = [one.gradients(batch, labels, LOSSES[loss]) for one in (native, other)]
    assert means[0] == pytest.approx(means[1], abs=1e-5)
    parameters = dict(other.module.named_parameters())
    names = trained_names(config)
    found = np.concatenate([parameters[name].grad.numpy().ravel() for name in names])
    assert np.abs(native._slope - found).max() < 1e-4 * np.abs(found).max()


def test_a_state_is_a_copy() -> None:
    native, _ = learners(CONFIG)
    dataset = planted(100)
    before = native.state()
    logits = native.logits(dataset.codes)
    native.step(dataset.codes[:50], dataset.labels[:50], LOSSES["bce"])
    assert not np.array_equal(native.logits(dataset.codes), logits)
    native.restore(before)
    assert np.array_equal(native.logits(dataset.codes), logits)
