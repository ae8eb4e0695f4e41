"""Two tasks of one data set of measured values against each other: their difference is learnt.

It is no assay of the sheet: it is made of a data set that is prepared already.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nfexplainn.assays.common import PrepLog, assemble
from nfexplainn.assays.spec import Prepared, Spec
from nfexplainn.data.classes import CONTRAST, SUBTRACTED
from nfexplainn.data.dataset import Dataset, Floats
from nfexplainn.errors import UserError, quoted
from nfexplainn.evaluation.gc_content import gc_fits, gc_part

LEAST_VALUES = 400
"""Sequences with a value in both tasks: as many as a contrast of peaks needs on both sides."""
_MOST_UNEVEN = 1.25
MUCH_BY_GC = 0.2
"""Least correlation of a difference with what GC content predicts for that to be subtracted."""
_UNKNOWN = "without a value in one of the two tasks"
_HELD = {
    "log2": "on the log2 scale",
    "log2_quantile": "on the log2 scale, with one distribution for all tasks",
    "log2_scaled": "on the log2 scale, after scaling all tasks to one mean",
    "quantile": "with one distribution for all tasks",
}


def difference(spec: Spec, dataset: Dataset, log: PrepLog) -> Prepared:
    """Make the data set of the difference of two tasks, on sequences with a value in both.

    Subtracted is what the data set holds, hence after its ``transform``: with logarithms the
    difference is that of logarithms, and nothing is normalised again. The value of the first side
    less that of the second is learnt, in the order of their names; where GC content predicts much
    of it, what that leaves (:func:`beyond_gc`).

    Parameters
    ----------
    spec : Spec
        Two rows, whose labels name tasks.
    dataset : Dataset
        Of both, of measured values.
    log : PrepLog

    Raises
    ------
    UserError
        If a task is missing, too few sequences have a value in both, or all differences are equal.
    """
    names = [row.sample for row in spec.rows]
    values = np.stack([_task(dataset, row.sample, row.label) for row in spec.rows], axis=1)
    known = ~np.isnan(values)
    both = np.flatnonzero(known.all(axis=1))
    given = known.sum(axis=0).tolist()
    for name, count in zip(names, given, strict=True):
        log.read(name, "records", f"{count:,}")
        log.read(name, "values", f"of the {spec.file(spec.rows[0].data).name}")
        log.drop(name, _UNKNOWN, count - len(both))
    a, b = names
    if len(both) < LEAST_VALUES:
        raise UserError(
            f"the contrast of {a} and {b}: {len(both):,} sequences have a value in both, and a"
            f" contrast of values needs {LEAST_VALUES}; give more sequences, or leave this contrast"
            " out of --contrast."
        )
    pair = values[both].astype(np.float64)
    apart = pair[:, 0] - pair[:, 1]
    if np.ptp(apart) == 0:
        raise UserError(
            f"the contrast of {a} and {b}: the difference is {apart[0]:g} in every sequence, so"
            " there is nothing to learn; name two tasks that differ."
        )
    transform = str(dataset.meta.extra.get("transform") or "none")
    _note(log, a, b, transform, pair)
    told = {
        "sides": names,
        "given": given,
        "kept": [len(both)] * 2,
        "matching": "none",
        "transform": transform,
    }
    extra = {key: dataset.meta.extra[key] for key in ("pad",) if key in dataset.meta.extra}
    made = assemble(
        spec,
        log,
        [dataset.names[row] for row in both.tolist()],
        dataset.codes[both],
        apart.astype(np.float32)[:, None],
        [spec.id],
        None,
        extra | {CONTRAST: told},
        task_type="regression",
        strand_symmetric=dataset.meta.strand_symmetric,
        flanks=None if dataset.flanks is None else dataset.flanks[both],
    )
    return replace(made, dataset=beyond_gc(made.dataset))


def beyond_gc(dataset: Dataset) -> Dataset:
    """Subtract from the values of a contrast what GC content predicts, where that is much.

    Contrasts of peaks are matched by GC content. Beside a large difference of it models learn that
    alone; where it is small, subtracting it takes a part of the motifs, which have a GC content,
    too. Each fold's part is fitted without it. The fits are kept, so that it can be added again.
    """
    values = dataset.labels[:, 0].astype(np.float64)
    fits = gc_fits(dataset, values)
    part = gc_part(dataset, fits)
    found = float(np.corrcoef(part, values)[0, 1]) if np.ptp(part) > 0 else 0.0
    if not found >= MUCH_BY_GC:
        return dataset
    told = dataset.meta.extra[CONTRAST] | {SUBTRACTED: fits}
    said = (
        f"GC content predicts the difference (correlation {found:.2f}, cross-validated): this part"
        " was subtracted, and models learn the rest."
    )
    meta = dataset.meta
    meta = replace(meta, extra={**meta.extra, CONTRAST: told}, notes=(*meta.notes, said))
    return replace(dataset, meta=meta, labels=(values - part).astype(np.float32)[:, None])


def check_values(spec: Spec, datasets: list[Dataset]) -> None:
    """Refuse values against anything but another task of their own data set.

    Parameters
    ----------
    spec : Spec
    datasets : list of Dataset
        Those of the sides, each once.

    Raises
    ------
    UserError
    """
    if len(datasets) == 1 and all(row.label is not None for row in spec.rows):
        return
    one = next(data.meta for data in datasets if data.meta.task_type == "regression")
    raise UserError(
        f"the contrast of {' and '.join(row.sample for row in spec.rows)}: the data set {one.id}"
        " holds measured values, which can only be compared between two of its tasks; give"
        f" {one.id}/task1:{one.id}/task2 (its tasks are {', '.join(one.tasks[:10])})."
    )


def _task(dataset: Dataset, name: str, task: str | None) -> Floats:
    """Give the values of a task, float32 (n,)."""
    meta = dataset.meta
    if task not in meta.tasks:
        raise UserError(
            f"the contrast with {name}: the data set {meta.id} has no task {quoted(task or '')};"
            f" it has {', '.join(meta.tasks[:10])}."
        )
    return dataset.labels[:, meta.tasks.index(task)]


def _note(log: PrepLog, a: str, b: str, transform: str, pair: NDArray[np.float64]) -> None:
    """Say what was subtracted, and where one task varies more than the other."""
    how = _HELD.get(transform, "as they were given, without a logarithm")
    log.note(f"The values of {b} were subtracted from those of {a}, {how}.")
    spread = pair.std(axis=0)
    if spread.max() > _MOST_UNEVEN * spread.min():
        more, less = (a, b) if spread[0] > spread[1] else (b, a)
        log.note(
            f"The values of {more} vary more than those of {less} (standard deviations"
            f" {spread.max():.3g} and {spread.min():.3g}): an increase of both can then look like a"
            " difference. --transform log2_quantile (of tables quantile) gives all tasks the same"
            " distribution."
        )
