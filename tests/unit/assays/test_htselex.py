from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay_fixtures import check_refusal, fastq, prepared, texts, turned
from nfexplainn import dna
from nfexplainn.assays.htselex import prepare
from nfexplainn.errors import UnusableError, UserError


def cycles(*labels: str | None) -> list[dict[str, Any]]:
    return [{"sample": f"c{i}", "data": i, "label": label} for i, label in enumerate(labels)]


def pools(n: int = 100, count: int = 3, length: int = 20) -> dict[str, str | bytes]:
    return {f"f{i}.fastq.gz": fastq(texts(n, length, seed=i)) for i in range(count)}


def test_cycles_are_classes(tmp_path: Path) -> None:
    dataset = prepared(prepare, tmp_path, pools(), cycles("10", "2", "0")).dataset
    assert dataset.meta.task_type == "multiclass"
    assert dataset.meta.tasks == ("cycle_0", "cycle_2", "cycle_10")
    assert (dataset.labels.sum(axis=1) == 1).all()
    assert dataset.labels[0].tolist() == [0, 0, 1]
    assert dataset.names[:2] == ["c0.1", "c0.2"]
    assert dna.decode(dataset.codes)[0] == "N" * 6 + texts(1, 20, seed=0)[0] + "N" * 6
    assert dataset.meta.extra["last_class"] == "cycle_10"
    # every cycle in the same proportion on each side
    for part, count in (("train", 80), ("valid", 10), ("test", 10)):
        assert dataset.labels[dataset.split == part].sum(axis=0).tolist() == [count] * 3


def test_fasta_lower_case_and_names(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        f"f{i}": "".join(f">x\n{s[:9].lower()}\n{s[9:]}\n" for s in texts(60, 20, seed=i))
        for i in range(2)
    }
    dataset = prepared(prepare, tmp_path, files, cycles("naive", "bound"), pad="6").dataset
    assert dataset.meta.tasks == ("naive", "bound")
    assert dna.decode(dataset.codes)[0].strip("N") == texts(1, 20)[0]


def test_repeats_go_within_a_cycle_and_stay_between_cycles(tmp_path: Path) -> None:
    first, second = texts(60, 20), texts(60, 20, seed=1)
    first += [first[0], first[0], turned(first[1])]
    second[7] = first[2]
    files: dict[str, str | bytes] = {"a": fastq(first), "b": fastq(second)}
    dataset = prepared(prepare, tmp_path, files, cycles("1", "2")).dataset
    assert dataset.meta.dropped == {"duplicate read": 3}
    assert len(dataset) == 120
    same = [i for i, s in enumerate(dna.decode(dataset.codes)) if s.strip("N") == first[2]]
    assert len(same) == 2
    assert len(set(dataset.split[same])) == 1


def test_a_cycle_may_come_in_several_files(tmp_path: Path) -> None:
    files = pools(count=3)
    files["f1.fastq.gz"] = fastq([*texts(100, 20, seed=1), texts(1, 20)[0]])
    dataset = prepared(prepare, tmp_path, files, cycles("1", "1", "2")).dataset
    assert dataset.labels.sum(axis=0).tolist() == [200, 100]
    assert dataset.meta.dropped == {"duplicate read": 1}


def test_a_sample_keeps_the_proportions(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a": fastq(texts(60_000, 20) + texts(20_000, 20)),
        "b": fastq(texts(30_000, 20, seed=1)),
    }
    result = prepared(prepare, tmp_path, files, cycles("1", "2"), max_reads=9000)
    dataset = result.dataset
    assert len(dataset) == 9000
    share = float(dataset.labels[:, 0].mean())
    # 60,000 and 30,000 distinct reads: four standard deviations of a binomial sample
    assert abs(share - 2 / 3) < 4 * np.sqrt(2 / 9 / 9000)
    assert sum(dataset.meta.dropped.values()) == 110_000 - 9000
    # a sample over the whole file, not its head
    numbers = np.array([int(n.partition(".")[2]) for n in dataset.names if n.startswith("c1")])
    assert abs(np.median(numbers) - 15_000) < 1500
    again = prepared(prepare, tmp_path, files, cycles("1", "2"), max_reads=9000).dataset
    assert again.digest() == dataset.digest()


def test_flanks_are_found_and_cut(tmp_path: Path) -> None:
    inner = texts(80, 20)
    reads = [f"TGTGTC{s}GAGATC" for s in inner]
    reads[5] = "TGAGTC" + reads[5][6:]
    reads[6] = reads[6][:26] + "CCCCCC"
    files: dict[str, str | bytes] = {
        "a": fastq(reads),
        "b": fastq([f"TGTGTC{s}GAGATC" for s in texts(80, 20, seed=1)]),
    }
    dataset = prepared(
        prepare,
        tmp_path,
        files,
        cycles("0", "1"),
        flank_left="TGTGTC",
        flank_right="GAGATC",
        length=20,
    ).dataset
    assert dataset.meta.dropped == {"read without the flanks": 2}
    assert [s.strip("N") for s in dna.decode(dataset.codes)[:5]] == inner[:5]


