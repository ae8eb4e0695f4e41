"""The benchmark of words of binding microarrays: its counting, against plain loops."""

from __future__ import annotations

import numpy as np
import pbm_variants as pbm
import pytest

from nfexplainn import dna


def canonical(word: str) -> str:
    return min(word, dna.decode(dna.reverse_complement(dna.encode([word])))[0])


def text(word: int) -> str:
    return "".join("ACGT"[word >> 2 * place & 3] for place in reversed(range(pbm.K)))


@pytest.fixture
def codes() -> dna.Codes:
    found = np.random.default_rng(1).integers(0, 4, (300, 20)).astype(np.uint8)
    found[100:200, 3:13] = found[0, 3:13]  # words that many hold
    found[200:, :10] = dna.reverse_complement(found[:1, 3:13])
    return found


def test_words_are_measured_on_both_strands(codes: dna.Codes) -> None:
    logs = np.random.default_rng(2).normal(size=len(codes))
    found = pbm.measure(codes, logs)
    probes = dna.decode(codes)
    for word in pbm.CANONICAL[pbm.words_of(codes[:1])[0]].tolist():
        name = text(word)
        assert canonical(name) == name
        back = dna.decode(dna.reverse_complement(dna.encode([name])))[0]
        values = [
            v for probe, v in zip(probes, logs, strict=True) if name in probe or back in probe
        ]
        assert found.count[word] == len(values)
        assert found.mean[word] == pytest.approx(np.mean(values))
        if len(values) > 1:
            assert found.variance[word] == pytest.approx(np.var(values, ddof=1) / len(values))


def test_a_pair_is_told_in_one_direction() -> None:
    """Where a change is a difference of the words' values, pairs are told these differences."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=pbm.WORDS)[pbm.CANONICAL]
    word, place, base = np.indices((pbm.WORDS, pbm.K, 4))
    shift = 2 * (pbm.K - 1 - place)
    other = word & ~(3 << shift) | base << shift
    count = rng.integers(1, 5, (pbm.WORDS, 1, 1)) * np.ones((1, pbm.K, 4))
    found = pbm.pair_table(np.stack([count * (values[other] - values[word]), count]))
    low, high = found["low"].to_numpy(), found["high"].to_numpy()
    assert (low < high).all() and not found.duplicated(["low", "high"]).any()
    np.testing.assert_allclose(found["predicted"], values[high] - values[low], atol=1e-9)
