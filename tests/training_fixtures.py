"""A small data set with a planted word, and a small model for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import Weights, initial_weights
from nfexplainn.models.model import FilterModel
from nfexplainn.native import library
from nfexplainn.training.loop import TrainingOptions, TrainingResult, train
from nfexplainn.training.native_learner import NativeLearner

LENGTH = 40
WORD = np.array([3, 2, 0, 1, 3, 1, 0, 3], dtype=np.uint8)  # TGACTCAT


def planted(n: int = 300, task_type: str = "binary", seed: int = 0, **changes: Any) -> Dataset:
    """Random sequences; every second one holds a word on one strand or the other."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, LENGTH)).astype(np.uint8)
    truth = np.arange(n) % 2
    for row in np.flatnonzero(truth):
        start = rng.integers(0, LENGTH - len(WORD))
        codes[row, start : start + len(WORD)] = WORD if rng.random() < 0.5 else (3 - WORD)[::-1]
    tasks: tuple[str, ...] = ("a",)
    labels = truth[:, None].astype(np.float32)
    if task_type == "regression":
        labels = labels * 2 + rng.normal(scale=0.1, size=labels.shape).astype(np.float32)
    elif task_type in ("multilabel", "multiclass"):
        tasks, labels = ("a", "b"), np.concatenate([labels, 1 - labels], axis=1)
    part = np.arange(n) % 10 // 2
    split = np.where(part < 3, "train", np.where(part == 3, "valid", "test"))
    fields: dict[str, Any] = {"strand_symmetric": True, "seed": 0} | changes
    meta = DatasetMeta("demo", "sequences", task_type, tasks, LENGTH, **fields)  # type: ignore[arg-type]
    return Dataset(meta, [f"s{i}" for i in range(n)], codes, split, labels)


def config_for(dataset: Dataset, **changes: Any) -> ExplaiNNConfig:
    shape: dict[str, Any] = {"units": 8, "filter_length": 9, "hidden": 12} | changes
    return ExplaiNNConfig(LENGTH, len(dataset.meta.tasks), **shape)


def quiet(_: str) -> None:
    """Swallow the progress."""


both_kernels = pytest.mark.parametrize("kernel", ["native", "torch"])


def train_weights(
    kernel: str,
    config: ExplaiNNConfig,
    weights: Weights,
    dataset: Dataset,
    options: TrainingOptions,
    *,
    held: bool = False,
    report: Callable[[str], None] = quiet,
    threads: int = 1,
) -> tuple[FilterModel, TrainingResult]:
    """Train by a learner; the model is in evaluation."""
    if kernel == "native":
        try:
            library.load()
        except library.KernelError as error:
            pytest.skip(f"needs the native kernel, but {error}")
        learner = NativeLearner(config, weights, seed=options.seed, threads=threads)
        result = train(learner, dataset, options, report=report, held=held)
        return learner.model, result
    from nfexplainn.models.explainn import ExplaiNN
    from nfexplainn.models.modules import put_weights
    from nfexplainn.models.torch_model import TorchModel
    from nfexplainn.training.torch_learner import seeded, train_module

    module = seeded(0, lambda: ExplaiNN(config))
    put_weights(module, weights)
    result = train_module(module, dataset, options, report=report, held=held)
    assert not module.training
    return TorchModel(module), result


def trained(
    kernel: str, dataset: Dataset, options: TrainingOptions, **changes: Any
) -> tuple[FilterModel, TrainingResult]:
    """Train a small model from the start that its seed gives."""
    config = config_for(dataset, **changes)
    return train_weights(kernel, config, initial_weights(config, options.seed), dataset, options)
