"""Tables of ours: what is written is read again, whatever a cell begins with."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.data.tables import write_counts
from nfexplainn.errors import UserError
from nfexplainn.interpret.unit_files import read_rows, read_tsv
from nfexplainn.interpret.unit_files import write_tsv as write_frame
from nfexplainn.io.tsv import Table, iterate_tsv, write_tsv

TEXTS = (
    '"', '""', '"begun', 'en"ded', '"both"', "'single", "a,b;c", "\\", "\\t", "#", "NA", "nan",
    "é €", "<script>alert(1)</script>", "=1+1", "\u2028", "$(id) `id`", " spaces ", "None",
)  # fmt: skip


def test_all_writers_and_readers_agree(tmp_path: Path) -> None:
    rows = [[text, TEXTS[-1 - place], place / 3] for place, text in enumerate(TEXTS)]
    header = ["task", "reason", '"value']
    write_tsv(tmp_path / "rows.tsv", header, rows)
    write_frame(pd.DataFrame(rows, columns=header), tmp_path / "frame.tsv")
    assert (tmp_path / "rows.tsv").read_bytes() == (tmp_path / "frame.tsv").read_bytes()
    wanted = [(row[0], row[1], f"{row[2]:.6g}") for row in rows]
    found = [tuple(row.values()) for row in iterate_tsv(tmp_path / "rows.tsv")]
    assert found == wanted
    assert read_rows(tmp_path / "rows.tsv", header) == list(iterate_tsv(tmp_path / "rows.tsv"))
    Table(tuple(header), rows).write(tmp_path / "table.tsv")
    write_frame(Table(tuple(header), rows), tmp_path / "again.tsv")
    for name in ("table.tsv", "again.tsv"):
        assert (tmp_path / name).read_bytes() == (tmp_path / "rows.tsv").read_bytes()
    assert Table(tuple(header), rows).frame().equals(pd.DataFrame(rows, columns=header))
    frame = read_tsv(tmp_path / "rows.tsv", header)
    assert list(zip(frame["task"], frame["reason"], strict=True)) == [row[:2] for row in wanted]
    # and so do those of others by default: Python's csv, pandas
    with (tmp_path / "rows.tsv").open(newline="") as handle:
        assert [tuple(row) for row in csv.reader(handle, delimiter="\t")][1:] == wanted
    theirs = pd.read_csv(tmp_path / "rows.tsv", sep="\t", keep_default_na=False)
    assert list(theirs["task"]) == list(TEXTS)


@pytest.mark.parametrize("ends", ["a\tb", "a\nb", "a\r\nb"])
def test_no_cell_holds_the_end_of_a_field_or_line(ends: str, tmp_path: Path) -> None:
    write_tsv(tmp_path / "rows.tsv", [ends, "b"], [[ends, None]])
    write_frame(pd.DataFrame([[ends, np.nan]], columns=[ends, "b"]), tmp_path / "frame.tsv")
    for name in ("rows.tsv", "frame.tsv"):
        lines = (tmp_path / name).read_text().split("\n")
        assert [line.count("\t") for line in lines] == [1, 1, 0]


def test_a_label_that_begins_with_a_quote_is_counted_and_read(tmp_path: Path) -> None:
    """The labels of `field/faults/quote-in-label`: its table could not be read after training."""
    labels = (
        "<img src=x onerror=alert(1)>",
        "\"'><script>alert(2)</script> , ; \\ $(touch PWN_LABEL) `id` é",
    )
    meta = DatasetMeta(
        id="D",
        assay="sequences",
        task_type="multilabel",
        tasks=labels,
        length=4,
        strand_symmetric=True,
        seed=1,
    )
    dataset = Dataset(
        meta=meta,
        names=[f"s{n}" for n in range(6)],
        codes=np.zeros((6, 4), np.uint8),
        labels=np.array([[1, 0], [0, 1]] * 3, np.float32),
        split=np.array(["train", "train", "valid", "valid", "test", "test"]),
    )
    write_counts(dataset, tmp_path / "D.counts.tsv")
    frame = read_tsv(tmp_path / "D.counts.tsv", ("split", "task", "positives"))
    assert list(frame["task"]) == ["*", *labels] * 3
    assert list(frame["positives"]) == [2, 1, 1] * 3
    assert [row["task"] for row in iterate_tsv(tmp_path / "D.counts.tsv")] == ["*", *labels] * 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("unit\tsites\n", "the column status is missing"),
        ("", "the column unit is missing"),
        ("unit\tstatus\nu\n", "more or fewer fields"),
        ("unit\tstatus\nu\ta\tb\n", "more or fewer fields"),
    ],
)
def test_rows_of_a_damaged_table_are_refused(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_text(text)
    with pytest.raises(UserError, match=says):
        read_rows(tmp_path / "x.tsv", ("unit", "status"))
