"""Sites that tell the sides apart beyond composition, and such that follow it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import chi2, fisher_exact, mannwhitneyu, t

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.evidence.occurrence import (
    adjusted_value_z,
    adjusted_z,
    composition,
    two_sided,
)
from nfexplainn.evidence.regressions import fitted_weights
from nfexplainn.evidence.side_rates import SideRates


def loss(features: np.ndarray, labels: np.ndarray) -> float:
    weights = fitted_weights("bce", features, labels, np.full(features.shape[1], 1e-3))
    p = expit(features @ weights)
    return float(-(np.log(p) * labels + np.log(1 - p) * (1 - labels)).sum())


def drawn(seed: int, n: int = 800) -> tuple[np.ndarray, ...]:
    """Labels that follow the first of three features, and folds."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, 3))
    labels = (rng.random(n) < 1 / (1 + np.exp(-features[:, 0]))).astype(float)
    return rng, features, labels, rng.integers(0, 5, n)


def test_the_score_test_is_that_of_the_likelihood_ratio() -> None:
    rng, features, labels, folds = drawn(1)
    sites = rng.random((3, 800)) < 0.2 + np.array([0.0, 0.05, 0.1])[:, None] * labels
    found = two_sided(adjusted_z(sites, labels, features, folds))
    base = np.concatenate([folds[:, None] == np.arange(5), features], axis=1).astype(float)
    for row, p in zip(sites, found, strict=True):
        gain = loss(base, labels) - loss(np.column_stack([base, row]), labels)
        assert p == pytest.approx(chi2.sf(2 * gain, 1), rel=0.1, abs=1e-5)


def test_sites_that_follow_composition_do_not_differ_beyond_it() -> None:
    plain, adjusted = [], []
    for seed in range(40):
        rng, features, labels, folds = drawn(seed)
        sites = rng.random((5, 800)) < 0.3 / (1 + np.exp(-2 * features[:, 0]))
        adjusted += two_sided(adjusted_z(sites, labels, features, folds)).tolist()
        for row in sites:
            table = [[(row & (labels == y)).sum(), (~row & (labels == y)).sum()] for y in (1, 0)]
            plain.append(fisher_exact(table)[1])
    assert np.mean(np.array(plain) <= 0.05) > 0.5
    assert 0.01 < np.mean(np.array(adjusted) <= 0.05) < 0.1


def test_sites_of_one_fold_alone_and_none_at_all() -> None:
    rng, features, labels, folds = drawn(3)
    sites = np.zeros((3, 800), dtype=bool)
    sites[0] = (folds == 2) & (rng.random(800) < 0.1 + 0.6 * labels)
    sites[1] = folds == 2
    found = two_sided(adjusted_z(sites, labels, features, folds))
    assert found[0] < 1e-6 and found[1] > 0.9 and found[2] == 1


def test_composition_may_turn_a_difference_round() -> None:
    """More sites on the first side, but fewer than its composition explains: on no side then."""
    rng, features, labels, folds = drawn(5, 8000)
    sites = rng.random((1, 8000)) < 1 / (1 + np.exp(1.0 - 4 * features[:, 0] + labels))
    (z,) = adjusted_z(sites, labels, features, folds)
    first, second = (np.array([sites[0][labels == y].mean()]) for y in (1, 0))
    assert first > second and z < -3
    p, z = np.array([1e-9]), np.array([z])
    assert not SideRates(first, second, p, z).differ[0]
    assert SideRates(first, second, p, -z).differ[0] and SideRates(second, first, p, z).differ[0]


def test_composition_is_of_dinucleotides_and_content() -> None:
    rng = np.random.default_rng(4)
    codes = rng.integers(0, 4, (50, 40), dtype=np.uint8)
    codes[0] = dna.N_CODE
    meta = DatasetMeta("d", "contrast", "binary", ("t",), 40, True, 1)
    names = [str(row) for row in range(50)]
    labels = np.zeros((50, 1), np.float32)
    features = composition(Dataset(meta, names, codes, np.full(50, "test"), labels))
    assert features.shape == (50, 12) and np.isfinite(features).all()
    assert np.allclose(features.mean(axis=0), 0) and np.allclose(features.std(axis=0), 1)
    content = np.delete(dna.gc_content(codes), 0)
    assert np.corrcoef(features[1:, 10], content)[0, 1] == pytest.approx(1)


