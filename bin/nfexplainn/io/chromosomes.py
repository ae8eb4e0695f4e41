"""Names of chromosomes in a file, held against those of the genome."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nfexplainn.errors import UserError

# Above this share of lines that another spelling would match, the file is of another naming.
MUCH = 0.05
# Yeast and worm count in Roman numbers, whose X is no sex chromosome.
_ROMAN = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"]
_NUMBERS = {f"{'x' * (n // 10)}{_ROMAN[n % 10]}": str(n) for n in range(1, 40)}
# RefSeq's accessions of man (from 1) and mouse (from 67): the chromosomes, X and Y.
_REFSEQ = re.compile(r"nc_0000(\d\d)(?:\.\d+)?")
_FIRST = {"man": (1, 22), "mouse": (67, 19)}


def map_chromosomes(
    source: str,
    names: Sequence[str],
    counts: Sequence[int] | NDArray[np.int64],
    codes: Mapping[str, int],
    genome: str,
    way_out: str,
    unit: str = "lines",
) -> NDArray[np.int64]:
    """Give the genome's code of each name, -1 where it has none.

    Parameters
    ----------
    source : str
        The file, for messages.
    names : sequence of str
    counts : sequence of int
        Lines with each name.
    codes : mapping of str to int
        The genome's chromosomes.
    genome : str
        Its name, for messages.
    way_out : str
        What to do where nothing fits and no other spelling would.
    unit : str
        What is counted.

    Raises
    ------
    UserError
        If no name is known, or another spelling (with or without ``chr``) would match more than
        5 % of the lines that now match nothing.
    """
    table = np.array([codes.get(name, -1) for name in names], dtype=np.int64)
    if not len(names):
        return table
    lines = np.asarray(counts, dtype=np.int64)
    other = other_spellings(names, codes)
    total = int(lines.sum())
    gain = sum(int(n) for name, n in zip(names, lines, strict=True) if other[name])
    unknown = int(lines[table < 0].sum())
    if (table >= 0).any() and gain <= MUCH * total:
        return table
    example = next((name for name in names if other[name]), "")
    if example:
        way_out = f"write '{other[example]}' for '{example}'{_command(example, other[example])}"
    its = some(list(codes))
    if (table < 0).all():
        raise UserError(
            f"{source}: none of its chromosomes ({some(names)}) is in the genome {genome} ({its});"
            f" {way_out}."
        )
    raise UserError(
        f"{source}: {unknown:,} of {total:,} {unit} are on chromosomes with other names than in the"
        f" genome {genome} ({its}); {way_out}."
    )


def check_signal(
    source: str,
    amounts: Mapping[str, int],
    names: Sequence[str],
    windows: NDArray[np.int64],
    genome: str,
    unit: str,
) -> int:
    """Hold the names of chromosomes of a track against those of the genome.

    Parameters
    ----------
    source : str
        The file, for messages.
    amounts : mapping of str to int
        How much the track has on each of its chromosomes.
    names : sequence of str
        The genome's chromosomes.
    windows : int64 array, shape (n,)
        The chromosome of each window.
    genome : str
        The genome's name.
    unit : str
        What is counted.

    Returns
    -------
    int
        How much is on chromosomes that the genome lacks.

    Raises
    ------
    UserError
        If the chromosomes of many windows have nothing, but much is on other names.
    """
    codes = {name: code for code, name in enumerate(names)}
    own, counts = list(amounts), list(amounts.values())
    way_out = "give the genome that the data were mapped to"
    table = map_chromosomes(source, own, counts, codes, genome, way_out, unit)
    unknown = [one for one, code in zip(own, table.tolist(), strict=True) if code < 0]
    lost = sum(amounts[one] for one in unknown)
    silent = ~np.isin(windows, table[table >= 0])
    if lost > MUCH * sum(counts) and silent.sum() > MUCH * len(silent):
        without = [names[code] for code in np.unique(windows[silent]).tolist()]
        raise UserError(
            f"{source}: it has nothing on {some(without)} ({int(silent.sum()):,} of {len(silent):,}"
            f" windows), but {lost:,} of {sum(counts):,} {unit} are on {some(unknown)}, which the"
            f" genome {genome} lacks; use the same chromosome names, or leave those without signal"
            " out (--exclude_chromosomes)."
        )
    return lost


def other_spellings(names: Sequence[str], codes: Mapping[str, int]) -> dict[str, str]:
    """Give for each name that a genome does not know the one by which it knows the chromosome.

    Returns
    -------
    dict of str to str
        '' where the genome knows the name, or no spelling of it.
    """
    alike: dict[str, list[str]] = {}
    for one in codes:
        alike.setdefault(_bare(one), []).append(one)
    bare = {name: _bare(name) for name in names}
    mine, its = _are_roman(bare.values()), _are_roman(alike)
    if mine and not its:
        bare = {name: _NUMBERS.get(text, text) for name, text in bare.items()}
    elif its and not mine:
        romans = {number: roman for roman, number in _NUMBERS.items()}
        bare = {name: romans.get(text, text) for name, text in bare.items()}
    found = {}
    for name in names:
        same = [] if name in codes else alike.get(bare[name], [])
        found[name] = same[0] if len(same) == 1 else ""
    return found


def _bare(name: str) -> str:
    """Give what spellings of a name have in common: in lower case, without ``chr`` and zeros."""
    text = name.lower()
    for prefix in ("chromosome_", "chromosome", "chr_", "chr"):
        if text.startswith(prefix) and len(text) > len(prefix):
            text = text.removeprefix(prefix)
            break
    # Numbers with a zero before them, or as a table of numbers holds them (1.0).
    text = re.sub(r"^0*(\d+?)(?:\.0)?$", r"\1", text)
    accession = _REFSEQ.fullmatch(text)
    if accession:
        return _of_refseq(int(accession[1])) or text
    return "m" if text in ("mt", "mito") else text


def _of_refseq(number: int) -> str:
    """Give the chromosome of an accession of RefSeq, '' where it is none of man or mouse."""
    for first, autosomes in _FIRST.values():
        at = number - first
        if 0 <= at < autosomes + 2:
            return str(at + 1) if at < autosomes else "xy"[at - autosomes]
    return ""


def _are_roman(names: Collection[str]) -> bool:
    """Tell whether chromosomes are counted in Roman numbers."""
    return {"i", "ii", "iii"} <= set(names)


def _command(mine: str, its: str) -> str:
    """Give the command that changes one spelling into the other, and leaves headers as they are."""
    if its == f"chr{mine}":
        return " (sed -E '/^#/!s/^(chr)?/chr/')"
    return " (sed '/^chrom/!s/^chr//')" if mine == f"chr{its}" else ""


def some(names: Sequence[str]) -> str:
    """Show the first few names."""
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
