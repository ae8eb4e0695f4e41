"""Nothing may depend on the order of the samplesheet, nor one row's draws on another row."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay_fixtures import fastq, texts
from nfexplainn import dna
from nfexplainn.assays import htselex, peaks, sequences, smileseq, table
from nfexplainn.assays.spec import Prepared, Spec, read_spec
from nfexplainn.data.dataset import Dataset, write_dataset
from nfexplainn.order import cycle_key, natural_key
from nfexplainn.seeds import seed_for
from region_fixtures import make_genome, regions


@given(st.lists(st.integers(0, 10**9), min_size=1, unique=True), st.text("abC _-.:"))
def test_numbers_behind_one_word_go_by_value(numbers: list[int], word: str) -> None:
    labels = [f"{word}{number}" for number in numbers]
    expected = [f"{word}{number}" for number in sorted(numbers)]
    assert sorted(labels, key=natural_key) == expected
    assert sorted(labels, key=cycle_key) == expected


@pytest.mark.parametrize("key", [natural_key, cycle_key])
@given(labels=st.lists(st.text() | st.text("aB1²٣0_ "), unique=True), shuffle=st.randoms())
def test_any_texts_have_one_order(
    key: Callable[[str], Any], labels: list[str], shuffle: random.Random
) -> None:
    ordered = sorted(labels, key=key)
    shuffle.shuffle(labels)
    assert sorted(labels, key=key) == ordered
    assert len({key(label) for label in labels}) == len(labels)


@pytest.mark.parametrize(
    "ordered",
    [
        ["cycle0", "cycle1", "cycle2", "cycle10"],
        ["ZeroCycle", "Cycle_1", "cycle 2", "CYCLE-10"],
        ["input", "R1", "R2", "R3"],
        ["initial library", "1", "2", "10"],
        ["naive", "bound"],
        ["unbound", "bound"],
        ["Library", "1", "R4"],
        ["lib", "final"],
        ["pre", "post"],
        ["control", "cycle 2", "preselected"],
        ["Random", "IV"],
        ["Unselected", "1", "4"],
        ["zero", "cycle1", "nonzero"],
        ["selex_1_round2", "selex_1_round10", "selex_2_round1"],
        ["01", "2", "010"],
    ],
)
def test_cycles_are_in_the_order_of_selection(ordered: list[str]) -> None:
    for labels in itertools.permutations(ordered):
        assert sorted(labels, key=cycle_key) == ordered


def test_a_seed_is_the_sha256_of_what_is_drawn() -> None:
    text = b'[42, "oct4", "A", "split"]'
    assert (
        seed_for(42, "oct4", "A", "split")
        == struct.unpack(">Q", hashlib.sha256(text).digest()[:8])[0]
    )
    assert seed_for(42, "oct4", "", "split") == 12918963028556195110
    some = [(1, "d", "s", "p"), (2, "d", "s", "p"), (1, "ds", "", "p"), (1, "d", "", "sp")]
    assert len({seed_for(*one) for one in some}) == len(some)


def prepare(
    module: Any,
    folder: Path,
    files: dict[str, str],
    rows: list[dict[str, Any]],
    *,
    dataset: str = "d",
    genome: Path | None = None,
    **options: Any,
) -> Dataset:
    """Prepare a data set of a spec.json; rows name their files, which are listed as they come."""
    folder.mkdir(parents=True, exist_ok=True)
    cells = [row.get(key) for row in rows for key in ("data", "negatives")]
    names = [name for name in dict.fromkeys(cells) if name in files]
    for name in names:
        (folder / name).write_text(files[name])
    place = {name: position for position, name in enumerate(names)}
    raw = {
        "id": dataset,
        "assay": module.__name__.rpartition(".")[2],
        "seed": 42,
        "rows": [{key: place.get(cell, cell) for key, cell in row.items()} for row in rows],
        "files": [{"name": name, "path": str(folder / name)} for name in names],
        "genome": genome and {"name": "g.fa", "path": str(genome)},
        "options": {"min_positives": 1, **options},
    }
    (folder / "spec.json").write_text(json.dumps(raw))
    read: Callable[[Spec], Prepared] = module.prepare
    return read(read_spec(folder / "spec.json")).dataset


def fasta(name: str, some: list[str]) -> str:
    return "".join(f">{name}{i}\n{s}\n" for i, s in enumerate(some))


def bed(some: list[tuple[str, int, int]]) -> str:
    return "".join(f"{c}\t{s}\t{e}\n" for c, s, e in some)


A, B, C = texts(60, seed=1), texts(80, seed=2), texts(70, seed=3)
MANY = regions(160)
# Files of three rows each, with what some of them share, and what else is given.
CASES: dict[str, tuple[Any, dict[str, str], list[dict[str, Any]], dict[str, Any]]] = {
    "shuffles": (
        sequences,
        {"a": fasta("s", A), "b": fasta("s", B + A[:9]), "c": fasta("s", C + B[:5])},
        [{"sample": "x10"}, {"sample": "x2"}, {"sample": "y"}],
        {"negatives_ratio": 1.5},
    ),
    "mixed negatives": (
        sequences,
        {
            "a": fasta("a", A),
            "b": fasta("b", B),
            "n": fasta("n", C),
            "m": fasta("m", C[:9] + texts(40, seed=5)),
        },
        [{"sample": "x", "negatives": "n"}, {"sample": "y", "negatives": "m"}],
        {},
    ),
    "parts of a split": (
        sequences,
        {"a": fasta("a", A), "b": fasta("b", B), "c": fasta("c", C)},
        [
            {"sample": "t1", "split": "train"},
            {"sample": "t0", "split": "train"},
            {"sample": "r", "split": "test"},
        ],
        {},
    ),
    "genome": (
        peaks,
        {"a": bed(MANY[:70]), "b": bed([(c, s + 30, e + 30) for c, s, e in MANY[60:]])},
        [{"sample": "one"}, {"sample": "another"}],
        {},
    ),
    "shuffled windows": (
        peaks,
        {"a": bed(MANY[:70]), "b": bed(MANY[90:])},
        [{"sample": "one"}, {"sample": "another"}],
        {"negatives": "shuffle"},
    ),
    "cycles": (
        htselex,
        {"a": fastq(A), "b": fastq(A[:9] + B), "c": fastq(C)},
        [
            {"sample": "s3", "label": "cycle10"},
            {"sample": "s2", "label": "cycle2"},
            {"sample": "s1", "label": "input"},
        ],
        {"max_reads": 150},
    ),
    "reads": (
        smileseq,
        {"a": fastq(A), "b": fastq(A[:9] + B)},
        [{"sample": "two"}, {"sample": "one"}],
        {"max_reads": 100},
    ),
    "values": (
        table,
        {
            "a": "".join(f"{s}\t{i / 7:.3f}\n" for i, s in enumerate(A)),
            "b": "".join(f"{s}\t{i / 9:.3f}\n" for i, s in enumerate(A[:9] + B)),
        },
        [{"sample": "two"}, {"sample": "one"}],
        {},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_swapped_rows_give_the_same_bytes(case: str, tmp_path: Path) -> None:
    module, files, sheet, options = CASES[case]
    genome = make_genome(tmp_path) if module is peaks else None
    rows = [{"data": name, **row} for name, row in zip(files, sheet, strict=False)]
    found = set()
    for number, order in enumerate(itertools.permutations(rows)):
        folder = tmp_path / str(number)
        dataset = prepare(module, folder, files, list(order), genome=genome, **options)
        write_dataset(dataset, folder / "d.parquet")
        found.add((folder / "d.parquet").read_bytes())
        if not {"label", "split"} & rows[0].keys():
            assert list(dataset.meta.tasks) == sorted(row["sample"] for row in rows)
    assert len(found) == 1


def negatives(dataset: Dataset, parent: str) -> list[str]:
    """The shuffles of sequences whose names begin so."""
    return [
        text
        for name, text in zip(dataset.names, dna.decode(dataset.codes), strict=True)
        if "|shuffle" in name and name.startswith(parent)
    ]


@pytest.mark.parametrize("ratio", [1, 1.5])
def test_an_added_row_leaves_the_shuffles_of_another(ratio: float, tmp_path: Path) -> None:
    # Nine sequences are in both rows; the shuffles of those are the first row's.
    files = {"a": fasta("a", A), "b": fasta("b", B + A[:9])}
    rows = [{"sample": "first", "data": "a"}, {"sample": "second", "data": "b"}]
    both = prepare(sequences, tmp_path, files, rows, negatives_ratio=ratio)
    for row, own in zip(rows, ("a", "b"), strict=True):
        alone = prepare(sequences, tmp_path, files, [row], negatives_ratio=ratio)
        before, after = negatives(alone, own), negatives(both, own)
        assert len(before) == int(len(files[own].split()) / 2 * ratio)
        assert after == before if own == "a" else set(after) < set(before)


def test_an_added_cycle_takes_no_new_reads_of_another(tmp_path: Path) -> None:
    files = {"a": fastq(A), "b": fastq(B), "c": fastq(C)}
    rows = [{"sample": f"s{i}", "data": name, "label": str(i)} for i, name in enumerate("abc")]
    two = prepare(htselex, tmp_path, files, rows[1:], max_reads=100)
    three = prepare(htselex, tmp_path, files, rows, max_reads=100)
    before, after = ({n for n in d.names if n[:2] != "s0"} for d in (two, three))
    assert len(before) == 100
    assert 0 < len(after) < 100
    assert after < before


def test_data_sets_and_purposes_draw_apart(tmp_path: Path) -> None:
    files = {"a": fasta("a", A)}
    rows = [{"sample": "x", "data": "a"}]
    one = prepare(sequences, tmp_path, files, rows, dataset="one")
    again = prepare(sequences, tmp_path, files, rows, dataset="one")
    two = prepare(sequences, tmp_path, files, rows, dataset="two")
    assert one.digest() == again.digest()
    assert negatives(one, "a") != negatives(two, "a")
    # The split of the same sequences: other shares of validation leave the shuffles alone.
    other = prepare(sequences, tmp_path, files, rows, dataset="one", valid_fraction=0.2)
    assert negatives(other, "a") == negatives(one, "a")


def test_the_report_is_told_which_cycles_are_first_and_last(tmp_path: Path) -> None:
    files = {"a": fastq(A), "b": fastq(B), "c": fastq(C)}
    rows = [
        {"sample": f"s{i}", "data": name, "label": label}
        for i, (name, label) in enumerate(zip("abc", ("cycle10", "cycle2", "input"), strict=True))
    ]
    dataset = prepare(htselex, tmp_path, files, rows)
    meta = dataset.meta
    assert meta.tasks == ("input", "cycle2", "cycle10")
    told = "Cycles in the order of their labels: input (first), cycle2, cycle10 (last)."
    assert told in meta.notes
    assert (meta.extra["first_class"], meta.extra["last_class"]) == ("input", "cycle10")
    labels = {"s0": [0, 0, 1], "s1": [0, 1, 0], "s2": [1, 0, 0]}
    for name, label in zip(dataset.names, dataset.labels.tolist(), strict=True):
        assert label == labels[name.partition(".")[0]]
