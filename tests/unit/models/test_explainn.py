"""ExplaiNN: what makes it readable holds exactly, and its shape is what the paper says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from nfexplainn.errors import UserError
from nfexplainn.models import units as layers
from nfexplainn.models.explainn import ExplaiNN, ExplaiNNConfig
from nfexplainn.models.registry import build, config_from

SMALL = ExplaiNNConfig(length=60, tasks=3, units=5, filter_length=7, hidden=11)


def codes_of(n: int, length: int, seed: int = 0) -> torch.Tensor:
    """Random codes with some N."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, length)).astype(np.uint8)
    codes[rng.random((n, length)) < 0.05] = 4
    return torch.from_numpy(codes)


def random_model(config: ExplaiNNConfig, seed: int = 0) -> ExplaiNN:
    """A model whose batch norms are not at their start, some with a negative scale."""
    torch.manual_seed(seed)
    model = ExplaiNN(config)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            nn.init.normal_(module.weight, 0.5, 0.7)
            nn.init.normal_(module.bias, 0.2, 0.3)
            nn.init.normal_(module.running_mean, 0.0, 0.3)
            nn.init.uniform_(module.running_var, 0.3, 2.0)
    return model.eval()


def variants() -> list[ExplaiNNConfig]:
    return [dataclasses.replace(SMALL, num_fc=num_fc) for num_fc in (0, 1, 2, 3, 4)]


@pytest.mark.parametrize("config", variants(), ids=lambda c: f"num_fc{c.num_fc}")
class TestAdditivity:
    def test_logit_is_bias_plus_sum_of_contributions(self, config: ExplaiNNConfig) -> None:
        model, codes = random_model(config), codes_of(17, 60)
        with torch.no_grad():
            outputs = model.unit_outputs(codes)
            total = model.final.bias + torch.einsum("bu,tu->bt", outputs, model.final.weight)
            assert torch.allclose(model(codes), total, atol=1e-5, rtol=0)
        assert outputs.shape == (17, 5)
        assert (outputs >= 0).all()
        assert (outputs.std(0) > 0).any()

    def test_silencing_a_unit_takes_its_contribution_away(self, config: ExplaiNNConfig) -> None:
        model, codes = random_model(config), codes_of(17, 60)
        with torch.no_grad():
            outputs, before = model.unit_outputs(codes), model(codes)
            for unit in range(config.units):
                silenced = outputs.clone()
                silenced[:, unit] = 0
                lost = before - model.final(silenced)
                contribution = outputs[:, unit : unit + 1] * model.final.weight[:, unit]
                assert torch.allclose(lost, contribution, atol=1e-5, rtol=0)

    def test_order_of_units_does_not_matter(self, config: ExplaiNNConfig) -> None:
        model, codes = random_model(config), codes_of(9, 60)
        order = torch.tensor([3, 0, 4, 1, 2])
        moved = ExplaiNN(config)
        moved.load_state_dict(
            {
                name: permute(name, tensor, order, config.units)
                for name, tensor in model.state_dict().items()
            }
        )
        with torch.no_grad():
            assert torch.allclose(moved.eval()(codes), model(codes), atol=1e-5, rtol=0)

    def test_units_are_independent(self, config: ExplaiNNConfig) -> None:
        """The model of many units is a loop over models of one."""
        model, codes = random_model(config), codes_of(9, 60)
        single = ExplaiNN(dataclasses.replace(config, units=1))
        for training in (False, True):
            state = model.state_dict()
            model.config = dataclasses.replace(config, dropout=0.0)
            alone_config = dataclasses.replace(config, units=1, dropout=0.0)
            model.train(training)
            with torch.no_grad():
                together = []
                for unit in range(config.units):
                    single = ExplaiNN(alone_config)
                    single.load_state_dict(
                        {
                            name: permute(name, tensor, torch.tensor([unit]), config.units)
                            for name, tensor in state.items()
                        }
                    )
                    together.append(single.train(training).unit_outputs(codes))
                outputs = model.unit_outputs(codes)
            assert torch.allclose(torch.cat(together, 1), outputs, atol=2e-5, rtol=1e-5)

    def test_number_of_parameters(self, config: ExplaiNNConfig) -> None:
        n, k, h, p = config.units, config.filter_length, config.hidden, config.pooled_positions
        per_unit = 4 * k + 1 + 2
        if config.num_fc == 1:
            per_unit += p + 1 + 2
        elif config.num_fc >= 2:
            per_unit += h * (p + 1 + 2) + (config.num_fc - 2) * h * (h + 1 + 2) + h + 1 + 2
        expected = n * per_unit + config.tasks * (n + 1)
        found = sum(parameter.numel() for parameter in ExplaiNN(config).parameters())
        assert found == expected


