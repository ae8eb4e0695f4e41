"""Runs of one base, or of two in turn, are told from motifs that are rich in a base."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nfexplainn.dna import ALPHABET
from nfexplainn.motifs.complexity import LEAST_REPEATED, is_low_complexity, repeated_share
from nfexplainn.motifs.formats import read_meme


def ppm_of(word: str, strength: float = 0.85) -> np.ndarray:
    """Give a motif of a word, N as a flat column."""
    rest = (1 - strength) / 3
    flat = np.full(4, 0.25)
    columns = [
        flat if base == "N" else np.where(np.array(list(ALPHABET)) == base, strength, rest)
        for base in word
    ]
    return np.array(columns)


@pytest.mark.parametrize(
    ("word", "low"),
    [
        ("AAAAAAAA", True),
        ("NNTTTTTTTTTTNN", True),
        ("CACACACACA", True),
        ("NGAGAGAGAGN", True),
        ("AAAAAAAACAAAAAAAAAAAAA", True),
        ("TGACTCA", False),
        ("GGGGCGGGG", False),
        ("GATAAG", False),
        ("TATAAAA", False),
        ("GATGATGATGAT", False),  # a word of three is a word
        ("CCGCGNGGNGGCAG", False),
        ("NNNN", False),
    ],
)
def test_runs_are_of_low_complexity(word: str, low: bool) -> None:
    for strength in (0.7, 0.85, 0.97):
        ppm = ppm_of(word, strength)
        assert is_low_complexity(ppm) == low, (word, strength, repeated_share(ppm))


def test_both_strands_of_a_motif_are_alike() -> None:
    for word in ("TGACTCA", "CACACACAC", "GGGCGGGG"):
        ppm = ppm_of(word)
        assert repeated_share(ppm[::-1, ::-1]) == pytest.approx(repeated_share(ppm))


def test_of_the_known_motifs_only_runs_are_of_low_complexity(root: Path) -> None:
    known = read_meme(next((root / "assets" / "motifs").glob("*vertebrates*.meme"))).motifs
    low = {motif.name for motif in known if is_low_complexity(motif.ppm)}
    assert low == {"ZNF384", "VEZF1", "ZNF362", "ZNF740"}
    assert 0.9 < LEAST_REPEATED < 1
