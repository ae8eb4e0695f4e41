from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfexplainn import dna
from nfexplainn.data.negatives import shuffled
from nfexplainn.data.shuffle import dinucleotide_shuffle
from shuffle_fixtures import TEXTS, check_equally_likely, pairs, places


@settings(deadline=None)
@given(
    st.integers(1, 60).flatmap(
        lambda n: st.lists(st.text("ACGTN", min_size=n, max_size=n), min_size=1, max_size=6)
    ),
    st.integers(0, 100),
)
def test_pairs_and_ends_are_kept_exactly(sequences: list[str], seed: int) -> None:
    out = dna.decode(dinucleotide_shuffle(dna.encode(sequences), seed))
    for before, after in zip(sequences, out, strict=True):
        assert pairs(before) == pairs(after)
        assert places(before) == places(after)
        before, after = before.strip("N"), after.strip("N")
        assert (before[:1], before[-1:], len(before)) == (after[:1], after[-1:], len(after))


@pytest.mark.parametrize("text", TEXTS)
def test_every_sequence_with_these_pairs_is_equally_likely(text: str) -> None:
    check_equally_likely(text, lambda codes: dinucleotide_shuffle(codes, 11))


def test_seed_decides_and_input_is_left_alone() -> None:
    codes = np.random.default_rng(0).integers(0, 4, (50, 100), dtype=np.uint8)
    before = codes.copy()
    first = dinucleotide_shuffle(codes, 1)
    assert np.array_equal(first, dinucleotide_shuffle(codes, 1))
    assert not np.array_equal(first, dinucleotide_shuffle(codes, 2))
    assert np.array_equal(codes, before)
    assert (first != codes).any(axis=1).all()


def test_chunks_are_seamless() -> None:
    codes = np.random.default_rng(0).integers(0, 5, (8192 + 3, 12), dtype=np.uint8)
    out = dinucleotide_shuffle(codes, 5)
    for row in (0, 8191, 8192, 8194):
        assert pairs(dna.decode(codes[row : row + 1])[0]) == pairs(
            dna.decode(out[row : row + 1])[0]
        )


@pytest.mark.parametrize("shape", [(0, 50), (3, 0), (3, 1), (3, 3)])
def test_nothing_to_shuffle(shape: tuple[int, int]) -> None:
    codes = np.zeros(shape, dtype=np.uint8)
    assert np.array_equal(dinucleotide_shuffle(codes, 0), codes)


def test_shuffles_are_named_after_their_parents_and_ratio_is_met() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (40, 60), dtype=np.uint8)
    names = [f"p{i}" for i in range(40)]
    out, titles, parents, failed = shuffled(codes, names, 2.5, rng)
    assert (len(out), failed, len(set(titles))) == (100, 0, 100)
    for row, parent in enumerate(parents.tolist()):
        assert titles[row].rpartition("|shuffle")[0] == names[parent]
        assert pairs(dna.decode(out[row][None])[0]) == pairs(dna.decode(codes[parent][None])[0])


def test_a_sequence_that_only_shuffles_into_itself_gives_no_negative() -> None:
    codes = dna.encode(["A" * 20, "ACGTTGCATGCAATTCCGGA"])
    out, titles, _, failed = shuffled(codes, ["flat", "rich"], 1, np.random.default_rng(0))
    assert (titles, failed, len(out)) == (["rich|shuffle1"], 1, 1)
