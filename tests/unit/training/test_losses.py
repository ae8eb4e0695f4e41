"""Losses: the textbook's values, and no part for unknown labels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from nfexplainn.errors import UserError
from nfexplainn.training.losses import LOSSES, resolve_loss


def example(name: str, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    logits = torch.randn(30, 4, generator=rng, dtype=torch.float64)
    if name == "cross_entropy":
        labels = torch.eye(4, dtype=torch.float64)[torch.randint(0, 4, (30,), generator=rng)]
    elif name == "bce":
        labels = torch.randint(0, 2, (30, 4), generator=rng).double()
    else:
        labels = torch.randn(30, 4, generator=rng, dtype=torch.float64)
    known = torch.rand(30, 4, generator=rng) < 0.7
    return logits, labels, known


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("filler", [0.0, 1.0, -7.5, math.nan, math.inf])
def test_what_stands_for_an_unknown_label_does_not_matter(name: str, filler: float) -> None:
    logits, labels, known = example(name)
    found = []
    for replaced in (labels, torch.where(known, labels, torch.tensor(filler, dtype=labels.dtype))):
        x = logits.clone().requires_grad_()
        loss = LOSSES[name](x, replaced, known)
        loss.backward()
        assert torch.isfinite(loss) and x.grad is not None
        found.append((loss.detach(), x.grad))
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1], found[1][1])
    if name in ("bce", "mse", "pearson"):
        assert (found[0][1][~known] == 0).all()
        assert (found[0][1][known] != 0).any()


def test_values_without_unknowns() -> None:
    from scipy.stats import pearsonr

    everything = torch.ones(30, 4, dtype=torch.bool)
    logits, labels, _ = example("bce")
    p = 1 / (1 + np.exp(-logits.numpy()))
    y = labels.numpy()
    expected = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    assert float(LOSSES["bce"](logits, labels, everything)) == pytest.approx(expected)

    logits, labels, _ = example("mse")
    expected = ((logits - labels) ** 2).mean()
    assert float(LOSSES["mse"](logits, labels, everything)) == pytest.approx(float(expected))

    a, b = logits.numpy(), labels.numpy()
    expected = np.mean([1 - pearsonr(a[i], b[i])[0] for i in range(30)])
    assert float(LOSSES["pearson"](logits, labels, everything)) == pytest.approx(expected)
    single = LOSSES["pearson"](logits[:, :1], labels[:, :1], everything[:, :1])
    assert float(single) == pytest.approx(1 - pearsonr(a[:, 0], b[:, 0])[0])
    two = LOSSES["pearson"](logits[:, :2], labels[:, :2], everything[:, :2])
    expected = np.mean([1 - pearsonr(a[:, i], b[:, i])[0] for i in range(2)])
    assert float(two) == pytest.approx(expected)  # per sequence it would be 0 or 2

    logits, labels, _ = example("cross_entropy")
    expected = -(torch.log_softmax(logits, 1) * labels).sum(1).mean()
    found = LOSSES["cross_entropy"](logits, labels, everything)
    assert float(found) == pytest.approx(float(expected))


def test_pearson_with_unknowns_is_that_of_the_known() -> None:
    from scipy.stats import pearsonr

    logits, labels, known = example("pearson")
    values = [
        1 - pearsonr(logits[i][known[i]].numpy(), labels[i][known[i]].numpy())[0]
        for i in range(30)
        if known[i].sum() > 1
    ]
    assert len(values) > 20
    found = LOSSES["pearson"](logits, labels, known)
    assert float(found) == pytest.approx(np.mean(values))


@pytest.mark.parametrize("name", LOSSES)
def test_size_does_not_depend_on_the_batch(name: str) -> None:
    logits, labels, known = example(name)
    once = LOSSES[name](logits, labels, known)
    twice = LOSSES[name](logits.repeat(2, 1), labels.repeat(2, 1), known.repeat(2, 1))
    assert float(twice) == pytest.approx(float(once))


@pytest.mark.parametrize("name", LOSSES)
def test_nothing_known_gives_nothing_to_learn(name: str) -> None:
    logits, labels, known = example(name)
    x = logits.clone().requires_grad_()
    loss = LOSSES[name](x, labels, torch.zeros_like(known))
    loss.backward()
    assert float(loss.detach()) == 0
    assert x.grad is not None and (x.grad == 0).all()


def test_constant_predictions_or_labels_do_not_break_pearson() -> None:
    known = torch.ones(5, 3, dtype=torch.bool)
    for logits, labels in (
        (torch.zeros(5, 3), torch.randn(5, 3)),
        (torch.randn(5, 3), torch.ones(5, 3)),
    ):
        x = logits.requires_grad_()
        loss = LOSSES["pearson"](x, labels, known)
        loss.backward()
        assert torch.isfinite(loss) and torch.isfinite(x.grad).all()


def test_loss_of_a_task_type() -> None:
    expected = {"binary": "bce", "multilabel": "bce", "multiclass": "cross_entropy"}
    for task_type, loss in (expected | {"regression": "mse"}).items():
        assert resolve_loss("auto", task_type) == loss
    assert resolve_loss("pearson", "regression") == "pearson"
    with pytest.raises(UserError, match=r"loss 'bce' does not fit regression.*mse or pearson"):
        resolve_loss("bce", "regression")
