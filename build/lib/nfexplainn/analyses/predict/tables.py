"""The files of predictions: one row per model and sequence, as Parquet and as a table."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nfexplainn.analyses.explain.sequences import Located
from nfexplainn.io import arrow
from nfexplainn.io.tsv import tsv_text
from nfexplainn.results.ensemble import Prediction

_ROWS = 65536
_CELLS = 1 << 20
"""Numbers of the table that are held as text at a time."""
_PLACE = ("chrom", "start", "end", "strand")


class PredictionWriter:
    """Write ``<prefix>.predicted.parquet`` and ``<prefix>.predicted.tsv``, model by model.

    Both have ``model name chrom start end strand likeness`` and, per task, ``mean low high`` over
    the replicates and, but for values, ``probability``; the Parquet file also the logits of each
    replicate, ``logit:<task>:r<number>`` (null where a model has no such replicate). Use as a
    context manager: the files appear under their names only when all went well.

    Parameters
    ----------
    prefix : Path
    located : Located
    likeness : float64 array, shape (n,), or None
    """

    def __init__(
        self, prefix: Path, located: Located, likeness: NDArray[np.float64] | None
    ) -> None:
        self._prefix, self._located = prefix, located
        nothing = np.full(len(located), np.nan)
        self._likeness = (nothing if likeness is None else likeness).astype(np.float32)
        self._found: list[tuple[str, Prediction]] = []

    def __enter__(self) -> PredictionWriter:
        """Begin; nothing is written before the end."""
        return self

    def add(self, model: str, found: Prediction) -> None:
        """Take in what a model predicts."""
        self._found.append((model, found))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write both files, if nothing went wrong."""
        if kind is None:
            self._write_parquet()
            self._write_table()

    def _part(self, ending: str) -> Path:
        return self._prefix.with_name(f"{self._prefix.name}.predicted.{ending}.part")

    @property
    def _width(self) -> int:
        """Length of the sequences themselves, without the N on both sides."""
        return int(self._located.codes.shape[1]) - 2 * self._located.pad

    @cached_property
    def _placed(self) -> NDArray[np.bool_]:
        """Tell which sequences have a place on a chromosome: the others are called by their own."""
        pairs = zip(self._located.chrom, self._located.names, strict=True)
        return np.fromiter((chrom != name for chrom, name in pairs), bool, len(self._located))

    def _write_parquet(self) -> None:
        columns: dict[str, None] = {}
        for _, found in self._found:
            columns |= dict.fromkeys(found.columns(replicates=True))
        text, number = pa.string(), pa.float32()
        fields = [("model", pa.dictionary(pa.int32(), text)), ("name", text), ("chrom", text)]
        fields += [("start", pa.int64()), ("end", pa.int64()), ("strand", pa.int8())]
        fields += [("likeness", number), *((column, number) for column in columns)]
        schema = pa.schema(fields)
        part = self._part("parquet")
        with pq.ParquetWriter(str(part), schema, compression="zstd") as writer:
            for model, found in self._found:
                own = found.columns(replicates=True)
                for first in range(0, len(self._located), _ROWS):
                    at = slice(first, first + _ROWS)
                    head = self._head(model, at)
                    empty = pa.nulls(len(head[0]), number)
                    rest = [
                        arrow.floats(own[column][at]) if column in own else empty
                        for column in columns
                    ]
                    writer.write_table(pa.table([*head, *rest], schema=schema))
        part.replace(part.with_suffix(""))

    def _head(self, model: str, at: slice) -> list[pa.Array]:
        """Give the columns that are not predictions."""
        located, placed = self._located, self._placed[at]
        starts, width = located.start[at] + located.pad, self._width
        names = located.names[at]
        empty = ~placed
        return [
            arrow.words([model] * len(names)),
            arrow.texts(names),
            arrow.with_missing(arrow.texts(located.chrom[at]), empty),
            arrow.with_missing(arrow.numbers(starts), empty),
            arrow.with_missing(arrow.numbers(starts + width), empty),
            arrow.with_missing(arrow.numbers(located.strand[at]), empty),
            arrow.floats(self._likeness[at]),
        ]

    def _write_table(self) -> None:
        columns: dict[str, None] = {}
        for _, found in self._found:
            columns |= dict.fromkeys(found.columns())
        part = self._part("tsv")
        with part.open("w", encoding="utf-8", newline="\n") as out:
            out.write(tsv_text([("model", "name", *_PLACE, "likeness", *columns)]))
            for model, found in self._found:
                own = found.columns()
                given = [self._likeness, *(own.get(column) for column in columns)]
                step = max(1, min(_ROWS, _CELLS // len(given)))
                for first in range(0, len(self._located), step):
                    rows = range(first, min(first + step, len(self._located)))
                    nothing = np.full(len(rows), np.nan)
                    parts = [nothing if one is None else one[first : rows.stop] for one in given]
                    cells = np.stack(parts, axis=1).astype(np.float64).tolist()
                    out.write(
                        tsv_text(
                            (
                                model,
                                self._located.names[row],
                                *self._place(row),
                                *some,
                            )
                            for row, some in zip(rows, cells, strict=True)
                        )
                    )
        part.replace(part.with_suffix(""))

    def _place(self, row: int) -> tuple[object, ...]:
        if not self._placed[row]:
            return (None, None, None, None)
        start = int(self._located.start[row]) + self._located.pad
        sign = "-" if self._located.strand[row] < 0 else "+"
        return (self._located.chrom[row], start, start + self._width, sign)
