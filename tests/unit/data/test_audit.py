from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfexplainn import dna
from nfexplainn.data.audit import Check, audit_dataset, packed_words, shared_words
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.data.duplicates import first_of_each, hash_sequences, strand_free_key


def make(n: int = 300, length: int = 100, names: list[str] | None = None) -> Dataset:
    rng = np.random.default_rng(4)
    meta = DatasetMeta("d", "sequences", "binary", ("a",), length, True, 1)
    split = np.array(["train"] * (n - 60) + ["valid"] * 30 + ["test"] * 30)
    codes = rng.integers(0, 4, (n, length), dtype=np.uint8)
    labels = rng.integers(0, 2, (n, 1)).astype(np.float32)
    return Dataset(meta, names or [f"s{i}" for i in range(n)], codes, split, labels)


def audit(dataset: Dataset) -> dict[str, Check]:
    return {check.check: check for check in audit_dataset(dataset)}


def test_random_sequences_pass_everything() -> None:
    checks = audit(make())
    assert list(checks) == [
        "exact_duplicates",
        "reverse_complement_duplicates",
        "shuffle_pairs",
        "overlapping_windows",
        "shared_kmers",
        "unknown_bases",
    ]
    assert {(c.count, c.example) for c in checks.values()} == {(0, "")}
    # These sequences are no shuffles, and have no coordinates.
    open_ = {"shuffle_pairs", "overlapping_windows"}
    assert {name for name, c in checks.items() if c.state == "not_applicable"} == open_
    assert {checks[name].state for name in set(checks) - open_} == {"pass"}
    assert {checks[name].total for name in open_} == {0}
    assert checks["shared_kmers"].total == 60


def test_a_planted_duplicate_is_found() -> None:
    dataset = make()
    dataset.codes[299] = dataset.codes[7]
    checks = audit(dataset)
    found = checks["exact_duplicates"]
    assert (found.state, found.count, found.total) == ("warn", 2, 300)
    assert found.example == "s7 (train) and s299 (test)"
    assert checks["reverse_complement_duplicates"].state == "pass"
    assert checks["shared_kmers"].count == 1
    assert "s299 (test) shares 77 of 77" in checks["shared_kmers"].example
    assert checks["shared_kmers"].example.endswith("e.g. with s7")


def test_a_planted_reverse_complement_is_found() -> None:
    dataset = make()
    dataset.codes[250] = dna.reverse_complement(dataset.codes[8])
    checks = audit(dataset)
    assert checks["exact_duplicates"].state == "pass"
    assert checks["reverse_complement_duplicates"].count == 2
    assert "s8 (train) and s250 (valid)" in checks["reverse_complement_duplicates"].example
    assert checks["shared_kmers"].count == 1


def test_duplicates_within_a_split_are_no_leak() -> None:
    dataset = make()
    dataset.codes[1] = dataset.codes[2]
    dataset.codes[3] = dna.reverse_complement(dataset.codes[3])
    assert {check.state for check in audit(dataset).values()} == {"pass", "not_applicable"}


@pytest.mark.parametrize(("bases", "count"), [(42, 0), (43, 1), (100, 1)])
def test_a_quarter_of_the_words_is_the_limit(bases: int, count: int) -> None:
    # 43 equal bases hold 20 words of 24; a quarter of 77 is 19.25.
    dataset = make()
    source = dna.reverse_complement(dataset.codes[5])
    dataset.codes[260] = (source + 1) % 4  # no base in common, so nothing is longer by chance
    dataset.codes[260, :bases] = source[:bases]
    assert audit(dataset)["shared_kmers"].count == count


