"""Coordinates as arrays say what the names made of them say."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nfexplainn.io.coordinates import (
    Coordinates,
    order_coordinates,
    read_names,
    shuffle_name,
    window_names,
)

CHROMOSOMES = ("chr1", "chr10", "chrX_alt-2", "II", "KI270|7")
WIDTH = 30


def same(one: Coordinates, other: Coordinates) -> bool:
    return all(
        np.array_equal(mine, theirs)
        for mine, theirs in zip(vars(one).values(), vars(other).values(), strict=True)
    )


@st.composite
def sets(draw: Any) -> tuple[list[str], Coordinates]:
    """Windows of a genome and, behind them, shuffles of some."""
    place = st.tuples(st.integers(0, len(CHROMOSOMES) - 1), st.integers(0, 10**9))
    places = draw(st.lists(place, max_size=30, unique=True))
    n = len(places)
    parents = draw(st.lists(st.integers(0, n - 1), max_size=20)) if n else []
    chrom, start = np.array(places, dtype=np.int64).reshape(n, 2).T
    names = window_names(CHROMOSOMES, chrom, start, WIDTH)
    names += [shuffle_name(names[row], number) for number, row in enumerate(parents, 1)]
    rows = np.concatenate([np.arange(n), np.array(parents, dtype=np.int64)]).astype(np.int64)
    parent = np.concatenate([np.full(n, -1), parents]).astype(np.int64)
    return names, order_coordinates(
        CHROMOSOMES, chrom[rows], start[rows], start[rows] + WIDTH, parent
    )


@given(sets(), st.integers(0, 2**32))
def test_arrays_say_what_the_names_say(made: tuple[list[str], Coordinates], seed: int) -> None:
    names, where = made
    assert same(where, read_names(names))
    # also of some rows, where shuffles may be left without their parents
    kept = np.random.default_rng(seed).random(len(names)) < 0.6
    some = [name for name, keep in zip(names, kept.tolist(), strict=True) if keep]
    assert same(where.take(kept), read_names(some))


@given(sets())
def test_all_rows_are_the_same_coordinates(made: tuple[list[str], Coordinates]) -> None:
    names, where = made
    assert same(where.take(np.ones(len(names), dtype=np.bool_)), where)
    assert where.chains().shape == (len(names),)


def test_a_name_of_a_chromosome_may_hold_what_no_name_of_a_window_can() -> None:
    """HLA alleles hold colons: arrays know their place, names do not."""
    zeros, none = np.zeros(2, dtype=np.int64), np.full(2, -1)
    where = order_coordinates(("HLA-A*01:01",), zeros, np.array([5, 20]), np.array([35, 50]), none)
    assert where.chromosomes == ("HLA-A*01:01",) and where.chains().tolist() == [0, 0]
    names = window_names(("HLA-A*01:01",), zeros, np.array([5, 20]), WIDTH)
    assert read_names(names).chrom.tolist() == [-1, -1]
