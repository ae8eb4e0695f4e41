"""Positives and negatives with a hit, above a threshold that only training sequences choose."""

from __future__ import annotations

import numpy as np

from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.evidence.hits import hit_scores
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.scan import best_hits
from nfexplainn.simulation.sequences import background, plant

LENGTH = 60


def planted(length: int = LENGTH) -> tuple[Dataset, Motif]:
    rng = np.random.default_rng(0)
    ppm = np.full((10, 4), 0.01)
    ppm[np.arange(10), rng.integers(0, 4, 10)] = 0.97
    motif = Motif("row_001", "", ppm, 500.0)
    codes = background(2000, length, rng)
    labels = (np.arange(2000) % 2 == 0).astype(np.float32)[:, None]
    positives = np.flatnonzero(labels[:, 0])
    codes[positives], _ = plant(codes[positives], [motif], rng, probability=0.6)
    split = np.array(["train", "train", "valid", "test"])[np.arange(2000) // 2 % 4]
    meta = DatasetMeta("d", "sequences", "binary", ("t",), length, True, 1)
    return Dataset(meta, [f"s{row}" for row in range(2000)], codes, split, labels), motif


def test_the_shares_are_those_that_were_planted() -> None:
    data, motif = planted()
    found = hit_scores(data, [motif], data.rows("test")).rates(0, 0)
    assert abs(found.positives - 0.6) < 0.07 and found.negatives < 0.05
    assert found.low < found.odds < found.high and found.low > 5


def test_what_is_added_to_a_motif_changes_no_score() -> None:
    data, motif = planted()
    rows = data.rows("test")
    plain = best_hits([motif], data.codes[rows])
    scores = hit_scores(data, [motif], rows).unseen
    inside = scores[:, 0] >= plain[:, 0] - 1e-4  # a hit may hang over an end, where N says nothing
    assert inside.all() and np.isclose(scores, plain, atol=1e-4).mean() > 0.9


def test_the_test_part_has_no_say_in_the_threshold() -> None:
    data, motif = planted()
    unseen = data.rows("test")
    scores = hit_scores(data, [motif], unseen)
    swapped = data.labels.copy()
    swapped[unseen] = 1 - swapped[unseen]
    other = hit_scores(
        Dataset(data.meta, data.names, data.codes, data.split, swapped), [motif], unseen
    )
    one, two = scores.rates(0, 0), other.rates(0, 0)
    assert (one.positives, one.negatives) == (two.negatives, two.positives)


def test_motifs_wider_than_the_sequences_are_cut() -> None:
    data, motif = planted(12)
    wide = Motif("w", "", np.concatenate([motif.ppm, np.full((10, 4), 0.25)]), 500.0)
    found = hit_scores(data, [wide, motif], data.rows("test"))
    assert found.unseen.shape == (500, 2) and np.isfinite(found.unseen).all()
