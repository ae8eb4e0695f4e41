"""Training: it learns, stops, keeps the best weights, and is the same every time."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from nfexplainn.data.dataset import Dataset
from nfexplainn.dna import reverse_complement
from nfexplainn.errors import DivergedError, UserError
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import initial_weights
from nfexplainn.models.model import FilterModel
from nfexplainn.training import loop as training
from nfexplainn.training.loop import TrainingOptions, epoch_batches, options_from
from nfexplainn.training.losses import LOSSES
from nfexplainn.training.native_learner import NativeLearner
from training_fixtures import config_for, planted, train_weights, trained


@pytest.fixture(params=["native", "torch"])
def kernel(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def run(
    dataset: Dataset, options: TrainingOptions, kernel: str = "native"
) -> tuple[FilterModel, training.TrainingResult]:
    return trained(kernel, dataset, options)


@pytest.mark.parametrize(
    ("n", "batch", "expected"),
    [
        (101, 100, [51, 50]),
        (201, 100, [67, 67, 67]),
        (200, 100, [100, 100]),
        (99, 100, [99]),
        (3, 2, [3]),
        (2, 100, [2]),
    ],
)
def test_even_batches(n: int, batch: int, expected: list[int]) -> None:
    assert epoch_batches(n, batch) == expected


def test_no_batch_is_ever_too_small() -> None:
    for n in range(2, 420):
        for batch in (2, 3, 7, 100):
            sizes = epoch_batches(n, batch)
            assert sum(sizes) == n
            assert min(sizes) >= 2
            assert max(sizes) - min(sizes) <= 1
            assert max(sizes) <= max(batch, 3)


@pytest.mark.parametrize("kept", [51, 101])  # times two strands, or once, batch 50
@pytest.mark.parametrize("both", [True, False])
def test_remainders_of_one_do_not_break_training(kept: int, both: bool, kernel: str) -> None:
    dataset = planted(300)
    rows = np.concatenate([dataset.rows("train")[:kept], dataset.rows("valid")])
    dataset = dataclasses.replace(
        dataset,
        names=[dataset.names[row] for row in rows],
        codes=dataset.codes[rows],
        split=dataset.split[rows],
        labels=dataset.labels[rows],
    )
    options = TrainingOptions(max_epochs=1, batch_size=50, reverse_complement=both)
    _, result = run(dataset, options, kernel)
    assert math.isfinite(result.best_loss)
    assert result.both_strands is both


@pytest.mark.parametrize("task_type", ["binary", "multilabel", "multiclass", "regression"])
def test_it_learns_a_planted_word(task_type: str, kernel: str) -> None:
    dataset = planted(1000, task_type)
    model, result = run(dataset, TrainingOptions(max_epochs=25, batch_size=50), kernel)
    test = dataset.rows("test")
    logits = predict_logits(model, dataset.codes[test], average_strands=True)
    metric, value = training.headline(dataset.labels[test], logits, task_type)
    assert value > {"auprc": 0.9, "accuracy": 0.85, "pearson": 0.75}[metric]
    assert result.history[0].train_loss > result.history[-1].train_loss


def test_pearson_loss_learns() -> None:
    dataset = planted(1000, "regression")
    _, result = run(dataset, TrainingOptions(max_epochs=25, batch_size=50, loss="pearson"))
    assert result.loss == "pearson"
    assert result.best_loss < 0.3


def test_best_weights_are_restored(kernel: str) -> None:
    """The model's own validation loss at the end is the smallest of the history."""
    dataset = planted(200)
    options = TrainingOptions(max_epochs=30, patience=4, learning_rate=0.02, batch_size=20)
    model, result = run(dataset, options, kernel)
    losses = [epoch.valid_loss for epoch in result.history]
    assert result.best_loss == min(losses)
    assert losses.index(min(losses)) + 1 == result.best_epoch
    assert [epoch.epoch for epoch in result.history if epoch.best] == [result.best_epoch]
    assert result.best_epoch < len(losses)  # otherwise this test shows nothing
    at = dataset.rows("valid")
    codes, labels = dataset.codes[at], dataset.labels[at]
    both = [model.logits(strand) for strand in (codes, reverse_complement(codes))]
    found, _ = LOSSES["bce"](np.concatenate(both).astype(float), np.concatenate([labels, labels]))
    assert found == pytest.approx(result.best_loss, abs=1e-9)


