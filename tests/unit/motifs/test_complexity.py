"""Runs of one base, or of two in turn, are told from motifs that are rich in a base."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nfexplainn.dna import ALPHABET
from nfexplainn.motifs.complexity import low_complexity, repeated_share
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
    ("word", "name"),
    [
        ("AAAAAAAA", "poly-A"),
        ("NNTTTTTTTTTTNN", "poly-A"),
        ("GGGGGGGGGG", "poly-C"),
        ("AAAAAAAACAAAAAAAAAAAAA", "poly-A"),
        ("CACACACACA", "dinucleotide repeat (AC)"),
        ("NGAGAGAGAGN", "dinucleotide repeat (AG)"),
        ("TATATATATATATA", "dinucleotide repeat (AT)"),
        ("CGCGCGCGCG", "dinucleotide repeat (CG)"),
        ("TGACTCA", ""),
        ("GGGGCGGGG", ""),
        ("GATAAG", ""),
        ("TATAAAA", ""),
        ("CGCGC", ""),  # as short as RSC3's
        ("GATGATGATGAT", ""),  # a word of three is a word
        ("CCGCGNGGNGGCAG", ""),
        ("NNNN", ""),
    ],
)
def test_runs_are_called_what_they_are(word: str, name: str) -> None:
    for strength in (0.7, 0.85, 0.97):
        ppm = ppm_of(word, strength)
        assert low_complexity(ppm) == name, (word, strength)
        assert low_complexity(ppm[::-1, ::-1]) == name, (word, strength)


def test_a_run_whose_columns_differ_in_strength_is_one() -> None:
    """As models of yeast promoters learn it: A nearly everywhere, G in some, nothing in others."""
    strong, weak = ppm_of("A" * 5, 0.75), ppm_of("A", 0.45)
    mixed = np.array([[0.5, 0.05, 0.4, 0.05]])
    ppm = np.concatenate([strong, mixed, weak, strong, weak, np.full((2, 4), 0.25), strong, weak])
    assert low_complexity(ppm) == "poly-A"


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ((0.1, 0.4, 0.4, 0.1), "low complexity (GC-rich)"),
        ((0.42, 0.08, 0.08, 0.42), "low complexity (AT-rich)"),
        ((0.42, 0.08, 0.42, 0.08), "low complexity (AG-rich)"),
    ],
)
def test_a_composition_is_no_motif(column: tuple[float, ...], name: str) -> None:
    rng = np.random.default_rng(0)
    counts = np.array([rng.multinomial(200, column) for _ in range(20)])
    assert low_complexity(counts / 200) == name


def test_words_of_a_composition_are_motifs() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        word = "".join(rng.choice(list("GC"), size=10))
        if len(set(word)) == 2 and word not in ("GC" * 5, "CG" * 5):
            assert not low_complexity(ppm_of(word)).startswith("low complexity"), word


def test_a_pure_repeat_is_explained_by_itself() -> None:
    for strength in (0.5, 0.8, 1.0):
        assert repeated_share(ppm_of("A" * 12, strength), 1) > 0.95
        assert repeated_share(ppm_of("CA" * 6, strength), 2) > 0.95
    assert repeated_share(ppm_of("CA" * 6), 1) < 0.6
    assert repeated_share(np.full((6, 4), 0.25), 1) == 0


def test_both_strands_of_a_motif_are_alike() -> None:
    for word in ("TGACTCA", "CACACACAC", "GGGCGGGG"):
        ppm = ppm_of(word)
        for period in (1, 2):
            other = repeated_share(ppm[::-1, ::-1], period)
            assert repeated_share(ppm, period) == pytest.approx(other)


def test_of_the_known_motifs_only_runs_are_of_low_complexity(root: Path) -> None:
    known = read_meme(next((root / "assets" / "motifs").glob("*vertebrates*.meme"))).motifs
    low = {motif.name: low_complexity(motif.ppm) for motif in known if low_complexity(motif.ppm)}
    assert low == {"ZNF384": "poly-A", "ZNF362": "poly-A", "VEZF1": "poly-C"}


@pytest.mark.parametrize(
    ("taxon", "names"),
    [
        ("fungi", set()),
        ("insects", {"cg", "sqz"}),
        ("plants", {"BPC1", "BPC5", "BPC6", "RAMOSA1"}),
    ],
)
def test_of_other_taxa_too(taxon: str, names: set[str]) -> None:
    pytest.importorskip("pyjaspar")
    from nfexplainn.motifs.jaspar import fetch_jaspar

    known = fetch_jaspar("2026", taxon).motifs
    assert {motif.name for motif in known if low_complexity(motif.ppm)} == names
