"""What a row tells by itself: AUROC, correlation, hits, what sites do; with their intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from nfexplainn.evaluation import metrics
from nfexplainn.evidence import alone as a


def test_the_auroc_is_that_of_the_metrics_and_its_interval_that_of_the_jackknife() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(150) < 0.4).astype(float)
    score = np.round(rng.normal(y, 1.2), 1)
    found = a.ranked_alone(score, y, np.arange(150))
    assert found.value == pytest.approx(metrics.auroc(y, score))
    assert found.auprc == pytest.approx(metrics.average_precision(y, score))
    keep = ~np.eye(150, dtype=bool)
    left_out = np.array([metrics.auroc(y[rows], score[rows]) for rows in keep])
    error = np.sqrt(149 / 150 * ((left_out - left_out.mean()) ** 2).sum())
    half = stats.t.ppf(0.975, 149) * error
    assert found.low == pytest.approx(found.value - half, abs=0.002)


def test_the_correlation_and_its_interval() -> None:
    rng = np.random.default_rng(1)
    y = rng.normal(size=2000)
    y[:10] = np.nan
    score = y + rng.normal(size=2000)
    known = ~np.isnan(y)
    score[~known] = 0
    found = a.correlated_alone(score, y, np.arange(2000))
    r = np.corrcoef(score[known], y[known])[0, 1]
    assert found.value == pytest.approx(r)
    # Of normal data the error of r is (1 - r^2) / sqrt(n).
    assert (found.value - found.low) / 1.96 == pytest.approx((1 - r**2) / 1990**0.5, rel=0.1)


def test_one_class_or_no_variance_tell_nothing() -> None:
    ones = np.ones(20)
    assert np.isnan(a.ranked_alone(ones, ones, np.arange(20)).value)
    assert np.isnan(a.correlated_alone(ones, np.arange(20.0), np.arange(20)).value)
    assert np.isnan(a.site_rates(ones > 0, ones).odds)
    assert np.isnan(a.site_difference(ones, ones > 0, np.arange(20))[0])


def test_odds_are_those_of_the_table_of_counts() -> None:
    y = np.repeat([1.0, 0.0, np.nan], [100, 200, 5])
    hit = np.zeros(305, dtype=bool)
    hit[:60] = hit[100:120] = hit[300:] = True
    found = a.site_rates(hit, y)
    assert (found.positives, found.negatives) == (0.6, 0.1)
    assert found.odds == pytest.approx(60.5 * 180.5 / (40.5 * 20.5))
    table = stats.contingency.odds_ratio([[60, 40], [20, 180]], kind="sample")
    interval = table.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=0.06)


def test_the_threshold_is_the_one_of_the_largest_g() -> None:
    rng = np.random.default_rng(2)
    y = (rng.random(300) < 0.5).astype(float)
    score = np.round(rng.normal(1.5 * y, 1), 1)
    found = a.best_threshold(score, y)

    def g(threshold):
        table = np.array(
            [[((score >= threshold) == hit) & (y == c) for c in (0, 1)] for hit in (0, 1)]
        )
        return stats.chi2_contingency(
            table.sum(axis=2), correction=False, lambda_="log-likelihood"
        ).statistic

    each = {t: g(t) for t in np.unique(score)[1:]}
    assert found == max(each, key=each.get)
    assert a.best_threshold(score, np.ones(300)) == np.inf


def test_what_sites_do_is_the_difference_of_means_with_welchs_interval() -> None:
    rng = np.random.default_rng(3)
    site = rng.random(400) < 0.3
    values = rng.normal(np.where(site, 1.0, 0.0), np.where(site, 2.0, 1.0))
    value, low, high = a.site_difference(values, site, np.arange(400))
    welch = stats.ttest_ind(values[site], values[~site], equal_var=False)
    interval = welch.confidence_interval(0.95)
    assert value == pytest.approx(values[site].mean() - values[~site].mean())
    assert (low, high) == pytest.approx((interval.low, interval.high), abs=0.02)
