"""Motifs for HOMER: the file, its thresholds, and that they are read again."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from nfexplainn.motifs.formats import read_motifs
from nfexplainn.motifs.homer import DETECTION_P, detection_threshold, write_homer
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.scan import log_odds

PPM = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1], [0, 0, 1, 0]])
GOLDEN = (
    ">TAG\tunit_001\t2.797940\n"
    "0.107143\t0.202381\t0.297619\t0.392857\n"
    "0.678571\t0.107143\t0.107143\t0.107143\n"
    "0.011905\t0.011905\t0.964286\t0.011905\n"
)


def every_score(ppm: np.ndarray) -> np.ndarray:
    """Scores of all words of a motif's width."""
    logs = np.log(ppm / 0.25)
    words = np.array(list(itertools.product(range(4), repeat=len(ppm))))
    return logs[np.arange(len(ppm)), words].sum(axis=1)


def test_golden(tmp_path: Path) -> None:
    write_homer(MotifSet((Motif("unit_001", "", PPM, 20.0),)), tmp_path / "a")
    assert (tmp_path / "a").read_text() == GOLDEN


def test_what_we_write_is_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    motifs = [
        Motif("unit_001", "", PPM, 20.0),
        Motif("unit_002", "GATA1 (var.2)", np.eye(4)[[2, 0, 3, 0]], 1e12),
        Motif("unit_003", "", rng.dirichlet([0.3] * 4, 19), 200.0),
    ]
    write_homer(MotifSet(tuple(motifs)), tmp_path / "a")
    again = read_motifs(tmp_path / "a").motifs
    assert [one.name for one in again] == ["unit_001", "unit_002", "unit_003"]
    for one, two in zip(motifs, again, strict=True):
        assert (two.ppm > 0).all()
        # Six decimals, and a least probability of 1e-6 for up to three bases.
        np.testing.assert_allclose(two.ppm, np.exp(log_odds(one)) / 4, atol=3.6e-6, rtol=0)
    heads = [line for line in (tmp_path / "a").open() if line.startswith(">")]
    assert heads[1].startswith(">GATA\tunit_002/GATA1_(var.2)\t")
    for head, motif in zip(heads, again, strict=True):
        threshold = float(head.split("\t")[2])
        assert 0 <= threshold < np.log(motif.ppm / 0.25).max(axis=1).sum()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("p", [3e-2, 1e-2, 1e-3])
def test_threshold_is_that_of_all_words(seed: int, p: float) -> None:
    width = 7
    ppm = np.random.default_rng(seed).dirichlet([0.6] * 4, width) * 0.97 + 0.0075
    scores = every_score(ppm)
    threshold = detection_threshold(ppm, p)
    off = (width / 2 + 1) / 200
    assert (scores >= threshold + off).mean() <= p
    ranked = np.sort(scores)[::-1]
    count = int(p * len(scores))  # as many words may reach it
    assert max(0.0, ranked[count] - off) <= threshold <= max(0.0, ranked[count - 1] + off)


def test_a_motif_too_short_asks_for_its_best_word() -> None:
    ppm = np.full((4, 4), 0.1) + 0.6 * np.eye(4)
    scores = every_score(ppm)
    assert ((scores >= detection_threshold(ppm)).sum(), len(scores)) == (1, 256)


def test_a_motif_that_tells_nothing_has_a_threshold() -> None:
    assert detection_threshold(np.full((5, 4), 0.25)) == 0.0


def test_a_strong_motif_lets_nothing_in_that_chance_explains_better() -> None:
    sure = np.full((19, 4), 1e-6) + (1 - 4e-6) * np.eye(4)[np.arange(19) % 4]
    one_wrong = 18 * np.log(4) + np.log(4e-6)
    assert detection_threshold(sure) == pytest.approx(one_wrong, abs=0.05)


def test_random_positions_reach_the_threshold_as_often_as_said() -> None:
    rng = np.random.default_rng(3)
    ppm = rng.dirichlet([0.4] * 4, 12) * 0.96 + 0.01
    threshold = detection_threshold(ppm)
    logs = np.log(ppm / 0.25)
    codes = rng.integers(0, 4, 2_000_000)
    scores = sum(logs[at, codes[at : len(codes) - 12 + at]] for at in range(12))
    hits = float((scores >= threshold).sum())
    # Words overlap little, so that hits scatter as counts do.
    assert abs(hits - DETECTION_P * len(scores)) < 4 * np.sqrt(DETECTION_P * len(scores))


def test_both_strands_have_one_threshold() -> None:
    ppm = np.random.default_rng(2).dirichlet([0.4] * 4, 9) * 0.96 + 0.01
    assert detection_threshold(ppm) == pytest.approx(detection_threshold(ppm[::-1, ::-1]))
