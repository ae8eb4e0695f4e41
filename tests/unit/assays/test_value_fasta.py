"""A FASTA with a table of its values, as DeepSTARR's data are given."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from assay_fixtures import prepared, table, texts
from nfexplainn import dna
from nfexplainn.assays.spec import Prepared
from nfexplainn.assays.starrseq import prepare
from nfexplainn.errors import UserError

SEQUENCES = texts(40, 60)
TITLES = ("Dev_log2_enrichment", "Hk_log2_enrichment")
ROWS = [("Dev", "Hk"), *((round(0.1 * i, 3), -i) for i in range(40))]


def fasta(names: list[str] | None = None, sequences: list[str] = SEQUENCES) -> str:
    names = names or [f"chr2L_{i}_peak" for i in range(len(sequences))]
    halves = ((name, s[:30], s[30:]) for name, s in zip(names, sequences, strict=True))
    return "".join(f">{name} + extra words\n{a}\n{b}\n" for name, a, b in halves)


def make(folder: Path, sequences: str, values: str, **options: object) -> Prepared:
    rows = [{"sample": "A", "data": 0, "values": 1}]
    return prepared(prepare, folder, {"s.fa.gz": sequences, "v.txt": values}, rows, **options)


def test_rows_belong_to_records_by_order(tmp_path: Path) -> None:
    dataset = make(tmp_path, fasta(), table(ROWS)).dataset
    assert dataset.meta.tasks == ("Dev", "Hk")
    assert [text.strip("N") for text in dna.decode(dataset.codes)] == SEQUENCES
    assert np.allclose(dataset.labels[:, 1], -np.arange(40))
    assert dataset.names[3] == "chr2L_3_peak"
    assert any("joined by their order" in note for note in dataset.meta.notes)


def test_rows_belong_to_records_by_name_in_any_order(tmp_path: Path) -> None:
    body = [(f"chr2L_{i}_peak", i / 4, "NA" if i == 7 else i) for i in range(39)][::-1]
    body.append(("chr9_stranger", 1, 1))
    made = make(tmp_path, fasta(), table([("id", *TITLES), *body]))
    dataset = made.dataset
    assert len(dataset.names) == 39 and "chr2L_39_peak" not in dataset.names
    assert np.allclose(dataset.labels[:, 0], np.arange(39) / 4)
    assert math.isnan(dataset.labels[7, 1])
    assert ("s.fa.gz", "no value", 1) in made.dropped
    (note,) = (note for note in dataset.meta.notes if "joined" in note)
    assert "by their names. 1 rows have no sequence." in note


def test_columns_can_be_named_and_the_split_is_read(tmp_path: Path) -> None:
    parts = ["train", "train", "valid", "test"]
    body = [(f"chr2L_{i}_peak", parts[i % 4], i, 0.5) for i in range(40)]
    content = table([("id", "set", "Dev", "length"), *body], ",")
    options = {"value_columns": "dev", "split_column": "set"}
    dataset = make(tmp_path, fasta(), content, **options).dataset
    assert dataset.meta.tasks == ("A",)
    assert dataset.split.tolist() == [parts[i % 4] for i in range(40)]


def test_parts_share_their_tasks(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {}
    rows = []
    for number, part in enumerate(("train", "valid", "test")):
        files[f"{part}.fa"] = fasta(sequences=texts(40, 60, number))
        files[f"{part}.txt"] = table(ROWS)
        one = {"sample": part, "data": 2 * number, "values": 2 * number + 1, "split": part}
        rows.append(one)
    dataset = prepared(prepare, tmp_path, files, rows).dataset
    assert dataset.meta.tasks == ("Dev", "Hk")
    assert [len(dataset.rows(part)) for part in ("train", "valid", "test")] == [40, 40, 40]


def named(*rows: tuple[object, ...]) -> str:
    body = [(f"chr2L_{i}_peak", i) for i in range(30)]
    return table([("id", "Dev"), *body, *rows])


@pytest.mark.parametrize(
    ("sequences", "values", "options", "said"),
    [
        (fasta(), table(ROWS[:31]), {}, "v.txt: it has 30 rows and s.fa.gz 40 sequences"),
        (fasta(), named(("chr2L_3_peak", 1)), {}, r"v.txt, line 32: the sequence 'chr2L_3_peak'"),
        (
            fasta(),
            named(("chr2L_31_peak", "high")),
            {},
            r"v.txt, line 32: 'high' in column Dev is not a number",
        ),
        (fasta(), named(("chr2L_31_peak",)), {}, "v.txt, line 32: 1 cells, but the first line"),
        (fasta(), named(), {"value_columns": "Hk"}, r"no column 'Hk' \(value_columns\); there are"),
        (fasta(), named(), {"value_columns": "Dev,dev"}, "names a column twice"),
        (fasta(), named(), {"value_columns": "id"}, "or that of the sequences' names"),
        (fasta(), named(), {"split_column": "set"}, r"no column 'set' \(split_column\)"),
        (fasta(), named(), {"split_column": "set", "value_columns": "x"}, r"(?s)'set' .*\n.*'x' "),
        (fasta(), table([("id", "Dev")]), {}, "a header but no rows"),
        (fasta(), "# nothing\n", {}, "v.txt: this table holds only comments"),
        (fasta(), table([("a", "b"), ("x", "y")]), {}, "v.txt: no column holds numbers"),
        (table(ROWS), table(ROWS), {}, "s.fa.gz, line 1: "),
        (
            fasta(["same", *(f"n{i}" for i in range(38)), "same"], [*SEQUENCES[:39], SEQUENCES[0]]),
            table(ROWS),
            {},
            "s.fa.gz: 1 records occur twice",
        ),
    ],
)
def test_mistakes(
    tmp_path: Path, sequences: str, values: str, options: dict[str, object], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        make(tmp_path, sequences, values, **options)


def test_a_length_to_cut_that_is_too_much_names_the_line_of_the_header(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"s.fa.gz, line 1: the sequence has 60 bp, and 30 \+ 30"):
        make(tmp_path, fasta(), table(ROWS), trim_left=30, trim_right=30)
