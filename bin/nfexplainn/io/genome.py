"""A genome: index its FASTA, and cut windows out of it by random access.

A plain FASTA is mapped into memory and read in place, so cutting a window costs its own bases
whatever the genome's size. Of a FASTA compressed with bgzip only the blocks needed are unpacked.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.errors import UserError
from nfexplainn.io.bgzip import BgzipReader
from nfexplainn.io.compression import is_bgzip, is_gzip, open_unpacked
from nfexplainn.io.faidx import FaidxRecord, build_index, read_index, write_index
from nfexplainn.io.reading import reading
from nfexplainn.io.text import open_binary, sha256

Ints = NDArray[np.int64]
# Chromosomes lie end to end on one axis with a gap between them, so that intervals of all
# chromosomes are compared at once and never touch a neighbour.
_GAP = 1_000_000
# Bases looked up at once.
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Genome:
    """An indexed FASTA.

    Attributes
    ----------
    name : str
        What the user called it.
    path : Path
    records : tuple of FaidxRecord
    compressed : bool
        Whether the file is bgzip.
    """

    name: str
    path: Path
    records: tuple[FaidxRecord, ...]
    compressed: bool

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Chromosome names in the file's order."""
        return tuple(record.name for record in self.records)

    @cached_property
    def sizes(self) -> Ints:
        """Chromosome lengths in bp, shape (chromosomes,)."""
        return np.array([record.length for record in self.records], dtype=np.int64)

    @cached_property
    def axis(self) -> Ints:
        """Where each chromosome begins on the common axis, shape (chromosomes,)."""
        return np.concatenate([[0], np.cumsum(self.sizes + _GAP)[:-1]]).astype(np.int64)

    @cached_property
    def _layout(self) -> tuple[Ints, Ints, Ints]:
        """Where each record's bases begin in the file, and its bases and bytes per line."""
        offset, bases, stride = (
            np.array([getattr(record, field) for record in self.records], dtype=np.int64)
            for field in ("offset", "bases", "stride")
        )
        return offset, bases, stride

    @cached_property
    def _needed(self) -> int:
        """Give the least size in bytes of a plain FASTA that holds all bases."""
        offset, bases, stride = self._layout
        end = np.maximum(self.sizes - 1, 0)
        return int((offset + end + end // bases * (stride - bases)).max(initial=-1)) + 1

    def fetch(
        self, chrom: NDArray[np.integer], start: Ints, width: int, flank: int = 0
    ) -> dna.Codes:
        """Cut windows of one width; they must lie within their chromosomes.

        Parameters
        ----------
        chrom : integer array, shape (n,)
            Position in ``names``.
        start : int64 array, shape (n,)
        width : int
        flank : int
            Bases to add on either side; N beyond the ends of the chromosome.

        Returns
        -------
        uint8 array, shape (n, width + 2 * flank)

        Raises
        ------
        UserError
            If the file ends before its index does.
        """
        chrom = np.asarray(chrom, dtype=np.intp)
        sizes = self.sizes
        if len(start) and (start.min() < 0 or (start + width > sizes[chrom]).any()):
            raise ValueError("a window extends beyond the end of its chromosome")
        # In the file's order, so that the disk is read forwards.
        order = np.argsort(self.axis[chrom] + start, kind="stable")
        first_base, wide = start - flank, width + 2 * flank
        out = np.full((len(start), wide), dna.N_CODE, dtype=np.uint8)
        if self.compressed:
            self._fetch_compressed(chrom, first_base, order, out)
            return out
        letters = np.memmap(self.path, dtype=np.uint8, mode="r")
        offset, bases, stride = self._layout
        if self._needed > len(letters):
            raise UserError(
                f"{self.name}: the file is shorter than its index says; it has changed since:"
                " download it again and rerun."
            )
        step = max(1, _CHUNK // max(1, wide))
        for first in range(0, len(start), step):
            rows = order[first : first + step]
            code = chrom[rows]
            place = first_base[rows, None] + np.arange(wide)
            last = sizes[code, None] - 1
            over = bool((place[:, :1] < 0).any() or (place[:, -1:] > last).any())
            position = np.clip(place, 0, last) if over else place
            line = position // bases[code, None]
            line *= (stride - bases)[code, None]
            line += position + offset[code, None]
            found = dna.encode_letters(letters[line])
            if over:
                found[position != place] = dna.N_CODE
            out[rows] = found
        return out

    def _fetch_compressed(
        self,
        chrom: NDArray[np.integer],
        start: Ints,
        order: NDArray[np.intp],
        out: dna.Codes,
    ) -> None:
        """Cut windows out of a bgzip FASTA, one after another, in the file's order."""
        wide = out.shape[1]
        with BgzipReader(self.path, self.name) as reader:
            for row in order.tolist():
                record = self.records[int(chrom[row])]
                begin = int(start[row])
                at = max(0, -begin)
                position = np.arange(begin + at, min(begin + wide, record.length))
                place = position + position // record.bases * (record.stride - record.bases)
                first = record.offset + int(place[0])
                raw = reader.read(first, record.offset + int(place[-1]) + 1)
                letters = np.frombuffer(raw, dtype=np.uint8)
                found = dna.encode_letters(letters[place - place[0]])
                out[row, at : at + len(found)] = found


def open_genome(path: str | Path, name: str) -> Genome:
    """Open a genome that :func:`index_genome` has indexed; a plain FASTA may lack its index.

    Raises
    ------
    UserError
        If the file is missing, no FASTA, or compressed with plain gzip.
    """
    path = Path(path)
    with open_binary(path, name):
        pass
    compressed = is_gzip(path)
    index = Path(f"{path}.fai")
    if compressed and not (is_bgzip(path) and index.exists() and Path(f"{path}.gzi").exists()):
        raise UserError(
            f"{name}: this compressed genome has no index; unpack it with 'gunzip',"
            " or run index_genome.py on it first."
        )
    records = read_index(index, name) if index.exists() else build_index(path, name)
    return Genome(name, path, tuple(records), compressed)


def index_genome(path: str | Path, name: str, out: str | Path) -> Path:
    """Make a genome ready for random access.

    Plain gzip, bzip2, xz or ZIP is unpacked to ``out``; a plain or bgzip FASTA stays where it is.
    Beside the file that results lie afterwards its ``.fai``, with bgzip its ``.gzi``, and its
    ``.sha256``.

    Returns
    -------
    Path
        The FASTA to use: ``out`` or ``path``.

    Raises
    ------
    UserError
        If the file is missing, empty, damaged, or no well-formed FASTA of DNA.
    """
    path, out = Path(path), Path(out)
    with open_binary(path, name):
        pass
    genome = path
    if not is_bgzip(path) and _unpack(path, name, out):
        genome = out
    try:
        # A bgzip file is checked through its unpacked stream; the offsets are those that both
        # .fai and .gzi speak of.
        records = build_index(genome, name)
    except UserError:
        if genome == out:
            out.unlink(missing_ok=True)
        raise
    write_index(records, Path(f"{genome}.fai"))
    if is_gzip(genome):
        from pyfaidx import Faidx

        with reading(name, "its bgzip blocks cannot be listed"):
            Faidx(str(genome), rebuild=False, build_index=True).close()
    Path(f"{genome}.sha256").write_text(sha256(genome) + "\n")
    return genome


def _unpack(path: Path, name: str, out: Path) -> bool:
    """Unpack to a file that appears only when it is whole; tell whether there was a need to."""
    part = out.with_name(out.name + ".part")
    try:
        with reading(name):
            packed = open_unpacked(path)
            if packed is None:
                return False
            with packed, part.open("wb") as plain:
                shutil.copyfileobj(packed, plain, 1 << 22)
        part.replace(out)
        return True
    finally:
        part.unlink(missing_ok=True)


def genome_sha256(genome: Genome) -> str:
    """Sha256 of the genome's file, from beside it where :func:`index_genome` left it."""
    note = Path(f"{genome.path}.sha256")
    if note.exists():
        return note.read_text().strip()
    return sha256(genome.path)
