"""Pairs of motifs beyond the sum: found where they act together, and the model stays a sum."""

from __future__ import annotations

import dataclasses
import json
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

import report_fixtures as fixtures
from nfexplainn import dna
from nfexplainn.analyses.interactions.columns import COLUMNS, SPACING_COLUMNS
from nfexplainn.analyses.interactions.model import (
    INTERCEPT,
    UNITS,
    ExtendedModel,
    read_models,
    write_models,
)
from nfexplainn.analyses.interactions.report import sentence_of
from nfexplainn.analyses.interactions.rows import MOST_ROWS, scanned_replicates, supported_rows
from nfexplainn.analyses.interactions.run import Interactions, interactions_of, spacing_of
from nfexplainn.analyses.interactions.search import Found, effect_of, is_supported, measure
from nfexplainn.analyses.interactions.terms import Pair, Scale, Sites, pair_terms, scale_of
from nfexplainn.data.dataset import Dataset, DatasetMeta, write_dataset
from nfexplainn.errors import UserError
from nfexplainn.evidence.clusters import Means
from nfexplainn.evidence.regressions import fitted_weights, loss_of
from nfexplainn.interpret.columns import EVIDENCE_COLUMNS
from nfexplainn.interpret.flanks import FLANK
from nfexplainn.interpret.outputs import StoredOutputs, kept_rows, write_outputs
from nfexplainn.io.tsv import iterate_tsv, write_tsv
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import initial_weights
from nfexplainn.models.native_model import NativeExplaiNN
from nfexplainn.motifs.scan import locate_best_hits
from nfexplainn.page.load import load_inputs
from nfexplainn.report.build import build_report
from nfexplainn.simulation.sequences import background

WORDS = ("TGACGTCATC", "GGGCGGAAGT", "TTGCGCAATC")
LENGTH, FOLDS, N = 80, 3, 3_000
WIDTH = len(WORDS[0])


def letters(word: str) -> np.ndarray:
    return np.array(["ACGT".index(letter) for letter in word])


def with_words(rng: np.random.Generator, near: np.ndarray, middle: np.ndarray) -> tuple:
    """Sequences with words in half of them each, and where these are (-1: nowhere)."""
    codes = background(N, LENGTH, rng)
    starts = np.full((N, 3), -1)
    for row in range(N):
        places = rng.permutation(LENGTH // WIDTH) * WIDTH
        for which in range(3):
            if rng.random() < 0.5:
                starts[row, which] = places[which]
        a, b = starts[row, :2]
        if near[row] and a >= 0 and b >= 0:
            starts[row, 1] = a + WIDTH if a + 2 * WIDTH <= LENGTH else a - WIDTH
        if middle[row]:
            drawn = LENGTH // 2 - 2 * WIDTH + rng.permutation(4) * WIDTH
            inner = (starts[row, :2] >= 0) & (rng.random(2) < 0.6)
            starts[row, :2] = np.where(inner, drawn[:2], starts[row, :2])
            if a >= 0 and b >= 0 and starts[row, 0] == starts[row, 1]:
                starts[row, 1] = drawn[2]
        if starts[row, 2] in starts[row, :2]:
            starts[row, 2] = -1
        for which, start in enumerate(starts[row]):
            if start >= 0:
                codes[row, start : start + WIDTH] = letters(WORDS[which])
    return codes, starts


def made(kind: str, seed: int = 1, task_type: str = "binary") -> tuple[Dataset, dict, list]:
    """A data set of three folds, the outputs of three units a fold, and their evidence."""
    rng = np.random.default_rng([seed, len(kind)])
    labels = rng.random(N) < 0.5
    nowhere = np.zeros(N, dtype=bool)
    near = rng.random(N) < 0.5 if kind == "spacing" else nowhere
    codes, starts = with_words(rng, near, labels if kind == "central" else nowhere)
    a, b, c = (starts >= 0).T.astype(np.float64)
    close = (np.abs(starts[:, 0] - starts[:, 1]) <= WIDTH) * a * b
    logit = {
        "and": -1 + 2.5 * a * b + c,
        "spacing": -1 + 0.5 * a + 0.5 * b + 2.5 * close + c,
        "additive": -2 + 1.5 * a + 1.5 * b + c,
        "central": 0 * a,
    }[kind]
    if task_type == "regression":
        values = logit + rng.normal(size=N)
    elif kind == "central":
        values = labels * 1.0
    else:
        values = (rng.random(N) < 1 / (1 + np.exp(-logit))) * 1.0
    fold = (np.arange(N) % FOLDS).astype(np.int8)
    meta = DatasetMeta("d", "sequences", task_type, ("t",), LENGTH, True, 1, folds=FOLDS)
    dataset = Dataset(
        meta,
        [f"s{row}" for row in range(N)],
        codes,
        np.full(N, "train"),
        values[:, None].astype(np.float32),
        fold=fold,
    )
    loss = "mse" if task_type == "regression" else "bce"
    stored = {number: stored_of(dataset, number, (a, b, c), loss) for number in (1, 2, 3)}
    return dataset, stored, evidence()


def stored_of(dataset: Dataset, number: int, present: tuple, loss: str) -> StoredOutputs:
    """Three units, each of which says whether its word is there, with some noise."""
    own = dataset.of_replicate(number)
    rows = kept_rows(own)
    rng = np.random.default_rng(number)
    outputs = np.stack(present, axis=1)[rows] + 0.2 * rng.normal(size=(len(rows), 3))
    counts = np.zeros((3, WIDTH + 2 * FLANK, 5), dtype=np.int64)
    counts[:, :, :4] = 25
    for unit, word in enumerate(WORDS):
        counts[unit, FLANK:-FLANK] = 2
        counts[unit, FLANK + np.arange(WIDTH), letters(word)] = 94
    unseen = int((own.split == "test").sum())
    weight, bias = np.array([[1.5, 1.2, 1.0]], np.float32), np.array([-1.7], np.float32)
    sites = np.zeros((unseen, 3), dtype=np.bool_)
    return StoredOutputs(rows, outputs.astype(np.float32), sites, counts, weight, bias, loss)


def evidence() -> list[dict[str, str]]:
    rows = []
    for place, word in enumerate(WORDS):
        units = ",".join(f"r{number}:unit_{place + 1:03d}" for number in (1, 2, 3))
        row = {"motif": f"row_{place + 1:03d}", "name": word, "task": "t", "units": units}
        rows.append(row | {"supported": "true", "gain": str(0.1 - 0.01 * place)})
    return rows


def supported(found: Interactions) -> list[Mapping[str, object]]:
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in found.rows]
    return [row for row in rows if row["supported"] == "true"]


