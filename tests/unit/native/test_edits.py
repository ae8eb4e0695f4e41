"""What edits change: the kernel against a full evaluation, for every kind of edit and pooling."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
from test_units import SMALL, each_isa, isa, random_codes, random_model

from nfexplainn.dna import Codes, reverse_complement
from nfexplainn.errors import DivergedError
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import expected_weights
from nfexplainn.models.modules import weights_of
from nfexplainn.models.native_model import NativeExplaiNN
from nfexplainn.native.units import Edits

__all__ = ["isa"]
SHAPES = [
    SMALL,
    dataclasses.replace(SMALL, num_fc=1),
    dataclasses.replace(SMALL, num_fc=0),
    dataclasses.replace(SMALL, pool_size=9, pool_stride=4),
    dataclasses.replace(SMALL, pool_size=2, pool_stride=5),
    dataclasses.replace(SMALL, filter_length=19, hidden=33, units=5),
]


def native(config: ExplaiNNConfig, seed: int = 0) -> NativeExplaiNN:
    return NativeExplaiNN(config, weights_of(random_model(config, seed)))


def some_edits(codes: Codes, seed: int = 0) -> Edits:
    """Single bases, stretches, shifted flanks, and edits that change nothing."""
    rng = np.random.default_rng(seed)
    length = codes.shape[1]
    row = np.sort(rng.integers(0, len(codes), 6 * len(codes))).astype(np.int64)
    edited = codes[row].copy()
    first = np.empty(len(row), dtype=np.int32)
    last = np.empty(len(row), dtype=np.int32)
    for at in range(len(row)):
        low = int(rng.integers(0, length))
        high = int(rng.choice([low, low + 1, min(length, low + 5), length]))
        first[at], last[at] = low, high
        edited[at, low:high] = rng.integers(0, 5, high - low)
    return Edits(edited, row, first, last)


@each_isa
@pytest.mark.parametrize("config", SHAPES)
def test_changes_are_those_of_a_full_evaluation(config: ExplaiNNConfig) -> None:
    model = native(config)
    codes = random_codes(70, config.length).numpy()
    edits = some_edits(codes)
    outputs, changes = model.unit_changes(codes, edits)
    np.testing.assert_array_equal(outputs, model.unit_outputs(codes))
    expected = model.unit_outputs(edits.codes).astype(np.float64) - outputs[edits.row]
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(changes, expected, rtol=1e-5, atol=1e-5)


def test_the_other_strand_is_the_same_edit() -> None:
    model = native(SMALL)
    codes = random_codes(10, SMALL.length).numpy()
    edits = some_edits(codes)
    turned = edits.reverse_complement()
    _, changes = model.unit_changes(reverse_complement(codes), turned)
    expected = (
        model.unit_outputs(turned.codes) - model.unit_outputs(reverse_complement(codes))[edits.row]
    )
    np.testing.assert_allclose(changes, expected, rtol=1e-5, atol=1e-5)


def test_what_no_unit_sees_changes_nothing_at_all() -> None:
    """The last bases are behind the last pool: their change is 0, not a rounding error."""
    config = dataclasses.replace(SMALL, length=61)
    model = native(config)
    codes = random_codes(3, config.length, unknown=0).numpy()
    unseen = config.covered + config.filter_length - 1
    assert unseen < config.length
    edited = codes.copy()
    edited[:, unseen:] = (edited[:, unseen:] + 1) % 4
    row = np.arange(3, dtype=np.int64)
    first = np.full(3, unseen, dtype=np.int32)
    _, changes = model.unit_changes(codes, Edits(edited, row, first, first + 1))
    assert not changes.any()


@pytest.mark.parametrize("kind", ["order", "row", "beyond", "length"])
def test_edits_that_fit_nothing_are_refused(kind: str) -> None:
    model = native(SMALL)
    codes = random_codes(2, SMALL.length).numpy()
    row = np.array({"order": [1, 0], "row": [0, 2]}.get(kind, [0, 1]), dtype=np.int64)
    first = np.zeros(2, dtype=np.int32)
    last = first + (SMALL.length + 1 if kind == "beyond" else 1)
    edited = codes[:, 1:] if kind == "length" else codes
    with pytest.raises(ValueError, match="edits"):
        model.unit_changes(codes, Edits(edited, row, first, last))


def test_an_activation_that_overflows_in_an_edit_alone_is_told() -> None:
    config = dataclasses.replace(SMALL, units=1)
    weights = {
        name: np.zeros(one.shape, one.dtype) for name, one in expected_weights(config).items()
    }
    for name in weights:
        if name.endswith("running_var"):
            weights[name][:] = 1
    weights["linears.1.weight"][:] = 1
    weights["linears.0.weight"][0, 0] = 100  # a run of A
    codes = np.full((1, config.length), 1, dtype=np.uint8)
    edited = codes.copy()
    edited[0, 20:27] = 0
    row = np.zeros(1, dtype=np.int64)
    edits = Edits(edited, row, np.array([20], dtype=np.int32), np.array([27], dtype=np.int32))
    with pytest.raises(DivergedError, match="unit_001"):
        NativeExplaiNN(config, weights).unit_changes(codes, edits)


def test_single_bases_cost_far_less_than_full_evaluations() -> None:
    config = ExplaiNNConfig(length=200, tasks=1)
    model = native(config)
    codes = random_codes(1, 200, unknown=0).numpy()
    edited = np.repeat(codes, 600, axis=0)
    at = np.repeat(np.arange(200, dtype=np.int32), 3)
    edited[np.arange(600), at] = (edited[np.arange(600), at] + np.tile([1, 2, 3], 200)) % 4
    edits = Edits(edited, np.zeros(600, dtype=np.int64), at, at + 1)

    def seconds(what: object, *given: object) -> float:
        times = []
        for _ in range(5):
            begin = time.process_time()
            what(*given)  # type: ignore[operator]
            times.append(time.process_time() - begin)
        return min(times)

    assert seconds(model.unit_changes, codes, edits) < 0.6 * seconds(model.unit_outputs, edited)
