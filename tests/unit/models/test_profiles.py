"""Plug and play: filters that start from profiles, stay where held, and drift otherwise."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nfexplainn.analyses.plug_and_play.drift import unit_drift
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import Weights, initial_weights
from nfexplainn.models.profiles import start_from_profiles
from nfexplainn.motifs.diverse_subset import choose_profiles, farthest_points, similarity
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.starts import filter_weights, resize, starts
from nfexplainn.training.loop import TrainingOptions
from training_fixtures import LENGTH, WORD, both_kernels, planted, train_weights

SEQUENCES = ("TGACTCAT", "CCGGAAGT", "GGGGCGGGG", "CACGTG", "TATAAAAG", "GATAAGATAAC")
WIDTH = 9


def motif(word: str, name: str = "", strength: float = 0.91) -> Motif:
    """A profile that wants one word."""
    rest = (1 - strength) / 3
    ppm = np.full((len(word), 4), rest)
    ppm[np.arange(len(word)), ["ACGT".index(letter) for letter in word]] = strength
    return Motif(f"M{word}", name, ppm, 100.0)


def profiles(*words: str) -> MotifSet:
    return MotifSet(tuple(motif(word, word.lower()) for word in words or SEQUENCES))


def start_of(found: MotifSet, seed: int = 1) -> tuple[ExplaiNNConfig, Weights]:
    units = 2 * len(found.motifs)
    config = ExplaiNNConfig(LENGTH, 1, units=units, filter_length=WIDTH, hidden=10)
    weights = initial_weights(config, seed)
    weights["linears.0.weight"], _ = start_from_profiles(weights["linears.0.weight"], found.motifs)
    return config, weights


def test_a_long_profile_loses_its_less_informative_end() -> None:
    strong, weak, flat = [1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4
    ppm = np.array([weak, strong, strong, flat, weak])
    # The ends in turn: both weak ones are equals, so the last goes; then flat; then the first.
    assert np.array_equal(resize(ppm, 4), ppm[:4])
    assert np.array_equal(resize(ppm, 3), ppm[:3])
    assert np.array_equal(resize(ppm, 2), ppm[1:3])


def test_a_short_profile_is_centred_between_columns_that_say_nothing() -> None:
    ppm = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0]])
    wide = resize(ppm, 5)
    assert np.array_equal(wide[1:3], ppm)
    assert (wide[[0, 3, 4]] == 0.25).all()


def test_every_profile_gives_a_filter_and_its_reverse_complement() -> None:
    # Odd paddings and cut ends: the pair is complete whatever the width.
    for width in (5, 8, 9, 12):
        weights = filter_weights(starts(profiles().motifs, width))
        assert weights.shape == (2 * len(SEQUENCES), 4, width)
        assert np.array_equal(weights[1::2], weights[::2, ::-1, ::-1])
        assert np.allclose(weights.sum(axis=1), 0, atol=1e-6)
    _, weights_of = start_of(profiles())
    first = resize(profiles().motifs[0].ppm, WIDTH) - 0.25
    assert np.allclose(weights_of["linears.0.weight"][0].T, first, atol=1e-7)
    assert [start.label for start in starts(profiles("CACGTG").motifs, WIDTH)] == [
        "MCACGTG cacgtg (+)",
        "MCACGTG cacgtg (-)",
    ]


def test_farthest_points_by_hand() -> None:
    similar = np.array(
        [
            [np.inf, 9.0, 1.0, 2.0],
            [9.0, np.inf, 1.0, 3.0],
            [1.0, 1.0, np.inf, 0.5],
            [2.0, 3.0, 0.5, np.inf],
        ]
    )
    # Point 2 is the least similar on the whole; 3 is farthest from it, then 0 (2.0) before 1 (3.0).
    assert [point for point, _ in farthest_points(similar, 4)] == [2, 3, 0, 1]
    assert [near for _, near in farthest_points(similar, 4)][1:] == [0.5, 2.0, 9.0]


def test_of_families_one_of_each_is_chosen_first() -> None:
    family = [motif("TGACTCAT"), motif("TGACTCAG"), motif("ATGACTCA"), motif("TGACTCA")]
    others = [motif("CCGGAAGT"), motif("GGGGCGGGG")]
    everything = MotifSet((*family, *others))
    chosen, near = choose_profiles(everything, 3)
    assert {m.id for m in others} < {m.id for m in chosen}
    assert np.isnan(near[0]) and near[1] <= near[2]
    # Tomtom knows both strands: a family member on the other strand is no news.
    turned = Motif("turned", "", family[0].ppm[::-1, ::-1], 100.0)
    found = similarity(MotifSet((*everything.motifs, turned)))
    assert found[0, -1] == pytest.approx(found[0, 1:-1].max(), rel=0.5)
    assert np.array_equal(found, found.T)
    again, _ = choose_profiles(everything, 3)
    assert [m.id for m in again] == [m.id for m in chosen]
    everything_, none = choose_profiles(everything, "all")
    assert [m.id for m in everything_] == [m.id for m in everything.motifs] and np.isnan(none).all()
    with pytest.raises(ValueError, match="7 of 6"):
        choose_profiles(everything, 7)


@both_kernels
def test_frozen_filters_are_bit_identical_after_training(kernel: str) -> None:
    config, start = start_of(profiles())
    # A gamma that wants to become negative: the word is what negatives have.
    data = planted(200)
    data.labels[:] = 1 - data.labels
    options = TrainingOptions(max_epochs=6, learning_rate=0.2, initial_filters="frozen")
    model, result = train_weights(kernel, config, start, data, options, held=True)
    after = model.weights()
    assert np.array_equal(after["linears.0.weight"], start["linears.0.weight"])
    assert after["linears.1.weight"].min() > 0
    assert len(result.history) <= 6
    moved = {name for name, array in after.items() if not np.array_equal(array, start[name])}
    assert {"final.weight", "linears.1.weight", "linears.6.weight"} <= moved


@both_kernels
def test_released_filters_are_frozen_first_and_learn_then(kernel: str) -> None:
    options = TrainingOptions(max_epochs=4, initial_filters="released", initial_epochs=2)
    config, start = start_of(profiles())
    lines: list[str] = []
    model, result = train_weights(
        kernel, config, start, planted(200), options, held=True, report=lines.append
    )
    assert lines.index("epoch 2: the filters are released") == 2
    assert [epoch.epoch for epoch in result.history] == [1, 2, 3, 4, 5, 6]
    assert result.best_epoch > 2
    assert not np.array_equal(model.weights()["linears.0.weight"], start["linears.0.weight"])
    # Without a number, the first part ends when validation no longer gets better.
    options = TrainingOptions(max_epochs=3, patience=1, initial_filters="released")
    _, result = train_weights(kernel, config, start, planted(200), options, held=True)
    assert 3 < len(result.history) <= 6


@both_kernels
def test_a_unit_that_starts_from_the_planted_word_is_the_one_that_counts(kernel: str) -> None:
    data = planted(600)
    config, start = start_of(profiles())
    options = TrainingOptions(max_epochs=15, batch_size=50, initial_filters="frozen")
    model, _ = train_weights(kernel, config, start, data, options, held=True)
    outputs = model.unit_outputs(data.codes)
    effect = outputs[1::2].mean(axis=0) - outputs[::2].mean(axis=0)
    ranked = np.argsort(-effect * model.final_weight[0])
    labels = [one.profile.id for one in starts(profiles().motifs, WIDTH)]
    assert labels[int(ranked[0])] == "M" + "".join("ACGT"[code] for code in WORD)


def test_drift_tells_kept_from_drifted_and_unreadable() -> None:
    known = profiles("TGACTCAT", "CCGGAAGT")
    weights = filter_weights(starts(known.motifs, WIDTH))
    moved = weights.copy()
    moved[2] = -weights[2]
    found = MotifSet(
        (
            motif("ATGACTCAT", strength=0.97),  # unit 1 still looks for its profile
            motif("TGACTCATG", strength=0.97),  # unit 3 for another's
            Motif("unit_004", "", np.full((WIDTH, 4), 0.25), 50.0),
        )
    )
    names = ("unit_001", "unit_003", "unit_004")
    found = MotifSet(
        tuple(Motif(n, "", m.ppm, 50.0) for n, m in zip(names, found.motifs, strict=True))
    )
    units = pd.DataFrame(
        {
            "unit": [f"unit_00{n}" for n in range(1, 5)],
            "information": [14.0, np.nan, 14.0, 0.0],
            "consensus": ["ATGACTCAT", "", "TGACTCATG", "NNNNNNNNN"],
        }
    )
    table = unit_drift(moved, known, found, units).set_index("unit")
    assert list(table["state"]) == ["kept", "no motif", "drifted", "no motif"]
    assert table.loc["unit_001", "q_value"] <= 0.05 < table.loc["unit_003", "q_value"]
    assert table.loc["unit_003", "nearest"] == "MTGACTCAT"
    assert list(table["filter_change"].round(6)) == [0, 0, 2, 0]
    assert list(table["correlation"].round(6)) == [1, 1, -1, 1]
    assert list(table["strand"]) == ["+", "-", "+", "-"]


def test_too_many_profiles_are_a_mistake_that_names_the_numbers(tmp_path: Path, root: Path) -> None:
    from nfexplainn.motifs.formats import write_meme

    write_meme(profiles(), tmp_path / "some.meme")
    for count, state in (("7", "error"), ("6", "ok"), ("all", "ok")):
        (tmp_path / "o.json").write_text(
            json.dumps({"initial_motifs": "mine.meme", "initial_count": count})
        )
        command = [sys.executable, str(root / "bin" / "choose_profiles.py"), "--motifs",
                   "some.meme", "--options", "o.json", "--id", "d"]  # fmt: skip
        subprocess.run(command, cwd=tmp_path, check=True)
        status = json.loads((tmp_path / "d.initial.status.json").read_text())
        assert status["state"] == state
        if state == "error":
            assert status["reason"] == (
                "d, initial_count: 7 profiles are wanted, but mine.meme has 6; choose at most 6,"
                " or all."
            )
    rows = (tmp_path / "d.initial.tsv").read_text().splitlines()
    assert len(rows) == 7 and rows[0] == "order\tprofile\tname\twidth\tnearest_minus_ln_p"


def test_the_methods_text_says_what_filters_started_from() -> None:
    from nfexplainn.report.starts import starts_text

    assert starts_text({"models": "explainn", "initial_motifs": None, "datasets": {"a": {}}}) == []
    (said,) = starts_text({"initial_motifs": "mine.meme", "initial_count": "all"})
    assert "all profiles of mine.meme" in said and said.endswith("were trained further.")
    general = {"initial_motifs": "jaspar", "initial_count": "5", "initial_filters": "released"}
    own = {"a": {"initial_filters": "frozen"}, "b": {"initial_epochs": 3}, "c": {"models": "danq"}}
    one, two = starts_text({**general, "datasets": own})
    assert one.startswith("In a: ") and one.endswith("were kept fixed.")
    assert two.startswith("In b: ") and two.endswith("frozen until 3 epochs had passed.")
    (said,) = starts_text({"models": "nam", "pretrained": "old", "initial_motifs": "jaspar"})
    assert said.startswith("The units of nam are the outputs of trained models (old)")


def test_the_methods_text_says_by_which_recipe_models_were_trained() -> None:
    from nfexplainn.report.starts import starts_text

    robust, words, again = (
        "The robust recipe was used:",
        "filters were initialised from",
        "re-estimated",
    )
    (said,) = starts_text({"recipe": "robust"})
    assert said.startswith(robust) and words in said and again in said
    (said,) = starts_text({"recipe": "robust", "models": "danq"})
    assert said.startswith(robust) and words not in said and again not in said
    said, _ = starts_text({"recipe": "robust", "initial_motifs": "jaspar"})
    assert words not in said and again in said
    # What is made of trained models is trained by the paper's, whatever the others are.
    (said,) = starts_text({"recipe": "robust", "models": "nam", "pretrained": "old"})
    assert said.endswith("were trained, by the protocol of the ExplaiNN paper.")
    said, heads = starts_text({"recipe": "robust", "models": "cnn1,nam", "pretrained": "old"})
    assert said.startswith(robust) and heads.startswith("The units of nam")
    own = {"a": {"recipe": "paper"}, "b": {}}
    one, two = starts_text({"recipe": "robust", "datasets": own})
    assert one == "In a: Models were trained by the protocol of the ExplaiNN paper."
    assert two.startswith(f"In b: {robust}")
