"""Cooperativity: what must be exactly 0, what must be seen, and the pairs that are asked for."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from nfexplainn import dna
from nfexplainn.analyses.cooperativity.effects import (
    PairMarginalizer,
    backbones,
    turned,
    write_word,
)
from nfexplainn.analyses.cooperativity.options import CooperativityOptions
from nfexplainn.analyses.cooperativity.pairs import (
    CURVE_COLUMNS,
    VERDICT_COLUMNS,
    Reader,
    analyse_pairs,
)
from nfexplainn.analyses.cooperativity.sites import (
    CONTROL,
    Pair,
    given_pairs,
    letters_of,
    split_pairs,
    top_pairs,
    with_controls,
    word_of,
)
from nfexplainn.analyses.cooperativity.statistics import median_interval, median_ranks, ratio, trend
from nfexplainn.models.explainn import ExplaiNN, ExplaiNNConfig
from nfexplainn.models.torch_model import TorchModel
from nfexplainn.motifs.motif import Motif
from nfexplainn.simulation.sequences import background, plant_pairs

A, B = "AACTATCG", "GTCACACT"
LENGTH = 120
PAIRS = [Pair("heterotypic", A, B, A, B), Pair("homotypic", A, A, A, A)]


def marginalizer(
    predict, *words: str, n: int = 12, step: int = 1, length: int = LENGTH
) -> PairMarginalizer:
    return PairMarginalizer(backbones(n, length, 1), predict, letters_of(words, n, 1), step)


def hits(codes: dna.Codes, word: str) -> np.ndarray:
    """Whether each window is the word, shape (n, places)."""
    code = dna.encode([word])[0]
    windows = np.lib.stride_tricks.sliding_window_view(codes, len(word), axis=1)
    return (windows == code).all(axis=2)


def reader(channels: int) -> Reader:
    names = tuple(f"unit_{n:03d}" for n in range(1, channels + 1))
    return Reader(np.linspace(0.7, 1.9, channels)[None], np.array([0.3]), names)


def test_the_interaction_is_exactly_zero_where_no_unit_sees_both() -> None:
    def units(codes: dna.Codes) -> np.ndarray:
        both = [hits(codes, A), hits(codes, B)]
        places = np.arange(codes.shape[1] - 7)
        return np.stack([(h * np.sin(places)).sum(axis=1) * 0.1 for h in both], axis=1)

    found = analyse_pairs(marginalizer(units, A, B), PAIRS[:1], reader(2), ("t",), 5)
    assert len(found.curves) == 2 * (LENGTH - 7 - 15)
    assert all(row["difference"] == 0 for row in found.curves)
    assert {row["p"] for row in found.verdicts} == {1.0}
    assert all(
        row["distance_dependent"] == 0 and row["channel_share"] == 0 for row in found.verdicts
    )


def model(num_fc: int) -> ExplaiNN:
    """Two units that look for A and B, and, without dense layers, nothing else."""
    torch.manual_seed(3)
    made = ExplaiNN(
        ExplaiNNConfig(LENGTH, 1, units=2, filter_length=8, num_fc=num_fc, hidden=10, dropout=0)
    )
    with torch.no_grad():
        convolution, norm = made.convolution
        for unit, word in enumerate((A, B)):
            eye = torch.eye(4)[torch.tensor(dna.encode([word])[0].astype(int))].T
            convolution.weight[unit] = 3.0 * eye
        assert convolution.bias is not None and norm.running_var is not None
        convolution.bias.zero_()
        for layer, layer_norm in made.dense_layers:
            layer.weight.abs_()
            assert layer_norm.running_mean is not None
            layer_norm.running_mean.fill_(0.0)
    return made.eval()


def of_model(made: ExplaiNN):
    return TorchModel(made).unit_outputs


def test_without_dense_layers_pairs_are_flat_in_distance() -> None:
    """A unit's one maximum knows no place: b - A for a motif twice, and no trend at all."""
    made = model(0)
    lab = marginalizer(of_model(made), A, B)
    weights = Reader(np.ones((1, 2)), np.zeros(1))
    found = analyse_pairs(lab, PAIRS, weights, ("t",), 5)
    same = lab.outputs(A, A)
    assert same is not None
    interaction = same.interaction()[0, :, :, 0]
    expected = (same.none - same.first)[:, 0]
    # The exact site is the maximum wherever it lies.
    assert np.abs(interaction - expected[:, None]).max() <= 1e-4 * np.abs(expected).max()
    assert np.ptp(interaction, axis=1).max() <= 1e-4 * np.abs(expected).max()
    assert expected.max() < 0
    assert not any(row["distance_dependent"] for row in found.verdicts)