def test_shuffles_and_overlaps_across_splits_are_found() -> None:
    names = [f"chr1:{i * 200}-{i * 200 + 100}(+)" for i in range(300)]
    names[298] = names[4] + "|shuffle1"
    names[299] = "chr1:1390-1490(+)"  # overlaps row 7 by 10 bp
    names[280] = "chr1:1500-1600(+)"  # touches row 7, no overlap with it
    checks = audit(make(names=names))
    assert (checks["shuffle_pairs"].count, checks["shuffle_pairs"].total) == (1, 1)
    assert names[298] in checks["shuffle_pairs"].example
    overlap = checks["overlapping_windows"]
    assert overlap.count == 2
    assert overlap.example == f"{names[7]} (train) and {names[299]} (test)"


intervals = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 300), st.integers(0, 2)), min_size=1, max_size=25
)


@settings(deadline=None)
@given(intervals)
def test_overlaps_agree_with_a_comparison_of_all_pairs(rows: list[tuple[int, int, int]]) -> None:
    # Equal windows cannot have equal names, so a number stands before the chromosome's.
    rows = list({(c, s): (c, s, p) for c, s, p in rows}.values())
    names = [f"chr{c}:{s}-{s + 40}" for c, s, _ in rows]
    split = np.array([("train", "valid", "test")[p] for _, _, p in rows])
    meta = DatasetMeta("d", "peaks", "binary", ("a",), 40, True, 1)
    codes = np.random.default_rng(0).integers(0, 4, (len(rows), 40), dtype=np.uint8)
    labels = np.ones((len(rows), 1), dtype=np.float32)
    expected = sum(
        any(a[0] == b[0] and abs(a[1] - b[1]) < 40 and a[2] != b[2] for b in rows) for a in rows
    )
    found = audit(Dataset(meta, names, codes, split, labels))["overlapping_windows"]
    assert (found.count, found.total) == (expected, len(rows))


texts = st.lists(st.text("ACGTN", min_size=30, max_size=30), min_size=1, max_size=6)


def words_of(text: str, k: int) -> list[str]:
    complement = str.maketrans("ACGT", "TGCA")
    words = [text[i : i + k] for i in range(len(text) - k + 1)]
    return [min(w, w[::-1].translate(complement)) for w in words if "N" not in w]


@settings(deadline=None, max_examples=30)
@given(texts, texts, st.sampled_from([1, 2, 3, 5, 8, 24]))
def test_shared_words_agree_with_sets_of_text(
    held_out: list[str], training: list[str], k: int
) -> None:
    known = {word for text in training for word in words_of(text, k)}
    shared, total = shared_words(dna.encode(held_out), dna.encode(training), k)
    assert total.tolist() == [len(words_of(text, k)) for text in held_out]
    assert shared.tolist() == [sum(w in known for w in words_of(t, k)) for t in held_out]


def test_packed_words_are_the_same_on_both_strands() -> None:
    codes = np.random.default_rng(1).integers(0, 4, (9, 70), dtype=np.uint8)
    other = packed_words(dna.reverse_complement(codes))[:, ::-1]
    assert np.array_equal(packed_words(codes), other)


def test_short_sequences_say_that_words_were_not_looked_for() -> None:
    check = audit(make(length=20))["shared_kmers"]
    assert (check.state, check.total) == ("not_applicable", 0)
    assert "under 24 bp" in check.example


def test_hashes_know_equal_sequences_on_both_strands() -> None:
    codes = np.random.default_rng(1).integers(0, 5, (20_000, 8), dtype=np.uint8)
    forward, reverse = hash_sequences(codes)
    _, by_text = np.unique(codes, axis=0, return_inverse=True)
    _, by_hash = np.unique(forward, return_inverse=True)
    assert len(np.unique(by_text.reshape(-1) * 400_000 + by_hash)) == by_text.max() + 1
    assert np.array_equal(hash_sequences(dna.reverse_complement(codes))[0], reverse)
    keys = strand_free_key(np.concatenate([codes[:5], dna.reverse_complement(codes[:5])]))
    assert first_of_each(keys)[5:].tolist() == first_of_each(keys)[:5].tolist()
