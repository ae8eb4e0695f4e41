"""Alleles of variants: which can be judged, held against the genome, and their files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.analyses.variants.changes import Change, trimmed
from nfexplainn.errors import UserError
from nfexplainn.io import arrow
from nfexplainn.io.chromosomes import map_chromosomes
from nfexplainn.io.genome import Genome
from nfexplainn.io.reading import reading
from nfexplainn.io.tsv import tsv_text
from nfexplainn.io.variant_files import VariantRecord

# Why an allele is left out.
NO_ALT = "no ALT allele"
SYMBOLIC = "ALT is symbolic, a breakend or *"
NO_BASES = "ALT holds letters other than A, C, G, T"
SAME = "ALT equals REF"
TOO_LONG = "longer than the model's window"
NO_CHROMOSOME = "chromosome not in the genome"
BEYOND = "beyond the end of its chromosome"
MISMATCH = "REF differs from the genome"
OVER_END = "window over the end of its chromosome"
LEFT_OUT_COLUMNS = ("record", "chrom", "pos", "id", "ref", "alt", "reason")

# Above this share of mismatches the genome, or the strand, is another.
MUCH = 0.1
# Of mismatches that would fit one base on: then positions count from 0. By chance it is a third.
ALL_BUT_FEW = 0.9
_CHUNK = 1 << 13
_SCHEMA = pa.schema(
    [
        ("record", pa.int64()),
        ("allele", pa.int32()),
        ("chrom", pa.dictionary(pa.int32(), pa.string())),
        ("pos", pa.int64()),
        ("id", pa.string()),
        ("ref", pa.string()),
        ("alt", pa.string()),
    ]
)


@dataclass(frozen=True)
class Allele:
    """One ALT allele of a record.

    Attributes
    ----------
    record : int
        Number of the record, from 1.
    number : int
        Of the ALT, from 1.
    chrom : str
    position : int
        From 1, as the file has it.
    id, ref, alt : str
    """

    record: int
    number: int
    chrom: str
    position: int
    id: str
    ref: str
    alt: str

    @property
    def change(self) -> Change:
        """What it changes, without the bases that REF and ALT share."""
        return trimmed(self.position - 1, self.ref, self.alt)


@dataclass
class Tally:
    """What was read, and what of it could not be judged.

    Attributes
    ----------
    records, alleles, judged : int
    left_out : Counter of str
        By reason.
    names : Counter of str
        Records on each chromosome.
    checked, turned, late : int
        Alleles whose REF was held against the genome; those where the other strand would fit, or
        the next base.
    """

    records: int = 0
    alleles: int = 0
    judged: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    checked: int = 0
    turned: int = 0
    late: int = 0

    def note(self, genome: str) -> str:
        """Say what so many mismatches mean, '' where there are few."""
        wrong = self.left_out[MISMATCH]
        if wrong <= MUCH * self.checked:
            return ""
        if self.late > ALL_BUT_FEW * wrong:
            reason = "it matches one base further on: positions are 1-based here, so add 1 to each"
        elif self.turned > wrong / 2:
            reason = (
                "most match the other strand: write alleles for the forward strand (bcftools norm"
                " --check-ref s)"
            )
        else:
            reason = (
                "the variants may be of another assembly: give the genome that they were called"
                " on, or lift them over"
            )
        return (
            f"REF differs from the genome {genome} in {wrong:,} of {self.checked:,} alleles;"
            f" {reason}."
        )


class Checker:
    """Hold alleles against a genome, a chunk at a time.

    Parameters
    ----------
    name : str
        The file as the user wrote it.
    genome : Genome
    length : int
        Of the model's windows, in bp.
    offsets : sequence of int
        See :class:`~nfexplainn.analyses.variants.options.VariantOptions`.
    """

    def __init__(self, name: str, genome: Genome, length: int, offsets: Sequence[int]) -> None:
        self._name, self._genome = name, genome
        self._length, self._offsets = length, offsets
        self._codes = {text: code for code, text in enumerate(genome.names)}
        self._sizes = genome.sizes
        self.tally = Tally()

    def check(
        self, records: Sequence[VariantRecord]
    ) -> tuple[list[Allele], list[tuple[Allele, str]]]:
        """Give the alleles that can be judged, and the others with the reason."""
        alleles: list[Allele] = []
        for record in records:
            self.tally.records += 1
            self.tally.names[record.chrom] += 1
            for number, alt in enumerate(record.alts or (".",), 1):
                place = record.chrom, record.position, record.id, record.ref
                alleles.append(Allele(record.number, number, *place, alt))
        reasons = [self._reason(allele) for allele in alleles]
        self._check_reference(alleles, reasons)
        kept = [one for one, why in zip(alleles, reasons, strict=True) if not why]
        out = [(one, why) for one, why in zip(alleles, reasons, strict=True) if why]
        self.tally.alleles += len(alleles)
        self.tally.judged += len(kept)
        self.tally.left_out.update(why for _, why in out)
        return kept, out

    def finish(self) -> None:
        """Judge the file as a whole.

        Raises
        ------
        UserError
            If it has no record, its chromosomes have other names than the genome's, or no allele
            can be judged.
        """
        tally = self.tally
        if not tally.records:
            raise UserError(f"{self._name}: this file has no variant; give a file with variants.")
        names = list(tally.names)
        counts = [tally.names[name] for name in names]
        way_out = "give the genome that the variants were called on"
        map_chromosomes(
            self._name, names, counts, self._codes, self._genome.name, way_out, "variants"
        )
        if not tally.judged:
            reason, count = tally.left_out.most_common(1)[0]
            note = tally.note(self._genome.name)
            raise UserError(
                f"{self._name}: none of its {tally.alleles:,} alleles can be scored ({reason}:"
                f" {count:,}). {note}".rstrip()
                if note
                else f"{self._name}: none of its {tally.alleles:,} alleles can be scored"
                f" ({reason}: {count:,}); give others."
            )

    def _reason(self, allele: Allele) -> str:
        """Say why an allele cannot be judged, by all but the genome's bases."""
        alt = allele.alt
        if alt in (".", ""):
            return NO_ALT
        if not alt.isalpha():
            return SYMBOLIC
        if not set(alt) <= set(dna.ALPHABET):
            return NO_BASES
        if alt == allele.ref:
            return SAME
        code = self._codes.get(allele.chrom)
        if code is None:
            return NO_CHROMOSOME
        size = int(self._sizes[code])
        if allele.position < 1 or allele.position - 1 + len(allele.ref) > size:
            return BEYOND
        change = allele.change
        if max(change.removed, len(change.added)) >= self._length:
            return TOO_LONG
        for offset in self._offsets:
            first, last = change.needs(self._length, offset)
            if not change.inside(self._length, offset):
                return TOO_LONG
            if first < 0 or last > size:
                return OVER_END
        return ""

    def _check_reference(self, alleles: Sequence[Allele], reasons: list[str]) -> None:
        """Hold REF against the genome; a letter for several bases fits each of them."""
        open_ = [at for at, why in enumerate(reasons) if not why or why == OVER_END]
        if not open_:
            return
        widths = np.array([len(alleles[at].ref) for at in open_])
        chrom = np.array([self._codes[alleles[at].chrom] for at in open_])
        start = np.array([alleles[at].position - 1 for at in open_], dtype=np.int64)
        for width in np.unique(widths).tolist():
            rows = np.flatnonzero(widths == width)
            wide = self._genome.fetch(chrom[rows], start[rows], width, 1)
            there = wide[:, 1:-1]
            given = _may_be([alleles[open_[row]].ref for row in rows.tolist()])
            fits = _fits(given, there)
            turned = _fits(_turned(given), there) & ~fits
            self.tally.checked += len(rows)
            self.tally.turned += int(turned.sum())
            self.tally.late += int((_fits(given, wide[:, 2:]) & ~fits).sum())
            for row in rows[~fits].tolist():
                reasons[open_[row]] = MISMATCH


