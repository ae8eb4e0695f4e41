"""Tomtom, against the MEME Suite's own numbers and against plain loops."""

from __future__ import annotations

import itertools
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from nfexplainn.motifs import tomtom as module
from nfexplainn.motifs.columns import NullModel, best_alignments, integer_scores
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.qvalues import LAMBDAS, pi_zero, q_values
from nfexplainn.motifs.tomtom import COLUMNS, consensus, tomtom

PAIR = ["query_id", "target_id"]
PLACE = ["offset", "overlap", "orientation"]
JASPAR = "JASPAR2020_CORE_vertebrates_nonredundant.meme"


def golden(path: Path) -> pd.DataFrame:
    """Read a table that Tomtom printed, under our names of the columns."""
    table = pd.read_csv(path, sep="\t", comment="#")
    table.columns = pd.Index(COLUMNS)
    return table


def side_by_side(expected: pd.DataFrame, ours: pd.DataFrame) -> pd.DataFrame:
    both = expected.merge(ours, on=PAIR, suffixes=("", "_ours"), validate="one_to_one")
    assert len(both) == len(expected)
    both["p_error"] = (both.p_value_ours / both.p_value - 1).abs()
    both["q_error"] = (both.q_value_ours / both.q_value - 1).abs()
    return both


def differing(both: pd.DataFrame, *columns: str) -> dict[str, int]:
    return {name: int((both[name] != both[f"{name}_ours"]).sum()) for name in columns}


def other_letters(both: pd.DataFrame, queries: MotifSet, targets: MotifSet) -> int:
    """Count consensus letters that differ from Tomtom's without being equally probable."""
    wrong = 0
    for side, motifs in (("query", queries), ("target", targets)):
        matrices = {motif.id: motif.ppm for motif in motifs.motifs}
        name = f"{side}_consensus"
        for row in both[both[name] != both[f"{name}_ours"]].itertuples():
            ppm = matrices[getattr(row, f"{side}_id")]
            if side == "target" and row.orientation == "-":
                ppm = ppm[::-1, ::-1]
            letters = zip(ppm, getattr(row, name), getattr(row, f"{name}_ours"), strict=True)
            wrong += sum(p["ACGT".index(one)] != p["ACGT".index(two)] for p, one, two in letters)
    return wrong


def hits(table: pd.DataFrame) -> set[tuple[str, str]]:
    found = table[table.q_value <= 0.05]
    return set(zip(found.query_id, found.target_id, strict=True))


@pytest.fixture(scope="module")
def filters(data_dir: Path) -> MotifSet:
    """The 100 units of the authors' model."""
    return read_meme(data_dir / "models" / "explainn_filters.expected.meme")


@pytest.fixture(scope="module")
def jaspar(data_dir: Path) -> MotifSet:
    """JASPAR 2020, the numbers of sites being the largest of each profile's positions."""
    return read_meme(data_dir / "jaspar" / JASPAR)


@pytest.fixture(scope="module")
def jaspar_as_distributed(jaspar: MotifSet) -> MotifSet:
    """JASPAR 2020 with the numbers of sites of the first position, as JASPAR's own MEME file.

    The golden tables were computed with that file.
    """
    pyjaspar = pytest.importorskip("pyjaspar")
    profiles = pyjaspar.jaspardb(release="JASPAR2020").fetch_motifs(
        collection="CORE", tax_group=["vertebrates"], all_versions=False
    )
    sites = {p.matrix_id: float(sum(p.counts[letter][0] for letter in "ACGT")) for p in profiles}
    return MotifSet(tuple(Motif(m.id, m.name, m.ppm, sites[m.id]) for m in jaspar.motifs))


