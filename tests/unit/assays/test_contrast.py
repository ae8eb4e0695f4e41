# ruff: noqa: E501 (sentences in one piece can be searched for)
"""Two data sets become one: what is in both is left out, and the ratio of numbers stays."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.assays import contrast
from nfexplainn.assays.common import PrepLog
from nfexplainn.assays.contrast import Side, compare, in_both, match_sides, prepare, side_of
from nfexplainn.assays.spec import Options, Row, Spec, read_spec
from nfexplainn.data.dataset import Dataset, DatasetMeta, read_dataset, write_dataset
from nfexplainn.data.negatives import gc_bins
from nfexplainn.errors import UserError
from nfexplainn.evidence.tables import clusters_of

LENGTH = 50


def draw(n: int, seed: int, gc: float = 0.5, length: int = LENGTH) -> dna.Codes:
    rng = np.random.default_rng(seed)
    share = [(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]
    return rng.choice(4, (n, length), p=share).astype(np.uint8)


def names_at(start: int, n: int, step: int = 1000, length: int = LENGTH) -> list[str]:
    return [f"chr1:{at}-{at + length}(+)" for at in range(start, start + n * step, step)]


def write_set(
    folder: Path,
    name: str,
    codes: dna.Codes,
    names: Sequence[str],
    *,
    labels: np.ndarray | None = None,
    flanks: bool = False,
    **meta: Any,
) -> None:
    """Write a data set of positives and as many shuffles of no account."""
    tasks = meta.pop("tasks", (name,))
    n = len(codes)
    own = np.ones((n, len(tasks)), np.float32) if labels is None else labels
    both = np.concatenate([codes, draw(n, 99, length=codes.shape[1])])
    about = {"task_type": "binary", "strand_symmetric": True, "assay": "peaks"} | meta
    header = DatasetMeta(id=name, tasks=tasks, length=codes.shape[1], seed=1, **about)
    beside = np.zeros((2 * n, 20), np.uint8) if flanks else None
    dataset = Dataset(
        header,
        [*names, *(f"n{row}" for row in range(n))],
        both,
        np.full(2 * n, "train"),
        np.concatenate([own, np.zeros_like(own)]),
        beside,
    )
    write_dataset(dataset, folder / f"{name}.dataset.parquet")


def spec_of(folder: Path, *sides: str, **options: Any) -> Spec:
    """Ask for a contrast as the pipeline does."""
    ids = list(dict.fromkeys(name.partition("/")[0] for name in sides))
    raw = {
        "id": "A_vs_B",
        "assay": "contrast",
        "module": "contrast",
        "seed": 7,
        "rows": [
            {
                "sample": name,
                "data": ids.index(name.partition("/")[0]),
                "label": name.partition("/")[2] or None,
            }
            for name in sides
        ],
        "files": [
            {"name": f"data set {one}", "path": str(folder / f"{one}.dataset.parquet")}
            for one in ids
        ],
        "options": {"folds": 5} | options,
    }
    path = folder / "spec.json"
    path.write_text(json.dumps(raw))
    return read_spec(path)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A of 400 windows, B of 300, the last 20 of A and the first 20 of B overlapping by 10 bp."""
    write_set(tmp_path, "A", draw(400, 1), names_at(1000, 400), flanks=True)
    write_set(tmp_path, "B", draw(300, 2), names_at(381_040, 300), flanks=True)
    return tmp_path


def test_positives_of_one_are_told_from_those_of_the_other(two: Path) -> None:
    made = prepare(spec_of(two, "A", "B"))
    data, told = made.dataset, made.dataset.meta.extra["contrast"]
    assert told["sides"] == ["A", "B"] and told["given"] == [400, 300]
    assert told["in_both"] == [20, 20]
    assert told["kept"] == [int((data.labels == label).sum()) for label in (1, 0)]
    assert [told["kept"][at] + told["unmatched"][at] for at in (0, 1)] == [380, 280]
    assert data.meta.task_type == "binary" and data.meta.folds == 5
    assert data.meta.tasks == ("A_vs_B",) and data.meta.extra["negatives"] == "contrast"
    assert data.flanks is not None and data.flanks.shape == (len(data), 20)
    source = {
        name: codes.tobytes() for name, codes in zip(names_at(1000, 400), draw(400, 1), strict=True)
    }
    for name, codes, label in zip(data.names, data.codes, data.labels[:, 0], strict=True):
        assert (source.get(name) == codes.tobytes()) == (label == 1)
    assert ("A", "in both data sets: overlapping or equal", 20) in made.dropped
    assert any("20 of 400 of A and 20 of 300 of B" in note for note in data.meta.notes)


