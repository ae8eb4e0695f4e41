from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay_fixtures import check_refusal, prepared, table, texts
from nfexplainn import dna
from nfexplainn.assays.table import prepare
from nfexplainn.errors import UnusableError, UserError


def rows(*columns: list[Any], length: int = 40) -> list[tuple[object, ...]]:
    names = [f"s{i}" for i in range(len(columns[0]))]
    return list(zip(names, texts(len(names), length), *columns, strict=True))


ZERO_ONE = [i % 2 for i in range(60)]
VALUES = [round(0.25 * i, 2) for i in range(60)]
CLASSES = [("Mono", "CD4", "10", "9")[i % 4] for i in range(60)]


@pytest.mark.parametrize(
    ("columns", "options", "task_type", "tasks"),
    [
        ([ZERO_ONE], {}, "binary", ("A",)),
        ([ZERO_ONE, ZERO_ONE[::-1]], {}, "multilabel", ("A_1", "A_2")),
        ([VALUES], {}, "regression", ("A",)),
        ([ZERO_ONE, VALUES], {}, "regression", ("A_1", "A_2")),
        ([ZERO_ONE], {"task_type": "regression"}, "regression", ("A",)),
        (
            [CLASSES],
            {"task_type": "multiclass"},
            "multiclass",
            ("class_9", "class_10", "CD4", "Mono"),
        ),
        (
            [ZERO_ONE, [1 - v for v in ZERO_ONE]],
            {"task_type": "multiclass"},
            "multiclass",
            ("A_1", "A_2"),
        ),
    ],
)
def test_task_types(
    tmp_path: Path,
    columns: list[list[Any]],
    options: dict[str, Any],
    task_type: str,
    tasks: tuple[str, ...],
) -> None:
    meta = prepared(prepare, tmp_path, {"a": table(rows(*columns))}, **options).dataset.meta
    assert (meta.task_type, meta.tasks) == (task_type, tasks)
    assert any(f"read as {task_type}" in note for note in meta.notes)


def test_classes_are_what_the_table_says(tmp_path: Path) -> None:
    dataset = prepared(
        prepare, tmp_path, {"a": table(rows(CLASSES))}, task_type="multiclass"
    ).dataset
    said = dict(zip([f"s{i}" for i in range(60)], CLASSES, strict=True))
    for name, label in zip(dataset.names, dataset.labels, strict=True):
        assert label.sum() == 1
        assert dataset.meta.tasks[int(label.argmax())].removeprefix("class_") == said[name]


@pytest.mark.parametrize("word", ["na", "None", "none", "-", "nil", "NA", "NULL"])
def test_no_word_swallows_a_class(tmp_path: Path, word: str) -> None:
    cells = [word if cell == "10" else cell for cell in CLASSES]
    body = {"a": table(rows(cells))}
    dataset = prepared(prepare, tmp_path, body, task_type="multiclass").dataset
    assert word in dataset.meta.tasks
    assert dataset.labels[:, dataset.meta.tasks.index(word)].sum() == 15


@pytest.mark.parametrize("word", ["", "#N/A", "nan", "<NA>"])
def test_sequences_without_a_class_are_told(tmp_path: Path, word: str) -> None:
    cells = [word if cell == "10" else cell for cell in CLASSES]
    got = prepared(prepare, tmp_path, {"a": table(rows(cells))}, task_type="multiclass")
    assert len(got.dataset.meta.tasks) == 3
    assert sum("give it another name" in note for note in got.dataset.meta.notes) == bool(word)


def test_names_sequences_and_unknown_labels(tmp_path: Path) -> None:
    values: list[Any] = list(ZERO_ONE)
    values[4:9] = ["", "NA", "nan", "null", "None"]
    body = rows(values, ZERO_ONE)
    body[4] = ("chr1:5-45", *body[4][1:])
    dataset = prepared(prepare, tmp_path, {"a": table(body)}).dataset
    assert dataset.names[:5] == ["s0", "s1", "s2", "s3", "chr1:5-45"]
    assert dna.decode(dataset.codes)[2].strip("N") == texts(60)[2]
    assert np.isnan(dataset.labels[4:9, 0]).all()
    assert dataset.labels[9].tolist() == [1, 1]


def test_label_names_of_a_file_and_of_a_header(tmp_path: Path) -> None:
    body = rows(VALUES, VALUES[::-1])
    for text in ("x\tgroup\ny\tgroup\n", "x\ty\n"):
        files = {"a": table(body), "labels.txt": text}
        assert prepared(prepare, tmp_path, files, labels=1).dataset.meta.tasks == ("x", "y")
    content = table([("name", "sequence", "p", "q"), *body])
    assert prepared(prepare, tmp_path, {"a": content}).dataset.meta.tasks == ("p", "q")


def test_parts_of_a_split_share_their_tasks(tmp_path: Path) -> None:
    parts = {"tr": rows(VALUES)[:40], "va": rows(VALUES)[40:50], "te": rows(VALUES)[50:]}
    sheet = [
        {"sample": name, "data": i, "split": split}
        for i, (name, split) in enumerate(zip(parts, ("train", "valid", "test"), strict=True))
    ]
    files = {name: table(body) for name, body in parts.items()}
    dataset = prepared(prepare, tmp_path, files, sheet).dataset
    assert dataset.meta.tasks == ("d",)
    assert Counter(dataset.split.tolist()) == {"train": 40, "valid": 10, "test": 10}
    assert dataset.split[45] == "valid"


