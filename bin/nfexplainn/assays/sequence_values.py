"""From tables of sequences with values to a data set: trim, transform, join, split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.assays.common import PrepLog, assemble, joint_source, task_names
from nfexplainn.assays.spec import Prepared, Row, Spec
from nfexplainn.assays.value_fasta import read_value_fasta
from nfexplainn.assays.value_options import ValueOptions
from nfexplainn.assays.value_splits import check_parts, split_by_column
from nfexplainn.assays.value_table import Layout, ValueTable, read_value_table
from nfexplainn.data.dataset import TaskType
from nfexplainn.data.duplicates import hash_sequences
from nfexplainn.data.padding import pad_codes
from nfexplainn.data.unknown import mostly_known, why_dropped
from nfexplainn.errors import UnusableError, UserError
from nfexplainn.problems import gather


def read_tables(spec: Spec, layout: Layout, log: PrepLog) -> list[ValueTable]:
    """Read the table of every row of the sheet; collect the mistakes of all."""
    tables, errors = [], []
    for row in spec.rows:
        file = spec.file(row.data)
        try:
            if row.values is None:
                table = read_value_table(file.path, file.name, layout)
            else:
                table = read_value_fasta(file, spec.file(row.values), layout)
                log.note(table.note)
            for reading in table.readings:
                log.read(*reading)
            log.read(file.name, "records", f"{len(table.sequences) + table.flagged:,}")
            log.drop(file.name, "flagged", table.flagged)
            tables.append(table)
        except UserError as error:
            errors.append(error)
    gather(errors)
    return tables


def transform_values(values: NDArray[np.float64], kind: str, source: str) -> NDArray[np.float64]:
    """Transform the values of one file, column by column; NaN stays NaN.

    ``quantile`` is the paper's for PBM: ranks between 0 and 1, by interpolation between 10
    quantiles. ``log2`` needs values above 0.

    Parameters
    ----------
    values : float64 array, shape (n, columns)
    kind : {'none', 'log2', 'quantile'}
    source : str
        The file, for messages.

    Raises
    ------
    UserError
        For a logarithm of 0 or less, and for another kind.
    """
    if kind == "log2":
        wrong = values <= 0
        if wrong.any():
            raise UserError(
                f"{source}: {int(wrong.sum()):,} values are 0 or less (such as"
                f" {values[wrong][0]:g}) and have no logarithm; use transform none or quantile."
            )
        return np.log2(values)
    if kind == "quantile":
        # 0.9 s that only this transformation costs
        from sklearn.preprocessing import QuantileTransformer

        # Every probe has its part, however many there are.
        size = max(1, len(values))
        how = QuantileTransformer(n_quantiles=min(10, size), subsample=size, random_state=0)
        return np.asarray(how.fit_transform(values), dtype=np.float64)
    if kind != "none":
        raise UserError(
            f"{source}: transform is '{kind}', which is for the signal of regions; for values of"
            " sequences use none, log2 or quantile."
        )
    return values


def prepare_values(
    spec: Spec,
    options: ValueOptions,
    layout: Layout,
    log: PrepLog,
    trim: Callable[[ValueTable], int] | None = None,
) -> Prepared:
    """Make the data set of tables with numbers: regression.

    Parameters
    ----------
    spec : Spec
    options : ValueOptions
    layout : Layout
    log : PrepLog
    trim : callable, optional
        Gives the further bases to cut off the end of a table's sequences.

    Raises
    ------
    UserError
        For mistakes in the files.
    UnusableError
        If too few sequences have a value, or all have the same.
    """
    check_parts(spec, options)
    tables = read_tables(spec, layout, log)
    cuts = [trim(table) if trim else 0 for table in tables]
    values = [np.array(table.values, dtype=np.float64) for table in tables]
    values = [
        transform_values(value, options.transform, table.source)
        for value, table in zip(values, tables, strict=True)
    ]
    if options.transform != "none":
        log.note(f"The values of each file were transformed: {options.transform}.")
    tasks, columns = name_tasks(spec, [table.columns for table in tables])
    return join_tables(spec, options, log, tables, values, columns, tasks, "regression", cuts)


def name_tasks(
    spec: Spec, columns: Sequence[tuple[str, ...]]
) -> tuple[tuple[str, ...], list[list[int]]]:
    """Name the tasks: one per column of values; files that are parts of a split share them.

    A single column is called like its row (its label, else its sample), several by the header.

    Returns
    -------
    tasks : tuple of str
    of_column : list of list of int
        Per row, the task of each of its columns.

    Raises
    ------
    UserError
        If two columns of a file have one name.
    """
    own, of_row = task_names(spec)
    several = len(set(of_row)) > 1
    names: list[list[str]] = []
    for titles, number in zip(columns, of_row, strict=True):
        base = own[number]
        if len(titles) == 1:
            names.append([base])
            continue
        plain = [title or f"{base}_{i}" for i, title in enumerate(titles, 1)]
        names.append([f"{base}_{t}" if several and titles[0] else t for t in plain])
    for row, mine in zip(spec.rows, names, strict=True):
        twice = [name for name, count in Counter(mine).items() if count > 1]
        if twice:
            raise UserError(
                f"{spec.file(row.data).name}: two columns of values are called '{twice[0]}'; name"
                " each once."
            )
    tasks = tuple(dict.fromkeys(name for mine in names for name in mine))
    return tasks, [[tasks.index(name) for name in mine] for mine in names]


def join_tables(
    spec: Spec,
    options: ValueOptions,
    log: PrepLog,
    tables: Sequence[ValueTable],
    values: Sequence[NDArray[np.float64]],
    columns: Sequence[Sequence[int]],
    tasks: tuple[str, ...],
    task_type: TaskType,
    cuts: Sequence[int],
) -> Prepared:
    """Cut, join and split tables whose values are known.

    Equal sequences of one part become one, with the mean of their values (classes: the largest);
    a task that a sequence has no value for is unknown.

    Parameters
    ----------
    spec, options, log
    tables : sequence of ValueTable
        One per row of the sheet.
    values : sequence of float64 arrays, shape (rows, columns)
    columns : sequence of sequence of int
        The task of each column.
    tasks : tuple of str
    task_type : str
    cuts : sequence of int
        Bases to cut off the end, beside ``trim_right``.
    """
    trimmed = [
        _trimmed(table, options.trim_left, options.trim_right + cut)
        for table, cut in zip(tables, cuts, strict=True)
    ]
    length = _length(spec, trimmed, log)
    codes, labels, names, parts, groups = [], [], [], [], []
    for row, table, sequences, value, where in zip(
        spec.rows, tables, trimmed, values, columns, strict=True
    ):
        kept, some = _encode(sequences, length)
        usable = mostly_known(some, spec.options.max_unknown)
        known = ~np.isnan(value[kept]).all(axis=1)
        log.drop(table.source, "shorter than the length", len(sequences) - len(kept))
        reason = why_dropped("sequence", spec.options.max_unknown)
        log.drop(table.source, reason, int((~usable).sum()))
        log.drop(table.source, "no value", int((usable & ~known).sum()))
        kept, some = kept[usable & known], some[usable & known]
        full = np.full((len(kept), len(tasks)), np.nan)
        full[:, list(where)] = value[kept]
        codes.append(some)
        labels.append(full)
        names += [_name(table, row, i) for i in kept.tolist()]
        parts += [row.split or ""] * len(kept)
        groups += [table.groups[i] for i in kept.tolist()] if table.groups else [""] * len(kept)
    everything, first = _merge(
        np.concatenate(codes), np.concatenate(labels), parts, task_type, spec, log
    )
    pick = first.tolist()
    check_values(spec, everything, tasks, task_type)
    part = np.array([parts[i] for i in pick], dtype="<U5") if any(parts) else None
    extra: dict[str, Any] = {
        "transform": options.transform,
        "split_column": options.split_column,
    }
    if options.split_column:
        part, held_out = split_by_column([groups[i] for i in pick], spec, options, log)
        extra |= {"split_groups": held_out} if held_out else {}
    pad = options.pad_of(length)
    if pad:
        log.note(f"Sequences were padded with {pad} N on both sides.")
    log.note(
        "Strands are averaged: a sequence and its reverse complement are one observation."
        if options.reverse_complement
        else "Strands are not averaged: only the given strand is used."
    )
    return assemble(
        spec,
        log,
        _unique([names[i] for i in pick]),
        pad_codes(np.concatenate(codes)[first], pad),
        everything.astype(np.float32),
        tasks,
        part,
        extra
        | {"pad": pad}
        | options.raw_of((map(len, table.sequences) for table in tables), cuts, length),
        task_type=task_type,
        strand_symmetric=options.reverse_complement,
    )


def _trimmed(table: ValueTable, left: int, right: int) -> list[bytes]:
    """Cut the ends off all sequences of a table."""
    if not left and not right:
        return table.sequences
    shortest = min(range(len(table.sequences)), key=lambda i: len(table.sequences[i]))
    if len(table.sequences[shortest]) <= left + right:
        raise UserError(
            f"{table.source}, line {table.lines[shortest]}: the sequence has"
            f" {len(table.sequences[shortest])} bp, and {left} + {right} are to be trimmed; lower"
            " trim_left and trim_right."
        )
    return [sequence[left : len(sequence) - right] for sequence in table.sequences]


def _length(spec: Spec, trimmed: Sequence[list[bytes]], log: PrepLog) -> int:
    """Find the length of the data set.

    Raises
    ------
    UserError
        If the sequences differ in length and no length is given, or it is too long.
    """
    counts = Counter(len(sequence) for sequences in trimmed for sequence in sequences)
    wanted = spec.options.length
    low, high = min(counts), max(counts)
    if wanted is None:
        if low != high:
            usual = counts.most_common(1)[0][0]
            raise UserError(
                f"{spec.id} ({joint_source(spec)}): the sequences differ in length ({low} to {high}"
                f" bp, most have {usual}), and the model needs one; give --length: longer ones are"
                " cut around their middle, shorter ones are dropped."
            )
        return low
    if high < wanted:
        raise UserError(
            f"{spec.id} ({joint_source(spec)}): length is {wanted}, but the longest sequence has"
            f" {high} bp; give {high} or less."
        )
    if high > wanted:
        log.note(f"Sequences were cut to the {wanted} bp around their middle.")
    return wanted


def _encode(sequences: list[bytes], length: int) -> tuple[NDArray[np.intp], dna.Codes]:
    """Encode the middle of the sequences that are long enough; give their rows and codes."""
    kept = [i for i, sequence in enumerate(sequences) if len(sequence) >= length]
    cut = [sequences[i][(len(sequences[i]) - length) // 2 :][:length] for i in kept]
    letters = np.frombuffer(b"".join(cut), dtype=np.uint8).reshape(len(cut), length)
    return np.array(kept, dtype=np.intp), dna.encode_letters(letters)


def _name(table: ValueTable, row: Row, index: int) -> str:
    """Name a sequence: as the table does, else by its line."""
    name = table.names[index] if table.names else ""
    return name or f"{row.sample}.{table.lines[index]}"


def _unique(names: list[str]) -> list[str]:
    """Tell apart equal names: the later ones get a number."""
    seen: Counter[str] = Counter()
    taken = set(names)
    out = []
    for name in names:
        seen[name] += 1
        unique, number = name, seen[name]
        while number > 1 and unique in taken:
            unique, number = f"{name}|{number}", number + 1
        taken.add(unique)
        out.append(unique)
    return out


def _merge(
    codes: dna.Codes,
    labels: NDArray[np.float64],
    parts: list[str],
    task_type: TaskType,
    spec: Spec,
    log: PrepLog,
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Make one of equal sequences of one part; give labels and first rows, in the old order."""
    number = np.unique(np.array(parts, dtype="<U5"), return_inverse=True)[1].astype(np.uint64)
    key = hash_sequences(codes)[0] + number
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    known = ~np.isnan(labels)
    if task_type == "regression":
        total, count = np.zeros((2, len(first), labels.shape[1]))
        np.add.at(total, inverse, np.where(known, labels, 0))
        np.add.at(count, inverse, known)
        with np.errstate(invalid="ignore"):
            merged = total / count
        what = "duplicate sequence (its values were averaged)"
    else:
        merged = np.full((len(first), labels.shape[1]), -1.0)
        np.maximum.at(merged, inverse, np.where(known, labels, -1))
        merged[merged < 0] = np.nan
        what = "duplicate sequence"
    # The same sequence in tables of different tasks is what joins them, and no repeat.
    repeats = known.sum(axis=0) - (~np.isnan(merged)).sum(axis=0)
    log.drop(joint_source(spec), what, int(repeats.max()))
    order = np.argsort(first, kind="stable")
    return merged[order], first[order]


def check_values(
    spec: Spec, labels: NDArray[np.float64], tasks: Sequence[str], task_type: TaskType
) -> None:
    """Refuse values from which nothing can be learnt.

    Raises
    ------
    UnusableError
        If too few sequences have a value, or all values of every task are equal.
    """
    if task_type in ("binary", "multilabel"):
        return  # positives are counted where the data set is made
    counts = (~np.isnan(labels)).sum(axis=0)
    least = spec.options.min_positives
    if not len(labels) or counts.max() < least:
        raise UnusableError(
            f"Only {int(counts.max()) if len(labels) else 0:,} sequences have a value that can be"
            f" used, fewer than min_positives ({least}).",
            "Give more sequences, or lower min_positives and interpret the result with caution.",
        )
    if task_type == "regression":
        spread = [
            np.ptp(column[~np.isnan(column)]) if n else 0
            for column, n in zip(labels.T, counts, strict=True)
        ]
        if not any(spread):
            raise UnusableError(
                f"All values of {', '.join(tasks[:3])} are equal, so there is nothing to learn.",
                "Check that the right column was read (value_columns).",
            )
