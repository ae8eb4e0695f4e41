"""Conditions: slopes of samples, sites, and what is told of planted differences."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.analyses.conditions.options import ConditionOptions, Sample
from nfexplainn.analyses.conditions.run import (
    CLUSTER,
    ROW,
    Motifs,
    compare_conditions,
    pairs_of,
    told_clusters,
)
from nfexplainn.analyses.conditions.sites import Sites, cluster_sites, known_clusters, row_sites
from nfexplainn.analyses.conditions.slopes import adjusted_slopes, composition_space
from nfexplainn.data.dataset import Dataset, DatasetMeta, write_dataset
from nfexplainn.errors import UserError
from nfexplainn.evidence.occurrence import composition
from nfexplainn.interpret.columns import EVIDENCE_COLUMNS
from nfexplainn.interpret.motif_rows import read_motif_rows
from nfexplainn.interpret.outputs import StoredOutputs, kept_rows, write_outputs
from nfexplainn.io.tsv import iterate_tsv, write_tsv
from nfexplainn.motifs.formats import write_meme
from nfexplainn.motifs.motif import Motif, MotifSet

N, LENGTH = 3_000, 100
WORDS = tuple(
    "".join("ACGT"[i] for i in row) for row in np.random.default_rng(4).integers(0, 4, (40, 9))
)
SAMPLES = tuple(
    Sample(f"{condition}_{number}", condition, str(number))
    for condition in ("control", "treated")
    for number in (1, 2, 3)
)


def word_motif(word: str) -> Motif:
    return Motif(f"M{word}", word, np.eye(4)[["ACGT".index(one) for one in word]], 20.0)


def experiment(gain: float = 1.0, gc: float = 0.0, folds: int = 1, seed: int = 4) -> Dataset:
    """Six samples; the first 20 words open windows, the first one more where treated.

    GC content raises each sample by an amount of its own, and the treated ones by `gc` more.
    """
    rng = np.random.default_rng(seed)
    share = np.clip(rng.normal(0.5, 0.1, N), 0.2, 0.8)[:, None]
    strong, either = rng.random((N, LENGTH)) < share, rng.integers(0, 2, (N, LENGTH))
    codes = np.where(strong, 1 + either, 3 * either).astype(np.uint8)
    has = np.zeros((N, len(WORDS)))
    for place, word in enumerate(WORDS):
        rows = rng.choice(N, 200, replace=False)
        has[rows, place] = 1
        start = 2 * place  # words that follow overlap at random only
        for row in rows:
            codes[row, start : start + 9] = dna.encode([word])[0]
    content = dna.gc_content(codes)
    open_ = np.arange(len(WORDS)) < 20
    shared = rng.normal(0, 0.8, N)
    labels = np.empty((N, 6), dtype=np.float32)
    for at, sample in enumerate(SAMPLES):
        treated = sample.condition == "treated"
        does = open_ * rng.normal(1, 0.1, len(WORDS))
        does[0] += gain * treated
        bias = (rng.normal(0, abs(gc)) + gc * treated) * 5 * (content - 0.5)
        labels[:, at] = shared + has @ does + bias + rng.normal(0, 0.4, N)
    split = np.array(["train", "valid", "test"])[np.minimum(np.arange(N) % 5, 2)]
    tasks = tuple(one.task for one in SAMPLES)
    meta = DatasetMeta("D", "accessibility", "regression", tasks, LENGTH, True, 1, folds=folds)
    fold = (np.arange(N) % folds).astype(np.int8) if folds > 1 else None
    return Dataset(
        meta,
        [f"s{row}" for row in range(N)],
        codes,
        split[: 0 if folds > 1 else N],
        labels,
        fold=fold,
    )


def known_motifs(dataset: Dataset) -> Motifs:
    clusters = known_clusters(MotifSet(tuple(map(word_motif, WORDS))))
    return told_clusters(clusters, cluster_sites(dataset, clusters))


def own_rows(dataset: Dataset) -> Motifs:
    """Rows of a perfect model, on the test part."""
    windows = np.flatnonzero(dataset.split == "test")
    texts = dna.decode(dataset.codes[windows])
    present = np.array([[word in text for text in texts] for word in WORDS[:3]])
    words = tuple(
        {"motif": f"row_{at:03d}", "name": word, "family": "", "consensus": word}
        for at, word in enumerate(WORDS[:3], 1)
    )
    return Motifs(ROW, words, Sites(windows, present))


def test_slopes_are_those_of_least_squares() -> None:
    dataset = experiment()
    windows = np.arange(N, dtype=np.int64)
    space = composition_space(dataset, windows)
    np.testing.assert_allclose(space.T @ space, np.eye(space.shape[1]), atol=1e-9)
    # Composition as contrasts use it is in the space.
    features = composition(dataset)
    np.testing.assert_allclose(space @ (space.T @ features), features, atol=1e-6)
    rng = np.random.default_rng(0)
    sites = rng.random((3, N)) < 0.1
    found = adjusted_slopes(sites, dataset.labels.astype(float), space)
    for row in range(3):
        design = np.column_stack([space, sites[row]])
        expected = np.linalg.lstsq(design, dataset.labels.astype(float), rcond=None)[0][-1]
        np.testing.assert_allclose(found.values[row], expected, rtol=1e-6)
        inverse = np.linalg.inv(design.T @ design)[-1, -1]
        assert found.noise[row] == pytest.approx(inverse)


def test_rows_with_few_sites_or_sites_of_composition_alone_have_no_slope() -> None:
    dataset = experiment()
    space = composition_space(dataset, np.arange(N, dtype=np.int64))
    content = dna.gc_content(dataset.codes)
    sites = np.zeros((4, N), dtype=bool)
    sites[0, :19] = True
    sites[1, :20] = True
    sites[2] = True
    sites[2, :19] = False
    sites[3] = np.arange(N) % 2 == 0
    curve = np.column_stack([space, content > 2])[:, :-1]
    tested = adjusted_slopes(sites, dataset.labels.astype(float), curve).known
    assert tested.tolist() == [False, True, False, True]
    whole = np.column_stack([space, sites[3] - space @ (space.T @ sites[3])])
    whole[:, -1] /= np.linalg.norm(whole[:, -1])
    assert not adjusted_slopes(sites, dataset.labels.astype(float), whole).known[3]


def test_a_planted_difference_is_found_by_rows_and_by_known_motifs() -> None:
    dataset = experiment()
    found = compare_conditions(
        dataset, ConditionOptions(SAMPLES), own_rows(dataset), known_motifs(dataset)
    )
    for kind, windows in ((ROW, 1_800), (CLUSTER, N)):
        lines = [one for one in found.tests if one["kind"] == kind]
        assert [one["name"] for one in lines if float(str(one.get("q", 1))) <= 0.05] == [WORDS[0]]
        first = lines[0]
        assert (first["condition"], first["reference"]) == ("treated", "control")
        assert first["higher_in"] == "treated"
        assert (first["samples"], first["samples_reference"], first["windows"]) == (3, 3, windows)
        assert float(str(first["difference_low"])) < 1 < float(str(first["difference_high"]))
        assert first["tests"] == sum("p" in one for one in lines)
        # Words that open nothing in any sample are not tested.
        idle = {one["name"]: "p" in one for one in lines if one["name"] in WORDS[20:]}
        assert sum(idle.values()) <= 2
    points = [one for one in found.slopes if one["name"] == WORDS[0] and one["kind"] == ROW]
    assert [one["sample"] for one in points] == [one.task for one in SAMPLES]
    slopes = [float(str(one["slope"])) for one in points]
    assert min(slopes[3:]) > max(slopes[:3]) + 0.5


def test_gc_bias_of_samples_makes_no_differences() -> None:
    shares = []
    for seed in range(1, 9):
        dataset = experiment(gain=0.0, gc=0.5, seed=seed)
        found = compare_conditions(
            dataset,
            ConditionOptions(SAMPLES),
            Motifs(ROW, (), Sites(np.zeros(0, int), np.zeros((0, 0), bool))),
            known_motifs(dataset),
        )
        p = np.array([float(str(one["p"])) for one in found.tests if "p" in one])
        shares.append((p <= 0.05).mean())
        assert not any(float(str(one.get("q", 1))) <= 0.05 for one in found.tests)
    assert np.mean(shares) <= 0.06


def test_the_reference_is_what_others_are_compared_with() -> None:
    dataset = experiment()
    known, rows = known_motifs(dataset), own_rows(dataset)
    one = compare_conditions(dataset, ConditionOptions(SAMPLES), rows, known)
    other = compare_conditions(dataset, ConditionOptions(SAMPLES, "treated"), rows, known)
    assert other.tests[0]["condition"] == "control"
    assert other.tests[0]["difference"] == pytest.approx(-float(str(one.tests[0]["difference"])))
    assert other.tests[0]["p"] == pytest.approx(one.tests[0]["p"])
    assert pairs_of(["a", "b", "c"], None) == [(0, 1), (0, 2), (1, 2)]
    assert pairs_of(["a", "b", "c"], "b") == [(1, 0), (1, 2)]


def test_windows_without_a_value_in_some_sample_are_left_out() -> None:
    dataset = experiment()
    dataset.labels[:500, 2] = np.nan
    found = compare_conditions(
        dataset, ConditionOptions(SAMPLES), own_rows(dataset), known_motifs(dataset)
    )
    assert {one["windows"] for one in found.tests} == {1_500, N - 500}
    dataset = experiment()
    dataset.labels[150:, 2] = np.nan
    none = compare_conditions(
        dataset, ConditionOptions(SAMPLES), own_rows(dataset), known_motifs(dataset)
    )
    assert not any("p" in one for one in none.tests) and none.slopes == []
    assert {(one["kind"], one["reason"]) for one in none.tests} == {
        (ROW, "90 windows have a value in all samples, but at least 200 are needed"),
        (CLUSTER, "150 windows have a value in all samples, but at least 200 are needed"),
    }


@pytest.mark.parametrize("kind", ["copies", "empty"])
def test_a_sample_given_twice_and_one_that_is_empty_are_told_and_nothing_is_tested(
    kind: str,
) -> None:
    dataset = experiment()
    if kind == "copies":
        # Replicates that are copies would make each difference a certain one.
        dataset.labels[:, [1, 2]] = dataset.labels[:, :1]
        says = "'control_1' and 'control_2' have the same values in every window"
    else:
        dataset.labels[:, 4] = 0
        says = "'treated_2' has the value 0 in every window"
    found = compare_conditions(
        dataset, ConditionOptions(SAMPLES), own_rows(dataset), known_motifs(dataset)
    )
    assert {one["kind"] for one in found.tests} == {ROW, CLUSTER}
    assert all(str(one["reason"]).startswith(says) for one in found.tests)
    assert all("p" not in one and one["samples"] == 3 for one in found.tests)


@pytest.mark.parametrize(
    ("samples", "kind", "words"),
    [
        ((Sample("x", "a", "1"),), "regression", "has no sample 'x'.*its samples are control_1"),
        (SAMPLES, "multilabel", "holds classes .task_type multilabel."),
        (SAMPLES[:3], "regression", "all samples have the condition 'control'"),
        (SAMPLES[:4], "regression", "'treated' has 1 sample, but at least 2 are needed"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    samples: tuple[Sample, ...], kind: str, words: str
) -> None:
    dataset = experiment()
    object.__setattr__(dataset.meta, "task_type", kind)
    with pytest.raises(UserError, match=words):
        compare_conditions(
            dataset, ConditionOptions(samples), own_rows(dataset), known_motifs(dataset)
        )


def stored(dataset: Dataset, words: tuple[str, ...]) -> StoredOutputs:
    """Units that find words exactly."""
    rows = kept_rows(dataset)
    texts = dna.decode(dataset.codes[rows[dataset.split[rows] == "test"]])
    sites = np.array([[word in text for word in words] for text in texts])
    units = len(words)
    return StoredOutputs(
        rows=rows,
        outputs=np.zeros((len(rows), units), dtype=np.float32),
        sites=sites,
        counts=np.zeros((units, 29, 5), dtype=np.int64),
        weight=np.zeros((6, units), dtype=np.float32),
        bias=np.zeros(6, dtype=np.float32),
        loss="pearson",
    )


def evidence_lines() -> list[dict[str, str]]:
    blank = dict.fromkeys(EVIDENCE_COLUMNS, "")
    return [
        blank
        | {
            "dataset": "D",
            "model": "explainn",
            "task": "*",
            "motif": "row_001",
            "name": "one",
            "units": "r1:unit_001,r2:unit_002",
            "supported": "true",
        },
        blank
        | {
            "dataset": "D",
            "model": "explainn",
            "task": "*",
            "motif": "row_002",
            "consensus": WORDS[1],
            "units": "r1:unit_002",
            "supported": "false",
        },
    ]


def test_rows_have_the_sites_of_the_models_that_have_not_seen_a_window() -> None:
    dataset = experiment(folds=2)
    rows = read_motif_rows(evidence_lines())
    units = {
        1: stored(dataset.of_replicate(1), WORDS[:2]),
        2: stored(dataset.of_replicate(2), WORDS[1::-1]),
    }
    found = row_sites(dataset, rows, units)
    texts = dna.decode(dataset.codes)
    assert found.windows.tolist() == list(range(N))
    assert found.present[0].tolist() == [WORDS[0] in text for text in texts]
    # Only the model of the first fold's test part has the second row.
    expected = [WORDS[1] in text and dataset.fold[at] == 0 for at, text in enumerate(texts)]  # type: ignore[index]
    assert found.present[1].tolist() == expected


def test_known_motifs_that_say_the_same_are_one() -> None:
    clusters = known_clusters(
        MotifSet((word_motif("TGACGTCA"), word_motif("TGACGTCAC"), word_motif("GGGCGGAAGT")))
    )
    assert [one.names for one in clusters] in ([("TGACGTCAC", "TGACGTCA"), ("GGGCGGAAGT",)],)
    assert known_clusters(MotifSet(())) == []


def test_the_script_writes_both_tables(tmp_path: Path) -> None:
    dataset = experiment()
    write_dataset(dataset, tmp_path / "D.dataset.parquet")
    write_outputs(stored(dataset, WORDS[:2]), tmp_path / "D.explainn.r1.outputs.npz")
    write_tsv(
        tmp_path / "D.explainn.evidence.tsv",
        EVIDENCE_COLUMNS,
        [list(one.values()) for one in evidence_lines()],
    )
    write_meme(MotifSet(tuple(map(word_motif, WORDS))), tmp_path / "known.meme")
    options = {"samples": [vars(one) for one in SAMPLES], "reference_condition": None}
    (tmp_path / "options.json").write_text(json.dumps(options))
    script = Path(__file__).parents[3] / "bin" / "compare_conditions.py"
    arguments = (
        "--id",
        "D.explainn",
        "--dataset",
        "D.dataset.parquet",
        "--outputs",
        "D.explainn.r1.outputs.npz",
    )
    more = (
        "--evidence",
        "D.explainn.evidence.tsv",
        "--known",
        "known.meme",
        "--options",
        "options.json",
    )
    done = subprocess.run(
        [sys.executable, str(script), *arguments, *more],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "D.explainn: 2 differences at q <= .05 of" in done.stderr
    lines = list(iterate_tsv(tmp_path / "D.explainn.conditions.tsv"))
    assert [one["name"] for one in lines if one["q"] and float(one["q"]) <= 0.05] == [
        "one",
        WORDS[0],
    ]
    points = list(iterate_tsv(tmp_path / "D.explainn.condition_slopes.tsv"))
    assert {one["condition"] for one in points} == {"control", "treated"}
