"""Variants as people have them: VCF or BCF, plain or compressed, or a table, record by record."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nfexplainn.errors import UserError, quoted
from nfexplainn.io.compression import is_bgzip, is_gzip, open_unpacked
from nfexplainn.io.coordinate_columns import CHROM, plain
from nfexplainn.io.delimited import Delimited, open_delimited
from nfexplainn.io.reading import reading
from nfexplainn.io.text import BOM, first_bytes, read_lines
from nfexplainn.problems import ErrorCollector
from nfexplainn.values import missing, whole

if TYPE_CHECKING:
    import pysam

_POSITION = ("pos", "position", "bp")
_REF = ("ref", "reference", "ref_allele", "reference_allele")
_ALT = ("alt", "alternate", "alternative", "alt_allele", "alternate_allele", "alts")
_ID = ("id", "rsid", "snp", "variant", "variant_id", "name")
_WAY_OUT = "write it as VCF 4, with tabs between CHROM, POS, ID, REF, ALT, QUAL, FILTER, INFO"
_HEADLESS = (
    "this VCF has no header; begin it with the lines ##fileformat=VCFv4.2 and"
    " #CHROM, POS, ID, REF, ALT, QUAL, FILTER, INFO (bcftools reheader does it)"
)
VCF_COLUMNS = 8
MOST_COLUMNS_OF_TABLE = VCF_COLUMNS - 1  # from eight on, it is a VCF without its header


@dataclass(frozen=True)
class VariantRecord:
    """A variant as a file tells it.

    Attributes
    ----------
    number : int
        Of the record, from 1: in a table the line.
    chrom : str
    position : int
        Of the first base of ``ref``, from 1; in a VCF 0 before the first base of a chromosome.
    id : str
        Empty where there is none.
    ref : str
    alts : tuple of str
        As they are: bases, ``<DEL>``, ``*`` or what else the file holds.
    """

    number: int
    chrom: str
    position: int
    id: str
    ref: str
    alts: tuple[str, ...]


def variant_format(path: str | Path, name: str) -> Literal["vcf", "table"]:
    """Tell a VCF or BCF from a table.

    Raises
    ------
    UserError
        If the file is missing, empty, or a VCF without a sound header.
    """
    start = first_bytes(path, name, 3)
    if start == b"BCF":
        return "vcf"
    if is_gzip(path) and _unpacked_start(path, name) == b"BCF":
        return "vcf"
    lines = read_lines(path, name)
    for line in lines:
        if line.startswith(b"##fileformat="):
            _check_header(lines, start == BOM, name)
            return "vcf"
        if line.strip():
            if line.startswith(b"#CHROM") and b"\tINFO" in line:
                raise UserError(f"{name}: {_HEADLESS}.")
            return "table"
    raise UserError(f"{name}: the file is empty; give variants as VCF, BCF or a table.")


def _check_header(lines: Iterable[bytes], marked: bool, name: str) -> None:
    """Say what keeps htslib from reading the header of a VCF, which it does not."""
    if marked:
        raise UserError(
            f"{name}: this VCF begins with a byte order mark; save it as UTF-8 without one"
            " (sed '1s/^\\xEF\\xBB\\xBF//')."
        )
    line = next((line for line in lines if not line.startswith(b"##")), b"")
    if not line.startswith(b"#CHROM"):
        raise UserError(f"{name}: its header has no line #CHROM; {_WAY_OUT}.")
    columns = line.count(b"\t") + 1
    if columns < VCF_COLUMNS:
        raise UserError(
            f"{name}: its line #CHROM has {columns} of the {VCF_COLUMNS} columns; {_WAY_OUT}."
        )


def _unpacked_start(path: str | Path, name: str) -> bytes:
    import gzip

    with reading(name), gzip.open(path) as file:
        return file.read(3)


def open_variants(path: str | Path, name: str) -> pysam.VariantFile:
    """Open a VCF or BCF.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    import pysam

    pysam.set_verbosity(0)  # what htslib warns of goes to the log of the task, not to a user
    if is_bgzip(path):
        return _opened(path, name)
    with reading(name):
        plain = open_unpacked(path)
        if plain is None:
            return _opened(path, name)
        # htslib seeks in what it reads, which only bgzip allows. An open file needs no name.
        with plain, tempfile.NamedTemporaryFile(dir=".", suffix=".variants") as unpacked:
            shutil.copyfileobj(plain, unpacked, 1 << 20)
            unpacked.flush()
            return _opened(unpacked.name, name)


