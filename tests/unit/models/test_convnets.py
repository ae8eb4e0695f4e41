"""The networks ExplaiNN is compared with: shapes counted by hand, and what must not be random."""

from __future__ import annotations

import pytest
import torch

from nfexplainn.errors import UserError
from nfexplainn.models.registry import ARCHITECTURES, build, config_from

# Length, inputs of the first dense layer, and parameters, added up by hand from the paper's layers.
COUNTED = {
    "cnn1": (200, 50, 2600, 7_700 + 200 + 2_601_000 + 2_000 + 1_001_000 + 2_000 + 50_050),
    "cnn1exp": (200, 50, 2600, 7_700 + 200 + 2_601_000 + 2_000 + 1_001_000 + 2_000 + 50_050),
    "deepcnn": (
        200,
        50,
        1000,
        (7_700 + 200) + (140_200 + 400) + (160_200 + 400) + 2 * (1_001_000 + 2_000) + 50_050,
    ),
    "deepstarr": (
        249,
        2,
        1800,
        (7_424 + 512)
        + (46_140 + 120)
        + (18_060 + 120)
        + (21_720 + 240)
        + (461_056 + 512)
        + (65_792 + 512)
        + 514,
    ),
    "aitac": (
        251,
        81,
        1000,
        (23_100 + 600) + (660_200 + 400) + (280_200 + 400) + 2 * 1_001_000 + 81_081,
    ),
    # 13 positions of 2 x 320 states; two LSTM layers of two directions, four gates each.
    "danq": (
        200,
        50,
        8320,
        33_600
        + 2 * 4 * 320 * (320 + 320 + 2)
        + 2 * 4 * 320 * (640 + 320 + 2)
        + (8320 * 925 + 925)
        + (925 * 50 + 50),
    ),
}


def make(name: str, length: int, tasks: int = 2) -> torch.nn.Module:
    torch.manual_seed(1)
    return build(name, {"length": length, "tasks": tasks}).eval()


def codes(n: int, length: int) -> torch.Tensor:
    return torch.randint(0, 5, (n, length), dtype=torch.uint8)


def test_every_architecture_is_counted() -> None:
    others = {name for name, one in ARCHITECTURES.items() if one.shortest}
    assert set(COUNTED) == others == set(ARCHITECTURES) - {"explainn", "single_layer", "nam"}


@pytest.mark.parametrize("name", COUNTED)
def test_shape_and_parameters_are_the_papers(name: str) -> None:
    length, tasks, flat, parameters = COUNTED[name]
    model = make(name, length, tasks)
    assert model.flat == flat
    assert sum(parameter.numel() for parameter in model.parameters()) == parameters
    with torch.inference_mode():
        given = codes(3, length)
        logits = model(given)
        assert logits.shape == (3, tasks)
        # Dropout is off, and no sequence knows of the others.
        assert torch.equal(model(given), logits)
        assert torch.allclose(model(given[1:2]), logits[1:2], atol=1e-5)


def test_dropout_is_on_only_in_training() -> None:
    model = make("danq", 60)
    given = codes(4, 60)
    with torch.inference_mode():
        assert torch.equal(model(given), model(given))
        model.train()
        assert not torch.equal(model(given), model(given))


def test_one_network_differs_from_the_other_by_the_exponential_alone() -> None:
    plain, exponential = make("cnn1", 60), make("cnn1exp", 60)
    exponential.load_state_dict(plain.state_dict())
    given = codes(3, 60)
    with torch.inference_mode():
        one, two = plain.convolutions(_onehot(given)), exponential.convolutions(_onehot(given))
        # Both pool the same windows: the maximum passes through a rising function.
        assert torch.allclose(one, torch.log(two).clamp(min=0), atol=1e-5)
        assert not torch.allclose(plain(given), exponential(given))


def test_first_layer_is_a_sum_over_bases() -> None:
    """N adds nothing, and the channels are A, C, G, T."""
    model = make("aitac", 60)
    convolution = model.convolutions[0]
    given = codes(1, 60)
    expected = convolution.bias.detach().clone()
    for offset in range(19):
        base = int(given[0, 20 - 9 + offset])
        if base < 4:
            expected += convolution.weight[:, base, offset].detach()
    with torch.inference_mode():
        assert torch.allclose(convolution(_onehot(given))[0, :, 20], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "least"), {"cnn1": 25, "danq": 38, "deepcnn": 90, "deepstarr": 16, "aitac": 16}.items()
)
def test_too_short_sequences_name_the_length_needed(name: str, least: int) -> None:
    assert ARCHITECTURES[name].shortest == least
    with torch.inference_mode():
        assert make(name, least)(codes(2, least)).shape == (2, 2)
    with pytest.raises(UserError, match=f"model {name} needs at least {least} bp"):
        make(name, least - 1)


def test_settings_of_other_architectures_do_not_reach_them() -> None:
    options = {"units": 8, "filter_length": 9, "dropout": 0.9}
    assert config_from("cnn1", options, 60, 2) == {"length": 60, "tasks": 2}
    one = build("danq", {"length": 60, "tasks": 1, "lstm_layers": 1})
    assert one.lstm.num_layers == 1
    with pytest.raises(UserError, match="lstm_layers is 0"):
        build("danq", {"length": 60, "tasks": 1, "lstm_layers": 0})


def _onehot(given: torch.Tensor) -> torch.Tensor:
    return (given.unsqueeze(1) == torch.arange(4, dtype=torch.uint8)[:, None]).float()
