"""Two data sets against each other: windows of one are positives, those of the other negatives.

Of measured values the difference of two tasks is learnt (``contrast_values``). It is no assay of
the sheet: it is made of data sets that are prepared already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn.assays.common import PrepLog, assemble
from nfexplainn.assays.contrast_notes import note, told
from nfexplainn.assays.contrast_values import check_values, difference
from nfexplainn.assays.spec import Prepared, Row, Spec
from nfexplainn.data.classes import CONTRAST, SCORES
from nfexplainn.data.dataset import Dataset, read_dataset
from nfexplainn.data.duplicates import strand_free_key
from nfexplainn.data.negatives import gc_bins, match_pool
from nfexplainn.dna import Codes
from nfexplainn.errors import UserError, quoted
from nfexplainn.features import Advice, AssayFacts
from nfexplainn.io.coordinates import SPAN, read_names
from nfexplainn.io.intervals import Regions

LEAST_A_SIDE = 200
LEAST_MATCHED = 100
"""Of those, as many as are left once the sides have equal GC content."""
MATCHING_KINDS = ("gc", "none")
_OVERLAPPING = "in both data sets: overlapping or equal"
_UNKNOWN = "unknown in the other task"
_UNMATCHED = "no sequence of the same GC content on the other side"

Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

FACTS = AssayFacts(
    label="contrast",
    genome=False,
    positives="peaks of both data sets",
    unbound="peaks of the other data set",
    negatives="two data sets that share fewer peaks",
    advice=Advice(
        wrong="This may be the correct result: the two sides may not differ in sequence. More peaks"
        " would reveal smaller differences.",
        more="More peaks on both sides would reveal smaller differences; see the chapter What"
        " differs.",
        composition="Composition alone also separates the sides; see the chapter What differs.",
        short="See the chapter What differs: the 4-mer baseline does not judge a contrast.",
    ),
)


@dataclass(frozen=True)
class Side:
    """The positives of a data set, or of one of its tasks.

    Attributes
    ----------
    name : str
        As the user calls it: ``D`` or ``D/task``.
    names : list of str
    codes : uint8 array, shape (n, length)
    flanks : uint8 array, shape (n, 2 * width), or None
    strand_symmetric : bool
    given : int
        Number of the positives before any was left out.
    pad : int
        N that were added to either end of each sequence.
    score : tuple of str and float, optional
        Column of the peaks' scores, and the median before any was left out.
    """

    name: str
    names: list[str]
    codes: Codes
    flanks: Codes | None
    strand_symmetric: bool
    given: int
    pad: int = 0
    score: tuple[str, float] | None = None

    def __len__(self) -> int:
        """Give the number of sequences."""
        return len(self.names)

    def take(self, rows: Mask | Rows) -> Side:
        """Keep some rows."""
        rows = np.arange(len(self))[rows]
        return replace(
            self,
            names=[self.names[row] for row in rows.tolist()],
            codes=self.codes[rows],
            flanks=None if self.flanks is None else self.flanks[rows],
        )


def prepare(spec: Spec) -> Prepared:
    """Make the data set of a contrast from two data sets.

    What lies in both is left out: windows that overlap one of the other side, and sequences that
    are equal on either strand. The rest is matched by GC content so that the ratio of numbers
    stays. Sides are in the order of their names, the first are the positives. Of measured values
    the difference is taken, in the same order.

    Raises
    ------
    UserError
        If a data set is missing, the sides cannot be compared, or too few of one are left.
    """
    _check_there(spec)
    matching = str(spec.raw_options.get("contrast_matching") or MATCHING_KINDS[0])
    if matching not in MATCHING_KINDS:
        kinds = " or ".join(MATCHING_KINDS)
        raise UserError(f"contrast_matching is {quoted(matching)}; it must be {kinds}.")
    log = PrepLog()
    read = {row.data: read_dataset(spec.file(row.data).path) for row in _one_each(spec)}
    if any(dataset.meta.task_type == "regression" for dataset in read.values()):
        check_values(spec, list(read.values()))
        return difference(spec, read[spec.rows[0].data], log)
    return compare(spec, _sides(spec, read, log), matching, log)


def compare(spec: Spec, sides: tuple[Side, Side], matching: str, log: PrepLog) -> Prepared:
    """Make the data set of two sides, the first of which are the positives.

    Parameters
    ----------
    spec : Spec
    sides : tuple of Side
    matching : {'gc', 'none'}
    log : PrepLog

    Raises
    ------
    UserError
        If the sides cannot be compared, or too few of one are left.
    """
    a, b = sides
    _check_alike(a, b)
    apart = _left_out(sides, in_both(a, b), _OVERLAPPING, log)
    _check_enough(apart, LEAST_A_SIDE, "that are in both", "most of their peaks are the same")
    kept = apart
    if matching == "gc":
        rows = match_sides(apart[0].codes, apart[1].codes, spec.rng("matching"))
        lost = [~np.isin(np.arange(len(one)), own) for one, own in zip(apart, rows, strict=True)]
        kept = _left_out(apart, (lost[0], lost[1]), _UNMATCHED, log)
        _check_enough(
            kept,
            LEAST_MATCHED,
            "that are in both or have no counterpart of the same GC content",
            "the sides differ in GC content, which --contrast_matching none ignores",
        )
    note(log, sides, apart, kept, matching)
    return _assembled(spec, log, kept, told(sides, apart, kept, matching))


def in_both(a: Side, b: Side) -> tuple[Mask, Mask]:
    """Tell which sequences of each side are on the other, too.

    Returns
    -------
    bool arrays, shape (n,) and (m,)
        Windows that share a base with a window of the other side, by their coordinates where
        names tell them, and sequences that are equal on either strand.
    """
    where = read_names([*a.names, *b.names])
    begin = where.chrom * SPAN + where.start
    end = where.chrom * SPAN + where.end
    first = np.arange(len(begin)) < len(a)
    placed = where.chrom >= 0
    keys = strand_free_key(np.concatenate([a.codes, b.codes]))
    found = np.zeros(len(begin), dtype=np.bool_)
    for own, other in ((first, ~first), (~first, first)):
        there = Regions.merge(begin[other & placed], end[other & placed])
        rows = np.flatnonzero(own & placed)
        found[rows] = there.overlap(begin[rows], end[rows])
        found[own] |= np.isin(keys[own], keys[other])
    return found[first], found[~first]


def match_sides(a: Codes, b: Codes, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Choose as many as can be of both sides with one distribution of %GC and the same ratio.

    Parameters
    ----------
    a, b : uint8 arrays, shape (n, length) and (m, length)
    rng : Generator

    Returns
    -------
    integer arrays
        Rows of each, ascending.
    """
    bins = gc_bins(a), gc_bins(b)
    # The rarer side per sequence of the other: whole numbers lose least so.
    if len(a) >= len(b):
        return match_pool(*bins, len(b) / len(a), rng)
    rows_b, rows_a = match_pool(bins[1], bins[0], len(a) / len(b), rng)
    return rows_a, rows_b


