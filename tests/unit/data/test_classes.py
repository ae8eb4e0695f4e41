"""Measured values as two classes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from nfexplainn.data.classes import class_labels
from training_fixtures import planted


def classes_of(values: list[float]) -> list[float]:
    """Classes of the training part, whose values these are."""
    dataset = planted(10 * len(values), "regression")
    rows = dataset.rows("train")[: len(values)]
    labels = np.full_like(dataset.labels, np.nan)
    labels[rows, 0] = values
    found = class_labels(dataclasses.replace(dataset, labels=labels))[rows, 0]
    return [float(one) for one in found]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3, 4, 5], [0, np.nan, np.nan, np.nan, 1]),
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 7], [0] * 9 + [1]),
        ([7, 7, 7, 7, 7, 7, 7, 7, 7, 0], [1] * 9 + [0]),
        ([3, np.nan, 4], [0, np.nan, 1]),
    ],
    ids=["fifths", "mostly the least", "mostly the largest", "unknown"],
)
def test_the_ends_of_values_are_classes(values: list[float], expected: list[float]) -> None:
    assert np.array_equal(classes_of(values), expected, equal_nan=True)


def test_equal_values_are_no_two_classes() -> None:
    assert set(classes_of([2, 2, 2])) == {1}


def test_the_ends_are_those_of_the_training_part() -> None:
    dataset = planted(200, "regression")
    found = class_labels(dataset)
    train = dataset.rows("train")
    low, high = np.quantile(dataset.labels[train], (0.2, 0.8))
    assert np.array_equal(found == 1, dataset.labels >= high)
    assert np.array_equal(found == 0, dataset.labels <= low)


def test_classes_stay_as_they_are() -> None:
    dataset = planted(50, "multiclass")
    assert class_labels(dataset) is dataset.labels
