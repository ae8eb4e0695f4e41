from __future__ import annotations

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.data.padding import choose_pad, pad_codes
from nfexplainn.errors import UserError


@pytest.mark.parametrize(
    ("length", "pad"), [(20, 6), (24, 4), (25, 9), (35, 9), (40, 9), (60, 9), (61, 0), (200, 0)]
)
def test_auto(length: int, pad: int) -> None:
    assert choose_pad(length, "auto") == pad


@pytest.mark.parametrize("length", range(4, 80))
@pytest.mark.parametrize(("filter_length", "pool", "stride"), [(19, 7, 7), (26, 10, 5), (8, 3, 2)])
def test_two_pools_fit_always(length: int, filter_length: int, pool: int, stride: int) -> None:
    pad = choose_pad(length, "auto", filter_length, pool, stride)
    positions = length + 2 * pad - filter_length + 1
    assert (positions - pool) // stride + 1 >= 2


def test_a_number_is_taken_and_one_too_small_refused() -> None:
    assert choose_pad(35, "0") == 0
    assert choose_pad(20, "3") == 3
    with pytest.raises(UserError, match=r"pad is 2, which makes 20 bp into 24.*need 25.*pad 3"):
        choose_pad(20, "2")


def test_codes_are_padded_on_both_sides() -> None:
    codes = dna.encode(["ACGT", "TTTT"])
    assert dna.decode(pad_codes(codes, 2)) == ["NNACGTNN", "NNTTTTNN"]
    assert pad_codes(codes, 0) is codes
    both = dna.reverse_complement(pad_codes(codes, 3))
    assert np.array_equal(both, pad_codes(dna.reverse_complement(codes), 3))
