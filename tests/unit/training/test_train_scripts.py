"""train.py, evaluate.py and baseline.py, as the pipeline calls them."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta, write_dataset
from nfexplainn.data.shuffle import dinucleotide_shuffle
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.models import registry
from nfexplainn.models.checkpoint import ModelHeader, load_model
from nfexplainn.models.modules import load_module, save_module
from training_fixtures import planted

OPTIONS = {
    "units": 8,
    "filter_length": 9,
    "hidden": 12,
    "max_epochs": 4,
    "batch_size": 32,
    "kernel": "torch",
    "loss": None,
    "width": 200,
    "replicate": 2,
}
RUN = "demo.explainn.r2"


def call(root: Path, script: str, *arguments: object, cwd: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, str(root / "bin" / script), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def read_tsv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def train_there(root: Path, folder: Path, dataset: Dataset) -> None:
    folder.mkdir()
    write_dataset(dataset, folder / "demo.dataset.parquet")
    (folder / "options.json").write_text(json.dumps(OPTIONS))
    data = ("--dataset", "demo.dataset.parquet", "--id", RUN)
    settings = ("--options", "options.json", "--seed", 5, "--threads", 1)
    done = call(root, "train.py", *data, *settings, "--device", "cpu", "--evaluate", cwd=folder)
    assert done.returncode == 0, done.stderr
    measured = [folder / f"{RUN}.{end}" for end in ("metrics.tsv", "predictions.parquet")]
    while_training = [path.read_bytes() for path in measured]
    model = ("--model", f"{RUN}.model.safetensors")
    place = ("--device", "cpu", "--kernel", "torch")  # the same kernel: the same bits
    evaluated = call(root, "evaluate.py", *model, *data, *place, cwd=folder)
    assert evaluated.returncode == 0, evaluated.stderr
    assert [path.read_bytes() for path in measured] == while_training
    assert "epoch 4/4" in done.stderr


def test_files_of_a_run(root: Path, tmp_path: Path) -> None:
    dataset = planted(300, "multilabel")
    dataset.labels[:20, 0] = np.nan
    for name in ("one", "two"):
        train_there(root, tmp_path / name, dataset)
    folder = tmp_path / "one"
    tables = ("history.tsv", "timing.tsv", "metrics.tsv", "model.tsv")
    made = {f"{RUN}.{end}" for end in ("model.safetensors", *tables)}
    made |= {f"{RUN}.calibration.json", f"{RUN}.predictions.parquet"}
    made |= {"demo.dataset.parquet", "options.json"}
    assert {path.name for path in folder.iterdir()} == made

    loaded = load_model(folder / f"{RUN}.model.safetensors", kernel="torch")
    header = loaded.header
    assert (header.dataset, header.replicate, header.seed) == ("demo", 2, 5)
    assert header.tasks == ("a", "b") and header.task_type == "multilabel"
    assert header.dataset_digest == dataset.digest()
    assert header.config["units"] == 8 and header.strand_symmetric
    assert header.training["loss"] == "bce" and header.training["batch_size"] == 32

    module = load_module(folder / f"{RUN}.model.safetensors").model
    size = sum(parameter.numel() for parameter in module.parameters())
    assert read_tsv(folder / f"{RUN}.model.tsv") == [
        {"architecture": "explainn", "parameters": str(size), "kernel": "torch"}
    ]
    history = read_tsv(folder / f"{RUN}.history.tsv")
    expected = "epoch train_loss valid_loss valid_metric learning_rate device best"
    assert list(history[0]) == expected.split()
    timing = read_tsv(folder / f"{RUN}.timing.tsv")
    assert list(timing[0]) == ["epoch", "seconds", "sequences_per_second"]
    assert [row["epoch"] for row in timing] == [row["epoch"] for row in history]
    assert len(history) == 4
    best = [row["epoch"] for row in history if row["best"] == "1"]
    assert best == [str(header.training["best_epoch"])]

    table = pq.read_table(folder / f"{RUN}.predictions.parquet")
    assert table.column("name").to_pylist() == dataset.names
    logits = predict_logits(loaded.model, dataset.codes, average_strands=True)
    assert np.array_equal(table.column("logit:b").to_numpy(), logits[:, 1])
    metrics = read_tsv(folder / f"{RUN}.metrics.tsv")
    assert {row["split"] for row in metrics} == {"train", "valid", "test"}
    assert {row["model"] for row in metrics} == {"explainn"}
    assert {row["replicate"] for row in metrics} == {"2"}
    for row in metrics:
        known = ~np.isnan(dataset.labels[dataset.rows(row["split"]), "ab".index(row["task"])])
        assert int(row["n"]) == known.sum()

    for name in made - {f"{RUN}.timing.tsv"}:  # its seconds are the clock's
        one, two = ((tmp_path / which / name).read_bytes() for which in ("one", "two"))
        assert one == two, name


@pytest.mark.parametrize("kernel", ["torch", "native"])
def test_divergence_is_a_result(root: Path, tmp_path: Path, kernel: str) -> None:
    dataset = planted(100, "regression")
    dataset.labels[dataset.rows("train")[0]] = np.inf
    write_dataset(dataset, tmp_path / "demo.dataset.parquet")
    (tmp_path / "options.json").write_text(json.dumps(OPTIONS | {"kernel": kernel}))
    data = ("--dataset", "demo.dataset.parquet", "--id", RUN, "--options", "options.json")
    done = call(root, "train.py", *data, "--seed", 9, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.glob(f"{RUN}*")} == {f"{RUN}.diverged.json"}
    told = json.loads((tmp_path / f"{RUN}.diverged.json").read_text())
    which = {"dataset": "demo", "model": "explainn", "replicate": 2, "seed": 9}
    assert which.items() <= told.items()
    assert "diverged" in told["reason"] and "Lower learning_rate" in told["advice"]


def test_only_a_robust_that_is_asked_for_is_refused_over_pretrained_models(
    root: Path, tmp_path: Path
) -> None:
    write_dataset(planted(100), tmp_path / "demo.dataset.parquet")
    model = root / "assets" / "demo" / "OCT4.explainn.r1.model.safetensors"
    arguments = ("--dataset", "demo.dataset.parquet", "--id", RUN, "--options", "options.json")
    settings = {"model": "single_layer", "max_epochs": 1}
    for recipe, code, said in (
        ({}, 0, "trained with the paper's recipe"),
        ({"recipe": "robust"}, 1, "recipe robust changes the sequences in every epoch"),
    ):
        (tmp_path / "options.json").write_text(json.dumps(settings | recipe))
        done = call(root, "train.py", *arguments, "--pretrained", model, cwd=tmp_path)
        assert done.returncode == code and said in done.stderr, done.stderr


def test_baseline(root: Path, tmp_path: Path) -> None:
    write_dataset(planted(300), tmp_path / "demo.dataset.parquet")
    arguments = ("--dataset", "demo.dataset.parquet", "--id", "demo", "--seed", 3)
    done = call(root, "baseline.py", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = read_tsv(tmp_path / "demo.baseline.tsv")
    assert {row["model"] for row in rows} == {"gc", "kmer4"}
    assert {row["replicate"] for row in rows} == {""}
    assert all(0 <= float(row["value"]) <= 1 for row in rows)


def test_baseline_does_not_wait_for_torch(root: Path) -> None:
    code = "import baseline, sys; print('torch' in sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=root / "bin", capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ('{"filter_length": 60}', "sequences are 40 bp long, but a filter of 60 bp"),
        ('{"loss": "mse"}', "loss 'mse' does not fit binary labels"),
        ("{", "options.json: this is not a readable JSON"),
    ],
)
def test_mistakes_are_a_sentence(root: Path, tmp_path: Path, options: str, message: str) -> None:
    write_dataset(planted(100), tmp_path / "demo.dataset.parquet")
    (tmp_path / "options.json").write_text(options)
    arguments = ("--dataset", "demo.dataset.parquet", "--options", "options.json", "--id", RUN)
    done = call(root, "train.py", *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.glob(f"{RUN}*"))


def test_model_of_another_data_set(root: Path, tmp_path: Path) -> None:
    header = ModelHeader("explainn", {"length": 40, "tasks": 1, "units": 3}, ("a",))
    save_module(tmp_path / "x.model.safetensors", registry.build("explainn", header.config), header)
    write_dataset(planted(100, "multilabel"), tmp_path / "other.parquet")
    model = ("--model", "x.model.safetensors", "--dataset", "other.parquet")
    done = call(root, "evaluate.py", *model, "--id", RUN, "--device", "cpu", cwd=tmp_path)
    assert done.returncode == 1
    assert "the model is for 40 bp and the tasks a, but other.parquet has" in done.stderr
    assert not list(tmp_path.glob(f"{RUN}*"))


def test_real_peaks(data_dir: Path) -> None:
    """FOXA1 in HepG2 against dinucleotide shuffles: the default model, a few epochs."""
    from nfexplainn.evaluation.metrics import compute_metrics
    from nfexplainn.models.config import ExplaiNNConfig
    from nfexplainn.models.explainn_weights import initial_weights
    from nfexplainn.training.loop import TrainingOptions
    from training_fixtures import train_weights

    path = data_dir / "chipseq" / "FOXA1_HepG2.train_pos.fa.gz"
    with gzip.open(path, "rt") as lines:
        sequences = [line.strip() for line in lines if not line.startswith(">")][:1000]
    positives = dna.encode(sequences)
    codes = np.concatenate([positives, dinucleotide_shuffle(positives, 1)])
    labels = np.repeat([1.0, 0.0], len(positives)).astype(np.float32)[:, None]
    part = np.random.default_rng(0).choice(["train", "valid"], len(positives), p=[0.8, 0.2])
    names = [f"s{i}" for i in range(len(codes))]
    meta = DatasetMeta("foxa1", "sequences", "binary", ("FOXA1",), codes.shape[1], True, 0)
    dataset = Dataset(meta, names, codes, np.tile(part, 2), labels)
    config, options = ExplaiNNConfig(codes.shape[1], 1), TrainingOptions(max_epochs=4, seed=1)
    model, _ = train_weights("native", config, initial_weights(config, 1), dataset, options)
    at = dataset.rows("valid")
    logits = predict_logits(model, codes[at], average_strands=True)
    found = {m.metric: m.value for m in compute_metrics(labels[at], logits, ("FOXA1",), "binary")}
    assert found["auroc"] is not None and found["auroc"] >= 0.93


def test_no_statistics_library_is_loaded_for_training(root: Path) -> None:
    code = (
        "import nfexplainn.training.loop, nfexplainn.evaluation.metrics, sys;"
        "print({'sklearn', 'scipy', 'pandas'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=root / "bin", capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
