from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from Bio import SeqIO
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nfexplainn import dna
from nfexplainn.errors import UserError
from nfexplainn.io.fasta import Fasta, read_fasta

records = st.lists(st.text("ACGTNacgtn", min_size=1, max_size=40), min_size=1, max_size=6).map(
    lambda sequences: {f"s{i}": s for i, s in enumerate(sequences)}
)


def text_of(fasta: Fasta, row: int) -> str:
    part = fasta.codes[fasta.offsets[row] : fasta.offsets[row + 1]]
    return dna.decode(part[None])[0]


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    records,
    st.integers(1, 15),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.booleans(),
)
def test_layout_of_the_file_does_not_matter(
    tmp_path: Path, wanted: dict[str, str], wrap: int, end: str, packed: bool, bom: bool
) -> None:
    lines = []
    for name, sequence in wanted.items():
        lines.append(f">{name} some words")
        lines += [sequence[i : i + wrap] for i in range(0, len(sequence), wrap)] + [""]
    raw = (b"\xef\xbb\xbf" if bom else b"") + end.join(lines).encode()
    path = write(tmp_path / "x.anything", gzip.compress(raw) if packed else raw)
    fasta = read_fasta(path, "x")
    assert {n: text_of(fasta, i) for i, n in enumerate(fasta.names)} == {
        name: sequence.upper() for name, sequence in wanted.items()
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_records_or_a_sentence(tmp_path: Path, raw: bytes) -> None:
    path = write(tmp_path / "x", raw)
    try:
        fasta = read_fasta(path, "x")
    except UserError as error:
        assert all(line.startswith("x") and line.endswith(".") for line in str(error).split("\n"))
    else:
        assert len(fasta.names) == len(set(fasta.names)) == len(fasta.lengths)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (gzip.compress(b"", mtime=0), "empty once unpacked"),
        (gzip.compress(b">a\nACGT\n" * 500, mtime=0)[:40], "damaged or truncated"),
        (b"ACGTACGT\n", "before the first header"),
        (b"chr1\t10\t20\n", "looks like a table"),
        (b"@read\nACGT\n+\nIIII\n", "FASTQ"),
        (b">a\n>b\nACGT\n", "'a' has no sequence"),
        (b">a\nMKLVEEF\n", "looks like protein"),
        (b">a\nACGU\n", "RNA"),
        (b">a\nAC-GT\n", "'-', which is not DNA"),
        (b">\nACGT\n", "no name"),
        (b"\n\n;comment\n", "no record"),
        (b"PK\x03\x04workbook", "Excel"),
        (b"\xeb\xf2\x89\x87bigbed", "bigBed"),
        (b"PAR1....", "Parquet"),
        (b"<!doctype html>", "web page"),
        (">a\nAC\n".encode("utf-16"), "UTF-16"),
        (b">a\rACGT\r", "carriage return"),
        (b">a\x00\nAC\n", "binary"),
    ],
)
def test_each_mistake_has_its_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read_fasta(write(tmp_path / "f", content), "my.fa")
    assert message in str(caught.value)
    assert str(caught.value).startswith("my.fa")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read_fasta(tmp_path / "none", "none.fa")
    with pytest.raises(UserError, match="folder"):
        read_fasta(tmp_path, "dir")


def test_one_cause_is_told_once(tmp_path: Path) -> None:
    path = write(tmp_path / "f", "".join(f">r{i}\nACGU\n" for i in range(25)) + ">x\nAC*\n")
    with pytest.raises(UserError) as caught:
        read_fasta(path, "f")
    assert str(caught.value).split("\n") == [
        "f, line 1: the record 'r0' holds U, so it is RNA; write T for U. 24 more lines have the"
        " same mistake.",
        "f, line 51: the record 'x' holds '*', which is not DNA; letters are A, C, G, T and N.",
    ]


def test_all_mistakes_are_told_up_to_ten(tmp_path: Path) -> None:
    path = write(tmp_path / "f", "".join(f">r{i}\n" for i in range(25)))
    with pytest.raises(UserError) as caught:
        read_fasta(path, "f")
    lines = str(caught.value).split("\n")
    assert len(lines) == 11
    assert "line 1:" in lines[0]
    assert "15 more" in lines[-1]


def test_repeats_of_name_and_sequence_are_merged(tmp_path: Path) -> None:
    fasta = read_fasta(write(tmp_path / "f", ">a\nACGT\n>b\nAA\n>a\nacgt\n"), "f")
    assert (fasta.names, fasta.merged) == (["a", "b"], 1)


def test_equal_names_get_a_number(tmp_path: Path) -> None:
    text = ">a\nACGT\n>a|2\nCC\n>a\nACGA\n>a\nacgt\n>a\nACGG\n>a\nACGA\n>b\nA\n"
    fasta = read_fasta(write(tmp_path / "f", text), "f")
    assert fasta.names == ["a", "a|2", "a|3", "a|4", "b"]
    assert dna.decode(fasta.codes[None])[0] == "ACGTCCACGAACGGA"
    assert (fasta.merged, fasta.renamed) == (2, 2)
    with pytest.raises(UserError, match="line 5: the name 'a' occurs twice, with different"):
        read_fasta(tmp_path / "f", "f", unique=True)


def test_cut_takes_the_middle(tmp_path: Path) -> None:
    fasta = read_fasta(write(tmp_path / "f", ">a\nAACCGGTT\n>b\nACGTA\n"), "f")
    assert dna.decode(fasta.cut(np.arange(2), 4)) == ["CCGG", "ACGT"]
    assert dna.decode(fasta.cut(np.array([0]), 3)) == ["CCG"]


def test_real_file_reads_as_with_biopython(data_dir: Path) -> None:
    path = data_dir / "chipseq" / "REST_GM12878.train_pos.fa.gz"
    fasta = read_fasta(path, "REST")
    with gzip.open(path, "rt") as file:
        expected = [(r.id, str(r.seq).upper()) for r in SeqIO.parse(file, "fasta")]
    got = [(name, text_of(fasta, row)) for row, name in enumerate(fasta.names)]
    assert got == expected
