"""The user's variants as VCF, with what was found in declared INFO fields; bgzip and tabix."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from nfexplainn.analyses.variants.alleles import Allele
from nfexplainn.analyses.variants.tables import PARTS, Judged, Line
from nfexplainn.errors import UserError
from nfexplainn.io.genome import Genome
from nfexplainn.io.reading import reading
from nfexplainn.io.variant_files import open_variants, variant_format

if TYPE_CHECKING:
    import pysam

MOST_TASKS = 3  # of an allele, those with the largest effects
FIELDS = (
    *("Allele", "Task", "Logit_ref", "Logit_alt", "Delta", "Delta_min", "Delta_max"),
    *("Percentile", "Change", "Site_ref", "Site_alt"),
    *(f"{what}_{number}" for number in range(1, PARTS + 1) for what in ("Motif", "Part")),
    "Rest",
)
_FLOAT, _TEXT = "Float", "String"
INFO = {
    "NFX_DELTA": ("A", _FLOAT, "Change of the logit in the task where it is largest"),
    "NFX_PERCENTILE": (
        *("A", _FLOAT),
        "Share in percent of random variants of this type with a smaller change in that task",
    ),
    "NFX_MOTIF": ("A", _TEXT, "Motif through which that task changes most"),
    "NFX_CHANGE": (
        *("A", _TEXT),
        "Change of that motif's site: created, destroyed, strengthened, weakened",
    ),
    "NFX": (
        *(".", _TEXT),
        f"At most {MOST_TASKS} tasks of every ALT, largest changes first: {'|'.join(FIELDS)}",
    ),
}
_OURS = re.compile(r"NFX(_[A-Z]+)?(=|$)")
_COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


class _File(Protocol):
    def write(self, data: bytes) -> int:
        """Take bytes."""

    def close(self) -> None:
        """End the file."""


class VcfWriter:
    """Write ``M.variants.vcf.gz`` and, where its records are in order, its index.

    Of a VCF or BCF all records are there, as they were, those that were judged with INFO fields
    more; of a table those that were judged.

    Use as a context manager: the file appears under its name only when all went well.

    Parameters
    ----------
    source : path
        The user's file.
    name : str
        What the user calls it.
    path : path
        To write to.
    genome : Genome
    tasks : sequence of str
    """

    def __init__(
        self, source: str | Path, name: str, path: str | Path, genome: Genome, tasks: Sequence[str]
    ) -> None:
        self._source, self._name, self._path = source, name, Path(path)
        self._genome, self._tasks = genome, [_plain(task) for task in tasks]
        self._part = self._path.with_name(self._path.name + ".part")
        self._records: Iterator[pysam.VariantRecord] | None = None
        self._number = 0
        self._last: tuple[str, int] = ("", 0)
        self._seen: set[str] = set()
        self.ordered = True

    def __enter__(self) -> VcfWriter:
        """Write the header."""
        import pysam

        self._out: _File = pysam.BGZFile(str(self._part), "w", None)
        self._given: pysam.VariantFile | None = None
        if variant_format(self._source, self._name) == "vcf":
            self._given = open_variants(self._source, self._name)
            self._records = iter(self._given)
            self._out.write(_header(str(self._given.header)).encode())
        else:
            sizes = zip(self._genome.names, self._genome.sizes.tolist(), strict=True)
            lines = [f"##contig=<ID={name},length={size}>\n" for name, size in sizes]
            text = "##fileformat=VCFv4.2\n" + "".join(lines) + _COLUMNS
            self._out.write(_header(text).encode())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write the records that are left, and the index; or remove the file after an error."""
        if kind is None:
            self._copy_before(None)
        self._out.close()
        if self._given is not None:
            self._given.close()
        if kind is not None:
            self._part.unlink(missing_ok=True)
            return
        self._part.replace(self._path)
        if self.ordered:
            _index(self._path)

    def add(self, judged: Judged, lines: Sequence[Sequence[Line]]) -> None:
        """Write the records of a chunk, which come in the order of the file."""
        found = zip(judged.alleles, lines, strict=True)
        for number, some in groupby(found, key=lambda pair: pair[0].record):
            alleles = list(some)
            if self._records is None:
                self._write(_of_table(alleles), self._info(alleles, _count(alleles)))
                continue
            record = self._copy_before(number)
            if record is None:
                raise UserError(
                    f"{self._name}: record {number:,} is no longer there; the file has changed"
                    " since it was read: run again."
                )
            self._write(str(record), self._info(alleles, len(record.alts or ())))

    def _copy_before(self, number: int | None) -> pysam.VariantRecord | None:
        """Copy records as they are up to one, and give that; None: copy all."""
        if self._records is None:
            return None
        while True:
            with reading(self._name):
                record = next(self._records, None)
            if record is None:
                return None
            self._number += 1
            if self._number == number:
                return record
            self._write(str(record), "")

    def _write(self, text: str, info: str) -> None:
        cells = text.rstrip("\n").split("\t")
        kept = [one for one in cells[7].split(";") if one != "." and not _OURS.match(one)]
        cells[7] = ";".join([*kept, *([info] if info else [])]) or "."
        chrom, position = cells[0], int(cells[1])
        if chrom != self._last[0]:
            self.ordered &= chrom not in self._seen
            self._seen.add(chrom)
        else:
            self.ordered &= position >= self._last[1]
        self._last = chrom, position
        self._out.write(("\t".join(cells) + "\n").encode())

    def _info(self, alleles: Sequence[tuple[Allele, Sequence[Line]]], count: int) -> str:
        values: dict[str, list[str]] = {key: ["."] * count for key in INFO if key != "NFX"}
        every = []
        for allele, lines in alleles:
            order = sorted(range(len(lines)), key=lambda task: -abs(lines[task].delta[0]))
            best, at = lines[order[0]], allele.number - 1
            values["NFX_DELTA"][at] = _number(best.delta[0])
            values["NFX_PERCENTILE"][at] = _number(best.percentile)
            values["NFX_MOTIF"][at] = _plain(best.parts[0][0]) if best.parts else "."
            values["NFX_CHANGE"][at] = best.sites.change or "."
            every += [
                "|".join([allele.alt, self._tasks[task], *_cells(lines[task])])
                for task in order[:MOST_TASKS]
            ]
        said = [f"{key}={','.join(of_alts)}" for key, of_alts in values.items()]
        return ";".join([*said, f"NFX={','.join(every)}"])


