"""A map of sequences by what the units see in them (Novakovsky et al. 2023, Fig. 6G, S5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.interpret.selection import select_well_predicted
from nfexplainn.seeds import SEED

# The paper's map shows 14,887 sequences.
MOST_SEQUENCES = 15_000
LEAST_SEQUENCES = 30
NEIGHBOURS = 15
NONE = "no task"
_QUINTILES = ("lowest fifth", "second fifth", "middle fifth", "fourth fifth", "highest fifth")

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class MapOptions:
    """How maps are made.

    Attributes
    ----------
    unit_maps : bool
        Whether at all.
    kernel : {'auto', 'native', 'torch'}
        What computes the units.
    seed : int
        Of the choice of sequences and of UMAP.
    """

    unit_maps: bool = False
    kernel: str = "auto"
    seed: int = SEED


def choose_rows(dataset: Dataset, logits: Floats, seed: int) -> NDArray[np.intp]:
    """Choose the sequences of the map: those predicted well, of all parts of the data set.

    Parameters
    ----------
    dataset : Dataset
    logits : float32 array, shape (n, tasks)
    seed : int
        For the choice among more than :data:`MOST_SEQUENCES`.

    Returns
    -------
    int array
        Ascending rows.
    """
    known = np.flatnonzero(np.isfinite(logits).all(axis=1))
    part = select_well_predicted(dataset.meta.task_type, dataset.labels[known], logits[known])
    rows: NDArray[np.intp] = known[part.chosen]
    if len(rows) > MOST_SEQUENCES:
        random = np.random.default_rng(seed)
        rows = np.sort(random.choice(rows, MOST_SEQUENCES, replace=False))
    return rows


def groups_of(dataset: Dataset, logits: Floats, rows: NDArray[np.intp]) -> list[str]:
    """Say by what each sequence is coloured.

    Classes: the task whose label is 1 (of several the one predicted highest), or :data:`NONE`.
    Values of several tasks: the task in which the sequence stands highest, in standard deviations
    above that task's mean. Values of one task: the fifth of the values in which it lies.
    """
    labels = dataset.labels[rows].astype(np.float64)
    tasks = dataset.meta.tasks
    if dataset.meta.task_type != "regression":
        score = np.where(labels > 0.5, logits[rows], -np.inf)
        best = score.argmax(axis=1)
        return [
            tasks[at] if np.isfinite(score[row, at]) else NONE
            for row, at in enumerate(best.tolist())
        ]
    if len(tasks) == 1:
        limits = np.nanquantile(labels[:, 0], (0.2, 0.4, 0.6, 0.8))
        return [_QUINTILES[at] for at in np.searchsorted(limits, labels[:, 0], side="right")]
    spread = np.nanstd(labels, axis=0)
    standard = (labels - np.nanmean(labels, axis=0)) / np.where(spread > 0, spread, 1.0)
    standard = np.where(np.isnan(standard), -np.inf, standard)
    return [tasks[at] for at in standard.argmax(axis=1)]


def project(outputs: Floats, seed: int) -> Floats:
    """Project unit outputs, shape (n, units), to the plane by UMAP with its defaults.

    The same outputs and seed give the same map (on one thread).

    Raises
    ------
    ValueError
        If there are fewer than :data:`LEAST_SEQUENCES`.
    """
    if len(outputs) < LEAST_SEQUENCES:
        raise ValueError(f"{len(outputs)} sequences are too few for a map")
    import umap

    reducer = umap.UMAP(n_neighbors=NEIGHBOURS, random_state=seed, n_jobs=1)
    return np.asarray(reducer.fit_transform(outputs), dtype=np.float32)
