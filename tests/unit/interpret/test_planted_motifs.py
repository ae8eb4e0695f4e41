"""Planted motifs: the units find all of them, and TF-MoDISco nothing that no unit shows."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from nfexplainn.analyses.attribution import deeplift, patterns
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.interpret.run import interpret_model
from nfexplainn.models import registry
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import initial_weights
from nfexplainn.models.modules import put_weights
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.motif import MotifSet
from nfexplainn.motifs.tomtom import tomtom
from nfexplainn.simulation.sequences import background, plant
from nfexplainn.training.loop import TrainingOptions
from training_fixtures import train_weights

PLANTED = ("CTCF", "REST", "GATA1")
LENGTH, POSITIVES = 200, 4000
ALIKE = 0.9


@pytest.mark.minutes
def test_units_find_what_was_planted_and_modisco_agrees(tmp_path: Path, root: Path) -> None:
    """Order-1 background; DeepLIFT's attributions of the same model on its test part."""
    known = read_meme(next((root / "assets" / "motifs").glob("*vertebrates*.meme"))).motifs
    targets = MotifSet(tuple(next(one for one in known if one.name == name) for name in PLANTED))
    rng = np.random.default_rng(1)
    empty = background(2 * POSITIVES, LENGTH, rng)
    sites, _ = plant(empty[:POSITIVES], targets.motifs, rng, probability=(0.4, 0.2, 0.4))
    part = np.array(["train"] * 7 + ["valid"] + ["test"] * 2)[np.arange(POSITIVES) % 10]
    labels = np.repeat(np.array([1, 0], dtype=np.float32), POSITIVES)[:, None]
    meta = DatasetMeta("sim", "sequences", "binary", ("sim",), LENGTH, True, 1)
    names = [f"s{row}" for row in range(len(labels))]
    codes = np.concatenate([sites, empty[POSITIVES:]])
    dataset = Dataset(meta, names, codes, np.tile(part, 2), labels)

    config = ExplaiNNConfig(LENGTH, 1, units=50)
    start = initial_weights(config, 2)
    model, _ = train_weights("native", config, start, dataset, TrainingOptions(seed=2))
    logits = predict_logits(model, codes, average_strands=True)
    states = interpret_model(model, dataset, logits, str(tmp_path / "i.parquet")).states
    units = tuple(s.motif for s in states if s.motif is not None and s.information >= 5)
    hits = tomtom(MotifSet(units), targets, max_q=0.05)
    assert set(hits["target_id"]) == {one.id for one in targets.motifs}

    rows = deeplift.choose_sequences(dataset, logits, 0, 1000)
    module = registry.build("explainn", dataclasses.asdict(config))
    put_weights(module, model.weights())
    found = deeplift.attribute(module.eval(), codes[rows], 0, 1, both_strands=True)
    assert found.error.max() < 1e-3
    motifs, _ = patterns.find_patterns(codes[rows], found, "sim", "")
    table = patterns.pattern_table(motifs, targets, units, AnnotateOptions())
    raising = table[table["direction"] == "raises"]
    assert len(raising) >= 2 and set(raising["annotation"]) <= set(PLANTED)
    assert (raising["similarity"] > ALIKE).all()
