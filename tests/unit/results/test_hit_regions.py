"""Where sites are looked for: BED, FASTA and words, and what is wrong in them."""

from __future__ import annotations

import gzip
import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta, write_dataset
from nfexplainn.errors import UserError
from nfexplainn.io.genome import Genome, open_genome
from nfexplainn.io.text import read_lines
from nfexplainn.results.hits.regions import (
    BEYOND,
    NO_CHROMOSOME,
    SHORT,
    WIDENED,
    Regions,
    load_regions,
    read_regions,
    regions_of_dataset,
    regions_of_genome,
    write_regions,
)
from nfexplainn.results.windows import Shape

BIN = Path(__file__).resolve().parents[3] / "bin"
SHAPE = Shape(100)


@pytest.fixture
def genome(tmp_path: Path) -> Genome:
    rng = np.random.default_rng(1)
    text = "".join(f">{n}\n{''.join(rng.choice(list('ACGT'), 1000))}\n" for n in ("chr1", "chr2"))
    (tmp_path / "g.fa").write_text(text)
    return open_genome(tmp_path / "g.fa", "g.fa")


def read(tmp_path: Path, text: str | bytes, genome: Genome | None, shape: Shape = SHAPE) -> Regions:
    path = tmp_path / "in"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_regions(path, "mine", shape, genome, tmp_path / "d.hits.fa")


def test_intervals_are_taken_whole_and_short_ones_widened(tmp_path: Path, genome: Genome) -> None:
    text = (
        "chr1\t100\t400\nchr1\t500\t501\nchr2\t10\t20\nchr2\t990\t995\nchr1\t100\t400\n"
        "chr9\t1\t2\nchr2\t900\t1100\n"
    )
    found = read(tmp_path, text, genome)
    assert found.names[:3] == ["chr1:100-400", "chr1:500-501", "chr2:10-20"]
    assert found.start.tolist() == [100, 450, 0, 900, 100]
    assert found.end.tolist() == [400, 550, 100, 1000, 400]
    assert found.notes == {NO_CHROMOSOME: 1, BEYOND: 1, WIDENED: 3}
    assert not found.sequences and not (tmp_path / "d.hits.fa").exists()


def test_a_summit_is_in_the_middle_of_what_is_widened(tmp_path: Path, genome: Genome) -> None:
    text = "chr1\t300\t360\tp\t0\t.\t5\t1\t1\t50\nchr1\t400\t900\tq\t0\t.\t6\t1\t1\t50\n"
    found = read(tmp_path, text, genome)
    assert found.start.tolist() == [300, 400] and found.end.tolist() == [400, 900]


def test_padded_models_widen_to_what_they_read_of_the_genome(
    tmp_path: Path, genome: Genome
) -> None:
    found = read(tmp_path, "chr1\t500\t501\n", genome, Shape(100, 10))
    assert (found.start[0], found.end[0]) == (460, 540)


def test_sequences_are_places_of_their_own(tmp_path: Path) -> None:
    text = f">a b\n{'ACGTN' * 30}\n>c\nacgt\n>a b\n{'ACGTN' * 30}\n>a\nTTTT\n"
    found = read(tmp_path, gzip.compress(text.encode()), None)
    assert found.names == ["a", "c", "a|2"] == found.chrom and found.sequences
    assert found.end.tolist() == [150, 4, 4]
    assert found.notes[SHORT] == 2 and found.notes["given twice, used once"] == 1
    place = open_genome(tmp_path / "d.hits.fa", "mine")
    assert place.names == ("a", "c", "a|2") and place.sizes.tolist() == [150, 4, 4]
    assert dna.decode(place.fetch(np.array([0]), np.array([0]), 150)) == ["ACGTN" * 30]
    assert dna.decode(place.fetch(np.array([1]), np.array([0]), 4)) == ["ACGT"]


def test_a_table_of_sequences_is_one(tmp_path: Path) -> None:
    found = read(tmp_path, f"name\tseq\nx\t{'ACGT' * 30}\ny\t{'CCGT' * 30}\n", None)
    assert found.names == ["x", "y"] and found.end.tolist() == [120, 120]


WRONG = {
    "": "the file is empty",
    ">a\nMKLVEQW\n": "looks like protein",
    ">a\n>b\nACGT\n": "the record 'a' has no sequence",
    "1\t5\t200\n2\t5\t200\n": "none of its chromosomes (1, 2) is in the genome g.fa (chr1, chr2)",
    "chrX\t5\t200\n": "give the genome of the intervals",
    "chr1\t900\t1200\nchr2\t5000\t5100\n": "all 2 intervals extend beyond the end of their",
    "chr1\t300\t200\n": "line 1",
    "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    "chr1\t5\t.\tA\tC\t.\t.\t.\n": "this is VCF, variants; give the regions as BED",
    "track name=x\n": "there is no interval in this file",
    "some words\nof prose\n": "line 1",
    "@r\nACGT\n+\nIIII\n": "FASTQ",
    b"PK\x03\x04nonsense": "mine",
    gzip.compress(b"chr1\t5\t200\n" * 900)[:-40]: "mine",
}


