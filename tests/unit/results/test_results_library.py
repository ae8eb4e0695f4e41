"""Results as a library, on a folder that version 0f4d03b wrote, and on what cannot be opened."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from nfexplainn import dna, open_results
from nfexplainn.analyses.explain.sequences import Located
from nfexplainn.analyses.predict.run import PredictOptions, predict
from nfexplainn.errors import UserError
from nfexplainn.evaluation.calibration import calibrate, write_calibration
from nfexplainn.models.checkpoint import load_model, save_model
from nfexplainn.results.files import find_files


@pytest.fixture
def earlier(root: Path, tmp_path: Path) -> Path:
    """A copy of the results of an earlier version, elsewhere."""
    folder = tmp_path / "moved"
    shutil.copytree(root / "tests" / "earlier_results", folder)
    return folder


def logits_of(folder: Path, replicate: int) -> pd.Series:
    path = folder / f"MAFK/explainn/MAFK.explainn.r{replicate}.predictions.parquet"
    frame = pq.read_table(path).to_pandas()
    return frame.set_index("name")["logit:MAFK"]


@pytest.mark.parametrize("below", ["", "MAFK"])
def test_predictions_are_those_of_the_training_run(earlier: Path, below: str) -> None:
    """To 1e-5: it was another machine's instruction set, perhaps."""
    results = open_results(earlier / below)
    model = results["MAFK"]["explainn"]
    dataset = results["MAFK"].dataset
    found = model.predict_codes(dataset.codes)
    assert found.replicates == (1, 2) and model.replicates == [1, 2]
    for place, replicate in enumerate(found.replicates):
        then = logits_of(earlier, replicate).loc[list(dataset.names)]
        assert np.allclose(found.logits[place, :, 0], then, atol=1e-5)
    assert np.allclose(found.mean[:, 0], found.logits[:, :, 0].mean(axis=0))
    assert (found.low <= found.mean + 1e-6).all() and (found.mean <= found.high + 1e-6).all()


def test_tables_are_frames(earlier: Path) -> None:
    results = open_results(earlier)
    assert list(results.motifs["unit"]) == ["unit_001", "unit_002"] * 2
    # Called "support" when these results were written.
    assert list(results.motifs["matched_in"]) == [1, 1, 1, 1]
    assert results.evidence.empty  # that version judged no groups
    assert set(results.metrics["replicate"]) == {1, 2}
    assert results["MAFK"].meta.length == 200 and results["MAFK"]["explainn"].header.tasks == (
        "MAFK",
    )
    assert "MAFK" in repr(results) and "explainn" in repr(results["MAFK"])
    assert results["MAFK"]["explainn"].load(2).header.replicate == 2


def test_a_calibration_that_was_not_stored_is_fitted_to_what_was(earlier: Path) -> None:
    texts = dna.decode(open_results(earlier)["MAFK"].dataset.codes)
    fitted = open_results(earlier).predict(texts)["probability:MAFK"]
    for replicate in (1, 2):
        stem = earlier / f"MAFK/explainn/MAFK.explainn.r{replicate}"
        frame = pq.read_table(f"{stem}.predictions.parquet").to_pandas()
        found = calibrate(
            frame[["label:MAFK"]].to_numpy(),
            frame[["logit:MAFK"]].to_numpy(),
            frame["split"].astype(str).to_numpy(),
            ["MAFK"],
            "binary",
        )
        write_calibration(found, f"{stem}.calibration.json")
        Path(f"{stem}.predictions.parquet").unlink()
    assert np.allclose(open_results(earlier).predict(texts)["probability:MAFK"], fitted)
    for replicate in (1, 2):
        (earlier / f"MAFK/explainn/MAFK.explainn.r{replicate}.calibration.json").unlink()
    assert "probability:MAFK" not in open_results(earlier).predict(texts).columns


@pytest.mark.parametrize("kind", [list, dict, pd.Series, dna.encode])
def test_sequences_of_any_kind_are_cut_to_the_middle(earlier: Path, kind: type) -> None:
    results = open_results(earlier)
    texts = dna.decode(results["MAFK"].dataset.codes[:3])
    longer = [f"AC{text}GT" for text in texts]
    given = kind(zip("xyz", longer, strict=True)) if kind is dict else kind(longer)
    found = results.predict(given)
    assert np.allclose(found["mean:MAFK"], results.predict(texts)["mean:MAFK"])
    assert next(iter(found["name"])) == {dict: "x", pd.Series: "0"}.get(kind, "1")
    assert found["likeness"].between(0, 100).all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["ACGT"], "sequence 1: it has 4 bp, but the model reads 200"),
        (["!" * 200], "sequence 1: it holds '!', which is not a DNA letter"),
        ([5], "sequence 1: this is int, not text"),
        (np.zeros((2, 9), np.uint8), r"shape \(2, 9\), but the model reads 200 bp"),
        (["A"] * 30, "20 more sequences have such mistakes"),
        (np.full((2, 200), 65, np.uint8), "the codes hold 65, but A, C, G, T and N are 0, 1, 2"),
    ],
)
def test_sequences_that_cannot_be_read(earlier: Path, given: object, said: str) -> None:
    with pytest.raises(UserError, match=said):
        open_results(earlier).predict(given)


def test_every_model_reads_what_a_generator_gives(earlier: Path) -> None:
    folder = earlier / "MAFK"
    for path in (folder / "explainn").glob("MAFK.explainn.r*.*"):
        shutil.copy(path, folder / path.name.replace("explainn", "explainn_u2", 1))
    results = open_results(earlier)
    for asked in (results, results["MAFK"]):
        found = asked.predict("ACGT" * 50 for _ in range(3))
        assert list(found["model"]) == ["explainn"] * 3 + ["explainn_u2"] * 3


