"""Clustered means: their errors, tests and intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from nfexplainn.evidence import clusters as c


def pairs(n: int) -> np.ndarray:
    return np.arange(n) // 2


def test_without_clusters_it_is_the_one_sample_t_test() -> None:
    d = np.random.default_rng(0).normal(0.1, 1, size=(3, 200))
    found = c.clustered_means(d, np.arange(200))
    known = stats.ttest_1samp(d, 0, axis=1, alternative="greater")
    np.testing.assert_allclose(found.p, known.pvalue)
    both = stats.ttest_1samp(d, 0, axis=1).confidence_interval(0.95)
    np.testing.assert_allclose(found.low, both.low)
    np.testing.assert_allclose(found.high, both.high)
    assert set(found.test) == {"t"}


def test_the_error_is_that_of_the_formula_and_the_unknown_have_no_part() -> None:
    rng = np.random.default_rng(1)
    groups = rng.integers(0, 30, size=100)
    groups[:30] = np.arange(30)
    d = rng.normal(size=100)
    d[rng.random(100) < 0.2] = np.nan
    found = c.clustered_means(d[None], groups)
    known = ~np.isnan(d)
    gain = d[known].mean()
    sums = np.array([np.nansum(d[groups == g]) for g in range(30)])
    sizes = np.array([known[groups == g].sum() for g in range(30)])
    used = (sizes > 0).sum()
    error = np.sqrt(used / (used - 1) * ((sums - gain * sizes) ** 2).sum()) / known.sum()
    assert found.value[0] == pytest.approx(gain)
    assert found.error[0] == pytest.approx(error)


def test_equal_pairs_count_once() -> None:
    d = np.random.default_rng(2).normal(size=100)
    doubled = c.clustered_means(np.repeat(d, 2)[None], pairs(200))
    single = c.clustered_means(d[None], np.arange(100))
    np.testing.assert_allclose(doubled.error, single.error)
    np.testing.assert_allclose(doubled.p, single.p)


def test_under_the_null_small_p_are_as_rare_as_they_should_be() -> None:
    """Pairs share half of their variance; 4,000 tests, so 5 % are within .039 and .061."""
    rng = np.random.default_rng(3)
    shared = np.repeat(rng.normal(size=(4000, 100)), 2, axis=1)
    d = shared + rng.normal(size=shared.shape)
    p = c.clustered_means(d, pairs(200)).p
    assert (p <= 0.05).mean() == pytest.approx(0.05, abs=0.011)
    assert (c.clustered_means(d, np.arange(200)).p <= 0.05).mean() > 0.08  # had they no clusters


def test_skewed_and_sparse_sums_are_judged_by_resampling() -> None:
    rng = np.random.default_rng(4)
    sparse = np.zeros(400)
    sparse[:12] = 1.0
    skewed = 0.05 - rng.exponential(1.0, 400) ** 2 / 40
    normal = rng.normal(0.2, 1, 400)
    many = np.stack([sparse, skewed, normal, np.zeros(400)])
    assert c.needs_bootstrap(many).tolist() == [True, True, False, True]
    many[1] += 0.05 - min(0.05, many[1].mean())
    found = c.clustered_means(many, np.arange(400), np.random.default_rng(0))
    assert found.test.tolist()[:1] == ["bootstrap"]
    assert found.test.tolist()[2:] == ["t", "t"]  # nothing to resample where all is 0
    assert found.p[3] == 1
    assert found.low[0] < found.value[0] < found.high[0]


def test_resampling_agrees_with_t_where_both_hold() -> None:
    d = np.random.default_rng(5).normal(0.15, 1, size=(1, 300))
    t = c.clustered_means(d, pairs(300))
    sums, sizes = c.cluster_sums(d, pairs(300))
    boot = c._by_bootstrap(t, sums, sizes, np.array([0]), np.random.default_rng(0))
    assert boot.p[0] == pytest.approx(t.p[0], abs=0.01)
    assert boot.low[0] == pytest.approx(t.low[0], abs=0.01)
    assert boot.high[0] == pytest.approx(t.high[0], abs=0.01)


def test_few_clusters_are_no_evidence_by_resampling_alone() -> None:
    """A few that gain much make resampling surer than t; it counts where there are enough."""
    rng = np.random.default_rng(3)
    values = rng.normal(-0.002, 0.02, (2, 240))
    values[:, :12] += rng.exponential(0.5, (2, 12))
    for count in (120, 240):
        some, clusters = values[:, :count], np.arange(count)
        by_t = c.clustered_means(some, clusters)
        found = c.clustered_means(some, clusters, np.random.default_rng(0))
        assert found.test.tolist() == ["bootstrap", "bootstrap"]
        if count < c.ENOUGH_CLUSTERS:
            assert (found.p >= by_t.p).all()
            assert (found.low <= by_t.low).all() and (found.high >= by_t.high).all()
        else:
            assert (found.p < by_t.p / 2).all() and (found.low > by_t.low).all()


def test_resampling_holds_its_level_where_few_sequences_lose_much() -> None:
    """The loss that a noisy unit causes: mostly a small help, now and then a large harm."""
    rng = np.random.default_rng(6)
    below = 0
    for _ in range(200):
        d = 0.02 - rng.exponential(0.02, 150) * rng.binomial(1, 0.1, 150) * 10
        d -= 0.02 - 0.02
        p = c.clustered_means(d[None], np.arange(150), np.random.default_rng(0)).p[0]
        below += p <= 0.05
    assert below <= 20  # 10 expected


def test_the_jackknife_of_a_mean_is_its_t_test() -> None:
    d = np.random.default_rng(7).normal(0.1, 1, 50)
    left_out = (d.sum() - d) / 49
    found = c.jackknife(np.array([d.mean()]), left_out[None])
    known = stats.ttest_1samp(d, 0, alternative="greater")
    assert found.p[0] == pytest.approx(known.pvalue)
    assert found.error[0] == pytest.approx(d.std(ddof=1) / np.sqrt(50))


def test_whole_clusters_are_dealt_into_groups() -> None:
    clusters = np.arange(1000) // 2
    groups = c.jackknife_groups(clusters, np.random.default_rng(0))
    assert len(np.unique(groups)) == c.JACKKNIFE_GROUPS
    assert (groups[::2] == groups[1::2]).all()