@pytest.mark.parametrize("text", list(WRONG))
def test_what_is_wrong_is_said(tmp_path: Path, genome: Genome, text: str | bytes) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path, text, genome)
    said = str(caught.value)
    assert WRONG[text] in said and said.startswith("mine"), said
    assert said.rstrip().endswith(".")


def test_intervals_need_a_genome(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no genome to read them from; give --genome"):
        read(tmp_path, "chr1\t100\t400\n", None)


def make_dataset(genome: Genome | None, task_type: str = "binary", pad: int = 0) -> Dataset:
    rng = np.random.default_rng(2)
    names = [f"chr1:{at}-{at + 100}(+)" for at in range(0, 600, 60)]
    codes = rng.integers(0, 4, (10, 100)).astype(np.uint8)
    if genome is not None:
        start = np.arange(0, 600, 60)
        codes = genome.fetch(np.zeros(10, np.int64), start, 100)
        codes[3] = dna.reverse_complement(codes[3:4])[0]
    codes = np.pad(codes, ((0, 0), (pad, pad)), constant_values=dna.N_CODE)
    extra = {"pad": pad} if pad else {}
    length = codes.shape[1]
    meta = DatasetMeta("d", "peaks", task_type, ("a",), length, True, 1, extra=extra)  # type: ignore[arg-type]
    labels = (np.arange(10) < 4)[:, None].astype(np.float32)
    return Dataset(meta, names, codes, np.array(["train"] * 10), labels)


def test_the_data_sets_own_positives(tmp_path: Path, genome: Genome) -> None:
    fasta = tmp_path / "d.hits.fa"
    found = regions_of_dataset(make_dataset(genome), genome, fasta)
    assert found.chrom == ["chr1"] * 4 and found.start.tolist() == [0, 60, 120, 180]
    assert found.kind == "peaks" and not fasta.exists()
    every = regions_of_dataset(make_dataset(genome, "regression"), genome, fasta)
    assert len(every) == 10
    # What the genome does not have there is no place in it.
    other = regions_of_dataset(make_dataset(None), genome, fasta)
    assert other.sequences and other.end.tolist() == [100] * 4
    padded = regions_of_dataset(make_dataset(None, pad=9), None, fasta)
    assert padded.end.tolist() == [100] * 4 and b"N" not in b"".join(read_lines(fasta, "f"))


def test_no_positives(tmp_path: Path) -> None:
    data = make_dataset(None)
    data.labels[:] = 0
    with pytest.raises(UserError, match="no sequence of d has a label of 1"):
        regions_of_dataset(data, None, tmp_path / "f")


def test_regions_are_written_and_read(tmp_path: Path, genome: Genome) -> None:
    whole = regions_of_genome(genome)
    write_regions(whole, tmp_path / "r.parquet")
    again = load_regions(tmp_path / "r.parquet")
    assert again.names == ["chr1", "chr2"] and again.end.tolist() == [1000, 1000]
    assert (again.kind, again.sequences, again.notes) == ("genome", False, {})
    (tmp_path / "r.parquet").write_bytes(b"no")
    with pytest.raises(UserError, match="make them again"):
        load_regions(tmp_path / "r.parquet")


def run_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *more: str, **spec: object) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.json").write_text(json.dumps({"word": None, "genome": "g.fa"} | spec))
    write_dataset(make_dataset(None), tmp_path / "d.dataset.parquet")
    words = ("--spec", "spec.json", "--dataset", "d.dataset.parquet", "--id", "d", *more)
    monkeypatch.setattr(sys, "argv", ["read_hits.py", *words])
    runpy.run_path(str(BIN / "read_hits.py"), run_name="__main__")
    return str(json.loads((tmp_path / "d.hits.status.json").read_text())["reason"])


@pytest.mark.usefixtures("genome")
def test_the_script_tells_mistakes_as_a_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.bed").write_text("chr7\t1\t9\n")
    said = run_script(
        tmp_path, monkeypatch, "--regions", "a.bed", "--genome", "g.fa", name="mine.bed"
    )
    assert said.startswith("mine.bed: none of its chromosomes (chr7)")
    assert not (tmp_path / "d.hits_regions.parquet").exists()
    said = run_script(tmp_path, monkeypatch, name="genome", word="genome")
    assert said.startswith("hits genome: there is no genome to scan")
    assert run_script(tmp_path, monkeypatch, name="peaks", word="peaks") == ""
    read_of = json.loads((tmp_path / "d.hits_read.json").read_text())
    assert read_of["kind"] == "peaks" and read_of["sequences"]
    assert (tmp_path / "d.hits.fa").exists()