def permute(name: str, tensor: torch.Tensor, order: torch.Tensor, units: int) -> torch.Tensor:
    """Pick units out of one tensor of a state."""
    if name == "final.weight":
        return tensor[:, order]
    if name == "final.bias" or not tensor.ndim:
        return tensor
    return tensor.view(units, -1, *tensor.shape[1:])[order].flatten(0, 1)


def test_paper_sizes() -> None:
    for length, pooled in ((200, 26), (249, 33), (251, 33), (600, 83)):
        assert ExplaiNNConfig(length, 1).pooled_positions == pooled
    assert ExplaiNNConfig(35, 1).covered == 14
    assert ExplaiNNConfig(101, 1).covered == 83 - 6
    assert ExplaiNNConfig(101, 1, num_fc=0).covered == 83


@pytest.mark.parametrize("pooled", range(1, 84))
def test_every_number_of_pooled_positions(pooled: int) -> None:
    """Against the layers one after the other, in training mode, with a tail of each size."""
    config = ExplaiNNConfig(
        length=18 + 7 * pooled + pooled % 7, tasks=1, units=3, hidden=5, dropout=0.0
    )
    assert config.pooled_positions == pooled
    model = random_model(config, pooled).double().train()
    codes = codes_of(6, config.length, pooled)
    reference = stepwise(model, codes)
    assert torch.allclose(model.unit_outputs(codes), reference, atol=1e-9)


@pytest.mark.parametrize(
    "config",
    [
        dataclasses.replace(SMALL, pool_size=5, pool_stride=3),
        dataclasses.replace(SMALL, pool_size=3, pool_stride=5),
        dataclasses.replace(SMALL, filter_length=1),
        dataclasses.replace(SMALL, filter_length=40, pool_size=21, pool_stride=1),
        dataclasses.replace(SMALL, units=1, hidden=1),
    ],
)
def test_other_shapes(config: ExplaiNNConfig) -> None:
    config = dataclasses.replace(config, dropout=0.0)
    model = random_model(config).double().train()
    codes = codes_of(8, config.length)
    assert torch.allclose(model.unit_outputs(codes), stepwise(model, codes), atol=1e-9)


def stepwise(model: ExplaiNN, codes: torch.Tensor) -> torch.Tensor:
    """The paper's layers in the paper's order, by torch's own modules (num_fc = 2)."""
    config = model.config
    x = torch.zeros(len(codes), 5, config.length, dtype=torch.float64)
    x = x.scatter(1, codes.long().unsqueeze(1), 1.0)[:, :4]
    convolution, norm = model.convolution
    y = nn.functional.conv1d(x, convolution.weight, convolution.bias)
    y = nn.functional.batch_norm(y, None, None, norm.weight, norm.bias, training=True, eps=norm.eps)
    y = nn.functional.max_pool1d(y.exp(), config.pool_size, config.pool_stride)
    y = y.flatten(1).unsqueeze(-1)
    for layer, layer_norm in model.dense_layers:
        y = nn.functional.conv1d(y, layer.weight, layer.bias, groups=config.units)
        scale, shift = layer_norm.weight, layer_norm.bias
        y = nn.functional.batch_norm(y, None, None, scale, shift, training=True, eps=norm.eps)
        y = y.relu()
    return y.flatten(1)


def test_filters_give_the_input_of_the_exponential() -> None:
    model, codes = random_model(SMALL), codes_of(8, 60)
    weight, offset = model.filters()
    assert weight.shape == (5, 4, 7) and offset.shape == (5,)
    x = layers.one_hot(codes, torch.float32).transpose(1, 2)
    convolution, norm = model.convolution
    with torch.no_grad():
        expected = norm(convolution(x.repeat(1, 5, 1)))
        found = nn.functional.conv1d(x, weight) + offset[:, None]
    assert torch.allclose(found, expected, atol=1e-5)


def test_window_moments_are_those_of_all_windows() -> None:
    for length, k in ((19, 19), (20, 19), (57, 19), (61, 7), (30, 1)):
        codes = codes_of(9, length)
        channels = layers.one_hot(codes, torch.float32)
        windows = channels.unfold(1, k, 1).reshape(-1, 4 * k).double()
        mean, covariance = layers.window_moments(channels, k)
        assert torch.allclose(mean, windows.mean(0), atol=1e-12)
        assert torch.allclose(covariance, torch.cov(windows.T, correction=0), atol=1e-12)


