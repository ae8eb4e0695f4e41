"""Predictions find their sequences by name, in whatever order, or are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.errors import UserError
from nfexplainn.evaluation.predict import write_predictions
from nfexplainn.interpret.unit_files import read_logits

TASKS = ("x", "x.1", "x.1.2")  # which Parquet could take for a part of the one before


def dataset(n: int = 9) -> Dataset:
    meta = DatasetMeta("d", "sequences", "multilabel", TASKS, 5, True, 1)
    split = np.array(["train"] * n)
    codes, labels = np.zeros((n, 5), np.uint8), np.zeros((n, 3), np.float32)
    return Dataset(meta, [f"s{row}" for row in range(n)], codes, split, labels)


def predictions(n: int = 9) -> np.ndarray:
    return np.random.default_rng(2).normal(size=(n, 3)).astype(np.float32)


def rewritten(path: Path, table: pa.Table, rows: int = 4) -> Path:
    pq.write_table(table, path, row_group_size=rows)
    return path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    data, logits, path = dataset(), predictions(), tmp_path / "p.parquet"
    write_predictions(data, logits, path)
    assert np.array_equal(read_logits(path, data), logits)
    table = pq.read_table(path)
    assert np.array_equal(read_logits(rewritten(path, table), data), logits)
    order = np.random.default_rng(3).permutation(9)
    assert np.array_equal(read_logits(rewritten(path, table.take(order)), data), logits)
    wide = table.set_column(0, "name", table.column("name").cast(pa.large_string()))  # pandas' own
    assert np.array_equal(read_logits(rewritten(path, wide), data), logits)
    for rows in ([0, 1, 2], [7, 2]):  # others have no prediction
        found = read_logits(rewritten(path, table.take(rows)), data)
        assert np.array_equal(found[rows], logits[rows])
        assert np.isnan(np.delete(found, rows, axis=0)).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.drop_columns(["logit:x.1"]), "the column logit:x.1 is missing"),
        (lambda t: t.drop_columns(["name"]), "the column name is missing"),
        (lambda t: t.take([0, 0, 1]), "not those of the data set d .see 's0'"),
        (
            lambda t: t.set_column(0, "name", pa.array([*"abcdefghi"])),
            "not those of the data set d .see 'a'",
        ),
        (
            lambda t: t.set_column(0, "name", pa.array([None] * 9, pa.string())),
            "not those of the data set d .see None",
        ),
        (lambda t: pa.concat_tables([t, t]), "18 rows for 9 sequences"),
        (
            lambda t: t.set_column(0, "name", pa.array(range(9))),
            "not those of the data set d .see 0",
        ),
        (
            lambda t: t.set_column(5, "logit:x", pa.array(np.zeros(9))),
            "cannot be read .a column is of the type double",
        ),
    ],
)
def test_what_does_not_belong_is_refused(change, says: str, tmp_path: Path) -> None:
    data, path = dataset(), tmp_path / "p.parquet"
    write_predictions(data, predictions(), path)
    table = pq.read_table(path)
    assert table.column_names[5] == "logit:x"
    with pytest.raises(UserError, match=says):
        read_logits(rewritten(path, change(table)), data)
