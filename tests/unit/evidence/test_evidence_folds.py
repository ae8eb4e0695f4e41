"""With folds: every sequence counts once, and nothing is compared over two of them."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from evidence_fixtures import simulated
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.evidence import alone as a
from nfexplainn.evidence.folds import fold_hits, select_in_folds, sites_of
from nfexplainn.evidence.groups import MotifRow, UnitSites
from nfexplainn.evidence.judge import Model
from nfexplainn.evidence.removal import Replicate, Target
from nfexplainn.interpret.flanks import FLANK
from nfexplainn.motifs.motif import Motif
from nfexplainn.simulation.sequences import background, plant

FOLDS = 3
N = 1200
ROWS = [[np.array([unit])] * FOLDS for unit in range(6)]


def in_folds(n: int = N, **changes) -> list[Replicate]:
    """Give a replicate per fold; the rows of the folds alternate."""
    found = []
    for fold in range(FOLDS):
        one = simulated(n=n, seed=fold, number=fold + 1, **changes)
        rows = {
            name: FOLDS * part.rows + (fold + shift) % FOLDS
            for name, part, shift in (
                ("unseen", one.unseen, 0),
                ("valid", one.valid, 1),
                ("train", one.train, 2),
            )
        }
        parts = {
            name: dataclasses.replace(getattr(one, name), rows=own) for name, own in rows.items()
        }
        found.append(dataclasses.replace(one, **parts))
    return found


def clusters() -> np.ndarray:
    """Nine sequences that follow each other belong together, three in each fold."""
    return np.arange(FOLDS * N) // 9


def test_the_gain_is_that_of_each_fold_by_itself_put_together() -> None:
    replicates = in_folds()
    whole = Target(replicates, "bce", slice(None), clusters())
    units = [np.array([0]), np.array([0, 3]), np.zeros(0, dtype=np.int64)]
    found = whole.remove(units)
    rows, values = [], []
    for one, own in zip(replicates, units, strict=True):
        rows.append(one.unseen.rows)
        values.append(Target([one], "bce", slice(None), clusters()).remove([own]).increase)
    order = np.argsort(np.concatenate(rows))
    by_hand = np.concatenate(values)[order]
    assert np.array_equal(whole.rows, np.concatenate(rows)[order])
    np.testing.assert_array_equal(found.increase, by_hand)
    assert not values[2].any()  # a replicate without the row says 0 of its sequences
    sums = np.bincount(whole.clusters, by_hand)
    sizes = np.bincount(whole.clusters)
    count, gain = len(sums), by_hand.mean()
    error = np.sqrt(count / (count - 1) * ((sums - gain * sizes) ** 2).sum()) / len(by_hand)
    means = whole.judge(found.increase[None])
    assert means.value[0] == pytest.approx(gain, rel=1e-12)
    assert means.error[0] == pytest.approx(error, rel=1e-9)


def test_two_seeds_of_a_fold_are_averaged_over_its_sequences() -> None:
    one, other, third = in_folds()
    again = dataclasses.replace(one, weight=one.weight * 0.5, number=4)
    both = Target([one, again, other, third], "bce", slice(None), np.arange(FOLDS * N))
    units = [np.array([0])] * 4
    single = [
        Target([r], "bce", slice(None), np.arange(FOLDS * N)).remove([u]).increase
        for r, u in zip((one, again, other, third), units, strict=True)
    ]
    at = np.searchsorted(both.rows, one.unseen.rows)
    np.testing.assert_allclose(both.remove(units).increase[at], (single[0] + single[1]) / 2)


def test_sequences_are_ranked_within_their_fold() -> None:
    rng = np.random.default_rng(0)
    fold = rng.integers(0, 4, 300)
    y = (rng.random(300) < 0.4).astype(float)
    y[::17] = np.nan
    score = np.round(rng.normal(size=300) + 0.8 * np.nan_to_num(y), 1)
    found = a.ranked_alone(score, y, np.arange(300), fold)
    pairs = [
        (score[i] > score[j]) + 0.5 * (score[i] == score[j])
        for i, j in itertools.product(np.flatnonzero(y == 1), np.flatnonzero(y == 0))
        if fold[i] == fold[j]
    ]
    assert found.value == pytest.approx(np.mean(pairs))
    areas = [
        average_precision_score(y[own], score[own])
        for own in ((fold == one) & ~np.isnan(y) for one in range(4))
    ]
    assert found.auprc == pytest.approx(np.mean(areas))
    # Models of other folds may say more of everything: that is no reason to rank their sequences.
    moved = a.ranked_alone(score + 100 * fold, y, np.arange(300), fold)
    assert (moved.value, moved.low) == (pytest.approx(found.value), pytest.approx(found.low))
    assert a.ranked_alone(score, y, np.arange(300), np.zeros(300, dtype=int)) == a.ranked_alone(
        score, y, np.arange(300)
    )


def test_the_interval_of_a_ranking_in_folds_holds_its_level() -> None:
    rng = np.random.default_rng(1)
    fold, y = np.arange(240) % 3, (np.arange(240) // 3 % 2).astype(float)
    found = []
    for _ in range(300):
        score = rng.normal(size=240) + y + 3 * fold
        one = a.ranked_alone(score, y, np.arange(240), fold)
        found.append(one.low <= 0.7602 <= 2 * one.value - one.low)  # Phi(1 / sqrt(2))
    assert 0.91 <= np.mean(found) <= 0.985


def test_correlations_are_those_within_folds() -> None:
    rng = np.random.default_rng(2)
    fold = np.repeat([0, 1, 2], (50, 80, 120))
    y = rng.normal(size=250) + fold
    score = rng.normal(size=250) + 0.5 * y - 5 * fold
    found = a.correlated_alone(score, y, np.arange(250), fold)
    own = [np.corrcoef(score[fold == one], y[fold == one])[0, 1] for one in range(3)]
    assert found.value == pytest.approx(np.average(own, weights=[50, 80, 120]))
    assert found.low < found.value
    assert a.correlated_alone(score, y, np.arange(250)).value < 0 < found.value


def test_what_a_site_does_is_told_within_folds() -> None:
    rng = np.random.default_rng(3)
    fold, sites = np.arange(600) % 3, rng.random(600) < 0.2 + 0.2 * (np.arange(600) % 3)
    given = rng.normal(size=600) + 0.7 * sites + 10 * fold
    _, low, high = a.site_difference(given, sites, np.arange(600), fold)
    assert low < 0.7 < high and high - low < 0.5
    assert abs(a.site_difference(given, sites, np.arange(600))[0] - 0.7) > 1


def counted(unit: int, replicate: int, motif: Motif) -> UnitSites:
    counts = np.zeros((len(motif.ppm) + 2 * FLANK, 5), dtype=np.int64)
    counts[FLANK:-FLANK, :4] = np.rint(100 * motif.ppm)
    counts[:FLANK, :4] = counts[-FLANK:, :4] = 25
    return UnitSites(replicate, unit, counts, 1.0)


def test_a_site_is_where_most_replicates_that_have_not_seen_the_sequence_have_it() -> None:
    replicates = in_folds(n=8)
    motif = Motif("m", "", np.full((8, 4), 0.25), 100.0)
    row = MotifRow((counted(2, 0, motif), counted(1, 1, motif)), np.zeros((8, 4), dtype=np.int64))
    sites = [np.zeros((2, 6), dtype=bool) for _ in replicates]
    sites[0][0, 2] = sites[1][1, 1] = sites[2][:] = True
    (found,) = sites_of([row], replicates, sites)
    every = np.unique(np.concatenate([one.unseen.rows for one in replicates]))
    yes = {int(replicates[0].unseen.rows[0]), int(replicates[1].unseen.rows[1])}
    assert set(every[found].tolist()) == yes  # the third lacks the row
    twice = [*replicates, dataclasses.replace(replicates[0], number=4)]
    both = MotifRow((*row.members, counted(0, 3, motif)), row.counts)
    (found,) = sites_of([both], twice, [*sites, np.zeros((2, 6), dtype=bool)])
    assert set(every[found].tolist()) == yes  # half is enough


def planted() -> tuple[Dataset, Motif]:
    rng = np.random.default_rng(0)
    ppm = np.full((10, 4), 0.01)
    ppm[np.arange(10), rng.integers(0, 4, 10)] = 0.97
    motif = Motif("row_001", "", ppm, 500.0)
    codes = background(1500, 60, rng)
    labels = (np.arange(1500) % 2 == 0).astype(np.float32)[:, None]
    positives = np.flatnonzero(labels[:, 0])
    codes[positives], _ = plant(codes[positives], [motif], rng, probability=0.6)
    meta = DatasetMeta("d", "sequences", "binary", ("t",), 60, True, 1, folds=3)
    fold = (np.arange(1500) // 2 % 3).astype(np.int8)
    names = [f"s{row}" for row in range(1500)]
    return Dataset(meta, names, codes, np.zeros(0, "<U5"), labels, fold=fold), motif


def test_hits_of_a_fold_are_those_of_its_own_motif_and_threshold() -> None:
    data, motif = planted()
    members = tuple(counted(0, place, motif) for place in range(3))
    row = MotifRow(members, sum(one.counts[:, :4] for one in members))
    found = fold_hits(data, [1, 2, 3], [row]).rates(0, 0)
    assert abs(found.positives - 0.6) < 0.05 and found.negatives < 0.05
    one = dataclasses.replace(row, members=members[:1])
    alone = fold_hits(data, [1, 2, 3], [one]).rates(0, 0)
    assert alone.positives == pytest.approx(found.positives / 3, abs=0.03)
    missing = fold_hits(data, [1, 3], [dataclasses.replace(row, members=members[:2])])
    assert len(missing.folds) == 2  # of a fold whose training diverged nothing is said


def choose(replicates: list[Replicate], rows: list[list[np.ndarray]] = ROWS):
    model = Model(tuple(replicates), "bce", ("t",), np.arange(FOLDS * N), np.arange(FOLDS * N) % 3)
    return select_in_folds(
        replicates, rows, lambda some: model.target(slice(None), "valid", some), FOLDS
    )


def permuted(one: Replicate, name: str, seed: int = 0) -> Replicate:
    part = getattr(one, name)
    labels = np.random.default_rng(seed).permutation(part.labels)
    return dataclasses.replace(one, **{name: dataclasses.replace(part, labels=labels)})


def test_each_fold_chooses_by_its_own_validation_part() -> None:
    replicates = in_folds()
    steps, units = choose(replicates)
    assert sorted(step.row for step in steps if step.chosen) == [-1, 0, 1]
    assert [set(own.tolist()) >= {0, 1} for own in units] == [True] * 3
    assert steps[0].loss == pytest.approx(np.log(2), abs=0.02)
    assert all(len(step.logits) == 3 for step in steps)
    # What one fold is validated on says nothing to another.
    changed = [permuted(replicates[0], "valid"), *replicates[1:]]
    other_steps, other = choose(changed)
    assert len(other[0]) < 2 and all(map(np.array_equal, other[1:], units[1:]))
    assert sorted(step.row for step in other_steps if step.chosen) == [-1, 0, 1]  # two of three
    # What is tested says nothing at all.
    tested = choose([permuted(one, "unseen") for one in replicates])
    assert [step.loss for step in tested[0]] == [step.loss for step in steps]


def test_a_fold_with_few_rows_hides_none_of_the_others() -> None:
    none = np.zeros(0, dtype=np.int64)
    rows = [[*units[:2], units[2] if not at else none] for at, units in enumerate(ROWS)]
    steps, units = choose(in_folds(), rows)
    assert sorted(step.row for step in steps if step.chosen) == [-1, 0, 1]
    assert units[2].tolist() == [0]
    assert all(len(step.logits) == 3 for step in steps)


def test_on_noise_no_fold_chooses() -> None:
    replicates = [permuted(one, "valid", 5) for one in in_folds()]
    steps, units = choose(replicates)
    assert [step.chosen for step in steps].count(True) == 1
    assert sum(map(len, units)) <= 1
