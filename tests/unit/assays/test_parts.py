"""How the preparation deals out folds, when it chooses them, and what it refuses."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.assays import sequences, table
from nfexplainn.assays.checks import check_dataset
from nfexplainn.assays.spec import (
    InputFile,
    Options,
    Prepared,
    Row,
    Spec,
    make_options,
    run_prepare,
)
from nfexplainn.data.splits import make_groups
from nfexplainn.errors import UnusableError, UserError
from nfexplainn.io.coordinates import read_names


def texts(n: int, length: int = 60, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return dna.decode(rng.integers(0, 4, (n, length), dtype=np.uint8))


def spec(folder: Path, n: int = 300, split: str | None = None, **options: Any) -> Spec:
    path = folder / "a.fa"
    path.write_text("".join(f">a{i}\n{s}\n" for i, s in enumerate(texts(n))))
    files = (InputFile("a.fa", str(path)),)
    return Spec("d", "sequences", (Row("A", 0, 2, split=split),), files, make_options(options, 42))


def run(folder: Path, **options: Any) -> Prepared:
    return sequences.prepare(spec(folder, **options))


def test_shuffles_are_in_the_folds_of_their_parents_and_all_folds_are_alike(tmp_path) -> None:
    data = run(tmp_path, folds=5).dataset
    assert data.meta.folds == 5 and len(data.split) == 0
    groups = make_groups(data.codes, read_names(data.names))
    for group in np.unique(groups):
        assert len(np.unique(data.fold[groups == group])) == 1
    for fold in range(5):
        assert (data.labels[data.fold == fold] == 1).sum() == 60
        assert (data.labels[data.fold == fold] == 0).sum() == 60
    assert any("every sequence was held out once" in note for note in data.meta.notes)
    again = run(tmp_path, folds=5).dataset
    assert np.array_equal(again.fold, data.fold)


def test_small_sets_get_folds_where_nothing_speaks_against_them(tmp_path, monkeypatch) -> None:
    assert run(tmp_path, folds=0).dataset.meta.folds == 5
    assert run(tmp_path, folds=1).dataset.meta.folds == 1
    assert run(tmp_path).dataset.meta.folds == 1
    named = dataclasses.replace(spec(tmp_path, folds=0), rows=(Row("fold", 0, 2),))
    assert sequences.prepare(named).dataset.meta.folds == 1
    monkeypatch.setattr("nfexplainn.assays.parts.FEWEST_UNFOLDED", 300)
    assert run(tmp_path, folds=0).dataset.meta.folds == 1
    assert run(tmp_path, folds=0, n=299, min_positives=1).dataset.meta.folds == 5


def test_a_fold_that_would_lack_a_class_makes_one_split(tmp_path) -> None:
    """Four positives of 204 sequences: one fold of five would have none."""
    letters = texts(204)
    for name, some in (("few.fa", letters[:4]), ("rest.fa", letters[4:])):
        (tmp_path / name).write_text("".join(f">a{i}\n{s}\n" for i, s in enumerate(some)))
    files = tuple(InputFile(name, str(tmp_path / name)) for name in ("few.fa", "rest.fa"))

    def made(rows: tuple[Row, ...], **options: Any) -> Any:
        chosen = make_options({"min_positives": 1} | options, 42)
        return sequences.prepare(Spec("d", "sequences", rows, files, chosen)).dataset

    rare = (Row("A", 0, 2, negatives=1),)
    one = made(rare, folds=0)
    assert one.meta.folds == 1 and one.digest() == made(rare, folds=1).digest()
    said = "of 5 folds one would have no positive in any task."
    assert [note for note in one.meta.notes if note.endswith(said)]
    assert not [note for note in made(rare, folds=1).meta.notes if note.endswith(said)]
    assert made(rare, folds=5).meta.folds == 5  # asked for: refused where it cannot be trained
    with pytest.raises(UnusableError, match="no positive in any task"):
        check_dataset(made(rare, folds=5))
    # A rare task beside one that every fold has keeps none from its folds.
    assert made((Row("A", 0, 2), Row("B", 1, 3)), folds=0).meta.folds == 5


def test_a_split_of_old_is_as_it_was(tmp_path) -> None:
    """What is asked of folds has no part in the split of a data set without."""
    one, other = run(tmp_path).dataset, run(tmp_path, folds=1).dataset
    assert np.array_equal(one.split, other.split) and one.meta == other.meta
    assert one.meta.extra["split_by"] == "random" and one.digest() == other.digest()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"folds": 2}, "folds is 2; give 1 for one split, or 3 to 100"),
        ({"folds": 101}, "folds is 101"),
        ({"folds": 5, "test_chromosomes": "chr1"}, "every chromosome is held out once"),
    ],
)
def test_folds_that_cannot_be_are_refused(options, said) -> None:
    with pytest.raises(UserError, match=said):
        make_options(options, 42)


def test_folds_and_a_given_split_are_refused(tmp_path) -> None:
    with pytest.raises(UserError, match=r"given split \(the column split of the sheet\)"):
        sequences.prepare(spec(tmp_path, split="train", folds=3))
    with pytest.raises(UserError, match=r"d \(a.fa\): split_by chromosome: .* no coordinates"):
        run(tmp_path, folds=3, split_by="chromosome")


def test_folds_need_groups_that_can_be_parted(tmp_path) -> None:
    path = tmp_path / "a.fa"
    one = texts(1)[0]
    path.write_text("".join(f">a{i}\n{one}\n" for i in range(120)))
    files = (InputFile("a.fa", str(path)),)
    few = Spec(
        "d", "sequences", (Row("A", 0),), files, make_options({"folds": 3, "min_positives": 1})
    )
    with pytest.raises(UserError, match="3 folds need as many groups"):
        sequences.prepare(few)


def test_folds_without_a_positive_say_how_to_have_fewer(tmp_path) -> None:
    data = run(tmp_path, folds=5).dataset
    labels = np.where(data.fold[:, None] == 1, data.labels, 0).astype(np.float32)
    with pytest.raises(UnusableError, match="no positive in any task") as raised:
        check_dataset(dataclasses.replace(data, labels=labels))
    assert "--folds; 1 makes one split" in raised.value.advice


def test_values_get_folds_where_they_are_asked_for(tmp_path) -> None:
    rows = "".join(f"{s},{i % 17},s{i % 9}\n" for i, s in enumerate(texts(200)))
    (tmp_path / "t.csv").write_text("sequence,value,species\n" + rows)
    files = (InputFile("t.csv", str(tmp_path / "t.csv")),)

    def made(**options: Any) -> Spec:
        values = {"sequence_column": "sequence", "value_columns": "value"} | options
        known = make_options(values, 42)
        return Spec("d", "table", (Row("A", 0, 2),), files, known, raw_options=values)

    data = table.prepare(made(folds=4)).dataset
    assert data.meta.task_type == "regression" and np.bincount(data.fold).tolist() == [50] * 4
    assert table.prepare(made(folds=0)).dataset.meta.folds == 1  # chosen for classes only
    with pytest.raises(UserError, match=r"given split .the column 'species' of the table"):
        table.prepare(made(folds=4, split_column="species"))


def test_the_preparation_says_how_many_folds_there_are(tmp_path, monkeypatch) -> None:
    own = spec(tmp_path)
    for folds, known in ((0, 5), (1, None)):
        raw = {
            "id": "d",
            "assay": "sequences",
            "seed": 42,
            "rows": [{"sample": "A", "data": 0}],
            "files": [{"name": "a.fa", "path": own.files[0].path}],
            "options": {"folds": folds},
        }
        (tmp_path / "spec.json").write_text(json.dumps(raw))
        monkeypatch.setattr(sys, "argv", ["prepare.py", "--spec", str(tmp_path / "spec.json")])
        with contextlib.chdir(tmp_path):
            run_prepare(sequences.prepare)
        status = json.loads((tmp_path / "d.status.json").read_text())
        assert status["state"] == "ok" and status.get("folds") == known
        with (tmp_path / "d.counts.tsv").open() as handle:
            counts = list(csv.DictReader(handle, delimiter="\t"))
        with (tmp_path / "d.audit.tsv").open() as handle:
            audit = list(csv.DictReader(handle, delimiter="\t"))
        own_rows = [row for row in counts if row["task"] == "*"]
        assert sum(int(row["sequences"]) for row in own_rows) == 600
        names = [f"fold_{n}" for n in range(1, 6)] if known else ["train", "valid", "test"]
        assert [row["split"] for row in own_rows] == names
        assert len(audit) == 6 * (known or 1) and ("fold" in audit[0]) == bool(known)
        assert {row["state"] for row in audit} <= {"pass", "not_applicable"}


def test_options_say_nothing_of_folds() -> None:
    assert Options().folds is None