def test_chromosomes_split_by_name(tmp_path: Path) -> None:
    body = [
        (f"chr{i % 3 + 1}:{100 * i}-{100 * i + 40}", *row[1:]) for i, row in enumerate(rows(VALUES))
    ]
    dataset = prepared(
        prepare,
        tmp_path,
        {"a": table(body)},
        split_by="chromosome",
        valid_chromosomes="chr2",
        test_chromosomes="chr3",
    ).dataset
    assert dataset.split[:4].tolist() == ["train", "valid", "test", "train"]


def test_repeats_of_classes_are_joined(tmp_path: Path) -> None:
    body = [*rows(ZERO_ONE), ("again", texts(60)[0], 1)]
    dataset = prepared(prepare, tmp_path, {"a": table(body)}).dataset
    assert (len(dataset), dataset.labels[0, 0]) == (60, 1)
    assert dataset.meta.dropped == {"duplicate sequence": 1}


def changed(line: int, column: int, cell: object, *columns: list[Any]) -> str:
    body = [list(row) for row in rows(*(columns or (VALUES,)))]
    body[line - 1][column] = cell
    return table(body)


three = [[int(i % 3 == k) for i in range(60)] for k in range(3)]
BAD: list[tuple[str | bytes, dict[str, Any], str]] = [
    (changed(5, 2, "high"), {}, r"a, line 5: 'high' is not a number.*--task_type multiclass"),
    (changed(5, 2, "-inf"), {}, r"a, line 5: '-inf' is infinite"),
    (changed(6, 1, "ACGZACGT"), {}, r"a, line 6: the sequence holds 'Z'"),
    (changed(6, 1, ""), {}, r"a, line 6: the sequence is missing"),
    (changed(6, 1, "ACGTACGTAC"), {}, r"differ in length \(10 to 40 bp, most have 40\)"),
    (table(rows(VALUES)) + "x\n", {}, r"a, line 61: 1 cells, but the first line has 3"),
    (table([row[:2] for row in rows(VALUES)]), {}, r"a: no column holds values"),
    (table([(i, i, i) for i in range(9)]), {}, r"a: no column holds DNA"),
    (table(rows(VALUES)), {"task_type": "binary"}, r"a, line 2: the label '0.25' is neither 0 nor"),
    (table(rows(*three)), {"task_type": "binary"}, r"there are 3 tasks, but task_type is binary"),
    (
        changed(4, 3, 1, *three),
        {"task_type": "multiclass"},
        r"a, line 4: 2 classes are 1.*exactly one",
    ),
    (
        table(rows(["x"] * 60)),
        {"task_type": "multiclass"},
        r"a: the column of classes has 1 diff",
    ),
    (table(rows(VALUES)), {"split_by": "chromosome"}, r"have no coordinates in their names"),
    (table(rows(VALUES)), {"trim_right": 40}, r"a, line 1: the sequence has 40 bp, and 0 \+ 40"),
    (table(rows(VALUES)), {"transform": "log2"}, r"a: 1 values are 0 or less"),
    ("", {}, r"a: the file is empty"),
    (b"\x1f\x8b\x08\x00broken", {}, r"a: the compressed file is damaged"),
    (b"PAR1", {}, r"a: this is a Parquet file"),
    (">p1\n" + texts(1, 35)[0] + "\n", {}, r"a, line 1: this looks like FASTA"),
]


@pytest.mark.parametrize(("content", "options", "sentence"), BAD)
def test_bad_input(
    tmp_path: Path, content: str | bytes, options: dict[str, Any], sentence: str
) -> None:
    check_refusal(sentence, prepare, tmp_path, {"a": content}, **options)


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ("x\ny\nz\n", r"labels.txt: it names 3 labels, but a has 2 columns"),
        ("x\nx\n", r"labels.txt: the label 'x' occurs twice"),
    ],
)
def test_bad_labels(tmp_path: Path, labels: str, sentence: str) -> None:
    files = {"a": table(rows(VALUES, VALUES)), "labels.txt": labels}
    with pytest.raises(UserError, match=sentence):
        prepared(prepare, tmp_path, files, labels=1)


def test_too_few_positives_are_a_result(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="Only 30 positives can be used"):
        prepared(prepare, tmp_path, {"a": table(rows(ZERO_ONE))}, min_positives=31)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "labels", "shape", "tasks"),
    [
        (
            "atac/AI-TAC_sample/aitac_100x81.explainn.tsv.gz",
            "atac/AI-TAC_sample/labels.txt",
            (100, 81),
            ["B.Fem.Sp", "B.Fo.Sp"],
        ),
        (
            "atac/blood_H3K27ac_chr22.explainn.tsv",
            "atac/blood_H3K27ac_chr22.labels.txt",
            (118, 6),
            ["Mono", "CD4"],
        ),
        (
            "starrseq/plant_core_promoters_2task.explainn.tsv.gz",
            None,
            (723, 2),
            ["A_1", "A_2"],
        ),
    ],
)
def test_the_authors_tables(
    data_dir: Path,
    tmp_path: Path,
    file: str,
    labels: str | None,
    shape: tuple[int, int],
    tasks: list[str],
) -> None:
    files: dict[str, str | bytes] = {"a": (data_dir / file).read_bytes()}
    options: dict[str, Any] = {}
    if labels:
        files["labels"] = (data_dir / labels).read_bytes()
        options["labels"] = 1
    dataset = prepared(prepare, tmp_path, files, **options).dataset
    assert dataset.labels.shape == shape
    assert list(dataset.meta.tasks[:2]) == tasks
    assert dataset.meta.task_type == "regression"
