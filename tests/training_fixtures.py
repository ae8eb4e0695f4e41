"""A small data set with a planted word, and a small model for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.models.explainn import ExplaiNN, ExplaiNNConfig
from nfexplainn.training.loop import seeded

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


def model_for(dataset: Dataset, seed: int = 42, **changes: Any) -> ExplaiNN:
    shape: dict[str, Any] = {"units": 8, "filter_length": 9, "hidden": 12} | changes
    config = ExplaiNNConfig(LENGTH, len(dataset.meta.tasks), **shape)
    model = seeded(seed, lambda: ExplaiNN(config))
    assert isinstance(model, ExplaiNN)
    return model


def quiet(_: str) -> None:
    """Swallow the progress."""
