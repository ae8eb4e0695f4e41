"""Moderated t-tests: figures that limma publishes with its own tests, and draws of known priors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import polygamma
from scipy.stats import ttest_ind

from nfexplainn.analyses.conditions.moderated import (
    expected_variances,
    fit_conditions,
    fit_prior,
    inverse_trigamma,
    squeezed,
)
from nfexplainn.errors import UserError


@pytest.mark.parametrize(
    ("value", "x"), [(1e-6, 1.000000e06), (5, 4.961687e-01), (1e6, 1.000001e-03)]
)
def test_trigamma_is_inverted_as_limma_publishes(value: float, x: float) -> None:
    assert inverse_trigamma(value) == pytest.approx(x, rel=1e-6)


@pytest.mark.parametrize("x", [1e-5, 0.02, 0.7, 3.0, 80.0, 1e5])
def test_trigamma_of_its_inverse_is_the_value(x: float) -> None:
    assert inverse_trigamma(float(polygamma(1, x))) == pytest.approx(x, rel=1e-5)


def test_prior_and_squeezed_variances_as_limma_publishes() -> None:
    # Five rows with 6, 6, 6, 6 and 4 degrees of freedom, of limma's own regression tests.
    sigma = np.array([1.3425032, 0.4647155, 1.1993444, 0.9428569, 0.9421509])
    degrees = np.array([6.0, 6, 6, 6, 4])
    prior = fit_prior(sigma**2, degrees)
    assert prior.degrees == pytest.approx(9.306153, rel=1e-5)
    assert prior.variance == pytest.approx(0.923179, rel=1e-5)
    expected = [1.2677996, 0.6459499, 1.1251558, 0.9097727, 0.9124980]
    np.testing.assert_allclose(squeezed(sigma**2, degrees, prior), expected, rtol=1e-6)
    # The first row's published t, of a coefficient and its unscaled standard deviation.
    t = 3.537333 / (0.8164966 * np.sqrt(squeezed(sigma**2, degrees, prior)[0]))
    assert t == pytest.approx(3.847656, rel=1e-6)


def test_moderated_t_and_p_as_limma_publishes_where_rows_vary_alike() -> None:
    # Ten rows of three against three: published are differences, t and p; limma found that their
    # variances differ by no more than chance, so that all have the pooled one and 40 degrees.
    difference = np.array([0.44581938, 0.37520387, 0.27332729, 0.25512120, 0.08717360])
    difference = np.append(
        difference, [0.08536999, -0.14342683, -0.16760121, -0.37725930, -1.71576906]
    )
    t = np.array([1.7901232, 1.5065768, 1.0975061, 1.0244023, 0.3500330])
    t = np.append(t, [0.3427908, -0.5759097, -0.6729784, -1.5148301, -6.8894222])
    p = np.array([8.100587e-02, 1.397766e-01, 2.789833e-01, 3.118009e-01, 7.281504e-01])
    p = np.append(p, [7.335508e-01, 5.679026e-01, 5.048308e-01, 1.376783e-01, 2.674199e-08])
    q = np.array([3.494414e-01, 3.494414e-01, 5.196681e-01, 5.196681e-01, 7.335508e-01])
    q = np.append(q, [7.335508e-01, 7.098782e-01, 7.098782e-01, 3.494414e-01, 2.674199e-07])
    pooled = (difference[0] / t[0]) ** 2 / (2 / 3)
    # Samples whose variance within conditions is the pooled one in every row.
    shape = np.sqrt(pooled * 4 / 4) * np.array([1.0, 0, -1, 1, 0, -1])
    values = difference[:, None] * np.array([0, 0, 0, 1, 1, 1]) + shape
    fit = fit_conditions(values, np.repeat([0, 1], 3), ["first", "last"])
    found = fit.compare(0, 1)
    assert np.isinf(fit.prior.degrees)
    np.testing.assert_allclose(found.degrees, 40)
    np.testing.assert_allclose(found.difference, difference, rtol=1e-9)
    np.testing.assert_allclose(found.t, t, rtol=1e-6)
    np.testing.assert_allclose(found.p, p, rtol=1e-5)
    np.testing.assert_allclose(found.q, q, rtol=1e-5)
    assert ((found.low < difference) & (difference < found.high)).all()


def test_a_known_prior_is_recovered() -> None:
    rng = np.random.default_rng(3)
    truth = 8 * 0.3 / rng.chisquare(8, 20_000)
    variances = truth * rng.chisquare(4, 20_000) / 4
    prior = fit_prior(variances, np.full(20_000, 4.0))
    assert prior.degrees == pytest.approx(8, rel=0.1)
    assert prior.variance == pytest.approx(0.3, rel=0.03)


@pytest.mark.parametrize("prior", [4.0, np.inf])
def test_no_level_is_exceeded_without_a_difference(prior: float) -> None:
    rng = np.random.default_rng(5)
    rows = 20_000
    sd = np.ones(rows) if np.isinf(prior) else np.sqrt(prior / rng.chisquare(prior, rows))
    values = rng.normal(2, sd[:, None], (rows, 6))
    p = fit_conditions(values, np.repeat([0, 1], 3), ["a", "b"]).compare(0, 1).p
    for level in (0.001, 0.01, 0.05, 0.2):
        assert 0.4 * level < (p <= level).mean() < level + 2 * np.sqrt(level / rows)


def test_rows_that_do_much_are_expected_to_vary_more() -> None:
    rng = np.random.default_rng(7)
    noise, mean = rng.uniform(1, 3, 4_000), np.where(np.arange(4_000) < 400, 2.0, 0.0)
    truth = 0.01 * noise + 0.04 * mean**2
    variances = truth * rng.chisquare(4, 4_000) / 4
    np.testing.assert_allclose(expected_variances(variances, noise, mean**2), truth, rtol=0.1)


def test_activity_that_varies_gives_no_differences() -> None:
    rng = np.random.default_rng(9)
    shares = []
    for _ in range(50):
        mean = np.where(np.arange(200) < 20, 1.0, 0.0)
        values = mean[:, None] * rng.normal(1, 0.2, (200, 6)) + rng.normal(0, 0.03, (200, 6))
        fit = fit_conditions(values, np.repeat([0, 1], 3), ["a", "b"], np.ones(200))
        shares.append((fit.compare(0, 1).p[:20] <= 0.05).mean())
    # Without a trend it is above .15: 180 motifs that do nothing speak for 20 that vary.
    assert np.mean(shares) <= 0.06


def test_few_rows_keep_their_own_variance() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(9, 5))
    fit = fit_conditions(values, np.array([0, 1, 0, 1, 1]), ["a", "b"])
    found = fit.compare(0, 1)
    t, p = ttest_ind(values[:, [1, 3, 4]], values[:, [0, 2]], axis=1)
    assert fit.prior.degrees == 0
    assert (found.degrees == 3).all()
    np.testing.assert_allclose(found.t, t)
    np.testing.assert_allclose(found.p, p)


def test_three_conditions_share_their_variance() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(200, 7))
    fit = fit_conditions(values, np.array([0, 0, 1, 1, 2, 2, 2]), ["a", "b", "c"])
    assert fit.degrees == 4
    both, back = fit.compare(0, 2), fit.compare(2, 0)
    np.testing.assert_allclose(both.difference, -back.difference)
    np.testing.assert_allclose(both.p, back.p)


def test_rows_that_never_vary_give_no_p_that_is_not_a_number() -> None:
    fit = fit_conditions(np.zeros((12, 4)), np.array([0, 0, 1, 1]), ["a", "b"])
    assert (fit.compare(0, 1).p == 1).all()


@pytest.mark.parametrize(
    ("condition", "names", "words"),
    [
        ([0, 0, 0, 0], ["a"], "all samples have the condition 'a'"),
        ([0, 0, 0, 1], ["a", "b"], "'b' has 1 sample, but at least 2 are needed"),
    ],
)
def test_too_few_samples_are_refused(condition: list[int], names: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        fit_conditions(np.zeros((20, 4)), np.array(condition), names)
