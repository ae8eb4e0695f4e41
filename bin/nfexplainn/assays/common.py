"""What assays that compare positives with negatives share: rows, tasks, split, data set."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.assays.parts import make_parts, note_untrained
from nfexplainn.assays.spec import Prepared, Row, Spec
from nfexplainn.data.dataset import SPLITS, Dataset, DatasetMeta, Floats, Source, TaskType
from nfexplainn.data.splits import across_parts, make_groups
from nfexplainn.errors import UnusableError, UserError
from nfexplainn.evaluation.advice import for_few_positives, for_no_negatives, for_no_others
from nfexplainn.io.coordinates import Coordinates, read_names

ALL_FILES = "all files together"
_NAMES = 20
_ACROSS = "equal to or overlapping a sequence of a later part"


class PrepLog:
    """What was read as what, what was dropped and what must be said, while a data set is made."""

    def __init__(self) -> None:
        self.dropped: list[tuple[str, str, int]] = []
        self.notes: list[str] = []
        self.readings: list[tuple[str, str, str]] = []

    def drop(self, source: str, reason: str, count: int) -> None:
        """Count records of a source that cannot be used."""
        if count:
            self.dropped.append((source, reason, int(count)))

    def note(self, sentence: str) -> None:
        """Say something in the report, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def read(self, source: str, item: str, value: str) -> None:
        """Note what was read as what, for the report's chapter Data; once.

        Parameters
        ----------
        source : str
            The file, as the user wrote it.
        item : str
            ``records`` (their number alone, against which what was dropped is counted), or what was
            read: ``windows``, ``score column``, ``tasks``, ``labels``, ``barcode column``.
        value : str
            From where, as what, and how many.
        """
        if (source, item, value) not in self.readings:
            self.readings.append((source, item, value))

    def unusable(self, reason: str, advice: str) -> UnusableError:
        """Make the error of a data set without a model, with what was read and left out."""
        return UnusableError(reason, advice, self.dropped, self.readings)

    def reasons(self) -> dict[str, int]:
        """Sum the counts over the sources."""
        counts: Counter[str] = Counter()
        for _, reason, count in self.dropped:
            counts[reason] += count
        return dict(counts)


def place(row: Row) -> str:
    """Name a row of the samplesheet for a message."""
    return f"samplesheet, line {row.line}" if row.line else f"sample {row.sample}"


def joint_source(spec: Spec) -> str:
    """Name where records of all rows together come from: the file, where they share one."""
    files = {row.data for row in spec.rows}
    return spec.file(files.pop()).name if len(files) == 1 else ALL_FILES


def task_names(spec: Spec) -> tuple[tuple[str, ...], list[int]]:
    """Name the tasks and tell which row belongs to which.

    A row's task is its ``label``; without one, rows that are parts of a data set (``split``) are
    one task that is called like the data set, and any other row is its sample's task.

    Returns
    -------
    tasks : tuple of str
    of_row : list of int
        Position of each row's task.
    """
    parts = any(row.split for row in spec.rows)
    names = [row.label or (spec.id if parts else row.sample) for row in spec.rows]
    tasks = tuple(dict.fromkeys(names))
    return tasks, [tasks.index(name) for name in names]


def check_splits(spec: Spec) -> bool:
    """Tell whether the sheet gives the split.

    Raises
    ------
    UserError
        If only some rows say so, none is for training, or a split has an unknown name.
    """
    given = [row for row in spec.rows if row.split]
    if not given:
        if spec.options.split_by == "given":
            raise UserError(
                f"{spec.id}: split_by is 'given', but no row has a split; fill the column 'split'"
                " with train, valid and test, or use split_by random."
            )
        return False
    wrong = [
        f"{place(row)}: split '{row.split}' is unknown; write train, valid or test."
        for row in given
        if row.split not in SPLITS
    ]
    wrong += [
        f"{place(row)}: this row has no split, but other rows of '{spec.id}' have one; give it one."
        for row in spec.rows
        if not row.split
    ]
    if not wrong and "train" not in {row.split for row in given}:
        wrong.append(f"{spec.id}: no row has split 'train'; training needs one.")
    if wrong:
        raise UserError("\n".join(wrong))
    return True


def negative_kind(spec: Spec, row: Row, default: str) -> int | str:
    """Tell where a row's negatives come from: a file's position, or a kind."""
    if row.negatives is not None:
        return row.negatives
    return spec.options.negatives or default


