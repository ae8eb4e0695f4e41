from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfexplainn import dna
from nfexplainn.data.negatives import (
    BINS,
    gc_bins,
    match_pool,
    match_with_unknown,
    sample_genome,
)
from nfexplainn.io.genome import Genome, open_genome
from nfexplainn.io.intervals import Regions

bins = st.lists(st.integers(0, 6), max_size=40).map(lambda v: np.array(v, dtype=np.int64))


def make_genome(tmp_path: Path, size: int = 60_000) -> Genome:
    """Two chromosomes whose GC content wanders, with a run of N in the first."""
    rng = np.random.default_rng(8)
    text = ""
    for name in ("chrA", "chrB"):
        share = 0.5 + 0.3 * np.sin(np.arange(size) / 900)
        strong = rng.random(size) < share
        letters = np.where(strong, rng.choice(list("GC"), size), rng.choice(list("ATat"), size))
        if name == "chrA":
            letters[5000:9000] = "N"
        text += f">{name}\n" + "".join(letters) + "\n"
    (tmp_path / "g.fa").write_text(text)
    return open_genome(tmp_path / "g.fa", "g.fa")


@given(bins, bins)
def test_the_papers_rule_keeps_the_scarcer_of_each_bin(
    positives: np.ndarray, pool: np.ndarray
) -> None:
    mine, theirs = match_pool(positives, pool, 1, np.random.default_rng(0))
    for share in range(7):
        wanted = min((positives == share).sum(), (pool == share).sum())
        assert (positives[mine] == share).sum() == (pool[theirs] == share).sum() == wanted
    assert len(set(mine.tolist())) == len(mine)
    assert len(set(theirs.tolist())) == len(theirs)


def test_ratio_asks_for_more_negatives_per_positive() -> None:
    positives, pool = np.full(10, 40), np.concatenate([np.full(25, 40), np.full(9, 50)])
    mine, theirs = match_pool(positives, pool, 2.5, np.random.default_rng(0))
    assert (len(mine), len(theirs)) == (10, 25)
    mine, theirs = match_pool(positives, pool, 5, np.random.default_rng(0))
    assert (len(mine), len(theirs)) == (5, 25)


def test_gc_bins_round_to_whole_percent() -> None:
    codes = dna.encode(["GGGGAAAAAA", "GNNNNNNNNN", "NNNNNNNNNN", "AAAAAAAAAT"])
    assert gc_bins(codes).tolist() == [40, 100, -1, 0]


def test_windows_of_the_genome_keep_every_promise(tmp_path: Path) -> None:
    genome = make_genome(tmp_path)
    width = 100
    forbidden = Regions.merge(
        np.array([1000, 20_000, genome.axis[1] + 30_000]),
        np.array([2000, 26_000, genome.axis[1] + 31_000]),
    )
    wanted = np.zeros(BINS, dtype=np.int64)
    wanted[[30, 45, 60]] = 20, 15, 5
    found = sample_genome(genome, wanted, width, [0, 1], forbidden, np.random.default_rng(1))
    assert np.array_equal(np.bincount(gc_bins(found.codes), minlength=BINS), wanted)
    assert (found.codes < dna.N_CODE).all()
    assert np.array_equal(found.codes, genome.fetch(found.chrom, found.start, width))
    begin = genome.axis[found.chrom] + found.start
    assert not forbidden.overlap(begin, begin + width).any()
    assert (np.diff(np.sort(begin)) >= width).all()
    assert set(found.chrom.tolist()) == {0, 1}
    again = sample_genome(genome, wanted, width, [0, 1], forbidden, np.random.default_rng(1))
    assert np.array_equal(found.start, again.start)
    only = sample_genome(genome, wanted, width, [1], forbidden, np.random.default_rng(1))
    assert set(only.chrom.tolist()) == {1}


def test_a_gc_content_that_the_genome_lacks_gives_fewer(tmp_path: Path) -> None:
    genome = make_genome(tmp_path, 10_000)
    wanted = np.zeros(BINS, dtype=np.int64)
    wanted[100] = 3
    nothing = Regions.merge(np.zeros(0, np.int64), np.zeros(0, np.int64))
    found = sample_genome(genome, wanted, 100, [0, 1], nothing, np.random.default_rng(1))
    assert found.codes.shape == (0, 100)
    short = sample_genome(genome, wanted, 20_000, [0], nothing, np.random.default_rng(1))
    assert len(short.chrom) == 0


@pytest.mark.parametrize("share", [0.0, 0.03, 0.5])
def test_positives_with_unknown_bases_find_negatives_in_any_pool(share: float) -> None:
    """Of a pool in which this share of the sequences holds N, too."""
    rng = np.random.default_rng(6)
    positives, pool = (rng.integers(0, 4, (n, 60), dtype=np.uint8) for n in (200, 2000))
    for codes, part in ((positives, 0.7), (pool, share)):
        for row in np.flatnonzero(rng.random(len(codes)) < part).tolist():
            start = int(rng.integers(0, 50))
            codes[row, start : start + int(rng.integers(1, 7))] = dna.N_CODE
    keep, rows, codes = match_with_unknown(positives, pool, 1, np.random.default_rng(0))
    assert len(keep) == len(rows) == len(codes) > 190
    assert (np.diff(keep) > 0).all() and (np.diff(rows) > 0).all()
    assert (codes == np.where(codes == dna.N_CODE, dna.N_CODE, pool[rows])).all()
    counts = [np.ceil((c == dna.N_CODE).sum(axis=1) / 3) for c in (positives[keep], codes)]
    assert np.array_equal(np.sort(counts[0]), np.sort(counts[1]))
    if not share:
        patterns = [sorted((c == dna.N_CODE).tolist()) for c in (positives[keep], codes)]
        assert patterns[0] == patterns[1]


def test_without_unknown_bases_matching_is_by_gc_alone() -> None:
    rng = np.random.default_rng(6)
    positives, pool = (rng.integers(0, 4, (n, 60), dtype=np.uint8) for n in (50, 300))
    keep, rows, codes = match_with_unknown(positives, pool, 2, np.random.default_rng(0))
    wanted = match_pool(gc_bins(positives), gc_bins(pool), 2, np.random.default_rng(0))
    assert np.array_equal(keep, wanted[0]) and np.array_equal(rows, wanted[1])
    assert np.array_equal(codes, pool[rows])
