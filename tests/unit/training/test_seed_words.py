"""Words are counted once per sequence and strand, and become filters as the recipe says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.motifs.motif import Motif
from nfexplainn.simulation import sequences as simulate
from nfexplainn.training import seed_words
from training_fixtures import planted


def test_word_counts_equal_a_naive_count() -> None:
    codes = simulate.background(40, 50, np.random.default_rng(1))
    codes[3, 10] = dna.N_CODE
    counted = seed_words._sequences_with_word(codes, 6)
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
    words = seed_words.enriched_words(positives, negatives, 30)
    assert dna.decode(words[0].codes[None])[0] in ("TGACTCA", "TGAGTCA", "TGACTC", "GAGTCA")
    assert [word.z for word in words] == sorted((word.z for word in words), reverse=True)
    for place, word in enumerate(words):
        similar = sum(
            seed_words._agreement(word.codes, other.codes) >= 0.8 for other in words[:place]
        )
        assert similar < 2


def test_seeded_filters_hold_their_words() -> None:
    weights = np.random.default_rng(3).normal(size=(4, 4, 19)).astype(np.float32)
    word = seed_words.Word(dna.encode(["ACGTAC"])[0], 5.0)
    seeded = seed_words.seed_filters(weights, [word])
    assert np.array_equal(seeded[1:], weights[1:])
    core = seeded[0][:, 6:12]
    assert np.array_equal(core.argmax(axis=0), word.codes)
    assert np.isclose(core.max(axis=0), 0.3).all() and np.isclose(core.min(axis=0), -0.1).all()
    assert np.allclose(seeded[0][:, :6], 0.3 * weights[0][:, :6])


def test_no_negatives_no_words() -> None:
    codes = simulate.background(5, 30, np.random.default_rng(0))
    assert seed_words.enriched_words(codes, codes[:0], 5) == []


def test_words_are_counted_in_blocks_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = simulate.background(53, 40, np.random.default_rng(4))
    at_once = seed_words._sequences_with_word(codes, 6)
    monkeypatch.setattr(seed_words, "_BLOCK", 10)
    assert np.array_equal(seed_words._sequences_with_word(codes, 6), at_once)


def test_of_many_sequences_some_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = planted(2000)
    words = [word.codes.tobytes() for word in seed_words.words_of_dataset(dataset, 5)]
    monkeypatch.setattr(seed_words, "MOST_SEQUENCES", 300)
    fewer, again = (seed_words.words_of_dataset(dataset, 5) for _ in range(2))
    assert [word.codes.tobytes() for word in fewer] == [word.codes.tobytes() for word in again]
    assert fewer[0].codes.tobytes() in words  # the planted one


@pytest.mark.parametrize("task_type", ["binary", "multilabel", "multiclass", "regression"])
def test_every_kind_of_task_gives_words(task_type: str) -> None:
    words = seed_words.words_of_dataset(planted(600, task_type), 6)
    assert len(words) == 6
    planted_word = dna.encode(["TGACTCA"])[0]
    assert seed_words._agreement(words[0].codes, planted_word) > 0.7


def test_values_that_are_mostly_zero_give_words() -> None:
    dataset = planted(2000, "regression")
    present = np.flatnonzero(dataset.labels[:, 0] > 1)
    dataset.labels[:] = 0
    dataset.labels[present[::4]] = 1
    (word,) = seed_words.words_of_dataset(dataset, 1)
    assert seed_words._agreement(word.codes, dna.encode(["TGACTCA"])[0]) > 0.7


def test_a_contrast_takes_words_of_both_sides_in_turn() -> None:
    rng = np.random.default_rng(6)
    one, other = ("TGACTCA", "CCATATGG")
    sides = [
        simulate.plant(
            simulate.background(300, 80, rng),
            [Motif(word, "", np.eye(4)[dna.encode([word])[0]])],
            rng,
            probability=0.5,
        )[0]
        for word in (one, other)
    ]
    meta = DatasetMeta("d", "contrast", "binary", ("t",), 80, True, 1, extra={"contrast": {}})
    labels = np.repeat(np.float32([1, 0]), 300)[:, None]
    names = [str(row) for row in range(600)]
    dataset = Dataset(meta, names, np.concatenate(sides), np.full(600, "train"), labels)
    words = seed_words.words_of_dataset(dataset, 5)
    assert len(words) == 5
    found = [dna.decode(word.codes[None])[0] for word in words[:2]]
    for text, planted_word in zip(found, (one, other), strict=True):
        reverse = dna.decode(dna.reverse_complement(dna.encode([text])))[0]
        assert any(spelled[:6] in planted_word for spelled in (text, reverse))
    usual = replace(meta, extra={"negatives": "gc"})
    alone = seed_words.words_of_dataset(replace(dataset, meta=usual), 3)
    assert [word.codes.tobytes() for word in alone] == [w.codes.tobytes() for w in words[::2]]
