"""Sum signal over windows: bigWig, bedGraph, and files of ATAC-seq or DNase-seq fragments."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nfexplainn.assays.bigwig import finite_sums, sum_bigwig
from nfexplainn.assays.common import PrepLog
from nfexplainn.assays.track_kinds import track_kind
from nfexplainn.assays.windows import WRONG_GENOME
from nfexplainn.data.dataset import Floats
from nfexplainn.data.windows import Windows
from nfexplainn.errors import UserError
from nfexplainn.io.chromosomes import check_signal
from nfexplainn.io.delimited import Delimited
from nfexplainn.io.genome import Genome
from nfexplainn.io.intervals import Ints
from nfexplainn.io.reading import PACKED_ERRORS
from nfexplainn.io.text import open_binary
from nfexplainn.problems import ErrorCollector
from nfexplainn.values import finite, missing, no_number, whole

if TYPE_CHECKING:
    import pandas as pd

_CHUNK = 1_000_000
_HEAD = 1 << 16
_WIDTH = {"bedgraph": 4, "fragments": 3, "reads": 3, "bedpe": 6}
_READ_AS = {
    "bedgraph": "bedGraph (values of column 4 summed)",
    "fragments": "fragments (both ends counted)",
    "reads": "reads (both ends counted)",
    "bedpe": "BEDPE (both ends counted)",
}
# Binned signal may reach over the end of a chromosome by a bin; more is another assembly.
_OVERHANG = 1000
_NO_CHROMOSOME = "record on a chromosome that the genome lacks"
_OVER_END = "record over the end of its chromosome, cut off there"
_BEYOND = "record beyond the end of its chromosome"
Signal = NDArray[np.float64]
# Chromosome, start, end and value of many records.
_Records = tuple["pd.Series", Ints, Ints, Signal]


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
    return track_kind(path, name)[0] != "table"


def sum_track(
    path: str | Path, name: str, genome: Genome, cut: Windows, width: int, log: PrepLog
) -> Floats:
    """Sum the signal of a file over windows.

    Of bigWig and bedGraph the values of all bases are added; of fragments (BED, 10x fragments,
    BEDPE) both ends are counted, where the enzyme cut.

    Parameters
    ----------
    path : path
    name : str
        The file as the user wrote it.
    genome : Genome
    cut : Windows
        The n windows.
    width : int
    log : PrepLog
        For what was read and what was left out.

    Returns
    -------
    float32 array, shape (n,)

    Raises
    ------
    UserError
        With a sentence per wrong line (the first ten), or if the file does not fit the genome.
    """
    kind, text = track_kind(path, name)
    if kind == "bigwig":
        return sum_bigwig(path, name, genome, cut, width, log)
    if kind == "table" or text is None:
        raise UserError(f"{name}: this is a table of regions; give it in a data set of its own.")
    sums = WindowSums(genome.axis[cut.chrom] + cut.start, width)
    tally = _Tally()
    _add_records(sums, _records(text, kind), genome, text, tally, cuts=kind != "bedgraph")
    lost = check_signal(name, tally.lines, genome.names, cut.chrom, genome.name, "lines")
    log.drop(name, _NO_CHROMOSOME, lost)
    total = sum(tally.lines.values())
    log.read(name, "records", f"{total:,}")
    log.read(name, "track", f"{_READ_AS[kind]}: {total:,} records")
    log.drop(name, _OVER_END, tally.over)
    log.drop(name, _BEYOND, tally.beyond)
    return finite_sums(name, sums.sums(), cut)


@dataclass
class _Tally:
    """Records of each chromosome's name, and those that reach or begin beyond an end."""

    lines: dict[str, int] = field(default_factory=dict)
    over: int = 0
    beyond: int = 0


def _records(text: Delimited, kind: str) -> Iterator[_Records]:
    """Give the records of a text file, many at a time."""
    import pandas as pd

    columns = list(range(_WIDTH[kind]))
    types = {0: "str"} | dict.fromkeys(columns[1:3], "int64")
    if kind == "bedgraph":
        types[3] = "float64"
    elif kind == "bedpe":
        types |= {3: "str", 4: "int64", 5: "int64"}
    done = 0
    try:
        with open_binary(text.path, text.name) as file:
            quoted = b'"' in file.read(_HEAD)
            file.seek(0)
            parts = pd.read_csv(
                file,
                sep=r"\s+" if text.separator == " " else text.separator,
                header=None,
                skiprows=text.first_line - 1,
                usecols=columns,
                dtype=types,
                chunksize=_CHUNK,
                comment="#",
                na_filter=False,
                quoting=0 if quoted else 3,
            )
            for part in parts:
                yield _columns(part, kind)
                done += len(part)
    except (ValueError, OverflowError, OSError, *PACKED_ERRORS) as error:
        _complain(text, kind)
        # No line is wrong: it is written in a way that takes reading line by line.
        yield from _by_rows(text, kind, types, done, error)


