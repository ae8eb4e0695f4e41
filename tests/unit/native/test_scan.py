"""The kernel's scan and shuffle against the same in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.filters import Filters
from nfexplainn.native import build, library
from nfexplainn.native.scan import NativeScanner
from nfexplainn.scanner import TableScanner
from nfexplainn.training.recipes import compiled_shuffle
from shuffle_fixtures import TEXTS, check_equally_likely, pairs, places


@pytest.fixture(params=list(build.ISA_FLAGS), autouse=True)
def isa(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each instruction set that this processor has, chosen by the switch."""
    available = build.machine_isas()
    monkeypatch.delenv(library.ISA_VARIABLE, raising=False)
    if request.param not in available[available.index(library.wanted_isa()) :]:
        pytest.skip(f"needs a processor with {request.param}")
    monkeypatch.setenv(library.ISA_VARIABLE, request.param)
    try:
        library.load()
    except library.KernelError as error:
        pytest.skip(f"needs the native kernel, but {error}")


def random_codes(n: int, length: int, seed: int = 0, letters: int = 5) -> dna.Codes:
    return np.random.default_rng(seed).integers(0, letters, (n, length)).astype(np.uint8)


def whole_filters(units: int, width: int, covered: int, seed: int = 0) -> Filters:
    """Filters of eighths: sums are exact in any order, so that scores can be compared exactly."""
    rng = np.random.default_rng(seed)
    return Filters(
        weights=(rng.integers(-16, 17, (units, 4, width)) / 8).astype(np.float32),
        offset=(rng.integers(-8, 9, units) / 8).astype(np.float32),
        covered=covered,
    )


@pytest.mark.parametrize("width", [1, 2, 5, 19, 20, 21, 40, 50])
@pytest.mark.parametrize("units", [1, 16, 35])
def test_scan_equals_the_scanner_in_numpy(width: int, units: int) -> None:
    filters = whole_filters(units, width, covered=31, seed=width)
    codes = random_codes(60, 31 + width + 4, seed=units)  # a tail that no pool covers
    ours, reference = NativeScanner(filters, threads=2), TableScanner(filters)
    assert (ours.units, ours.width) == (units, width)
    best = ours.maxima(codes)
    assert np.array_equal(best, reference.maxima(codes))
    threshold = best.max(axis=0) - np.float32(1.0)
    found, expected = ours.sites(codes, threshold), reference.sites(codes, threshold)
    assert np.array_equal(found.counts, expected.counts)
    assert np.array_equal(found.sites, expected.sites)
    assert np.array_equal(found.activated, expected.activated)
    assert (found.sites > 0).all()


def test_maximum_reaches_a_threshold_that_is_the_maximum() -> None:
    """Also where sums are rounded: both passes add up in the same order."""
    rng = np.random.default_rng(4)
    filters = Filters(
        weights=rng.normal(size=(20, 4, 19)).astype(np.float32),
        offset=rng.normal(size=20).astype(np.float32),
        covered=40,
    )
    scanner, codes = NativeScanner(filters), random_codes(50, 60)
    best = scanner.maxima(codes).max(axis=0)
    assert (scanner.sites(codes, best).sites >= 1).all()
    assert (scanner.sites(codes, np.nextafter(best, np.float32(np.inf))).sites == 0).all()


def test_chunks_and_threads_do_not_matter() -> None:
    filters = whole_filters(33, 19, covered=82)
    codes = random_codes(500, 100)
    whole = NativeScanner(filters).sites(codes, np.full(33, 3.0, np.float32))
    scanner = NativeScanner(filters, threads=3)
    parts = [
        scanner.sites(codes[i : i + 77], np.full(33, 3.0, np.float32)) for i in range(0, 500, 77)
    ]
    assert np.array_equal(sum(part.counts for part in parts), whole.counts)
    assert np.array_equal(np.concatenate([part.activated for part in parts]), whole.activated)
    assert scanner.maxima(codes[:0]).shape == (0, 33)


def test_wrong_shapes_are_refused() -> None:
    filters = whole_filters(3, 7, covered=20)
    with pytest.raises(ValueError, match="fewer than 20 windows"):
        NativeScanner(filters).maxima(random_codes(2, 25))
    with pytest.raises(ValueError, match="thresholds"):
        NativeScanner(filters).sites(random_codes(2, 30), np.zeros(2, np.float32))


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 17, 60, 201])
def test_shuffle_keeps_pairs_and_ends_exactly(length: int) -> None:
    codes = random_codes(300, length, seed=length)
    before = codes.copy()
    out = compiled_shuffle(codes, seed=3)
    assert np.array_equal(codes, before)
    for old, new in zip(dna.decode(codes), dna.decode(out), strict=True):
        assert pairs(old) == pairs(new)
        assert places(old) == places(new)
        old, new = old.strip("N"), new.strip("N")
        assert (old[:1], old[-1:], len(old)) == (new[:1], new[-1:], len(new))
    if length > 20:
        assert (out != codes).any(axis=1).all()


@pytest.mark.parametrize("text", TEXTS)
def test_every_shuffle_is_equally_likely(text: str) -> None:
    check_equally_likely(text, lambda codes: compiled_shuffle(codes, seed=11))


def test_shuffle_follows_seed_and_number_of_the_sequence() -> None:
    codes = random_codes(1000, 80, letters=4)
    first = compiled_shuffle(codes, seed=1)
    assert np.array_equal(first, compiled_shuffle(codes, seed=1, threads=3))
    assert not np.array_equal(first, compiled_shuffle(codes, seed=2))
    rest = compiled_shuffle(codes[700:], seed=1, first=700)
    assert np.array_equal(first[700:], rest)
