"""Consensus over replicates: alignment, support, score."""

from __future__ import annotations

import numpy as np

from nfexplainn import dna
from nfexplainn.interpret.consensus import UnitMotif, consensus_motifs
from nfexplainn.motifs.alignments import alignment


def _counts(word: str, left: int = 0, right: int = 0, reverse: bool = False) -> np.ndarray:
    core = 36 * np.eye(4, dtype=np.int64)[dna.encode([word])[0]] + 1
    counts = np.concatenate(
        [np.full((left, 4), 10, dtype=np.int64), core, np.full((right, 4), 10, dtype=np.int64)]
    )
    return counts[::-1, ::-1] if reverse else counts


def test_alignment_finds_offset_and_strand() -> None:
    founder = _counts("TGACTCAGCA", 5, 4)
    similarity, offset, reverse = alignment(founder, _counts("TGACTCAGCA", 2, 7))
    assert similarity > 0.99 and offset == 3 and not reverse
    similarity, offset, reverse = alignment(founder, _counts("TGACTCAGCA", 2, 7, reverse=True))
    assert similarity > 0.99 and offset == 3 and reverse


def test_support_score_and_counts() -> None:
    units = [
        UnitMotif("r1", "unit_001", _counts("TGACTCAGCA", 5, 4), 2.0),
        UnitMotif("r1", "unit_002", _counts("CCACCAGGGG", 5, 4), 1.0),
        UnitMotif("r2", "unit_009", _counts("TGACTCAGCA", 2, 7, reverse=True), 0.5),
        UnitMotif("r2", "unit_003", _counts("GGGGCCCCAT", 2, 7), -3.0),
        UnitMotif("r3", "unit_004", _counts("CCACCAGGGG", 4, 5), 0.1),
    ]
    motifs = consensus_motifs(units, ["r1", "r2", "r3"])
    assert [motif.found_in for motif in motifs] == [2, 2]
    assert np.isclose(motifs[0].score, (1 + 1 + 0) / 3)
    assert np.isclose(motifs[1].score, (0.5 + 0 + 1) / 3)
    best = motifs[0].counts[5:15]
    assert dna.decode(best.argmax(axis=1).astype(np.uint8)[None]) == ["TGACTCAGCA"]
    assert (best.max(axis=1) == 74).all()


def test_units_without_positive_effect_found_nothing() -> None:
    assert consensus_motifs([UnitMotif("r1", "unit_001", _counts("ACGTACGT"), -1.0)], ["r1"]) == []
