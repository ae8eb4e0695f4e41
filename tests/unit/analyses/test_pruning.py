"""A pruned model: the sum over the units that are kept, in a file that all readers take."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

import report_fixtures as fixtures
from evidence_fixtures import simulated
from nfexplainn import dna
from nfexplainn.analyses.pruning.prune import (
    PRUNED_COLUMNS,
    Chosen,
    chosen_units,
    prune_weights,
    pruned_header,
    refitted_bias,
)
from nfexplainn.data.dataset import Dataset, DatasetMeta, write_dataset
from nfexplainn.evaluation import metrics
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.evidence.removal import Target
from nfexplainn.evidence.tables import evidence_replicate
from nfexplainn.interpret.columns import EVIDENCE_COLUMNS, MINIMAL_COLUMNS
from nfexplainn.interpret.outputs import StoredOutputs, kept_rows, read_outputs, write_outputs
from nfexplainn.io.tsv import iterate_tsv, write_tsv
from nfexplainn.models.checkpoint import ModelHeader, load_model, read_checkpoint, save_model
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import expected_weights, initial_weights
from nfexplainn.page.load import load_inputs
from nfexplainn.report.build import build_report

LENGTH, TASKS, UNITS = 40, ("a", "b"), 9
RUN = "d.explainn.r2"
KEPT = [1, 4, 7]


def data_set(n: int = 120) -> Dataset:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (n, LENGTH)).astype(np.uint8)
    labels = (rng.random((n, 2)) < 0.4).astype(np.float32)
    labels[:9, 1] = np.nan
    split = np.array(["train", "train", "valid", "test"])[np.arange(n) % 4]
    meta = DatasetMeta("d", "sequences", "multilabel", TASKS, LENGTH, True, 1)
    return Dataset(meta, [f"s{at}" for at in range(n)], codes, split, labels)


def weights_of(config: ExplaiNNConfig, seed: int = 0) -> dict[str, np.ndarray]:
    """Random weights, running moments and final layer included."""
    rng = np.random.default_rng(seed)
    weights = initial_weights(config, seed)
    for name, array in weights.items():
        if name.endswith(("running_var", "running_mean")):
            weights[name] = rng.uniform(0.5, 1.5, array.shape).astype(np.float32)
    return weights


def write_inputs(folder: Path, minimal: list[tuple[str, str]]) -> Dataset:
    """Write the data set, a model, its outputs, and which groups are chosen."""
    dataset = data_set()
    write_dataset(dataset, folder / "d.dataset.parquet")
    config = ExplaiNNConfig(LENGTH, 2, UNITS, filter_length=7, hidden=5)
    training = {"loss": "bce", "initial_profiles": [f"p{unit}" for unit in range(UNITS)]}
    header = ModelHeader(
        "explainn", config.__dict__, TASKS, "multilabel", True, training, "d", "", 2, 5
    )
    path = folder / f"{RUN}.model.safetensors"
    save_model(path, weights_of(config), header)
    model = load_model(path).model
    both = (dataset.codes, dna.reverse_complement(dataset.codes))
    outputs = np.mean([model.unit_outputs(codes) for codes in both], axis=0).astype(np.float32)
    unseen = int((dataset.split == "test").sum())
    stored = StoredOutputs(
        kept_rows(dataset),
        outputs,
        np.zeros((unseen, UNITS), dtype=np.bool_),
        np.zeros((UNITS, 27, 5), dtype=np.int64),
        model.final_weight,
        model.final_bias,
        "bce",
    )
    write_outputs(stored, folder / f"{RUN}.outputs.npz")
    units = {"row_001": "r1:unit_001,r2:unit_005", "row_002": "r2:unit_002,r2:unit_008"}
    units |= {"row_003": "r1:unit_003", "row_004": "r2:unit_001"}
    for name, columns, rows in (
        ("minimal", MINIMAL_COLUMNS, [{"motif": m, "chosen": c} for m, c in minimal]),
        ("evidence", EVIDENCE_COLUMNS, [{"motif": m, "units": u} for m, u in units.items()]),
    ):
        cells = [[row.get(column) for column in columns] for row in rows]
        write_tsv(folder / f"d.explainn.{name}.tsv", columns, cells)
    return dataset


def prune(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = (f"{RUN}.model.safetensors", f"{RUN}.outputs.npz", "d.dataset.parquet")
    flags = ("--model", "--outputs", "--dataset", "--minimal", "--evidence")
    files = (*names, "d.explainn.minimal.tsv", "d.explainn.evidence.tsv")
    arguments = [part for flag, name in zip(flags, files, strict=True) for part in (flag, name)]
    script = root / "bin" / "prune.py"
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", [str(script), *arguments, "--id", RUN])
    runpy.run_path(str(script), run_name="__main__")


CHOSEN = [("", "true"), ("row_002", "true"), ("row_001", "true"), ("row_004", "false")]
CHOSEN += [("*", "false")]


def test_predictions_are_the_sum_over_the_kept_units(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = write_inputs(tmp_path, CHOSEN)
    prune(root, tmp_path, monkeypatch)
    whole = load_model(tmp_path / f"{RUN}.model.safetensors").model
    loaded = load_model(tmp_path / f"{RUN}.pruned.safetensors")
    assert loaded.model.config.units == 3
    stored = read_outputs(tmp_path / f"{RUN}.outputs.npz", dataset)
    replicate = evidence_replicate(2, stored, dataset)
    units = np.array(KEPT)
    bias = refitted_bias(replicate, "bce", units)
    outputs = whole.unit_outputs(dataset.codes)[:, KEPT].astype(float)
    expected = outputs @ whole.final_weight[:, KEPT].T.astype(float) + bias
    np.testing.assert_allclose(loaded.model.logits(dataset.codes), expected, atol=1e-6)

    # What the minimal model says of the same units, with its own bias.
    both = predict_logits(loaded.model, dataset.codes, average_strands=True)
    clusters = np.arange(len(dataset), dtype=np.int64)
    target = Target([replicate], "bce", slice(None), clusters)
    _, (logits,) = target.keep([units])
    test = dataset.rows("test")
    np.testing.assert_allclose(both[test], logits, atol=1e-5)
    (row,) = iterate_tsv(tmp_path / f"{RUN}.pruned.tsv")
    score = metrics.headline(dataset.labels[test], both[test], "multilabel")[1]
    assert float(row["value"]) == pytest.approx(score, abs=1e-5)
    assert (row["n_units"], row["n_kept"], row["groups"]) == ("9", "3", "row_002,row_001")
    assert row["units"] == "unit_002,unit_005,unit_008" and row["metric"] == "auprc"


def test_the_file_is_a_model_file_like_any_other(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_inputs(tmp_path, CHOSEN)
    prune(root, tmp_path, monkeypatch)
    path = tmp_path / f"{RUN}.pruned.safetensors"
    header, weights = read_checkpoint(path)
    config = ExplaiNNConfig(**header.config)
    shapes = {name: one.shape for name, one in expected_weights(config).items()}
    assert {name: array.shape for name, array in weights.items()} == shapes
    assert header.training["pruned"] == {
        "rows": ["row_002", "row_001"],
        "units": ["unit_002", "unit_005", "unit_008"],
    }
    assert header.training["initial_profiles"] == ["p1", "p4", "p7"]
    # Its parameters are a pretrained model's units.
    torch = pytest.importorskip("torch")
    from nfexplainn.models.modules import load_module

    module = load_module(path).model
    some = data_set().codes[:5]
    with torch.no_grad():
        found = module(torch.from_numpy(some)).numpy()
    np.testing.assert_allclose(found, load_model(path).model.logits(some), atol=1e-5)


@pytest.mark.parametrize("num_fc", [0, 1, 2, 4])
def test_every_depth_is_pruned_by_units(num_fc: int) -> None:
    """The arrays of a unit are the same whatever lies beside it."""
    config = ExplaiNNConfig(60, 1, 5, filter_length=7, num_fc=num_fc, hidden=3)
    weights = weights_of(config, 1)
    smaller, kept = prune_weights(config, weights, np.array([0, 3]), np.array([0.5]))
    assert smaller.units == 2 and kept["final.bias"].tolist() == [0.5]
    one, alone = prune_weights(config, weights, np.array([3]), np.array([0.5]))
    for name, expected in expected_weights(one).items():
        array = alone[name]
        assert array.shape == expected.shape and array.dtype == expected.dtype
        if name == "final.weight":
            np.testing.assert_array_equal(kept[name][:, 1:], array)
        elif array.ndim and name != "final.bias":
            np.testing.assert_array_equal(kept[name][len(array) :], array)


@pytest.mark.parametrize("kind", ["bce", "mse", "cross_entropy", "pearson"])
def test_the_bias_is_the_one_that_the_evidence_fits(kind: str) -> None:
    tasks = 1 if kind in ("bce", "mse") else 4
    replicate = simulated(tasks=tasks, kind=kind)
    units = np.array([0, 2])
    bias = refitted_bias(replicate, kind, units)
    target = Target([replicate], kind, slice(None), np.arange(600, dtype=np.int64))
    _, (logits,) = target.keep([units])
    found = replicate.contribution(replicate.unseen, units, slice(None)) + bias
    np.testing.assert_allclose(found, logits, atol=1e-9)


def test_a_correlation_of_one_task_keeps_the_mean() -> None:
    replicate = simulated(tasks=1, kind="pearson")
    bias = refitted_bias(replicate, "pearson", np.array([1]))
    left = replicate.contribution(replicate.train, np.array([1]), slice(None)) + bias
    whole = replicate.logits(replicate.train, slice(None))
    assert left.mean() == pytest.approx(whole.mean())


def test_a_replicate_without_a_chosen_unit_has_no_file(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_inputs(tmp_path, [("", "true"), ("row_003", "true"), ("*", "false")])
    prune(root, tmp_path, monkeypatch)
    (row,) = iterate_tsv(tmp_path / f"{RUN}.pruned.tsv")
    assert (row["n_kept"], row["value"], row["groups"]) == ("0", "", "row_003")
    assert float(row["whole_value"]) > 0
    assert not (tmp_path / f"{RUN}.pruned.safetensors").exists()


def test_the_units_are_those_of_the_replicate() -> None:
    minimal = [{"motif": "row_001", "chosen": "true"}, {"motif": "row_002", "chosen": "false"}]
    evidence = [
        {"motif": "row_001", "units": "r1:unit_012,r11:unit_003,r1:unit_002"},
        {"motif": "row_002", "units": "r1:unit_001"},
    ]
    assert chosen_units(minimal, evidence, 1).units.tolist() == [1, 11]
    assert chosen_units(minimal, evidence, 2).units.tolist() == []
    assert chosen_units([], evidence, 1).rows == ()


def test_a_header_without_profiles_gets_none() -> None:
    header = ModelHeader("explainn", {}, ("a",))
    config = ExplaiNNConfig(60, 1, 1)
    found = pruned_header(header, config, Chosen(("row_001",), np.array([6])))
    assert found.training == {"pruned": {"rows": ["row_001"], "units": ["unit_007"]}}
    assert found.config["units"] == 1


def test_the_page_shows_what_is_left(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", fixtures.DEMO[1:2])
    cells = dict.fromkeys(PRUNED_COLUMNS, "") | {"n_units": 30, "n_kept": 2, "metric": "auprc"}
    cells |= {"groups": "row_001,row_002", "value": 0.91, "whole_value": 0.92}
    fixtures.table(tmp_path / "in" / "OCT4.explainn.r1.pruned.tsv", [cells])
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "out")
    shown = json.loads((tmp_path / "out/nfx_evidence_pruned_models_mqc.json").read_text())
    (row,) = shown["data"].values()
    assert (row["score"], row["whole"]) == (0.91, 0.92) and "2 of 30" in row["kept"]
    (line,) = iterate_tsv(tmp_path / "out/tables/pruned.tsv")
    assert (line["dataset"], line["replicate"]) == ("OCT4", "1")
    methods = json.loads((tmp_path / "out/nfx_methods_main_mqc.json").read_text())["data"]
    assert "Models were pruned" in methods
