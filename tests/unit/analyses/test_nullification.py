"""Nullification against plain re-computation: hooks that replace a map, and the exact sum."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from nfexplainn.analyses.nullification import nullify
from nfexplainn.analyses.nullification.filters import With, nullify_filters
from nfexplainn.data.dataset import Dataset, DatasetMeta, TaskType
from nfexplainn.dna import Codes
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.interpret.filters import filter_motifs, padded
from nfexplainn.interpret.options import InterpretOptions, NullifyOptions
from nfexplainn.interpret.status import filter_name, unit_name
from nfexplainn.models.first_layer import first_layer
from nfexplainn.models.registry import ARCHITECTURES, build
from nfexplainn.models.torch_model import TorchModel
from nfexplainn.models.units import reverse_complement

NETWORKS = tuple(name for name, one in ARCHITECTURES.items() if one.shortest)


def network(name: str, length: int, tasks: int = 2) -> nn.Module:
    """A network with batch norms that do something."""
    torch.manual_seed(3)
    config = {"length": length, "tasks": tasks}
    model = build(name, config | ({"units": 6} if name == "explainn" else {}))
    generator = torch.Generator().manual_seed(4)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            assert module.running_mean is not None and module.running_var is not None
            for values in (module.running_mean, module.bias.data):
                values += 0.2 * torch.randn(values.shape, generator=generator)
            module.running_var *= 0.5 + torch.rand(len(module.bias), generator=generator)
    return model.eval()


def sequences(n: int, length: int, seed: int = 1) -> Codes:
    codes = np.random.default_rng(seed).integers(0, 4, (n, length), dtype=np.uint8)
    codes[0, :5] = 4
    return codes


def dataset(codes: Codes, labels: np.ndarray, task_type: TaskType = "multilabel") -> Dataset:
    tasks = tuple(f"t{number}" for number in range(labels.shape[1]))
    meta = DatasetMeta(
        id="d",
        assay="table",
        task_type=task_type,
        tasks=tasks,
        length=codes.shape[1],
        strand_symmetric=True,
        seed=1,
    )
    names = [f"s{number}" for number in range(len(codes))]
    return Dataset(meta, names, codes, np.array(["train"] * len(codes)), labels.astype(np.float32))


@pytest.mark.parametrize("name", NETWORKS)
def test_halves_make_the_network(name: str) -> None:
    length = max(60, ARCHITECTURES[name].shortest)
    model, codes = network(name, length), torch.from_numpy(sequences(4, length))
    layer = first_layer(model)
    assert layer is not None
    with torch.no_grad():
        maps = layer.maps(codes)
        logits = layer.rest(layer.after_linear(layer.pool(maps)))
        assert torch.allclose(logits, model(codes), atol=1e-5)
        # The folded filters on codes with N for padding give the sums before the activation.
        weight, offset = layer.filters()
        wide = torch.from_numpy(padded(codes.numpy(), layer.padding))
        one_hot = (wide[:, None] == torch.arange(4)[None, :, None]).float()
        sums = torch.nn.functional.conv1d(one_hot, weight, offset)
        active = sums.exp() if layer.activation == "exponential" else sums.relu()
        assert torch.allclose(active, maps, rtol=1e-4, atol=1e-5)
        # Positions that no pooling window holds change nothing; the last covered one does.
        changed = maps.clone()
        changed[:, :, layer.covered :] = 1e3
        assert torch.equal(layer.pool(changed), layer.pool(maps))
        changed[:, :, layer.covered - 1] = 1e3
        assert not torch.equal(layer.pool(changed), layer.pool(maps))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("with_", ["mean", "zero"])
def test_filters_as_a_hook_does(name: str, with_: With) -> None:
    length = max(60, ARCHITECTURES[name].shortest)
    model, codes = network(name, length), sequences(5, length)
    data = dataset(codes, np.ones((5, 2)))
    layer = first_layer(model)
    assert layer is not None
    rows = np.arange(5)
    found = nullify_filters(layer, data, rows, with_=with_)
    convolutions = model.convolutions
    assert isinstance(convolutions, nn.Sequential)
    activation = convolutions[2 if layer.norm is not None else 1]
    both = torch.cat([torch.from_numpy(codes), reverse_complement(torch.from_numpy(codes))])
    seen: list[torch.Tensor] = []
    handle = activation.register_forward_hook(lambda *parts: seen.append(parts[2]))
    whole = predict_logits(TorchModel(model), codes, average_strands=True).astype(np.float64)
    with torch.no_grad():
        model(both)
    handle.remove()
    for index in (0, 7, layer.convolution.out_channels - 1):
        value = float(seen[-1][:, index].mean()) if with_ == "mean" else 0.0

        def replace(*parts: torch.Tensor, index: int = index, value: float = value) -> torch.Tensor:
            maps = parts[2].clone()
            maps[:, index] = value
            return maps

        handle = activation.register_forward_hook(replace)
        lost = whole - predict_logits(TorchModel(model), codes, average_strands=True)
        handle.remove()
        assert np.allclose(found.squared[index], (lost**2).mean(axis=0), rtol=2e-3, atol=1e-9)
        assert np.allclose(found.change[index], lost.mean(axis=0), rtol=2e-3, atol=2e-6)
    assert found.squared.shape == (layer.convolution.out_channels, 2)
    assert found.sequences == 5 and np.isnan(found.correlation).all()


class Exact(TorchModel):
    """A model that is asked in float64."""

    def unit_outputs(self, codes: Codes) -> np.ndarray:
        with torch.no_grad():
            outputs: np.ndarray = self.module.unit_outputs(torch.from_numpy(codes)).numpy()  # type: ignore[operator]
        assert outputs.dtype == np.float64
        return outputs

    @property
    def final_weight(self) -> np.ndarray:
        return self.module.final.weight.detach().numpy().copy()  # type: ignore[union-attr,operator,no-any-return]

    @property
    def final_bias(self) -> np.ndarray:
        return self.module.final.bias.detach().numpy().copy()  # type: ignore[union-attr,operator,no-any-return]


def test_unit_loses_exactly_its_contribution() -> None:
    model, codes = network("explainn", 60), sequences(7, 60)
    model.double()
    data = dataset(codes, np.ones((7, 2)))
    weight = model.final.weight.detach().clone()  # type: ignore[union-attr]
    for row in range(7):
        found = nullify.nullify_units(Exact(model), data, np.array([row]))
        one = torch.from_numpy(codes[row : row + 1])
        with torch.no_grad():
            outputs = [model.unit_outputs(c) for c in (one, reverse_complement(one))]  # type: ignore[operator]
            whole = (model(one) + model(reverse_complement(one)))[0] / 2
            for unit in range(6):
                contribution = weight[:, unit] * (outputs[0] + outputs[1])[0, unit] / 2
                assert np.allclose(found.change[unit], contribution, rtol=1e-9, atol=1e-12)
                assert np.allclose(found.squared[unit], contribution**2, rtol=1e-9, atol=1e-12)
                model.final.weight[:, unit] = 0  # type: ignore[union-attr,index]
                without = (model(one) + model(reverse_complement(one)))[0] / 2
                assert np.allclose(whole - without, found.change[unit], rtol=1e-9, atol=1e-12)
                model.final.weight.copy_(weight)  # type: ignore[union-attr,operator]


def test_correlation_over_tasks() -> None:
    model, codes = network("explainn", 60, tasks=4), sequences(9, 60)
    labels = np.random.default_rng(5).normal(size=(9, 4))
    labels[2, 1] = np.nan
    data = dataset(codes, labels, "regression")
    found = nullify.nullify_units(TorchModel(model), data, np.arange(9))
    tensor = torch.from_numpy(codes)
    with torch.no_grad():
        parts = [model.unit_outputs(c) for c in (tensor, reverse_complement(tensor))]  # type: ignore[operator]
    outputs = ((parts[0] + parts[1]) / 2).double().numpy()
    weight = model.final.weight.detach().double().numpy()  # type: ignore[union-attr]
    whole = predict_logits(TorchModel(model), codes, average_strands=True).astype(np.float64)

    def pearson(logits: np.ndarray) -> np.ndarray:
        known = ~np.isnan(data.labels)
        return np.array(
            [np.corrcoef(data.labels[i][k], logits[i][k])[0, 1] for i, k in enumerate(known)]
        )

    for unit in range(6):
        without = whole - outputs[:, [unit]] * weight[:, unit]
        expected = ((pearson(whole) - pearson(without)) ** 2).mean()
        assert found.correlation[unit] == pytest.approx(expected, rel=1e-3, abs=1e-9)
    table = nullify.influence_table(found, data.meta.tasks, unit_name, "well-predicted").frame()
    assert tuple(table.columns) == nullify.COLUMNS
    assert list(table["task"][:5]) == ["t0", "t1", "t2", "t3", "*"]
    assert list(table["unit"].unique()) == [unit_name(i) for i in range(6)]


def test_batches_and_order_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model, codes = network("cnn1", 60), sequences(11, 60)
    data, rows = dataset(codes, np.ones((11, 2))), np.arange(11)
    layer = first_layer(model)
    assert layer is not None
    one = nullify_filters(layer, data, rows)
    monkeypatch.setattr(nullify, "BATCH", 3)
    steps: list[tuple[int, int]] = []
    two = nullify_filters(layer, data, rows, report=lambda done, total: steps.append((done, total)))
    assert np.allclose(one.squared, two.squared, rtol=1e-3, atol=1e-9)
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_rows_are_well_predicted_and_capped() -> None:
    codes = sequences(40, 60)
    labels = np.zeros((40, 1))
    labels[::2] = 1
    data = dataset(codes, labels, "binary")
    logits = np.where(labels > 0, 1, -1).astype(np.float32)
    logits[:4] *= -1
    rows, basis = nullify.choose_rows(data, logits, 100, 1)
    assert (list(rows), basis) == (list(range(4, 40)), "well-predicted")
    few, _ = nullify.choose_rows(data, logits, 10, 1)
    again, _ = nullify.choose_rows(data, logits, 10, 1)
    other, _ = nullify.choose_rows(data, logits, 10, 2)
    assert len(few) == 10 and set(few) <= set(rows) and list(few) == sorted(few)
    assert list(few) == list(again) != list(other)
    rows, basis = nullify.choose_rows(data, -np.abs(logits) * (2 * labels - 1), 100, 1)
    assert (len(rows), basis) == (40, "all labelled (no well-predicted)")


@pytest.mark.parametrize("name", ["cnn1", "cnn1exp", "aitac", "danq"])
def test_planted_filter_has_its_motif(name: str) -> None:
    """A filter that is a word finds the word; one that is never active is dead."""
    word = "TGACTCAGCA"
    length = 60
    model = network(name, length, tasks=1)
    layer = first_layer(model)
    assert layer is not None
    places = ["ACGT".index(letter) for letter in word]
    if layer.norm is not None:
        layer.norm.reset_running_stats()
        nn.init.ones_(layer.norm.weight)
        nn.init.zeros_(layer.norm.bias)
    with torch.no_grad():
        filters, bias = layer.convolution.weight, layer.convolution.bias
        assert bias is not None
        filters[:3] = 0
        bias[:3] = 0
        for position, base in enumerate(places):
            filters[0, :, 3 + position] = -1
            filters[0, base, 3 + position] = 1
        filters[1] = -torch.rand(filters[1].shape)
        bias[1] = -1
    codes = sequences(60, length, seed=9)
    for row in range(0, 60, 2):
        codes[row, 20 : 20 + len(word)] = places
    labels = np.zeros((60, 1))
    labels[::2] = 1
    data = dataset(codes, labels, "binary")
    logits = (2 * labels - 1).astype(np.float32)
    found = filter_motifs(layer, data, logits, InterpretOptions(min_sites=10))
    states = found.states
    assert found.sequences == 60 and found.width == layer.convolution.kernel_size[0]
    assert [state.unit for state in states] == [filter_name(i) for i in range(len(states))]
    assert word in states[0].consensus
    assert states[0].sites >= 30
    assert states[0].status == "unannotated"
    assert states[2].status == "dead"
    if layer.activation == "relu":
        assert states[1].status == "dead"
        assert states[0].threshold == pytest.approx(states[0].maximum / 2)
    assert pd.Series([state.status for state in states]).isin(["dead", "unannotated"]).any()


def test_options_are_the_parameters(root: Path) -> None:
    schema = json.loads((root / "nextflow_schema.json").read_text())
    groups = schema["$defs"].values()
    parameters = {name: p for group in groups for name, p in group["properties"].items()}
    for field in dataclasses.fields(NullifyOptions):
        assert parameters[field.name]["default"] == field.default, field.name
        assert "nullify" in parameters[field.name]["steps"], field.name
