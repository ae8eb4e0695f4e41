"""New data sets predicted and scored by the models of an earlier run."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from nfexplainn.analyses.new_data.report import table_rows
from nfexplainn.analyses.new_data.run import located_of, pair_tasks, score_all
from nfexplainn.analyses.predict.run import PredictOptions
from nfexplainn.data.dataset import Dataset, read_dataset, write_dataset
from nfexplainn.evaluation.metrics import auroc
from nfexplainn.page.load import load_inputs
from nfexplainn.report.answers import build_answers
from nfexplainn.results.files import DatasetFiles, find_files

LABELS = ("binary", "multilabel")


@pytest.fixture
def files(root: Path) -> DatasetFiles:
    return find_files(root / "tests" / "earlier_results" / "MAFK")["MAFK"]


def changed(files: DatasetFiles, folder: Path, **meta: object) -> Path:
    """The models' own data set with every fourth sequence turned round, so not seen before."""
    assert files.dataset is not None
    own = read_dataset(files.dataset)
    codes = own.codes.copy()
    codes[::4] = codes[::4, ::-1]
    new: Dataset = dataclasses.replace(
        own, codes=codes, meta=dataclasses.replace(own.meta, id="new", **meta)
    )
    path = folder / "new.dataset.parquet"
    write_dataset(new, path)
    return path


def test_what_the_models_have_seen_is_not_scored(files: DatasetFiles, tmp_path: Path) -> None:
    path = changed(files, tmp_path)
    told = score_all(files, path, PredictOptions(), tmp_path / "new.by_MAFK")
    new = read_dataset(path)
    unseen = np.arange(len(new)) % 4 == 0
    assert told["seen"] == (~unseen).sum() and told["sequences"] == len(new)
    table = pq.read_table(tmp_path / "new.by_MAFK.predicted.parquet").to_pandas()
    assert len(table) == len(new) and table["likeness"].notna().all()
    found = {score["metric"]: score for score in told["models"][0]["scores"]}
    expected = auroc(new.labels[unseen, 0], table["mean:MAFK"].to_numpy()[unseen])
    assert found["auroc"]["value"] == pytest.approx(expected, abs=1e-6)
    assert found["auroc"]["n"] == unseen.sum()
    assert json.loads((tmp_path / "new.by_MAFK.new_data.json").read_text()) == told


def test_only_names_of_whole_records_are_places(files: DatasetFiles) -> None:
    assert files.dataset is not None
    own = read_dataset(files.dataset)
    names = [f"s{row}" for row in range(len(own))]
    names[:4] = ["chr1:110-290(-)", "chr1:110-290(+)|2", "chr1:100-300", "chr2:0-500"]
    padded = dataclasses.replace(own.meta, extra=dict(own.meta.extra) | {"pad": 10})
    found = located_of(dataclasses.replace(own, names=names, meta=padded))
    assert found.chrom[:5] == ["chr1", "chr1", "chr1:100-300", "chr2:0-500", "s4"]
    # 10 N lie before the 180 bp of each.
    assert found.start[:4].tolist() == [100, 100, 0, 0] and found.pad == 10
    assert found.strand[:4].tolist() == [-1, 1, 1, 1]


def test_the_models_own_data_have_no_score(files: DatasetFiles, tmp_path: Path) -> None:
    assert files.dataset is not None
    told = score_all(files, files.dataset, PredictOptions(), tmp_path / "MAFK.by_MAFK")
    assert told["models"][0]["scores"] == []
    assert told["models"][0]["why"].startswith("all its sequences are among those")


def test_windows_that_overlap_the_models_own_are_not_scored(
    files: DatasetFiles, tmp_path: Path
) -> None:
    """Another replicate's peaks are the same ones some bases on."""
    assert files.dataset is not None
    own = read_dataset(files.dataset)
    rng = np.random.default_rng(5)
    codes = np.roll(own.codes, 30, axis=1)
    codes[:, :30] = rng.integers(0, 4, (len(own), 30))
    new = dataclasses.replace(
        own, codes=codes, meta=dataclasses.replace(own.meta, id="new", seed=1)
    )
    write_dataset(new, tmp_path / "new.dataset.parquet")
    path = tmp_path / "new.dataset.parquet"
    told = score_all(files, path, PredictOptions(), tmp_path / "new.by_MAFK")
    assert told["seen"] > 0.97 * len(own)  # but those whose middle is a short repeat


def test_sequences_of_another_length_are_not_asked(files: DatasetFiles, tmp_path: Path) -> None:
    assert files.dataset is not None
    own = read_dataset(files.dataset)
    meta = dataclasses.replace(own.meta, id="new", length=150)
    short = dataclasses.replace(own, codes=np.ascontiguousarray(own.codes[:, :150]), meta=meta)
    write_dataset(short, tmp_path / "new.dataset.parquet")
    prefix = tmp_path / "new.by_MAFK"
    told = score_all(files, tmp_path / "new.dataset.parquet", PredictOptions(), prefix)
    assert told["refused"] == "its sequences have 150 bp, but the models read 200"
    assert not list(tmp_path.glob("*.predicted.*"))
    assert [row["note"] for row in table_rows(told)] == [told["refused"]]


@pytest.mark.parametrize(
    ("new", "trained", "kinds", "pairs", "why"),
    [
        (("a",), ("b",), LABELS, [(0, 0)], ""),
        (("a", "b"), ("b", "c"), LABELS, [(1, 0)], ""),
        (("a",), ("b", "c"), LABELS, [], "no task has the name"),
        (("a",), ("a",), ("regression", "binary"), [], "it holds values, but the model predicts"),
        (("a", "b"), ("b", "a"), ("multiclass", "multiclass"), [(0, 1), (1, 0)], ""),
        (("a", "b"), ("a", "c"), ("multiclass", "multiclass"), [], "its classes are not those"),
    ],
)
def test_tasks_are_scored_by_those_of_their_name(
    new: tuple[str, ...],
    trained: tuple[str, ...],
    kinds: tuple[str, str],
    pairs: list[tuple[int, int]],
    why: str,
) -> None:
    found, said = pair_tasks(new, trained, kinds)
    assert found == pairs and said.startswith(why) and bool(said) == (not pairs)


def test_the_page_tells_scores_and_what_was_left_out(files: DatasetFiles, tmp_path: Path) -> None:
    score_all(files, changed(files, tmp_path), PredictOptions(), tmp_path / "new.by_MAFK")
    params = {"apply": "some/results", "input": "mine/new.csv"}
    inputs = load_inputs([tmp_path / "new.by_MAFK.new_data.json"], params, {"A": {"numpy": "2"}})
    build_answers(inputs, tmp_path / "page")
    summary = (tmp_path / "page" / "nfx_summary_main_mqc.json").read_text()
    assert (
        "Results of the models of <code>results</code> for <code>new.csv</code>"
        in json.loads(summary)["data"]
    )
    for said in ("by the models of MAFK", "AUROC", "the scores leave these out"):
        assert said in summary
    text = (tmp_path / "page" / "tables" / "new_data.tsv").read_text()
    assert text.startswith("dataset\tmodels_of\tmodel") and "auprc" in text
