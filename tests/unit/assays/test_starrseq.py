from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay_fixtures import check_refusal, prepared, table, texts, turned
from nfexplainn import dna
from nfexplainn.assays.starrseq import prepare
from nfexplainn.errors import UnusableError, UserError

HEADER = ("set", "sp", "gene", "sequence", "enrichment")


def rows(n: int = 60, seed: int = 0, length: int = 80) -> list[tuple[object, ...]]:
    kinds = ("train", "train", "valid", "test")
    species = ("At", "At", "At", "Zm", "Sb")
    return [
        (kinds[i % 4], species[i % 5], f"g{i}", s, round(0.1 * i - 2, 3))
        for i, s in enumerate(texts(n, length, seed))
    ]


def good(n: int = 60) -> str:
    return table([HEADER, *rows(n)])


def test_a_table_with_a_header(tmp_path: Path) -> None:
    dataset = prepared(prepare, tmp_path, {"a.tsv.gz": good()}).dataset
    assert (dataset.meta.task_type, dataset.meta.tasks) == ("regression", ("A",))
    assert dataset.names[:2] == ["g0", "g1"]
    assert dna.decode(dataset.codes) == texts(60, 80)
    assert np.allclose(dataset.labels[:, 0], 0.1 * np.arange(60) - 2, atol=1e-3)
    assert Counter(dataset.split.tolist()) == {"train": 48, "valid": 6, "test": 6}
    assert dataset.meta.strand_symmetric
    assert any("Strands are averaged" in note for note in dataset.meta.notes)


@pytest.mark.parametrize("lost", [1, 2])
def test_a_header_that_has_lost_a_name(tmp_path: Path, lost: int) -> None:
    header = ["sequence", "dev", "hk"]
    del header[lost]
    body = [(s, i, -i) for i, s in enumerate(texts(60))]
    says = r"^a, line 1: the header has 2 names for 3 columns, and calls a column 'sequence' that"
    content = table([header, *body])
    check_refusal(says, prepare, tmp_path, {"a": content})
    # The names of R's rows are counted by no header, and may be sequences.
    content = table([["dev", "hk"], *body])
    assert prepared(prepare, tmp_path, {"a": content}).dataset.meta.tasks == ("dev", "hk")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_and_quotes(tmp_path: Path, separator: str) -> None:
    content = table([[f'"{cell}"' for cell in row] for row in [HEADER, *rows()]], separator)
    dataset = prepared(prepare, tmp_path, {"a": "# a comment\n\n" + content}).dataset
    assert dataset.labels[3, 0] == np.float32(-1.7)


def test_strands_are_a_choice(tmp_path: Path) -> None:
    dataset = prepared(prepare, tmp_path, {"a": good()}, reverse_complement=False).dataset
    assert not dataset.meta.strand_symmetric
    assert any("not averaged" in note for note in dataset.meta.notes)


def test_several_activities_and_missing_values(tmp_path: Path) -> None:
    header = ("name", "sequence", "Dev", "Hk", "start")
    body = [(f"s{i}", s, i, "NA" if i % 2 else -i, 7) for i, s in enumerate(texts(40))]
    dataset = prepared(
        prepare, tmp_path, {"a": table([header, *body])}, value_columns="Dev,hk"
    ).dataset
    assert dataset.meta.tasks == ("Dev", "Hk")
    assert np.isnan(dataset.labels[1::2, 1]).all()
    assert (dataset.labels[::2, 1] == -np.arange(0, 40, 2)).all()


def test_two_tables_are_joined_by_sequence(tmp_path: Path) -> None:
    first, second = rows(40), rows(40, seed=1)
    second[:10] = [(*row[:4], 9) for row in first[:10]]
    files = {"a": table([HEADER, *first]), "b": table([HEADER, *second])}
    sheet = [{"sample": "leaf", "data": 0}, {"sample": "proto", "data": 1}]
    dataset = prepared(prepare, tmp_path, files, sheet).dataset
    assert dataset.meta.tasks == ("leaf", "proto")
    assert len(dataset) == 70
    label = dict(zip(dna.decode(dataset.codes), dataset.labels.tolist(), strict=True))
    assert label[str(first[0][3])] == [-2, 9]
    assert np.isnan(label[str(first[20][3])][1])
    assert len(set(dataset.names)) == 70  # both tables call their genes g0, g1, ...


