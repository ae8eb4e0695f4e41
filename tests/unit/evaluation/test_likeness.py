"""Likeness: counted by hand it is the same, and strange sequences stand at the ends."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.evaluation.likeness import fit_likeness, log_likelihood
from training_fixtures import planted


def by_hand(train: list[str], one: str, *, both: bool) -> float:
    """The mean log-likelihood of a sequence's bases from the sixth on, letter by letter."""

    def words(text: str) -> list[str]:
        return [text[i : i + 6] for i in range(len(text) - 5) if "N" not in text[i : i + 6]]

    def turned(text: str) -> str:
        return text.translate(str.maketrans("ACGT", "TGCA"))[::-1]

    counts = Counter(word for text in train for word in words(text))
    if both:
        counts.update(word for text in train for word in words(turned(text)))

    def score(text: str) -> float:
        found = words(text)
        values = [
            np.log((counts[w] + 1) / (sum(counts[w[:5] + base] for base in "ACGT") + 4))
            for w in found
        ]
        return float(np.mean(values))

    return (score(one) + score(turned(one))) / 2 if both else score(one)


@pytest.mark.parametrize("both", [True, False])
def test_log_likelihood_by_hand(both: bool) -> None:
    dataset = planted(60, strand_symmetric=both)
    dataset.codes[:, 3] = dna.N_CODE
    texts = dna.decode(dataset.codes)
    train = [texts[row] for row in dataset.rows("train")]
    table = fit_likeness(dataset).table[0]
    found = log_likelihood(dataset.codes[:5], table)
    assert np.allclose(found, [by_hand(train, text, both=both) for text in texts[:5]])


def test_a_sequence_and_its_reverse_complement_are_alike() -> None:
    dataset = planted(200)
    likeness = fit_likeness(dataset)
    turned = dna.reverse_complement(dataset.codes)
    assert np.allclose(likeness.percentiles(dataset.codes), likeness.percentiles(turned), atol=1)


def test_held_out_sequences_have_all_percentiles_and_repeats_none_of_them() -> None:
    rng = np.random.default_rng(0)
    dataset = planted(2000)
    # half AT-rich, so that there is something to learn
    codes = rng.choice(4, size=dataset.codes.shape, p=[0.4, 0.1, 0.1, 0.4]).astype(np.uint8)
    dataset = dataclasses.replace(dataset, codes=codes)
    likeness = fit_likeness(dataset)
    held = likeness.percentiles(codes[dataset.rows("valid", "test")])
    assert np.histogram(held, bins=10, range=(0, 100))[0] == pytest.approx(
        np.full(10, len(held) / 10), abs=2
    )
    fresh = rng.choice(4, size=(500, codes.shape[1]), p=[0.4, 0.1, 0.1, 0.4]).astype(np.uint8)
    assert abs(np.median(likeness.percentiles(fresh)) - 50) < 10
    strange = rng.choice(4, size=(50, codes.shape[1]), p=[0.1, 0.4, 0.4, 0.1]).astype(np.uint8)
    assert (likeness.percentiles(strange) < 1).all()


def test_with_folds_each_sequence_is_scored_by_who_has_not_seen_it() -> None:
    plain = planted(90)
    fold = (np.arange(90) % 3).astype(np.int8)
    meta = dataclasses.replace(plain.meta, folds=3)
    dataset = dataclasses.replace(plain, meta=meta, split=np.empty(0, "<U5"), fold=fold)
    likeness = fit_likeness(dataset)
    assert likeness.table.shape == (3, 4096) and len(likeness.reference) == 90


def test_unknown_bases_and_short_sequences_have_no_likeness() -> None:
    likeness = fit_likeness(planted(60))
    assert np.isnan(likeness.percentiles(np.full((2, 40), dna.N_CODE, dtype=np.uint8))).all()
    assert np.isnan(likeness.percentiles(np.zeros((1, 4), dtype=np.uint8))).all()