@pytest.fixture(scope="module")
def spaced() -> tuple[Dataset, dict, list, Interactions]:
    dataset, stored, rows = made("spacing")
    return dataset, stored, rows, interactions_of(dataset, "explainn", stored, rows)


def test_words_that_act_together_are_found() -> None:
    dataset, stored, rows = made("and")
    (row, *more) = supported(interactions_of(dataset, "explainn", stored, rows))
    assert not more
    assert {row["first_name"], row["second_name"]} == set(WORDS[:2])
    assert row["kind"] == "product" and row["distance"] is None
    assert float(str(row["coefficient"])) > 1 and float(str(row["gain_low"])) > 0
    assert (row["found_in"], row["replicates"], row["tests"]) == (3, 3, 6)


def test_words_that_act_side_by_side_are_found_with_their_distance(
    spaced: tuple[Dataset, dict, list, Interactions],
) -> None:
    *_, found = spaced
    row = next(row for row in supported(found) if row["kind"] == "spacing")
    assert {row["first_name"], row["second_name"]} == set(WORDS[:2])
    assert row["distance"] == 10 and float(str(row["coefficient"])) > 1
    curve = [dict(zip(SPACING_COLUMNS, line, strict=True)) for line in found.spacing]
    near, *far = (one for one in curve if one["first"] == row["first"])
    assert near["gap_from"] == 0 and near["excess_low"] > max(one["excess"] for one in far)


@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("kind", ["additive", "central"])
def test_what_adds_up_has_no_pair(kind: str, seed: int) -> None:
    """``central``: both words lie in the middle of positives, so beside each other there."""
    dataset, stored, rows = made(kind, seed)
    found = interactions_of(dataset, "explainn", stored, rows)
    spacings = [row for row in supported(found) if row["kind"] == "spacing"]
    assert not (spacings if kind == "central" else supported(found))


@pytest.mark.parametrize("kind", ["and", "additive"])
def test_values_are_fitted_by_squares(kind: str) -> None:
    dataset, stored, rows = made(kind, task_type="regression")
    found = supported(interactions_of(dataset, "explainn", stored, rows))
    assert len(found) == (kind == "and")


def test_classes_that_exclude_each_other_and_single_motifs_have_no_pairs() -> None:
    dataset, stored, rows = made("additive")
    several = {n: dataclasses.replace(one, loss="cross_entropy") for n, one in stored.items()}
    assert not interactions_of(dataset, "explainn", several, rows).rows
    assert not interactions_of(dataset, "explainn", stored, rows[:1]).rows
    assert interactions_of(dataset, "explainn", stored, []).tasks == 0