def _check_there(spec: Spec) -> None:
    """Refuse a contrast of data sets that could not be made."""
    missing = dict(spec.raw_options.get("missing") or {})
    if missing:
        raise UserError(
            "\n".join(
                f"the contrast {spec.id} needs the data set {name}, which cannot be used"
                f" ({' '.join(str(why).split()).rstrip('.')}); correct that, or leave this contrast"
                " out of --contrast."
                for name, why in missing.items()
            )
        )
    if len(spec.rows) != 2:
        raise UserError(f"{spec.id}: a contrast has two sides, but this one has {len(spec.rows)}.")


def _one_each(spec: Spec) -> list[Row]:
    """Give a row of each data set: one that both sides are of is read once."""
    return list({row.data: row for row in spec.rows}.values())


def _sides(spec: Spec, read: Mapping[int, Dataset], log: PrepLog) -> tuple[Side, Side]:
    """Take both sides."""
    a, b = (side_of(row.sample, read[row.data], row) for row in spec.rows)
    for row, side in zip(spec.rows, (a, b), strict=True):
        log.read(side.name, "records", f"{len(side):,}")
        log.read(side.name, "sequences", f"positives of the {spec.file(row.data).name}")
    if len(read) > 1 or any(row.label is None for row in spec.rows):
        return a, b
    # What may be in both tasks tells nothing of their difference.
    (dataset,) = read.values()
    labels = [dataset.labels[:, dataset.meta.tasks.index(row.label or "")] for row in spec.rows]
    known = [
        ~np.isnan(other[own == 1]) for own, other in zip(labels, reversed(labels), strict=True)
    ]
    return _left_out((a, b), (~known[0], ~known[1]), _UNKNOWN, log)


