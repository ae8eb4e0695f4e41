# ruff: noqa: E501 (sentences in one piece can be searched for)
"""Two tasks of measured values: their difference where both are known, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.assays.contrast import prepare
from nfexplainn.assays.contrast_values import beyond_gc
from nfexplainn.assays.spec import InputFile, Options, Row, Spec
from nfexplainn.data.dataset import Dataset, DatasetMeta, write_dataset
from nfexplainn.errors import UserError
from nfexplainn.evaluation.gc_content import gc_part
from nfexplainn.simulation.sequences import background

N, LENGTH = 600, 40


def values_set(values: np.ndarray, **extra: Any) -> Dataset:
    """Make a data set of measured values, a column per task."""
    n = len(values)
    codes = np.random.default_rng(1).integers(0, 4, (n, LENGTH), dtype=np.uint8)
    tasks = ("t1", "t2", "t3")[: values.shape[1]]
    meta = DatasetMeta("D", "accessibility", "regression", tasks, LENGTH, True, 1, extra=extra)
    names = [f"chr1:{row * 100}-{row * 100 + LENGTH}(+)" for row in range(n)]
    flanks = np.zeros((n, 10), np.uint8)
    return Dataset(meta, names, codes, np.full(n, "train"), values.astype(np.float32), flanks)


def drawn(seed: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(N, 3)).astype(np.float32)


def spec_of(folder: Path, dataset: Dataset, *sides: str, **options: Any) -> Spec:
    """Ask for a contrast of two tasks, or data sets."""
    ids = list(dict.fromkeys(name.partition("/")[0] for name in sides))
    for id in ids:
        meta = dataclasses.replace(dataset.meta, id=id)
        write_dataset(dataclasses.replace(dataset, meta=meta), folder / f"{id}.dataset.parquet")
    rows = [
        Row(name, ids.index(name.partition("/")[0]), label=name.partition("/")[2] or None)
        for name in sides
    ]
    files = tuple(
        InputFile(f"data set {one}", str(folder / f"{one}.dataset.parquet")) for one in ids
    )
    return Spec("D_t1_vs_D_t2", "contrast", tuple(rows), files, Options(folds=5, seed=3), **options)


def test_the_second_is_subtracted_from_the_first_where_both_are_known(tmp_path: Path) -> None:
    values = drawn()
    values[:40, 0], values[20:70, 1], values[:, 2] = np.nan, np.nan, np.nan
    given = values_set(values, transform="log2", pad=7, split_by="random")
    made = prepare(spec_of(tmp_path, given, "D/t1", "D/t2"))
    data = made.dataset
    expected = (values[:, 0].astype(float) - values[:, 1])[70:].astype(np.float32)
    assert data.labels[:, 0].tolist() == expected.tolist()
    assert list(data.names) == list(given.names[70:]) and (data.codes == given.codes[70:]).all()
    assert data.meta.task_type == "regression" and data.meta.folds == 5
    assert data.flanks is not None and data.flanks.shape == (N - 70, 10)
    assert data.meta.tasks == ("D_t1_vs_D_t2",) and data.meta.extra["pad"] == 7
    told = data.meta.extra["contrast"]
    assert told["sides"] == ["D/t1", "D/t2"] and told["kept"] == [N - 70, N - 70]
    assert told["given"] == [N - 40, N - 50] and told["transform"] == "log2"
    assert ("D/t1", "without a value in one of the two tasks", 30) in made.dropped
    assert ("D/t2", "without a value in one of the two tasks", 20) in made.dropped
    assert data.meta.notes[0] == (
        "The values of D/t2 were subtracted from those of D/t1, on the log2 scale."
    )


def test_what_gc_content_predicts_is_subtracted_by_fits_that_have_not_seen_the_sequence() -> None:
    rng = np.random.default_rng(7)
    codes = background(600, 50, rng)
    values = 20 * (dna.gc_content(codes) - 0.5) + rng.normal(size=600)
    meta = DatasetMeta("D", "contrast", "regression", ("t",), 50, True, 1, folds=3)
    meta = dataclasses.replace(meta, extra={"contrast": {"sides": ["a", "b"]}})
    fold = rng.integers(0, 3, 600).astype(np.int8)
    names = [f"s{row}" for row in range(600)]
    labels = values.astype(np.float32)[:, None]
    dataset = Dataset(meta, names, codes, np.zeros(0, "<U5"), labels, None, fold)
    rest = beyond_gc(dataset)
    assert abs(np.corrcoef(rest.labels[:, 0], dna.gc_content(codes))[0, 1]) < 0.1
    assert rest.labels.std() == pytest.approx(1, abs=0.1)
    # Other values of a fold change nothing of what is subtracted there.
    other = dataclasses.replace(
        dataset, labels=np.where(fold[:, None] == 1, 3 * labels + 1, labels)
    )
    changed = beyond_gc(other)
    own = fold == 1
    part = labels[own] - rest.labels[own]
    np.testing.assert_allclose(other.labels[own] - changed.labels[own], part, atol=1e-5)
    fits = rest.meta.extra["contrast"]["subtracted"]
    assert len(fits) == 3 and fits == json.loads(json.dumps(fits))
    np.testing.assert_allclose(rest.labels[:, 0] + gc_part(rest, fits), values, atol=1e-5)
    assert rest.meta.notes[-1].startswith("GC content predicts the difference (correlation 0.")
    # Where it says little nothing is subtracted.
    little = dataclasses.replace(
        dataset, labels=labels - 18 * (dna.gc_content(codes)[:, None] - 0.5)
    )
    assert beyond_gc(little) is little


def test_without_a_logarithm_and_with_unlike_scales_a_note_says_so(tmp_path: Path) -> None:
    values = drawn() * [3, 1, 1]
    notes = prepare(spec_of(tmp_path, values_set(values), "D/t1", "D/t2")).dataset.meta.notes
    assert any("as they were given, without a logarithm" in note for note in notes)
    assert any("The values of D/t1 vary more than those of D/t2" in note for note in notes)
    alike = prepare(spec_of(tmp_path, values_set(drawn()), "D/t1", "D/t2")).dataset.meta.notes
    assert not any("vary more" in note for note in alike)


@pytest.mark.parametrize(
    ("sides", "change", "says"),
    [
        (("D/t1", "D/t4"), {}, "the contrast with D/t4: the data set D has no task 't4'; it has t1, t2, t3."),
        (("D", "E"), {}, "the data set D holds measured values, which can only be compared between two of its tasks; give D/task1:D/task2 (its tasks are t1, t2, t3)."),
        (("D/t1", "E/t2"), {}, "which can only be compared between two of its tasks"),
        (("D/t1", "D/t2"), {"n": 399}, "the contrast of D/t1 and D/t2: 399 sequences have a value in both, and a contrast of values needs 400; give more sequences"),
        (("D/t1", "D/t2"), {"equal": True}, "the difference is 0 in every sequence, so there is nothing to learn; name two tasks that differ."),
    ],
)  # fmt: skip
def test_what_cannot_be_compared(
    tmp_path: Path, sides: tuple[str, str], change: dict[str, Any], says: str
) -> None:
    values = drawn()[: change.get("n", N)]
    if change.get("equal"):
        values[:, 1] = values[:, 0]
    with pytest.raises(UserError) as error:
        prepare(spec_of(tmp_path, values_set(values), *sides))
    assert says in str(error.value)