def test_dense_layers_do_not_join_units() -> None:
    """Two motifs add up, wherever they lie: what is left is that bases resemble both a little."""
    made = model(2)
    rows = analyse_pairs(
        marginalizer(of_model(made), A, B, step=3), PAIRS, reader(2), ("t",), 5
    ).verdicts
    for row in rows:
        if row["kind"] == "heterotypic":
            effects = [abs(float(row[f"{which}_effect"])) for which in ("first", "second")]  # type: ignore[arg-type]
            assert min(effects) > 0
            assert abs(float(row["difference"])) < 0.02 * min(effects)  # type: ignore[arg-type]
            assert row["distance_dependent"] == 0 and float(row["relative_range"]) < 0.05  # type: ignore[arg-type]


def test_a_planted_distance_is_seen_and_its_absence_is_not() -> None:
    def outputs(codes: dna.Codes, dependent: bool) -> np.ndarray:
        one = hits(codes, A) | hits(codes, dna.decode(dna.reverse_complement(dna.encode([A])))[0])
        two = hits(codes, B) | hits(codes, dna.decode(dna.reverse_complement(dna.encode([B])))[0])
        total = one.any(axis=1) + 1.0 * two.any(axis=1)
        both = one.any(axis=1) & two.any(axis=1)
        gap = np.abs(one.argmax(axis=1) - two.argmax(axis=1)) - 8
        noise = 0.01 * (codes[:, ::7].sum(axis=1) % 5)
        bonus = both & (gap < 25) if dependent else both
        return (total + bonus + noise)[:, None]

    for dependent in (True, False):
        lab = marginalizer(lambda codes: outputs(codes, dependent), A, B, CONTROL)  # noqa: B023
        pairs = with_controls(PAIRS[:1])
        rows = analyse_pairs(lab, pairs, Reader(np.eye(1), np.zeros(1)), ("t",), 5).verdicts
        seen = [row["distance_dependent"] for row in rows if row["kind"] == "heterotypic"]
        assert seen == [int(dependent)] * 2, rows
        median = [row["difference"] for row in rows if row["kind"] == "heterotypic"]
        assert dependent or median == pytest.approx([1.0, 1.0], abs=0.1)
        assert [row["distance_dependent"] for row in rows if row["kind"] == "control"] == [
            None,
            None,
        ]


def test_words_are_written_where_they_belong() -> None:
    bare = backbones(4, 30, 5)
    letters = letters_of(["ACNWT"], 4, 1)["ACNWT"]
    assert set(letters[:, 2]) == {-1} and set(letters[:, 3]) <= {0, 3}
    written = write_word(bare, letters, 10)
    assert (written[:, 10] == 0).all() and (written[:, 11] == 1).all()
    assert (written[:, 12] == bare[:, 12]).all()
    outside = np.r_[0:10, 15:30]
    assert (written[:, outside] == bare[:, outside]).all()
    back = write_word(dna.reverse_complement(bare), turned(letters), 15)
    assert (dna.reverse_complement(back) == written).all()


def test_the_second_motif_goes_everywhere_beside_the_first() -> None:
    seen: list[dna.Codes] = []

    def predict(codes: dna.Codes) -> np.ndarray:
        seen.append(codes)
        return np.zeros((len(codes), 1))

    found = marginalizer(predict, A, B, length=41, n=2).outputs(A, B)
    assert found is not None
    assert found.starts.tolist() == [*range(-16, -7), *range(8, 18)]
    assert found.gaps.tolist() == [*range(8, -1, -1), *range(0, 10)]
    assert all(hits(codes, A).any() or hits(codes, B).any() for codes in seen[1:3])
    assert marginalizer(predict, A, B, length=15).outputs(A, B) is None


