"""The files of explained sequences: contributions (Parquet), hits (BED), predictions (TSV)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nfexplainn.analyses.explain.sequences import Located
from nfexplainn.analyses.explain.split import Split, Splitter
from nfexplainn.interpret.status import unit_name
from nfexplainn.io import arrow
from nfexplainn.io.tsv import tsv_text

SCHEMA = pa.schema(
    [
        ("sequence", pa.dictionary(pa.int32(), pa.string())),
        ("strand", pa.int8()),
        ("unit", pa.int32()),
        ("task", pa.dictionary(pa.int32(), pa.string())),
        ("contribution", pa.float32()),
        ("position", pa.int32()),
        ("activation", pa.float32()),
    ]
)
COLUMNS = ("sequence", "task", "logit", "bias", "n_units", "leading")
LEADING = 3
# As genome browsers colour: what raises a prediction, and what lowers it.
_RAISES, _LOWERS = "178,24,43", "33,102,172"
_BED_TOP = 1000


class ExplanationWriter:
    """Write everything of a model's splits, chunk by chunk.

    ``<prefix>.explained.parquet`` has a row per sequence, strand, unit and task whose contribution
    is not 0; with the bias, the contributions of a sequence and task sum to its logit. ``unit``
    counts from 1. ``<prefix>.explained.tsv`` has a row per sequence and task;
    ``<prefix>.hits.bed`` (BED9) one per window at or above its unit's threshold, coloured by the
    sign of the unit's largest contribution to any task, its score that contribution's size (1000:
    the largest of all).

    Use as a context manager: the files appear under their names only when all went well.

    Parameters
    ----------
    prefix : path
    splitter : Splitter
    tasks : sequence of str
    located : Located
    labels : mapping of str to str
        What units are called, by their names.
    """

    def __init__(
        self,
        prefix: str | Path,
        splitter: Splitter,
        tasks: Sequence[str],
        located: Located,
        labels: Mapping[str, str],
    ) -> None:
        self._prefix = Path(prefix)
        self._splitter, self._tasks, self._located = splitter, list(tasks), located
        self._names = [unit_name(unit) for unit in range(splitter.units)]
        self._labels = [labels.get(name, name) for name in self._names]
        self._bed: list[tuple[str, int, int, str, float, str]] = []

    def _path(self, ending: str) -> Path:
        return self._prefix.with_name(f"{self._prefix.name}.{ending}")

    def __enter__(self) -> ExplanationWriter:
        """Open the temporary files."""
        self._parquet_part = self._path("explained.parquet.part")
        self._table_part = self._path("explained.tsv.part")
        self._parquet = pq.ParquetWriter(self._parquet_part, SCHEMA, compression="zstd")
        self._table: TextIO = self._table_part.open("w", encoding="utf-8", newline="\n")
        self._table.write(tsv_text([COLUMNS]))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the files in their places, or remove them after an error."""
        self._parquet.close()
        self._table.close()
        for part in (self._parquet_part, self._table_part):
            if kind is None:
                part.replace(part.with_suffix(""))
            else:
                part.unlink(missing_ok=True)
        if kind is None:
            self._write_bed()

    def add(self, found: Split) -> NDArray[np.float64]:
        """Write a chunk; give its logits, float64 (n, tasks)."""
        logits = self._splitter.logits(found)
        contributions = found.outputs[..., None] * self._splitter.weights.T
        self._add_rows(found, contributions)
        self._add_hits(found, contributions)
        total = contributions.sum(axis=0)  # over the strands: (n, units, tasks)
        order = np.argsort(-np.abs(total), axis=1, kind="stable")[:, :LEADING]
        for at, row in enumerate(found.rows.tolist()):
            for column, task in enumerate(self._tasks):
                leading = [
                    f"{self._called(unit)}:{total[at, unit, column]:.4g}"
                    for unit in order[at, :, column].tolist()
                    if total[at, unit, column]
                ]
                cells = (
                    self._located.names[row],
                    task,
                    f"{logits[at, column]:.6g}",
                    f"{self._splitter.bias[column]:.6g}",
                    str(int(np.count_nonzero(total[at, :, column]))),
                    "; ".join(leading),
                )
                self._table.write(tsv_text([cells]))
        return logits

    def _called(self, unit: int) -> str:
        name, label = self._names[unit], self._labels[unit]
        return name if label == name else f"{label} ({name})"

    def _add_rows(self, found: Split, contributions: NDArray[np.float32]) -> None:
        # (strands, n, units, tasks) -> sequences in their order, both strands of one together
        strand, at, unit, task = (part for part in np.nonzero(contributions))
        order = np.lexsort((task, unit, strand, at))
        strand, at, unit, task = strand[order], at[order], unit[order], task[order]
        names = [self._located.names[row] for row in found.rows.tolist()]
        signs = np.array(found.strands, dtype=np.int8)
        self._parquet.write_table(
            pa.table(
                [
                    pa.DictionaryArray.from_arrays(
                        arrow.numbers(at.astype(np.int32)), arrow.texts(names)
                    ),
                    arrow.numbers(signs[strand]),
                    arrow.numbers(unit.astype(np.int32) + 1),
                    pa.DictionaryArray.from_arrays(
                        arrow.numbers(task.astype(np.int32)), arrow.texts(self._tasks)
                    ),
                    arrow.numbers(contributions[strand, at, unit, task]),
                    arrow.numbers(found.position[strand, at, unit]),
                    arrow.numbers(found.activation[strand, at, unit]),
                ],
                schema=SCHEMA,
            )
        )

    def _add_hits(self, found: Split, contributions: NDArray[np.float32]) -> None:
        length, width = self._located.codes.shape[1], self._splitter.width
        for strand, at, unit, left in found.hits.tolist():
            shares = contributions[strand, at, unit]
            share = float(shares[np.abs(shares).argmax()])
            if not share:
                continue
            row = int(found.rows[at])
            turned = self._located.strand[row] < 0
            start = int(self._located.start[row])
            start += length - left - width if turned else left
            sign = "+" if (found.strands[strand] > 0) != turned else "-"
            # A site may reach into the N before a sequence; a BED file's positions begin at 0.
            where = (self._located.chrom[row], max(start, 0), start + width)
            if where[2] <= 0:
                continue
            self._bed.append((*where, self._called(unit), share, sign))

    def _write_bed(self) -> None:
        """Sort the hits as genome browsers want them, and scale their scores."""
        largest = max((abs(hit[4]) for hit in self._bed), default=1.0)
        lines = []
        for chrom, start, end, name, share, sign in sorted(self._bed):
            score = round(_BED_TOP * abs(share) / largest)
            colour = _RAISES if share > 0 else _LOWERS
            text = name.replace(" (", "|").replace(")", "").replace(" ", "")
            cells = (chrom, start, end, text, score, sign, start, end, colour)
            lines.append("\t".join(map(str, cells)) + "\n")
        part = self._path("hits.bed.part")
        part.write_text("".join(lines), encoding="utf-8", newline="\n")
        part.replace(self._path("hits.bed"))
