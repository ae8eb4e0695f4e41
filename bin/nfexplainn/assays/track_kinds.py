"""Tell by their first records what files of signal along a genome are."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from nfexplainn.errors import UserError
from nfexplainn.io.coordinate_columns import find_coordinates
from nfexplainn.io.delimited import PEEK, Delimited, open_delimited
from nfexplainn.io.text import first_bytes, read_text_lines
from nfexplainn.values import counts_rows, finite, has_decimal_comma, missing, whole

Kind = Literal["bigwig", "bedgraph", "fragments", "reads", "bedpe", "table"]
BIGWIG = (b"\x26\xfc\x8f\x88", b"\x88\x8f\xfc\x26")
# Reads of one fragment that are copies of each other; scores of peaks are larger.
_COPIES = 50
_MOST = 0.9
# So many rows in order are no accident.
_COUNTED = 5
# Of sparse coverage few of the first intervals adjoin, so that more are looked at.
_LOOKED_AT = 20_000
_ADJOIN = 0.05
# A wrong line is named by whoever reads all.
_OVERLAP = 0.01
_CALLED_BEDGRAPH = re.compile(r"\.(bedgraph|bdg|bg)(\.\w+)?$", re.IGNORECASE)
_TYPED_BEDGRAPH = re.compile(r"track\s.*type=[\"']?bedgraph", re.IGNORECASE)
_BARCODE = re.compile(r"([^\s#]+#)?[ACGT]{8,}(-\d+)?$")  # ArchR puts the sample before it
_DNA = re.compile(r"[ACGT]{8,}")
# A row's name that says where it lies; contigs may be called so, too, but are in many rows.
_REGION = re.compile(r"\S+?[:_-]\d+[-_]\d+$")
_TRACKS = (
    "a track is bigWig, bedGraph (a value in column 4), BEDPE, or fragments (three columns alone,"
    " or a barcode in column 4 and a count in column 5)"
)


def track_kind(path: str | Path, name: str) -> tuple[Kind, Delimited | None]:
    """Tell what a file is; ``table`` where it is a table of regions.

    Fragments are three columns alone, or a barcode in column 4 and a small count in column 5
    (10x Genomics); reads are BED of six columns with both strands (tagAlign). Several columns of
    numbers are a table, whatever its header looks like. A number in column 4 is a signal where the
    file says so (its name, or a ``track`` line), or its intervals lie side by side.

    Returns
    -------
    kind : str
    text : Delimited or None
        The file opened, where it is text.

    Raises
    ------
    UserError
        If the file holds no record, or intervals without any signal.
    """
    head = first_bytes(path, name, 4)
    if head in BIGWIG:
        return "bigwig", None
    if head == b"PAR1":
        return "table", None
    text = open_delimited(path, name, lambda cells: find_coordinates(cells) is not None)
    if not text.first_line:
        if text.header:
            return "table", text
        raise UserError(f"{name}: there is no record in this file.")
    rows = [cells for _, cells in itertools.islice(text, PEEK)]
    if text.header and find_coordinates(text.header):
        return _kind_below_header(text, rows), text
    if rows[0][0] in ("fixedStep", "variableStep"):
        raise UserError(
            f"{name}, line {text.first_line}: this is a wiggle file; convert it with wigToBigWig."
        )
    if _most(rows, _is_depth) or _are_successive(rows):
        raise UserError(
            f"{name}, line {text.first_line}: this seems to be a depth per base (samtools depth,"
            " bedtools genomecov -d); give it as bedGraph (bedtools genomecov -bg)."
        )
    names = {cells[0] for cells in rows}
    named = len(names) == len(rows) and all(map(_REGION.match, names))
    if named or not _most(rows, _is_interval):
        return "table", text
    kind = _kind(rows)
    if not kind:
        raise UserError(
            f"{name}, line {text.first_line}: these intervals have names but no signal; {_TRACKS},"
            " a table of regions has a header, and peaks are for the assay 'peaks'."
        )
    if kind == "bedgraph" and not _is_said_bedgraph(text):
        _check_signal(text)
    return kind, text


def _kind_below_header(text: Delimited, rows: Sequence[Sequence[str]]) -> Kind:
    """Tell a track with a header from a table of regions: barcodes of DNA, or its name tells."""
    first = text.header is not None and find_coordinates(text.header) == (0, 1, 2)
    if not first or not _most(rows, _is_interval):
        return "table"
    if text.columns in (4, 5) and _most(
        rows, lambda cells: len(cells) > 3 and bool(_DNA.search(cells[3]))
    ):
        return "fragments" if _most(rows, _has_barcode) else "table"
    values = text.columns == 4 and _most(rows, lambda cells: len(cells) > 3 and _is_value(cells[3]))
    return "bedgraph" if values and _CALLED_BEDGRAPH.search(text.name) else "table"


def _kind(rows: Sequence[Sequence[str]]) -> Kind | None:
    """Tell by intervals what they are; None where they have no signal."""
    if _most(rows, lambda cells: len(cells) == 3):
        return "fragments"
    if _most(rows, lambda cells: len(cells) == 4 and _is_value(cells[3])):
        return None if counts_rows([cells[3] for cells in rows if len(cells) == 4]) else "bedgraph"
    chromosomes = {cells[0] for cells in rows} | {"."}
    if _most(rows, lambda cells: _is_pair(cells) and cells[3] in chromosomes):
        return "bedpe"
    if _most(rows, _has_barcode) and not _are_names(rows):
        return "fragments"
    strands = {cells[5] for cells in rows if len(cells) >= 6}
    if strands == {"+", "-"} and _most(rows, lambda cells: finite(cells[4]) is not None):
        return "reads"
    if _most(rows, lambda cells: sum(map(_is_value, cells[3:])) > 1 and not _is_bed(cells)):
        return "table"
    return None


def _is_said_bedgraph(text: Delimited) -> bool:
    """Tell whether a file's name or a ``track`` line calls it bedGraph."""
    if _CALLED_BEDGRAPH.search(text.name):
        return True
    lines = itertools.islice(read_text_lines(text.path, text.name), text.first_line)
    return any(map(_TYPED_BEDGRAPH.match, lines))


