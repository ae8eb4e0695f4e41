"""Similar sequences: planted copies, chance, all words of all pairs, and MMseqs2 on repeats."""

from __future__ import annotations

import gzip
import itertools
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfexplainn import dna
from nfexplainn.data.homology import (
    LEAST_RUN,
    LEAST_SHARE,
    SHORTEST,
    SKETCH,
    SKETCHED,
    WORD,
    candidate_pairs,
    canonical_words,
    components,
    similar_sequences,
    sketches,
)

MMSEQS = os.environ.get("NFEXPLAINN_TEST_MMSEQS") or shutil.which("mmseqs")
LENGTH = 200


def random_codes(n: int, length: int = LENGTH, seed: int = 0) -> dna.Codes:
    return np.random.default_rng(seed).integers(0, 4, (n, length)).astype(np.uint8)


def mutated(codes: dna.Codes, rate: float, seed: int) -> dna.Codes:
    rng = np.random.default_rng(seed)
    changed = rng.random(codes.shape) < rate
    other = (codes + rng.integers(1, 4, codes.shape)) % 4
    return np.where(changed, other, codes).astype(np.uint8)


def canonical(word: str) -> str:
    return min(word, word[::-1].translate(str.maketrans("ACGT", "TGCA")))


def is_repeat(word: str) -> bool:
    """Tell whether few bases break a repeat of 1 to 6 bases."""
    allowed = {10: (2, 2, 2, 1, 0, 0), 14: (3, 3, 3, 3, 2, 2)}[len(word)]
    for period, errors in enumerate(allowed, 1):
        if sum(a != b for a, b in zip(word[period:], word, strict=False)) <= errors:
            return True
    return False


def words(text: str) -> set[str]:
    found = {text[at : at + WORD] for at in range(len(text) - WORD + 1)}
    return {canonical(word) for word in found if not is_repeat(word)}


def test_random_sequences_are_similar_to_none() -> None:
    codes = random_codes(20_000)
    np.testing.assert_array_equal(similar_sequences(codes), np.arange(len(codes)))


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.05])
@pytest.mark.parametrize("strand", ["same", "other"])
def test_near_copies_are_found_on_either_strand(rate: float, strand: str) -> None:
    codes = random_codes(2_000)
    copies = mutated(codes[:500], rate, 1)
    copies = dna.reverse_complement(copies) if strand == "other" else copies
    found = similar_sequences(np.concatenate([codes, copies]))
    np.testing.assert_array_equal(found[2_000:], np.arange(500))
    np.testing.assert_array_equal(found[:2_000], np.arange(2_000))


def test_copies_that_are_shifted_or_have_gaps_are_found() -> None:
    codes = random_codes(400, LENGTH + 60)
    first, shifted = codes[:, :LENGTH], codes[:, 60:]
    gapped = np.concatenate([codes[:, :100], codes[:, 107 : LENGTH + 7]], axis=1)
    found = similar_sequences(np.concatenate([first, shifted, gapped]))
    np.testing.assert_array_equal(found, np.tile(np.arange(400), 3))


def test_clusters_hang_together_over_several_steps() -> None:
    long = random_codes(50, 500)
    windows = [long[:, at : at + LENGTH] for at in (0, 100, 200, 300)]
    found = similar_sequences(np.concatenate(windows))
    np.testing.assert_array_equal(found, np.tile(np.arange(50), 4))


@pytest.mark.parametrize(("width", "rate"), [(15, 0.0), (21, 0.1)])
def test_a_common_motif_is_no_similarity(width: int, rate: float) -> None:
    """As long as the core of CTCF's, and as REST's, whose sites differ."""
    codes = random_codes(3_000)
    motif = np.repeat(random_codes(1, width, seed=9), len(codes), axis=0)
    codes[:, 90 : 90 + width] = mutated(motif, rate, 3)
    np.testing.assert_array_equal(similar_sequences(codes), np.arange(len(codes)))


