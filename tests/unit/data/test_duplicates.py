"""Windows that overlap known ones."""

from __future__ import annotations

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.data.duplicates import hold_middles

LENGTH = 200


def windows(*starts: int) -> dna.Codes:
    """Cut windows from a random stretch."""
    stretch = np.random.default_rng(2).integers(0, 4, 5000).astype(np.uint8)
    return np.stack([stretch[at : at + LENGTH] for at in starts])


@pytest.mark.parametrize("shift", [0, 1, 40, 84, -84, 85, -85, 150])
@pytest.mark.parametrize("turned", [False, True])
def test_windows_that_overlap_by_more_than_half_are_found(shift: int, turned: bool) -> None:
    known, new = windows(1000), windows(1000 + shift, 3000)
    new = dna.reverse_complement(new) if turned else new
    assert hold_middles(new, known).tolist() == [abs(shift) <= 84, False]


def test_repeats_unknown_bases_and_short_sequences_are_no_overlap() -> None:
    known = np.concatenate([windows(0), windows(0), windows(0)])
    known[0, 84:116] = np.tile([0, 1, 2], 11)[:32]
    known[1, 100] = dna.N_CODE
    new = np.concatenate([windows(2000), windows(0)])
    new[0, 10:60] = np.tile([0, 1, 2], 17)[:50]
    assert hold_middles(new, known[:2]).tolist() == [False, False]
    assert hold_middles(new, known).tolist() == [False, True]
    assert not hold_middles(new[:, :60], new[:, :60]).any()
    assert not hold_middles(new, known[:0]).any()
    assert len(hold_middles(new[:0], known)) == 0


def test_no_chance_overlaps_among_many() -> None:
    rng = np.random.default_rng(3)
    known, new = rng.integers(0, 4, (2, 6000, LENGTH)).astype(np.uint8)
    assert not hold_middles(new, known).any()
