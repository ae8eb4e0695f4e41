"""What a contrast's model tells: the tests against references, the three answers, and the rows."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import fisher_exact, mannwhitneyu, norm, rankdata

from nfexplainn import dna
from nfexplainn.assays.common import PrepLog
from nfexplainn.assays.contrast import Side, compare
from nfexplainn.assays.spec import Options, Spec
from nfexplainn.data.dataset import Dataset
from nfexplainn.data.splits import make_groups
from nfexplainn.evidence import contrast, judge
from nfexplainn.evidence.alone import auroc_influence
from nfexplainn.evidence.contrast_words import sentence_of, verdict_of
from nfexplainn.evidence.groups import MotifRow, UnitSites
from nfexplainn.evidence.judge import Model
from nfexplainn.evidence.side_rates import side_rates
from nfexplainn.interpret.columns import CONTRAST_COLUMNS, CONTRAST_MOTIF_COLUMNS
from nfexplainn.interpret.flanks import FLANK
from nfexplainn.io.coordinates import read_names
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.simulation.sequences import background, plant

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

from evidence_fixtures import alone, simulated

NO_MOTIFS = pd.DataFrame(columns=list(CONTRAST_MOTIF_COLUMNS))


def scores(n: int = 300, seed: int = 0, shift: float = 0.5) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    labels = (rng.random(n) < 0.4).astype(float)
    folds = rng.integers(0, 3, n)
    return np.round(rng.normal(size=n) + shift * labels + folds, 1), labels, folds


def test_the_global_p_is_that_of_mann_whitney_with_twice_the_variance() -> None:
    value, labels, _ = scores()
    one = np.zeros(len(labels), dtype=np.int64)
    nominal = mannwhitneyu(
        value[labels == 1], value[labels == 0], alternative="greater", use_continuity=False
    ).pvalue
    expected = norm.sf(norm.isf(nominal) / np.sqrt(2))
    assert contrast.mann_whitney_p(value, labels, one) == pytest.approx(expected, rel=1e-9)


def test_the_global_p_ranks_within_folds_alone() -> None:
    value, labels, folds = scores()
    p = contrast.mann_whitney_p(value, labels, folds)
    assert p == pytest.approx(contrast.mann_whitney_p(value + 100 * folds, labels, folds))
    assert contrast.mann_whitney_p(-value, labels, folds) == pytest.approx(1 - p)
    assert contrast.mann_whitney_p(np.zeros(len(value)), labels, folds) == 1.0


def test_twice_the_variance_is_conservative_where_scores_are_independent() -> None:
    p = [contrast.mann_whitney_p(*scores(200, seed, 0.0)) for seed in range(300)]
    assert np.mean(np.array(p) <= 0.05) < 0.03


def test_the_influence_is_that_of_delong() -> None:
    value, labels, _ = scores()
    found, influence = auroc_influence(value, labels)
    yes, no = value[labels == 1], value[labels == 0]
    ranks = rankdata(np.r_[yes, no])
    v10 = (ranks[: len(yes)] - rankdata(yes)) / len(no)
    v01 = 1 - (ranks[len(yes) :] - rankdata(no)) / len(yes)
    assert found == pytest.approx(v10.mean())
    variance = v10.var() / len(yes) + v01.var() / len(no)
    assert (influence**2).sum() == pytest.approx(variance)


def row_of(*replicates: int) -> MotifRow:
    counts = np.ones((8 + 2 * FLANK, 5), dtype=np.int64)
    members = tuple(UnitSites(replicate, 0, counts, 1.0) for replicate in replicates)
    return MotifRow(members, counts[:, :4])


def test_sites_are_counted_in_the_folds_that_have_the_row(alike: Dataset) -> None:
    parts = [alike.of_replicate(number).rows("test") for number in (1, 2)]
    part = simulated().unseen
    replicates = [
        dataclasses.replace(simulated(), unseen=dataclasses.replace(part, rows=rows))
        for rows in parts
    ]
    every = np.sort(np.concatenate(parts))
    labels = alike.labels[every, 0]
    rng = np.random.default_rng(3)
    sites = rng.random((2, len(every))) < 0.2 + 0.5 * labels
    sites[0] &= np.isin(every, parts[0])
    found = side_rates(alike, [row_of(0), row_of(0, 1)], replicates, sites)
    for place, rows in enumerate((np.isin(every, parts[0]), np.ones(len(every), dtype=bool))):
        table = [[(sites[place] == s)[rows & (labels == y)].sum() for s in (1, 0)] for y in (1, 0)]
        assert found.first[place] == pytest.approx(table[0][0] / sum(table[0]))
        assert found.second[place] == pytest.approx(table[1][0] / sum(table[1]))
        assert found.p[place] == pytest.approx(fisher_exact(table)[1])
    assert found.differ.all() and (found.adjusted < 1e-4).all()
    nowhere = side_rates(alike, [row_of()], replicates, np.zeros_like(sites[:1]))
    assert np.isnan(nowhere.first[0]) and nowhere.p[0] == 1 and not nowhere.differ[0]


def test_no_share_is_asked_of_a_contrast_but_sides_that_differ() -> None:
    replicate = simulated(n=2000)
    model = Model((replicate,), "bce", ("t",), np.arange(2000))
    rows = [alone(unit) for unit in range(6)]
    sites = np.zeros((6, 500), dtype=bool)
    (tested,) = judge.assess(model, rows, sites, np.random.default_rng(0))
    (q,) = judge.q_of([tested])
    without = dataclasses.replace(tested, share=np.full(6, np.nan))
    assert not judge.supported(without, q, "bce").any()
    good = judge.supported(without, q, "bce", np.ones(6, dtype=bool))
    assert good[:2].all() and not good[2:].any()
    assert not judge.supported(without, q, "bce", np.zeros(6, dtype=bool)).any()


def side(name: str, codes: dna.Codes) -> Side:
    return Side(name, [f"{name}{row}" for row in range(len(codes))], codes, None, True, len(codes))


def made(a: dna.Codes, b: dna.Codes) -> Dataset:
    spec = Spec("A_vs_B", "contrast", (), (), Options(folds=5, seed=1))
    return compare(spec, (side("A", a), side("B", b)), "none", PrepLog()).dataset


def answer(dataset: Dataset, logits: np.ndarray, motifs: pd.DataFrame = NO_MOTIFS) -> pd.Series:
    clusters = make_groups(dataset.codes, read_names(dataset.names))
    by_replicate = {number: logits[:, None].astype(np.float32) for number in range(1, 6)}
    table = contrast.answer_of(dataset, "explainn", by_replicate, clusters, motifs)
    assert tuple(table.columns) == CONTRAST_COLUMNS
    return table.iloc[0]


@pytest.fixture(scope="module")
def alike() -> Dataset:
    rng = np.random.default_rng(4)
    return made(background(400, 60, rng), background(300, 60, rng))


def supported_row(side_name: str) -> pd.DataFrame:
    row = dict.fromkeys(CONTRAST_MOTIF_COLUMNS, "")
    return pd.DataFrame([row | {"name": "TF", "side": side_name, "supported": "true"}])


def test_no_difference(alike: Dataset) -> None:
    noise = np.random.default_rng(5).normal(size=len(alike))
    found = answer(alike, noise)
    assert found["answer"] == "none" and found["p"] > 0.05
    assert (found["n_a"], found["n_b"], found["matching"]) == (400, 300, "none")
    assert found["auroc_low"] < 0.5 < found["auroc_high"]
    assert answer(alike, noise, supported_row("B"))["answer"] == "none"


def test_a_difference_of_motifs(alike: Dataset) -> None:
    rng = np.random.default_rng(6)
    told = alike.labels[:, 0] + rng.normal(size=len(alike))
    found = answer(alike, told, supported_row("B"))
    assert found["answer"] == "motifs" and found["above_composition_p"] < 1e-3
    assert (found["motifs_a"], found["motifs_b"], found["names_b"]) == (0, 1, "TF")


def test_a_difference_of_composition() -> None:
    rng = np.random.default_rng(7)
    a, b = (
        rng.choice(4, (300, 60), p=[(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]).astype(np.uint8)
        for gc in (0.4, 0.55)
    )
    dataset = made(a, b)
    found = answer(dataset, -dna.gc_content(dataset.codes))
    assert found["composition_auroc"] > 0.9 and found["answer"] == "composition"
    assert answer(dataset, -dna.gc_content(dataset.codes), supported_row("A"))["answer"] == "motifs"


def test_scores_are_those_of_models_that_have_not_seen_a_sequence(alike: Dataset) -> None:
    logits = {number: np.full((len(alike), 1), number, np.float32) for number in (1, 2, 6)}
    found = contrast.out_of_fold(alike, logits)
    assert alike.fold is not None
    assert set(found[alike.fold == 0]) == {3.5} and set(found[alike.fold == 1]) == {2.0}
    assert np.isnan(found[alike.fold > 1]).all()


@pytest.mark.parametrize(
    ("kind", "names", "says", "word"),
    [
        ("none", ([], []), "Sequence explains no difference between A and B.", "unusable"),
        ("none", (["X"], []), "supported nevertheless (X in A): interpret them with care", "weak"),
        ("composition", ([], []), "A and B differ in composition", "weak"),
        ("motifs", ([], []), "no single motif is supported", "weak"),
        ("motifs", (["X", "X"], ["Y", "Z"]), "more often X in A; Y, Z in B.", "usable"),
        ("motifs", ([], list("VWXYZ")), "more often V, W, X and 2 more in B.", "usable"),
    ],
)
def test_the_sentences(kind: str, names: tuple[list[str], list[str]], says: str, word: str) -> None:
    assert says in sentence_of(kind, ("A", "B"), names)
    verdict = verdict_of(kind, ("A", "B"), names, 0.7)
    assert verdict["verdict"] == word and "AUROC 0.700" in verdict["reason"]


def trained(a: dna.Codes, b: dna.Codes, word: Motif) -> pd.DataFrame:
    """Train a small model per fold, and give the rows."""
    from evidence_sets import evidence_tables, fit

    dataset = made(a, b)
    fits = [fit(dataset.of_replicate(at), "robust", 20, at, 12) for at in range(1, 6)]
    evidence = evidence_tables(dataset, fits, MotifSet((word,)))
    assert evidence.sides is not None
    return contrast.motif_table(evidence.rows, evidence.sides)


@pytest.mark.parametrize("richer", ["A", "B", ""])
def test_a_planted_motif_is_supported_on_its_side_and_nothing_is_where_none_differs(
    richer: str,
) -> None:
    rng = np.random.default_rng(8)
    word = Motif("TGACGTCATC", "TF", np.eye(4)[dna.encode(["TGACGTCATC"])[0]], 100)
    shares = {"A": (0.5, 0.1), "B": (0.1, 0.5), "": (0.3, 0.3)}[richer]
    a, b = (plant(background(400, 80, rng), [word], rng, probability=one)[0] for one in shares)
    rows = trained(a, b, word)
    good = rows[rows["supported"] == "true"]
    if not richer:
        assert not len(good)
        return
    assert set(good["side"]) == {richer} and "TF" in set(good["name"])
    first = good.iloc[0]
    assert first["name"] == "TF" and first["q"] < 1e-3
    assert (first["with_site_a"] > first["with_site_b"]) == (richer == "A")


def test_a_model_without_a_live_unit_has_an_answer_all_the_same(alike: Dataset) -> None:
    from evidence_sets import evidence_tables, fit

    fits = [fit(alike.of_replicate(at), "robust", 1, at, 1) for at in range(1, 6)]
    dead = [dataclasses.replace(one, status=["dead"]) for one in fits]
    evidence = evidence_tables(alike, dead, MotifSet(()))
    assert evidence.sides is not None
    rows = contrast.motif_table(evidence.rows, evidence.sides)
    assert tuple(rows.columns) == CONTRAST_MOTIF_COLUMNS and not len(rows)
    found = answer(alike, np.random.default_rng(1).normal(size=len(alike)), rows)
    assert found["motifs_a"] == 0 and found["names_a"] == ""