def _index(path: Path) -> None:
    """Write ``.tbi``, or ``.csi`` where a position is beyond the 512 Mbp that a tbi can hold."""
    import pysam

    try:
        pysam.tabix_index(str(path), preset="vcf", force=True)
    except OSError:
        pysam.tabix_index(str(path), preset="vcf", force=True, csi=True)


def _header(text: str) -> str:
    """Declare the INFO fields before the line of the columns."""
    before, _, columns = text.rpartition("#CHROM")
    kept = [
        line
        for line in before.splitlines(keepends=True)
        if not re.match(r"##INFO=<ID=NFX\b", line) and not re.match(r"##INFO=<ID=NFX_", line)
    ]
    ours = [
        f'##INFO=<ID={key},Number={number},Type={kind},Description="{said}">\n'
        for key, (number, kind, said) in INFO.items()
    ]
    return "".join([*kept, *ours, "#CHROM", columns])


def _of_table(alleles: Sequence[tuple[Allele, Sequence[Line]]]) -> str:
    first = alleles[0][0]
    alts = [allele.alt for allele, _ in alleles]
    cells = [first.chrom, first.position, _plain(first.id) or ".", first.ref, ",".join(alts)]
    return "\t".join([*map(str, cells), ".", ".", "."])


def _count(alleles: Sequence[tuple[Allele, Sequence[Line]]]) -> int:
    return max(allele.number for allele, _ in alleles)


def _cells(line: Line) -> list[str]:
    return [_plain(cell) if isinstance(cell, str) else _cell(cell) for cell in line.cells()]


def _cell(value: object) -> str:
    if value is None:
        return ""
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    return "." if value != value else f"{value:.4g}"


def _plain(text: str) -> str:
    """Write a name so that it ends no field (VCF 4.3, 1.2); a colon ends none of INFO or ID."""
    return quote(text, safe=":()/+*'!~@#$^[]{}<>? -_.").replace(" ", "%20")