def test_a_prediction_is_the_sum_of_its_parts_to_the_last_digit(
    spaced: tuple[Dataset, dict, list, Interactions], tmp_path: Path
) -> None:
    dataset, stored, rows, found = spaced
    assert sorted(found.models) == [1, 2, 3]
    replicates = scanned_replicates(dataset, stored, rows)
    for one in replicates:
        model = found.models[one.number]["t"]
        path = tmp_path / f"d.explainn.r{one.number}.interactions.json"
        write_models(found.models[one.number], path)
        (read,) = read_models(path).values()
        fold = one.fold("bce", [0, 1, 2], 0)
        assert fold is not None
        design = fold.design("unseen", model.pairs, places=model.places)
        seen = dataset.codes[fold.unseen.rows]
        parts = read.parts(seen, fold.unseen.logits)
        np.testing.assert_allclose(sum(parts.values()), design @ model.weights, atol=1e-9)
        np.testing.assert_array_equal(
            read.predict(seen, fold.unseen.logits), model.predict(seen, fold.unseen.logits)
        )
        names = [f"row_{row:03d}" for row in (1, 2, 3)]
        assert set(names) < set(parts) and "row_001 row_002 spacing" in parts


def test_the_part_of_the_units_is_a_multiple_of_their_own_sum(
    spaced: tuple[Dataset, dict, list, Interactions],
) -> None:
    """Final weight x output of every unit of a real network can be told apart in the prediction."""
    *_, found = spaced
    extended: ExtendedModel = found.models[1]["t"]
    config = ExplaiNNConfig(LENGTH, 1, 7, filter_length=9, hidden=4)
    network = NativeExplaiNN(config, initial_weights(config, 3))
    codes = background(50, LENGTH, np.random.default_rng(5))
    both = (codes, dna.reverse_complement(codes))
    outputs = np.mean([network.unit_outputs(one) for one in both], axis=0).astype(np.float64)
    each = outputs * network.final_weight[0]
    logits = network.final_bias[0] + each.sum(axis=1)
    parts = extended.parts(codes, logits)
    logit = extended.terms.logit
    slope = float(extended.weights[1] / logit.sd[0])
    shift = slope * float(network.final_bias[0] - logit.mean[0])
    others = sum(part for name, part in parts.items() if name != UNITS)
    total = shift + slope * each.sum(axis=1) + others
    np.testing.assert_allclose(total, extended.predict(codes, logits), atol=1e-12)
    assert np.ptp(parts[INTERCEPT]) == 0


def test_without_pair_terms_nothing_of_a_pair_is_left(
    spaced: tuple[Dataset, dict, list, Interactions],
) -> None:
    """A pair's part is 0 wherever one of its sites is no better than the median."""
    dataset, *_, found = spaced
    extended = found.models[1]["t"]
    codes = dataset.codes[:300]
    parts = extended.parts(codes, np.zeros(300))
    motifs, scales = extended.terms.motifs, extended.terms.scales
    hits = locate_best_hits(motifs, codes)
    (pair, _) = extended.pairs[0]
    weak = hits.score[:, pair.first] <= scales[pair.first].low
    name = f"{motifs[pair.first].id} {motifs[pair.second].id} {pair.kind}"
    assert weak.any() and not parts[name][weak].any()


def test_a_gain_is_the_loss_without_the_term_less_the_loss_with_it(
    spaced: tuple[Dataset, dict, list, Interactions],
) -> None:
    dataset, stored, rows, _ = spaced
    fold = scanned_replicates(dataset, stored, rows)[0].fold("bce", [0, 1, 2], 0)
    assert fold is not None
    pair = Pair(0, 1, "product")
    effect = effect_of(fold, pair, ())
    design = {
        name: np.column_stack(
            [
                fold.design(name, (), places=False),
                pair_terms(fold.part(name).sites, fold.terms.scales, pair, 0),
            ]
        )
        for name in ("valid", "unseen")
    }
    penalty = np.ones(design["valid"].shape[1])
    penalty[:2] = 1e-3
    said = []
    for terms in (slice(None, -1), slice(None)):
        weights = fitted_weights(
            "bce", design["valid"][:, terms], fold.valid.labels, penalty[terms]
        )
        predicted = design["unseen"][:, terms] @ weights
        said.append(loss_of("bce", predicted, fold.unseen.labels))
    np.testing.assert_allclose(effect.gain, said[0] - said[1], atol=1e-6)
    assert effect.weight == pytest.approx(weights[-1], abs=1e-5)


