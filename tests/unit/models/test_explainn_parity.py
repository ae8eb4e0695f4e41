"""ExplaiNN against the authors' package, with copied weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from nfexplainn.models.explainn import ExplaiNN, ExplaiNNConfig

networks = pytest.importorskip(
    "explainn.models.networks", reason="needs the authors' package explainn 0.1.5"
)


def pair(num_fc: int, length: int = 200, units: int = 12) -> tuple[ExplaiNN, Any]:
    torch.manual_seed(num_fc)
    theirs = networks.ExplaiNN(units, length, 2, num_fc=num_fc)
    for module in theirs.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            torch.nn.init.normal_(module.weight, 1, 0.3)
            torch.nn.init.normal_(module.bias, 0, 0.3)
            torch.nn.init.normal_(module.running_mean, 0, 0.3)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
        elif isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    ours = ExplaiNN(ExplaiNNConfig(length, 2, units=units, num_fc=num_fc, dropout=0.0))
    ours.load_state_dict(theirs.state_dict())  # the keys are the same, all of them
    return ours, theirs


def inputs(n: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(3)
    codes = torch.from_numpy(rng.integers(0, 5, (n, length)).astype(np.uint8))
    channels = (codes[:, None] == torch.arange(4)[None, :, None]).float()
    return codes, channels


@pytest.mark.parametrize("num_fc", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("length", [200, 249])
def test_logits_in_evaluation(num_fc: int, length: int) -> None:
    ours, theirs = pair(num_fc, length)
    codes, channels = inputs(20, length)
    with torch.no_grad():
        difference = (ours.eval()(codes) - theirs.eval()(channels)).abs().max()
    assert difference < 1e-5


@pytest.mark.parametrize("num_fc", [0, 1, 2, 3, 4])
def test_training_in_float64(num_fc: int) -> None:
    """Loss, gradients and running statistics of one step."""
    ours, theirs = pair(num_fc, 101)
    ours, theirs = ours.double().train(), theirs.double().train()
    codes, channels = inputs(23, 101)
    labels = torch.randint(0, 2, (23, 2)).double()
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    loss(ours(codes), labels).backward()
    loss(theirs(channels.double()), labels).backward()
    expected = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        found = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        assert torch.allclose(found, expected[name].grad, atol=1e-9), name
    state = theirs.state_dict()
    for name, tensor in ours.state_dict().items():
        # The moments of the windows are float64; the running averages are compared in float64.
        assert torch.allclose(tensor, state[name], atol=1e-9), name


def test_same_start_from_the_same_seed() -> None:
    """The initialisation is the authors': same distributions, drawn in the same order."""
    torch.manual_seed(7)
    theirs = networks.ExplaiNN(6, 80, 3).state_dict()
    torch.manual_seed(7)
    ours = ExplaiNN(ExplaiNNConfig(80, 3, units=6)).state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_float32_gradients_are_as_good_as_theirs() -> None:
    """Against float64: our error is within three times the original's own."""
    ratios = []
    for seed in range(10):
        torch.manual_seed(100 + seed)
        theirs = networks.ExplaiNN(10, 200, 1)
        for module in theirs.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        ours = ExplaiNN(ExplaiNNConfig(200, 1, units=10, dropout=0.0))
        ours.load_state_dict(theirs.state_dict())
        exact = networks.ExplaiNN(10, 200, 1)
        exact.load_state_dict(theirs.state_dict())
        for module in exact.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        exact = exact.double()
        codes, channels = inputs(40, 200)
        labels = torch.randint(0, 2, (40, 1)).float()
        loss = torch.nn.functional.binary_cross_entropy_with_logits
        for model, x in ((ours, codes), (theirs, channels), (exact, channels.double())):
            loss(model.train()(x), labels.to(next(model.parameters()).dtype)).backward()
        names = ("linears.0.weight", "linears.6.weight", "linears.10.weight", "final.weight")
        errors = []
        for model in (ours, theirs):
            parameters, reference = dict(model.named_parameters()), dict(exact.named_parameters())
            errors.append(
                max(
                    float(
                        (parameters[n].grad - reference[n].grad).norm() / reference[n].grad.norm()
                    )
                    for n in names
                )
            )
        ratios.append(errors[0] / errors[1])
    assert np.median(ratios) < 3
