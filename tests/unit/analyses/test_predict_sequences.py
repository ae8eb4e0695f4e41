"""`--predict`: what the scripts write of a user's sequences, with the models of earlier results."""

from __future__ import annotations

import json
import runpy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from assay_fixtures import fastq, prepared, texts
from nfexplainn import dna
from nfexplainn.analyses.explain.sequences import (
    Located,
    read_located,
    read_sequences,
    write_located,
)
from nfexplainn.analyses.predict.run import PredictOptions, histogram, predict, summarise
from nfexplainn.analyses.predict.tables import PredictionWriter
from nfexplainn.assays.pbm import prepare as prepare_pbm
from nfexplainn.assays.smileseq import prepare as prepare_smileseq
from nfexplainn.data.dataset import Dataset, read_dataset, write_dataset
from nfexplainn.models.checkpoint import ModelHeader, load_model, save_model
from nfexplainn.models.explainn_weights import initial_weights
from nfexplainn.page.load import load_inputs
from nfexplainn.report.answers import build_answers
from nfexplainn.results.ensemble import Prediction
from nfexplainn.results.files import group_files
from nfexplainn.results.windows import Shape, cut_windows, shape_of_meta
from nfexplainn.training.evaluate import evaluate
from training_fixtures import config_for, planted


@pytest.fixture
def earlier(root: Path, tmp_path: Path) -> Path:
    shutil.copytree(root / "tests" / "earlier_results" / "MAFK", tmp_path / "MAFK")
    return tmp_path


def script(root: Path, monkeypatch: pytest.MonkeyPatch, name: str, *arguments: object) -> None:
    """Run a script in this process, in which torch and pandas are loaded already."""
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    runpy.run_path(str(root / "bin" / name), run_name="__main__")


def ask(
    root: Path, monkeypatch: pytest.MonkeyPatch, folder: Path, file: str, *left_out: str
) -> None:
    """Read a file of sequences and predict them, as the pipeline does."""
    monkeypatch.chdir(folder)
    Path("spec.json").write_text(json.dumps({"name": file}))
    Path("options.json").write_text("{}")
    shape = "MAFK/data/MAFK.dataset.parquet"
    common = ("--id", "MAFK", "--for", "predict", "--header", shape)
    script(
        root, monkeypatch, "read_explained.py", "--spec", "spec.json", "--sequences", file, *common
    )
    files = [
        path for path in Path("MAFK").rglob("MAFK.*") if not path.name.endswith(left_out or "-")
    ]
    script(
        root,
        monkeypatch,
        "predict.py",
        *("--id", "MAFK", "--options", "options.json", "--sequences", "MAFK.predict.parquet"),
        *("--files", *files),
    )


def write_windows(folder: Path, rows: slice = slice(None)) -> list[str]:
    """Write the windows of the training run as FASTA; give their names."""
    dataset = read_dataset(folder / "MAFK/data/MAFK.dataset.parquet")
    pairs = list(zip(dataset.names, dna.decode(dataset.codes), strict=True))[rows]
    (folder / "own.fa").write_text("".join(f">{name}\n{text}\n" for name, text in pairs))
    return [name for name, _ in pairs]


