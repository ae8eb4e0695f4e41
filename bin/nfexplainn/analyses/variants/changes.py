"""What an allele changes, and the windows of the model with and without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.data.padding import pad_codes
from nfexplainn.io.genome import Genome
from nfexplainn.native.units import Edits

SNV, MNV, INSERTION, DELETION, COMPLEX = "SNV", "MNV", "insertion", "deletion", "complex"
KINDS = (SNV, MNV, INSERTION, DELETION, COMPLEX)


@dataclass(frozen=True)
class Change:
    """Bases of the genome that are taken out, and those put in their place.

    Attributes
    ----------
    start : int
        The first base taken out, from 0; of an insertion the base that it goes before.
    removed : int
        Number of bases taken out.
    added : str
    """

    start: int
    removed: int
    added: str

    @property
    def kind(self) -> str:
        """One of :data:`KINDS`."""
        if self.removed == len(self.added):
            return SNV if self.removed == 1 else MNV
        if not self.removed:
            return INSERTION
        return COMPLEX if self.added else DELETION

    @property
    def centre(self) -> int:
        """The base in the middle of the window."""
        return self.start + self.removed // 2

    def begin(self, length: int, offset: int) -> int:
        """First base of the reference's window: the change is ``offset`` bp right of its middle."""
        return self.centre - length // 2 - offset

    def inside(self, length: int, offset: int) -> bool:
        """Tell whether the window holds all that is taken out, and the place of what is put in."""
        begin = self.begin(length, offset)
        return begin <= self.start and self.start + self.removed <= begin + length

    def needs(self, length: int, offset: int) -> tuple[int, int]:
        """Give the first base, and the one after the last, that its windows hold.

        A deletion draws in as many bases from beside the window as it takes out of it.
        """
        begin = self.begin(length, offset)
        more = max(0, self.removed - len(self.added))
        return begin - more, begin + length + more


def trimmed(start: int, ref: str, alt: str) -> Change:
    """Take off the bases that both alleles share, first those at their end.

    So an indel in a repeat lies at its left end, as normalised VCF has it (Tan et al. 2015),
    however many bases a record of several alleles puts behind it.

    Parameters
    ----------
    start : int
        The first base of ``ref``, from 0.
    """
    shortest = min(len(ref), len(alt))
    tail = 0
    while tail < shortest and ref[-1 - tail] == alt[-1 - tail]:
        tail += 1
    head = 0
    while head < shortest - tail and ref[head] == alt[head]:
        head += 1
    return Change(start + head, len(ref) - head - tail, alt[head : len(alt) - tail])


@dataclass(frozen=True)
class VariantWindows:
    """The windows of some changes, with and without them.

    Attributes
    ----------
    codes : uint8 array, shape (changes * offsets, length)
        Of the reference, change by change.
    edits : Edits
        With the change: once where as many bases are put in as are taken out, else twice, with the
        flank before it kept in place, and with the flank behind it.
    change : int64 array, shape (edits,)
        Which change an edit is of.
    begin : int64 array, shape (changes * offsets,)
        First base of each window on its chromosome.
    """

    codes: dna.Codes
    edits: Edits
    change: NDArray[np.int64]
    begin: NDArray[np.int64]


def cut_windows(
    genome: Genome,
    chrom: NDArray[np.int64],
    changes: Sequence[Change],
    length: int,
    offsets: Sequence[int],
) -> VariantWindows:
    """Cut windows of the genome, and put the changes into them.

    Parameters
    ----------
    genome : Genome
    chrom : int64 array, shape (changes,)
        Positions in ``genome.names``.
    changes : sequence of Change
        Whose windows lie within their chromosomes.
    length : int
    offsets : sequence of int
    """
    each = len(offsets)
    begin = np.array([one.begin(length, o) for one in changes for o in offsets], dtype=np.int64)
    of_row = np.repeat(np.arange(len(changes)), each)
    codes = genome.fetch(chrom[of_row], begin, length)
    beside = _beside(genome, chrom[of_row], begin, [changes[at] for at in of_row.tolist()], length)
    rows: list[int] = []
    edited: list[dna.Codes] = []
    spans: list[tuple[int, int]] = []
    for row, at in enumerate(of_row.tolist()):
        change = changes[at]
        place, behind = (
            change.start - int(begin[row]),
            change.start + change.removed - int(begin[row]),
        )
        added = dna.encode([change.added])[0] if change.added else np.zeros(0, np.uint8)
        if len(added) == change.removed:
            one = codes[row].copy()
            one[place:behind] = added
            edited.append(one)
            rows.append(row)
            spans.append((place, behind))
            continue
        more = max(0, change.removed - len(added))
        wide = beside.get(row, codes[row])
        new = np.concatenate([wide[: more + place], added, wide[more + behind :]])
        edited += [new[more : more + length], new[len(new) - more - length : len(new) - more]]
        rows += [row, row]
        spans += [(place, length), (0, behind)]
    first, last = np.array(spans, dtype=np.int32).reshape(-1, 2).T
    stacked = np.stack(edited) if edited else np.zeros((0, length), np.uint8)
    row_array = np.array(rows, dtype=np.int64)
    edits = Edits(stacked, row_array, np.ascontiguousarray(first), np.ascontiguousarray(last))
    return VariantWindows(codes, edits, row_array // each, begin)


def pad_windows(windows: VariantWindows, pad: int) -> VariantWindows:
    """Put N on both sides of all windows, as the assay of a model did with its sequences."""
    edits = windows.edits
    moved = (np.asarray(edge + pad, dtype=np.int32) for edge in (edits.first, edits.last))
    return VariantWindows(
        pad_codes(windows.codes, pad),
        Edits(pad_codes(edits.codes, pad), edits.row, *moved),
        windows.change,
        windows.begin - pad,
    )


def _beside(
    genome: Genome,
    chrom: NDArray[np.int64],
    begin: NDArray[np.int64],
    changes: Sequence[Change],
    length: int,
) -> dict[int, dna.Codes]:
    """Fetch windows with what deletions draw in from beside them, by their rows."""
    groups: dict[int, list[int]] = {}
    for row, change in enumerate(changes):
        if change.removed > len(change.added):
            groups.setdefault(change.removed - len(change.added), []).append(row)
    found: dict[int, dna.Codes] = {}
    for more, rows in groups.items():
        wide = genome.fetch(chrom[rows], begin[rows] - more, length + 2 * more)
        found.update(zip(rows, wide, strict=True))
    return found