def test_split_by_a_column_of_parts(tmp_path: Path) -> None:
    dataset = prepared(prepare, tmp_path, {"a": good()}, split_column="set").dataset
    assert Counter(dataset.split.tolist()) == {"train": 30, "valid": 15, "test": 15}
    assert dataset.split[:4].tolist() == ["train", "train", "valid", "test"]
    assert dataset.meta.extra["split_at_random"] == [] and "split_groups" not in dataset.meta.extra
    assert not any("at random" in note for note in dataset.meta.notes)


def test_a_column_without_validation_says_what_was_taken(tmp_path: Path) -> None:
    text = good().replace("valid", "train")
    dataset = prepared(prepare, tmp_path, {"a": text}, split_column="set").dataset
    assert dataset.meta.extra["split_at_random"] == ["valid"]
    said = [note for note in dataset.meta.notes if "at random" in note]
    assert said == [
        "The column 'set' of the table gives no validation part: it was taken at random from"
        " training."
    ]


def test_split_by_groups(tmp_path: Path) -> None:
    dataset = prepared(
        prepare, tmp_path, {"a": good()}, split_column="sp", test_groups="Zm", valid_groups="Sb"
    ).dataset
    assert dataset.split[:5].tolist() == ["train", "train", "train", "test", "valid"]


def test_large_groups_leave_validation_to_chance(tmp_path: Path) -> None:
    dataset = prepared(
        prepare, tmp_path, {"a": good(100)}, split_column="sp", test_groups="Zm"
    ).dataset
    test = np.array([str(name)[1:] for name in dataset.names], dtype=int) % 5 == 3
    assert ((dataset.split == "test") == test).all()
    assert (dataset.split == "valid").sum() == 8  # a tenth of the 80 others
    # Said once, and not of a sheet that gave no parts.
    said = [note for note in dataset.meta.notes if "at random" in note]
    assert said == ["Split by sp; validation: at random from training; test: Zm."]
    assert dataset.meta.extra["split_groups"] == {"valid": [], "test": ["Zm"]}
    assert dataset.meta.extra["split_at_random"] == ["valid"]


def test_repeats_are_averaged_and_strand_pairs_stay_together(tmp_path: Path) -> None:
    body = rows(60)
    body += [
        ("x", "At", "again", body[0][3], 6.0),
        ("x", "At", "turned", turned(str(body[1][3])), 1),
    ]
    result = prepared(prepare, tmp_path, {"a": table([HEADER, *body])})
    dataset = result.dataset
    assert len(dataset) == 61
    assert dataset.labels[0, 0] == 2  # the mean of -2 and 6
    assert dataset.meta.dropped == {"duplicate sequence (its values were averaged)": 1}
    assert dataset.split[1] == dataset.split[60]


def test_sequences_with_n_are_left_out(tmp_path: Path) -> None:
    body = rows(60)
    body[7] = (*body[7][:3], "N" + str(body[7][3])[1:], 1)
    dataset = prepared(prepare, tmp_path, {"a": table([HEADER, *body])}, max_unknown=0).dataset
    assert len(dataset) == 59
    assert dataset.meta.dropped == {"sequence with N": 1}


def test_the_same_input_gives_the_same_data_set(tmp_path: Path) -> None:
    digests = {prepared(prepare, tmp_path, {"a": good()}).dataset.digest() for _ in range(2)}
    assert len(digests) == 1


def changed(line: int, column: int, cell: object) -> str:
    body = [list(row) for row in [HEADER, *rows()]]
    body[line - 1][column] = cell
    return table(body)