def test_trimming_and_odd_lengths(tmp_path: Path) -> None:
    reads = ["AC" + s + "GTA" for s in texts(80, 20)]
    reads[3], reads[4], reads[5] = reads[3] + "A", "ACG", reads[5].replace("A", "N")
    files: dict[str, str | bytes] = {
        "a": fastq(reads),
        "b": fastq(["AC" + s + "GTA" for s in texts(80, 20, seed=1)]),
    }
    dataset = prepared(
        prepare, tmp_path, files, cycles("0", "1"), trim_left=2, trim_right=3, max_unknown=0
    ).dataset
    assert dataset.meta.dropped == {
        "nothing left after trimming": 1,
        "read of another length than 20": 1,
        "read with N": 1,
    }


good = fastq(texts(60, 20, seed=1))
BAD: list[tuple[str | bytes, dict[str, Any], str]] = [
    ("", {}, r"a: the file is empty"),
    ("\n\n", {}, r"a: there is no read in this file"),
    ("chr1\t1\t5\n", {}, r"a, line 1: 'chr1\\t1\\t5' begins neither"),
    (b"\x1f\x8b\x08\x00broken", {}, r"a: the compressed file is damaged"),
    (b"PK\x03\x04aaaa", {}, r"a: this is an Excel workbook"),
    (b"BAM\x01aaaa", {}, r"a: this is a BAM file"),
    ("@r\nACGT\n", {}, r"a, line \d+: this FASTQ or FASTA record is incomplete"),
    ("@r\nACGT\n+\nII\n", {}, r"a, line \d+: this FASTQ or FASTA record is incomplete"),
    ("@r\nACGT\nACGT\nIIII\n", {}, r"a, line \d+: this FASTQ or FASTA record is incomplete"),
    (good, {"flank_left": "GGGGGGGG"}, r"none of 60 reads holds the flanks GGGGGGGG; correct"),
    (good, {"trim_left": 12, "trim_right": 8}, r"a: trimming 12 \+ 8 bases leaves nothing"),
    (good, {"length": 30}, r"a: no read has 30 bp after trimming"),
    (good, {"pad": "1"}, r"pad is 1, which makes 20 bp into 22"),
    (good, {"split_by": "given"}, r"split_by is 'given', but no row has a split"),
]


@pytest.mark.parametrize(("content", "options", "sentence"), BAD)
def test_bad_input(
    tmp_path: Path, content: str | bytes, options: dict[str, Any], sentence: str
) -> None:
    files: dict[str, str | bytes] = {"a": content, "b": good}
    check_refusal(sentence, prepare, tmp_path, files, cycles("0", "1"), **options)


@pytest.mark.parametrize(
    ("sheet", "sentence"),
    [
        (cycles("0", None), "line 3: the column 'label' holds no cycle; write its number there."),
        (cycles("4", "4"), "all rows are cycle 4, but the model distinguishes cycles"),
        (
            [{"sample": "x", "data": 0, "label": "1"}, {"sample": "y", "data": 0, "label": "2"}],
            r"line 3: a is in two rows of 'd' \(labels 1 and 2\)",
        ),
    ],
)
def test_bad_sheets(tmp_path: Path, sheet: list[dict[str, Any]], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        prepared(prepare, tmp_path, {"a": good, "b": good}, sheet)


def test_all_mistakes_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"(?s)a: the file is empty.*b, line 1: 'x"):
        prepared(prepare, tmp_path, {"a": "", "b": "x\n"}, cycles("0", "1"))


def test_files_of_two_lengths(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a": good, "b": fastq(texts(60, 30))}
    with pytest.raises(UserError, match="b: no read has 20 bp after trimming"):
        prepared(prepare, tmp_path, files, cycles("0", "1"))


def test_too_few_reads_are_a_result(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="Fewer than two cycles have 200 reads"):
        prepared(prepare, tmp_path, pools(), cycles("0", "1", "2"), min_positives=200)


@pytest.mark.realdata
def test_real_cycles(data_dir: Path, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        f"c{i}.gz": (data_dir / f"htselex/ALX4_TGTGTC20NGA_cycle{i}.fastq.gz").read_bytes()
        for i in range(5)
    }
    dataset = prepared(prepare, tmp_path, files, cycles(*"01234")).dataset
    assert (dataset.meta.length, len(dataset.meta.tasks)) == (32, 5)
    assert len(dataset) + sum(dataset.meta.dropped.values()) == 75_000
    word = np.array(["TAAT" in s and "ATTA" in s for s in dna.decode(dataset.codes)])
    share = [float(word[dataset.labels[:, i] == 1].mean()) for i in range(5)]
    assert share[4] > 0.8 > 0.05 > share[0]