def _check_signal(text: Delimited) -> None:
    """Refuse intervals that lie as no signal's do: apart from each other, or over each other.

    Those of coverage lie side by side, where it changes; those of cuts and of methylation are
    single bases. Peaks with a number, a count or a score do neither.

    Raises
    ------
    UserError
    """
    last: dict[str, int] = {}
    pairs = adjoin = over = single = 0
    shown = ""
    for _, cells in itertools.islice(text, _LOOKED_AT):
        start, end = (whole(cells[1]), whole(cells[2])) if len(cells) > 3 else (None, None)
        if start is None or end is None:
            continue
        shown = shown or cells[3]
        before = last.get(cells[0], start)
        adjoin += start == before and cells[0] in last
        over += start < before
        single += end - start == 1
        pairs += 1
        last[cells[0]] = end
    side_by_side = adjoin >= _ADJOIN * pairs and over <= _OVERLAP * pairs
    if pairs < _COUNTED or side_by_side or single >= _MOST * pairs:
        return
    lie = "overlap each other" if over else "do not overlap"
    raise UserError(
        f"{text.name}, line {text.first_line}: it is not clear whether column 4 (such as"
        f" {shown[:20]}) is a signal, since these intervals {lie}; call the file .bedgraph if it is"
        " one, put a header (chrom, start, end and a name) above regions with a value each, and"
        " give fragments as three columns."
    )


def _most(rows: Sequence[Sequence[str]], test: Callable[[Sequence[str]], bool]) -> bool:
    """Tell whether nearly all rows pass a test."""
    return sum(map(test, rows)) >= _MOST * len(rows)


def _is_interval(cells: Sequence[str]) -> bool:
    """Tell whether columns 2 and 3 are positions."""
    return len(cells) >= 3 and whole(cells[1]) is not None and whole(cells[2]) is not None


def _is_value(cell: str) -> bool:
    """Tell whether a cell is a number, or says that there is none."""
    return finite(cell) is not None or has_decimal_comma(cell) or (missing(cell) and cell != ".")


def _are_names(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether column 4 names the rows, as a file of peaks does; cells have several."""
    strands = {cells[5] for cells in rows if len(cells) > 5}
    if len(rows) < _COUNTED or strands == {"+", "-"}:
        return False
    names = [cells[3] for cells in rows if len(cells) > 3]
    return len(set(names)) == len(names) and not all(map(_DNA.search, names))


def _is_depth(cells: Sequence[str]) -> bool:
    """Tell whether cells are a position and how many reads cover it."""
    start, end = whole(cells[1]) if len(cells) == 3 else None, whole(cells[-1])
    return start is not None and end is not None and start > end


def _are_successive(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether column 2 of three counts positions; fragments do not all begin one further."""
    if not _most(rows, lambda cells: len(cells) == 3):
        return False
    starts = [(cells[0], whole(cells[1]) or 0) for cells in rows if len(cells) == 3]
    steps = [
        low[0] == high[0] and high[1] == low[1] + 1 for low, high in itertools.pairwise(starts)
    ]
    return len(starts) >= _COUNTED and sum(steps) >= _MOST * len(steps)


def _is_pair(cells: Sequence[str]) -> bool:
    """Tell whether columns 4 to 6 are the other end; BEDPE of single ends has '.' and -1 there."""
    return len(cells) >= 6 and whole(cells[4]) is not None and whole(cells[5]) is not None


def _is_bed(cells: Sequence[str]) -> bool:
    """Tell whether cells are those of BED or peaks, whose numbers are no samples."""
    return len(cells) in (9, 10, 12, 15) and cells[5] in ("+", "-", ".", "*")


def _has_barcode(cells: Sequence[str]) -> bool:
    """Tell whether a barcode and a small count stand behind the interval."""
    if len(cells) == 4:
        return _BARCODE.match(cells[3]) is not None
    if len(cells) not in (5, 6) or _is_value(cells[3]) or cells[3] == ".":
        return False
    count = whole(cells[4])
    strand = len(cells) == 5 or cells[5] in ("+", "-", ".")
    return count is not None and 0 < count <= _COPIES and strand
