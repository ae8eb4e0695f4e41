"""Sequences and reads in the form of public reports, with the right answers to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay_fixtures import check_refusal, prepared, texts
from nfexplainn.assays.sequences import prepare
from nfexplainn.io.coordinates import read_names


def fasta(names: list[str], sequences: list[str]) -> str:
    return "".join(f">{n}\n{s}\n" for n, s in zip(names, sequences, strict=True))


# What bedtools getfasta writes with -name, with -name and -s, without; and a name told apart.
@pytest.mark.parametrize("form", ["p{i}::{at}(.)", "p{i}::{at}(-)", "a::b::{at}", "{at}", "{at}|2"])
def test_places_behind_names(form: str, tmp_path: Path) -> None:
    at = [f"chr{i % 4}:{100 * i}-{100 * i + 40}" for i in range(60)]
    names = [form.format(i=i, at=place) for i, place in enumerate(at)]
    where = read_names(names)
    assert where.start.tolist() == [100 * i for i in range(60)]
    assert where.chromosomes == ("chr0", "chr1", "chr2", "chr3")
    files: dict[str, str | bytes] = {"a": fasta(names, texts(60))}
    dataset = prepared(prepare, tmp_path, files, split_by="chromosome").dataset
    for name, part in zip(dataset.names, dataset.split.tolist(), strict=True):
        same = {p for n, p in zip(dataset.names, dataset.split.tolist(), strict=True)
                if n.split(":")[-2] == name.split(":")[-2]}  # fmt: skip
        assert same == {part}


def test_names_that_are_no_places(tmp_path: Path) -> None:
    where = read_names(["a|b:c", "chr1:5-5", "chr1:9-2", "x::chr1", "chr1:1-5|shuffle1"])
    assert (where.chrom < 0).all()
    files: dict[str, str | bytes] = {"a.fa": fasta([f"s{i}" for i in range(60)], texts(60))}
    check_refusal(
        r"^d \(a.fa\): split_by chromosome: 60 of 60 sequences have no coordinates",
        prepare, tmp_path, files, split_by="chromosome",
    )  # fmt: skip


def test_overlapping_windows_with_names_stay_together(tmp_path: Path) -> None:
    at = [f"p{i}::chr1:{25 * i}-{25 * i + 40}" for i in range(60)]
    files: dict[str, str | bytes] = {"a": fasta(at, texts(60))}
    dataset = prepared(prepare, tmp_path, files).dataset
    assert set(dataset.split) == {"train"}


def test_equal_names_of_negatives(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "p": fasta([f"s{i}" for i in range(60)], texts(60)),
        "n": fasta(["x"] * 60, texts(60, seed=1)),
    }
    rows = [{"sample": "A", "data": 0, "negatives": 1}]
    dataset = prepared(prepare, tmp_path, files, rows).dataset
    assert (dataset.labels == 0).sum() == 60
    assert len(set(dataset.names)) == 120
    assert any(note.startswith("n: 59 sequences have the name") for note in dataset.meta.notes)


@pytest.fixture
def cases(field_dir: Path) -> Path:
    return field_dir / "cases"


def test_case_29(cases: Path, tmp_path: Path) -> None:
    folder = cases / "29_fasta_kinds"
    content = (folder / "getfasta.fa").read_bytes()
    dataset = prepared(prepare, tmp_path, {"a": content}, split_by="chromosome").dataset
    where = read_names(dataset.names)
    assert (where.chrom >= 0).all()
    parts = dataset.split
    assert all(len(set(parts[where.chrom == c])) == 1 for c in range(len(where.chromosomes)))
    for name, sentence in (("rna", "holds U, so it is RNA"), ("gaps", "'-', which is not DNA")):
        content = (folder / f"{name}.fa").read_bytes()
        check_refusal(f"^a, line 1: .*{sentence}", prepare, tmp_path, {"a": content})


def test_case_28(cases: Path, tmp_path: Path) -> None:
    content = (cases / "28_duplicates" / "dupid.fa").read_bytes()
    records = content.decode().split(">")[1:]
    names = [record.split()[0] for record in records]
    dataset = prepared(prepare, tmp_path, {"a": content}).dataset
    assert (dataset.labels == 1).sum() + dataset.meta.dropped.get("duplicate sequence", 0) == len(
        records
    )
    extra = len(names) - len(set(names))
    assert any(note.startswith(f"a: {extra:,} sequences have the") for note in dataset.meta.notes)
    assert np.isin(names, [name.partition("|")[0] for name in dataset.names]).all()
