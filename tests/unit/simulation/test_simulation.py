"""The simulator's truth is the truth."""

from __future__ import annotations

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.motifs.motif import Motif
from nfexplainn.simulation import sequences as simulate


def _consensus(word: str) -> Motif:
    return Motif(word, word, np.eye(4)[dna.encode([word])[0]])


def test_background_follows_its_transitions() -> None:
    codes = simulate.background(2000, 100, np.random.default_rng(1))
    counts = np.zeros((4, 4))
    np.add.at(counts, (codes[:, :-1].ravel(), codes[:, 1:].ravel()), 1)
    observed = counts / counts.sum(axis=1, keepdims=True)
    assert np.abs(observed - simulate.DEFAULT_TRANSITIONS).max() < 0.01
    first = np.bincount(codes[:, 0], minlength=4) / 2000
    middle = np.bincount(codes[:, 50], minlength=4) / 2000
    assert np.abs(first - middle).max() < 0.05


def test_planted_sites_are_where_they_are_said_to_be() -> None:
    motifs = [_consensus("ACGTACCA"), _consensus("TTGCGGA")]
    codes = simulate.background(500, 60, np.random.default_rng(2))
    planted, sites = simulate.plant(codes, motifs, np.random.default_rng(3), probability=[1.0, 0.5])
    per_motif = np.bincount([site.motif for site in sites], minlength=2)
    assert per_motif[0] == 500
    assert 200 < per_motif[1] < 300
    for site in sites:
        word = motifs[site.motif].id
        seen = planted[site.sequence, site.start : site.start + len(word)][None]
        if site.strand == "-":
            seen = dna.reverse_complement(seen)
        assert dna.decode(seen) == [word]
    minus = sum(site.strand == "-" for site in sites) / len(sites)
    assert 0.4 < minus < 0.6


def test_nothing_outside_the_sites_changes() -> None:
    motif = _consensus("ACGTACCA")
    codes = simulate.background(100, 40, np.random.default_rng(4))
    planted, sites = simulate.plant(codes, [motif], np.random.default_rng(5), margin=5)
    untouched = np.ones_like(codes, dtype=bool)
    for site in sites:
        assert 5 <= site.start <= 40 - 5 - 8
        untouched[site.sequence, site.start : site.start + 8] = False
    assert (planted[untouched] == codes[untouched]).all()


def test_motifs_that_do_not_fit_are_refused() -> None:
    codes = simulate.background(2, 10, np.random.default_rng(0))
    with pytest.raises(ValueError, match="2 motifs do not fit into 10 bp"):
        simulate.plant(codes, [_consensus("ACGTACC")] * 2, np.random.default_rng(0))