def test_the_files_of_predictions(
    root: Path, earlier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = write_windows(earlier)
    ask(root, monkeypatch, earlier, "own.fa")
    whole = pq.read_table("MAFK.predicted.parquet").to_pandas()
    assert list(whole["name"]) == names and set(whole["model"]) == {"explainn"}
    for replicate in (1, 2):
        then = pq.read_table(f"MAFK/explainn/MAFK.explainn.r{replicate}.predictions.parquet")
        logits = then.to_pandas().set_index("name")["logit:MAFK"].loc[names]
        assert np.allclose(whole[f"logit:MAFK:r{replicate}"], logits, atol=1e-5)
    runs = whole[["logit:MAFK:r1", "logit:MAFK:r2"]]
    assert np.allclose(whole["mean:MAFK"], runs.mean(axis=1), atol=1e-6)
    assert np.allclose(whole["low:MAFK"], runs.min(axis=1))
    assert np.allclose(whole["high:MAFK"], runs.max(axis=1))
    assert whole["probability:MAFK"].between(0, 1).all() and whole["likeness"].between(0, 100).all()

    table = pd.read_csv("MAFK.predicted.tsv", sep="\t")
    assert [c for c in whole.columns if not c.startswith("logit")] == list(table.columns)
    for column in table.columns[6:]:
        assert np.allclose(table[column], whole[column], rtol=1e-4, atol=1e-6)
    placed = table["chrom"].notna()
    assert placed.any() and not placed.all()  # shuffles have a name and no place
    one = table[placed].iloc[0]
    assert one["name"].startswith(f"{one['chrom']}:{int(one['start'])}-{int(one['end'])}")
    assert whole["start"].isna().equals(whole["chrom"].isna())

    told = json.loads(Path("MAFK.predicted.json").read_text())
    assert told["seen"] == told["sequences"] == len(names) and told["length"] == 200
    (task,) = told["models"][0]["tasks"]
    assert sum(task["counts"]) == len(names) and len(task["top"]) == 20
    assert task["above_half"] == int((whole["probability:MAFK"] >= 0.5).sum())


def test_without_the_data_set_and_any_calibration(
    root: Path, earlier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_windows(earlier, slice(3))
    ask(root, monkeypatch, earlier, "own.fa", "dataset.parquet", "predictions.parquet")
    table = pd.read_csv("MAFK.predicted.tsv", sep="\t")
    assert table["likeness"].isna().all() and "probability:MAFK" not in table.columns
    told = json.loads(Path("MAFK.predicted.json").read_text())
    assert "not there" in told["likeness"]["reason"]


def test_a_table_is_read_as_a_fasta_is(
    root: Path, earlier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_windows(earlier, slice(4))
    ask(root, monkeypatch, earlier, "own.fa")
    first = Path("MAFK.predicted.tsv").read_text()
    records = (earlier / "own.fa").read_text().split(">")[1:]
    rows = "".join(record.replace("\n", "\t", 1) for record in records)
    (earlier / "own.tsv").write_text(f"name\tsequence\n{rows}")
    ask(root, monkeypatch, earlier, "own.tsv")
    assert Path("MAFK.predicted.tsv").read_text() == first


def test_sequences_are_padded_as_those_of_the_assay(tmp_path: Path) -> None:
    (tmp_path / "reads.fa").write_text(">a\nACGTACGTAC\n>b\nTTACGTACGTACTT\n")
    found = read_sequences(tmp_path / "reads.fa", "reads.fa", Shape(16, 3), None)
    assert dna.decode(found.codes) == ["NNNACGTACGTACNNN"] * 2


def test_places_are_those_of_the_sequences_without_their_n(tmp_path: Path) -> None:
    """The first base of what the model reads is 3 before; tables tell where the bases are."""
    text = ">chr1:100-110(+)\nACGTACGTAC\n>chr1:50-64(-)\nTTACGTACGTACTT\n>own\nACGTACGTAC\n"
    (tmp_path / "reads.fa").write_text(text)
    found = read_sequences(tmp_path / "reads.fa", "reads.fa", Shape(16, 3), None)
    assert found.start.tolist() == [97, 49, -3]
    write_located(found, tmp_path / "x.parquet")
    again = read_located(tmp_path / "x.parquet")
    assert again.pad == 3
    logits = np.zeros((1, 3, 1), np.float32)
    with PredictionWriter(tmp_path / "x", again, None) as writer:
        writer.add("explainn", Prediction(("a",), (1,), logits, None))
    table = pd.read_csv(tmp_path / "x.predicted.tsv", sep="\t")
    whole = pq.read_table(tmp_path / "x.predicted.parquet").to_pandas()
    for frame in (table, whole):
        assert frame["start"][:2].tolist() == [100, 52] and frame["start"][2:].isna().all()
        assert frame["end"][:2].tolist() == [110, 62]


LINKER = "GTCTGTGTTCCGTTGTCCGTGCTG"


def probes(tmp_path: Path) -> tuple[list[str], Dataset]:
    """Probes of 60 bp whose last 24 are cut off, as in training."""
    rng = np.random.default_rng(3)
    heads = dna.decode(rng.integers(0, 4, (60, 36)).astype(np.uint8))
    table = "".join(f"{n}\t{head}{LINKER}\n" for n, head in enumerate(heads, 1))
    made = prepared(prepare_pbm, tmp_path, {"a.txt": table}, linker="cut")
    return [head + LINKER for head in heads], made.dataset


def reads(tmp_path: Path) -> tuple[list[str], Dataset]:
    """Reads of which a barcode of 7 and a constant part of 9 are cut off."""
    given = [f"AAACCCG{text}{'T' * 9}" for text in texts(100, 40)]
    options = {"trim_left": 7, "trim_right": 9}
    return given, prepared(prepare_smileseq, tmp_path, {"a.fq": fastq(given)}, **options).dataset


@pytest.mark.parametrize("make", [probes, reads])
def test_untrimmed_sequences_are_cut_as_in_training(
    tmp_path: Path, make: Callable[[Path], tuple[list[str], Dataset]]
) -> None:
    """Not to their middle, which is other bases than those that the model knows."""
    given, dataset = make(tmp_path)
    write_dataset(dataset, tmp_path / "d.parquet")
    shape = shape_of_meta(read_dataset(tmp_path / "d.parquet").meta)
    (tmp_path / "p.fa").write_text("".join(f">{n}\n{text}\n" for n, text in enumerate(given)))
    found = read_sequences(tmp_path / "p.fa", "p.fa", shape, None)
    known = set(dna.decode(dataset.codes))
    assert set(dna.decode(found.codes)) <= known
    assert found.notes == {"as long as the assay's sequences, cut as these were": len(given)}
    for kind in (list, dna.encode):
        assert np.array_equal(cut_windows(kind(given), shape)[1], found.codes)
    # of sequences that are longer still it is the middle
    longer = cut_windows(["A" + given[0] + "A"], shape)[1]
    middle = (len(given[0]) + 2 - shape.inner) // 2
    assert dna.decode(longer)[0].strip("N") == f"A{given[0]}A"[middle:][: shape.inner]


def page(folder: Path, tmp_path: Path, faults: bool = False) -> dict[str, str]:
    """The sections of the page of answers, by their ids."""
    from nfexplainn.report.faults import with_faults

    params = {"apply": "some/results", "predict": "mine/own.fa", "kernel": "auto"}
    inputs = load_inputs([folder / "MAFK.predicted.json"], params, {"A": {"numpy": "2"}})
    if faults:
        inputs = with_faults(inputs, {"LONG": ["own.fa: 'a' has <b>20</b> bp."]})
    build_answers(inputs, tmp_path / "page")
    files = (tmp_path / "page").glob("*_mqc.json")
    return {path.stem: path.read_text() for path in files}


def test_the_page_answers_first(
    root: Path, earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_windows(earlier, slice(30))
    ask(root, monkeypatch, earlier, "own.fa")
    sections = page(earlier, tmp_path)
    summary = json.loads(sections["nfx_summary_main_mqc"])["data"]
    for said in ("1 model", "<code>results</code>", "<code>own.fa</code>", "30 sequences"):
        assert said in summary
    assert "nothing was trained" in summary and "with a probability of at least 0.5" in summary
    assert "their predictions there are no test" in summary
    assert "mine/" not in summary
    assert "nfx_status_main_mqc" not in sections
    assert "Platt" in sections["nfx_methods_main_mqc"]
    assert "nfx_predictions_distribution_mqc" in sections
    table = pd.read_csv(tmp_path / "page/tables/predictions.tsv", sep="\t")
    assert list(table["sequences"]) == [30] and table["calibrated"].all()


def test_the_page_says_who_could_not_be_asked(
    root: Path, earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_windows(earlier, slice(2))
    ask(root, monkeypatch, earlier, "own.fa")
    sections = page(earlier, tmp_path, faults=True)
    status = json.loads(sections["nfx_status_main_mqc"])["data"]
    assert "LONG" in status and "&lt;b&gt;20" in status


def test_strange_sequences_are_warned_of(
    root: Path, earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (earlier / "own.fa").write_text("".join(f">s{n}\n{'ACGT'[n % 4] * 200}\n" for n in range(4)))
    ask(root, monkeypatch, earlier, "own.fa")
    summary = json.loads(page(earlier, tmp_path)["nfx_summary_main_mqc"])["data"]
    assert "unlike the training data" in summary and "extrapolation" in summary


def test_sequences_of_n_are_warned_of(
    root: Path, earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have a prediction, which is of no bases, and no likeness that would tell."""
    texts = {"gap": "N" * 200, "much": "N" * 21 + "ACGTTGCAAC" * 18, "some": "N" * 20 + "CA" * 90}
    (earlier / "own.fa").write_text("".join(f">{n}\n{t[:200]}\n" for n, t in texts.items()))
    ask(root, monkeypatch, earlier, "own.fa")
    summary = json.loads(page(earlier, tmp_path)["nfx_summary_main_mqc"])["data"]
    assert "2 sequences of these are more than 10&nbsp;% N" in summary


@pytest.mark.parametrize("task_type", ["multiclass", "multilabel", "regression"])
def test_every_type_of_task(tmp_path: Path, task_type: str) -> None:
    """Two models of two sizes and different numbers of replicates, in one file."""
    dataset = planted(200, task_type)
    write_dataset(dataset, tmp_path / "demo.dataset.parquet")
    tasks = dataset.meta.tasks
    for model, units, replicates in (("explainn_u2", 2, (1, 2)), ("explainn_u3", 3, (1,))):
        config = config_for(dataset, units=units)
        for number in replicates:
            run = f"demo.{model}.r{number}"
            header = ModelHeader(
                "explainn", vars(config), tasks, task_type, dataset="demo", replicate=number
            )
            path = tmp_path / f"{run}.model.safetensors"
            save_model(path, initial_weights(config, number), header)
            evaluate(load_model(path).model, header, dataset, run=run, folder=tmp_path)
    found = group_files(tmp_path.iterdir(), tmp_path)["demo"]
    located = Located(
        list(dataset.names),
        dataset.codes,
        list(dataset.names),
        np.zeros(200, np.int64),
        np.ones(200, np.int8),
        {},
    )
    predict(found, located, PredictOptions(), tmp_path / "demo")
    whole = pq.read_table(tmp_path / "demo.predicted.parquet").to_pandas()
    assert len(whole) == 400 and list(found.models) == ["explainn_u2", "explainn_u3"]
    second = whole["model"] == "explainn_u3"
    assert whole.loc[second, f"logit:{tasks[0]}:r2"].isna().all()
    assert whole.loc[~second, f"logit:{tasks[0]}:r2"].notna().all()
    assert whole["chrom"].isna().all() and whole["start"].isna().all()
    chances = [f"probability:{task}" for task in tasks]
    if task_type == "regression":
        assert not set(chances) & set(whole.columns)
    elif task_type == "multiclass":
        assert np.allclose(whole[chances].sum(axis=1), 1, atol=1e-5)
    else:
        assert ((whole[chances] > 0) & (whole[chances] < 1)).all(axis=None)
    told = json.loads((tmp_path / "demo.predicted.json").read_text())
    assert [task["calibrated"] for task in told["models"][0]["tasks"]] == [
        task_type != "regression"
    ] * len(tasks)
    (tmp_path / "results").mkdir()
    shutil.move(tmp_path / "demo.predicted.json", tmp_path / "results")
    inputs = load_inputs([tmp_path / "results"], {"apply": "r", "predict": "p.fa"}, {})
    build_answers(inputs, tmp_path / "page")
    summary = (tmp_path / "page" / "nfx_summary_main_mqc.json").read_text()
    assert "2 models" in summary and "ExplaiNN, 2 units" in summary
    assert ("with a probability" in summary) == (task_type != "regression")


def test_no_sequence_and_equal_values_are_summed_up() -> None:
    one = Prediction(("a",), (1,), np.zeros((1, 0, 1), np.float32), np.zeros((0, 1)))
    (told,) = summarise(one, [])
    assert told["quantiles"] == {} and told["counts"] == [] and told["top"] == []
    assert histogram(np.array([2.0, 2.0]), False)[0].count(2) == 1
