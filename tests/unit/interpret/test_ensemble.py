"""The table of consensus motifs, and the mean prediction, where the answer is known."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nfexplainn import dna
from nfexplainn.errors import UserError
from nfexplainn.evaluation.predict import write_predictions
from nfexplainn.interpret.columns import CONSENSUS_COLUMNS
from nfexplainn.interpret.ensemble import consensus_of, mean_logits
from nfexplainn.motifs.alignments import MIN_OVERLAP, _deviation, alignments
from nfexplainn.motifs.motif import Motif, MotifSet
from training_fixtures import planted


def motif(unit: str, word: str, left: int, reverse: bool = False) -> Motif:
    ppm = np.full((19, 4), 0.25)
    ppm[left : left + len(word)] = 0.9 * np.eye(4)[dna.encode([word])[0]] + 0.025
    return Motif(unit, "", ppm[::-1, ::-1] if reverse else ppm, 200.0)


def units(rows: list[tuple[int, str, str, float, float, str | None]]) -> pd.DataFrame:
    columns = ["replicate", "unit", "status", "effect:a", "effect:b", "annotation"]
    table = pd.DataFrame(rows, columns=columns)
    table["dataset"], table["model"] = "d", "explainn"
    table["target_id"] = [None if name is None else f"M_{name}" for name in table["annotation"]]
    table["q_value"] = [np.nan if name is None else 1e-5 for name in table["annotation"]]
    return table


def test_consensus_per_task() -> None:
    table = units(
        [
            (1, "unit_001", "unannotated", 2.0, -1.0, None),
            (1, "unit_002", "annotated", 1.0, 3.0, "CTCF"),
            (1, "unit_003", "dead", 9.0, 9.0, None),
            (2, "unit_001", "annotated", 0.5, np.nan, "AP1"),
            (2, "unit_002", "low_information", 0.1, np.nan, None),
        ]
    )
    motifs = {
        1: MotifSet((motif("unit_001", "TGACTCAGCA", 5), motif("unit_002", "CCACCAGGGG", 4))),
        2: MotifSet((motif("unit_001", "TGACTCAGCA", 2, reverse=True),)),
    }
    found, joined = consensus_of(table, motifs)
    assert list(found.columns) == list(CONSENSUS_COLUMNS)
    first, second, third = found.to_dict("records")
    assert (first["task"], first["found_in"], first["replicates"]) == ("a", 2, 2)
    assert first["units"] == "r1:unit_001,r2:unit_001" and first["effect_share"] == 1.0
    assert (first["annotation"], first["target_id"]) == ("AP1", "M_AP1")
    assert "TGACTCAGCA" in first["consensus"]
    assert (second["task"], second["found_in"], second["effect_share"]) == ("a", 1, 0.25)
    assert (third["task"], third["annotation"], third["found_in"]) == ("b", "CTCF", 1)
    assert found["motif"].tolist() == [one.id for one in joined.motifs]
    assert joined.motifs[0].nsites == 400


def test_no_unit_raises_a_task() -> None:
    table = units([(1, "unit_001", "unannotated", -1.0, np.nan, None)])
    found, joined = consensus_of(table, {1: MotifSet((motif("unit_001", "TGACTCAGCA", 5),))})
    assert len(found) == 0 and joined.motifs == ()


def test_alignments_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    founder = rng.integers(0, 50, (19, 4))
    others = [rng.integers(0, 50, (width, 4)) for width in (19, 12, 19, 6)]
    others.append(np.pad(founder[::-1, ::-1][4:], ((0, 4), (0, 0))))
    left = _deviation(founder)
    for other, found in zip(others, alignments(founder, others), strict=True):
        need = min(MIN_OVERLAP, len(other))
        cosines = {}
        for reverse, offset in itertools.product((False, True), range(-19, 20)):
            right = _deviation(other[::-1, ::-1] if reverse else other)
            pairs = [
                (left[at], right[at - offset])
                for at in range(len(left))
                if 0 <= at - offset < len(right)
            ]
            if len(pairs) >= need:
                a, b = (np.concatenate(side) for side in zip(*pairs, strict=True))
                cosines[offset, reverse] = a @ b / np.sqrt((a @ a) * (b @ b))
        best = max(cosines, key=lambda place: cosines[place])
        assert found[0] == pytest.approx(cosines[best]) and found[1:] == best


def test_mean_logits(tmp_path: Path) -> None:
    dataset = planted(20)
    logits = np.random.default_rng(0).normal(size=(2, *dataset.labels.shape)).astype(np.float32)
    paths = [tmp_path / f"d.explainn.r{number}.predictions.parquet" for number in (1, 2)]
    for path, values in zip(paths, logits, strict=True):
        write_predictions(dataset, values, path)
    np.testing.assert_allclose(mean_logits(paths, dataset), logits.mean(axis=0), rtol=1e-6)
    other = dataclasses.replace(dataset, names=[f"x{name}" for name in dataset.names])
    with pytest.raises(UserError, match="not those of the data set"):
        mean_logits(paths, other)