def test_early_stopping_waits_for_its_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = planted(100)
    losses = iter([0.5, 0.4, 0.45, 0.3, 0.31, 0.32, 0.33, 0.01])
    monkeypatch.setattr(training._Trainer, "_validate", lambda _: (next(losses), 0.5))
    _, result = run(dataset, TrainingOptions(patience=3))
    assert [epoch.valid_loss for epoch in result.history][-1] == 0.33
    assert (result.best_epoch, len(result.history)) == (4, 7)


def test_validation_loss_is_weighted_by_sequences() -> None:
    """It is one mean over the whole part, however it is batched for prediction."""
    dataset = planted(990)
    options = TrainingOptions(max_epochs=1)
    model, result = run(dataset, options)
    at = dataset.rows("valid")
    assert len(at) % 200  # the last batch of the prediction is smaller than the others
    logits = [
        predict_logits(model, codes, average_strands=False)[:, 0].astype(np.float64)
        for codes in (dataset.codes[at], reverse_complement(dataset.codes[at]))
    ]
    y = dataset.labels[at, 0]
    each = [np.logaddexp(0, z) - y * z for z in logits]
    assert result.best_loss == pytest.approx(np.concatenate(each).mean(), abs=1e-9)


def test_same_seed_same_weights_and_another_seed_others(kernel: str) -> None:
    dataset = planted(200)
    options = TrainingOptions(max_epochs=3, batch_size=32)
    states = []
    for seed in (1, 1, 2):
        model, _ = run(dataset, dataclasses.replace(options, seed=seed), kernel)
        states.append(model.weights())
    assert all(np.array_equal(states[0][name], states[1][name]) for name in states[0])
    assert not np.array_equal(states[0]["final.weight"], states[2]["final.weight"])


def test_global_random_state_is_left_alone() -> None:
    import torch

    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    run(planted(100), TrainingOptions(max_epochs=1), "torch")
    assert torch.equal(torch.rand(3), expected)


def test_what_is_unknown_teaches_nothing(kernel: str) -> None:
    """A column of unknowns leaves the shared units as they are trained by the other column."""
    dataset = planted(200, "multilabel")
    dataset.labels[:, 1] = np.nan
    options = TrainingOptions(max_epochs=2)
    model, result = run(dataset, options, kernel)
    start = initial_weights(config_for(dataset), options.seed)
    assert np.array_equal(model.final_weight[1], start["final.weight"][1])
    assert np.array_equal(model.final_bias[1], start["final.bias"][1])
    assert not np.array_equal(model.final_weight[0], start["final.weight"][0])
    assert math.isfinite(result.best_loss)


def test_both_strands_only_where_they_mean_the_same() -> None:
    oriented = planted(100, strand_symmetric=False)
    _, result = run(oriented, TrainingOptions(max_epochs=1))
    assert not result.both_strands
    _, result = run(planted(100), TrainingOptions(max_epochs=1, reverse_complement=False))
    assert not result.both_strands