def test_microsatellites_are_few_words() -> None:
    codes = random_codes(500)
    codes[:, :60] = np.tile([0, 1], 30)
    codes[:, 150:190] = 0
    np.testing.assert_array_equal(similar_sequences(codes), np.arange(len(codes)))


def test_reads_of_a_selection_with_one_motif_stay_apart() -> None:
    codes = random_codes(5_000, 60)
    codes[:, 15:27] = random_codes(1, 12, seed=3)[0]
    assert (similar_sequences(codes) != np.arange(len(codes))).sum() == 0


@pytest.mark.parametrize("length", [0, 1, WORD, SKETCHED, SHORTEST - 1])
def test_short_sequences_are_compared_with_none(length: int) -> None:
    codes = np.zeros((4, length), dtype=np.uint8)
    np.testing.assert_array_equal(similar_sequences(codes), np.arange(4))


def test_nothing_and_unknown_bases() -> None:
    assert similar_sequences(random_codes(0)).shape == (0,)
    unknown = np.full((6, LENGTH), dna.N_CODE, dtype=np.uint8)
    np.testing.assert_array_equal(similar_sequences(unknown), np.arange(6))
    codes = random_codes(6)
    padded = np.pad(codes, ((0, 0), (40, 40)), constant_values=dna.N_CODE)
    both = np.concatenate([padded, padded])
    np.testing.assert_array_equal(similar_sequences(both), np.tile(np.arange(6), 2))


@pytest.mark.parametrize("length", [60, 120, 400])
def test_links_agree_with_all_words_of_all_pairs(length: int) -> None:
    """Sketches hold all words up to 141 bp; of longer ones the share is an estimate."""
    rng = np.random.default_rng(length)
    base = random_codes(12, length, seed=length)
    copies = [mutated(base, rate, int(1000 * rate)) for rate in (0.03, 0.08, 0.15)]
    codes = np.concatenate([base, *copies])[rng.permutation(48)]
    texts = dna.decode(codes)
    found = similar_sequences(codes)
    margin = 0.1  # sketches may miss those at the limit
    surely, perhaps = [], []
    for pair in itertools.combinations(range(48), 2):
        one, other = (words(texts[row]) for row in pair)
        share = 2 * len(one & other) / (len(one) + len(other))
        if share >= LEAST_SHARE and len(one & other) >= LEAST_RUN - WORD + 1:
            perhaps.append(pair)
            surely += [pair] if share >= LEAST_SHARE + margin else []
    assert len(surely) > 10
    most = components(48, *np.array(perhaps, dtype=np.int64).T)
    assert all(found[one] == found[other] for one, other in surely)
    for left, right in itertools.combinations(range(48), 2):
        assert found[left] != found[right] or most[left] == most[right]


@pytest.mark.parametrize("width", [WORD, SKETCHED])
def test_words_are_told_apart_and_know_no_strand(width: int) -> None:
    codes = random_codes(2_000, 60)
    packed = canonical_words(codes, width)
    turned = canonical_words(dna.reverse_complement(codes), width)
    np.testing.assert_array_equal(packed, turned[:, ::-1])
    known: dict[int, str] = {}
    for text, row in zip(dna.decode(codes), packed.tolist(), strict=True):
        for at, value in enumerate(row):
            word = text[at : at + width]
            assert (value == 0xFFFFFFFF) == is_repeat(word)
            if not is_repeat(word):
                assert known.setdefault(value, canonical(word)) == canonical(word)
    assert len(set(known.values())) == len(known)


