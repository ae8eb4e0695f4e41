from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from nfexplainn.assays.checks import check_dataset
from nfexplainn.assays.spec import Options, make_options, read_spec
from nfexplainn.data.dataset import Dataset, DatasetMeta, Source
from nfexplainn.data.tables import write_counts
from nfexplainn.errors import UnusableError, UserError
from nfexplainn.io.tsv import write_tsv


def test_defaults_are_those_of_the_parameters(root: Path) -> None:
    schema = json.loads((root / "nextflow_schema.json").read_text())
    groups = schema["$defs"].values()
    parameters = {name: p for group in groups for name, p in group["properties"].items()}
    for field in dataclasses.fields(Options):
        default = parameters[field.name].get("default")
        assert default == (field.default or None), field.name


def test_options_take_lists_texts_and_nulls() -> None:
    options = make_options(
        {
            "chromosomes": "chr1, chr2",
            "exclude_chromosomes": ["chrM"],
            "test_chromosomes": None,
            "negatives": None,
            "filter_length": 19,
        },
        seed=7,
    )
    assert options.chromosomes == ("chr1", "chr2")
    assert options.exclude_chromosomes == ("chrM",)
    assert (options.test_chromosomes, options.negatives, options.seed) == ((), None, 7)


def test_a_spec_is_read_and_keeps_what_it_does_not_know(tmp_path: Path) -> None:
    raw = {
        "id": "d",
        "assay": "pbm",
        "seed": 1,
        "rows": [
            {
                "sample": "A",
                "line": 2,
                "data": 0,
                "negatives": None,
                "split": None,
                "label": "x",
                "later": 3,
            }
        ],
        "files": [{"name": "a", "path": "in1/a"}],
        "genome": None,
        "options": {"clip": 5},
    }
    (tmp_path / "spec.json").write_text(json.dumps(raw))
    spec = read_spec(tmp_path / "spec.json")
    assert (spec.rows[0].label, spec.file(0).path, spec.genome) == ("x", "in1/a", None)
    assert spec.raw_options["clip"] == 5


def dataset(task_type: str, labels: list[list[float]], split: list[str]) -> Dataset:
    values = np.array(labels, dtype=np.float32)
    n = len(values)
    tasks = tuple("ab"[: values.shape[1]])
    meta = DatasetMeta("d", "x", task_type, tasks, 4, True, 1)  # type: ignore[arg-type]
    codes = np.zeros((n, 4), dtype=np.uint8)
    return Dataset(meta, [str(i) for i in range(n)], codes, np.array(split), values)


def test_counts_of_labels(tmp_path: Path) -> None:
    nan = float("nan")
    labels = [[1, 0], [0, 0], [nan, 0], [nan, 1], [0, 0]]
    write_counts(dataset("multilabel", labels, ["train"] * 4 + ["test"]), tmp_path / "c")
    assert (tmp_path / "c").read_text().splitlines()[1:4] == [
        "train\t*\t4\t2\t1\t1\t",
        "train\ta\t4\t1\t1\t2\t",
        "train\tb\t4\t1\t3\t0\t",
    ]


def test_counts_of_values(tmp_path: Path) -> None:
    labels = [[0.5], [1.0], [float("nan")]]
    write_counts(dataset("regression", labels, ["train", "train", "valid"]), tmp_path / "c")
    lines = (tmp_path / "c").read_text().splitlines()
    assert lines[2] == "train\ta\t2\t\t\t0\t0.75"
    assert lines[4] == "valid\ta\t1\t\t\t1\t"


def test_nothing_to_validate_on_is_a_result() -> None:
    with pytest.raises(UnusableError, match="left for validation"):
        check_dataset(dataset("binary", [[1], [0]], ["train", "test"]))


@pytest.mark.parametrize(
    ("task_type", "labels", "lack"),
    [
        ("binary", [[1], [0], [0], [0]], "validation.*no positive in any task"),
        ("multilabel", [[1, 0], [0, 1], [0, 0], [np.nan, 0]], "validation.*no positive"),
        ("binary", [[1], [0], [1], [1]], "validation.*both positives and negatives"),
        ("binary", [[0], [0], [1], [0]], "training.*no positive"),
        ("regression", [[1, 2], [2, 1], [3, 4], [3, np.nan]], "validation.*values that differ"),
        ("regression", [[1], [2], [np.nan], [np.nan]], "validation.*values that differ"),
        ("multiclass", [[1, 0], [0, 1], [np.nan] * 2, [np.nan] * 2], "validation.*no known class"),
    ],
)
def test_a_part_without_contrast_is_a_result(
    task_type: str, labels: list[list[float]], lack: str
) -> None:
    parts = ["train", "train", "valid", "valid"]
    with pytest.raises(UnusableError, match=lack) as told:
        check_dataset(dataset(task_type, labels, parts))
    assert "valid_fraction" in told.value.advice


def test_an_infinite_label_is_named() -> None:
    parts = ["train", "train", "valid", "valid"]
    labels = [[1.0], [2.0], [np.inf], [3.0]]
    with pytest.raises(UserError, match="in the task a is infinite"):
        check_dataset(dataset("regression", labels, parts))


@pytest.mark.parametrize("value", [0, -1, 100_001, 2**31])
@pytest.mark.parametrize("key", ["width", "length"])
def test_numbers_of_bases_have_bounds(key: str, value: int) -> None:
    with pytest.raises(UserError, match=f"^{key} is {value}; it counts bases: give 1 to 100,000"):
        make_options({key: value})


def test_a_task_called_like_a_column_is_told_with_the_files() -> None:
    one = dataset("regression", [[1.0], [2.0]], ["train", "valid"])
    sources = (Source("v.tsv", "0"),)
    meta = dataclasses.replace(one.meta, tasks=("sequence",), sources=sources)
    with pytest.raises(UserError, match=r" \(v\.tsv\): a task may not be called 'sequence', "):
        check_dataset(dataclasses.replace(one, meta=meta))


def test_one_task_with_contrast_is_enough() -> None:
    parts = ["train", "train", "valid", "valid"]
    for task_type, labels in (
        ("binary", [[1], [0], [1], [0]]),
        ("multilabel", [[1, 0], [0, 0], [1, 0], [0, 0]]),
        ("regression", [[1, 2], [2, 2], [3, np.nan], [4, np.nan]]),
        ("multiclass", [[1, 0], [0, 1], [1, 0], [1, 0]]),
    ):
        check_dataset(dataset(task_type, labels, parts))


def test_tables_are_clean(tmp_path: Path) -> None:
    write_tsv(tmp_path / "t", ("a", "b", "c"), [(1, 0.123456789, None), ("x\ty\nz", np.nan, "")])
    assert (tmp_path / "t").read_text() == "a\tb\tc\n1\t0.123457\t\nx y z\t\t\n"
