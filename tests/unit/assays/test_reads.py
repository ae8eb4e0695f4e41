"""Streaming of reads: what is read does not depend on how many are taken at a time."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assay_fixtures import check_refusal, fastq, prepared, texts
from nfexplainn import dna
from nfexplainn.assays import htselex, read_records, smileseq
from nfexplainn.errors import UnusableError


def fasta(sequences: list[str]) -> str:
    """FASTA, some records on two lines, some headers empty or not ASCII."""
    heads = ("r", "", "r é 1")
    return "".join(
        f">{heads[i % 3]}\n{s[:7]}\n{s[7:]}\n" if i % 2 else f">{heads[i % 3]}\n{s}\n"
        for i, s in enumerate(sequences)
    )


WRITE: dict[str, Callable[[list[str]], str]] = {"fastq": fastq, "fasta": fasta}


@pytest.mark.parametrize("kind", WRITE)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_chunks_lose_nothing(kind: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    for size in (1, 2, 3, 5, 7):
        monkeypatch.setattr(read_records, "CHUNK", size)
        for count in range(1, 2 * size + 3):
            wanted = ["".join(rng.choice(list("ACGTN"), rng.integers(1, 20))) for _ in range(count)]
            for end in ("\n", "\r\n"):
                text = WRITE[kind](wanted).replace("\n", end)
                if kind == "fastq" and encoding == "utf-8":
                    text = text.removesuffix(end)  # the last line may have no end
                handle = io.BufferedReader(io.BytesIO(text.encode(encoding)))  # type: ignore[arg-type]
                found, numbers = [], []
                for first, part in read_records.read_chunks(handle, "a"):
                    assert first == len(found) + 1
                    numbers.append(len(part))
                    found += part
                assert found == wanted
                assert all(n == size for n in numbers[:-1])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("buffer", [1, 7, 1 << 17])
def test_empty_lines_at_the_end_are_no_record(
    end: str, buffer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_records, "_BUFFER", buffer)
    for last in ("ACGTACGT", ""):  # cutadapt leaves reads of no bases
        wanted = ["ACGTTTGA", "", last]
        text = fastq(wanted).replace("\n", end)
        for empty in range(4 if last else 1):
            content = io.BytesIO((text + empty * end).encode())
            handle = io.BufferedReader(content)  # type: ignore[arg-type]
            found = [read for _, part in read_records.read_chunks(handle, "a") for read in part]
            assert found == wanted


@pytest.mark.parametrize("empty", range(4))
def test_qualities_that_begin_with_a_plus_are_no_empty_read(empty: int) -> None:
    content = io.BytesIO(b"@a\nACGTACGT\n+\n+IIIIIII" + empty * b"\n")
    handle = io.BufferedReader(content)  # type: ignore[arg-type]
    found = [read for _, part in read_records.read_chunks(handle, "a") for read in part]
    assert found == ["ACGTACGT"]


@pytest.mark.parametrize(
    ("line", "column"), [("{s}", 1), ("{s}\t4", 1), ("{s} 4", 1), ("r{i}\t{s}", 2)]
)
def test_reads_in_lines_are_told_the_way(line: str, column: int, tmp_path: Path) -> None:
    body = "".join(line.format(i=i, s=s) + "\n" for i, s in enumerate(texts(9)))
    said = rf"""write reads in lines as FASTA \(awk '\{{print ">" NR "\\n" \${column}\}}'\)\."""
    check_refusal(said, smileseq.prepare, tmp_path, {"a": body})


@pytest.mark.parametrize("kind", WRITE)
def test_more_reads_than_a_chunk(kind: str, tmp_path: Path) -> None:
    count = 2 * read_records.CHUNK + 3
    sequences = [texts(count, 20, seed=seed) for seed in (0, 1)]
    files: dict[str, str | bytes] = {f"{i}.gz": WRITE[kind](s) for i, s in enumerate(sequences)}
    rows = [{"sample": f"c{i}", "data": i, "label": str(i)} for i in range(2)]
    dataset = prepared(htselex.prepare, tmp_path, files, rows).dataset
    assert len(dataset) == 2 * count
    assert {s.strip("N") for s in dna.decode(dataset.codes)} == {*sequences[0], *sequences[1]}
    dataset = prepared(smileseq.prepare, tmp_path, files).dataset
    positives = dataset.codes[dataset.labels[:, 0] == 1]
    assert {s.strip("N") for s in dna.decode(positives)} == set(sequences[0])


@pytest.mark.parametrize("kind", WRITE)
def test_rna_is_named(kind: str, tmp_path: Path) -> None:
    content = WRITE[kind]([*texts(9, 20), *(s.replace("T", "U") for s in texts(60, 20, seed=1))])
    check_refusal(
        "^a: read 10 holds U, so it is RNA; write T for U",
        smileseq.prepare,
        tmp_path,
        {"a": content},
    )


def test_a_fastq_whose_first_mark_is_lost(tmp_path: Path) -> None:
    check_refusal(
        r"^a: read 1 holds '\+', which is not DNA; .* \(a FASTQ begins with '@', a FASTA with",
        smileseq.prepare,
        tmp_path,
        {"a": ">" + fastq(texts(30, 20))[1:]},
    )


@pytest.mark.parametrize("length", [None, 12])
def test_files_of_which_no_read_is_left(tmp_path: Path, length: int | None) -> None:
    reads = {"a": fastq(["N" * 20] * 30)}
    with pytest.raises(UnusableError) as caught:
        prepared(smileseq.prepare, tmp_path, reads, length=length)
    assert caught.value.reason == "No read can be used (30 were dropped, see d.dropped.tsv)."
    # Where another row has reads, they are a data set.
    rows = [{"sample": "A", "data": 0}, {"sample": "B", "data": 1}]
    files: dict[str, str | bytes] = {**reads, "b": fastq(texts(30, 20))}
    dataset = prepared(smileseq.prepare, tmp_path, files, rows, length=length).dataset
    assert dataset.labels[:, 1].sum() == 30 and not dataset.labels[:, 0].any()


@pytest.mark.realdata
def test_rna_of_the_field(field_dir: Path, tmp_path: Path) -> None:
    case = field_dir / "cases" / "31_reads_cutadapt_rna"
    content = (case / "rna.fasta").read_bytes()
    check_refusal(r"^a: read \d holds U, so it is RNA", smileseq.prepare, tmp_path, {"a": content})
    for name in ("crlf.fastq", "trimmed.fastq"):
        text = (case / name).read_text()
        reads = re.findall(r"^@.*\n([ACGTN]{20})$", text, re.MULTILINE)
        whole = [read for read in reads if read.count("N") <= 2]  # at most 10 %
        dataset = prepared(smileseq.prepare, tmp_path, {"a": (case / name).read_bytes()}).dataset
        assert (dataset.labels == 1).sum() == len(set(whole))


@pytest.mark.parametrize("content", [gzip.compress(b""), b"\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_reads_says_so(content: bytes, tmp_path: Path) -> None:
    said = r"^a: there is no read in this file; download or create it again\.$"
    check_refusal(said, smileseq.prepare, tmp_path, {"a": content})