def assemble(
    spec: Spec,
    log: PrepLog,
    names: list[str],
    codes: dna.Codes,
    labels: Floats,
    tasks: Sequence[str],
    given: NDArray[np.str_] | None,
    extra: dict[str, Any],
    *,
    task_type: TaskType | None = None,
    strand_symmetric: bool = True,
    where: Coordinates | None = None,
    flanks: dna.Codes | None = None,
    genome: Source | None = None,
) -> Prepared:
    """Split the sequences and make the data set.

    Parameters
    ----------
    spec : Spec
    log : PrepLog
    names : list of str
        Unique.
    codes : uint8 array, shape (n, length)
    labels : float32 array, shape (n, tasks)
    tasks : sequence of str
    given : array of str, shape (n,), or None
        The split that the sheet gives.
    extra : dict
        For the metadata.
    task_type : str, optional
        By default ``binary`` for one task, else ``multilabel``. Positives and negatives are asked
        for only of these two.
    strand_symmetric : bool
        Whether a sequence and its reverse complement are the same observation.
    where : Coordinates, optional
        Where the sequences come from; by default what their names say.
    flanks : uint8 array, shape (n, 2 * width), optional
        The bases beside them.
    genome : Source, optional
        That they are of.

    Raises
    ------
    UnusableError
        If no task has enough positives, or no negatives are left.
    """
    options = spec.options
    log.read(joint_source(spec), "tasks", _listed(tasks))
    task_type = task_type or ("binary" if len(tasks) == 1 else "multilabel")
    if task_type in ("binary", "multilabel"):
        _check_enough(spec, log, labels, tasks)
    where = where or read_names(names)
    groups = make_groups(codes, where)
    if given is not None and task_type in ("binary", "multilabel"):
        # Measured values are compared as their authors split them; the audit tells what is shared.
        stay = ~across_parts(groups, given)
        log.drop(joint_source(spec), _ACROSS, int((~stay).sum()))
        names = [name for name, kept in zip(names, stay.tolist(), strict=True) if kept]
        codes, labels, given, groups = codes[stay], labels[stay], given[stay], groups[stay]
        where, flanks = where.take(stay), None if flanks is None else flanks[stay]
        _check_enough(spec, log, labels, tasks)
    source = joint_source(spec)
    parts = make_parts(
        spec,
        log,
        source,
        given,
        groups,
        labels,
        where,
        codes,
        tasks=tasks,
        task_type=task_type,
        extra=extra,
    )
    note_untrained(parts, labels, tasks, task_type, log)
    extra = extra | parts.extra
    if genome is not None:
        extra = extra | {"genome": genome.name}
    meta = DatasetMeta(
        id=spec.id,
        assay=spec.assay,
        task_type=task_type,
        tasks=tuple(tasks),
        length=codes.shape[1],
        strand_symmetric=strand_symmetric,
        seed=options.seed,
        sources=spec.sources() + ((genome,) if genome else ()),
        dropped=log.reasons(),
        notes=tuple(log.notes),
        extra=extra,
        folds=parts.folds,
    )
    dataset = Dataset(meta, names, codes, parts.split, labels, flanks, parts.fold)
    return Prepared(dataset, where, log.dropped, list(log.readings))


def _listed(names: Sequence[str]) -> str:
    """List names, and count them where they are many."""
    shown = ", ".join(names[:_NAMES])
    return shown if len(names) <= _NAMES else f"{shown}, ... ({len(names):,} in all)"


def _check_enough(spec: Spec, log: PrepLog, labels: Floats, tasks: Sequence[str]) -> None:
    """Stop where no task can be learnt; say which tasks are small."""
    least = spec.options.min_positives
    positives = (labels == 1).sum(axis=0)
    if not len(labels) or positives.max() < least:
        best = f"{int(positives.max()) if len(labels) else 0:,}"
        many = f" in its largest of {len(tasks)} tasks" if len(tasks) > 1 else ""
        lost = sum(log.reasons().values())
        dropped = f" ({lost:,} records were dropped, see {spec.id}.dropped.tsv)" if lost else ""
        raise log.unusable(
            f"Only {best} positives can be used{many}, fewer than min_positives"
            f" ({least}){dropped}.",
            for_few_positives(spec.assay),
        )
    for task, count in zip(tasks, positives.tolist(), strict=True):
        if count < least:
            log.note(
                f"{task} has only {count:,} positives (under {least}): interpret its motifs with"
                " caution."
            )
    if not (labels == 0).any():
        advice = for_no_negatives(spec.assay)
        raise log.unusable("There are no negatives to compare with.", advice)


def only_others(spec: Spec) -> set[int]:
    """Positions of the files that other data sets alone vouch for."""
    own = {place for row in spec.rows for place in (row.data, row.negatives)}
    return set(spec.others) - own


def note_unread(spec: Spec, position: int, error: UserError, log: PrepLog) -> None:
    """Say of another data set's file that the negatives go on without it."""
    why = str(error).splitlines()[0]
    log.note(
        f"{spec.file(position).name}, of another row of the sheet, is left out of the negatives,"
        f" since it cannot be read: {why}"
    )


def only_read(spec: Spec, read: Collection[int]) -> Spec:
    """Leave out the other rows' files that could not be read.

    Raises
    ------
    UserError
        If there were some, and none is left.
    """
    left = tuple(position for position in spec.others if position in read)
    if spec.others and not left:
        raise UserError(
            f"{spec.id}: negatives are 'others', but no file of the other rows of the sheet can be"
            f" read; correct them, or {for_no_others(spec.assay)}."
        )
    return dataclasses.replace(spec, others=left)


def others_or_stop(spec: Spec, what: str) -> tuple[int, ...]:
    """Positions of the other rows' files.

    Raises
    ------
    UserError
        If there are none.
    """
    if not spec.others:
        raise UserError(
            f"{spec.id}: negatives are 'others', but no other row of the sheet has {what};"
            f" {for_no_others(spec.assay)}."
        )
    return spec.others
