"""The files of judged variants: TSV and Parquet, and what the report shows of them."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nfexplainn import METADATA_KEY
from nfexplainn.analyses.variants.alleles import Allele
from nfexplainn.analyses.variants.score import Effects, leading_parts
from nfexplainn.analyses.variants.sites import Sites
from nfexplainn.interpret.motif_rows import OTHER, Floats, MotifRows
from nfexplainn.io import arrow
from nfexplainn.io.tsv import tsv_text

PARTS = 3  # that are told apart in TSV and VCF
STRONGEST = 20
COLUMNS = (
    *("chrom", "pos", "id", "ref", "alt", "kind", "task", "logit_ref", "logit_alt", "delta"),
    *("delta_min", "delta_max", "percentile", "site_change", "site_ref", "site_alt"),
    *(f"{what}_{number}" for number in range(1, PARTS + 1) for what in ("motif", "part")),
    "rest",
)
STRONGEST_COLUMNS = (*COLUMNS, "row", "word_ref", "word_alt")


@dataclass(frozen=True)
class Judged:
    """Some alleles with all that is told of them.

    Attributes
    ----------
    alleles : list of Allele
    kinds : list of str
    effects : Effects
    percentile : float64 array, shape (n, tasks)
    leading : int64 array, shape (n, tasks, at most PARTS)
        Rows with the largest parts; -1: none.
    sites : list of list of Sites
        Of the first of them, by allele and task.
    """

    alleles: list[Allele]
    kinds: list[str]
    effects: Effects
    percentile: Floats
    leading: NDArray[np.int64]
    sites: list[list[Sites]]


@dataclass(frozen=True)
class Line:
    """What is told of an allele in a task, as TSV and VCF hold it.

    Attributes
    ----------
    logits : tuple of float
        Of the reference and of the alternative.
    delta : tuple of float
        Mean, least and largest over the replicates.
    percentile : float
    sites : Sites
    parts : list of (str, float)
        At most three motifs, by their names, with their parts.
    rest : float
        All other parts together.
    row : int
        The leading row; -1: none.
    """

    logits: tuple[float, float]
    delta: tuple[float, float, float]
    percentile: float
    sites: Sites
    parts: list[tuple[str, float]]
    rest: float
    row: int

    def cells(self) -> list[object]:
        """Give the cells of a row, without those that tell the variant and the task."""
        padded = [*self.parts, *[("", float("nan"))] * (PARTS - len(self.parts))]
        return [
            *self.logits,
            *self.delta,
            self.percentile,
            self.sites.change,
            self.sites.reference,
            self.sites.alternative,
            *(cell for pair in padded for cell in pair),
            self.rest,
        ]


def lines_of(judged: Judged, rows: MotifRows) -> list[list[Line]]:
    """Tell what is found, by allele and task."""
    effects, delta = judged.effects, judged.effects.delta
    low, high = effects.by_replicate.min(axis=0), effects.by_replicate.max(axis=0)
    found = []
    for at in range(len(judged.alleles)):
        of_tasks = []
        for task in range(delta.shape[1]):
            chosen = [row for row in judged.leading[at, task].tolist() if row >= 0]
            parts = [(rows.labels[row], float(effects.parts[at, task, row])) for row in chosen]
            logit, change = float(effects.reference[at, task]), float(delta[at, task])
            of_tasks.append(
                Line(
                    (logit, logit + change),
                    (change, float(low[at, task]), float(high[at, task])),
                    float(judged.percentile[at, task]),
                    judged.sites[at][task],
                    parts,
                    change - sum(part for _, part in parts),
                    chosen[0] if chosen else -1,
                )
            )
        found.append(of_tasks)
    return found


def leading_of(effects: Effects) -> NDArray[np.int64]:
    """Give the rows that are told apart, int64 (n, tasks, at most PARTS)."""
    return leading_parts(effects.parts, PARTS)


class VariantWriter:
    """Write ``M.variants.tsv`` and ``M.variants.parquet``, a chunk at a time.

    Use as a context manager: the files appear under their names only when all went well.

    Parameters
    ----------
    prefix : path
        ``.../D.<model>``
    tasks : sequence of str
    rows : MotifRows
    """

    def __init__(self, prefix: str | Path, tasks: Sequence[str], rows: MotifRows) -> None:
        self._prefix, self._tasks, self._rows = Path(prefix), list(tasks), rows
        self._best: list[tuple[float, int, list[object]]] = []
        self._count = 0
        names = dict(zip((*rows.ids, OTHER), (*rows.labels, OTHER), strict=True))
        fields = [(name, pa.string()) for name in ("chrom", "id", "ref", "alt", "kind", "task")]
        fields += [("pos", pa.int64())]
        fields += [(name, pa.float32()) for name in _NUMBERS]
        fields += [(name, pa.string()) for name in ("motif", "site_change", "site_ref", "site_alt")]
        fields += [(f"part:{row}", pa.float32()) for row in names]
        self._schema = pa.schema(
            fields, metadata={METADATA_KEY: json.dumps({"motifs": names}, sort_keys=True)}
        )

    def _path(self, ending: str) -> Path:
        return self._prefix.with_name(f"{self._prefix.name}.{ending}")

    def __enter__(self) -> VariantWriter:
        """Open the temporary files."""
        self._parts = [self._path("variants.tsv.part"), self._path("variants.parquet.part")]
        self._table: TextIO = self._parts[0].open("w", encoding="utf-8", newline="\n")
        self._table.write(tsv_text([COLUMNS]))
        self._parquet = pq.ParquetWriter(str(self._parts[1]), self._schema, compression="zstd")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the files in their places, or remove them after an error."""
        self._table.close()
        self._parquet.close()
        for part in self._parts:
            if kind is None:
                part.replace(part.with_suffix(""))
            else:
                part.unlink(missing_ok=True)

    def add(self, judged: Judged, lines: Sequence[Sequence[Line]]) -> None:
        """Write a chunk."""
        self._table.write(tsv_text(self._cells(judged, lines)))
        self._parquet.write_table(self._arrow(judged, lines))

    def strongest(self) -> list[list[object]]:
        """Give the rows of the variants with the largest effects in any task, largest first.

        Cells as :data:`STRONGEST_COLUMNS`: the last three are the id of the leading row,
        and what its unit reads without and with the change.
        """
        ranked = sorted(self._best, key=lambda one: (-one[0], -one[1]))
        return [cells for _, _, cells in ranked]

    def _cells(self, judged: Judged, lines: Sequence[Sequence[Line]]) -> Iterator[list[object]]:
        for allele, kind, of_tasks in zip(judged.alleles, judged.kinds, lines, strict=True):
            place = [allele.chrom, allele.position, allele.id, allele.ref, allele.alt, kind]
            best: tuple[float, list[object]] | None = None
            for task, line in zip(self._tasks, of_tasks, strict=True):
                cells = [*place, task, *line.cells()]
                size = abs(line.delta[0])
                if best is None or size > best[0]:
                    row = self._rows.ids[line.row] if line.row >= 0 else ""
                    best = size, [*cells, row, *line.sites.words]
                yield cells
            self._count += 1
            if best is not None:  # earlier ones of equal size go first
                heapq.heappush(self._best, (best[0], -self._count, best[1]))
                if len(self._best) > STRONGEST:
                    heapq.heappop(self._best)

    def _arrow(self, judged: Judged, lines: Sequence[Sequence[Line]]) -> pa.Table:
        tasks, flat = len(self._tasks), [line for of_tasks in lines for line in of_tasks]
        alleles = [allele for allele in judged.alleles for _ in range(tasks)]
        kinds = [kind for kind in judged.kinds for _ in range(tasks)]
        texts = [[getattr(one, key) for one in alleles] for key in ("chrom", "id", "ref", "alt")]
        texts += [kinds, self._tasks * len(judged.alleles)]
        values = np.array(
            [[*one.logits, *one.delta, one.percentile] for one in flat], dtype=np.float32
        ).reshape(-1, len(_NUMBERS))
        parts = judged.effects.parts.reshape(len(flat), -1).astype(np.float32)
        said = [
            [one.parts[0][0] if one.parts else "" for one in flat],
            [one.sites.change for one in flat],
            [str(one.sites.reference or "") for one in flat],
            [str(one.sites.alternative or "") for one in flat],
        ]
        columns = [arrow.texts(text) for text in texts]
        columns.append(arrow.numbers(np.array([one.position for one in alleles], dtype=np.int64)))
        columns += [arrow.floats(np.ascontiguousarray(column)) for column in values.T]
        columns += [arrow.texts(text) for text in said]
        columns += [arrow.floats(np.ascontiguousarray(column)) for column in parts.T]
        return pa.table(columns, schema=self._schema)


_NUMBERS = ("logit_ref", "logit_alt", "delta", "delta_min", "delta_max", "percentile")