def test_a_replicate_without_a_row_gains_nothing_by_its_pairs(
    spaced: tuple[Dataset, dict, list, Interactions],
) -> None:
    dataset, stored, rows, _ = spaced
    lacking = [dict(row) for row in rows]
    lacking[1]["units"] = "r1:unit_002,r3:unit_002"
    folds = [one.fold("bce", [0, 1, 2], 0) for one in scanned_replicates(dataset, stored, lacking)]
    some = [fold for fold in folds if fold is not None]
    assert some[1].own(Pair(0, 1, "product")) is None
    assert some[1].own(Pair(0, 2, "product")) == Pair(0, 1, "product")
    found = measure(some, Pair(0, 1, "spacing"), (), np.arange(N), 1)
    assert found is not None and len(found.weights) == 2 and found.distances[1] == 0
    assert measure(some[1:2], Pair(0, 1, "spacing"), (), np.arange(N), 1) is None


def test_a_spacing_is_of_the_replicates_that_have_both_rows(
    spaced: tuple[Dataset, dict, list, Interactions],
) -> None:
    dataset, stored, rows, _ = spaced
    lacking = [dict(row) for row in rows]
    lacking[1]["units"] = "r1:unit_002,r3:unit_002"
    folds = [one.fold("bce", [0, 1, 2], 0) for one in scanned_replicates(dataset, stored, lacking)]
    some = [fold for fold in folds if fold is not None]
    pair, every = Pair(0, 1, "spacing"), np.arange(N)
    assert spacing_of(some, pair, every) == spacing_of([some[0], some[2]], pair, every)
    assert spacing_of(some[1:2], pair, every) == []


def test_sites_that_overlap_are_not_near() -> None:
    score = np.full((4, 2), 9.0)
    start = np.array([[10, 12], [10, 20], [40, 10], [10, 70]])
    sites = Sites(score, start, np.array([10, 8]), 100)
    assert sites.gap(0, 1).tolist() == [-8, 0, 22, 50]
    scale = Scale(0.0, 1.0, np.arange(6.0))
    terms = pair_terms(sites, [scale, scale], Pair(0, 1, "spacing"), 30)
    np.testing.assert_array_equal(terms, [[1, 1, 0], [1, 0, 1], [1, 0, 1], [1, 0, 0]])
    assert sites.off_centre(0).tolist() == pytest.approx([0.7, 0.7, 0.1, 0.7])


def test_scores_without_spread_are_no_trouble() -> None:
    scale = scale_of(np.full(30, 2.0))
    assert np.isfinite(scale.curve(np.array([1.0, 2.0, 9.0]))).all()
    assert scale.strength(np.array([1.0, 2.0])).tolist() == [0, 0]


def test_rules_of_support() -> None:
    def found(gain: float, q: float, *weights: float) -> Found:
        means = Means(*(np.array([gain]) for _ in range(5)), np.array(["t"], object))
        return Found(Pair(0, 1, "product"), means, weights, (0,) * len(weights), q)

    assert is_supported(found(0.01, 0.05, 1, 1, 1, 1, -1), 0.5)
    assert not is_supported(found(0.01, 0.06, 1, 1, 1), 0.5)
    assert not is_supported(found(0.004, 0.01, 1, 1, 1), 0.5)
    assert not is_supported(found(0.01, 0.01, 1, 1, 1, -1, -1), 0.5)
    assert not is_supported(found(0.01, 0.01, 1, -1), 0.5)
    assert is_supported(found(0.01, 0.01, -1), 0.5)


def test_the_rows_that_gain_most_are_paired() -> None:
    line = {"task": "t", "supported": "true"}
    table = [line | {"motif": f"row_{n}", "gain": str(n)} for n in range(12)]
    table += [{**line, "motif": "x", "gain": "99", "supported": "false"}]
    table += [{**line, "motif": "y", "gain": "99", "task": "u"}]
    chosen = [row["motif"] for row in supported_rows(table, "t")]
    assert chosen == [f"row_{n}" for n in range(11, 11 - MOST_ROWS, -1)]
    # A correlation over several tasks has the same rows in all of them.
    assert supported_rows([{**line, "motif": "z", "gain": "1", "task": "*"}], "t")


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "d.explainn.r1.interactions.json"
    path.write_text(json.dumps({"t": {"rows": [{"id": "row_001"}]}}))
    with pytest.raises(UserError, match=r"r1\.interactions\.json: .*run --interactions again"):
        read_models(path)


