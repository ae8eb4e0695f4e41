from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from Bio import bgzf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyfaidx import Faidx

from nfexplainn import dna
from nfexplainn.errors import UserError
from nfexplainn.io import faidx
from nfexplainn.io.genome import index_genome, open_genome

chromosomes = st.lists(st.text("ACGTNacgt", min_size=1, max_size=70), min_size=1, max_size=4)


def fasta(sequences: list[str], wrap: int, end: str = "\n", last: bool = True) -> bytes:
    text = ""
    for number, sequence in enumerate(sequences, 1):
        text += f">c{number} words{end}"
        text += "".join(sequence[i : i + wrap] + end for i in range(0, len(sequence), wrap))
    return (text if last else text.removesuffix(end)).encode()


def random_windows(
    sequences: list[str], width: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    fits = [i for i, s in enumerate(sequences) if len(s) >= width]
    chrom = rng.choice(fits, 12)
    start = np.array([rng.integers(0, len(sequences[c]) - width + 1) for c in chrom])
    return chrom, start


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    chromosomes,
    st.integers(1, 80),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from([7, 64, 1 << 20]),
)
def test_index_equals_pyfaidx_and_windows_equal_slices(
    tmp_path: Path, sequences: list[str], wrap: int, end: str, last: bool, chunk: int
) -> None:
    path = tmp_path / "g.fa"
    path.write_bytes(fasta(sequences, wrap, end, last))
    (tmp_path / "g.fa.fai").unlink(missing_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(faidx, "_CHUNK", chunk)
        index_genome(path, "g", tmp_path / "unused.fa")
    ours = [line.split("\t") for line in (tmp_path / "g.fa.fai").read_text().splitlines()]
    assert [row[0] for row in ours] == [f"c{i}" for i in range(1, len(sequences) + 1)]
    assert [int(row[1]) for row in ours] == [len(s) for s in sequences]
    if last:  # without the last line end pyfaidx notes another stride, which changes nothing
        (tmp_path / "g.fa.fai").rename(tmp_path / "ours")
        Faidx(str(path)).close()
        assert (tmp_path / "ours").read_text() == (tmp_path / "g.fa.fai").read_text()
    genome = open_genome(path, "g")
    width = min(5, max(map(len, sequences)))
    chrom, start = random_windows(sequences, width, np.random.default_rng(1))
    expected = [sequences[c][s : s + width].upper() for c, s in zip(chrom, start, strict=True)]
    assert dna.decode(genome.fetch(chrom, start, width)) == expected
    assert dna.decode(genome.fetch(chrom, start, width, 9)) == flanked(
        sequences, chrom, start, width
    )


def flanked(
    sequences: list[str], chrom: np.ndarray, start: np.ndarray, width: int, flank: int = 9
) -> list[str]:
    beyond = "N" * flank
    padded = [beyond + sequence.upper() + beyond for sequence in sequences]
    places = zip(chrom, start, strict=True)
    return [padded[c][s : s + width + 2 * flank] for c, s in places]


def test_bgzip_plain_and_gzip_give_the_same_windows(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    sequences = ["".join(rng.choice(list("ACGTn"), size)) for size in (90_000, 1000, 70_001)]
    raw = fasta(sequences, 60)
    (tmp_path / "plain.fa").write_bytes(raw)
    (tmp_path / "packed.whatever").write_bytes(gzip.compress(raw))
    with bgzf.open(str(tmp_path / "blocks.fa.gz"), "wb") as file:
        file.write(raw)
    chrom, start = random_windows(sequences, 200, rng)
    got = []
    for name in ("plain.fa", "packed.whatever", "blocks.fa.gz"):
        used = index_genome(tmp_path / name, name, tmp_path / "unpacked.fa")
        assert Path(f"{used}.fai").exists()
        assert Path(f"{used}.gzi").exists() == (name == "blocks.fa.gz")
        assert used.name == ("unpacked.fa" if name == "packed.whatever" else name)
        genome = open_genome(used, name)
        assert genome.sizes.tolist() == [len(s) for s in sequences]
        got.append(dna.decode(genome.fetch(chrom, start, 200)))
    expected = [sequences[c][s : s + 200].upper() for c, s in zip(chrom, start, strict=True)]
    assert got == [expected] * 3
    # at both ends of every chromosome, and a window as long as one
    chrom, start = np.array([0, 1, 2, 2, 1, 0, 0]), np.array([0, 0, 5, 69_801, 800, 89_797, 7])
    for name in ("plain.fa", "blocks.fa.gz"):
        found = open_genome(tmp_path / name, name).fetch(chrom, start, 200, 9)
        assert dna.decode(found) == flanked(sequences, chrom, start, 200)
        (whole,) = open_genome(tmp_path / name, name).fetch(chrom[1:2], start[1:2], 1000, 9)
        assert dna.decode(whole[None]) == ["N" * 9 + sequences[1].upper() + "N" * 9]
    assert not list(tmp_path.glob("*.part"))


def test_windows_on_the_edges_of_bgzip_blocks(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    sequence = "".join(rng.choice(list("ACGT"), 300_000))
    with bgzf.open(str(tmp_path / "g.fa.gz"), "wb") as file:
        file.write(fasta([sequence], 60))
    genome = open_genome(index_genome(tmp_path / "g.fa.gz", "g", tmp_path / "x"), "g")
    # Blocks hold 65,280 or 65,536 bytes; look at every start near each possible edge.
    start = np.concatenate(
        [
            np.arange(edge * k * 60 // 61 - 300, edge * k * 60 // 61 + 300)
            for edge in (65_280, 65_536)
            for k in (1, 2, 3, 4)
        ]
    )
    windows = dna.decode(genome.fetch(np.zeros(len(start), dtype=np.int64), start, 40))
    assert windows == [sequence[s : s + 40] for s in start]


def test_damaged_bgzip_and_its_index(tmp_path: Path) -> None:
    path = tmp_path / "g.fa.gz"
    with bgzf.open(str(path), "wb") as file:
        file.write(fasta(["ACGT" * 50_000], 60))
    index_genome(path, "g", tmp_path / "x")
    raw = bytearray(path.read_bytes())
    raw[30:60] = bytes(30)
    path.write_bytes(raw)
    with pytest.raises(UserError, match="damaged"):
        open_genome(path, "g").fetch(np.array([0]), np.array([5]), 10)
    Path(f"{path}.gzi").write_bytes(b"123")
    with pytest.raises(UserError, match="gzi is damaged"):
        open_genome(path, "g").fetch(np.array([0]), np.array([5]), 10)


def test_window_over_the_end_is_our_defect(tmp_path: Path) -> None:
    (tmp_path / "g").write_bytes(b">a\nACGT\n")
    with pytest.raises(ValueError, match="beyond the end"):
        open_genome(tmp_path / "g", "g").fetch(np.array([0]), np.array([2]), 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (gzip.compress(b"", mtime=0), "empty"),
        (b"chr1\t100\t200\n", "not FASTA"),
        (b">a\nACGT\n>a\nACGT\n", "'a' occurs twice"),
        (b">a\nACGT\nAC\nACGT\n", "differ in length"),
        (b">a\nACGT\nACGTA\n", "differ in length"),
        (b">a\nACGT\n\nACGT\n", "differ in length"),
        (b">a\n>b\nACGT\n", "'a' has no sequence"),
        (b">a\nMKLV\n", "which is not DNA"),
        (b"> \nACGT\n", "no name"),
        (gzip.compress(b">a\n" + b"ACGT" * 5000, mtime=0)[:60], "damaged or truncated"),
        (b"PK\x03\x04", "Excel"),
        (b"\x1a\x2b\x00\x00twobit", "binary"),
    ],
)
def test_each_mistake_has_its_sentence_and_leaves_nothing(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "g").write_bytes(content)
    with pytest.raises(UserError) as caught:
        index_genome(tmp_path / "g", "genome.fa.gz", tmp_path / "out.fa")
    assert message in str(caught.value)
    assert str(caught.value).startswith("genome.fa.gz")
    assert [path.name for path in tmp_path.iterdir()] == ["g"]


def test_missing_genome_and_unindexed_gzip(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        index_genome(tmp_path / "none", "none.fa", tmp_path / "out")
    (tmp_path / "g.gz").write_bytes(gzip.compress(b">a\nACGT\n", mtime=0))
    with pytest.raises(UserError, match="gunzip"):
        open_genome(tmp_path / "g.gz", "g.gz")


def test_damaged_index_is_named(tmp_path: Path) -> None:
    (tmp_path / "g").write_bytes(b">a\nACGT\n")
    (tmp_path / "g.fai").write_text("a\tx\n")
    with pytest.raises(UserError, match="delete it"):
        open_genome(tmp_path / "g", "g")


def test_yeast_sizes(data_dir: Path, tmp_path: Path) -> None:
    used = index_genome(data_dir / "genome/sacCer3_R64.fa.gz", "sacCer3", tmp_path / "g.fa")
    genome = open_genome(used, "sacCer3")
    rows = (data_dir / "genome/sacCer3_R64.chrom.sizes").read_text().split("\n")
    wanted = {name: int(size) for name, size in (row.split("\t") for row in rows if row)}
    assert dict(zip(genome.names, genome.sizes.tolist(), strict=True)) == wanted


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_other_compressed_genomes_are_unpacked(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "g.fa.packed"
    path.write_bytes(pack(fasta(["ACGTACGTAC", "GGGTTT"], 5)))
    used = index_genome(path, "g", tmp_path / "unpacked.fa")
    genome = open_genome(used, "g")
    assert genome.names == ("c1", "c2")
    assert dna.decode(genome.fetch(np.array([1]), np.array([1]), 4)) == ["GGTT"]