@pytest.mark.parametrize(
    ("table", "options"),
    [
        ("tomtom_all.tsv", {}),
        ("tomtom_ed_mo5_all.tsv", {"min_overlap": 5}),
        ("tomtom_norc_all.tsv", {"both_strands": False}),
        ("tomtom_pearson_mo5_all.tsv", {"distance": "pearson", "min_overlap": 5}),
    ],
)
def test_every_pair_of_the_small_golden_tables(
    fixtures_dir: Path, table: str, options: dict[str, object]
) -> None:
    folder = fixtures_dir / "meme"
    queries, targets = read_meme(folder / "queries.meme"), read_meme(folder / "targets.meme")
    expected = golden(folder / table)
    ours = tomtom(queries, targets, **options)
    assert len(ours) == len(expected) == 600
    both = side_by_side(expected, ours)
    assert differing(both, *PLACE, "query_consensus", "target_consensus") == dict.fromkeys(
        [*PLACE, "query_consensus", "target_consensus"], 0
    )
    # filter8 is flat: Tomtom ranks it by chance, we say that it matches nothing.
    flat = both.query_id == "filter8"
    assert (both[flat][["p_value_ours", "q_value_ours"]] == 1).all(axis=None)
    assert both[~flat].p_error.max() < 2e-4
    assert (both[~flat].p_error < 1e-5).mean() > 0.9
    assert both[~flat].q_error.max() < 2e-4
    np.testing.assert_allclose(ours.e_value, ours.p_value * 60)
    assert hits(ours) == hits(expected)


@pytest.mark.parametrize(
    ("table", "options"),
    [
        ("tomtom_default.tsv", {"max_q": 0.5}),
        ("tomtom_q005.tsv", {"max_q": 0.05}),
        (
            "tomtom_pearson_mo5_q005.tsv",
            {"distance": "pearson", "min_overlap": 5, "max_q": 0.05},
        ),
        ("tomtom_nomatch.tsv", {"max_q": 1e-9, "min_overlap": 9}),
    ],
)
def test_thresholds(fixtures_dir: Path, table: str, options: dict[str, object]) -> None:
    folder = fixtures_dir / "meme"
    queries, targets = read_meme(folder / "queries.meme"), read_meme(folder / "targets.meme")
    expected = golden(folder / table)
    expected = expected[expected.query_id != "filter8"]
    ours = tomtom(queries, targets, **options)
    if table == "tomtom_nomatch.tsv":
        assert len(expected) == 0
        ours = ours[ours.q_value > 1e-9]
    assert ours[PAIR + PLACE].to_numpy().tolist() == expected[PAIR + PLACE].to_numpy().tolist()


def test_streme_output_as_queries(fixtures_dir: Path) -> None:
    folder = fixtures_dir / "meme"
    queries = read_meme(folder / "streme_ho0" / "streme.txt")
    ours = tomtom(queries, read_meme(folder / "planted.meme"), max_q=0.05)
    both = side_by_side(golden(folder / "tomtom_streme_vs_planted.tsv"), ours)
    assert len(both) == len(ours) == 1
    assert both.p_error.max() < 1e-5
    assert differing(both, *PLACE) == dict.fromkeys(PLACE, 0)


def test_the_authors_table(
    data_dir: Path, filters: MotifSet, jaspar: MotifSet, jaspar_as_distributed: MotifSet
) -> None:
    expected = golden(data_dir / "models" / "MAX_JUND_FOXA1_tomtom.expected.tsv.gz")
    assert len(expected) == 2437
    for targets in (jaspar, jaspar_as_distributed):
        ours = tomtom(filters, targets)
        both = side_by_side(expected, ours)
        assert hits(ours) == hits(expected)
        assert len(hits(ours)) == 613
        assert len({query for query, _ in hits(ours)}) == 29
        assert (both.p_error < 1e-3).mean() >= 0.995
        assert both.p_error.max() < 0.1
        assert differing(both, "offset", "overlap") == {"offset": 0, "overlap": 0}
    # With the file that the authors had, nothing differs but the last printed digit.
    assert differing(both, "orientation") == {"orientation": 0}
    assert other_letters(both, filters, jaspar_as_distributed) == 0
    assert both.p_error.max() < 1e-5


