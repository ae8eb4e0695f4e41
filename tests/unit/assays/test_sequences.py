from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.assays.sequences import prepare
from nfexplainn.assays.spec import InputFile, Prepared, Row, Spec, make_options
from nfexplainn.data.audit import audit_dataset
from nfexplainn.data.negatives import gc_bins
from nfexplainn.errors import UnusableError, UserError
from nfexplainn.io.coordinates import read_names


def texts(n: int, length: int = 60, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return dna.decode(rng.integers(0, 4, (n, length), dtype=np.uint8))


def turned(text: str) -> str:
    return dna.decode(dna.reverse_complement(dna.encode([text])))[0]


def run(
    tmp_path: Path,
    files: dict[str, list[str] | str],
    rows: list[dict[str, Any]] | None = None,
    others: tuple[int, ...] = (),
    **options: Any,
) -> Prepared:
    for name, content in files.items():
        if isinstance(content, list):
            content = "".join(f">{name}{i}\n{s}\n" for i, s in enumerate(content))
        (tmp_path / name).write_text(content)
    spec = Spec(
        "d",
        "sequences",
        tuple(Row(line=i + 2, **row) for i, row in enumerate(rows or [{"sample": "A", "data": 0}])),
        tuple(InputFile(name, str(tmp_path / name)) for name in files),
        make_options({"min_positives": 1} | options, 42),
        None,
        others,
    )
    return prepare(spec)


def test_positives_with_shuffles(tmp_path: Path) -> None:
    dataset = run(tmp_path, {"a": texts(200)}).dataset
    assert len(dataset) == 400
    assert (dataset.meta.task_type, dataset.meta.tasks, dataset.meta.length) == (
        "binary",
        ("A",),
        60,
    )
    assert dataset.names[:2] == ["a0", "a1"]
    where = read_names(dataset.names)
    child = np.flatnonzero(where.parent >= 0)
    assert len(child) == 200
    assert (dataset.split[child] == dataset.split[where.parent[child]]).all()
    assert Counter(dataset.split.tolist()) == {"train": 320, "valid": 40, "test": 40}
    assert {c.state for c in audit_dataset(dataset)} == {"pass", "not_applicable"}


def test_given_negatives_are_used_as_they_are(tmp_path: Path) -> None:
    positives = texts(50)
    negatives = [*texts(80, seed=1), positives[3], turned(positives[4])]
    prepared = run(
        tmp_path, {"a": positives, "n": negatives}, [{"sample": "A", "data": 0, "negatives": 1}]
    )
    labels = prepared.dataset.labels[:, 0]
    assert (int((labels == 1).sum()), int((labels == 0).sum())) == (50, 80)
    assert prepared.dataset.meta.dropped == {"negative that is also a positive": 2}
    assert any("the sequences of n" in note for note in prepared.dataset.meta.notes)


def test_rows_of_one_data_set_are_tasks(tmp_path: Path) -> None:
    first, second = texts(60), texts(60, seed=1)
    second[5], second[6] = first[7], turned(first[8])
    dataset = run(
        tmp_path,
        {"a": first, "b": second},
        [{"sample": "A", "data": 0}, {"sample": "B", "data": 1}],
    ).dataset
    assert dataset.meta.tasks == ("A", "B")
    label = dict(zip(dataset.names, dataset.labels.tolist(), strict=True))
    assert label["a7"] == label["a8"] == [1, 1]
    assert "b5" not in label
    assert (label["a0"], label["b0"]) == ([1, 0], [0, 1])
    assert (dataset.labels == 0).all(axis=1).sum() == 118  # a shuffle of each, 0 everywhere


def test_others_within_one_data_set_need_no_more_negatives(tmp_path: Path) -> None:
    rows = [{"sample": "A", "data": 0}, {"sample": "B", "data": 1}]
    files = {"a": texts(60), "b": texts(60, seed=1)}
    dataset = run(tmp_path, files, rows, negatives="others").dataset
    assert len(dataset) == 120
    assert not (dataset.labels == 0).all(axis=1).any()


def test_other_data_sets_serve_as_matched_negatives(tmp_path: Path) -> None:
    files = {"a": texts(100), "b": texts(600, length=80, seed=1)}
    dataset = run(tmp_path, files, others=(1,), negatives="others").dataset
    positive = dataset.labels[:, 0] == 1
    bins = gc_bins(dataset.codes)
    assert Counter(bins[positive].tolist()) == Counter(bins[~positive].tolist())
    assert positive.sum() > 80


def test_equal_names_in_two_files_are_told_apart(tmp_path: Path) -> None:
    one, two = texts(30), texts(30, seed=1)
    files = {
        "a": "".join(f">s{i}\n{s}\n" for i, s in enumerate(one)),
        "b": "".join(f">s{i}\n{s}\n" for i, s in enumerate(two)),
    }
    dataset = run(tmp_path, files, [{"sample": "A", "data": 0, "negatives": 1}]).dataset
    assert len(set(dataset.names)) == len(dataset) == 60


def test_unequal_lengths_are_an_error_or_cut_and_said(tmp_path: Path) -> None:
    files = {"a": [*texts(40, 50), *texts(20, 61, seed=1), *texts(3, 30, seed=2)]}
    with pytest.raises(UserError, match="differ in length \\(30 to 61 bp\\)"):
        run(tmp_path, files)
    prepared = run(tmp_path, files, length=50)
    dataset = prepared.dataset
    assert dataset.codes.shape == (120, 50)
    assert dataset.meta.dropped == {"shorter than the length": 3}
    assert dna.decode(dataset.codes[40:41])[0] == files["a"][40][5:55]
    assert any("20 sequences were cut to the 50 bp" in note for note in dataset.meta.notes)
    assert any("3 sequences shorter" in note for note in dataset.meta.notes)
    with pytest.raises(UserError, match="longest sequence has 61"):
        run(tmp_path, files, length=100)


def test_n_repeats_and_lower_case(tmp_path: Path) -> None:
    sequences = texts(40)
    sequences[1] = sequences[1][:-1] + "N"
    sequences[2] = sequences[3].lower()
    prepared = run(tmp_path, {"a": sequences}, max_unknown=0)
    assert prepared.dataset.meta.dropped == {"sequence with N": 1, "duplicate sequence": 1}
    assert len(prepared.dataset) == 2 * 38


def test_parts_given_by_the_sheet(tmp_path: Path) -> None:
    files = {
        "tr": texts(100),
        "va": texts(20, seed=1),
        "te": texts(30, seed=2),
        "ten": texts(25, seed=3),
    }
    rows = [
        {"sample": "R1", "data": 0, "split": "train"},
        {"sample": "R2", "data": 1, "split": "valid"},
        {"sample": "R3", "data": 2, "split": "test", "negatives": 3},
    ]
    dataset = run(tmp_path, files, rows).dataset
    assert dataset.meta.tasks == ("d",)
    assert dataset.meta.extra["split_by"] == "given"
    counts = Counter(zip(dataset.split.tolist(), dataset.labels[:, 0].tolist(), strict=True))
    assert counts == {
        ("train", 1.0): 100,
        ("train", 0.0): 100,
        ("valid", 1.0): 20,
        ("valid", 0.0): 20,
        ("test", 1.0): 30,
        ("test", 0.0): 25,
    }


def test_validation_is_carved_out_where_the_sheet_gives_none(tmp_path: Path) -> None:
    files = {"tr": texts(100), "te": texts(30, seed=2)}
    rows = [
        {"sample": "R1", "data": 0, "split": "train"},
        {"sample": "R3", "data": 1, "split": "test"},
    ]
    dataset = run(tmp_path, files, rows).dataset
    assert Counter(dataset.split.tolist()) == {"train": 180, "valid": 20, "test": 60}
    assert any("no validation part" in note for note in dataset.meta.notes)
    assert dataset.meta.extra["split_at_random"] == ["valid"]
    assert {c.state for c in audit_dataset(dataset)} == {"pass", "not_applicable"}


def test_what_the_sheet_itself_leaks_is_left_out_of_training(tmp_path: Path) -> None:
    train = texts(100)
    rows = [
        {"sample": "R1", "data": 0, "split": "train"},
        {"sample": "R3", "data": 1, "split": "test"},
    ]
    prepared = run(tmp_path, {"tr": train, "te": [train[0], *texts(30, seed=2)]}, rows)
    dataset = prepared.dataset
    # the sequence and its shuffle
    assert dict(dataset.meta.dropped)["equal to or overlapping a sequence of a later part"] == 2
    assert Counter(dataset.split.tolist())["test"] == 62
    assert len(dataset.names) == 260
    checks = {check.check: check for check in audit_dataset(dataset)}
    assert checks["exact_duplicates"].count == 0


def test_labels_of_the_sheet_name_the_tasks(tmp_path: Path) -> None:
    rows = [
        {"sample": "r1", "data": 0, "split": "train", "label": "X"},
        {"sample": "r2", "data": 1, "split": "test", "label": "X"},
        {"sample": "r3", "data": 2, "split": "train", "label": "Y"},
    ]
    files = {"a": texts(60), "b": texts(20, seed=1), "c": texts(60, seed=2)}
    dataset = run(tmp_path, files, rows).dataset
    assert dataset.meta.tasks == ("X", "Y")
    assert ((dataset.labels == 1).sum(axis=0) == [80, 60]).all()


def test_split_by_chromosome_reads_the_names(tmp_path: Path) -> None:
    text = "".join(
        f">chr{i % 3 + 1}:{i * 100}-{i * 100 + 60}\n{s}\n" for i, s in enumerate(texts(90))
    )
    dataset = run(
        tmp_path,
        {"a": text},
        split_by="chromosome",
        valid_chromosomes=["chr2"],
        test_chromosomes=["chr3"],
    ).dataset
    assert Counter(dataset.split.tolist()) == {"train": 60, "valid": 60, "test": 60}
    with pytest.raises(UserError, match="have no coordinates"):
        run(tmp_path, {"a": texts(30)}, split_by="chromosome")


def test_overlapping_coordinates_stay_together(tmp_path: Path) -> None:
    text = "".join(f">chr1:{i * 50}-{i * 50 + 60}\n{s}\n" for i, s in enumerate(texts(40)))
    text += "".join(f">x{i}\n{s}\n" for i, s in enumerate(texts(400, seed=1)))
    dataset = run(tmp_path, {"a": text}).dataset
    assert len(set(dataset.split[:40].tolist())) == 1


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([{"sample": "A", "data": 0, "negatives": "gc"}], {}, "line 2: negatives 'gc'"),
        ([{"sample": "A", "data": 0, "negatives": "others"}], {}, "no other row"),
        (
            [{"sample": "A", "data": 0}],
            {"length": 0},
            "length is 0; it counts bases: give 1 to 100,000",
        ),
    ],
)
def test_each_wrong_setting_has_its_sentence(
    tmp_path: Path, rows: list[dict[str, Any]], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        run(tmp_path, {"a": texts(20)}, rows, **options)


def test_mistakes_of_all_files_come_together(tmp_path: Path) -> None:
    rows = [{"sample": "A", "data": 0}, {"sample": "B", "data": 1}]
    with pytest.raises(UserError) as caught:
        run(tmp_path, {"a": "ACGT\n", "b": ">x\nMKLE\n"}, rows)
    assert [line[:1] for line in str(caught.value).split("\n")] == ["a", "b"]


def test_nothing_usable_is_a_result(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="Only 0 positives"):
        run(tmp_path, {"a": ["ACGTN" * 10, "NACGT" * 10]})
    with pytest.raises(UnusableError, match="Only 30 positives"):
        run(tmp_path, {"a": texts(30)}, min_positives=100)
    with pytest.raises(UnusableError, match="no negatives"):
        run(tmp_path, {"a": ["A" * 40, "C" * 40]})


@pytest.mark.parametrize(
    ("name", "length", "word"),
    [
        ("CTCF_100bp.fa.gz", 100, "CCACCAGGGGGC"),
        ("REST_GM12878.train_pos.fa.gz", 101, "GGACAGCGCC"),
        ("FOXA1_HepG2.train_pos.fa.gz", 101, "TGTTTAC"),
    ],
)
def test_real_sequences(data_dir: Path, name: str, length: int, word: str) -> None:
    path = data_dir / "chipseq" / name
    with gzip.open(path, "rb") as file:
        records = file.read().count(b">")
    spec = Spec(
        "real",
        "sequences",
        (Row("TF", 0),),
        (InputFile(name, str(path)),),
        make_options({}, 42),
    )
    prepared = prepare(spec)
    dataset = prepared.dataset
    positive = dataset.labels[:, 0] == 1
    lost = sum(n for source, _, n in prepared.dropped if source == name)
    assert positive.sum() == records - lost
    assert lost < 0.02 * records
    assert dataset.meta.length == length
    other = turned(word)
    holds = np.array([word in t or other in t for t in dna.decode(dataset.codes)])
    assert holds[positive].mean() > 4 * holds[~positive].mean()
    assert (dataset.split == "test").mean() == pytest.approx(0.1, abs=0.005)
    checks = {check.check: check for check in audit_dataset(dataset)}
    assert checks["exact_duplicates"].count == checks["shuffle_pairs"].count == 0


def test_rest_with_its_own_test_file(data_dir: Path, tmp_path: Path) -> None:
    with gzip.open(data_dir / "chipseq" / "REST_GM12878.test_posneg.tsv.gz", "rt") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    files = {
        label: "".join(f">{name}\n{text}\n" for name, text, value in rows if value == label)
        for label in ("1", "0")
    }
    with gzip.open(data_dir / "chipseq" / "REST_GM12878.train_pos.fa.gz", "rt") as file:
        files["train"] = file.read()
    sheet = [
        {"sample": "REST", "data": 2, "split": "train"},
        {"sample": "REST_test", "data": 0, "split": "test", "negatives": 1},
    ]
    dataset = run(tmp_path, files, sheet).dataset
    test = dataset.labels[dataset.rows("test"), 0]
    assert ((test == 1).sum(), (test == 0).sum()) == (500, 500)
    rest = dataset.rows("train", "valid")
    assert dataset.labels[rest, 0].mean() == 0.5
    assert len(dataset.rows("valid")) == pytest.approx(0.1 * len(rest), abs=3)