def _fits(given: NDArray[np.uint8], there: dna.Codes) -> NDArray[np.bool_]:
    """Tell which REF may be what the genome has there, whose N fits any letter for bases."""
    return np.asarray(((given & _MAY_BE[there]) > 0).all(axis=1))


def _may_be(bases: Sequence[str]) -> NDArray[np.uint8]:
    """Give the bases that each letter stands for, a bit each as in :data:`nfexplainn.dna.IUPAC`."""
    letters = np.frombuffer("".join(bases).encode("ascii", "replace"), dtype=np.uint8)
    return _OF_LETTER[letters].reshape(len(bases), -1)


def _turned(given: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give the other strand's: A, C, G and T are bits from 1 to 8."""
    return np.asarray(_OTHER_STRAND[given][:, ::-1])


_OF_LETTER = np.zeros(256, dtype=np.uint8)
_OF_LETTER[np.frombuffer(dna.IUPAC.encode(), dtype=np.uint8)] = range(len(dna.IUPAC))
_MAY_BE = _OF_LETTER[np.frombuffer(f"{dna.ALPHABET}N".encode(), dtype=np.uint8)]
_OTHER_STRAND = np.array([int(f"{bits:04b}"[::-1], 2) for bits in range(16)], dtype=np.uint8)


def check_file(
    records: Iterable[VariantRecord], checker: Checker, alleles: str | Path, left_out: str | Path
) -> Tally:
    """Write the alleles that can be judged (Parquet), and the others with reasons (TSV).

    Raises
    ------
    UserError
        As for :meth:`Checker.finish`, and what reading the records raises.
    """
    stream = iter(records)
    path, table = Path(alleles), Path(left_out)
    part, other = (file.with_name(file.name + ".part") for file in (path, table))
    try:
        with (
            pq.ParquetWriter(str(part), _SCHEMA, compression="zstd") as writer,
            other.open("w", encoding="utf-8", newline="\n") as out,
        ):
            out.write(tsv_text([LEFT_OUT_COLUMNS]))
            while chunk := list(islice(stream, _CHUNK)):
                kept, dropped = checker.check(chunk)
                if kept:
                    writer.write_table(_table(kept))
                out.write(
                    tsv_text(
                        (one.record, one.chrom, one.position, one.id, one.ref, one.alt, why)
                        for one, why in dropped
                    )
                )
        checker.finish()
        part.replace(path)
        other.replace(table)
    finally:
        part.unlink(missing_ok=True)
        other.unlink(missing_ok=True)
    return checker.tally


def _table(alleles: Sequence[Allele]) -> pa.Table:
    columns = [
        arrow.numbers(np.array([one.record for one in alleles], dtype=np.int64)),
        arrow.numbers(np.array([one.number for one in alleles], dtype=np.int32)),
        arrow.words([one.chrom for one in alleles]),
        arrow.numbers(np.array([one.position for one in alleles], dtype=np.int64)),
        *(arrow.texts([getattr(one, key) for one in alleles]) for key in ("id", "ref", "alt")),
    ]
    return pa.table(columns, schema=_SCHEMA)


def read_alleles(path: str | Path, size: int) -> Iterator[list[Allele]]:
    """Read what :func:`check_file` wrote, about ``size`` alleles at a time.

    All alleles of a record come together: what is written of it is one line of VCF.

    Raises
    ------
    UserError
        If the file is damaged.
    """
    with reading(str(path), "the variants cannot be read", "make them again"):
        file = pq.ParquetFile(str(path))
        held: list[Allele] = []
        for group in range(file.num_row_groups):
            for batch in file.read_row_group(group, use_threads=False).to_batches(size):
                columns = [batch.column(at).to_pylist() for at in range(batch.num_columns)]
                held += [Allele(*cells) for cells in zip(*columns, strict=True)]
                whole = sum(one.record != held[-1].record for one in held)
                if whole:
                    yield held[:whole]
                    held = held[whole:]
        if held:
            yield held


def count_alleles(path: str | Path) -> int:
    """Give the number of alleles in a file of :func:`check_file`."""
    with reading(str(path), "the variants cannot be read", "make them again"):
        return int(pq.ParquetFile(str(path)).metadata.num_rows)