def test_a_sketch_holds_the_least_of_the_words_of_each_sequence() -> None:
    codes = random_codes(20)
    values, sizes = sketches(codes)
    texts = dna.decode(codes)
    seen: dict[int, set[str]] = {}
    for row, text in enumerate(texts):
        found = {text[at : at + SKETCHED] for at in range(LENGTH - SKETCHED + 1)}
        assert sizes[row] == len({canonical(word) for word in found if not is_repeat(word)})
        assert (np.diff(values[row].astype(np.int64)) > 0).all()
        for value in values[row].tolist():
            seen.setdefault(value, set()).add(text)
    assert sum(len(some) == 1 for some in seen.values()) > 0.99 * len(seen)
    half = np.concatenate([codes[:, :100], random_codes(20, 100, seed=5)], axis=1)
    kept = [len(np.intersect1d(a, b)) for a, b in zip(values, sketches(half)[0], strict=True)]
    # 87 of 374 - 87 words are in both, and so are as many of the 128 least of either.
    assert np.mean(kept) == pytest.approx(SKETCH * 87 / 187, rel=0.15)


def test_pairs_are_few_in_a_repeat_of_many_copies() -> None:
    codes = np.repeat(random_codes(1), 3_000, axis=0)
    assert len(candidate_pairs(sketches(codes)[0])) < 2 * 3_000
    assert (similar_sequences(codes) == 0).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20))
def test_components_agree_with_a_search(n: int, edges: list[tuple[int, int]]) -> None:
    edges = [(a % n, b % n) for a, b in edges]
    found = components(n, *np.array(edges, dtype=np.int64).reshape(-1, 2).T)
    reach = np.eye(n, dtype=bool)
    for a, b in edges:
        reach[a, b] = reach[b, a] = True
    for middle in range(n):
        reach |= reach[:, middle : middle + 1] & reach[middle]
    np.testing.assert_array_equal(found[:, None] == found, reach)


def tiles(path: Path, most: int) -> list[str]:
    """Give windows of a genome without N, evenly spaced."""
    with gzip.open(path, "rt") as lines:
        records = [record.partition("\n")[2] for record in lines.read().split(">")[1:]]
    text = "".join(record.replace("\n", "") for record in records).upper()
    cut = [text[at : at + LENGTH] for at in range(0, len(text) - LENGTH, LENGTH)]
    cut = [window for window in cut if "N" not in window]
    return cut[:: max(1, len(cut) // most)][:most]


@pytest.mark.parametrize("genome", ["chr22_hg19_partial.fa.gz", "sacCer3_R64.fa.gz"])
def test_agrees_with_mmseqs2_on_repeats(genome: str, data_dir: Path, tmp_path: Path) -> None:
    """Alu and others of human chromosome 22; telomeres, transposons and rRNA of yeast."""
    if not MMSEQS:
        pytest.skip(
            "MMseqs2 is not there: install Debian's package mmseqs2, or name its program in"
            " NFEXPLAINN_TEST_MMSEQS"
        )
    texts = tiles(data_dir / "genome" / genome, 3_000)
    found = similar_sequences(dna.encode(texts))
    fasta, out = tmp_path / "tiles.fa", tmp_path / "out.m8"
    fasta.write_text("".join(f">{at}\n{text}\n" for at, text in enumerate(texts)))
    command = [MMSEQS, "easy-search", fasta, fasta, out, tmp_path / "tmp", "--search-type", "3"]
    command += ["--strand", "2", "--threads", "1", "-v", "1", "-e", "1e-5", "--max-seqs", "1000"]
    command += ["--format-output", "query,target,fident,alnlen"]
    subprocess.run(command, check=True, capture_output=True)
    hits = np.loadtxt(out)
    one, other, identity, length = hits[hits[:, 0] < hits[:, 1]].T
    one, other = one.astype(int), other.astype(int)
    same = found[one] == found[other]
    for least, share in ((0.9, 0.99), (0.85, 0.95)):
        strong = (identity >= least) & (length >= 0.8 * LENGTH)
        assert strong.sum() >= 10 and same[strong].mean() >= share
    # And whoever is in a cluster here has a hit there.
    clustered = np.flatnonzero(np.bincount(found, minlength=len(texts))[found] > 1)
    assert len(clustered) > 50
    assert np.isin(clustered, np.concatenate([one, other])).mean() >= 0.95
