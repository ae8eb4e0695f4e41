"""Which columns of a table hold coordinates, and from which number its positions count."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nfexplainn.values import whole

CHROM = (
    *("chrom", "chr", "chromosome", "seqnames", "seqname", "seqid", "contig", "chrm", "space"),
    *("chromosome_name", "chromosome/scaffold name", "genoname"),
)
START = ("start", "chromstart", "chrstart", "start_position", "begin", "start (bp)", "genostart")
END = ("end", "chromend", "chrend", "stop", "end_position", "end (bp)", "genoend")
# Of what the coordinates are: region_chr, peakStart.
_OF = re.compile(r"(peak|region|interval|site|element|dhs|ccre|tile)[ _.-]*(?=chr|start|stop|end)")
_LENGTH = ("length", "width", "region_length", "peak_length")
_COMMAND = re.compile(r"\(\s*cmd\s*=", re.IGNORECASE)


def plain(title: str) -> str:
    """Bring a column's name to the form in which names are compared."""
    return title.strip().lstrip("#").strip().lower()


def find_coordinates(titles: Sequence[str]) -> tuple[int, int, int] | None:
    """Give the positions of chromosome, start and end in a header, None where one is missing."""
    lower = [plain(title) for title in titles]
    for names in (lower, [_OF.sub("", title, count=1) for title in lower]):
        found = [
            next((names.index(word) for word in some if word in names), -1)
            for some in (CHROM, START, END)
        ]
        if min(found) >= 0:
            return found[0], found[1], found[2]
    return None


def tool_of(titles: Sequence[str]) -> str:
    """Name the tool that writes a header like this, '' where it is none that is known."""
    lower = [plain(title) for title in titles]
    if not lower:
        return ""
    if lower[0].startswith("peakid") or _COMMAND.search(lower[0]):
        return "HOMER"
    if "abs_summit" in lower and "length" in lower:
        return "MACS"
    if lower[0] == "geneid":
        return "featureCounts"
    if "start (bp)" in lower:
        return "BioMart"
    return ""


def counts_from_one(
    titles: Sequence[str], rows: Sequence[Sequence[str]], where: tuple[int, int, int]
) -> tuple[bool, str]:
    """Tell whether starts count from 1, both ends included, rather than from 0 as in BED.

    A column of lengths decides: end - start + 1, or end - start. Without one, the tool does:
    HOMER, MACS, featureCounts and BioMart count from 1.

    Returns
    -------
    from_one : bool
    why : str
        The reason, '' where there is none but that tables without a sign are read as BED.
    """
    lower = [plain(title) for title in titles]
    column = next((lower.index(word) for word in _LENGTH if word in lower), -1)
    if column >= 0:
        extra = _surplus(rows, where[1], where[2], column)
        if extra is not None:
            sum_of = "end - start + 1" if extra else "end - start"
            return bool(extra), f"column '{titles[column]}' is {sum_of}"
    tool = tool_of(titles)
    return bool(tool), f"as {tool} writes them" if tool else ""


def _surplus(rows: Sequence[Sequence[str]], start: int, end: int, length: int) -> int | None:
    """Give what lengths are more than end - start: 0 or 1, None where they are neither."""
    found = set()
    for cells in rows:
        if len(cells) > max(start, end, length):
            low, high, size = whole(cells[start]), whole(cells[end]), whole(cells[length])
            if low is not None and high is not None and size is not None:
                found.add(size - (high - low))
    return found.pop() if len(found) == 1 and found <= {0, 1} else None
