"""Contrasts of measured values: the answers, and motifs that raise one task and not the other."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu, pearsonr

from nfexplainn import dna
from nfexplainn.assays.common import PrepLog
from nfexplainn.assays.contrast_values import difference
from nfexplainn.assays.spec import InputFile, Options, Row, Spec
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.data.splits import make_groups
from nfexplainn.evidence import contrast
from nfexplainn.evidence.alone import correlation_influence
from nfexplainn.evidence.contrast_words import sentence_of, verdict_of
from nfexplainn.evidence.groups import MotifRow, UnitSites
from nfexplainn.evidence.side_rates import rates_table, side_rates
from nfexplainn.interpret.columns import CONTRAST_COLUMNS, CONTRAST_MOTIF_COLUMNS
from nfexplainn.interpret.flanks import FLANK
from nfexplainn.io.coordinates import read_names
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.simulation.sequences import background, plant

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

from evidence_fixtures import simulated

LENGTH = 80


def made(codes: dna.Codes, first: np.ndarray, second: np.ndarray) -> Dataset:
    """Make the contrast of two tasks of one data set."""
    n = len(codes)
    meta = DatasetMeta("D", "accessibility", "regression", ("a", "b"), codes.shape[1], True, 1)
    labels = np.stack([first, second], axis=1).astype(np.float32)
    dataset = Dataset(meta, [f"s{row}" for row in range(n)], codes, np.full(n, "train"), labels)
    rows = (Row("D/a", 0, label="a"), Row("D/b", 0, label="b"))
    files = (InputFile("data set D", "/dev/null"),)
    spec = Spec("D_a_vs_D_b", "contrast", rows, files, Options(folds=5, seed=1))
    return difference(spec, dataset, PrepLog()).dataset


@pytest.fixture(scope="module")
def alike() -> Dataset:
    """Two noisy copies of one task."""
    rng = np.random.default_rng(4)
    shared = rng.normal(size=600)
    first, second = (shared + rng.normal(size=600) for _ in range(2))
    return made(background(600, 60, rng), first, second)


def answer(dataset: Dataset, logits: np.ndarray, motifs: pd.DataFrame | None = None) -> pd.Series:
    clusters = make_groups(dataset.codes, read_names(dataset.names))
    by_replicate = {number: logits[:, None].astype(np.float32) for number in range(1, 6)}
    none = pd.DataFrame(columns=list(CONTRAST_MOTIF_COLUMNS))
    rows = none if motifs is None else motifs
    table = contrast.answer_of(dataset, "explainn", by_replicate, clusters, rows)
    assert tuple(table.columns) == CONTRAST_COLUMNS
    return table.iloc[0]


def supported_row(side: str) -> pd.DataFrame:
    row = dict.fromkeys(CONTRAST_MOTIF_COLUMNS, "")
    return pd.DataFrame([row | {"name": "TF", "side": side, "supported": "true"}])


def test_the_correlation_is_the_mean_of_the_folds_and_its_influence_that_of_the_jackknife() -> None:
    rng = np.random.default_rng(1)
    scores, folds = rng.normal(size=200), np.repeat([0, 1], 100)
    values = scores + rng.normal(size=200)
    value, influence = correlation_influence(scores + 50 * folds, values - 9 * folds, folds)
    own = [pearsonr(scores[folds == fold], values[folds == fold]).statistic for fold in (0, 1)]
    assert value == pytest.approx(np.mean(own))
    left = np.array(
        [correlation_influence(*(np.delete(x, at) for x in (scores, values)))[0] for at in range(9)]
    )
    whole, of_each = correlation_influence(scores, values)
    assert np.allclose((whole - left) * 199 / 200, of_each[:9], rtol=0.1, atol=2e-4)
    assert np.isnan(correlation_influence(np.zeros(200), values)[0])
    assert abs(influence.sum()) < 1e-9


def test_no_difference(alike: Dataset) -> None:
    found = answer(alike, np.random.default_rng(5).normal(size=len(alike)))
    assert found["answer"] == "none" and found["p"] > 0.05
    assert found["pearson_low"] < 0 < found["pearson_high"] and pd.isna(found["auroc"])
    assert (found["a"], found["b"], found["n_a"], found["n_b"]) == ("D/a", "D/b", 600, 600)
    assert pd.isna(found["in_both_a"]) and pd.isna(found["unmatched_b"])
    flat = answer(alike, np.zeros(len(alike)))
    assert flat["answer"] == "none" and flat["p"] == 1 and flat["pearson"] == 0


def test_a_composition_that_all_sequences_share_predicts_nothing(alike: Dataset) -> None:
    flat = dataclasses.replace(alike, codes=np.repeat(alike.codes[:1], len(alike), axis=0))
    scores = flat.labels + np.random.default_rng(6).normal(size=flat.labels.shape)
    logits = {number: scores.astype(np.float32) for number in range(1, 6)}
    none = pd.DataFrame(columns=list(CONTRAST_MOTIF_COLUMNS))
    found = contrast.answer_of(flat, "explainn", logits, np.arange(len(flat)), none).iloc[0]
    assert found["composition_pearson"] == 0 and found["above_composition_p"] < 0.001
    assert found["above_composition"] == found["pearson"] > 0.5


def test_the_p_is_rarely_small_where_nothing_is_predicted(alike: Dataset) -> None:
    draws = [np.random.default_rng(seed).normal(size=len(alike)) for seed in range(200)]
    clusters = np.arange(len(alike))
    values = alike.labels[:, 0].astype(float)
    assert alike.fold is not None
    folds = alike.fold.astype(np.int64)
    p = []
    for scores in draws:
        value, influence = correlation_influence(scores, values, folds)
        p.append(contrast._one_sided(np.sqrt(2) * influence, clusters, value))
    assert np.mean(np.array(p) <= 0.05) < 0.03


def test_a_difference_of_motifs_and_one_of_composition(alike: Dataset) -> None:
    rng = np.random.default_rng(6)
    told = alike.labels[:, 0] + rng.normal(size=len(alike))
    found = answer(alike, told, supported_row("D/b"))
    assert found["answer"] == "motifs" and found["above_composition_p"] < 1e-3
    assert (found["motifs_a"], found["motifs_b"], found["names_b"]) == (0, 1, "TF")
    content = dna.gc_content(alike.codes) + 0.03 * rng.normal(size=len(alike))
    by_content = made(alike.codes, 10 * content, rng.normal(size=len(alike)))
    # What is learnt is the difference without what GC content says, and here is nothing left.
    gc = dna.gc_content(alike.codes)
    assert abs(np.corrcoef(by_content.labels[:, 0], gc)[0, 1]) < 0.1
    noise = 0.01 * rng.normal(size=len(alike))
    simple = answer(by_content, noise)
    assert simple["composition_pearson"] > 0.4 and simple["answer"] == "composition"
    assert simple["pearson"] > 0.3  # of the difference as it was measured
    assert answer(by_content, noise, supported_row("D/a"))["answer"] == "motifs"


def test_values_are_compared_in_the_folds_that_have_the_row(alike: Dataset) -> None:
    parts = [alike.of_replicate(number).rows("test") for number in (1, 2)]
    replicates = [
        dataclasses.replace(simulated(), unseen=dataclasses.replace(simulated().unseen, rows=rows))
        for rows in parts
    ]
    every = np.sort(np.concatenate(parts))
    values = alike.labels[every, 0].astype(float)
    sites = np.random.default_rng(3).random((2, len(every))) < 1 / (1 + np.exp(-2 * values))
    sites[0] &= np.isin(every, parts[0])
    counts = np.ones((8 + 2 * FLANK, 5), dtype=np.int64)
    rows = [
        MotifRow(tuple(UnitSites(at, 0, counts, 1.0) for at in some), counts[:, :4])
        for some in ((0,), (0, 1))
    ]
    found = side_rates(alike, rows, replicates, sites)
    for place, judged in enumerate((np.isin(every, parts[0]), np.ones(len(every), dtype=bool))):
        yes, no = (values[judged & holds] for holds in (sites[place], ~sites[place]))
        assert found.first[place] == pytest.approx(yes.mean())
        assert found.second[place] == pytest.approx(no.mean())
        assert found.p[place] == pytest.approx(mannwhitneyu(yes, no).pvalue)
    assert found.differ.all() and found.adjusted_q is not None
    assert (found.adjusted_q >= found.adjusted).all()
    table = rates_table({0: "row_001", 1: "row_002"}, found, alike)
    assert list(table["side"]) == ["D/a", "D/a"] and table["with_site_a"].isna().all()
    assert (table["difference_with_site"] > table["difference_without_site"]).all()
    assert found.ranks is not None and (found.ranks > 0).all() and (found.z > 0).all()
    fewer = side_rates(alike, rows[1:], replicates, ~sites[1:])
    assert fewer.ranks is not None and fewer.ranks[0] == pytest.approx(-found.ranks[1])
    assert fewer.z[0] < 0 and fewer.differ[0]
    nowhere = side_rates(alike, rows[:1], replicates, np.zeros_like(sites[:1]))
    assert np.isnan(nowhere.first[0]) and not nowhere.differ[0]


@pytest.mark.parametrize(
    ("kind", "names", "says", "word"),
    [
        ("none", ([], []), "Sequence explains no difference between A and B.", "unusable"),
        ("composition", ([], []), "A and B differ by composition: mono- and", "weak"),
        ("motifs", ([], []), "Sequence predicts the difference between A and B better", "weak"),
        ("motifs", (["X"], ["Y", "Z"]), ": A is higher with X; B is higher with Y, Z.", "usable"),
        ("motifs", ([], ["X"]), "differ in motifs: B is higher with X.", "usable"),
    ],
)  # fmt: skip
def test_the_sentences(kind: str, names: tuple[list[str], list[str]], says: str, word: str) -> None:
    assert says in sentence_of(kind, ("A", "B"), names, values=True)
    verdict = verdict_of(kind, ("A", "B"), names, 0.7, values=True)
    assert verdict["verdict"] == word and "Correlation 0.700" in verdict["reason"]


def trained(richer: str) -> tuple[pd.DataFrame, pd.Series]:
    """Train a small model per fold on tasks of which a word raises one, and give its rows."""
    from evidence_sets import evidence_tables, fit

    rng = np.random.default_rng(8)
    words = [
        Motif(word, name, np.eye(4)[dna.encode([word])[0]], 100)
        for word, name in (("TGACGTCATC", "TF"), ("GGGCGGAAGT", "BOTH"))
    ]
    codes, sites = plant(background(1000, LENGTH, rng), words, rng, probability=[0.3, 0.3])
    has = np.zeros((1000, 2))
    for site in sites:
        has[site.sequence, site.motif] = 1
    shared = 2 * has[:, 1] + rng.normal(size=1000)
    raised = {"A": (1, 0), "B": (0, 1), "": (1, 1)}[richer]
    first, second = (
        shared + 2 * share * has[:, 0] + 0.5 * rng.normal(size=1000) for share in raised
    )
    dataset = made(codes, first, second)
    fits = [fit(dataset.of_replicate(at), "robust", 20, at, 12) for at in range(1, 6)]
    evidence = evidence_tables(dataset, fits, MotifSet(tuple(words)))
    assert evidence.sides is not None
    rows = contrast.motif_table(evidence.rows, evidence.sides)
    logits = {number: one.logits for number, one in enumerate(fits, 1)}
    clusters = np.arange(len(dataset))
    return rows, contrast.answer_of(dataset, "explainn", logits, clusters, rows).iloc[0]


@pytest.mark.parametrize("richer", ["A", "B", ""])
def test_a_motif_that_raises_one_task_is_supported_on_its_side_and_one_that_raises_both_never(
    richer: str,
) -> None:
    rows, found = trained(richer)
    good = rows[rows["supported"] == "true"]
    if not richer:
        assert not len(good) and found["answer"] == "none"
        return
    assert set(good["side"]) == {f"D/{richer.lower()}"} and "BOTH" not in set(good["name"])
    first = good.iloc[0]
    assert "GACGT" in first["consensus"] and first["q"] < 1e-3
    more = first["difference_with_site"] > first["difference_without_site"]
    assert more == (richer == "A")
    assert found["answer"] == "motifs" and found["p"] < 1e-6
