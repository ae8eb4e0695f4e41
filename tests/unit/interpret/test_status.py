"""Every unit is in exactly one status, and dead units never show a flat motif."""

from __future__ import annotations

import numpy as np
import pytest

from nfexplainn.filters import Filters
from nfexplainn.interpret.pwms import SiteTable
from nfexplainn.interpret.status import STATUSES, constant_filters, unit_name, unit_states

WIDTH = 6


def table(*units: np.ndarray) -> SiteTable:
    counts = np.stack(units).astype(np.int64)
    sites = counts[:, 0].sum(axis=1)
    level = np.zeros(len(counts), dtype=np.float32)
    return SiteTable(counts, sites, level, level - np.float32(np.log(2)))


def sharp(n: int) -> np.ndarray:
    counts = np.zeros((WIDTH, 5))
    counts[:, 2] = n
    return counts


def flat(n: int) -> np.ndarray:
    counts = np.zeros((WIDTH, 5))
    counts[:, :4] = n
    return counts


def states(units, dead=None, lowest=None, highest=None):
    count = len(units)
    return unit_states(
        table(*units),
        np.zeros(count, bool) if dead is None else np.array(dead),
        np.zeros(count) if lowest is None else np.array(lowest, float),
        np.ones(count) if highest is None else np.array(highest, float),
    )


def test_each_kind_of_unit():
    found = states(
        [sharp(50), sharp(19), flat(100), sharp(50), sharp(50), sharp(0), sharp(50)],
        dead=[False, False, False, True, False, False, False],
        highest=[1, 1, 1, 1, 0, 1, np.inf],
    )
    assert [state.status for state in found] == [
        "unannotated",
        "few_sites",
        "low_information",
        "dead",
        "dead",
        "no_sites",
        "dead",
    ]
    assert all(state.status in STATUSES for state in found)
    assert [state.unit for state in found] == [unit_name(i) for i in range(7)]
    # Why there is no motif, or one to doubt, is said in words; a good unit needs none.
    assert [bool(state.reason) for state in found] == [False] + [True] * 6


def test_dead_units_have_no_motif_and_no_sites():
    for state in states([flat(5), sharp(5)], dead=[True, False], lowest=[0, 3], highest=[1, 3]):
        assert state.status == "dead"
        assert state.motif is None and state.counts is None
        assert state.sites == 0 and state.consensus == "" and np.isnan(state.information)


def test_output_that_is_no_number_is_dead():
    (state,) = states([sharp(30)], lowest=[np.nan], highest=[np.nan])
    assert state.status == "dead" and "finite" in state.reason


def test_no_sequence_at_all_is_not_death():
    (state,) = states([sharp(0)], lowest=[np.inf], highest=[-np.inf])
    assert state.status == "no_sites"


def test_motif_holds_the_sites():
    (state,) = states([sharp(33)])
    assert state.motif is not None
    assert state.motif.nsites == 33 == state.sites
    assert state.motif.ppm.sum(axis=1) == pytest.approx(1)
    assert state.information == pytest.approx(2 * WIDTH)
    assert state.consensus == "G" * WIDTH


def test_constant_filters_are_found():
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(4, 4, 5)).astype(np.float32)
    weights[1] = 0
    weights[2] = rng.normal(size=5).astype(np.float32)  # the same for every base
    weights[3, 0, 0] = np.nan
    filters = Filters(weights, np.zeros(4, np.float32), 3)
    assert constant_filters(filters).tolist() == [False, True, True, True]