def side_of(name: str, dataset: Dataset, row: Row) -> Side:
    """Take the positives of a data set; of one task, where the row's label names it.

    Raises
    ------
    UserError
        If there is no such task, or the data set holds no classes of positives.
    """
    meta = dataset.meta
    if meta.task_type not in ("binary", "multilabel"):
        raise UserError(
            f"the contrast with {name}: the data set {meta.id} has the task type {meta.task_type},"
            " which has no positives to compare; give data sets of peaks or sequences."
        )
    if row.label is not None and row.label not in meta.tasks:
        raise UserError(
            f"the contrast with {name}: the data set {meta.id} has no task {quoted(row.label)};"
            f" it has {', '.join(meta.tasks[:10])}."
        )
    tasks = slice(None) if row.label is None else [meta.tasks.index(row.label)]
    rows = np.flatnonzero((dataset.labels[:, tasks] == 1).any(axis=1))
    task = row.label or (meta.tasks[0] if len(meta.tasks) == 1 else "")
    column, median = dict(meta.extra.get(SCORES) or {}).get(task) or ("", float("nan"))
    return Side(
        name,
        [dataset.names[at] for at in rows.tolist()],
        dataset.codes[rows],
        None if dataset.flanks is None else dataset.flanks[rows],
        meta.strand_symmetric,
        len(rows),
        int(meta.extra.get("pad") or 0),
        (str(column), float(median)) if column else None,
    )


def _check_alike(a: Side, b: Side) -> None:
    """Refuse sides of other lengths, or of which one alone is read on both strands."""
    lengths = [side.codes.shape[1] - 2 * side.pad for side in (a, b)]
    if lengths[0] != lengths[1]:
        raise UserError(
            f"the contrast of {a.name} and {b.name}: the sequences of {a.name} have {lengths[0]} bp"
            f" and those of {b.name} {lengths[1]} bp, so their length alone would separate them;"
            " set --width (of sequences --length) to one value for both."
        )
    if a.pad != b.pad:
        raise UserError(
            f"the contrast of {a.name} and {b.name}: {a.pad} N were added to either end of the"
            f" sequences of {a.name} and {b.pad} to those of {b.name}, which alone would separate"
            " them; use the same --pad and assay for both."
        )
    if a.strand_symmetric != b.strand_symmetric:
        raise UserError(
            f"the contrast of {a.name} and {b.name}: one of them uses both strands, the other one"
            " strand; set --reverse_complement to one value for both."
        )


def _left_out(
    sides: tuple[Side, Side], which: tuple[Mask, Mask], reason: str, log: PrepLog
) -> tuple[Side, Side]:
    for side, gone in zip(sides, which, strict=True):
        log.drop(side.name, reason, int(gone.sum()))
    return sides[0].take(~which[0]), sides[1].take(~which[1])


def _check_enough(sides: tuple[Side, Side], least: int, why: str, cause: str) -> None:
    """Refuse a side of too few sequences, and say where the others went.

    Raises
    ------
    UserError
    """
    a, b = sides
    few = [side for side in sides if len(side) < least]
    if few:
        raise UserError(
            "\n".join(
                f"the contrast of {a.name} and {b.name}: {len(side):,} of {side.given:,} sequences"
                f" of {side.name} remain after removing those {why}, but a contrast needs {least}"
                " per side"
                + (f" ({cause})" if 2 * len(side) < side.given else "")
                + "; give more peaks, or leave this contrast out of --contrast."
                for side in few
            )
        )


def _assembled(
    spec: Spec, log: PrepLog, sides: tuple[Side, Side], told: dict[str, Any]
) -> Prepared:
    a, b = sides
    names = [*a.names, *b.names]
    if len(set(names)) < len(names):
        # Coordinates are read behind this mark, too.
        names = [f"{side.name}::{name}" for side in sides for name in side.names]
    flanks = None
    if a.flanks is not None and b.flanks is not None and a.flanks.shape[1] == b.flanks.shape[1]:
        flanks = np.concatenate([a.flanks, b.flanks])
    labels = np.repeat(np.array([1, 0], dtype=np.float32), [len(a), len(b)])[:, None]
    return assemble(
        spec,
        log,
        names,
        np.concatenate([a.codes, b.codes]),
        labels,
        [spec.id],
        None,
        {"negatives": CONTRAST, "contrast": told} | ({"pad": a.pad} if a.pad else {}),
        strand_symmetric=a.strand_symmetric,
        flanks=flanks,
    )
