"""Where sites are looked for: a user's intervals or sequences, a genome, or the data set itself."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nfexplainn import METADATA_KEY, dna
from nfexplainn.data.dataset import Dataset
from nfexplainn.errors import UserError
from nfexplainn.io import arrow
from nfexplainn.io.chromosomes import map_chromosomes
from nfexplainn.io.coordinates import read_names
from nfexplainn.io.fasta import Fasta, read_fasta
from nfexplainn.io.genome import Genome
from nfexplainn.io.peak_files import read_peaks
from nfexplainn.io.reading import reading
from nfexplainn.io.sequence_table import find_sequence_column, read_sequence_table
from nfexplainn.io.text import read_lines
from nfexplainn.results.windows import Shape, pad_of

Ints = NDArray[np.int64]

FILE, GENOME, PEAKS = "file", "genome", "peaks"
"""What can be asked for: a file, the whole genome, the data set's own positives."""
NO_CHROMOSOME = "on a chromosome that the genome lacks, left out"
BEYOND = "over the end of the chromosome, left out"
WIDENED = "shorter than the model's window, widened to it"
SHORT = "shorter than the model's window, padded with N"
_WAY_OUT = "give the genome of the intervals"
_SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("chrom", pa.dictionary(pa.int32(), pa.string())),
        ("start", pa.int64()),
        ("end", pa.int64()),
    ]
)
_LINE = 60


@dataclass(frozen=True)
class Regions:
    """Regions in which sites are looked for, in the order of what the user gave.

    Attributes
    ----------
    names : list of str
        As they were given; not always unique.
    chrom : list of str
    start, end : int64 arrays, shape (n,)
        What is scanned, from 0, half-open.
    kind : {'file', 'genome', 'peaks'}
        What was asked for.
    sequences : bool
        Whether they are sequences of their own, not places in a genome.
    notes : mapping of str to int
        What was done to how many.
    """

    names: list[str]
    chrom: list[str]
    start: Ints
    end: Ints
    kind: str
    sequences: bool
    notes: Mapping[str, int]

    def __len__(self) -> int:
        """Give the number of regions."""
        return len(self.names)

    @classmethod
    def whole(cls, names: Sequence[str], lengths: Sequence[int] | Ints) -> Regions:
        """Take sequences whole."""
        end = np.asarray(lengths, dtype=np.int64)
        return cls(list(names), list(names), np.zeros_like(end), end, FILE, True, {})

    def codes(self, genome: Genome) -> Ints:
        """Give the positions of the chromosomes in the genome's names, int64, shape (n,)."""
        known = {name: code for code, name in enumerate(genome.names)}
        return np.array([known[name] for name in self.chrom], dtype=np.int64)


def regions_of_genome(genome: Genome) -> Regions:
    """Take every chromosome whole."""
    names = list(genome.names)
    return Regions(names, names, np.zeros(len(names), np.int64), genome.sizes, GENOME, False, {})


def read_regions(
    path: str | Path, name: str, shape: Shape, genome: Genome | None, fasta: str | Path
) -> Regions:
    """Read BED and its relatives, FASTA, or a table with a column of sequences, by their content.

    Intervals shorter than what the model reads are widened to it, round their summit or middle.
    Sequences are written as the genome in which the regions lie.

    Parameters
    ----------
    path : path
    name : str
        What the user called the file, for messages.
    shape : Shape
        What the model reads.
    genome : Genome or None
        Needed for intervals.
    fasta : path
        To write sequences to.

    Raises
    ------
    UserError
        If the file is none of these, holds a mistake, there is no genome for intervals, or nothing
        is left.
    """
    first = next((line for line in read_lines(path, name) if line.strip()), b"")
    if first[:1] in (b">", b";", b"@"):
        return _from_records(read_fasta(path, name), shape, fasta)
    if table := find_sequence_column(path, name):
        return _from_records(read_sequence_table(*table), shape, fasta)
    if genome is None:
        raise UserError(
            f"{name}: this file holds intervals, but there is no genome to read them from;"
            " give --genome (or the column genome), or the sequences themselves as FASTA."
        )
    peaks = read_peaks(path, name)
    codes = {text: code for code, text in enumerate(genome.names)}
    counts = np.bincount(peaks.chrom, minlength=len(peaks.chromosomes))
    table_of = map_chromosomes(name, peaks.chromosomes, counts, codes, genome.name, _WAY_OUT)
    chrom = table_of[peaks.chrom]
    known = chrom >= 0
    size = genome.sizes[np.where(known, chrom, 0)]
    inside = known & (peaks.start >= 0) & (peaks.end <= size)
    if not inside.any():
        raise UserError(
            f"{name}: all {len(peaks):,} intervals extend beyond the end of their chromosome in"
            f" {genome.name}; give the genome of the intervals."
        )
    start, end, short = _widened(peaks.start, peaks.end, peaks.summit, size, shape.inner)
    kept = np.flatnonzero(inside)
    where = [genome.names[code] for code in chrom[kept].tolist()]
    given = zip(where, peaks.start[kept].tolist(), peaks.end[kept].tolist(), strict=True)
    notes = {
        NO_CHROMOSOME: int((~known).sum()),
        BEYOND: int((known & ~inside).sum()),
        WIDENED: int(short[kept].sum()),
    }
    return Regions(
        [f"{chromosome}:{first}-{last}" for chromosome, first, last in given],
        where,
        start[kept],
        end[kept],
        FILE,
        False,
        _counted(notes),
    )


