"""The table of single contributions: exact, and bounded where there are many tasks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from nfexplainn.interpret.contributions import ContributionWriter, written_sequences


@given(st.lists(st.booleans(), min_size=1), st.integers(1, 9), st.integers(1, 40))
def test_as_many_are_drawn_as_are_allowed_and_only_of_the_chosen(
    chosen: list[bool], tasks: int, most: int
) -> None:
    mask = np.array(chosen)
    written = written_sequences(mask, tasks, most)
    assert not (written & ~mask).any()
    assert written.sum() == min(mask.sum(), max(1, most // tasks))


def test_they_are_drawn_evenly() -> None:
    written = written_sequences(np.ones(1000, dtype=bool), 2, 200)
    assert set(np.diff(np.flatnonzero(written))) == {10}


def test_a_contribution_is_weight_times_output_of_those_that_are_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(3, 2)).astype(np.float32)
    outputs = rng.random((5, 2), dtype=np.float32)
    activated = np.array([[1, 0], [1, 1], [0, 1], [1, 1], [0, 0]], dtype=bool)
    written = np.array([False, True, True, False, True, True])  # of a data set of six
    rows = np.array([1, 2, 3, 4, 5])
    names = [f"s{row}" for row in range(6)]
    path = tmp_path / "contributions.parquet"
    with ContributionWriter(path, ["a", "b", "c"], names, weights, written) as writer:
        writer.add(rows, -1, outputs, activated)
    found = {
        (row["sequence"], row["unit"], row["task"]): row["contribution"]
        for row in pq.read_table(path).to_pylist()
    }
    expected = {
        (f"s{rows[at]}", unit + 1, task): weights["abc".index(task), unit] * outputs[at, unit]
        for at in range(5)
        for unit in range(2)
        for task in "abc"
        if activated[at, unit] and written[rows[at]]
    }
    assert found.keys() == expected.keys() and len(found) == 15
    assert all(np.isclose(found[key], expected[key]) for key in found)