def test_the_order_of_the_names_changes_nothing(two: Path) -> None:
    one, other = (prepare(spec_of(two, *pair)).dataset for pair in (("A", "B"), ("B", "A")))
    assert one.digest() == other.digest() and one.meta.extra == other.meta.extra


def test_either_side_alone_is_dealt_evenly_into_folds(two: Path) -> None:
    data = prepare(spec_of(two, "A", "B")).dataset
    assert data.fold is not None
    for label in (0, 1):
        sizes = np.bincount(data.fold[data.labels[:, 0] == label])
        assert sizes.max() - sizes.min() <= 1


def test_overlaps_are_of_one_base_and_equal_sequences_are_found_on_both_strands() -> None:
    codes_a, codes_b = draw(4, 3), draw(4, 4)
    codes_b[3] = dna.reverse_complement(codes_a[3:4])[0]
    a = side("A", codes_a, ["chr1:0-50", "chr1:100-150", "chr2:0-50", "x"])
    b = side("B", codes_b, ["chr1:50-100", "chr1:149-199", "chr3:0-50", "y"])
    of_a, of_b = in_both(a, b)
    assert of_a.tolist() == [False, True, False, True]
    assert of_b.tolist() == [False, True, False, True]


def side(name: str, codes: dna.Codes, names: Sequence[str] = ()) -> Side:
    own = list(names) or [f"{name}{row}" for row in range(len(codes))]
    return Side(name, own, codes, None, True, len(codes))


@pytest.mark.parametrize(("n", "m"), [(2000, 500), (500, 2000), (1500, 1000), (1000, 1000)])
def test_matching_keeps_the_ratio_and_makes_the_content_equal(n: int, m: int) -> None:
    a, b = draw(n, 5, 0.45, 100), draw(m, 6, 0.5, 100)
    rows_a, rows_b = match_sides(a, b, np.random.default_rng(1))
    assert len(rows_a) / len(rows_b) == pytest.approx(n / m, rel=0.06)
    assert min(len(rows_a) / n, len(rows_b) / m) > 0.4
    shares = [
        np.bincount(gc_bins(x[r]), minlength=101) / len(r) for x, r in ((a, rows_a), (b, rows_b))
    ]
    assert abs(shares[0] @ np.arange(101) - shares[1] @ np.arange(101)) < 0.25
    assert all((np.diff(rows) > 0).all() for rows in (rows_a, rows_b))


def test_without_matching_all_that_is_not_in_both_stays(two: Path) -> None:
    made = prepare(spec_of(two, "A", "B", contrast_matching="none"))
    told = made.dataset.meta.extra["contrast"]
    assert told["kept"] == [380, 280] and told["unmatched"] == [0, 0]
    assert any("not matched" in note for note in made.dataset.meta.notes)


def test_equal_names_of_sequences_without_a_place_are_told_apart(tmp_path: Path) -> None:
    for seed, name in enumerate("AB"):
        write_set(tmp_path, name, draw(250, seed), [f"s{row}" for row in range(250)])
    data = prepare(spec_of(tmp_path, "A", "B")).dataset
    assert len(set(data.names)) == len(data.names) and data.names[0].startswith("A::s")


def test_two_tasks_of_one_data_set_without_what_is_in_both(tmp_path: Path) -> None:
    labels = np.zeros((700, 2), np.float32)
    labels[:400, 0], labels[350:, 1] = 1, 1
    write_set(
        tmp_path, "D", draw(700, 8), names_at(0, 700),
        labels=labels, tasks=("t1", "t2"), task_type="multilabel",
    )  # fmt: skip
    made = prepare(spec_of(tmp_path, "D/t1", "D/t2"))
    told = made.dataset.meta.extra["contrast"]
    assert told["sides"] == ["D/t1", "D/t2"] and told["given"] == [400, 350]
    assert told["in_both"] == [50, 50]
    whole = side_of("D", read_dataset(tmp_path / "D.dataset.parquet"), Row("D", 0))
    assert len(whole) == 700


