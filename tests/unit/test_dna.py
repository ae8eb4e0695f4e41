from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfexplainn import dna

COMPLEMENT = str.maketrans("ACGTN", "TGCAN")
equal_length = st.integers(1, 30).flatmap(
    lambda n: st.lists(st.text("ACGTNacgtn", min_size=n, max_size=n), min_size=1, max_size=8)
)


@given(equal_length)
def test_codes_go_back_to_the_upper_case_sequence(sequences: list[str]) -> None:
    assert dna.decode(dna.encode(sequences)) == [s.upper() for s in sequences]


@given(equal_length)
def test_reverse_complement_agrees_with_text_and_is_its_own_inverse(sequences: list[str]) -> None:
    codes = dna.encode(sequences)
    turned = dna.reverse_complement(codes)
    assert dna.decode(turned) == [s.upper()[::-1].translate(COMPLEMENT) for s in sequences]
    assert np.array_equal(dna.reverse_complement(turned), codes)


@given(equal_length)
def test_gc_content_counts_known_bases_only(sequences: list[str]) -> None:
    for share, sequence in zip(dna.gc_content(dna.encode(sequences)), sequences, strict=True):
        text = sequence.upper()
        known = len(text) - text.count("N")
        if known:
            assert share == pytest.approx((text.count("G") + text.count("C")) / known)
        else:
            assert np.isnan(share)


def test_other_letters_become_n_and_unequal_lengths_are_refused() -> None:
    assert dna.decode(dna.encode(["ARYK-", "acgtu"])) == ["ANNNN", "ACGTN"]
    with pytest.raises(ValueError, match="length"):
        dna.encode(["AC", "A"])


def test_no_sequences() -> None:
    assert dna.encode([]).shape == (0, 0)
    assert dna.decode(np.zeros((2, 0), dtype=np.uint8)) == ["", ""]
