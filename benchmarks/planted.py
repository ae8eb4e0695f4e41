"""Planted truth: motifs that must be recovered, and a distance that only some models can see.

Sequences of the project's own simulator, order-1 background, with a real or made-up motif near the
middle and another at a random distance, each in half of the sequences; the activity is a sum of
both, and more where both are there with a gap of 40 to 60 bases, more than two filter lengths.

Lines ``planted <model> <kind>``: ``ours`` is the change of the interaction with distance, as a
share of the stronger motif's effect, ``reference`` that with the control word; the line after says
whether the analysis of cooperativity calls it seen.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn import dna
from nfexplainn.analyses.cooperativity.effects import PairMarginalizer, backbones
from nfexplainn.analyses.cooperativity.pairs import VERDICT_COLUMNS, Reader, analyse_pairs
from nfexplainn.analyses.cooperativity.sites import given_pairs, letters_of
from nfexplainn.cpu import prepare_cpu
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.interpret.run import interpret_model
from nfexplainn.models import registry
from nfexplainn.models.model import FilterModel
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.tomtom import tomtom
from nfexplainn.simulation.sequences import background, plant_pairs
from nfexplainn.training.loop import TrainingOptions
from nfexplainn.training.run import Plan, train_model

WORDS = ("AACTATCGATAG", "ACGGTCACACTG")  # the paper's Dref and Ohler1
LENGTH, FILTER = 200, 19
NEAR, FAR = 40, 60


def motif(word: str, name: str) -> Motif:
    """A motif of a word, with 94 % of its letter in each column."""
    ppm = np.full((len(word), 4), 0.02)
    ppm[np.arange(len(word)), ["ACGT".index(letter) for letter in word]] = 0.94
    return Motif(name, name, ppm, 100)


def planted(n: int, seed: int, bonus: float) -> Dataset:
    """Make the data: activity 1 for each motif, `bonus` more for both at the right distance."""
    rng = np.random.default_rng(seed)
    first, second = (motif(word, name) for word, name in zip(WORDS, "AB", strict=True))
    codes, present, gaps = plant_pairs(background(n, LENGTH, rng), first, second, rng)
    near = present.all(axis=1) & (gaps >= NEAR) & (gaps < FAR)
    activity = present.sum(axis=1) + bonus * near + rng.normal(0, 0.3, n)
    split = np.where(
        np.arange(n) % 10 == 0, "valid", np.where(np.arange(n) % 10 == 1, "test", "train")
    )
    meta = DatasetMeta("planted", "table", "regression", ("activity",), LENGTH, True, seed)
    names = [f"s{row}" for row in range(n)]
    return Dataset(meta, names, codes, split, activity.astype(np.float32)[:, None])


def main() -> None:
    """Train every model on the same data and ask each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["explainn", "deepcnn", "cnn1", "deepstarr"])
    parser.add_argument("--sequences", type=int, default=8000)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--units", type=int, default=50)
    parser.add_argument("--backbones", type=int, default=60)
    parser.add_argument("--step", type=int, default=2)
    parser.add_argument("--bonus", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    prepare_cpu(1)
    dataset = planted(args.sequences, args.seed, args.bonus)
    pairs = given_pairs(f"{WORDS[0]}:{WORDS[1]},{WORDS[0]}:{WORDS[0]}", [])
    words = [word for pair in pairs for word in (pair.first_word, pair.second_word)]
    for name in args.models:
        started = time.process_time()
        settings = {"units": args.units} if name == "explainn" else {}
        plan = Plan(name, registry.config_from(name, settings, LENGTH, 1))
        options = TrainingOptions(
            max_epochs=args.epochs, patience=5, seed=args.seed, recipe="paper"
        )
        trained = train_model(plan, dataset, options, report=lambda _: None)
        model, result = trained.model, trained.result
        test = dataset.rows("test")
        logits = predict_logits(model, dataset.codes[test], average_strands=True)
        r = float(np.corrcoef(logits[:, 0], dataset.labels[test, 0])[0, 1])
        spent = time.process_time() - started
        print(
            f"# {name}: test Pearson {r:.3f}, {len(result.history)} epochs, {spent:.0f} CPU s",
            flush=True,
        )
        if name == "explainn":
            recovered(model, dataset)  # type: ignore[arg-type]
        reader, predict = reading(model, name)
        marginalizer = PairMarginalizer(
            backbones(args.backbones, LENGTH, args.seed),
            predict,
            letters_of(words, args.backbones, args.seed),
            args.step,
        )
        for row in analyse_pairs(marginalizer, pairs, reader, ("activity",), FILTER).verdicts:
            if row["kind"] == "control":
                continue
            stronger = max(abs(float(row[k])) for k in ("first_effect", "second_effect"))  # type: ignore[arg-type]
            control = float(row["control_range"]) / stronger  # type: ignore[arg-type]
            case = f"{name} {row['kind']} {row['orientation']}"
            print(
                "planted",
                case,
                f"{row['relative_range']:.3g}",
                f"{control:.3g}",
                int(bool(row["distance_dependent"])),
                sep="\t",
            )
            unit = " ".join(
                f"{row[column]:.3g}" if isinstance(row[column], float) else str(row[column])
                for column in VERDICT_COLUMNS
                if column.startswith("channel") and column in row
            )
            effects = f"{row['first_effect']:.3g} and {row['second_effect']:.3g}"
            print(f"# p {row['p']:.2g}, effects {effects} {unit}", flush=True)


def reading(model: Any, name: str) -> tuple[Reader, object]:
    """Give what asks a model, and how its channels make the output."""
    if name != "explainn":
        return Reader(np.eye(1), np.zeros(1)), lambda codes: predict_logits(
            model, codes, average_strands=True
        )

    def units(codes: dna.Codes) -> NDArray[np.float64]:
        turned = dna.reverse_complement(codes)
        both = [model.unit_outputs(part) for part in (codes, turned)]
        return (both[0].astype(np.float64) + both[1]) / 2

    weights = model.final_weight.astype(np.float64)
    names = tuple(f"unit_{n:03d}" for n in range(1, weights.shape[1] + 1))
    return Reader(weights, model.final_bias.astype(np.float64), names), units


def recovered(model: FilterModel, dataset: Dataset) -> None:
    """Say which of the planted motifs a unit matches."""
    logits = predict_logits(model, dataset.codes, average_strands=True)
    with tempfile.NamedTemporaryFile(suffix=".parquet") as scratch:
        found = interpret_model(model, dataset, logits, scratch.name)
    own = tuple(s.motif for s in found.states if s.motif is not None and s.information >= 5)
    targets = MotifSet(tuple(motif(word, name) for word, name in zip(WORDS, "AB", strict=True)))
    hits = tomtom(MotifSet(own), targets, max_q=0.05)
    for target, word in zip("AB", WORDS, strict=True):
        units = hits.loc[hits["target_id"] == target, "query_id"].nunique()
        print(
            "planted", f"explainn units like {word}", units, 1, int(units > 0), sep="\t", flush=True
        )


if __name__ == "__main__":
    main()
