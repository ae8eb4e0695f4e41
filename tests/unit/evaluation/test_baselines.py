"""Baselines: they find what they can find, and nothing where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.evaluation.baselines import baseline_logits, kmer_counts


def dataset_of(codes: dna.Codes, labels: np.ndarray, task_type: str = "binary") -> Dataset:
    n = len(codes)
    labels = np.asarray(labels, dtype=np.float32).reshape(n, -1)
    tasks = tuple("abc"[: labels.shape[1]])
    meta = DatasetMeta("d", "sequences", task_type, tasks, codes.shape[1], True, 0)  # type: ignore[arg-type]
    split = np.array(["train", "train", "train", "valid", "test"])[np.arange(n) % 5]
    return Dataset(meta, [str(i) for i in range(n)], codes, split, labels)


def test_kmers_against_counting_by_hand() -> None:
    codes = dna.encode(["ACGTNACGTT", "AAAAAAAAAA"])
    counts = kmer_counts(codes, 2, both_strands=False)
    words = [a + b for a in "ACGT" for b in "ACGT"]
    found = dict(zip(words, counts[0], strict=True))
    assert found["AC"] == found["CG"] == found["GT"] == 2 and found["TT"] == 1
    assert counts[0].sum() == 7 and counts[1].sum() == 9
    both = kmer_counts(codes, 2, both_strands=True)
    assert both.shape == (2, 10)
    assert kmer_counts(codes, 4, both_strands=True).shape == (2, 136)
    assert both[0, 1] == 4  # AC and GT
    other = kmer_counts(dna.reverse_complement(codes), 2, both_strands=True)
    assert np.array_equal(both, other)
    assert both[0].sum() == 7  # a palindrome is not counted twice


@pytest.mark.parametrize("task_type", ["binary", "multiclass", "regression"])
def test_gc_finds_gc(task_type: str) -> None:
    rng = np.random.default_rng(0)
    share = rng.uniform(0.2, 0.8, 600)
    strong = rng.random((600, 80)) < share[:, None]
    codes = np.where(strong, rng.integers(1, 3, (600, 80)), rng.choice([0, 3], (600, 80)))
    rich = share > 0.5
    labels = {"binary": rich, "regression": share, "multiclass": np.c_[rich, ~rich]}[task_type]
    dataset = dataset_of(codes.astype(np.uint8), labels, task_type)
    test = dataset.rows("test")
    for name in ("gc", "kmer4"):
        logits = baseline_logits(dataset, name)[test]
        assert logits.dtype == np.float32
        if task_type == "regression":
            assert np.corrcoef(logits[:, 0], share[test])[0, 1] > 0.85
        else:
            assert roc_auc_score(rich[test], logits[:, 0]) > 0.95


def test_kmers_find_a_word_that_gc_cannot() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (800, 60)).astype(np.uint8)
    labels = np.arange(800) % 2
    for row in np.flatnonzero(labels):
        for start in (5, 25, 45):
            codes[row, start : start + 8] = (3, 2, 0, 1, 3, 1, 0, 2)
    dataset = dataset_of(codes, labels)
    test = dataset.rows("test")
    assert roc_auc_score(labels[test], baseline_logits(dataset, "kmer4")[test, 0]) > 0.95
    assert roc_auc_score(labels[test], baseline_logits(dataset, "gc")[test, 0]) < 0.7


def test_unknown_and_one_sided_labels() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (200, 30)).astype(np.uint8)
    labels = np.stack([np.arange(200) % 2, np.ones(200), np.arange(200) % 2], axis=1).astype(float)
    labels[:50, 0] = np.nan
    dataset = dataset_of(codes, labels, "multilabel")
    logits = baseline_logits(dataset, "kmer4")
    assert np.isfinite(logits).all()
    assert (logits[:, 1] == 0).all()
    dataset.labels[:50, 0] = np.nan
    changed = dataset_of(codes, labels, "multilabel")
    changed.labels[dataset.rows("test"), 0] = 1  # labels of the test part must not matter
    assert np.array_equal(baseline_logits(changed, "kmer4"), logits)


def test_sequences_of_n_only() -> None:
    codes = np.full((20, 30), dna.N_CODE, dtype=np.uint8)
    codes[10:] = 1
    logits = baseline_logits(dataset_of(codes, np.arange(20) % 2), "gc")
    assert np.isfinite(logits).all()