def test_names_that_are_not_there_are_answered_with_those_that_are(earlier: Path) -> None:
    results = open_results(earlier)
    with pytest.raises(UserError, match=r"no data set 'CTCF'; there are MAFK\."):
        results["CTCF"]
    with pytest.raises(UserError, match=r"no model 'danq'; there are explainn\."):
        results["MAFK"]["danq"]
    with pytest.raises(UserError, match=r"no replicate 9; there are 1, 2\."):
        results["MAFK"]["explainn"].load(9)


def test_results_go_through_their_names_as_a_mapping_does(earlier: Path) -> None:
    results = open_results(earlier)
    assert list(results) == ["MAFK"] and len(results) == 1 and "CTCF" not in results
    assert list(results["MAFK"]) == ["explainn"] and "explainn" in results["MAFK"]


def test_folders_that_hold_no_model(earlier: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (tmp_path / "failed" / "pipeline_info").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("x")
    shutil.copytree(earlier / "MAFK" / "data", tmp_path / "untrained" / "MAFK" / "data")
    wanted = {
        "nowhere": "there is no such folder",
        "empty": "the folder is empty",
        "failed": "ended before any training",
        "other": "there is no <data set>/<model>",
        "untrained": "data sets and no trained model",
        "other/notes.txt": "this is a file",
    }
    for name, said in wanted.items():
        with pytest.raises(UserError, match=said) as told:
            open_results(tmp_path / name)
        assert name in str(told.value) and "\n" not in str(told.value)


def test_a_model_file_that_is_there_twice(earlier: Path) -> None:
    shutil.copytree(earlier / "MAFK" / "explainn", earlier / "MAFK" / "copy")
    with pytest.raises(UserError, match="a model of the same name"):
        open_results(earlier)


def test_replicates_that_do_not_belong_together(earlier: Path) -> None:
    path = earlier / "MAFK/explainn/MAFK.explainn.r2.model.safetensors"
    loaded = load_model(path)
    fields = {**vars(loaded.header), "tasks": ("other",)}
    save_model(path, loaded.model.weights(), type(loaded.header)(**fields))
    with pytest.raises(UserError, match="tasks or length differ"):
        open_results(earlier).predict(["A" * 200])


def resave(path: Path, **fields: object) -> None:
    """Write a model file again, with other fields in its header."""
    loaded = load_model(path)
    save_model(path, loaded.model.weights(), dataclasses.replace(loaded.header, **fields))


def test_replicates_of_other_training_data_are_no_replicates(earlier: Path) -> None:
    """Two runs with one --outdir: the second left a replicate of the first where it was."""
    folder = earlier / "MAFK/explainn"
    third = folder / "MAFK.explainn.r3.model.safetensors"
    shutil.copy(folder / "MAFK.explainn.r1.model.safetensors", third)
    resave(third, replicate=3, dataset_digest="0" * 64)
    with pytest.raises(UserError, match=r"r3\.model.*trained on other sequences than.*r1\.model"):
        open_results(earlier).predict(["A" * 200])
    resave(third, dataset_digest="")  # of a file that does not say
    assert len(open_results(earlier).predict(["A" * 200])) == 1


def test_a_model_of_other_data_than_those_that_are_there(earlier: Path) -> None:
    for replicate in (1, 2):
        path = earlier / f"MAFK/explainn/MAFK.explainn.r{replicate}.model.safetensors"
        resave(path, dataset_digest="0" * 64)
    with pytest.raises(UserError, match=r"not trained on the sequences of .*MAFK\.dataset"):
        open_results(earlier).predict(["A" * 200])
    (found,) = find_files(earlier).values()
    located = Located(["a"], np.zeros((1, 200), np.uint8), ["a"], np.zeros(1), np.ones(1), {})
    with pytest.raises(UserError, match=r"not trained on the sequences of .*MAFK\.dataset"):
        predict(found, located, PredictOptions(), earlier / "MAFK")
    assert not list(earlier.glob("*.predicted.*"))


def test_a_broken_model_and_a_foreign_calibration(earlier: Path) -> None:
    stem = earlier / "MAFK/explainn/MAFK.explainn.r1"
    text = '{"format_version": 1, "method": "platt", "task_type": "binary", "tasks": ["b"],'
    Path(f"{stem}.calibration.json").write_text(
        text + ' "log_slope": [0], "offset": [0], "sequences": [1], "unseen": []}'
    )
    with pytest.raises(UserError, match="calibration is for other tasks"):
        open_results(earlier).predict(["A" * 200])
    path = Path(f"{stem}.model.safetensors")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match="not a readable safetensors file"):
        open_results(earlier).predict(["A" * 200])


def test_without_the_data_set_likeness_alone_is_missing(earlier: Path) -> None:
    shutil.rmtree(earlier / "MAFK" / "data")
    results = open_results(earlier)
    found = results.predict(["ACGT" * 50])
    assert found["likeness"].isna().all() and found["mean:MAFK"].notna().all()
    with pytest.raises(UserError, match=r"MAFK\.dataset\.parquet is not there"):
        _ = results["MAFK"].dataset


def test_the_package_itself_stays_light(root: Path) -> None:
    code = "import sys, nfexplainn; assert not {'numpy', 'pyarrow', 'pandas'} & set(sys.modules)"
    env = {**os.environ, "PYTHONPATH": str(root / "bin")}
    subprocess.run([sys.executable, "-c", code], check=True, env=env)
    with pytest.raises(AttributeError, match="no attribute 'open_result'"):
        _ = __import__("nfexplainn").open_result
