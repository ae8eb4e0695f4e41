from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay_fixtures import check_refusal, fastq, prepared, texts
from nfexplainn import dna
from nfexplainn.assays.smileseq import prepare
from nfexplainn.errors import UnusableError
from nfexplainn.evaluation.baselines import kmer_counts
from nfexplainn.io.coordinates import read_names

READS = texts(100, 40)


def test_reads_are_clipped_and_shuffled_with_their_parents(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a.fastq.gz": fastq([f"AAACCCG{s}{'T' * 9}" for s in READS])}
    dataset = prepared(prepare, tmp_path, files, trim_left=7, trim_right=9).dataset
    assert (dataset.meta.task_type, dataset.meta.tasks) == ("binary", ("A",))
    assert dataset.meta.length == 40 + 18
    assert [s.strip("N") for s in dna.decode(dataset.codes)[:100]] == READS
    where = read_names(dataset.names)
    child = np.flatnonzero(where.parent >= 0)
    parent = where.parent[child]
    assert len(child) == 100
    assert (dataset.split[child] == dataset.split[parent]).all()
    pairs = kmer_counts(dataset.codes, 2, False)
    assert np.array_equal(pairs[child], pairs[parent])
    assert (dataset.labels[child] == 0).all()
    # padding is no part of what is shuffled
    assert (dataset.codes[:, :9] == dna.N_CODE).all()
    assert (dataset.codes[:, 9:-9] < dna.N_CODE).all()


def test_repeats_and_n_are_left_out(tmp_path: Path) -> None:
    reads = [*READS, READS[0], READS[1], "N" + READS[2][1:]]
    dataset = prepared(prepare, tmp_path, {"a": fastq(reads)}, max_unknown=0).dataset
    assert len(dataset) == 200
    assert dataset.meta.dropped == {"duplicate read": 2, "read with N": 1}


def test_a_background_library_instead_of_shuffles(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a": fastq(READS), "bg": fastq(texts(150, 40, seed=1))}
    sheet = [{"sample": "A", "data": 0, "negatives": 1}]
    dataset = prepared(prepare, tmp_path, files, sheet).dataset
    assert ((dataset.labels == 1).sum(), (dataset.labels == 0).sum()) == (100, 150)


def test_two_factors_are_two_tasks(tmp_path: Path) -> None:
    other = texts(100, 40, seed=1)
    other[0] = READS[0]
    files: dict[str, str | bytes] = {"a": fastq(READS), "b": fastq(other)}
    sheet = [{"sample": "A", "data": 0}, {"sample": "B", "data": 1}]
    dataset = prepared(prepare, tmp_path, files, sheet).dataset
    assert dataset.meta.tasks == ("A", "B")
    assert dataset.labels[0].tolist() == [1, 1]
    assert (dataset.labels == 1).any(axis=1).sum() == 199


def test_parts_of_a_split_are_read_apart(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a": fastq(READS), "b": fastq(texts(50, 40, seed=1))}
    sheet = [
        {"sample": "A", "data": 0, "split": "train"},
        {"sample": "B", "data": 1, "split": "test"},
    ]
    dataset = prepared(prepare, tmp_path, files, sheet).dataset
    assert dataset.meta.tasks == ("d",)
    assert (dataset.split == "test").sum() == 100


def test_a_sample_of_many_reads(tmp_path: Path) -> None:
    dataset = prepared(prepare, tmp_path, {"a": fastq(texts(2000, 40))}, max_reads=300).dataset
    assert ((dataset.labels == 1).sum(), (dataset.labels == 0).sum()) == (300, 300)
    assert dataset.meta.dropped == {"beyond max_reads": 1700}


def test_strands_are_a_choice(tmp_path: Path) -> None:
    meta = prepared(prepare, tmp_path, {"a": fastq(READS)}, reverse_complement=False).dataset.meta
    assert not meta.strand_symmetric


good = fastq(READS)
BAD: list[tuple[str | bytes, dict[str, Any], str]] = [
    ("", {}, r"a: the file is empty"),
    ("ACGT\n", {}, r"a, line 1: 'ACGT"),
    (b"\x1f\x8b\x08\x00broken", {}, r"a: the compressed file is damaged"),
    (b"CRAMxxxx", {}, r"a: this is a CRAM file"),
    (b"\x00\x01\x02", {}, r"a: this is a binary file"),
    ("@r\nACGT\n+\n", {}, r"a, line \d+: this FASTQ or FASTA record is incomplete"),
    ("@r\nACGT\n+\nIIIII\n", {}, r"a, line \d+: this FASTQ or FASTA record is incomplete"),
    (good, {"trim_left": 7, "trim_right": 64}, r"a: trimming 7 \+ 64 bases leaves nothing of any"),
    (good, {"flank_right": "TTTTTTTTTTTT"}, r"none of 100 reads holds the flanks TTTT"),
    (good, {"length": 41}, r"a: no read has 41 bp after trimming"),
    (good, {"pad": "0", "trim_left": 20}, r"pad is 0, which makes 20 bp into 20"),
    (good, {"negatives": "gc"}, r"negatives 'gc' are drawn from a genome"),
    (good, {"negatives": "others"}, r"no other row of the sheet has sequences"),
    (good, {"split_by": "given"}, r"split_by is 'given', but no row has a split"),
]


@pytest.mark.parametrize(("content", "options", "sentence"), BAD)
def test_bad_input(
    tmp_path: Path, content: str | bytes, options: dict[str, Any], sentence: str
) -> None:
    check_refusal(sentence, prepare, tmp_path, {"a": content}, **options)


def test_too_few_reads_are_a_result(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="Only 100 positives can be used"):
        prepared(prepare, tmp_path, {"a": good}, min_positives=101)


@pytest.mark.realdata
def test_real_reads(data_dir: Path, tmp_path: Path) -> None:
    file = data_dir / "smileseq" / "PRDM13_DBD_SS014_BC07.part1.fastq.gz"
    dataset = prepared(prepare, tmp_path, {"p.gz": file.read_bytes()}).dataset
    assert (dataset.labels == 1).sum() + dataset.meta.dropped["duplicate read"] == 40_000
    assert dataset.meta.length == 58