def test_what_is_unknown_in_the_other_task_is_left_out(tmp_path: Path) -> None:
    labels = np.zeros((700, 2), np.float32)
    labels[:350, 0], labels[350:, 1] = 1, 1
    labels[:30, 1], labels[660:, 0] = np.nan, np.nan
    write_set(
        tmp_path, "D", draw(700, 8), names_at(0, 700),
        labels=labels, tasks=("t1", "t2"), task_type="multilabel",
    )  # fmt: skip
    made = prepare(spec_of(tmp_path, "D/t1", "D/t2", contrast_matching="none"))
    assert made.dataset.meta.extra["contrast"]["kept"] == [320, 310]
    assert ("D/t1", "unknown in the other task", 30) in made.dropped


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"n": 150}, "150 of 150 sequences of B remain after removing those that are in both, but a contrast needs 200 per side; give more peaks"),
        ({"same": True}, "0 of 300 sequences of B remain after removing those that are in both, but a contrast needs 200 per side (most of their peaks are the same)"),
        ({"length": 60}, "the sequences of A have 50 bp and those of B 60 bp, so their length alone would separate them; set --width"),
        ({"strand_symmetric": False}, "one of them uses both strands, the other one strand; set --reverse_complement"),
        ({"length": 60, "extra": {"pad": 5}}, "0 N were added to either end of the sequences of A and 5 to those of B, which alone would separate them"),
        ({"task_type": "regression"}, "the data set B holds measured values, which can only be compared between two of its tasks; give B/task1:B/task2 (its tasks are B)."),
        ({"gc": 0.95}, "(the sides differ in GC content, which --contrast_matching none ignores)"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    length, n = change.pop("length", LENGTH), change.pop("n", 300)
    codes, names = draw(n, 2, change.pop("gc", 0.5), length), names_at(900_000, n)
    write_set(tmp_path, "A", draw(400, 1), names_at(0, 400))
    if change.pop("same", False):
        codes, names = draw(400, 1)[:300], names_at(0, 400)[:300]
    write_set(tmp_path, "B", codes, names, **change)
    with pytest.raises(UserError, match="contrast") as error:
        prepare(spec_of(tmp_path, "A", "B"))
    assert says in str(error.value)


def test_a_side_that_is_missing_and_an_unknown_task_or_kind_of_matching(two: Path) -> None:
    with pytest.raises(
        UserError, match=r"needs the data set B, which cannot be used \(no peak\); correct"
    ):
        prepare(spec_of(two, "A", "B", missing={"B": "no peak."}))
    with pytest.raises(UserError, match="A has no task 'x'; it has A"):
        prepare(spec_of(two, "A/x", "B"))
    with pytest.raises(UserError, match="contrast_matching is 'cg'; it must be gc or none"):
        prepare(spec_of(two, "A", "B", contrast_matching="cg"))


def test_the_script_writes_a_state_and_not_a_failure(two: Path, root: Path) -> None:
    spec_of(two, "A", "B")
    script = [sys.executable, str(root / "bin" / "make_contrast.py"), "--spec", "spec.json"]
    subprocess.run(script, cwd=two, check=True)
    assert json.loads((two / "A_vs_B.status.json").read_text())["folds"] == 5
    data = read_dataset(two / "A_vs_B.dataset.parquet")
    assert data.meta.assay == "contrast"
    written = {path.name.partition(".")[2] for path in two.glob("A_vs_B.*")}
    assert {"counts.tsv", "dropped.tsv", "readings.tsv", "audit.tsv", "header.json"} <= written
    (two / "A_vs_B.dataset.parquet").unlink()
    spec_of(two, "A", "B", missing={"A": "it is empty"})
    subprocess.run(script, cwd=two, check=True)
    assert json.loads((two / "A_vs_B.status.json").read_text())["state"] == "error"
    assert not (two / "A_vs_B.dataset.parquet").exists()


def test_streams_go_by_name() -> None:
    spec = Spec("A_vs_B", "contrast", (), (), Options(folds=5, seed=3))
    a, b = side("A", draw(400, 1, 0.45)), side("B", draw(300, 2))
    one = compare(spec, (a, b), "gc", PrepLog()).dataset
    other = compare(dataclasses.replace(spec, id="C_vs_D"), (a, b), "gc", PrepLog()).dataset
    again = compare(spec, (a, b), "gc", PrepLog()).dataset
    assert one.digest() == again.digest()
    assert list(one.names) != list(other.names)
    assert contrast.LEAST_MATCHED < contrast.LEAST_A_SIDE


def test_a_split_by_homology_keeps_copies_on_both_sides_of_the_contrast_together(
    two: Path,
) -> None:
    """Copies with a few changed bases, in A and in B, stay in one fold and are one observation."""
    rng = np.random.default_rng(9)
    first, second = draw(400, 1, length=100), draw(300, 2, length=100)
    second[:60] = first[:60]
    second[:60, ::25] = (second[:60, ::25] + rng.integers(1, 4, (60, 4))) % 4
    for name, codes, start in (("A", first, 0), ("B", second, 500_000)):
        write_set(two, name, codes, names_at(start, len(codes)))
    options = {"contrast_matching": "none", "split_by": "homology"}
    data = prepare(spec_of(two, "A", "B", **options)).dataset
    assert data.fold is not None and data.meta.extra["homology"]["clusters"] == 60
    assert np.array_equal(data.fold[:60], data.fold[400:460])
    clusters = clusters_of(data, np.arange(len(data)))
    assert np.array_equal(clusters[:60], clusters[400:460])
    at_random = prepare(spec_of(two, "A", "B", contrast_matching="none")).dataset
    assert len(np.unique(clusters_of(at_random, np.arange(len(data))))) == len(data)


def test_what_was_padded_stays_so(tmp_path: Path) -> None:
    """Of SMiLE-seq: the models of a contrast must know the length of the probes, too."""
    for seed, name in enumerate("AB"):
        codes = np.pad(draw(250, seed), ((0, 0), (4, 4)), constant_values=dna.N_CODE)
        write_set(tmp_path, name, codes, [f"{name}{row}" for row in range(250)], extra={"pad": 4})
    data = prepare(spec_of(tmp_path, "A", "B")).dataset
    assert data.meta.extra["pad"] == 4 and data.meta.length == LENGTH + 8


def scored(column: str, median: float, name: str) -> dict[str, Any]:
    return {"extra": {"peak_scores": {name: [column, median]}}}


@pytest.mark.parametrize(
    ("a", "b", "said", "column"),
    [
        (("column 7", 40), ("column 7", 12), "The peaks of A are stronger than those of B", True),
        (("column 7", 3.0), ("column 7", 12), "The peaks of B are stronger than those of A", True),
        (("column 7", 14), ("column 7", 12), "", True),
        (("column 7", 40), ("column 5", 12), "", False),  # other columns are no one measure
        (("column 7", -1.0), ("column 7", -1.0), "", True),  # logarithms have no ratio
        (("column 7", 40), None, "", False),
    ],
)
def test_peaks_of_other_strength_are_named_as_a_cause(
    tmp_path: Path, a: tuple[str, float], b: tuple[str, float] | None, said: str, column: bool
) -> None:
    for name, own, seed in (("A", a, 1), ("B", b, 2)):
        meta = scored(*own, name) if own else {}
        write_set(tmp_path, name, draw(300, seed), names_at(300_000 * seed, 300), **meta)
    data = prepare(spec_of(tmp_path, "A", "B")).dataset
    notes = [note for note in data.meta.notes if "stronger" in note]
    assert [note.startswith(said) for note in notes] == ([True] if said else [])
    told = data.meta.extra["contrast"]
    assert told["score_column"] == ("column 7" if column else "")
    assert told["scores"] == ([a[1], b[1]] if column and b else [None, None])
