"""Units of a model of selection cycles, judged alone: the last cycle against the first.

A unit's motif is scored by its best hit in each read of the test part (Novakovsky, Fornes et al.
2023, Methods: HT-SELEX has no negatives, so reads of the first cycle stand for them).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nfexplainn.data.dataset import Dataset
from nfexplainn.errors import UserError
from nfexplainn.evaluation import metrics
from nfexplainn.io.tsv import Table
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.scan import average_precision, best_hits

COLUMNS = ("unit", "last_cycle", "first_cycle", "auroc", "auprc", "n_last", "n_first")


def score_cycles(motifs: Sequence[Motif], dataset: Dataset) -> Table:
    """Score each motif's best hits in reads of the last against the first cycle.

    Parameters
    ----------
    motifs : sequence of Motif
    dataset : Dataset
        Multi-class, with the cycles in their order. Reads of the test part are scored; of
        validation where there is no test part. Reads that stand in both cycles count in both.

    Returns
    -------
    Table
        Columns :data:`COLUMNS`, a row per motif, the best by AUPRC first.

    Raises
    ------
    UserError
        If the data set has no cycles, or one of the two has no read to score.
    """
    if dataset.meta.task_type != "multiclass":
        raise UserError(
            f"{dataset.meta.id}: it has no cycles to compare (its task type is"
            f" {dataset.meta.task_type}); give a data set of the assay htselex."
        )
    split = "test" if len(dataset.rows("test")) else "valid"
    rows = dataset.rows(split)
    known = dataset.labels[rows]
    rows = rows[(known[:, 0] == 1) | (known[:, -1] == 1)]
    last = dataset.labels[rows, -1] == 1
    if last.all() or not last.any():
        missing = dataset.meta.tasks[0 if last.all() else -1]
        raise UserError(
            f"{dataset.meta.id}: the {split} part has no read of {missing}; give a larger"
            " test_fraction."
        )
    if not motifs:
        return Table(COLUMNS, [])
    # Scores of the padded read: an unknown base is no evidence for or against a motif.
    scores = best_hits(motifs, dataset.codes[rows], both_strands=dataset.meta.strand_symmetric)
    areas = average_precision(scores, last.astype(np.float32))
    tasks, counts = dataset.meta.tasks, (int(last.sum()), int((~last).sum()))
    found = [
        (
            motifs[at].id,
            tasks[-1],
            tasks[0],
            metrics.auroc(last.astype(np.float64), scores[:, at]),
            areas[at],
            *counts,
        )
        for at in np.argsort(-areas, kind="stable").tolist()
    ]
    return Table(COLUMNS, found)
