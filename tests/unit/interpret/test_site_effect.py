"""What the presence of a motif does to a task, whatever the unit's output does there."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.filters import Filters
from nfexplainn.interpret.run import interpret_model
from nfexplainn.interpret.site_effect import SiteSums
from nfexplainn.models.config import ModelConfig
from nfexplainn.models.model import Kernel
from nfexplainn.native import library
from nfexplainn.native.scan import NativeScanner
from nfexplainn.scanner import TableScanner

SITE = "TAATTAAATTA"
LENGTH = 60


class TwoUnits:
    """One unit says 3 where the site is and 0 elsewhere, the other 0 where it is and 3 elsewhere.

    The second is what ALX4 showed: the unit falls silent at its own motif.
    """

    kernel: Kernel = "torch"
    config = ModelConfig(LENGTH, 2)
    batch = 100
    # Tasks: the first cycle, the last.
    final_weight = np.array([[-0.5, 0.4], [1.0, -1.0]], dtype=np.float32)
    final_bias = np.zeros(2, dtype=np.float32)
    word = dna.encode([SITE])[0]

    def filters(self) -> Filters:
        weight = np.zeros((2, 4, len(SITE)), dtype=np.float32)
        weight[:, self.word, np.arange(len(SITE))] = 2.0
        return Filters(weight, np.zeros(2, dtype=np.float32), LENGTH - len(SITE) + 1)

    def unit_outputs(self, codes: dna.Codes) -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(codes, len(SITE), axis=1)
        there = (windows == self.word).all(axis=2).any(axis=1)
        return np.stack([3 * there, 3 * ~there], axis=1).astype(np.float32)

    def logits(self, codes: dna.Codes) -> np.ndarray:
        return self.unit_outputs(codes) @ self.final_weight.T

    def weights(self) -> dict[str, np.ndarray]:
        return {}


def cycles() -> Dataset:
    """Ten reads of the first cycle with one site among them, ten of the last with eight."""
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (20, LENGTH)).astype(np.uint8)
    for row in (0, *range(10, 18)):
        codes[row, 20 : 20 + len(SITE)] = dna.encode([SITE])[0]
    labels = np.eye(2, dtype=np.float32)[np.repeat([0, 1], 10)]
    meta = DatasetMeta("d", "htselex", "multiclass", ("c0", "c4"), LENGTH, False, 1)
    return Dataset(meta, [f"r{i}" for i in range(20)], codes, np.array(["train"] * 20), labels)


def test_a_unit_that_is_silent_at_its_motif_works_the_other_way_round(tmp_path: Path) -> None:
    data = cycles()
    logits = (4 * data.labels - 2).astype(np.float32)  # all well predicted
    result = interpret_model(TwoUnits(), data, logits, tmp_path / "i.parquet")
    assert result.importance.n.tolist() == [9, 9]
    # The effect of both units is positive in both tasks, and the second is silent at its sites.
    assert (result.effect > 0).all()
    assert np.abs(result.importance.median[1]).tolist() == [0, 0]
    # Yet the motif lowers the first cycle and raises the last: 3 x weight, or -3 x weight.
    expected = [[-1.5, 3.0], [-1.2, 3.0]]
    np.testing.assert_allclose(result.site_effect.value, expected, rtol=1e-6)
    assert result.site_effect.direction.tolist() == [["lowers", "raises"]] * 2


def test_the_kernel_gives_the_same_as_torch(tmp_path: Path) -> None:
    try:
        library.load()
    except library.KernelError as error:
        pytest.skip(f"needs the native kernel, but {error}")
    data = cycles()
    logits = (4 * data.labels - 2).astype(np.float32)
    ours, theirs = (
        interpret_model(
            TwoUnits(),
            data,
            logits,
            tmp_path / str(at),
            both_strands=True,
            make_scanner=make,
        ).site_effect
        for at, make in enumerate((partial(NativeScanner, threads=2), TableScanner))
    )
    np.testing.assert_allclose(ours.value, theirs.value, rtol=1e-12)
    assert ours.direction.tolist() == theirs.direction.tolist()
    # On both strands, 40 sequences of which 9 have the site: the contrast is the same.
    np.testing.assert_allclose(ours.value, [[-1.5, 3.0], [-1.2, 3.0]], rtol=1e-6)


def test_no_direction_is_told_where_there_is_none() -> None:
    rng = np.random.default_rng(4)
    n = 400
    sites = np.zeros((n, 6), bool)
    sites[:200] = True
    sites[:, 1], sites[:, 2] = False, True  # no sequence with a site; none without
    sites[1:, 3] = False  # a single one with
    output = rng.normal(5, 0.5, (n, 6)).astype(np.float32)
    output[:, 4:] = 5
    output[:200, 0] += 2
    output[:200, 5] += 0.01  # sure, but far less than the first
    output[0, 3] = 40
    sums = SiteSums(6)
    for part in np.array_split(np.arange(n), 7):
        sums.add(output[part], sites[part])
    found = sums.site_effect(np.full((1, 6), -2.0))
    assert np.isnan(found.value[:, 0]).tolist() == [False, True, True, False, False, False]
    assert found.direction[:, 0].tolist() == ["lowers", "", "", "", "", ""]
    for unit in (0, 3, 4, 5):
        mask = sites[:, unit]
        expected = -2 * (
            output[mask, unit].mean(dtype=float) - output[~mask, unit].mean(dtype=float)
        )
        assert found.value[unit, 0] == pytest.approx(expected, abs=1e-9)


def test_noise_gives_no_direction_more_often_than_chance_does() -> None:
    rng = np.random.default_rng(8)
    sums = SiteSums(1000)
    sums.add(rng.normal(size=(300, 1000)).astype(np.float32), rng.random((300, 1000)) < 0.1)
    told = sums.site_effect(np.ones((1, 1000))).direction != ""
    assert 0.01 < told.mean() < 0.09  # 4.6 % are beyond two standard errors
