"""Models that were trained for correlation over sequences: losses with groups left out."""

from __future__ import annotations

import numpy as np
import pytest

from evidence_fixtures import alone, simulated
from nfexplainn.evidence.correlation import CorrelationTarget, loss_and_left_out

EVERY = slice(None)


def test_it_is_one_less_the_correlation_with_and_without_each_group() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=(90, 2))
    z = y + rng.normal(size=y.shape)
    y[3, 1] = np.nan
    groups = np.arange(90) % 30
    found = loss_and_left_out(z, y, groups, 30)
    for place, rows in [(0, groups >= 0), (1, groups != 0), (8, groups != 7)]:
        each = []
        for task in (0, 1):
            known = rows & ~np.isnan(y[:, task])
            each.append(1 - np.corrcoef(z[known, task], y[known, task])[0, 1])
        assert found[place] == pytest.approx(np.mean(each))


def test_what_does_not_vary_has_the_loss_of_the_base() -> None:
    found = loss_and_left_out(np.full((60, 1), 0.3), np.arange(60.0)[:, None], np.arange(60), 60)
    assert (found == 1).all()


def test_gains_are_falls_of_the_correlation() -> None:
    model = simulated(kind="mse")
    target = CorrelationTarget([model], EVERY, np.arange(model.unseen.rows.max() + 1))
    y, w = model.unseen.labels[:, 0], model.weight[0]

    def r(some):
        return np.corrcoef(model.unseen.outputs[some].T @ w[some], y)[0, 1]

    removed = target.remove(alone(0))
    assert removed.by_replicate[0] == pytest.approx(r(range(6)) - r(range(1, 6)), abs=1e-6)
    means = target.judge(np.stack([removed.increase, target.remove(alone(5)).increase]))
    assert means.test.tolist() == ["jackknife"] * 2
    assert means.p[0] < 1e-4 < means.p[1]
    everything = target.remove(alone(*range(6))).increase + target.model_loss
    np.testing.assert_allclose(everything, target.base_loss)
    kept, _ = target.keep(alone(*range(6)))
    np.testing.assert_allclose(kept, target.model_loss)