def test_dropout_drops_the_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    dropped = layers.dropout(torch.ones(400_003), 0.3)
    assert abs(float((dropped == 0).float().mean()) - 0.3) < 0.004
    assert abs(float(dropped.mean()) - 1) < 0.006
    assert torch.equal(layers.dropout(torch.ones(5), 0.0), torch.ones(5))


def test_dropout_only_in_training() -> None:
    model, codes = random_model(SMALL), codes_of(32, 60)
    assert torch.equal(model(codes), model(codes))
    model.train()
    assert not torch.equal(model(codes), model(codes))


def test_hidden_layer_gradients_with_dropout() -> None:
    """The gradient passes exactly through what dropout kept, with its scale."""
    torch.manual_seed(1)
    inputs = torch.randn(2, 6, 4, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, 4, 3, dtype=torch.float64, requires_grad=True)
    shift = torch.randn(2, 1, 3, dtype=torch.float64, requires_grad=True)
    last = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)

    def apply(*tensors: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(5)  # the same nodes are dropped at every call
        return layers.HiddenLayer.apply(*tensors, 0.4)

    assert torch.autograd.gradcheck(apply, (inputs, weight, shift, last))


def test_n_adds_nothing() -> None:
    model = random_model(SMALL)
    weight, offset = model.filters()
    nothing = torch.full((2, 60), 4, dtype=torch.uint8)
    x = layers.one_hot(nothing, torch.float32)
    pooled = layers.pooled_activations(x, weight, offset, 7, 7)
    assert torch.allclose(pooled[:, 0, 0], offset.exp())


def test_no_dense_layers_give_the_largest_activation() -> None:
    model, codes = random_model(dataclasses.replace(SMALL, num_fc=0)), codes_of(7, 60)
    weight, offset = model.filters()
    x = layers.one_hot(codes, torch.float32).transpose(1, 2)
    best = (nn.functional.conv1d(x, weight) + offset[:, None]).amax(2).exp()
    assert torch.allclose(model.unit_outputs(codes), best, rtol=1e-5)


def test_running_statistics_follow_torch() -> None:
    model = ExplaiNN(dataclasses.replace(SMALL, dropout=0.0)).train()
    convolution, norm = model.convolution
    reference = nn.BatchNorm1d(5)
    for seed in range(3):
        codes = codes_of(10, 60, seed)
        x = layers.one_hot(codes, torch.float32).transpose(1, 2)
        reference(convolution(x.repeat(1, 5, 1)))
        model(codes)
    assert torch.allclose(norm.running_mean, reference.running_mean, atol=1e-5)
    assert torch.allclose(norm.running_var, reference.running_var, rtol=1e-4)
    assert int(norm.num_batches_tracked) == 3


class TestMistakes:
    def test_too_short_names_the_numbers(self) -> None:
        with pytest.raises(UserError, match=r"20 bp long.*19 bp and a pool of 7.*at least 25 bp"):
            ExplaiNNConfig(20, 1)
        assert ExplaiNNConfig(25, 1).pooled_positions == 1
        with pytest.raises(UserError, match=r"18 bp long.*at least 19 bp"):
            ExplaiNNConfig(18, 1, num_fc=0)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *(("units", 0), ("filter_length", 0), ("filter_length", 201), ("dropout", 1.0)),
            *(("num_fc", -1), ("hidden", 0), ("tasks", 0), ("pool_stride", 0)),
        ],
    )
    def test_out_of_range(self, name: str, value: float) -> None:
        with pytest.raises(UserError, match=f"{name} is {value}"):
            ExplaiNNConfig(**({"length": 300, "tasks": 1} | {name: value}))

    def test_wrong_input(self) -> None:
        model = ExplaiNN(SMALL)
        with pytest.raises(ValueError, match="shape"):
            model(codes_of(4, 61))
        with pytest.raises(ValueError, match="uint8"):
            model(codes_of(4, 60).float())
        with pytest.raises(ValueError, match="two sequences"):
            model.train()(codes_of(1, 60))
        assert model.eval()(codes_of(1, 60)).shape == (1, 3)

    def test_registry(self) -> None:
        with pytest.raises(UserError, match="model 'resnet' is unknown; choose from explainn"):
            build("resnet", {})
        with pytest.raises(UserError, match="unknown setting width"):
            build("explainn", {"length": 60, "tasks": 1, "width": 3})
        config = config_from("explainn", {"units": 7, "batch_size": 3, "hidden": None}, 60, 2)
        assert config == {"units": 7, "length": 60, "tasks": 2}
        assert build("explainn", config).config == ExplaiNNConfig(60, 2, units=7)
