"""Plain tables: sequences with any labels, such as those of ExplaiNN's own parsers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nfexplainn.assays.assay import SPLITTING, VALUES, Assay
from nfexplainn.assays.common import PrepLog
from nfexplainn.assays.sequence_values import join_tables, name_tasks, read_tables, transform_values
from nfexplainn.assays.spec import Prepared, Spec
from nfexplainn.assays.value_options import ValueOptions, value_options
from nfexplainn.assays.value_splits import check_parts
from nfexplainn.assays.value_table import ValueTable, parse_values
from nfexplainn.data.dataset import TaskType
from nfexplainn.errors import UserError
from nfexplainn.features import AssayFacts
from nfexplainn.io.label_lists import read_label_list
from nfexplainn.problems import ErrorCollector
from nfexplainn.values import classless, missing, truth

MAX_CLASSES = 1000


def prepare(spec: Spec) -> Prepared:
    """Make the data set of one or several plain tables.

    The columns are name, sequence and the labels, with or without a header: the format of the
    authors' parsers reads as it is, with their file of label names as ``labels``. With
    ``task_type`` auto, labels that are all 0 or 1 are classes (one column: binary, several:
    multi-label), other numbers are values (regression). Given as multi-class, a single column
    holds the names of the classes, or several columns hold 0 and 1, one 1 per row.

    Raises
    ------
    UserError
        For mistakes in the files; those of all files together.
    UnusableError
        If too few sequences have a label.
    """
    options = value_options(spec.raw_options, spec.id, transform="none")
    log = PrepLog()
    check_parts(spec, options)
    tables = read_tables(spec, options.layout(positional=True), log)
    columns = _label_names(spec, options, tables)
    if options.task_type == "multiclass" and all(len(titles) == 1 for titles in columns):
        values, tasks = _classes(tables, log)
        where = [list(range(len(tasks)))] * len(tables)
    else:
        values = _numbers(tables, log)
        tasks, where = name_tasks(spec, columns)
    kind = _task_type(options.task_type, tables, values, len(tasks))
    if kind == "regression":
        values = [
            transform_values(value, options.transform, table.source)
            for value, table in zip(values, tables, strict=True)
        ]
        if options.transform != "none":
            log.note(f"The values of each file were transformed: {options.transform}.")
    how = "given" if options.task_type != "auto" else "inferred from the labels"
    log.note(f"The labels were read as {kind} ({how}).")
    cuts = [0] * len(tables)
    return join_tables(spec, options, log, tables, values, where, tasks, kind, cuts)


def _label_names(
    spec: Spec, options: ValueOptions, tables: Sequence[ValueTable]
) -> list[tuple[str, ...]]:
    """Give the names of each table's labels: of the file of labels, or of the header.

    Raises
    ------
    UserError
        If the file names another number of labels than a table has.
    """
    if options.labels is None:
        return [table.columns for table in tables]
    file = spec.file(options.labels)
    names = tuple(read_label_list(file.path, file.name))
    for table in tables:
        if len(table.columns) != len(names):
            raise UserError(
                f"{file.name}: it names {len(names)} labels, but {table.source} has"
                f" {len(table.columns)} columns of labels; make them agree."
            )
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise UserError(f"{file.name}: the label '{twice}' occurs twice; rename one.")
    return [names] * len(tables)


def _numbers(tables: Sequence[ValueTable], log: PrepLog) -> list[NDArray[np.float64]]:
    """Turn the labels of all tables into numbers; TRUE and FALSE are 1 and 0.

    Raises
    ------
    UserError
        For texts among them.
    """
    out, sentences = [], []
    for table in tables:
        problems = ErrorCollector(table.source)
        logical = _logical(table)
        if any(logical):
            log.read(table.source, "labels", "TRUE as 1, FALSE as 0")
        rows = []
        for cells, line in zip(table.texts, table.lines, strict=True):
            plain = [
                f"{value:g}" if true and (value := truth(cell)) is not None else cell
                for cell, true in zip(cells, logical, strict=True)
            ]
            parsed = parse_values(plain, table.columns, line, problems)
            rows.append(parsed if parsed is not None else (np.nan,) * len(cells))
        try:
            problems.stop()
        except UserError as error:
            hint = " If they are names of classes, give --task_type multiclass."
            alone = len(table.columns) == 1 and "is not a number" in str(error)
            sentences.append(str(error) + (hint if alone else ""))
        out.append(np.array(rows, dtype=np.float64))
    if sentences:
        raise UserError("\n".join(sentences))
    return out


def _logical(table: ValueTable) -> list[bool]:
    """Tell which columns hold TRUE and FALSE alone (and 0, 1 and what is missing)."""
    out = []
    for column in zip(*table.texts, strict=True):
        found = set(column)
        known = {cell for cell in found if not missing(cell)}
        true = any(truth(cell) is not None for cell in known)
        out.append(true and all(cell in ("0", "1") or truth(cell) is not None for cell in known))
    return out


def _classes(
    tables: Sequence[ValueTable], log: PrepLog
) -> tuple[list[NDArray[np.float64]], tuple[str, ...]]:
    """Turn a column of class names into a column of 0 and 1 per class.

    Raises
    ------
    UserError
        If there are fewer than two classes, or as many as only values can have.
    """
    texts = [text for table in tables for (text,) in table.texts]
    none = classless(texts)
    found = set(texts) - none
    source = ", ".join(table.source for table in tables)
    for word in sorted(none - {""}):
        log.note(
            f"{texts.count(word):,} sequences say '{word}' instead of a class and are unlabelled;"
            " if that is a class, give it another name."
        )
    for word in sorted(word for word in found if missing(word)):
        log.note(
            f"{texts.count(word):,} sequences are of a class called '{word}'; if they have no"
            " class, leave these cells empty."
        )
    if not 2 <= len(found) <= MAX_CLASSES:
        words = ", ".join(f"'{word}'" for word in sorted(none - {""}))
        said = f" beside {words}, which means no class" if words else ""
        raise UserError(
            f"{source}: the column of classes has {len(found):,} different values{said}; 2 to"
            f" {MAX_CLASSES:,} are possible, so check task_type and value_columns."
        )
    # Numbers in their order: cycle 2 stands before cycle 10.
    names = sorted(found, key=lambda text: (not text.isdecimal(), text.zfill(20), text))
    tasks = tuple(f"class_{name}" if name.isdecimal() else name for name in names)
    number = {name: i for i, name in enumerate(names)}
    out = []
    for table in tables:
        labels = np.zeros((len(table.texts), len(names)))
        for row, (text,) in enumerate(table.texts):
            if text in number:
                labels[row, number[text]] = 1
            else:
                labels[row] = np.nan
        out.append(labels)
    return out, tasks


def _task_type(
    wanted: str, tables: Sequence[ValueTable], values: Sequence[NDArray[np.float64]], tasks: int
) -> TaskType:
    """Infer the type of the tasks, or check the one given.

    Raises
    ------
    UserError
        If the labels do not fit it.
    """
    kinds: dict[str, TaskType] = {
        "binary": "binary",
        "multilabel": "multilabel",
        "multiclass": "multiclass",
        "regression": "regression",
    }
    if wanted != "auto" and wanted not in kinds:
        raise UserError(f"task_type is {wanted!r}; it must be one of auto, {', '.join(kinds)}.")
    binary = all((np.isnan(value) | (value == 0) | (value == 1)).all() for value in values)
    if wanted == "auto":
        if not binary:
            return "regression"
        return "binary" if tasks == 1 else "multilabel"
    if wanted == "regression":
        return "regression"
    for table, value in zip(tables, values, strict=True):
        wrong = ~(np.isnan(value) | (value == 0) | (value == 1))
        if wrong.any():
            row = int(np.argmax(wrong.any(axis=1)))
            raise UserError(
                f"{table.source}, line {table.lines[row]}: the label"
                f" '{value[row][wrong[row]][0]:g}' is neither 0 nor 1, but task_type is"
                f" {wanted}; correct it, or use task_type regression."
            )
        bad = (np.nansum(value, axis=1) != 1) & ~np.isnan(value).all(axis=1)
        if wanted == "multiclass" and bad.any():
            row = int(np.argmax(bad))
            raise UserError(
                f"{table.source}, line {table.lines[row]}: {np.nansum(value[row]):g} classes are"
                " 1, but with task_type multiclass it must be exactly one; use multilabel if"
                " several may hold."
            )
    if wanted == "binary" and tasks > 1:
        raise UserError(
            f"{tables[0].source}: there are {tasks} tasks, but task_type is binary; use"
            " multilabel, or name one column with --value_columns."
        )
    return kinds[wanted]


ASSAY = Assay(
    name="table",
    description="Tables of sequences with any labels, such as ExplaiNN's own TSV",
    prepare=prepare,
    facts=AssayFacts(label="table"),
    losses=("bce", "cross_entropy", "mse", "pearson"),
    options=(*VALUES, *SPLITTING),
    defaults={"transform": "none"},
)