def _widened(
    start: Ints, end: Ints, summit: Ints, size: Ints, length: int
) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Widen what is shorter than a window to it, as far as its chromosome goes."""
    short = end - start < length
    begin = np.clip(summit - length // 2, 0, np.maximum(size - length, 0))
    first = np.where(short, np.minimum(begin, start), start)
    last = np.where(short, np.maximum(np.minimum(begin + length, size), end), end)
    return first, last, short


def _from_records(records: Fasta, shape: Shape, fasta: str | Path) -> Regions:
    lengths = records.lengths
    starts = records.offsets.tolist()
    texts = (
        dna.decode(records.codes[None, first:last])[0] for first, last in itertools.pairwise(starts)
    )
    write_fasta(fasta, zip(records.names, texts, strict=True))
    notes = {
        SHORT: int((lengths < shape.inner).sum()),
        "given twice, used once": records.merged,
        "with the name of another one, renamed name|2 and so on": records.renamed,
    }
    names = list(records.names)
    zeros = np.zeros(len(names), np.int64)
    return Regions(names, names, zeros, lengths, FILE, True, _counted(notes))


def regions_of_dataset(dataset: Dataset, genome: Genome | None, fasta: str | Path) -> Regions:
    """Take the data set's own sequences: those with a task, all where tasks are values.

    Where their names are places in the genome, and the genome has them there, they are intervals of
    it; else sequences.

    Raises
    ------
    UserError
        If no sequence has a task.
    """
    rows = np.arange(len(dataset))
    if dataset.meta.task_type != "regression":
        rows = np.flatnonzero((np.nan_to_num(dataset.labels) > 0.5).any(axis=1))
    if not len(rows):
        raise UserError(
            f"hits peaks: no sequence of {dataset.meta.id} has a label of 1; give a file of"
            " intervals, FASTA, or the word genome."
        )
    names = [dataset.names[row] for row in rows.tolist()]
    pad = pad_of(dataset.meta)
    codes = dataset.codes[rows][:, pad : dataset.codes.shape[1] - pad]
    if genome is not None and pad == 0:
        placed = _in_genome(names, codes, genome)
        if placed is not None:
            return placed
    write_fasta(fasta, zip(names, dna.decode(codes), strict=True))
    width = codes.shape[1]
    zeros = np.zeros(len(names), np.int64)
    return Regions(names, names, zeros, zeros + width, PEAKS, True, {})


def _in_genome(names: Sequence[str], codes: dna.Codes, genome: Genome) -> Regions | None:
    """Place sequences in the genome; None where one is not what the genome has there."""
    found = read_names(names)
    known = {name: code for code, name in enumerate(genome.names)}
    table = np.array([*(known.get(name, -1) for name in found.chromosomes), -1], dtype=np.int64)
    chrom = table[found.chrom]
    sizes = np.append(genome.sizes, 0)
    width = codes.shape[1]
    real = (found.parent < 0) & (chrom >= 0) & (found.end <= sizes[chrom])
    if not (real & (found.end - found.start == width)).all():
        return None
    there = genome.fetch(chrom, found.start, width)
    same = (codes == there).all(axis=1) | (dna.reverse_complement(codes) == there).all(axis=1)
    if not same.all():
        return None
    where = [genome.names[code] for code in chrom.tolist()]
    return Regions(list(names), where, found.start, found.end, PEAKS, False, {})


def write_fasta(path: str | Path, records: Iterable[tuple[str, str]]) -> None:
    """Write records, (name, sequence)."""
    with Path(path).open("w", encoding="latin-1", newline="\n") as out:
        for name, text in records:
            lines = (text[at : at + _LINE] for at in range(0, len(text), _LINE))
            out.write(f">{name}\n" + "\n".join(lines) + "\n")


def _counted(notes: Mapping[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in notes.items() if count}


def write_regions(regions: Regions, path: str | Path) -> None:
    """Write regions as Parquet; the same regions give the same bytes."""
    told = {"kind": regions.kind, "sequences": regions.sequences, "notes": dict(regions.notes)}
    meta = json.dumps(told, sort_keys=True)
    schema = _SCHEMA.with_metadata({METADATA_KEY: meta})
    path = Path(path)
    part = path.with_name(path.name + ".part")
    columns = [
        arrow.texts(regions.names),
        arrow.words(regions.chrom),
        arrow.numbers(regions.start),
        arrow.numbers(regions.end),
    ]
    pq.write_table(pa.table(columns, schema=schema), str(part), compression="zstd")
    part.replace(path)


def load_regions(path: str | Path) -> Regions:
    """Read what :func:`write_regions` wrote.

    Raises
    ------
    UserError
        If the file is damaged.
    """
    with reading(str(path), "the regions cannot be read", "make them again"):
        table = pq.ParquetFile(str(path)).read(use_threads=False)
        meta = json.loads((table.schema.metadata or {})[METADATA_KEY.encode()])
        return Regions(
            table.column("name").to_pylist(),
            table.column("chrom").to_pylist(),
            arrow.copy(table.column("start"), np.int64),
            arrow.copy(table.column("end"), np.int64),
            meta["kind"],
            meta["sequences"],
            meta["notes"],
        )