BAD: list[tuple[str | bytes, dict[str, Any], str]] = [
    (changed(5, 4, "high"), {}, r"a, line 5: 'high' in column enrichment is not a number"),
    (changed(5, 4, "inf"), {}, r"a, line 5: 'inf' in column enrichment is infinite"),
    (changed(6, 3, "ACGUACGU" * 10), {}, r"a, line 6: the sequence holds 'U', which is not DNA"),
    (changed(6, 3, ""), {}, r"a, line 6: the sequence is missing"),
    (changed(6, 3, "ACGTACGTAC"), {}, r"differ in length \(10 to 80 bp, most have 80\).*--length"),
    (good() + "train\tAt\n", {}, r"a, line 62: 2 cells, but the first line has 5"),
    (table([HEADER]), {}, r"a: the table has a header but no rows"),
    ("# nothing\n", {}, r"a: this table holds only comments"),
    ("", {}, r"a: the file is empty"),
    (b"\x1f\x8b\x08\x00broken", {}, r"a: the compressed file is damaged or truncated"),
    (b"PK\x03\x04", {}, r"a: this is an Excel workbook or a ZIP archive"),
    (">s1\nACGTACGTACGT\n", {}, r"a, line 1: this looks like FASTA.*assay\s+'sequences'"),
    ("@s1\nACGTACGTACGT\n+\nIIIIIIIIIIII\n", {}, r"looks like FASTQ.*for reads.*'smileseq'"),
    ("x\ty\n1\t2\n3\t4\n", {}, r"a: no column holds DNA sequences.*--sequence_column"),
    (
        good(),
        {"value_columns": "activity"},
        r"no column 'activity' \(value_columns\); there are set",
    ),
    (good(), {"sequence_column": "9"}, r"no column '9' \(sequence_column\)"),
    (
        good(),
        {"value_columns": "enrichment,5"},
        r"value_columns 'enrichment,5' names a column twice",
    ),
    (good(), {"split_column": "part"}, r"no column 'part' \(split_column\)"),
    # One wrong name hides no other.
    (
        good(),
        {"split_column": "part", "value_columns": "enrichment,x,y", "sequence_column": "DNA"},
        r"(?s)'DNA' \(sequence_column\).*'part' \(split_column\).*'x' \(value_c.*'y' \(value_c",
    ),
    (good(), {"split_column": "sp", "test_groups": "Os"}, r"test_groups: .* has no 'Os'"),
    (good(), {"split_column": "sp", "test_groups": "At", "valid_groups": "At"}, r"'At' is both"),
    (good(), {"split_column": "sp", "test_groups": "At,Zm,Sb"}, r"none is left to train on"),
    (good(), {"test_groups": "At"}, r"name groups of a column; say which with --split_column"),
    (good().replace("train", "test"), {"split_column": "set"}, r"there is nothing to train on"),
    (good(), {"transform": "log2"}, r"a: 2[01] values are 0 or less.*have no logarithm"),
    (good(), {"transform": "log2_scaled"}, r"a: transform is 'log2_scaled', which is for the sig"),
    (good(), {"length": 90}, r"length is 90, but the longest sequence has 80 bp"),
    (
        good(),
        {"trim_left": 50, "trim_right": 30},
        r"a, line 2: the sequence has 80 bp, and 50 \+ 30",
    ),
    (good(), {"split_by": "given"}, r"split_by is 'given', but no row has a split"),
    (
        good().replace("gene", "sp"),
        {"split_column": "sp"},
        r"a: two columns are called 'sp' \(split",
    ),
]


@pytest.mark.parametrize(("content", "options", "sentence"), BAD)
def test_bad_input(
    tmp_path: Path, content: str | bytes, options: dict[str, Any], sentence: str
) -> None:
    check_refusal(sentence, prepare, tmp_path, {"a": content}, **options)


def test_all_mistakes_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    sheet = [{"sample": "A", "data": 0}, {"sample": "B", "data": 1}]
    files = {"a": changed(5, 4, "x"), "b": changed(6, 4, "y")}
    with pytest.raises(UserError, match=r"(?s)a, line 5: 'x'.*b, line 6: 'y'"):
        prepared(prepare, tmp_path, files, sheet)


def test_too_little_is_a_result(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="Only 60 sequences have a value"):
        prepared(prepare, tmp_path, {"a": good()}, min_positives=100)
    same = table([HEADER, *[(*row[:4], 1) for row in rows()]])
    with pytest.raises(UnusableError, match="All values of A are equal"):
        prepared(prepare, tmp_path, {"a": same})


@pytest.mark.realdata
def test_plant_promoters(data_dir: Path, tmp_path: Path) -> None:
    file = data_dir / "starrseq" / "plant_core_promoters_leaf.raw.tsv.gz"
    dataset = prepared(prepare, tmp_path, {"leaf.gz": file.read_bytes()}).dataset
    assert (len(dataset), dataset.meta.length, dataset.meta.tasks) == (7154, 170, ("A",))
    upper = dataset.labels[:, 0] >= np.quantile(dataset.labels[:, 0], 0.8)
    box = np.array(["TATAAA" in s or "TATATA" in s for s in dna.decode(dataset.codes)])
    assert box[upper].mean() > box[~upper].mean() + 0.2
    with pytest.raises(UserError, match="says test in every row"):
        prepared(prepare, tmp_path, {"leaf.gz": file.read_bytes()}, split_column="set")