@pytest.mark.parametrize(
    ("table", "options", "pairs"),
    [
        ("tomtom_all_ed.tsv.gz", {}, 613),
        ("tomtom_all_pearson_mo5.tsv.gz", {"distance": "pearson", "min_overlap": 5}, 371),
    ],
)
def test_all_74600_pairs(
    fixtures_dir: Path,
    filters: MotifSet,
    jaspar_as_distributed: MotifSet,
    table: str,
    options: dict[str, object],
    pairs: int,
) -> None:
    expected = golden(fixtures_dir / "meme" / "explainn" / table)
    start = time.process_time()
    ours = tomtom(filters, jaspar_as_distributed, **options)
    seconds = time.process_time() - start
    both = side_by_side(expected, ours)
    assert len(both) == 74600
    assert differing(both, *PLACE) == dict.fromkeys(PLACE, 0)
    assert other_letters(both, filters, jaspar_as_distributed) == 0
    assert both.p_error.max() < 1e-5
    assert hits(ours) == hits(expected)
    assert len(hits(ours)) == pairs
    # Tomtom draws its estimate of the true nulls; ours is what its draws scatter about.
    assert both.q_error.max() < 0.005
    assert (both.q_error < 1e-4).mean() > 0.9
    assert seconds < 10


def test_flat_and_one_column_motifs_match_nothing(jaspar: MotifSet) -> None:
    letter = np.array([[1.0, 0, 0, 0]])
    odd = MotifSet(
        tuple(
            Motif(f"odd{number}", "", ppm)
            for number, ppm in enumerate(
                [*(np.full((width, 4), 0.25) for width in (1, 5, 8, 19, 30)), letter]
            )
        )
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for distance, targets in itertools.product(("ed", "pearson"), (jaspar, odd)):
            table = tomtom(odd, targets, distance=distance)
            assert len(table) == 6 * len(targets.motifs)
            assert (table.q_value == 1).all()


def test_nothing_to_compare() -> None:
    one = MotifSet((Motif("m", "", np.eye(4)),))
    for queries, targets in ((one, MotifSet(())), (MotifSet(()), one)):
        table = tomtom(queries, targets)
        assert list(table.columns) == list(COLUMNS)
        assert len(table) == 0
        assert table.p_value.dtype == np.float64
    with pytest.raises(ValueError, match="unknown distance"):
        tomtom(one, one, distance="kullback")  # type: ignore[arg-type]


def test_reverse_complement_of_a_query_flips_the_strand() -> None:
    rng = np.random.default_rng(5)
    motifs = MotifSet(
        tuple(
            Motif(f"m{i:02d}", "", rng.dirichlet([0.3] * 4, rng.integers(6, 15))) for i in range(60)
        )
    )
    turned = MotifSet(tuple(Motif(m.id, "", m.ppm[::-1, ::-1]) for m in motifs.motifs))
    straight, flipped = tomtom(motifs, motifs), tomtom(turned, motifs)
    both = side_by_side(straight, flipped)
    np.testing.assert_allclose(both.p_value, both.p_value_ours, rtol=1e-9)
    own = both[both.query_id == both.target_id]
    assert (own.orientation == "+").all()
    assert (own.orientation_ours == "-").all()
    assert (own.q_value < 0.01).all()


def test_best_alignments_against_loops() -> None:
    rng = np.random.default_rng(0)
    for width, min_overlap in itertools.product((1, 2, 5), (1, 3, 9)):
        lengths = rng.integers(1, 8, 30)
        values = rng.integers(-2, 3, (width, lengths.sum()))
        best = best_alignments(values, lengths, min_overlap)
        ends = np.cumsum(lengths)
        for number, (length, end) in enumerate(zip(lengths, ends, strict=True)):
            target = values[:, end - length : end]
            candidates = []
            for offset in range(1 - width, length):
                pairs = [(i, i + offset) for i in range(width) if 0 <= i + offset < length]
                if len(pairs) >= min(min_overlap, width, length):
                    score = sum(target[pair] for pair in pairs)
                    candidates.append((score, len(pairs), -offset))
            score, overlap, negative = max(candidates)
            assert best.score[number] == score
            assert best.overlap[number] == overlap
            assert best.offset[number] == -negative


def test_null_model_against_enumeration() -> None:
    """All outcomes of all spans of a query of 3 columns, one by one."""
    rng = np.random.default_rng(1)
    values = rng.integers(-3, 4, (3, 6))
    null = NullModel(values)
    for length in (1, 2, 3, 5):
        spans = [(max(0, -offset), min(3, length - offset)) for offset in range(-2, length)]
        for score in range(values.min() * 3, values.max() * 3 + 1):
            expected = 1.0
            for start, end in spans:
                outcomes = [sum(draw) for draw in itertools.product(*values[start:end])]
                expected *= np.mean([outcome < score for outcome in outcomes])
            got = np.exp(null.log_all_below(length, np.array([score])))[0]
            assert got == pytest.approx(expected, abs=1e-12)


def test_integer_scores_take_the_median_as_zero() -> None:
    rng = np.random.default_rng(2)
    targets = rng.dirichlet([0.5] * 4, 40)
    values = integer_scores(rng.dirichlet([0.5] * 4, 6), targets, "ed")
    assert values.shape == (6, 40)
    assert ((values < 0).sum(axis=1) < 21).all()
    assert ((values > 0).sum(axis=1) < 21).all()
    assert 50 < np.ptp(values) <= 100


def test_q_values() -> None:
    np.testing.assert_allclose(
        q_values(np.array([0.01, 0.04, 0.03, 0.9])), [0.04, 0.16 / 3, 0.16 / 3, 0.9]
    )
    np.testing.assert_allclose(q_values(np.array([0.01, 0.04]), 0.5), [0.01, 0.02])
    assert len(q_values(np.array([]))) == 0


def test_pi_zero_is_what_the_bootstrap_scatters_about() -> None:
    rng = np.random.default_rng(4)
    p = np.concatenate([rng.random(1400), rng.random(600) ** 6])
    estimates = np.array([(p >= at).mean() / (1 - at) for at in LAMBDAS])
    errors = np.zeros(len(LAMBDAS))
    for _ in range(3000):
        drawn = rng.choice(p, 1000)
        shares = 1 - np.searchsorted(np.sort(drawn), LAMBDAS) / 1000
        errors += (shares / (1 - LAMBDAS) - estimates.min()) ** 2
    chosen = estimates[errors.argmin()]
    assert pi_zero(p) == pytest.approx(chosen, abs=0.01)
    assert pi_zero(p) == pytest.approx(0.7, abs=0.1)
    assert pi_zero(np.array([])) == 1
    assert pi_zero(np.ones(100)) == 1


def test_consensus() -> None:
    assert consensus(np.array([[0.4, 0.2, 0, 0.4], [0.7, 0.1, 0.1, 0.1]])) == "AA"


def test_a_null_model_of_the_lengths_at_hand_is_that_of_any_length() -> None:
    values = np.random.default_rng(6).integers(-9, 10, (7, 50))
    any_length, some = NullModel(values), NullModel(values, {3, 12})
    scores = np.arange(-20, 21)
    for length in (3, 12):
        np.testing.assert_array_equal(
            some.log_all_below(length, scores), any_length.log_all_below(length, scores)
        )


@pytest.mark.parametrize("count", [40, 41, 1])
def test_scores_are_those_of_scipy_to_the_bit(count: int) -> None:
    rng = np.random.default_rng(7)
    query, targets = rng.dirichlet([0.4] * 4, 9), rng.dirichlet([0.4] * 4, count)
    scores = -cdist(query, targets)
    ordered = np.sort(scores, axis=1)
    middle = (ordered[:, max(count // 2 - 1, 0)] + ordered[:, (count + 1) // 2 - 1]) / 2
    scores -= middle[:, None]
    floor = np.floor(scores.min())
    scale = np.floor(100 / (scores.max() - floor)) if scores.max() > floor else 1.0
    expected = np.floor((scores - floor) * scale + 0.5) - np.floor(-floor * scale + 0.5)
    np.testing.assert_array_equal(integer_scores(query, targets, "ed"), expected)


def test_the_same_motif_again_gets_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(8)
    targets = MotifSet(tuple(Motif(f"m{i}", "", rng.dirichlet([0.3] * 4, 8)) for i in range(9)))
    ppm = rng.dirichlet([0.3] * 4, 10)
    asked: list[int] = []
    compare = module._compare
    monkeypatch.setattr(module, "_compare", lambda *a: asked.append(1) or compare(*a))
    same = Motif("one", "", ppm, 50), Motif("two", "", ppm, 50), Motif("three", "", ppm, 60)
    rows = dict(list(tomtom(MotifSet(same), targets).groupby("query_id")))
    assert len(asked) == 2 and set(rows) == {"one", "two", "three"}
    one, two = (
        rows[name].drop(columns="query_id").reset_index(drop=True) for name in ("one", "two")
    )
    pd.testing.assert_frame_equal(one, two)