def test_every_sequence_is_seen_once_on_each_strand(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = planted(100)
    seen: list[np.ndarray] = []
    step = NativeLearner.step

    def recording(self: NativeLearner, batch: np.ndarray, *rest: Any) -> float:
        seen.append(batch.copy())
        return step(self, batch, *rest)

    monkeypatch.setattr(NativeLearner, "step", recording)
    run(dataset, TrainingOptions(max_epochs=1, batch_size=16, recipe="paper"))
    codes = dataset.codes[dataset.rows("train")]
    other = reverse_complement(codes)
    expected = sorted(row.tobytes() for row in np.concatenate([codes, other]))
    assert sorted(row.tobytes() for row in np.concatenate(seen)) == expected


def test_progress_has_rate_and_time_left() -> None:
    lines: list[str] = []
    dataset = planted(100)
    config, options = config_for(dataset), TrainingOptions(max_epochs=2)
    start = initial_weights(config, 1)
    train_weights("native", config, start, dataset, options, report=lines.append)
    assert len(lines) == 2
    assert lines[0].startswith("epoch 1/2: train loss 0.")
    assert "sequences/s" in lines[0] and " left" in lines[0]
    assert lines[1].endswith("done")


class TestMistakes:
    def test_divergence_is_a_sentence(self, kernel: str) -> None:
        dataset = planted(100, "regression")
        dataset.labels[dataset.rows("train")[0]] = np.inf
        with pytest.raises(DivergedError, match=r"The training loss of epoch 1 is (nan|inf)"):
            run(dataset, TrainingOptions(max_epochs=2), kernel)

    def test_a_loss_that_no_weight_could_hold_is_divergence(self, kernel: str) -> None:
        """The loss is added up in float64, and squares of 1e30 are finite there."""
        dataset = planted(100, "regression")
        dataset.labels[:] *= 1e30
        with pytest.raises(DivergedError, match=r"loss of epoch 1 is \d.*e\+\d\d: .*labels"):
            run(dataset, TrainingOptions(max_epochs=2), kernel)

    def test_overflow_in_evaluation_is_not_unseen(self) -> None:
        """An activation beyond float32 is inf; it must end the training, not hide in it."""
        dataset = planted(100)
        config, options = config_for(dataset), TrainingOptions(max_epochs=1)
        start = initial_weights(config, 1)
        start["linears.1.bias"][:] = 95.0
        with pytest.raises(DivergedError, match=r"loss of epoch 1 is (nan|inf).*learning_rate"):
            train_weights("torch", config, start, dataset, options)
        with pytest.raises(DivergedError, match=r"exp\(9\d.*learning_rate"):
            train_weights("native", config, start, dataset, options)

    def test_too_little_data(self) -> None:
        dataset = planted(100)
        dataset.split[:] = "train"
        with pytest.raises(UserError, match="demo: 100 training and 0 validation"):
            run(dataset, TrainingOptions())
        dataset = planted(100)
        dataset.labels[dataset.rows("valid")] = np.nan
        with pytest.raises(UserError, match="valid part has no known label"):
            run(dataset, TrainingOptions())

    def test_options(self) -> None:
        for changes, message in (
            ({"batch_size": 1}, "batch_size is 1; it must be at least 2"),
            ({"patience": 0}, "patience is 0"),
            ({"learning_rate": 0.0}, "learning_rate is 0.0"),
            ({"recipe": "cake"}, "recipe 'cake' is unknown"),
        ):
            with pytest.raises(UserError, match=message):
                TrainingOptions(**changes)  # type: ignore[arg-type]
        with pytest.raises(UserError, match="loss 'mse' does not fit binary"):
            run(planted(100), TrainingOptions(loss="mse"))


def test_options_are_the_parameters(root: Any) -> None:
    """Names and defaults are those of the schema, for training and for the model."""
    import json

    schema = json.loads((root / "nextflow_schema.json").read_text())
    groups = schema.get("$defs", schema.get("definitions"))
    parameters = {k: v for group in groups.values() for k, v in group["properties"].items()}
    for options in (TrainingOptions(), ExplaiNNConfig(200, 1)):
        for field in dataclasses.fields(options):
            if field.name not in ("length", "tasks"):
                default = parameters[field.name].get("default")
                if field.name == "units":
                    default = int(default)  # a text, since it may be several numbers
                assert default == getattr(options, field.name), field.name
    picked = options_from({"units": 3, "patience": 2, "loss": None, "seed": 1}, seed=8)
    assert picked == TrainingOptions(patience=2, seed=8)
