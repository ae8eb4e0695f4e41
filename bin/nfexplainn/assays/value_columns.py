"""Which columns of a table hold what is to be learnt: named by the user, clear, or asked for."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from nfexplainn.errors import UserError
from nfexplainn.problems import ErrorCollector, read_each
from nfexplainn.values import looks_numeric, missing, no_number

SHOWN = 12
# Words in names of columns that describe a row, or how sure a value is, and measure nothing:
# anywhere in a name, as its first word, as its last one, or alone (a GC may be a germinal centre).
_ANYWHERE = """
    chrom chromosome seqnames start end stop strand tss length width barcode barcodes distance dist
    lfcse stderr stdev pval pvalue padj fdr qval qvalue basemean logcpm aveexpr unnamed
"""
_FIRST = "n num nobs"
_LAST = "se sem sd std variance error id ids index rank"
_ALONE = """
    chr pos position gc gc_content len size fold fold_num split rev idx number cv var err
    stat statistic lr
"""
_DOUBT = re.compile(
    r"(lfc|logfc|log2fc|fc)_?(se|sd|sem)$|(^|[^a-z])(p|q|adj)[._ -]?val"
    # What a ratio of MPRA was made of.
    r"|(^|[^a-z])(dna|rna|cdna|plasmid)[._ -]?(counts?|reads|umis?|cpm|tpm)"
)


def describes(title: str) -> bool:
    """Tell by its name whether a column of numbers is hardly what is to be learnt.

    Coordinates, lengths, numbers of reads or barcodes, standard errors, p-values and the like.
    """
    words = re.findall(r"[a-z0-9]+", title.lower())
    return bool(words) and (
        not set(words).isdisjoint(_ANYWHERE.split())
        or words[0] in _FIRST.split()
        or words[-1] in _LAST.split()
        or "_".join(words) in _ALONE.split()
        or bool(_DOUBT.search(title.lower()))
    )


def holds_numbers(cells: Sequence[str]) -> bool:
    """Tell whether most cells of a column are numbers or missing, and some are numbers."""
    numbers = sum(map(looks_numeric, cells))
    nothing = sum(missing(cell) for cell in cells)
    return numbers > 0 and 2 * (numbers + nothing) > len(cells)


def is_index(titles: Sequence[str] | None, column: int) -> bool:
    """Tell whether a column holds R's names of rows, or the index of pandas: it has no name."""
    return titles is not None and re.fullmatch(r"|Unnamed: \d+", titles[column]) is not None


def find_column(
    source: str, titles: Sequence[str] | None, count: int, wanted: str, option: str
) -> int:
    """Give the position of a column that the user names, by its name or its number from 1.

    Raises
    ------
    UserError
        If there is none, or two are called so.
    """
    header = list(titles or ())
    found = [i for i, title in enumerate(header) if title == wanted]
    found = found or [i for i, title in enumerate(header) if title.lower() == wanted.lower()]
    if len(found) > 1:
        raise UserError(
            f"{source}: two columns are called '{wanted}' ({option}); give its number,"
            f" {found[0] + 1} or {found[1] + 1}, or rename one of them."
        )
    if found:
        return found[0]
    if wanted.isdecimal() and 1 <= int(wanted) <= count:
        return int(wanted) - 1
    known = f"there are {listed(header)}" if header else f"it has {count} and no header"
    raise UserError(f"{source}: the table has no column '{wanted}' ({option}); {known}.")


def named_columns(
    source: str,
    titles: Sequence[str] | None,
    count: int,
    wanted: Sequence[str],
    taken: Collection[int | None],
    what: str,
) -> tuple[int, ...]:
    """Give the positions of the columns of values that the user names.

    Raises
    ------
    UserError
        If one is not there, stands twice, or is ``what`` the columns ``taken`` hold.
    """
    columns = tuple(
        read_each(wanted, lambda one: find_column(source, titles, count, one, "value_columns"))
    )
    if len(set(columns)) < len(columns) or set(columns) & set(taken):
        raise UserError(
            f"{source}: value_columns '{','.join(wanted)}' names a column twice or {what}; name"
            " every column of values once."
        )
    return columns


def clear_columns(
    source: str, titles: Sequence[str] | None, candidates: Sequence[int]
) -> tuple[int, ...]:
    """Give the columns of values where it is clear which they are: one, or several alike.

    Parameters
    ----------
    source : str
    titles : sequence of str or None
        Names of all columns.
    candidates : sequence of int
        Positions of those that can be.

    Raises
    ------
    UserError
        If there are several and no header, or some seem to describe the others; or if the only
        one does.
    """
    if not candidates or (len(candidates) == 1 and not titles):
        return tuple(candidates)
    doubtful = [titles[i] for i in candidates if describes(titles[i])] if titles else []
    if titles and not doubtful:
        return tuple(candidates)
    if len(candidates) == 1:
        raise UserError(
            f"{source}: the only column of numbers, {doubtful[0]}, does not look like values to"
            " learn; name the right one with --value_columns (or this one, if it is right)."
        )
    which = listed([titles[i] if titles else str(i + 1) for i in candidates])
    why = f", and {doubtful[0]} does not look like values to learn" if doubtful else ""
    raise UserError(
        f"{source}: several columns hold numbers ({which}){why}; name those to learn with"
        " --value_columns."
    )


def say_columns(titles: Sequence[str] | None, columns: Sequence[int], how: str) -> str:
    """Say for a note which columns were read, and how they were found."""
    names = [f"'{titles[i]}'" if titles and titles[i] else f"number {i + 1}" for i in columns]
    return f"column{'s' if len(names) > 1 else ''} {listed(names)} ({how})"


def listed(names: Sequence[str]) -> str:
    """List names, at most twelve of them."""
    more = f", ... ({len(names):,} in all)" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def add_wrong_cell(
    problems: ErrorCollector, cell: str, title: str, line: int | None, way_out: str = ""
) -> None:
    """Say that a cell of a column of values holds no number.

    Parameters
    ----------
    problems : ErrorCollector
    cell : str
    title : str
        Of the column; '' where it has none.
    line : int or None
    way_out : str
        By default to correct it, or to write NA.
    """
    said = no_number(cell)
    where = f" in column {title}" if title else ""
    quoted, _, rest = said.partition("' ")
    rest, semicolon, own = rest.partition(";")
    way = own.strip() if semicolon else way_out or "correct it, or write NA if it is unknown"
    cause = "comma" if "comma" in rest else rest
    problems.add(f"{quoted}'{where} {rest}; {way}.", line, cause=f"{title}: {cause}")
