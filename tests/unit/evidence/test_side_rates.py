"""Copies of one sequence are one observation to the tests of a contrast's sites, by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import fisher_exact, mannwhitneyu

from nfexplainn.evidence.alone import auroc_influence
from nfexplainn.evidence.contrast import inflation_of, mann_whitney_p
from nfexplainn.evidence.occurrence import adjusted_value_z, adjusted_z, two_sided
from nfexplainn.evidence.side_rates import _shares_apart, _values_apart, cluster_means

COPIES, CLUSTERS, ROUNDS = 4, 150, 300


def null(seed: int) -> tuple[np.ndarray, ...]:
    """Sites, sides and values that have nothing to do with each other; copies share all three."""
    rng = np.random.default_rng(seed)
    sites = np.repeat(rng.random(CLUSTERS) < 0.3, COPIES)
    labels = np.repeat((rng.random(CLUSTERS) < 0.5).astype(float), COPIES)
    values = np.repeat(rng.normal(size=CLUSTERS), COPIES)
    clusters = np.repeat(np.arange(CLUSTERS), COPIES)
    order = rng.permutation(len(sites))
    return sites[order], labels[order], values[order], clusters[order]


def rejected(p: list[float]) -> float:
    return float(np.mean(np.array(p) <= 0.05))


def test_nulls_of_copies_hold_with_clusters_and_not_without() -> None:
    alone, own = [], []
    for seed in range(ROUNDS):
        sites, labels, values, clusters = null(seed)
        each = np.arange(len(sites))
        rng = np.random.default_rng(seed)
        features, folds = rng.normal(size=(len(sites), 2)), clusters % 5
        for which, found in ((each, alone), (clusters, own)):
            found.append(
                (
                    _shares_apart(sites, labels, which)[2],
                    _values_apart(sites, values, which)[2],
                    two_sided(adjusted_z(sites[None], labels, features, folds, which))[0],
                    two_sided(adjusted_value_z(sites[None], values, features, folds, which))[0],
                )
            )
    for test in range(4):
        assert rejected([p[test] for p in alone]) > 0.2
        assert 0.005 < rejected([p[test] for p in own]) < 0.09


def test_the_global_p_holds_with_copies() -> None:
    alone, own = [], []
    for seed in range(ROUNDS):
        _, labels, scores, clusters = null(seed)
        folds = np.zeros(len(labels), dtype=np.int64)
        _, influence = auroc_influence(scores, labels)
        alone.append(mann_whitney_p(scores, labels, folds))
        own.append(mann_whitney_p(scores, labels, folds, inflation_of(influence, clusters)))
    # Twice the nominal variance makes .05 of independent sequences .01.
    assert rejected(alone) > 0.08 and rejected(own) < 0.05


def test_sequences_that_are_alone_are_tested_as_before() -> None:
    sites, labels, values, _ = null(1)
    each = np.random.default_rng(2).permutation(len(sites))
    table = [[(sites[labels == y] == s).sum() for s in (1, 0)] for y in (1, 0)]
    assert _shares_apart(sites, labels, each)[2] == pytest.approx(fisher_exact(table)[1])
    expected = mannwhitneyu(values[sites], values[~sites]).pvalue
    assert _values_apart(sites, values, each)[2] == pytest.approx(expected)
    features, folds = np.random.default_rng(3).normal(size=(len(sites), 2)), each % 5
    for test, given in ((adjusted_z, labels), (adjusted_value_z, values)):
        found = test(sites[None], given, features, folds, each)
        assert found == pytest.approx(test(sites[None], given, features, folds))
    assert inflation_of(values, each) == pytest.approx(1.0)


def test_clusters_count_once_by_the_share_of_their_sequences() -> None:
    assert cluster_means(np.array([1.0, 0.0, 1.0]), np.array([4, 9, 4])).tolist() == [1.0, 0.0]
    # Ten families of ten with a site, all of one side, against a hundred single ones without.
    sites = np.repeat([True, False], 100)
    labels = sites.astype(float)
    clusters = np.r_[np.repeat(np.arange(10), 10), np.arange(10, 110)]
    first, second, p, apart = _shares_apart(sites, labels, clusters)
    assert (first, second, apart) == (1.0, 0.0, 1.0)
    assert p == pytest.approx(fisher_exact([[10, 0], [0, 100]])[1])
    # One family with a site, beside 120 single sequences without, is no difference.
    sites = np.repeat([True, False], [100, 120])
    labels = np.repeat([1.0, 0.0, 1.0], [100, 100, 20])
    one = np.r_[np.zeros(100, dtype=int), np.arange(1, 121)]
    assert _shares_apart(sites, labels, one)[2] > 0.1