def test_the_script_writes_tables_and_models(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, stored, rows = made("and")
    write_dataset(dataset, tmp_path / "d.dataset.parquet")
    for number, one in stored.items():
        write_outputs(one, tmp_path / f"d.explainn.r{number}.outputs.npz")
    cells = [[row.get(name) for name in EVIDENCE_COLUMNS] for row in rows]
    write_tsv(tmp_path / "d.explainn.evidence.tsv", EVIDENCE_COLUMNS, cells)
    outputs = [f"d.explainn.r{number}.outputs.npz" for number in stored]
    script = root / "bin" / "interactions.py"
    files = ["--dataset", "d.dataset.parquet", "--evidence", "d.explainn.evidence.tsv"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        sys, "argv", [str(script), "--outputs", *outputs, *files, "--id", "d.explainn"]
    )
    runpy.run_path(str(script), run_name="__main__")
    table = list(iterate_tsv(tmp_path / "d.explainn.interactions.tsv"))
    assert [row["supported"] for row in table] == ["true"] + ["false"] * 5
    assert list(table[0]) == list(COLUMNS) and table[0]["dataset"] == "d"
    assert list(iterate_tsv(tmp_path / "d.explainn.interactions_spacing.tsv"))
    for number in stored:
        (model,) = read_models(tmp_path / f"d.explainn.r{number}.interactions.json").values()
        assert [pair.kind for pair, _ in model.pairs] == ["product"]


def line(**more: object) -> dict[str, object]:
    cells: dict[str, object] = dict.fromkeys(COLUMNS, "")
    cells |= {"dataset": "ctcf", "model": "explainn", "task": "ctcf", "kind": "spacing"}
    cells |= {"first": "row_001", "first_name": "CTCF", "second": "row_002", "distance": 20}
    cells |= {"coefficient": 1.5, "gain": 0.01, "gain_low": 0.005, "gain_high": 0.015, "q": 1e-9}
    return cells | {"share": 0.12, "supported": "true"} | more


def test_a_pair_is_a_sentence() -> None:
    def said(**more: object) -> str:
        return sentence_of({name: str(value) for name, value in line(**more).items()})

    assert said() == (
        "CTCF and row_002 within 20 bp of each other together have more effect than anywhere in the"
        " sequence."
    )
    assert (
        said(kind="product", coefficient=-1)
        == "CTCF and row_002 together have less effect than their sum."
    )
    assert said(kind="product", supported="false").startswith("CTCF and row_002: no evidence")


def test_the_page_shows_pairs_and_their_spacing(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", fixtures.DEMO[1:2])
    (verdict,) = (tmp_path / "in").rglob("*.verdict.json")
    stem = verdict.name.removesuffix(".verdict.json")
    dataset, model = stem.split(".")
    own = {"dataset": dataset, "model": model}
    lines = [line(**own), *(line(**own, supported="false", q=0.5) for _ in range(9))]
    write_tsv(
        verdict.parent / f"{stem}.interactions.tsv", COLUMNS, [list(one.values()) for one in lines]
    )
    curve = [dataset, model, "ctcf", "row_001", "row_002"]
    spacing = [[*curve, 0, 10, 40, 0.2, 0.1, 0.3], [*curve, 100, None, 90, 0.0, -0.1, 0.1]]
    write_tsv(verdict.parent / f"{stem}.interactions_spacing.tsv", SPACING_COLUMNS, spacing)
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "out")
    pages = {
        path.name: json.loads(path.read_text())
        for path in (tmp_path / "out").glob("nfx_interactions*_mqc.json")
    }
    table = next(one for one in pages.values() if one["plot_type"] == "table")
    assert len(table["data"]) == 6 and "1 pair of 10 tested is supported" in table["description"]
    graph = next(one for one in pages.values() if one["plot_type"] == "linegraph")
    assert list(graph["data"].values()) == [[[5.0, 0.2], [100.0, 0.0]]]
    assert len(list(iterate_tsv(tmp_path / "out" / "tables" / "interactions.tsv"))) == 10


def test_a_page_without_pairs_says_why(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", fixtures.DEMO[1:2])
    (verdict,) = (tmp_path / "in").rglob("*.verdict.json")
    stem = verdict.name.removesuffix(".verdict.json")
    write_tsv(verdict.parent / f"{stem}.interactions.tsv", COLUMNS, [])
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "out")
    (page,) = (tmp_path / "out").glob("nfx_interactions*_mqc.*")
    assert "two supported motifs, or its classes exclude each other" in page.read_text()
