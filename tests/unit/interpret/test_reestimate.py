"""The second motif of a unit: recovered from a poor start, left alone where there is nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.interpret.reestimate import KINDS, PWM_COLUMNS, reestimate, second_motifs
from nfexplainn.io.tsv import Table
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.scan import average_precision, best_hits
from nfexplainn.simulation.sequences import background, plant

WORD = "TGACTCAGCA"


def sharp(share: float = 0.91) -> Motif:
    ppm = np.full((len(WORD), 4), (1 - share) / 3)
    ppm[np.arange(len(WORD)), dna.encode([WORD])[0]] = share
    return Motif("truth", "", ppm, 100.0)


def blurred(id: str = "unit_001") -> Motif:
    """Give the truth as a unit of few sites might see it: faint, in a wider frame, reversed."""
    ppm = np.full((16, 4), 0.25)
    ppm[3:13] = 0.55 * sharp().ppm + 0.45 * 0.25
    return Motif(id, "", ppm[::-1, ::-1].copy(), 12.0)


def data(n: int, seed: int, chance: float = 0.8) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    positives, _ = plant(background(n, 80, rng), [sharp()], rng, probability=chance, margin=6)
    return positives, background(n, 80, rng)


def test_a_blurred_motif_becomes_the_planted_one() -> None:
    positives, negatives = data(400, 1)
    (found,) = reestimate([blurred()], positives, negatives)
    assert found.id == "unit_001"
    core = found.ppm[::-1, ::-1][3:13]
    assert dna.decode(core.argmax(axis=1).astype(np.uint8)[None]) == [WORD]
    assert np.abs(core - sharp().ppm).mean() < 0.05
    assert 280 <= found.nsites <= 400
    held_out, others = data(400, 2)
    codes, labels = np.concatenate([held_out, others]), np.repeat([1.0, 0.0], 400)
    before, after = average_precision(best_hits([blurred(), found], codes), labels)
    assert after > before + 0.01


def test_one_pass_is_the_definition() -> None:
    """A loop over sequences, places and strands, with sums of logarithms."""
    positives, negatives = data(60, 3)
    positives[:5, 20:24] = dna.N_CODE
    # Probabilities that differ everywhere, so that no two scores are equal by rounding alone.
    ppm = blurred().ppm + np.random.default_rng(0).uniform(0, 0.1, (16, 4))
    start = dataclasses.replace(blurred(), ppm=ppm / ppm.sum(axis=1, keepdims=True))
    odds = np.log((start.ppm * start.nsites + 0.25) / (start.nsites + 1) / 0.25)
    padded = np.concatenate([odds, np.zeros((len(odds), 1))], axis=1)

    def best(sequence: np.ndarray) -> tuple[float, np.ndarray]:
        windows = [sequence[at : at + 16] for at in range(len(sequence) - 15)]
        sites = [one for w in windows for one in (w, dna.reverse_complement(w))]
        scores = [sum(padded[i, base] for i, base in enumerate(site)) for site in sites]
        return max(scores), sites[int(np.argmax(scores))]

    limit = np.quantile([best(one)[0] for one in negatives], 0.9)
    sites = [site for score, site in map(best, positives) if score > limit]
    expected = np.mean([np.concatenate([np.eye(4), [[0.25] * 4]])[site] for site in sites], axis=0)
    (found,) = reestimate([start], positives, negatives, passes=1)
    assert found.nsites == len(sites) >= 5
    np.testing.assert_allclose(found.ppm, expected, atol=1e-12)


def test_fewer_than_five_hits_change_nothing() -> None:
    positives, negatives = data(30, 4, chance=0.0)
    # Every negative holds a perfect site, so that no positive beats their 90th percentile.
    negatives[:, 20:30] = dna.encode([WORD])[0]
    start = [sharp(), blurred()]
    assert reestimate(start, positives, negatives) == start
    assert reestimate(start, positives[:0], negatives) == start


def dataset(task_type: str = "multilabel") -> Dataset:
    positives, negatives = data(300, 5)
    codes = np.concatenate([positives, negatives])
    truth = np.repeat(np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32), 300, axis=0)
    if task_type == "regression":
        truth += np.random.default_rng(0).normal(0, 0.1, truth.shape).astype(np.float32)
    split = np.array(["train"] * 7 + ["valid"] + ["test"] * 2)[np.arange(600) % 10]
    meta = DatasetMeta("d", "sequences", task_type, ("AP1", "none"), 80, True, 1)  # type: ignore[arg-type]
    return Dataset(meta, [f"s{row}" for row in range(600)], codes, split, truth)


@pytest.mark.parametrize("task_type", ["multilabel", "regression"])
def test_both_kinds_are_scored_and_the_test_part_is_used_once(task_type: str) -> None:
    sample = dataset(task_type)
    flat = Motif("unit_002", "", np.full((16, 4), 0.25), 30.0)
    second = second_motifs(sample, [blurred(), flat], np.array([0, 1]))
    table = second.table.frame()
    assert list(table.columns) == list(PWM_COLUMNS) and len(table) == 2 * 2 * 2
    assert [motif.id for motif in second.motifs] == ["unit_001", "unit_002"]
    of_task = table[table["task"] == "AP1"].set_index(["unit", "kind"])
    first, better = (of_task.loc[("unit_001", kind), "auprc"] for kind in KINDS)
    assert better > first > 0.8 and of_task.loc[("unit_002", "sites"), "auprc"] < 0.7
    assert table["auprc_test"].notna().sum() == table["best"].sum() == 4
    assert of_task.loc[("unit_001", "reestimated"), "auprc_test"] > 0.85
    rows = sample.rows("train", "valid")
    if task_type == "multilabel":
        scores = best_hits([second.motifs[0]], sample.codes[rows])
        expected = average_precision(scores, sample.labels[rows, 0])[0]
        assert better == pytest.approx(expected)


def test_what_the_test_part_holds_does_not_matter_to_the_choice() -> None:
    sample = dataset()
    test = sample.rows("test")
    codes = sample.codes.copy()
    codes[test] = background(len(test), 80, np.random.default_rng(9))
    other = dataclasses.replace(sample, codes=codes)
    tables = [
        second_motifs(one, [blurred()], np.array([0])).table.frame() for one in (sample, other)
    ]
    columns = [column for column in PWM_COLUMNS if column != "auprc_test"]
    assert tables[0][columns].equals(tables[1][columns])
    assert not tables[0]["auprc_test"].equals(tables[1]["auprc_test"])


def test_no_motif_gives_an_empty_table() -> None:
    second = second_motifs(dataset(), [], np.zeros(0, dtype=np.intp))
    assert second.motifs == () and second.table == Table(PWM_COLUMNS, [])
