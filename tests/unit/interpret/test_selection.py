"""Well-predicted sequences, against loops and hand-made cases."""

from __future__ import annotations

import numpy as np
import pytest

from nfexplainn.interpret.selection import select_well_predicted

NAN = np.nan


def test_binary_takes_what_the_rounded_sigmoid_gets_right():
    labels = np.array([[1], [1], [0], [0], [NAN]], dtype=np.float32)
    logits = np.array([[2], [-2], [-0.1], [0.1], [5]], dtype=np.float32)
    chosen = select_well_predicted("binary", labels, logits).chosen
    assert chosen.tolist() == [True, False, True, False, False]


def test_multilabel_equals_a_loop_over_known_labels(rng):
    labels = rng.choice([0.0, 1.0, NAN], (300, 4)).astype(np.float32)
    logits = rng.normal(0, 1, (300, 4)).astype(np.float32)
    logits += np.where(np.isnan(labels), 0, 4 * labels - 2)
    chosen = select_well_predicted("multilabel", labels, logits).chosen
    for row in range(300):
        known = ~np.isnan(labels[row])
        rounded = np.round(1 / (1 + np.exp(-logits[row].astype(float))))
        assert chosen[row] == (known.any() and (rounded == labels[row])[known].all())
    assert 0 < chosen.sum() < 300


def test_prediction_of_an_unknown_label_does_not_matter(rng):
    labels = rng.choice([0.0, 1.0, NAN], (50, 3)).astype(np.float32)
    logits = rng.normal(0, 2, (50, 3)).astype(np.float32)
    other = np.where(np.isnan(labels), -logits, logits).astype(np.float32)
    one = select_well_predicted("multilabel", labels, logits)
    two = select_well_predicted("multilabel", labels, other)
    assert (one.chosen == two.chosen).all()
    assert not (one.effect_rows & np.isnan(labels)).any()


def test_logit_that_is_no_number_is_wrong():
    labels = np.array([[0], [1]], dtype=np.float32)
    logits = np.array([[NAN], [3]], dtype=np.float32)
    assert select_well_predicted("binary", labels, logits).chosen.tolist() == [False, True]


def test_multiclass_goes_by_the_largest_not_by_one_half():
    labels = np.eye(3, dtype=np.float32)[[0, 1, 2]]
    # All logits are positive, or all negative: a rounded sigmoid would get none of them right.
    logits = np.array([[3, 2, 1], [-3, -1, -2], [1, 2, 0]], dtype=np.float32)
    assert select_well_predicted("multiclass", labels, logits).chosen.tolist() == [
        True,
        True,
        False,
    ]


def test_regression_of_many_tasks_goes_by_the_rows_correlation(rng):
    labels = rng.normal(size=(200, 6)).astype(np.float32)
    logits = (labels + rng.normal(0, 0.9, (200, 6))).astype(np.float32)
    labels[0] = 1.5  # constant: no correlation, and the rows after it must not shift
    labels[1, :4] = NAN  # two known labels: always correlated by +1 or -1
    labels[2, 0] = NAN
    selection = select_well_predicted("regression", labels, logits, correlation=0.75)
    for row in range(200):
        known = ~np.isnan(labels[row])
        if row < 2:
            assert not selection.chosen[row]
            continue
        r = np.corrcoef(labels[row, known], logits[row, known])[0, 1]
        assert selection.chosen[row] == (r > 0.75)


def test_regression_of_one_task_takes_the_common_upper_end(rng):
    labels = rng.normal(size=(500, 1)).astype(np.float32)
    logits = (labels + rng.normal(0, 0.3, (500, 1))).astype(np.float32)
    labels[7] = NAN
    selection = select_well_predicted("regression", labels, logits, percent=10)
    rows = [row for row in range(500) if row != 7]
    top = int(len(rows) * 0.1)
    by_label = set(sorted(rows, key=lambda r: -labels[r, 0])[:top])
    by_logit = set(sorted(rows, key=lambda r: -logits[r, 0])[:top])
    assert set(np.flatnonzero(selection.chosen)) == by_label & by_logit
    # Both ends are filled well, so the effect contrasts them.
    assert selection.effect_basis == ("well-predicted",)
    low = set(sorted(rows, key=lambda r: labels[r, 0])[:top])
    low &= set(sorted(rows, key=lambda r: logits[r, 0])[:top])
    assert set(np.flatnonzero(selection.effect_rows[:, 0])) == (by_label & by_logit) | low


def test_regression_with_a_poor_model_computes_the_effect_over_all_labelled(rng):
    labels = rng.normal(size=(400, 1)).astype(np.float32)
    labels[3] = NAN
    logits = rng.normal(size=(400, 1)).astype(np.float32)
    selection = select_well_predicted("regression", labels, logits, percent=10)
    assert selection.effect_basis[0].startswith("all labelled")
    assert (selection.effect_rows == ~np.isnan(labels)).all()


def test_two_regression_tasks_fall_back_to_the_ends_of_either(rng):
    labels = rng.normal(size=(300, 2)).astype(np.float32)
    logits = (labels + rng.normal(0, 0.2, (300, 2))).astype(np.float32)
    both = select_well_predicted("regression", labels, logits)
    each = [
        select_well_predicted("regression", labels[:, [t]], logits[:, [t]]).chosen for t in (0, 1)
    ]
    assert (both.chosen == each[0] | each[1]).all()
    assert "upper 20 %" in both.rule


def test_class_without_a_well_predicted_member_falls_back_and_says_so():
    labels = np.array([[1, 1], [0, 1], [0, 0], [1, NAN]], dtype=np.float32)
    logits = np.array([[-1, 1], [-1, 1], [-1, -1], [-1, 1]], dtype=np.float32)
    selection = select_well_predicted("multilabel", labels, logits)
    assert selection.chosen.tolist() == [False, True, True, False]
    assert selection.effect_basis == (
        "all labelled (no well-predicted positive)",
        "well-predicted",
    )
    assert selection.effect_rows[:, 0].all()
    assert selection.effect_rows[:, 1].tolist() == [False, True, True, False]


def test_one_and_no_hit_keep_their_shape():
    labels = np.array([[1], [0]], dtype=np.float32)
    one = select_well_predicted("binary", labels, np.array([[1], [1]], dtype=np.float32))
    none = select_well_predicted("binary", labels, np.array([[-1], [1]], dtype=np.float32))
    assert one.chosen.shape == none.chosen.shape == (2,)
    assert one.chosen.sum() == 1 and none.chosen.sum() == 0


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        select_well_predicted("binary", np.zeros((3, 1)), np.zeros((3, 2)))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)
