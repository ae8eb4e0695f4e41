"""Sum signal over windows: bigWig, bedGraph, and files of ATAC-seq or DNase-seq fragments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nfexplainn.assays.region_tables import CHROM
from nfexplainn.assays.regions import Cut
from nfexplainn.dataset import Floats
from nfexplainn.errors import UserError
from nfexplainn.genome import Genome
from nfexplainn.intervals import Ints
from nfexplainn.problems import Problems
from nfexplainn.textfile import first_bytes, open_binary, read_lines

_BIGWIG = (b"\x26\xfc\x8f\x88", b"\x88\x8f\xfc\x26")
_CHUNK = 1_000_000
_WIDTH = {"bedgraph": 4, "fragments": 3, "bedpe": 6}
_WRONG_GENOME = 0.05
Signal = NDArray[np.float64]
# Chromosome, start, end and value of many records.
_Records = tuple[pd.Series, Ints, Ints, Signal]


class WindowSums:
    """Add up signal in windows of one width.

    Parameters
    ----------
    start : int64 array, shape (n,)
        On the genome's axis, in any order; windows may overlap.
    width : int
    """

    def __init__(self, start: Ints, width: int) -> None:
        self._order = np.argsort(start, kind="stable")
        self._start = start[self._order]
        self._width = width
        self._sums = np.zeros(len(start))

    def add(self, start: Ints, end: Ints, value: Signal) -> None:
        """Add to every window, for each interval, the value times the bases that they share."""
        used = value != 0
        start, end, value = start[used], end[used], value[used]
        # Windows are equally wide, so those that an interval meets are neighbours.
        first = np.searchsorted(self._start, start - self._width, side="right")
        count = np.searchsorted(self._start, end, side="left") - first
        which = np.repeat(np.arange(len(start)), count)
        ends = np.cumsum(count)
        window = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - count - first, count)
        low = np.maximum(start[which], self._start[window])
        high = np.minimum(end[which], self._start[window] + self._width)
        self._sums += np.bincount(
            window, weights=value[which] * (high - low), minlength=len(self._sums)
        )

    def sums(self) -> Signal:
        """Give the sums in the order of the windows given."""
        out = np.empty_like(self._sums)
        out[self._order] = self._sums
        return out


def is_track(path: str | Path, name: str) -> bool:
    """Tell whether a file holds signal along a genome rather than a table of regions."""
    head = first_bytes(path, name, 4)
    if head in _BIGWIG:
        return True
    if head == b"PAR1":
        return False
    return bool(_data_lines(path, name)[1])


def sum_track(path: str | Path, name: str, genome: Genome, cut: Cut, width: int) -> Floats:
    """Sum the signal of a file over windows.

    Of bigWig and bedGraph the values of all bases are added; of fragments (BED, 10x fragments,
    BEDPE) both ends are counted, where the enzyme cut.

    Parameters
    ----------
    path : path
    name : str
        The file as the user wrote it.
    genome : Genome
    cut : Cut
        The n windows.
    width : int

    Returns
    -------
    float32 array, shape (n,)

    Raises
    ------
    UserError
        With a sentence per wrong line (the first ten), or if the file does not fit the genome.
    """
    head = first_bytes(path, name, 4)
    if head in _BIGWIG:
        return _sum_bigwig(path, name, genome, cut, width)
    skip, cells, mark = _data_lines(path, name)
    kind = _kind(cells)
    if not kind:
        raise UserError(
            f"{name}: this is neither bigWig nor bedGraph, fragments or BEDPE; lines read"
            " 'chr1<TAB>100<TAB>300', a value or a barcode behind them."
        )
    sums = WindowSums(genome.axis[cut.chrom] + cut.start, width)
    _add_records(
        sums, _records(path, name, kind, skip, mark), genome, name, cuts=kind != "bedgraph"
    )
    return sums.sums().astype(np.float32)


def _data_lines(path: str | Path, name: str) -> tuple[int, list[str], str]:
    """Give how many lines go before the records, the first record's cells, what parts them.

    There are no cells where the file is a table of regions or nothing known.
    """
    skip = 0
    for raw in read_lines(path, name):
        text = raw.decode("latin-1")
        mark = "\t" if "\t" in text else r"\s+"
        cells = text.split("\t") if "\t" in text else text.split()
        if text.startswith("#") and len(cells) > 3 and cells[0][1:].lower() in CHROM:
            return skip, [], mark  # the header of a table of regions
        if not text.strip() or text.startswith(("#", "track", "browser")):
            skip += 1
            continue
        return skip, cells if _kind(cells) else [], mark
    raise UserError(f"{name}: there is no record in this file.")


def _kind(cells: list[str]) -> str:
    """Tell by the cells of its first record what a file is, '' where it is nothing known."""
    if len(cells) < 3 or not (cells[1].isdecimal() and cells[2].isdecimal()):
        return ""
    if len(cells) == 4 and _is_number(cells[3]):
        return "bedgraph"
    # BEDPE of single ends has '.' and -1 on the other side.
    if len(cells) >= 6 and all(_is_number(cell) for cell in cells[4:6]):
        return "bedpe"
    return "fragments"


def _records(path: str | Path, name: str, kind: str, skip: int, mark: str) -> Iterator[_Records]:
    """Give the records of a text file, many at a time."""
    columns = list(range(_WIDTH[kind]))
    types = {0: "str"} | dict.fromkeys(columns[1:3], "int64")
    if kind == "bedgraph":
        types[3] = "float64"
    elif kind == "bedpe":
        types |= {3: "str", 4: "int64", 5: "int64"}
    try:
        with open_binary(path, name) as file:
            parts = pd.read_csv(
                file,
                sep=mark,
                header=None,
                skiprows=skip,
                usecols=columns,
                dtype=types,
                chunksize=_CHUNK,
                comment="#",
                na_filter=False,
                quoting=3,
            )
            for part in parts:
                yield _columns(part, kind)
    except (ValueError, OverflowError, pd.errors.ParserError, EOFError, OSError) as error:
        _complain(path, name, kind)
        raise UserError(f"{name}: the file cannot be read ({error}).") from error


def _columns(part: pd.DataFrame, kind: str) -> _Records:
    """Take chromosome, start, end and value out of some lines."""
    start, end = part[1].to_numpy(np.int64), part[2].to_numpy(np.int64)
    value = part[3].to_numpy(np.float64) if kind == "bedgraph" else np.ones(len(part))
    chrom = part[0]
    if kind == "bedpe":
        pair = (part[0] == part[3]).to_numpy()
        chrom, start, end, value = chrom[pair], start[pair], end[pair], value[pair]
        start = np.minimum(start, part[4].to_numpy(np.int64)[pair])
        end = np.maximum(end, part[5].to_numpy(np.int64)[pair])
    if ((start < 0) | (start >= end)).any() or not np.isfinite(value).all():
        raise ValueError("a record is no interval, or its value no number")
    return chrom, start, end, value


def _complain(path: str | Path, name: str, kind: str) -> None:
    """Find the lines that are wrong.

    Raises
    ------
    UserError
        If there are any.
    """
    problems = Problems(name)
    need = _WIDTH[kind]
    for line, raw in enumerate(read_lines(path, name), 1):
        text = raw.decode("latin-1")
        if not text.strip() or text.startswith("#"):
            continue
        cells = text.split("\t") if "\t" in text else text.split()
        if len(cells) < need:
            if text.startswith(("track", "browser")) and not problems.count and line < 100:
                continue
            problems.add(f"{len(cells)} columns; {kind} has at least {need}.", line)
            continue
        numbers = cells[1:3] + (cells[4:6] if kind == "bedpe" else [])
        wrong = [cell for cell in numbers if not cell.strip().removeprefix("-").isdecimal()]
        if wrong:
            problems.add(f"'{wrong[0][:20]}' is no whole number, as positions must be.", line)
        elif kind != "bedpe" and not 0 <= int(cells[1]) < int(cells[2]):
            problems.add(f"start {cells[1]} and end {cells[2]} are no interval from 0 on.", line)
        elif kind == "bedgraph" and not _is_number(cells[3]):
            problems.add(f"the value '{cells[3][:20]}' is no number.", line)
    problems.stop()


def _add_records(
    sums: WindowSums, records: Iterator[_Records], genome: Genome, name: str, *, cuts: bool
) -> None:
    """Add records to the windows; of fragments, the base at either end."""
    codes = {chromosome: code for code, chromosome in enumerate(genome.names)}
    total = known = beyond = 0
    example = ""
    for chrom, start, end, value in records:
        code, names = pd.factorize(chrom)
        table = np.array([codes.get(str(one), -1) for one in names], dtype=np.int64)
        where = table[code]
        total += len(where)
        example = example or str(names[0])
        good = where >= 0
        known += int(good.sum())
        where, start, end, value = where[good], start[good], end[good], value[good]
        beyond += int((start >= genome.sizes[where]).sum())
        axis = genome.axis[where]
        if cuts:
            sums.add(axis + start, axis + start + 1, value)
            sums.add(axis + end - 1, axis + end, value)
        else:
            sums.add(axis + start, axis + end, value)
    if not known:
        raise UserError(
            f"{name}: none of its chromosomes ({example}, ...) is in the genome {genome.name}"
            f" ({', '.join(genome.names[:3])}, ...); give the genome that it was mapped to."
        )
    if beyond > _WRONG_GENOME * known:
        raise UserError(
            f"{name}: {beyond:,} of {total:,} records begin beyond the end of their chromosome in"
            f" the genome {genome.name}; give the genome that it was mapped to."
        )


def _sum_bigwig(path: str | Path, name: str, genome: Genome, cut: Cut, width: int) -> Floats:
    """Sum the values of a bigWig over windows, in the order of the genome."""
    import pybigtools

    out = np.zeros(len(cut.names), dtype=np.float32)
    try:
        with pybigtools.open(str(path)) as track:
            sizes = track.chroms()
            mine = [i for i, chromosome in enumerate(genome.names) if chromosome in sizes]
            wrong = [i for i in mine if sizes[genome.names[i]] != genome.sizes[i]]
            if not mine or wrong:
                chromosome = genome.names[wrong[0]] if wrong else next(iter(sizes), "none")
                has = f"{sizes[chromosome]:,} bp" if wrong else "which the genome does not have"
                raise UserError(
                    f"{name}: its chromosome {chromosome} ({has}) does not fit the genome"
                    f" {genome.name}; give the genome that it was mapped to."
                )
            for row in np.argsort(genome.axis[cut.chrom] + cut.start).tolist():
                if int(cut.chrom[row]) in mine:
                    start = int(cut.start[row])
                    values = track.values(
                        genome.names[cut.chrom[row]], start, start + width, fillna=0.0
                    )
                    out[row] = values.sum()
    except (OSError, ValueError, pybigtools.BBIReadError) as error:
        raise UserError(f"{name}: the bigWig file cannot be read ({error}).") from error
    return out


def _is_number(text: str) -> bool:
    """Tell whether a text is a finite number."""
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False