def test_padding_is_never_written_over() -> None:
    bare = backbones(3, 40, 1)
    bare[:, :10] = bare[:, 35:] = dna.N_CODE
    lab = PairMarginalizer(
        bare, lambda c: (c == dna.N_CODE).sum(axis=1)[:, None], letters_of([A, B], 3, 1)
    )
    found = lab.outputs(A, B)
    assert found is not None and (found.both == 15).all()
    # 25 bases of which the first motif takes the middle 8: one place of the other on either side.
    assert found.starts.tolist() == [-8, 8, 9]


def test_intervals_are_those_of_many_resamples() -> None:
    rng = np.random.default_rng(2)
    for n in (21, 60):
        values = rng.normal(size=n)
        many = np.median(values[rng.integers(0, n, (40000, n))], axis=1)
        low, high = median_ranks(n)
        ordered = np.sort(values)
        assert (many <= ordered[low]).mean() >= 0.015 and (many < ordered[low]).mean() <= 0.03
        assert (many >= ordered[high]).mean() >= 0.015 and (many > ordered[high]).mean() <= 0.03
        median, lower, upper = median_interval(values)
        assert lower <= median <= upper


def test_the_ratio_is_the_papers_and_has_no_value_near_zero() -> None:
    both, first = np.array([[6.0], [8.0]]), np.array([[2.0], [3.0]])
    second, none = np.array([[3.0], [2.0]]), np.array([[1.0], [1.0]])
    assert ratio(both, first, second, none).tolist() == [[1.5], [2.0]]
    assert np.isnan(ratio(both, first, second, np.array([[1.0], [9.0]]))).all()


def test_noise_that_does_not_depend_on_distance_is_no_trend() -> None:
    """Under the null the test's p is below 0.05 in about 5 of 100 sets."""
    rng = np.random.default_rng(4)
    gaps = np.arange(100)
    tested = [trend(rng.normal(size=(40, 100)), gaps, 0).p for _ in range(400)]
    assert 0.02 < np.mean(np.array(tested) < 0.05) < 0.09
    slope = trend(rng.normal(size=(40, 100)) + gaps * 0.02, gaps, 0)
    assert slope.p < 1e-10 and slope.range == pytest.approx(1.8, abs=0.5)


def motif(word: str, name: str, id: str) -> Motif:
    ppm = np.eye(4)[["ACGT".index(letter) for letter in word]] * 0.9 + 0.025
    return Motif(id, name, np.vstack([np.full((2, 4), 0.25), ppm]), 30)


def test_pairs_are_names_or_words() -> None:
    known = [motif("CCGGAAGT", "GABPA", "MA1.1"), motif("TGACTCAT", "MAX::MYC", "MA2.1")]
    assert split_pairs(" MAX::MYC:GABPA, ACGT:ACGW ,") == [("MAX::MYC", "GABPA"), ("ACGT", "ACGW")]
    pairs = given_pairs("gabpa:MA2.1,ACGTN:GABPA,GABPA:GABPA", known)
    assert [(p.name, p.kind) for p in pairs] == [
        ("GABPA:MAX::MYC", "heterotypic"),
        ("ACGTN:GABPA", "heterotypic"),
        ("GABPA:GABPA", "homotypic"),
        ("GABPA:GGGCT", "control"),
        ("ACGTN:GGGCT", "control"),
    ]
    assert pairs[0].first_word == "CCGGAAGT"
    wrong = given_pairs("GAPBA:ACG,GABPA:MA2.1", known)
    assert wrong[0].reason == (
        "GAPBA is neither a known motif nor a word of DNA letters; did you mean GABPA?;"
        " the word ACG is shorter than 4 letters"
    )
    assert wrong[1].reason == ""
    for bad in ("A", "A:B:C", "A:", ":"):
        with pytest.raises(ValueError):
            split_pairs(bad)


