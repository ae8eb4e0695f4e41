"""Words are counted once per sequence and strand, and become filters as the recipe says."""

from __future__ import annotations

import numpy as np

from nfexplainn import dna
from nfexplainn.models import word_seeds
from nfexplainn.motifs.motif import Motif
from nfexplainn.simulation import sequences as simulate


def test_word_counts_equal_a_naive_count() -> None:
    codes = simulate.background(40, 50, np.random.default_rng(1))
    codes[3, 10] = dna.N_CODE
    counted = word_seeds._sequences_with_word(codes, 6)
    sequences = dna.decode(codes)
    for word in ("ACGTAC", "AAAAAA", "CATGCA", "TTTGCA"):
        reverse = dna.decode(dna.reverse_complement(dna.encode([word])))[0]
        expected = sum(word in sequence or reverse in sequence for sequence in sequences)
        number = min(
            int("".join(str("ACGT".index(letter)) for letter in text), 4)
            for text in (word, reverse)
        )
        assert counted[number] == expected


def test_the_planted_word_leads() -> None:
    rng = np.random.default_rng(2)
    motif = Motif("m", "", np.eye(4)[dna.encode(["TGACTCA"])[0]])
    negatives = simulate.background(200, 100, rng)
    positives, _ = simulate.plant(simulate.background(200, 100, rng), [motif], rng, probability=0.5)
    words = word_seeds.enriched_words(positives, negatives, 30)
    assert dna.decode(words[0].codes[None])[0] in ("TGACTCA", "TGAGTCA", "TGACTC", "GAGTCA")
    assert [word.z for word in words] == sorted((word.z for word in words), reverse=True)
    for place, word in enumerate(words):
        similar = sum(
            word_seeds._agreement(word.codes, other.codes) >= 0.8 for other in words[:place]
        )
        assert similar < 2


def test_seeded_filters_hold_their_words() -> None:
    weights = np.random.default_rng(3).normal(size=(4, 4, 19)).astype(np.float32)
    word = word_seeds.Word(dna.encode(["ACGTAC"])[0], 5.0)
    seeded = word_seeds.seed_filters(weights, [word])
    assert np.array_equal(seeded[1:], weights[1:])
    core = seeded[0][:, 6:12]
    assert np.array_equal(core.argmax(axis=0), word.codes)
    assert np.isclose(core.max(axis=0), 0.3).all() and np.isclose(core.min(axis=0), -0.1).all()
    assert np.allclose(seeded[0][:, :6], 0.3 * weights[0][:, :6])


def test_no_negatives_no_words() -> None:
    codes = simulate.background(5, 30, np.random.default_rng(0))
    assert word_seeds.enriched_words(codes, codes[:0], 5) == []
