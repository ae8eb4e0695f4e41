"""Sequences that a user asks a model about, cut to its length: FASTA, a table, or intervals."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nfexplainn import METADATA_KEY, dna
from nfexplainn.assays.common import PrepLog
from nfexplainn.assays.spec import Options, Spec
from nfexplainn.assays.windows import WindowReader
from nfexplainn.data.padding import pad_codes
from nfexplainn.errors import UserError
from nfexplainn.io import arrow
from nfexplainn.io.coordinates import COORDINATES, window_names
from nfexplainn.io.fasta import Fasta, read_fasta
from nfexplainn.io.genome import Genome
from nfexplainn.io.peak_files import read_peaks
from nfexplainn.io.reading import reading
from nfexplainn.io.sequence_table import find_sequence_column, read_sequence_table
from nfexplainn.io.text import read_lines
from nfexplainn.problems import ErrorCollector
from nfexplainn.results.windows import Shape

_GROUP_ROWS = 65536
_SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("sequence", pa.string()),
        ("chrom", pa.dictionary(pa.int32(), pa.string())),
        ("start", pa.int64()),
        ("strand", pa.int8()),
    ]
)


@dataclass(frozen=True)
class Located:
    """Sequences of one length, and where each lies.

    Attributes
    ----------
    names : list of str
        Unique.
    codes : uint8 array, shape (n, length)
    chrom : list of str
        The chromosome; the sequence's own name where its name is no coordinate.
    start : int64 array, shape (n,)
        Leftmost base of ``codes`` there, from 0; before the sequence where it is padded.
    strand : int8 array, shape (n,)
        1, or -1 where the sequence is the reverse complement of its chromosome.
    notes : mapping of str to int
        What was done to how many of the records: cut, left out, merged.
    pad : int
        N on both sides of each sequence, which are part of ``codes``.
    """

    names: list[str]
    codes: dna.Codes
    chrom: list[str]
    start: NDArray[np.int64]
    strand: NDArray[np.int8]
    notes: Mapping[str, int]
    pad: int = 0

    def __len__(self) -> int:
        """Give the number of sequences."""
        return len(self.names)


def read_sequences(
    path: str | Path, name: str, shape: Shape | int, genome: Genome | None
) -> Located:
    """Read FASTA, a table with a column of sequences, or BED and its relatives, by their content.

    A longer record gives its central bases, one as long as the assay's own those that training
    took; an interval those round its summit (of a narrowPeak) or middle. Names like
    ``chr1:100-300`` or ``chr1:100-300(-)`` of records of that very length are taken as their place
    in the genome.

    Parameters
    ----------
    path : path
    name : str
        What the user called the file, for messages.
    shape : Shape or int
        What the model reads, or its length in bp.
    genome : Genome or None
        Needed for intervals.

    Raises
    ------
    UserError
        If the file is none of these, holds a mistake, a record is too short, there is no genome
        for intervals, or nothing is left.
    """
    first = next((line for line in read_lines(path, name) if line.strip()), b"")
    shape = Shape(shape) if isinstance(shape, int) else shape
    if first[:1] in (b">", b";", b"@"):
        found = _from_records(read_fasta(path, name), name, shape)
    elif table := find_sequence_column(path, name):
        found = _from_records(read_sequence_table(*table), name, shape)
    else:
        found = _from_intervals(path, name, shape.inner, genome)
    pad = shape.pad
    padded = pad_codes(found.codes, pad)
    return dataclasses.replace(found, codes=padded, start=found.start - pad, pad=pad)


def _from_records(fasta: Fasta, name: str, shape: Shape) -> Located:
    length = shape.inner
    problems = ErrorCollector(name)
    lengths = fasta.lengths
    for row in np.flatnonzero(lengths < length).tolist():
        problems.add(
            f"the sequence '{fasta.names[row]}' has {lengths[row]} bp, but the model reads"
            f" {length}; give that many or more (of longer ones the middle is taken)."
        )
    problems.stop()
    cut = shape.first(lengths)
    whole = np.zeros(len(lengths), bool) if shape.raw is None else lengths == shape.raw[0]
    chrom, start = list(fasta.names), cut.copy()
    strand = np.ones(len(chrom), dtype=np.int8)
    for row, title in enumerate(fasta.names):
        match = COORDINATES.match(title)
        if match and int(match[3]) - int(match[2]) == lengths[row]:
            chrom[row] = match[1]
            if match[4] == "-":
                strand[row] = -1
                start[row] = int(match[3]) - cut[row] - length
            else:
                start[row] += int(match[2])
    notes = {
        "longer than the model's input, cut to the middle": int(
            ((lengths > length) & ~whole).sum()
        ),
        "as long as the assay's sequences, cut as these were": int(whole.sum()),
        "given twice, used once": fasta.merged,
        "with the name of another one, renamed name|2 and so on": fasta.renamed,
    }
    codes = fasta.cut(np.arange(len(chrom)), length, cut)
    return Located(list(fasta.names), codes, chrom, start, strand, _counted(notes))


def _from_intervals(path: str | Path, name: str, length: int, genome: Genome | None) -> Located:
    if genome is None:
        raise UserError(
            f"{name}: this file holds intervals, but there is no genome to read them from;"
            " give --genome (or the column genome), or the sequences themselves as FASTA."
        )
    peaks = read_peaks(path, name)
    options = Options(width=length)
    reader = WindowReader(Spec("explain", "explain", (), (), options), genome, PrepLog())
    chrom = reader.map_names(peaks)
    start = peaks.summit - length // 2
    known = chrom >= 0
    inside = known & (start >= 0) & (start + length <= genome.sizes[np.where(known, chrom, 0)])
    rows = np.flatnonzero(inside)
    _, earliest = np.unique(genome.axis[chrom[rows]] + start[rows], return_index=True)
    kept = rows[np.sort(earliest)]
    if not len(kept):
        raise UserError(
            f"{name}: none of its {len(peaks):,} intervals leaves a window of {length} bp within"
            f" a chromosome of {genome.name}; give the genome of the intervals."
        )
    where = chrom[kept]
    notes = {
        "on a chromosome that the genome lacks, left out": int((~known).sum()),
        "over the end of the chromosome, left out": int((known & ~inside).sum()),
        "the same window again, used once": len(rows) - len(kept),
    }
    return Located(
        window_names(genome.names, where, start[kept], length),
        genome.fetch(where, start[kept], length),
        [genome.names[code] for code in where.tolist()],
        start[kept].astype(np.int64),
        np.ones(len(kept), dtype=np.int8),
        _counted(notes),
    )


def _counted(notes: Mapping[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in notes.items() if count}


def write_located(found: Located, path: str | Path) -> None:
    """Write the sequences as Parquet; the same sequences give the same bytes."""
    meta = json.dumps({"notes": dict(found.notes), "pad": found.pad}, sort_keys=True)
    schema = _SCHEMA.with_metadata({METADATA_KEY: meta})
    path = Path(path)
    part = path.with_name(path.name + ".part")
    with pq.ParquetWriter(str(part), schema, compression="zstd") as writer:
        for first in range(0, len(found), _GROUP_ROWS):
            at = slice(first, first + _GROUP_ROWS)
            written = [
                arrow.texts(found.names[at]),
                arrow.texts(dna.decode(found.codes[at])),
                arrow.words(found.chrom[at]),
                arrow.numbers(found.start[at]),
                arrow.numbers(found.strand[at]),
            ]
            writer.write_table(pa.table(written, schema=schema))
    part.replace(path)


def read_located(path: str | Path) -> Located:
    """Read what :func:`write_located` wrote.

    Raises
    ------
    UserError
        If the file is damaged.
    """
    with reading(str(path), "the sequences cannot be read", "make them again"):
        table = pq.ParquetFile(str(path)).read(use_threads=False)
        meta = json.loads((table.schema.metadata or {})[METADATA_KEY.encode()])
        return Located(
            table.column("name").to_pylist(),
            dna.encode(table.column("sequence").to_pylist()),
            table.column("chrom").to_pylist(),
            arrow.copy(table.column("start"), np.int64),
            arrow.copy(table.column("strand"), np.int8),
            meta["notes"],
            meta["pad"],
        )