def test_the_test_of_values_is_that_of_least_squares() -> None:
    rng, features, _, folds = drawn(5)
    values = features[:, 0] + rng.normal(size=800)
    sites = rng.random((3, 800)) < 0.3
    values += 0.5 * sites[2]
    found = two_sided(adjusted_value_z(sites, 1e6 * values, features, folds))
    base = np.concatenate([folds[:, None] == np.arange(5), features], axis=1).astype(float)
    for row, p in zip(sites, found, strict=True):
        design = np.column_stack([base, row])
        weight, (left,), *_ = np.linalg.lstsq(design, values, rcond=None)
        error = np.sqrt(left / (800 - 9) * np.linalg.inv(design.T @ design)[-1, -1])
        assert p == pytest.approx(2 * t.sf(abs(weight[-1] / error), 791), rel=0.25, abs=1e-6)
    assert found[2] < 1e-3


def test_values_that_follow_composition_or_have_few_sites_do_not_differ_by_chance() -> None:
    plain, adjusted, few = [], [], []
    for seed in range(40):
        rng, features, _, folds = drawn(seed)
        values = features[:, 0] + np.exp(features[:, 0]) * rng.normal(size=800)
        sites = rng.random((5, 800)) < 0.3 / (1 + np.exp(-2 * features[:, 0]))
        adjusted += two_sided(adjusted_value_z(sites, values, features, folds)).tolist()
        plain += [mannwhitneyu(values[row], values[~row]).pvalue for row in sites]
        rare = rng.random((5, 800)) < 4 / 800
        few += two_sided(adjusted_value_z(rare, values, features, folds)).tolist()
    assert np.mean(np.array(plain) <= 0.05) > 0.5
    assert np.mean(np.array(adjusted) <= 0.05) < 0.1
    assert np.mean(np.array(few) <= 0.05) < 0.1


def test_no_site_and_values_that_do_not_vary() -> None:
    _, features, _, folds = drawn(3)
    nowhere, everywhere = np.zeros((1, 800), bool), np.ones((1, 800), bool)
    values = features[:, 1] ** 2
    assert two_sided(adjusted_value_z(nowhere, values, features, folds))[0] == 1
    assert two_sided(adjusted_value_z(everywhere, values, features, folds))[0] > 0.9
    some = folds[None] > 2
    assert two_sided(adjusted_value_z(some, np.zeros(800), features, folds))[0] == 1


def test_composition_may_turn_a_difference_of_values_round_and_means_differ_from_ranks() -> None:
    """Higher with a site, but lower than composition explains: on no side then."""
    rng, features, _, folds = drawn(6, 8000)
    sites = rng.random((1, 8000)) < 1 / (1 + np.exp(1.0 - 4 * features[:, 0]))
    values = 2 * features[:, 0] - 0.3 * sites[0] + rng.normal(size=8000)
    (z,) = adjusted_value_z(sites, values, features, folds)
    first, second = (np.array([values[which].mean()]) for which in (sites[0], ~sites[0]))
    assert first > second and z < -3
    assert adjusted_value_z(sites, -values, features, folds)[0] == pytest.approx(-z)
    assert adjusted_value_z(~sites, values, features, folds)[0] == pytest.approx(-z, rel=1e-3)
    p, up, z = np.array([1e-9]), np.array([1.0]), np.array([z])
    assert not SideRates(first, second, p, z, up).differ[0]
    assert SideRates(first, second, p, -z, up).differ[0]
    assert SideRates(second, first, p, z, -up).differ[0]
    # Ranks are higher with a site, means are not, as of a few values far below.
    assert not SideRates(first, second, p, -z, -up).differ[0]
    assert not SideRates(second, first, p, z, up).differ[0]
