"""Importances and effects on real ExplaiNN models, against loops over single sequences."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.interpret.importance import EffectSums, OutputSamples, undefined_effect
from nfexplainn.interpret.run import interpret_model, select_rows
from nfexplainn.models.explainn import ExplaiNN, ExplaiNNConfig
from nfexplainn.models.torch_model import TorchModel

NAN = np.nan


def make_model(units=6, tasks=3, length=60, num_fc=2, seed=0) -> ExplaiNN:
    """Give an untrained model whose batch norms are no identity."""
    torch.manual_seed(seed)
    config = ExplaiNNConfig(
        length=length, tasks=tasks, units=units, filter_length=9, hidden=10, num_fc=num_fc
    )
    model = ExplaiNN(config)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, 0.1, 0.6)
    if num_fc:
        # Lift the last ReLU's input, so that every unit is alive.
        torch.nn.init.constant_(model.dense_layers[-1][1].bias, 2.0)
    return model.eval()


def make_dataset(n=80, tasks=3, length=60, seed=0, symmetric=True, kind="multilabel") -> Dataset:
    rng = np.random.default_rng(seed)
    names = tuple(f"t{task}" for task in range(tasks))
    labels = rng.choice([0.0, 1.0, NAN], (n, tasks), p=[0.45, 0.45, 0.1])
    if kind == "regression":
        labels = np.where(np.isnan(labels), NAN, rng.normal(size=(n, tasks)))
    return Dataset(
        DatasetMeta("d", "sequences", kind, names, length, symmetric, 1),
        [f"s{row}" for row in range(n)],
        rng.integers(0, 4, (n, length)).astype(np.uint8),
        np.array(["train", "valid", "test", "train"] * (n // 4)),
        labels.astype(np.float32),
    )


def outputs(model: ExplaiNN, codes: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return model.unit_outputs(torch.from_numpy(np.ascontiguousarray(codes))).numpy()


def friendly_logits(dataset: Dataset, seed=1) -> np.ndarray:
    """Give logits that are right for about two thirds of the sequences."""
    rng = np.random.default_rng(seed)
    right = np.where(rng.random((len(dataset), 1)) < 0.67, 1, -1)
    signs = np.where(dataset.labels > 0.5, 1.0, -1.0) * right
    return (signs * rng.uniform(1, 2, signs.shape)).astype(np.float32)


@pytest.mark.parametrize("num_fc", [0, 1, 2, 3])
def test_unit_without_its_output_changes_the_logit_by_its_contribution(num_fc):
    model = make_model(num_fc=num_fc)
    codes = make_dataset(20).codes
    weight = model.final.weight.detach().numpy()
    with torch.no_grad():
        full = model(torch.from_numpy(codes)).numpy()
        o = outputs(model, codes)
        for unit in range(o.shape[1]):
            without = o.copy()
            without[:, unit] = 0
            logits = model.final(torch.from_numpy(without)).numpy()
            contribution = o[:, [unit]] * weight[:, unit]
            np.testing.assert_allclose(full - logits, contribution, atol=2e-5 * np.abs(full).max())


@pytest.mark.parametrize("symmetric", [True, False])
def test_importances_and_effects_equal_a_loop_over_sequences(tmp_path, symmetric):
    model, dataset = make_model(), make_dataset(symmetric=symmetric)
    with torch.no_grad():  # sharp enough that sequences differ in whether they have a site
        model.convolution[0].weight.mul_(8)
    logits = friendly_logits(dataset)
    path = tmp_path / "i.parquet"
    result = interpret_model(TorchModel(model), dataset, logits, path)
    weight = model.final.weight.detach().numpy().astype(float)
    filters, offset = (part.numpy().astype(float) for part in model.filters())
    units, _, width = filters.shape
    chosen = [row for row in range(len(dataset)) if well(dataset, logits, row)]
    assert np.flatnonzero(result.selection.chosen).tolist() == chosen
    seen = []  # (row, strand, best activation per unit, output per unit)
    for row in chosen:
        forward = dataset.codes[[row]]
        for strand in (1, -1) if symmetric else (1,):
            codes = forward if strand == 1 else dna.reverse_complement(forward)
            acts = [
                [
                    offset[u] + sum(filters[u, codes[0, p + j], j] for j in range(width))
                    for p in range(model.covered)
                ]
                for u in range(units)
            ]
            seen.append((row, strand, np.max(acts, axis=1), outputs(model, codes)[0]))
    limit = np.max([best for _, _, best, _ in seen], axis=0) + np.log(0.5)
    rows = pq.read_table(path).to_pylist()
    written = {(r["unit"], r["task"], r["sequence"], r["strand"]): r["contribution"] for r in rows}
    assert len(written) == len(rows)
    expected, everywhere = {}, set()
    for unit in range(units):
        active = [
            (row, strand, o[unit]) for row, strand, best, o in seen if best[unit] >= limit[unit]
        ]
        assert result.importance.n[unit] == len(active) > 0
        for task in range(3):
            values = [weight[task, unit] * o for _, _, o in active]
            low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
            assert result.importance.median[unit, task] == pytest.approx(middle, rel=1e-5, abs=1e-9)
            assert result.importance.q25[unit, task] == pytest.approx(low, rel=1e-5, abs=1e-9)
            assert result.importance.q75[unit, task] == pytest.approx(high, rel=1e-5, abs=1e-9)
            for (row, strand, _), value in zip(active, values, strict=True):
                expected[(unit + 1, f"t{task}", f"s{row}", strand)] = value
            label = dataset.labels[:, task]
            ones = [o[unit] for row, _, _, o in seen if label[row] == 1]
            zeros = [o[unit] for row, _, _, o in seen if label[row] == 0]
            effect = weight[task, unit] * (np.mean(ones) - np.mean(zeros))
            assert result.effect[unit, task] == pytest.approx(effect, rel=1e-4, abs=1e-7)
            silent = [o[unit] for _, _, best, o in seen if best[unit] < limit[unit]]
            found = result.site_effect.value[unit, task]
            said = result.site_effect.direction[unit, task]
            if not silent:
                everywhere.add(unit)
                assert np.isnan(found) and said == ""
                continue
            at_sites = np.mean([o for _, _, o in active]) - np.mean(silent)
            assert found == pytest.approx(weight[task, unit] * at_sites, rel=1e-4, abs=1e-7)
            assert said in ("", "raises" if found > 0 else "lowers")
    assert len(everywhere) < units
    assert written.keys() == expected.keys()
    for key, value in expected.items():
        assert written[key] == pytest.approx(value, rel=1e-4, abs=1e-7)


def well(dataset: Dataset, logits: np.ndarray, row: int) -> bool:
    known = ~np.isnan(dataset.labels[row])
    right = (logits[row] > 0) == (dataset.labels[row] == 1)
    return dataset.split[row] != "test" and bool(known.any() and right[known].all())


def test_regression_effect_is_weight_times_slope(tmp_path):
    model = make_model(tasks=1)
    dataset = make_dataset(120, tasks=1, kind="regression")
    logits = np.random.default_rng(2).normal(size=(120, 1)).astype(np.float32)
    result = interpret_model(TorchModel(model), dataset, logits, tmp_path / "i.parquet")
    assert result.effect_basis[0].startswith("all labelled")
    rows = [
        r for r in range(120) if dataset.split[r] != "test" and not np.isnan(dataset.labels[r, 0])
    ]
    both = np.concatenate([dataset.codes[rows], dna.reverse_complement(dataset.codes[rows])])
    target = np.concatenate([dataset.labels[rows, 0]] * 2).astype(float)
    o = outputs(model, both).astype(float)
    weight = model.final.weight.detach().numpy()[0]
    for unit in range(o.shape[1]):
        covariance = np.cov(o[:, unit], target, ddof=0)
        effect = weight[unit] * covariance[0, 1] / covariance[1, 1]
        assert result.effect[unit, 0] == pytest.approx(effect, rel=1e-4, abs=1e-9)


def test_multiclass_effects_are_one_against_the_rest(tmp_path):
    model = make_model()
    dataset = make_dataset(kind="multiclass")
    classes = np.random.default_rng(5).integers(0, 3, len(dataset))
    dataset = dataclasses.replace(dataset, labels=np.eye(3, dtype=np.float32)[classes])
    logits = 4 * dataset.labels - 8  # right by the largest, wrong by a rounded sigmoid
    result = interpret_model(
        TorchModel(model), dataset, logits.astype(np.float32), tmp_path / "i.parquet"
    )
    rows = dataset.rows("train", "valid")
    assert result.selection.chosen.sum() == len(rows)
    both = np.concatenate([dataset.codes[rows], dna.reverse_complement(dataset.codes[rows])])
    o, of = outputs(model, both).astype(float), np.concatenate([classes[rows]] * 2)
    weight = model.final.weight.detach().numpy()
    for task in range(3):
        difference = o[of == task].mean(axis=0) - o[of != task].mean(axis=0)
        np.testing.assert_allclose(result.effect[:, task], weight[task] * difference, rtol=1e-4)


def test_sequences_that_do_not_count_change_nothing(tmp_path):
    """Unlabelled and test sequences, and predictions of unknown labels, may be anything."""
    model, dataset = make_model(), make_dataset()
    dataset.labels[4] = NAN
    logits = friendly_logits(dataset)
    one = interpret_model(TorchModel(model), dataset, logits, tmp_path / "1.parquet")
    codes, other = dataset.codes.copy(), logits.copy()
    codes[4] = 0
    codes[dataset.split == "test"] = 1
    other[np.isnan(dataset.labels)] *= -1
    changed = dataclasses.replace(dataset, codes=codes)
    two = interpret_model(TorchModel(model), changed, other, tmp_path / "2.parquet")
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()
    np.testing.assert_array_equal(one.effect, two.effect)
    np.testing.assert_array_equal(one.importance.median, two.importance.median)


def test_unknown_label_masked_in_the_sums_whatever_stands_in_its_place():
    rng = np.random.default_rng(3)
    labels = rng.choice([0.0, 1.0], (30, 2)).astype(np.float32)
    rows = rng.random((30, 2)) < 0.8
    o = rng.random((30, 4)).astype(np.float32)
    weights = rng.normal(size=(2, 4))
    for regression in (False, True):
        effects = []
        for filler in (0.0, 1.0, NAN):
            filled = np.where(rows, labels, filler).astype(np.float32)
            sums = EffectSums(filled, rows, regression, 4)
            sums.add(np.arange(30), o)
            effects.append(sums.effect(weights))
        np.testing.assert_array_equal(effects[0], effects[1])
        np.testing.assert_array_equal(effects[0], effects[2])


def test_permuted_units_give_permuted_results(tmp_path):
    model, dataset = make_model(num_fc=0), make_dataset()
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    shuffled = make_model(num_fc=0)
    with torch.no_grad():
        (conv, norm), (conv2, norm2) = model.convolution, shuffled.convolution
        conv2.weight.copy_(conv.weight[order])
        conv2.bias.copy_(conv.bias[order])
        for name in ("weight", "bias", "running_mean", "running_var"):
            getattr(norm2, name).copy_(getattr(norm, name)[order])
        shuffled.final.weight.copy_(model.final.weight[:, order])
        shuffled.final.bias.copy_(model.final.bias)
    logits = friendly_logits(dataset)
    one = interpret_model(TorchModel(model), dataset, logits, tmp_path / "1.parquet")
    two = interpret_model(TorchModel(shuffled), dataset, logits, tmp_path / "2.parquet")
    np.testing.assert_allclose(two.effect, one.effect[order.numpy()], rtol=1e-5, atol=1e-8)
    for index, old in enumerate(order.tolist()):
        assert (two.states[index].counts == one.states[old].counts).all()


def test_dead_units_are_told(tmp_path):
    model, dataset = make_model(), make_dataset()
    with torch.no_grad():
        conv, _ = model.convolution
        conv.weight[0] = 0  # the same activation everywhere
        _, last = model.dense_layers[-1]
        last.weight[1], last.bias[1] = 0, -1  # the last ReLU shuts it off
        last.weight[2], last.bias[2] = 0, 1  # always 1
    result = interpret_model(
        TorchModel(model), dataset, friendly_logits(dataset), tmp_path / "i.parquet"
    )
    statuses = [state.status for state in result.states]
    assert statuses[:3] == ["dead"] * 3 and "dead" not in statuses[3:]
    assert all(state.motif is None for state in result.states[:3])
    assert result.importance.n[0] == 0 and np.isnan(result.importance.median[0]).all()


def test_no_well_predicted_sequence_leaves_units_without_sites(tmp_path):
    model, dataset = make_model(), make_dataset()
    wrong = np.where(dataset.labels > 0.5, -1.0, 1.0).astype(np.float32)
    result = interpret_model(TorchModel(model), dataset, wrong, tmp_path / "i.parquet")
    assert {state.status for state in result.states} == {"no_sites"}
    assert pq.read_table(tmp_path / "i.parquet").num_rows == 0
    assert np.isnan(result.site_effect.value).all()
    assert set(result.site_effect.direction.flat) == {""}
    assert (result.importance.n == 0).all()
    assert result.effect_basis[0] == "all labelled (no well-predicted positive or negative)"
    assert np.isfinite(result.effect).all()


def test_task_without_a_positive_has_no_effect_and_a_reason(tmp_path):
    model, dataset = make_model(), make_dataset()
    dataset.labels[:, 1] = 0
    logits = friendly_logits(dataset)
    result = interpret_model(TorchModel(model), dataset, logits, tmp_path / "i.parquet")
    assert np.isnan(result.effect[:, 1]).all() and np.isfinite(result.effect[:, 0]).all()
    assert result.effect_basis[1] == "none (no positive)"


def test_reasons_for_an_undefined_effect():
    labels = np.array([[0, 1, NAN, 0], [0, 1, NAN, 1]], dtype=np.float32)
    rows = ~np.isnan(labels)
    assert undefined_effect(labels, rows, False) == [
        "none (no positive)",
        "none (no negative)",
        "none (no label is known)",
        "",
    ]
    assert undefined_effect(labels[:, :1], rows[:, :1], True) == ["none (the target is constant)"]


def test_negative_weight_turns_the_quartiles_round():
    samples = OutputSamples(1)
    samples.add(np.array([[1.0], [2.0], [9.0]], np.float32), np.ones((3, 1), bool))
    found = samples.importance(np.array([[2.0], [-2.0]]))
    assert found.median[0].tolist() == [4, -4]
    assert found.q25[0].tolist() == [3, -11] and found.q75[0].tolist() == [11, -3]


def test_rows_without_a_prediction_are_left_out():
    dataset = make_dataset()
    logits = friendly_logits(dataset)
    logits[: len(dataset) // 2] = NAN
    chosen = select_rows(dataset, logits).chosen
    assert not chosen[: len(dataset) // 2].any() and chosen.any()


def test_same_bytes_twice(tmp_path):
    model, dataset = make_model(), make_dataset()
    logits = predict_logits(TorchModel(model), dataset.codes, average_strands=True)
    for name in ("1", "2"):
        interpret_model(TorchModel(model), dataset, logits, tmp_path / name)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]
