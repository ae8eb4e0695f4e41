"""The contributions of single sequences as a streamed Parquet table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nfexplainn.io import arrow

ROW_GROUP = 1 << 20
# Sequences times tasks that are written.
MOST = 2_000_000

SCHEMA = pa.schema(
    [
        ("unit", pa.int32()),
        ("task", pa.dictionary(pa.int32(), pa.string())),
        ("sequence", pa.dictionary(pa.int32(), pa.string())),
        ("strand", pa.int8()),
        ("contribution", pa.float32()),
    ]
)


def written_sequences(chosen: NDArray[np.bool_], tasks: int, most: int = MOST) -> NDArray[np.bool_]:
    """Draw evenly, in their order, the sequences whose contributions are written.

    With many tasks a table of all would take more disk than all else of a run.

    Parameters
    ----------
    chosen : bool array, shape (n,)
        The well-predicted sequences.
    tasks : int
    most : int, optional
        Sequences times tasks; all are written where these are no more.

    Returns
    -------
    bool array, shape (n,)
    """
    rows = np.flatnonzero(chosen)
    allowed = max(1, most // tasks)
    if len(rows) <= allowed:
        return chosen
    written = np.zeros_like(chosen)
    written[rows[np.arange(allowed) * len(rows) // allowed]] = True
    return written


class ContributionWriter:
    """Write weight x output of the units in the sequences that activate them.

    Units count from 1, so that 7 is ``unit_007``; the strand is 1 or -1.

    Use as a context manager: the file appears under its name only when all went well.

    Parameters
    ----------
    path : path
    tasks : sequence of str
    names : sequence of str
        Names of all sequences of the data set.
    weights : float array, shape (tasks, units)
    written : bool array, shape (n,)
        The sequences that are written, of all of the data set.
    """

    def __init__(
        self,
        path: str | Path,
        tasks: Sequence[str],
        names: Sequence[str],
        weights: NDArray[np.float32],
        written: NDArray[np.bool_],
    ) -> None:
        self._path = Path(path)
        self._part = self._path.with_name(self._path.name + ".part")
        self._tasks = arrow.texts(list(tasks))
        self._names = names
        self._weights = weights
        self._written = written
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def __enter__(self) -> ContributionWriter:
        """Open the temporary file."""
        self._writer = pq.ParquetWriter(self._part, SCHEMA, compression="zstd")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what waits and put the file in its place, or remove it after an error."""
        if kind is None:
            self._flush()
        self._writer.close()
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)

    def add(
        self,
        rows: NDArray[np.intp],
        strand: int,
        outputs: NDArray[np.float32],
        activated: NDArray[np.bool_],
    ) -> None:
        """Add a chunk: rows of shape (n,), outputs and activated of shape (n, units)."""
        sequence, unit = np.nonzero(activated & self._written[rows][:, None])
        tasks = len(self._weights)
        values = outputs[sequence, unit][:, None] * self._weights[:, unit].T
        named, local = np.unique(sequence, return_inverse=True)
        names = arrow.texts([self._names[row] for row in rows[named].tolist()])
        task = np.tile(np.arange(tasks, dtype=np.int32), len(unit))
        self._waiting.append(
            pa.table(
                [
                    arrow.numbers(np.repeat(unit.astype(np.int32) + 1, tasks)),
                    pa.DictionaryArray.from_arrays(arrow.numbers(task), self._tasks),
                    pa.DictionaryArray.from_arrays(
                        arrow.numbers(np.repeat(local.astype(np.int32), tasks)), names
                    ),
                    arrow.numbers(np.full(values.size, strand, dtype=np.int8)),
                    arrow.numbers(values.ravel()),
                ],
                schema=SCHEMA,
            )
        )
        self._rows += values.size
        if self._rows >= ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            table = pa.concat_tables(self._waiting).unify_dictionaries()
            self._writer.write_table(table, row_group_size=ROW_GROUP)
        self._waiting, self._rows = [], 0
