"""The files that the interpretation reads and writes: columns, tables, predictions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from operator import eq
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.errors import UserError
from nfexplainn.interpret.columns import UNIT_MOTIF_COLUMNS
from nfexplainn.io import arrow
from nfexplainn.io.reading import reading
from nfexplainn.io.text import write_text
from nfexplainn.io.tsv import QUOTES, Table, iterate_tsv, plain, read_header

if TYPE_CHECKING:
    import pandas as pd

UNIT_COLUMNS = ("unit", "status", *UNIT_MOTIF_COLUMNS, "threshold", "maximum", "reason")
EFFECT_COLUMNS = (
    "unit",
    "task",
    "weight",
    "importance_median",
    "importance_q25",
    "importance_q75",
    "importance_n",
    "effect",
    "effect_basis",
    "site_effect",
    "direction",
)
_FAULT = "the table cannot be read"
# Columns that stay text even where all their values look like numbers.
_TEXTS = (
    *("task", "unit", "consensus", "dataset", "model", "target_id", "target_name", "name"),
    *("chrom", "id", "ref", "alt"),
)


def write_tsv(table: pd.DataFrame | Table, path: str | Path) -> None:
    """Write a table as :mod:`nfexplainn.io.tsv` does: floats as ``%.6g``, missing values empty."""
    if isinstance(table, Table):
        table.write(path)
    else:
        _write_frame(table, path)


def _write_frame(frame: pd.DataFrame, path: str | Path) -> None:
    import pandas as pd

    words = frame.select_dtypes(include=["object", "string", "category"]).columns
    flat = frame.assign(**{name: frame[name].map(_flat) for name in words})
    flat.columns = pd.Index(plain(frame.columns))
    write_text(path, flat.to_csv(sep="\t", index=False, float_format="%.6g", na_rep="", **QUOTES))


def _flat(value: object) -> object:
    """Keep the ends of fields and lines out of a cell."""
    return plain([value])[0] if isinstance(value, str) else value


def read_tsv(path: str | Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a table of the pipeline; only an empty field is missing (a task may be called NA).

    Raises
    ------
    UserError
        If the file cannot be read or lacks one of `columns`.
    """
    import pandas as pd

    with reading(str(path), _FAULT, "make it again"):
        frame = pd.read_csv(
            path,
            sep="\t",
            keep_default_na=False,
            na_values=[""],
            **QUOTES,
            dtype=dict.fromkeys(_TEXTS, str),
        )
    _check_columns(path, columns, frame.columns)
    return frame


def read_rows(path: str | Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Read a table of the pipeline as text, a dict per row; what is missing is an empty text.

    Raises
    ------
    UserError
        As for :func:`read_tsv`.
    """
    with reading(str(path), _FAULT, "make it again"):
        header, rows = read_header(path), list(iterate_tsv(path))
        if any(len(row) > len(header) or None in row.values() for row in rows):
            raise ValueError("a row has more or fewer fields than the header")
    _check_columns(path, columns, header)
    return rows


def _check_columns(path: str | Path, columns: Sequence[str], there: Collection[str]) -> None:
    missing = [column for column in columns if column not in there]
    if missing:
        raise UserError(f"{path}: the column {missing[0]} is missing; make the table again.")


def read_logits(path: str | Path, dataset: Dataset) -> NDArray[np.float32]:
    """Read predictions in the order of a data set's sequences.

    Returns
    -------
    float32 array, shape (n, tasks)
        NaN for sequences without a prediction.

    Raises
    ------
    UserError
        If a task has no column, or a name is unknown or there twice.
    """
    columns = [f"logit:{task}" for task in dataset.meta.tasks]
    fault = f"the predictions of {dataset.meta.id} cannot be read"
    with reading(str(path), fault, "evaluate the model again"):
        # Not read_table, which loads what reads folders of files, and pandas with it.
        file = pq.ParquetFile(str(path), buffer_size=1 << 16)
        there = file.schema_arrow.names
    lacking = [column for column in ("name", *columns) if column not in there]
    if lacking:
        raise UserError(f"{path}: the column {lacking[0]} is missing; evaluate the model again.")
    with reading(str(path), fault, "evaluate the model again"):
        if file.metadata.num_rows > len(dataset):
            raise ValueError(f"{file.metadata.num_rows:,} rows for {len(dataset):,} sequences")
        names, values = _read_columns(file, columns)
    where = _rows_named(dataset.names, names)
    if (where < 0).any() or len(np.unique(where)) != len(where):
        row = int(np.argmax(where < 0)) if (where < 0).any() else 0
        raise UserError(
            f"{path}: the predictions are not those of the data set {dataset.meta.id} (see"
            f" {names[row].as_py()!r}); evaluate the model again."
        )
    logits = np.full((len(dataset), len(columns)), np.nan, dtype=np.float32)
    logits[where] = values
    return logits


def _read_columns(
    file: pq.ParquetFile, columns: Sequence[str]
) -> tuple[pa.ChunkedArray, NDArray[np.float32]]:
    """Read the names and some columns of numbers, shape (rows, columns), by row groups."""
    names: list[pa.Array] = []
    values = np.empty((file.metadata.num_rows, len(columns)), dtype=np.float32)
    first = 0
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, use_threads=False)
        names += table.column("name").chunks
        at = slice(first, first + len(table))
        first += len(table)
        for number, column in enumerate(columns):
            values[at, number] = arrow.copy(table.column(column), np.float32)
    return pa.chunked_array(names, file.schema_arrow.field("name").type), values


def _rows_named(names: Sequence[str], column: pa.ChunkedArray) -> NDArray[np.intp]:
    """Find the rows of names, -1 where there is no such name."""

    def wanted() -> Iterator[str]:
        return chain.from_iterable(chunk.to_pylist() for chunk in column.chunks)

    # Predictions are written in the order of the data set, so that a copy of its names in a
    # dictionary, over 100 bytes each, is the exception.
    if len(column) <= len(names) and all(map(eq, wanted(), names)):
        return np.arange(len(column))
    rows = {name: row for row, name in enumerate(names)}
    return np.fromiter((rows.get(name, -1) for name in wanted()), np.intp, len(column))
