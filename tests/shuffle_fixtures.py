"""What every shuffle that keeps pairs of letters is held to."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable

import numpy as np
from scipy.stats import chisquare

from nfexplainn import dna

TEXTS = ("ACAGATACAGTA", "AACAGACCGA", "ACGTTGCATGCA", "AAAACAAAGA", "ANCANGNAAC", "TTATGTCTAGT")


def pairs(text: str) -> Counter[str]:
    """Count the pairs of neighbours, as if there were no N between them."""
    return Counter(a + b for a, b in itertools.pairwise(text.replace("N", "")))


def places(text: str) -> list[int]:
    """Where the N stand."""
    return [place for place, letter in enumerate(text) if letter == "N"]


def check_equally_likely(text: str, shuffle: Callable[[dna.Codes], dna.Codes]) -> None:
    """Assert that a shuffle gives every sequence with these pairs and ends, all as often."""
    wanted = pairs(text)
    legal = set()
    for middle in set(itertools.permutations(text[1:-1])):
        candidate = text[0] + "".join(middle) + text[-1]
        if pairs(candidate) == wanted and places(candidate) == places(text):
            legal.add(candidate)
    draws = 400 * len(legal)
    counts = Counter(dna.decode(shuffle(np.repeat(dna.encode([text]), draws, axis=0))))
    assert set(counts) == legal
    assert chisquare([counts[candidate] for candidate in sorted(legal)]).pvalue > 1e-4
