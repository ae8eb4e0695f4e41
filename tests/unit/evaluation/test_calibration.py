"""Calibration: the fit is the optimum of its own criterion, and helps where logits mislead."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize

from nfexplainn.errors import UserError
from nfexplainn.evaluation.calibration import (
    SD,
    Calibration,
    Reliability,
    calibrate,
    expected_error,
    fit_platt,
    fit_temperature,
    read_calibration,
    reliability_bins,
    sigmoid,
    softmax,
    write_calibration,
)


def misleading(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits three times too large and one too high."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(scale=2, size=n)
    return (rng.random(n) < sigmoid(truth)).astype(float), 3 * truth + 1


@pytest.mark.parametrize("n", [3, 20, 200, 5000])
def test_platt_finds_what_a_general_optimiser_finds(n: int) -> None:
    labels, logits = misleading(n, seed=n)

    def cost(at: np.ndarray) -> float:
        scaled = np.exp(at[0]) * logits + at[1]
        fit = (np.logaddexp(0, scaled) - labels * scaled).sum()
        return float(fit + (at**2).sum() / (2 * SD**2))

    best = minimize(cost, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    assert np.allclose(fit_platt(labels, logits), best.x, atol=1e-5)


def test_temperature_finds_what_a_general_optimiser_finds() -> None:
    rng = np.random.default_rng(4)
    truth = rng.normal(size=(300, 4))
    which = np.array([rng.choice(4, p=row) for row in softmax(truth)])
    labels, logits = np.eye(4)[which], 4 * truth

    def cost(at: np.ndarray) -> float:
        p = softmax(np.exp(at[0]) * logits)
        return float(-np.log(p[np.arange(300), which]).sum() + at[0] ** 2 / (2 * SD**2))

    best = minimize(cost, [0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    assert fit_temperature(labels, logits) == pytest.approx(float(best.x[0]), abs=1e-5)


def test_without_data_the_prior_speaks() -> None:
    assert fit_platt(np.zeros(0), np.zeros(0)) == (0.0, 0.0)
    assert fit_temperature(np.zeros((0, 3)), np.zeros((0, 3))) == 0.0


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_class_and_enormous_logits_stay_finite(label: float) -> None:
    logits = np.array([1e4, -1e4, 1e3, 0.0])
    assert np.isfinite(fit_platt(np.full(4, label), logits)).all()


def test_it_lowers_the_loss_and_the_error_of_unseen_sequences() -> None:
    labels, logits = misleading(4000)
    split = np.where(np.arange(4000) < 2000, "valid", "test")
    found = calibrate(labels[:, None], logits[:, None], split, ["a"], "binary")
    (unseen,) = found.unseen
    assert found.method == "platt" and found.sequences == (2000,)
    assert unseen.loss < unseen.loss_before - 0.1 and unseen.error < 0.03 < unseen.error_before
    assert found.log_slope[0] == pytest.approx(np.log(1 / 3), abs=0.1)


def test_each_task_has_its_own_and_unknown_labels_take_no_part() -> None:
    labels, logits = misleading(600)
    both = np.stack([labels, 1 - labels], axis=1)
    both[::2, 1] = np.nan
    split = np.array(["valid", "valid", "test"] * 200)
    found = calibrate(both, np.stack([logits, -logits], axis=1), split, ["a", "b"], "multilabel")
    kept = (split == "valid") & ~np.isnan(both[:, 1])
    alone = fit_platt(both[kept, 1], -logits[kept])
    assert (found.log_slope[1], found.offset[1]) == pytest.approx(alone)
    assert found.sequences == (400, int(kept.sum()))


def test_classes_share_a_temperature_and_values_have_none() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(90, 3))
    labels, split = np.eye(3)[rng.integers(0, 3, 90)], np.array(["valid", "test", "train"] * 30)
    found = calibrate(labels, logits, split, ["a", "b", "c"], "multiclass")
    p = found.probabilities(logits)
    assert len(found.log_slope) == 1 and p is not None and np.allclose(p.sum(axis=1), 1)
    values = calibrate(logits, logits, split, ["a", "b", "c"], "regression")
    assert values.method == "none" and values.probabilities(logits) is None


def test_bins_and_their_error_by_hand() -> None:
    counts, predicted, observed = reliability_bins(
        np.array([0.0, 1.0, 1.0, 1.0]), np.array([0.05, 0.08, 0.95, 1.0])
    )
    assert (counts[0], counts[9], sum(counts)) == (2, 2, 4)
    assert predicted[0] == pytest.approx(0.13) and observed[0] == 1
    assert expected_error(counts, predicted, observed) == pytest.approx((0.87 + 0.05) / 4)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    unseen = Reliability("a,b", (1,) * 10, (0.5,) * 10, (0.0,) * 10, 0.1, 0.2, 0.3)
    found = Calibration("platt", "binary", ("a,b",), (0.1,), (-0.2,), (7,), (unseen,))
    path = tmp_path / "c.json"
    write_calibration(found, path)
    assert read_calibration(path) == found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format_version": 9}, "calibration format 9"),
        ({"log_slope": []}, "not a readable calibration"),
        ({"method": "magic"}, "method is 'magic'"),
        ({"task_type": "odd"}, "not a readable calibration"),
        ({"offset": ["x"]}, "offset is"),
    ],
)
def test_a_broken_file_is_one_sentence(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    path = tmp_path / "r.calibration.json"
    write_calibration(Calibration("platt", "binary", ("a",), (0.1,), (0.2,), (7,)), path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(UserError, match=said) as told:
        read_calibration(path)
    assert "r.calibration.json" in str(told.value) and "\n" not in str(told.value)