def test_a_pair_that_cannot_be_looked_at_says_so() -> None:
    bad = Pair("heterotypic", "X", "Y", reason="X is neither a known motif nor a word")
    found = analyse_pairs(
        marginalizer(lambda c: np.zeros((len(c), 1)), A), [bad], reader(1), ("t",), 5
    )
    assert found.curves == []
    assert found.verdicts[0]["reason"] == "X is neither a known motif nor a word"
    short = marginalizer(lambda c: np.zeros((len(c), 1)), A, B, length=15)
    rows = analyse_pairs(short, PAIRS[:1], reader(1), ("t",), 5).verdicts
    assert rows[0]["reason"] == "the sequences are too short for both motifs side by side"
    assert {*rows[0]} <= {*VERDICT_COLUMNS} and "difference" in CURVE_COLUMNS


def test_the_leading_units_are_paired() -> None:
    rows = [
        ("1", "unit_001", "CTCF, CTCFL", "M1", "0.5"),
        ("1", "unit_002", "REST", "M2", "2"),
        ("1", "unit_003", "CTCF", "M1", "1"),
        ("1", "unit_004", "", "", "9"),
        ("1", "unit_005", "MAX", "M4", ""),
        ("2", "unit_001", "NFIA", "M3", "99"),
    ]
    columns = ("replicate", "unit", "annotation", "target_id", "effect:t")
    units = [dict(zip(columns, row, strict=True)) for row in rows]
    motifs = {f"unit_{n:03d}": motif(A if n == 3 else B, "", f"unit_{n:03d}") for n in range(1, 6)}
    pairs = top_pairs(units, motifs, "effect:t", 1)
    assert [(p.name, p.kind) for p in pairs] == [
        ("REST:REST", "homotypic"),
        ("REST:CTCF", "heterotypic"),
        ("CTCF:CTCF", "homotypic"),
        ("REST:GGGCT", "control"),
        ("CTCF:GGGCT", "control"),
    ]
    assert pairs[1].second_word == A
    assert top_pairs([row | {"annotation": ""} for row in units], motifs, "effect:t", 1) == []


def test_a_motif_becomes_its_word() -> None:
    ppm = np.full((5, 4), 0.25)
    ppm[1] = [0.9, 0.1, 0, 0]
    ppm[3] = [0, 0, 0.2, 0.8]
    assert word_of(ppm) == "ANT"
    assert word_of(np.full((3, 4), 0.25)) == ""


def test_planted_pairs_lie_where_the_simulator_says() -> None:
    rng = np.random.default_rng(0)
    first, second = (motif(word, "", "m") for word in (A, B))
    strong = [Motif("m", "", np.eye(4)[m.ppm[2:].argmax(axis=1)], 9) for m in (first, second)]
    bare = background(300, 150, rng)
    codes, present, gaps = plant_pairs(bare, strong[0], strong[1], rng)
    for row in np.flatnonzero(present.all(axis=1)):
        places = [
            np.flatnonzero(
                (
                    hits(codes[row : row + 1], w)
                    | hits(
                        codes[row : row + 1], dna.decode(dna.reverse_complement(dna.encode([w])))[0]
                    )
                )[0]
            )
            for w in (A, B)
        ]
        assert gaps[row] in (np.abs(places[0][:, None] - places[1]) - 8)
    assert gaps.min() == 0 and gaps.max() > 65
    assert 0.4 < present.mean() < 0.6
    assert (codes[~present.any(axis=1)] == bare[~present.any(axis=1)]).all()


def test_options_are_the_parameters(root: Path) -> None:
    groups = json.loads((root / "nextflow_schema.json").read_text())["$defs"].values()
    parameters = {name: p for group in groups for name, p in group["properties"].items()}
    for field in dataclasses.fields(CooperativityOptions):
        default = parameters[field.name].get("default", "top")
        assert default == field.default, field.name
        assert "cooperate" in parameters[field.name]["steps"]
