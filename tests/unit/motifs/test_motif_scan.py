"""Best hits against plain loops, Biopython and scikit-learn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from Bio import motifs as bio_motifs
from sklearn.metrics import average_precision_score

from nfexplainn import dna
from nfexplainn.motifs import scan
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.scan import (
    average_precision,
    best_hits,
    locate_best_hits,
    log_odds,
    resize,
)


@pytest.fixture(scope="module")
def motifs() -> list[Motif]:
    rng = np.random.default_rng(0)
    widths = (1, 5, 5, 8, 12, 20)
    return [
        Motif(f"m{i}", "", rng.dirichlet([0.3] * 4, width), 10.0 * (i + 1))
        for i, width in enumerate(widths)
    ]


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 5, (23, 20), dtype=np.uint8)


def naive(motif: Motif, sequence: np.ndarray, clip: bool) -> list[list[float]]:
    """Scores at each place on each strand, letter by letter."""
    width = len(motif.ppm)
    scores = []
    for start in range(len(sequence) - width + 1):
        window = sequence[start : start + width]
        strands = []
        for seen in (window, dna.reverse_complement(window)):
            total = 0.0
            for position, letter in enumerate(seen):
                if letter < 4:
                    p = motif.ppm[position, letter]
                    raised = (p * motif.nsites + 0.25) / (motif.nsites + 1)
                    total += np.log((max(p, 1e-4) if clip else raised) / 0.25)
            strands.append(total)
        scores.append(strands)
    return scores


@pytest.mark.parametrize("batch_bytes", [1, 20_000, scan.BATCH_BYTES])
@pytest.mark.parametrize("clip", [False, True])
def test_against_loops(
    motifs: list[Motif],
    codes: np.ndarray,
    clip: bool,
    batch_bytes: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scan, "BATCH_BYTES", batch_bytes)
    largest = best_hits(motifs, codes, original_clip=clip)
    total = best_hits(motifs, codes, reduce="sum", original_clip=clip)
    forward = best_hits(motifs, codes, both_strands=False, original_clip=clip)
    hits = locate_best_hits(motifs, codes, original_clip=clip)
    assert largest.dtype == np.float32
    assert largest.shape == (23, 6)
    for row, column in itertools.product(range(23), range(6)):
        expected = np.array(naive(motifs[column], codes[row], clip))
        assert largest[row, column] == pytest.approx(expected.max(), abs=1e-4)
        assert total[row, column] == pytest.approx(expected.sum(), abs=1e-3)
        assert forward[row, column] == pytest.approx(expected[:, 0].max(), abs=1e-4)
        assert hits.score[row, column] == largest[row, column]
        strand = int(hits.strand[row, column] < 0)
        assert expected[hits.start[row, column], strand] == pytest.approx(expected.max(), abs=1e-4)


def test_strands_and_unknown_bases(motifs: list[Motif], codes: np.ndarray) -> None:
    turned = dna.reverse_complement(codes)
    np.testing.assert_allclose(best_hits(motifs, codes), best_hits(motifs, turned), atol=1e-4)
    assert (best_hits(motifs, np.full((2, 30), dna.N_CODE, dtype=np.uint8)) == 0).all()


def test_a_planted_site_is_found() -> None:
    motif = Motif("m", "", np.eye(4)[[0, 2, 3, 1, 1, 0]], 100)
    # A background of A and C alone cannot hold the site by chance.
    codes = np.random.default_rng(3).integers(0, 2, (2, 60), dtype=np.uint8)
    site = dna.encode(["AGTCCA"])[0]
    codes[0, 17:23] = site
    codes[1, 40:46] = dna.reverse_complement(site)
    hits = locate_best_hits([motif], codes)
    assert hits.start[:, 0].tolist() == [17, 40]
    assert hits.strand[:, 0].tolist() == [1, -1]
    np.testing.assert_allclose(hits.score[:, 0], 6 * np.log(100.25 / 101 / 0.25), rtol=1e-6)


def test_against_biopython() -> None:
    rng = np.random.default_rng(7)
    counts = rng.integers(0, 30, (9, 4))
    counts[:, 0] += 100 - counts.sum(axis=1)
    motif = Motif("m", "", counts / 100, 100)
    theirs = bio_motifs.Motif(counts=dict(zip("ACGT", counts.T.tolist(), strict=True)))
    table = theirs.counts.normalize(pseudocounts=0.25).log_odds()
    sequences = np.random.default_rng(2).integers(0, 4, (5, 40), dtype=np.uint8)
    expected = [table.calculate(text).max() for text in dna.decode(sequences)]
    ours = best_hits([motif], sequences, both_strands=False)[:, 0]
    np.testing.assert_allclose(ours, np.array(expected) * np.log(2), rtol=1e-4)


def test_log_odds_know_the_number_of_sites() -> None:
    few, many = (Motif("m", "", np.eye(4)[:1], sites) for sites in (10.0, 1000.0))
    np.testing.assert_allclose(log_odds(few)[0, 0], np.log(10.25 / 11 / 0.25))
    assert log_odds(few)[0, 1] > log_odds(many)[0, 1]
    np.testing.assert_allclose(log_odds(few, original_clip=True)[0, 1], np.log(4e-4))


def test_too_wide_a_motif(codes: np.ndarray) -> None:
    wide = Motif("m9", "", np.full((21, 4), 0.25))
    with pytest.raises(ValueError, match="m9 has 21 columns, the sequences only 20"):
        best_hits([wide], codes)
    assert best_hits([resize(wide, 20)], codes).shape == (23, 1)
    assert best_hits([], codes).shape == (23, 0)
    assert best_hits([wide], np.zeros((0, 30), dtype=np.uint8)).shape == (0, 1)


def test_average_precision() -> None:
    rng = np.random.default_rng(5)
    labels = (rng.random(200) < 0.3).astype(np.float32)
    scores = rng.normal(size=(200, 4)) + labels[:, None]
    scores[:, 1] = np.round(scores[:, 1])
    scores[:, 2] = 1
    expected = [average_precision_score(labels, column) for column in scores.T]
    np.testing.assert_allclose(average_precision(scores, labels), expected, rtol=1e-12)
    unknown = labels.copy()
    unknown[:20] = np.nan
    expected = [average_precision_score(labels[20:], column) for column in scores[20:].T]
    np.testing.assert_allclose(average_precision(scores, unknown), expected, rtol=1e-12)
    assert np.isnan(average_precision(scores, np.zeros(200))).all()


def test_resize() -> None:
    ppm = np.array([[0.4, 0.2, 0.2, 0.2], [1, 0, 0, 0], [0, 1, 0, 0], [0.7, 0.1, 0.1, 0.1]])
    motif = Motif("m", "name", ppm, 30)
    np.testing.assert_array_equal(resize(motif, 3).ppm, ppm[1:])
    np.testing.assert_array_equal(resize(motif, 2).ppm, ppm[1:3])
    np.testing.assert_array_equal(resize(motif, 1).ppm, ppm[1:2])
    wide = resize(motif, 7)
    np.testing.assert_array_equal(wide.ppm[1:5], ppm)
    assert (wide.ppm[[0, 5, 6]] == 0.25).all()
    assert (wide.id, wide.name, wide.nsites) == ("m", "name", 30)
    assert resize(motif, 4).ppm.tolist() == ppm.tolist()
