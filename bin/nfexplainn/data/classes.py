"""Measured values as two classes, for what compares sequences with others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset, Floats

SHARE = 0.2
CONTRAST = "contrast"
"""The kind of a contrast's negatives, the other side's positives; and what metadata say of it."""
SCORES = "peak_scores"
"""In the metadata of peaks: by task, the column of the scores and the median of the peaks."""
SUBTRACTED = "subtracted"
"""In these: the fits of GC content to a difference of values, which was subtracted from it."""


def class_labels(dataset: Dataset) -> Floats:
    """Give labels as classes: 1, 0, or NaN where unknown or neither.

    Parameters
    ----------
    dataset : Dataset
        Of regression the upper fifth of a task's values is compared with the lower fifth, by the
        training part. Where both end at one value, such as 0 in sparse counts, what lies above it
        is compared with the rest, or, where nothing does, it with what lies below.

    Returns
    -------
    float32 array, shape (n, tasks)
    """
    if dataset.meta.task_type != "regression":
        return dataset.labels
    train = dataset.rows("train")
    classes = np.full_like(dataset.labels, np.nan)
    for task in range(len(dataset.meta.tasks)):
        values = dataset.labels[:, task]
        known = values[train][~np.isnan(values[train])]
        if len(known):
            lower, upper = _ends(values, known)
            classes[lower, task] = 0
            classes[upper, task] = 1
    return classes


def _ends(values: Floats, known: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which values are low and which high, by those of the training part."""
    low, high = np.quantile(known, (SHARE, 1 - SHARE))
    if low < high:
        return values <= low, values >= high
    if (known > high).any():
        return values <= low, values > high
    return values < low, values >= high


def is_contrast(dataset: Dataset) -> bool:
    """Tell whether a data set is a contrast, of which either side is as good as the other."""
    return CONTRAST in dataset.meta.extra
