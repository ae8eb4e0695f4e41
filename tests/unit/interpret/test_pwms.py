"""Filters to motifs: the streaming counts against loops over every window."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.filters import Filters
from nfexplainn.interpret.pwms import (
    consensus,
    count_sites,
    information,
    probabilities,
    strand_chunks,
)
from nfexplainn.scanner import TableScanner


def exact_filters(rng, units, width, covered) -> Filters:
    """Weights that are multiples of 1/8: sums in float32 are exact, so ties are ties in a loop."""
    weights = rng.integers(-8, 9, (units, 4, width)).astype(np.float32) / 8
    offset = rng.integers(-8, 9, units).astype(np.float32) / 8
    return Filters(weights, offset, covered)


def naive(filters: Filters, codes: np.ndarray, both: bool, fraction: float):
    """Loop over sequences, strands, units, positions and bases, on the exponential scale."""
    units, _, width = filters.weights.shape
    sequences = [list(row) for row in codes]
    if both:
        sequences += [list(row) for row in dna.reverse_complement(codes)]
    hits: list[list[tuple[float, list[int]]]] = [[] for _ in range(units)]
    for unit, sequence in itertools.product(range(units), sequences):
        for start in range(filters.covered):
            site = [int(code) for code in sequence[start : start + width]]
            total = float(filters.offset[unit])
            for position, code in enumerate(site):
                if code < 4:
                    total += float(filters.weights[unit, code, position])
            hits[unit].append((math.exp(total), site))
    counts = np.zeros((units, width, 5), dtype=np.int64)
    sites = np.zeros(units, dtype=np.int64)
    for unit in range(units):
        limit = fraction * max(value for value, _ in hits[unit])
        for value, site in hits[unit]:
            if value >= limit * (1 - 1e-9):
                sites[unit] += 1
                for position, code in enumerate(site):
                    counts[unit, position, code] += 1
    return counts, sites


@pytest.mark.parametrize(
    ("width", "length", "pool", "both", "unknown"),
    [
        (19, 60, 7, True, 0.0),
        (19, 60, 7, False, 0.02),
        (8, 35, 7, True, 0.02),
        (5, 30, 3, True, 0.0),
        (3, 12, 4, False, 0.1),
        (1, 9, 2, True, 0.0),
    ],
)
def test_streaming_counts_equal_a_loop(width, length, pool, both, unknown):
    rng = np.random.default_rng(width)
    covered = (length - width + 1) // pool * pool
    filters = exact_filters(rng, 6, width, covered)
    codes = rng.integers(0, 4, (23, length)).astype(np.uint8)
    codes[rng.random(codes.shape) < unknown] = dna.N_CODE
    scanner = TableScanner(filters)
    rows = np.arange(len(codes))
    table = count_sites(scanner, lambda: strand_chunks(codes, rows, 5, both))
    counts, sites = naive(filters, codes, both, 0.5)
    assert (table.sites == sites).all()
    assert (table.counts == counts).all()
    assert table.counts.dtype == np.int64


def test_chunks_and_order_of_the_sequences_change_nothing():
    rng = np.random.default_rng(3)
    filters = exact_filters(rng, 4, 7, 21)
    codes = rng.integers(0, 5, (40, 30)).astype(np.uint8)
    scanner = TableScanner(filters)
    tables = [
        count_sites(scanner, lambda r=rows, s=size: strand_chunks(codes, r, s, True))
        for rows, size in ((np.arange(40), 1), (np.arange(40), 100), (rng.permutation(40), 7))
    ]
    for other in tables[1:]:
        assert (other.counts == tables[0].counts).all()
        assert (other.maximum == tables[0].maximum).all()


def test_units_can_be_permuted():
    rng = np.random.default_rng(4)
    filters = Filters(
        rng.normal(size=(9, 4, 6)).astype(np.float32), rng.normal(size=9).astype(np.float32), 14
    )
    order = rng.permutation(9)
    shuffled = Filters(filters.weights[order], filters.offset[order], 14)
    codes = rng.integers(0, 4, (30, 20)).astype(np.uint8)
    rows = np.arange(30)
    one, two = (
        count_sites(TableScanner(each), lambda: strand_chunks(codes, rows, 8, True))
        for each in (filters, shuffled)
    )
    assert (two.counts == one.counts[order]).all()
    assert (two.threshold == one.threshold[order]).all()


def test_tail_that_the_pooling_never_sees_does_not_count():
    # L = 101, k = 19, pool 7: of 83 positions the last 6 are in no pool.
    covered = (101 - 19 + 1) // 7 * 7
    assert covered == 77
    weights = np.zeros((1, 4, 19), dtype=np.float32)
    weights[0, 0] = 1.0  # counts A
    scanner = TableScanner(Filters(weights, np.zeros(1, np.float32), covered))
    for start in range(83):
        codes = np.full((1, 101), 1, dtype=np.uint8)
        codes[0, start : start + 19] = 0
        best = scanner.maxima(codes)[0, 0]
        # A window in the tail is seen only as far as it overlaps the last covered window.
        assert best == 19 - max(0, start - 76)
    tail_only = np.full((1, 101), 1, dtype=np.uint8)
    tail_only[0, 77 + 18 :] = 0  # bases that no covered window holds
    assert scanner.maxima(tail_only)[0, 0] == 0


def test_threshold_is_half_of_the_maximum_after_the_exponential():
    # One window each; activations are exp(0), exp(ln .5 + tiny), exp(ln .5 - tiny).
    weights = np.zeros((1, 4, 1), dtype=np.float32)
    weights[0, :3, 0] = [0.0, math.log(0.5) + 1e-4, math.log(0.5) - 1e-4]
    weights[0, 3, 0] = -5
    scanner = TableScanner(Filters(weights, np.zeros(1, np.float32), 1))
    codes = np.array([[0], [1], [2], [3], [1]], dtype=np.uint8)
    table = count_sites(scanner, lambda: strand_chunks(codes, np.arange(5), 2, False))
    assert table.sites[0] == 3
    assert table.counts[0, 0].tolist() == [1, 2, 0, 0, 0]


def test_huge_activations_do_not_overflow():
    # exp(200) is infinite in float32, exp(12) in the original's float16.
    rng = np.random.default_rng(5)
    filters = exact_filters(rng, 3, 6, 15)
    lifted = Filters(filters.weights, filters.offset + np.float32(200), 15)
    codes = rng.integers(0, 4, (20, 20)).astype(np.uint8)
    rows = np.arange(20)
    one, two = (
        count_sites(TableScanner(each), lambda: strand_chunks(codes, rows, 8, True))
        for each in (filters, lifted)
    )
    assert (one.counts == two.counts).all()


def test_both_strands_give_the_counts_of_reverse_complements_too():
    rng = np.random.default_rng(6)
    filters = exact_filters(rng, 5, 8, 22)
    codes = rng.integers(0, 4, (15, 29)).astype(np.uint8)
    doubled = np.concatenate([codes, dna.reverse_complement(codes)])
    scanner = TableScanner(filters)
    one = count_sites(scanner, lambda: strand_chunks(codes, np.arange(15), 4, True))
    two = count_sites(scanner, lambda: strand_chunks(doubled, np.arange(30), 30, False))
    assert (one.counts == two.counts).all()


def test_no_sequence_gives_no_sites():
    filters = exact_filters(np.random.default_rng(7), 2, 4, 3)
    codes = np.zeros((0, 6), dtype=np.uint8)
    table = count_sites(TableScanner(filters), lambda: strand_chunks(codes, np.arange(0), 4, True))
    assert (table.sites == 0).all() and (table.counts == 0).all()


def test_too_short_sequences_are_refused():
    scanner = TableScanner(exact_filters(np.random.default_rng(8), 2, 4, 5))
    with pytest.raises(ValueError, match="fewer than 5 windows"):
        scanner.maxima(np.zeros((1, 7), dtype=np.uint8))


def test_an_n_is_a_quarter_of_each_base():
    counts = np.array([[3, 0, 0, 0, 1], [0, 0, 0, 0, 4], [1, 1, 1, 1, 0]])
    ppm = probabilities(counts)
    assert ppm.sum(axis=1) == pytest.approx(1)
    assert ppm[0].tolist() == [3.25 / 4, 0.25 / 4, 0.25 / 4, 0.25 / 4]
    assert ppm[1].tolist() == [0.25] * 4


def test_information_in_bits():
    ppm = np.array([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4])
    assert information(ppm) == pytest.approx(3.0)


def test_consensus_letters():
    ppm = np.array(
        [[0.9, 0.1, 0, 0], [0.5, 0.0, 0.5, 0], [0.25] * 4, [0, 0.4, 0, 0.6], [0.1, 0.5, 0.2, 0.2]]
    )
    assert consensus(ppm) == "ARNYC"