def _by_rows(
    text: Delimited, kind: str, types: Mapping[int, str], done: int, cause: Exception
) -> Iterator[_Records]:
    """Give the records after the first ``done`` line by line."""
    import pandas as pd

    rows = itertools.islice(text, done, None)
    try:
        while some_rows := list(itertools.islice(rows, _CHUNK)):
            cells = [row.cells[: _WIDTH[kind]] for row in some_rows]
            yield _columns(pd.DataFrame(cells).astype(dict(types)), kind)
    except (ValueError, OverflowError, KeyError) as error:
        raise UserError(f"{text.name}: the file cannot be read ({cause}).") from error


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
        raise ValueError("a record is not an interval, or its value is not a number")
    return chrom, start, end, value


def _complain(text: Delimited, kind: str) -> None:
    """Find the lines that are wrong.

    Raises
    ------
    UserError
        If there are any.
    """
    problems = ErrorCollector(text.name)
    need = _WIDTH[kind]
    for line, cells in text:
        if len(cells) < need:
            problems.add(f"{len(cells)} columns; {kind} has at least {need}.", line, "columns")
            continue
        numbers = cells[1:3] + (cells[4:6] if kind == "bedpe" else [])
        wrong = [cell for cell in numbers if whole(cell) is None]
        if wrong:
            problems.add(
                f"'{wrong[0][:20]}' is not a whole number, as positions must be; write it with"
                " digits only.",
                line,
                "position",
            )
        elif kind != "bedpe" and not 0 <= int(cells[1]) < int(cells[2]):
            problems.add(
                f"start {cells[1]} and end {cells[2]} are not a valid interval (starts count from"
                " 0).",
                line,
                "interval",
            )
        elif kind == "bedgraph" and finite(cells[3]) is None:
            way_out = "; leave the line out" if missing(cells[3]) else ""
            problems.add(f"the value {no_number(cells[3])}{way_out}.", line, "value")
    problems.stop()


def _add_records(
    sums: WindowSums,
    records: Iterator[_Records],
    genome: Genome,
    text: Delimited,
    tally: _Tally,
    *,
    cuts: bool,
) -> None:
    """Add records to the windows; of fragments, the base at either end."""
    import pandas as pd

    codes = {chromosome: code for code, chromosome in enumerate(genome.names)}
    known = 0
    for chrom, start, end, value in records:
        code, names = pd.factorize(chrom)
        for one, count in zip(names, np.bincount(code, minlength=len(names)), strict=True):
            tally.lines[str(one)] = tally.lines.get(str(one), 0) + int(count)
        where = np.array([codes.get(str(one), -1) for one in names], dtype=np.int64)[code]
        good = where >= 0
        known += int(good.sum())
        where, start, end, value = where[good], start[good], end[good], value[good]
        size = genome.sizes[where]
        far = (end - size > _OVERHANG) & (start < size)
        if far.any():
            row = int(np.argmax(far))
            _refuse_far(text, genome, int(where[row]), int(start[row]), int(end[row]))
        inside = start < size
        tally.beyond += int((~inside).sum())
        over = inside & (end > size)
        tally.over += int(over.sum())
        axis = genome.axis[where]
        if cuts:
            sums.add((axis + start)[inside], (axis + start)[inside] + 1, value[inside])
            whole_ones = inside & ~over
            last = (axis + end)[whole_ones]
            sums.add(last - 1, last, value[whole_ones])
        else:
            ends = axis + np.minimum(end, size)
            sums.add((axis + start)[inside], ends[inside], value[inside])
    if tally.beyond > WRONG_GENOME * known:
        raise UserError(
            f"{text.name}: {tally.beyond:,} of {sum(tally.lines.values()):,} records begin beyond"
            f" the end of their chromosome in the genome {genome.name}; give the genome that the"
            " data were mapped to."
        )


def _refuse_far(text: Delimited, genome: Genome, code: int, start: int, end: int) -> None:
    """Name the line of a record that ends far beyond its chromosome.

    Raises
    ------
    UserError
    """
    chromosome = genome.names[code]
    wanted = [chromosome, str(start), str(end)]
    line = next((row.line for row in text if row.cells[:3] == wanted), None)
    place = f"{text.name}, line {line}" if line else text.name
    raise UserError(
        f"{place}: end {end} is far beyond the end of {chromosome} ({genome.sizes[code]:,} bp) in"
        f" the genome {genome.name}; correct the line, or give the genome that the data were mapped"
        " to."
    )
