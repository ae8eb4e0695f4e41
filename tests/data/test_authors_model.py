"""The authors' own ExplaiNN (MAX, FOXA1, JUND): two different motifs do not work together in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.analyses.cooperativity.effects import PairMarginalizer, backbones
from nfexplainn.analyses.cooperativity.pairs import Reader, analyse_pairs
from nfexplainn.analyses.cooperativity.sites import given_pairs, letters_of
from nfexplainn.models.checkpoint import load_model

pytestmark = pytest.mark.realdata

TASKS = ("MAX", "FOXA1", "JUND")
WORDS = {"MAX": "GACCACGTGGTC", "FOXA1": "TGTTTACATAG", "JUND": "GATGACTCATCC"}
BACKBONES = 24


def test_different_motifs_add_up_at_every_distance(data_dir: Path) -> None:
    path = data_dir / "models" / "explainn_MAX_JUND_FOXA1_model_epoch_best_4.pth"
    model = load_model(path).model

    def units(codes: dna.Codes) -> np.ndarray:
        turned = dna.reverse_complement(codes)
        both = [model.unit_outputs(part) for part in (codes, turned)]
        return (both[0].astype(np.float64) + both[1]) / 2

    names = list(WORDS.values())
    text = ",".join(f"{a}:{b}" for i, a in enumerate(names) for b in names[i + 1 :])
    pairs = given_pairs(text, [])
    reader = Reader(model.final_weight.astype(np.float64), model.final_bias.astype(np.float64))
    letters = letters_of([*names, "GGGCT"], BACKBONES, 1)
    lab = PairMarginalizer(backbones(BACKBONES, 200, 1), units, letters, 6)
    verdicts = analyse_pairs(lab, pairs, reader, TASKS, 19).verdicts
    own = {(WORDS[task], task) for task in TASKS}
    checked = 0
    for row in verdicts:
        if row["kind"] != "heterotypic":
            continue
        for which in ("first", "second"):
            if (row[which], row["task"]) in own:
                # The model knows the motif, and the other one changes little of what it does.
                assert float(row[f"{which}_effect"]) > 1, row  # type: ignore[arg-type]
                assert row["distance_dependent"] == 0, row
                checked += 1
    assert checked == 12