def _opened(path: str | Path, name: str) -> pysam.VariantFile:
    import pysam

    with reading(name, "this is not a readable VCF or BCF", "download or create it again"):
        try:
            return pysam.VariantFile(str(path))
        except ValueError as error:  # it names the file by its place in the work folder
            raise UserError(
                f"{name}: this is not a readable VCF or BCF; download or create it again."
            ) from error


def read_variants(path: str | Path, name: str) -> Iterator[VariantRecord]:
    """Read variants in the order of the file.

    A table has the columns ``chrom pos ref alt`` and, if wanted, ``id``, in this order or under
    these names; ``alt`` may hold several alleles, separated by commas.

    Parameters
    ----------
    path : path
    name : str
        The file as the user wrote it.

    Raises
    ------
    UserError
        If the file is missing, damaged, or holds what is no variant.
    """
    return _of_vcf(path, name) if variant_format(path, name) == "vcf" else _of_table(path, name)


def _of_vcf(path: str | Path, name: str) -> Iterator[VariantRecord]:
    number = 0
    with open_variants(path, name) as file:
        records = iter(file)
        while True:
            with reading(name, f"record {number + 1:,} cannot be read", _WAY_OUT):
                record = next(records, None)
                if record is None:
                    break
                str(
                    record
                )  # its text, which is written again, may be damaged where nothing else is
                chrom, position, id = record.chrom, record.pos, record.id or ""
                ref = (record.ref or "").upper()
                alts = tuple(_upper(alt) for alt in record.alts or ())
            number += 1
            if position < 0 or not ref:
                raise UserError(
                    f"{name}: record {number:,} has the position {position} and the REF"
                    f" {quoted(ref)}; positions count from 1, and REF has a base."
                )
            yield VariantRecord(number, chrom, position, id, ref, alts)


def _of_table(path: str | Path, name: str) -> Iterator[VariantRecord]:
    table = open_delimited(path, name)
    places = _columns(table)
    problems = ErrorCollector(name)
    for row in table:
        cells = [row.cells[at] if 0 <= at < len(row.cells) else "" for at in places]
        chrom, position, ref, alt, id = cells
        at = whole(position)
        if at is None or at < 1:
            problems.add(
                f"the position {quoted(position)} is not a whole number of 1 or more; give the"
                " position of the first base of ref.",
                row.line,
                "position",
            )
        elif not ref.isalpha():
            problems.add(
                f"the ref {quoted(ref)} holds no bases; give those of the genome there (VCF"
                " writes an insertion with the base before it).",
                row.line,
                "ref",
            )
        elif not problems.count:
            alts = () if missing(alt) else tuple(_upper(one.strip()) for one in alt.split(","))
            id = "" if missing(id) else id
            yield VariantRecord(row.line, chrom, at, id, ref.upper(), alts)
    problems.stop()


def _columns(table: Delimited) -> list[int]:
    """Find chromosome, position, reference, alternative and id; -1: there is none."""
    if table.header is None:
        if table.columns > MOST_COLUMNS_OF_TABLE:
            raise UserError(f"{table.name}: {_HEADLESS}.")
        if table.columns < 4:
            raise UserError(
                f"{table.name}: these are not variants; give VCF, BCF, or a table with the columns"
                " chrom, pos, ref, alt and optionally id."
            )
        return [0, 1, 2, 3, 4 if table.columns > 4 else -1]
    titles = [plain(title) for title in table.header]
    found = [_first(titles, words) for words in (CHROM, _POSITION, _REF, _ALT, _ID)]
    lacking = [
        word for word, at in zip(("chrom", "pos", "ref", "alt"), found, strict=False) if at < 0
    ]
    if lacking:
        raise UserError(
            f"{table.name}: the table of variants has no column {lacking[0]} (its columns:"
            f" {', '.join(table.header[:8])}); name the columns chrom, pos, ref, alt and id, or"
            " give a VCF."
        )
    return found


def _first(titles: Sequence[str], words: Sequence[str]) -> int:
    return next((titles.index(word) for word in words if word in titles), -1)


def _upper(alt: str) -> str:
    return alt.upper() if alt.isalpha() else alt
