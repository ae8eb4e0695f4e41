"""The best PWM of a task: which row it is of, its kinds, and what they are judged on."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.evidence.best_pwms import (
    KINDS,
    WIDER,
    Sequences,
    View,
    best_pwms,
    choose,
    fold_views,
    kinds_of,
    split_view,
)
from nfexplainn.evidence.tuned import NOMINAL_SITES
from nfexplainn.interpret.columns import BEST_PWM_COLUMNS
from nfexplainn.motifs.formats import read_meme, write_meme
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.scan import average_precision, best_hits
from nfexplainn.simulation.sequences import background, plant

WORD, OTHER = "TGACTCAGCA", "GGGATTTCCC"
LENGTH = 60


def motif(word: str, share: float = 0.85, id: str = "row_001") -> Motif:
    ppm = np.full((len(word), 4), (1 - share) / 3)
    ppm[np.arange(len(word)), dna.encode([word])[0]] = share
    return Motif(id, "", ppm, 80.0)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    n, rng = 400, np.random.default_rng(0)
    own, _ = plant(background(n, LENGTH, rng), [motif(WORD)], rng, probability=0.8, margin=2)
    codes = np.concatenate([own, background(n, LENGTH, rng)])
    split = np.tile(np.array(["train"] * 3 + ["valid", "test"])[np.arange(n) % 5], 2)
    labels = np.repeat(np.float32([1, 0]), n)[:, None]
    meta = DatasetMeta("d", "sequences", "binary", ("bound",), LENGTH, True, 7)
    return Dataset(meta, [f"s{at}" for at in range(2 * n)], codes, split, labels)


def rows(*lines: tuple[str, str, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(lines, columns=["motif", "supported", "p", "alone"])
    return frame.assign(task="bound", name=["AP-1", *[""] * (len(lines) - 1)])


ROWS = (motif(OTHER), motif(WORD, id="row_002"), motif("ACGTACGT", id="row_003"))


def sequences(dataset: Dataset) -> Sequences:
    return Sequences(dataset.codes, dataset.labels[:, 0], True)


def chosen(dataset: Dataset, table: pd.DataFrame, **given: float) -> str | None:
    view = split_view(dataset, MotifSet(ROWS))
    return choose(table, [view], sequences(dataset), (1,), **given)


def test_the_supported_row_that_validation_likes_best(dataset: Dataset) -> None:
    """Row 3 would be no better, and rows that are not supported are not asked."""
    yes = rows(("row_001", "true", 1e-9, 0.9), ("row_002", "true", 0.01, 0.8))
    assert chosen(dataset, yes) == "row_002"
    one = rows(("row_001", "true", 1e-9, 0.9), ("row_002", "false", 1e-12, 0.8))
    assert chosen(dataset, one) == "row_001"


def test_without_support_the_least_p_among_those_that_point_the_right_way(
    dataset: Dataset,
) -> None:
    table = rows(
        ("row_001", "false", 0.3, 0.6),
        ("row_002", "false", 0.001, 0.4),
        ("row_003", "false", 0.2, 0.7),
    )
    assert chosen(dataset, table) == "row_003"
    assert chosen(dataset, table, chance=0.3) == "row_002"
    assert chosen(dataset, table.assign(alone=0.5)) is None
    assert chosen(dataset, table.assign(p=np.nan)) == "row_001"


def test_every_kind_is_judged_on_sequences_of_its_own(dataset: Dataset, tmp_path: Path) -> None:
    table = rows(("row_002", "true", 1e-9, 0.9), ("row_001", "false", 0.5, 0.4))
    view = split_view(dataset, MotifSet(ROWS))
    found, motifs = best_pwms(dataset, "explainn", table, view)
    assert list(found.columns) == list(BEST_PWM_COLUMNS)
    assert found["kind"].tolist() == list(KINDS)
    assert set(found["motif"]) == {"row_002"} and set(found["supported"]) == {"true"}
    assert found["pwm"].tolist() == [one.id for one in motifs.motifs]
    assert {one.name for one in motifs.motifs} == {"AP-1"}
    np.testing.assert_array_equal(motifs.motifs[0].ppm, ROWS[1].ppm)
    # A file that is read back ranks the test part as the table says.
    write_meme(motifs, tmp_path / "best.meme")
    test = dataset.rows("test")
    hits = best_hits(read_meme(tmp_path / "best.meme").motifs, dataset.codes[test])
    areas = average_precision(hits, dataset.labels[test, 0])
    np.testing.assert_allclose(found["auprc_test"], areas, atol=2e-3)
    assert found["prevalence"].tolist() == [0.5] * 3
    assert motifs.motifs[2].nsites == NOMINAL_SITES and np.isnan(found["sites"].iloc[2])


def test_a_row_that_saw_a_part_is_widened_where_that_helps(dataset: Dataset) -> None:
    """The planted word is ten wide; its middle six leave out what tells."""
    part = motif(WORD[2:8], id="row_002")
    view = split_view(dataset, MotifSet((part,)))
    given = kinds_of(part, view, sequences(dataset), (1,), True, 500)
    assert [len(given[kind].motif.ppm) for kind in KINDS] == [6, WIDER, WIDER]
    assert given["reestimated"].unseen > given["sites"].unseen + 0.05


def test_unseen_sequences_change_no_pwm(dataset: Dataset) -> None:
    view = split_view(dataset, MotifSet(ROWS))
    rng = np.random.default_rng(1)
    codes = dataset.codes.copy()
    codes[view.unseen] = rng.integers(0, 4, (len(view.unseen), LENGTH))
    before, after = (
        kinds_of(ROWS[1], view, Sequences(some, dataset.labels[:, 0], True), (1,), True, 500)
        for some in (dataset.codes, codes)
    )
    for kind in KINDS:
        np.testing.assert_array_equal(before[kind].motif.ppm, after[kind].motif.ppm)
        assert before[kind].valid == after[kind].valid
        assert before[kind].unseen > after[kind].unseen + 0.1


def test_folds_are_judged_each_by_what_it_held_out(dataset: Dataset) -> None:
    table = rows(("row_002", "true", 1e-9, 0.9))
    whole = split_view(dataset, MotifSet(ROWS))
    turned = View(whole.valid, whole.train, whole.unseen, whole.motifs)
    other = View(whole.train, whole.unseen, whole.valid, {"row_002": motif(WORD, 0.4, "row_002")})
    lacking = View(whole.valid, whole.unseen, whole.train, {})
    given, _ = best_pwms(dataset, "explainn", table, whole, [turned, other, lacking])
    own = [
        kinds_of(view.motifs["row_002"], view, sequences(dataset), (7, 29, 0), True, 1_000)
        for view in (turned, other)
    ]
    for kind, area in zip(given["kind"], given["auprc_test"], strict=True):
        assert area == pytest.approx(np.mean([one[kind].unseen for one in own]))


def test_a_row_that_most_folds_lack_does_not_win_by_one_of_them(dataset: Dataset) -> None:
    table = rows(("row_001", "true", 1e-9, 0.9), ("row_002", "true", 1e-9, 0.9))
    whole = split_view(dataset, MotifSet(ROWS))
    common = motif(WORD, 0.7, "row_002")
    first = dataclasses.replace(whole, motifs={"row_001": motif(WORD), "row_002": common})
    other = dataclasses.replace(whole, motifs={"row_002": common})
    assert choose(table, [first], sequences(dataset), (1,)) == "row_001"
    assert choose(table, [first, other, other], sequences(dataset), (1,)) == "row_002"


def test_views_of_folds_hold_out_everything_once(dataset: Dataset) -> None:
    """The motif of all folds has seen everything: it is given, and nothing judges it."""
    meta = dataclasses.replace(dataset.meta, folds=5)
    fold = (np.arange(len(dataset)) % 5).astype(np.int8)
    folded = dataclasses.replace(dataset, meta=meta, split=dataset.split[:0], fold=fold)
    by_fold = {at: MotifSet((motif(WORD, 0.5 + at / 10, "row_002"),)) for at in range(5)}
    whole, folds = fold_views(folded, MotifSet(ROWS), by_fold)
    assert not len(whole.unseen) and set(whole.motifs) == {"row_001", "row_002", "row_003"}
    assert sorted([*whole.train, *whole.valid]) == list(range(len(dataset)))
    assert sorted(np.concatenate([view.unseen for view in folds])) == list(range(len(dataset)))
    for at, view in enumerate(folds):
        assert (fold[view.unseen] == at).all() and not set(view.unseen) & set(view.train)
        assert view.motifs["row_002"] is by_fold[at].motifs[0]
    alone, none = fold_views(dataset, MotifSet(ROWS), {})
    np.testing.assert_array_equal(alone.unseen, split_view(dataset, MotifSet(ROWS)).unseen)
    assert not none


def test_values_are_compared_by_their_fifths_and_not_tuned(dataset: Dataset) -> None:
    rng = np.random.default_rng(2)
    values = dataset.labels + 0.1 * rng.normal(size=dataset.labels.shape).astype(np.float32)
    meta = DatasetMeta("d", "table", "regression", ("bound",), LENGTH, True, 7)
    data = Dataset(meta, dataset.names, dataset.codes, dataset.split, values)
    table = rows(("row_002", "false", 0.2, 0.3))
    found, motifs = best_pwms(data, "explainn", table, split_view(data, MotifSet(ROWS)))
    assert found["kind"].tolist() == ["sites", "reestimated"]
    assert found["supported"].tolist() == ["false"] * 2
    assert len(motifs.motifs) == 2 and found["auprc_test"].min() > 0.8


def test_values_of_folds_have_the_same_classes_in_all(dataset: Dataset) -> None:
    rng = np.random.default_rng(3)
    values = dataset.labels + 0.1 * rng.normal(size=dataset.labels.shape).astype(np.float32)
    meta = DatasetMeta("d", "table", "regression", ("bound",), LENGTH, True, 7, folds=5)
    fold = (np.arange(len(dataset)) % 5).astype(np.int8)
    data = Dataset(meta, dataset.names, dataset.codes, dataset.split[:0], values, fold=fold)
    by_fold = {at: MotifSet(ROWS) for at in range(5)}
    whole, folds = fold_views(data, MotifSet(ROWS), by_fold)
    found, _ = best_pwms(data, "explainn", rows(("row_002", "true", 0.01, 0.3)), whole, folds)
    assert found["kind"].tolist() == ["sites", "reestimated"]
    assert found["auprc_test"].min() > 0.8


def test_classes_share_rows_of_all_classes(dataset: Dataset) -> None:
    labels = np.concatenate([dataset.labels, 1 - dataset.labels], axis=1)
    meta = DatasetMeta("d", "table", "multiclass", ("a", "b"), LENGTH, True, 7)
    data = Dataset(meta, dataset.names, dataset.codes, dataset.split, labels)
    table = rows(("row_002", "true", 1e-9, 0.9)).assign(task="*")
    found, motifs = best_pwms(data, "explainn", table, split_view(data, MotifSet(ROWS)))
    assert found["task"].tolist() == ["a", "a", "b", "b"]
    assert [one.id for one in motifs.motifs][2:] == ["task2_sites", "task2_reestimated"]


def test_nothing_without_rows(dataset: Dataset) -> None:
    table = rows(("row_002", "true", 1e-9, 0.9)).iloc[:0]
    found, motifs = best_pwms(dataset, "explainn", table, split_view(dataset, MotifSet(())))
    assert not len(found) and not motifs.motifs


def test_a_row_wider_than_the_sequences_is_cut(dataset: Dataset) -> None:
    wide = Motif("row_002", "", np.full((LENGTH + 4, 4), 0.25), 10.0)
    wide.ppm[20:30] = motif(WORD).ppm
    table = rows(("row_002", "true", 1e-9, 0.9))
    found, _ = best_pwms(dataset, "m", table, split_view(dataset, MotifSet((wide,))))
    assert set(found["width"]) == {LENGTH}
