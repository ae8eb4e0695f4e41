"""Predictions: both strands alike, the same in any batches, and written as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.evaluation.predict import predict_logits, write_predictions
from nfexplainn.models.explainn import ExplaiNN, ExplaiNNConfig
from nfexplainn.models.torch_model import TorchModel
from nfexplainn.models.units import reverse_complement


def codes_of(n: int, length: int = 60) -> dna.Codes:
    return np.random.default_rng(0).integers(0, 5, (n, length)).astype(np.uint8)


def model_of() -> TorchModel:
    torch.manual_seed(0)
    return TorchModel(ExplaiNN(ExplaiNNConfig(60, 2, units=8, hidden=10)))


def test_reverse_complement_is_that_of_dna() -> None:
    codes = codes_of(20)
    found = reverse_complement(torch.from_numpy(codes)).numpy()
    assert np.array_equal(found, dna.reverse_complement(codes))
    assert found.dtype == np.uint8


def test_strands_agree_where_they_are_averaged() -> None:
    model, codes = model_of(), codes_of(50)
    other = dna.reverse_complement(codes)
    forward = predict_logits(model, codes, average_strands=True)
    backward = predict_logits(model, other, average_strands=True)
    assert np.abs(forward - backward).max() < 1e-6
    one = predict_logits(model, codes, average_strands=False)
    two = predict_logits(model, other, average_strands=False)
    assert np.abs(one - two).max() > 1e-3
    assert np.abs((one + two) / 2 - forward).max() < 1e-6


def test_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    model, codes = model_of(), codes_of(101)
    whole = predict_logits(model, codes, average_strands=True)
    outputs = model.unit_outputs(codes)
    assert outputs.shape == (101, 8)
    for size in (1, 7, 100):
        monkeypatch.setattr(TorchModel, "batch", size)
        parts = predict_logits(model, codes, average_strands=True)
        assert np.abs(parts - whole).max() < 1e-5
        assert np.abs(model.unit_outputs(codes) - outputs).max() < 1e-5
    logits = outputs @ model.final_weight.T + model.final_bias
    assert np.abs(logits - predict_logits(model, codes, average_strands=False)).max() < 1e-5
    some = np.array([3, 99, 4])
    chosen = predict_logits(model, codes, average_strands=True, rows=some)
    assert np.abs(chosen - whole[some]).max() < 1e-5


def test_nothing_to_predict() -> None:
    empty = np.zeros((0, 60), dtype=np.uint8)
    assert predict_logits(model_of(), empty, average_strands=True).shape == (0, 2)
    assert model_of().unit_outputs(empty).shape == (0, 8)


def test_mode_is_put_back_and_weights_stay() -> None:
    model = model_of()
    model.module.train()
    before = model.weights()
    predict_logits(model, codes_of(20), average_strands=True)
    assert model.module.training
    assert all(np.array_equal(before[name], array) for name, array in model.weights().items())


def test_written_predictions(tmp_path: Path) -> None:
    labels = np.array([[1, np.nan], [0, 1], [1, 0]], dtype=np.float32)
    meta = DatasetMeta("d", "sequences", "multilabel", ("a", "b"), 60, True, 0)
    split = np.array(["train", "valid", "test"])
    dataset = Dataset(meta, ["x", "y", "z"], codes_of(3), split, labels)
    logits = np.arange(6, dtype=np.float32).reshape(3, 2)
    for name in ("one", "two"):
        write_predictions(dataset, logits, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    table = pq.read_table(tmp_path / "one")
    assert table.column_names == ["name", "split", "label:a", "label:b", "logit:a", "logit:b"]
    assert table.column("split").to_pylist() == ["train", "valid", "test"]
    assert np.isnan(table.column("label:b").to_numpy()[0])
    assert table.column("logit:b").to_pylist() == [1, 3, 5]
