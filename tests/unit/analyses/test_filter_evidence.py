"""Groups of a network's filters on unseen sequences, against a network whose maps are replaced."""

from __future__ import annotations

import dataclasses
import json
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from torch import nn

from nfexplainn import dna
from nfexplainn.analyses.nullification import evidence
from nfexplainn.analyses.nullification.evidence import Network, filter_evidence, filter_rows
from nfexplainn.analyses.nullification.filters import With, nullify_filters
from nfexplainn.data.dataset import Dataset, DatasetMeta, write_dataset
from nfexplainn.evaluation.predict import predict_logits, write_predictions
from nfexplainn.evidence.naming import Named
from nfexplainn.evidence.row_tables import Judged
from nfexplainn.interpret.columns import EVIDENCE_COLUMNS, EVIDENCE_TASK_COLUMNS
from nfexplainn.interpret.filters import filter_motifs
from nfexplainn.interpret.options import AnnotateOptions, NullifyOptions
from nfexplainn.io.tsv import iterate_tsv
from nfexplainn.models.checkpoint import ModelHeader
from nfexplainn.models.config import ModelConfig
from nfexplainn.models.convnet import ConvNet
from nfexplainn.models.convnets import ConvNetShape, Convolution
from nfexplainn.models.modules import save_module
from nfexplainn.models.registry import build
from nfexplainn.models.torch_model import TorchModel
from nfexplainn.motifs.formats import read_meme, write_meme
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.simulation.sequences import background

BIN = Path(__file__).resolve().parents[3] / "bin"
WORD, LENGTH, FILTERS = "TGACTCAGCA", 50, 7
PLACES = [dna.ALPHABET.index(letter) for letter in WORD]
PLANTED = {1: (0, 3), 2: (5,)}
"""Filters that start from the word, by replicate; another replicate has none."""
SHAPE = ConvNetShape((Convolution(FILTERS, 13, pool=6),), dense=12, dropout=0.0)


def data_set(n: int = 1200, tasks: int = 1, folds: bool = False) -> Dataset:
    """Half of the sequences have the word; of a second task the labels are chance."""
    rng = np.random.default_rng(1)
    codes = background(n, LENGTH, rng)
    labels = rng.integers(0, 2, (n, tasks)).astype(np.float32)
    labels[:, 0] = np.arange(n) % 2
    for row, at in enumerate(rng.integers(0, LENGTH - len(WORD), n)):
        if labels[row, 0] and rng.random() < 0.8:
            codes[row, at : at + len(WORD)] = PLACES
    turned = rng.random(n) < 0.5
    codes[turned] = dna.reverse_complement(codes[turned])
    kind = "binary" if tasks == 1 else "multilabel"
    meta = DatasetMeta(
        id="d",
        assay="sequences",
        task_type=kind,
        tasks=tuple("abc"[:tasks]),
        length=LENGTH,
        strand_symmetric=True,
        seed=1,
    )
    names = [f"s{number}" for number in range(n)]
    split = np.array(["train", "valid", "test"])[np.repeat([0, 1, 2], [n // 2, n // 6, n // 3])]
    found = Dataset(meta, names, codes, split, labels)
    if not folds:
        return found
    fold = np.arange(n, dtype=np.int8) // 2 % 3
    return dataclasses.replace(
        found, meta=dataclasses.replace(meta, folds=3), split=np.array([]), fold=fold
    )


def trained(dataset: Dataset, planted: Sequence[int], seed: int) -> ConvNet:
    """Train a small network, some of whose filters start from the word."""
    torch.manual_seed(seed)
    tasks = len(dataset.meta.tasks)
    model = ConvNet("tiny", SHAPE, ModelConfig(length=LENGTH, tasks=tasks))
    convolution, norm = model.convolutions[0], model.convolutions[1]
    assert isinstance(convolution, nn.Conv1d) and isinstance(norm, nn.BatchNorm1d)
    with torch.no_grad():
        for index in planted:
            convolution.weight[index] = -0.3
            convolution.weight[index, PLACES, range(1, 1 + len(WORD))] = 0.3
            norm.bias[index] = -3.0  # so that only the word activates it
    convolution.requires_grad_(False)
    rows = dataset.rows("train")
    codes = torch.from_numpy(dataset.codes[rows])
    labels = torch.from_numpy(dataset.labels[rows])
    steps = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(4):
        for at in torch.randperm(len(rows)).split(100):
            steps.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(model(codes[at]), labels[at]).backward()
            steps.step()
    return model.eval()


def network(dataset: Dataset, model: ConvNet, with_: With = "mean") -> Network:
    """Read a network's filters as the pipeline does."""
    layer = model.first_layer()
    logits = predict_logits(TorchModel(model), dataset.codes, average_strands=True)
    rows = dataset.rows("train")[:200]
    influence = nullify_filters(layer, dataset, rows, with_=with_).squared.max(axis=1)
    return Network(layer, True, "bce", filter_motifs(layer, dataset, logits).sites, influence)


def known_motifs() -> MotifSet:
    rng = np.random.default_rng(0)
    motifs = [Motif("M0", "PLANTED", 0.88 * np.eye(4)[PLACES] + 0.03)]
    for number in range(1, 30):
        own = rng.integers(0, 4, 10)
        motifs.append(Motif(f"M{number}", f"OTHER{number}", 0.88 * np.eye(4)[own] + 0.03))
    return MotifSet(tuple(motifs))


def members_of(one: Named) -> list[tuple[int, int]]:
    return [(member.replicate, member.unit) for member in one.row.members]


Found = tuple[Dataset, dict[int, ConvNet], list[Named], Judged]


def judged(dataset: Dataset, replicates: Sequence[int], options: NullifyOptions) -> Found:
    models = {
        number: trained(dataset.of_replicate(number), PLANTED.get(number, ()), number)
        for number in replicates
    }
    networks = {
        number: network(dataset.of_replicate(number), model) for number, model in models.items()
    }
    rows = filter_rows(networks, known_motifs(), AnnotateOptions(), 20)
    found = filter_evidence(dataset, "tiny", networks, rows, options)
    assert found is not None
    return dataset, models, rows, found


@pytest.fixture(scope="module")
def one_split() -> Found:
    return judged(data_set(), (1, 2, 3), NullifyOptions(nullify_sequences=400, seed=5))


def of_word(found: Judged) -> int:
    """Place of the row of the planted word."""
    table = found.rows
    (id,) = table.loc[table["name"] == "PLANTED", "motif"].unique()
    return next(row for row, name in found.names.items() if name == id)


def test_the_planted_filters_are_one_supported_row_before_all_others(one_split: Found) -> None:
    _, _, rows, found = one_split
    table = found.rows
    assert tuple(table.columns) == EVIDENCE_COLUMNS
    assert tuple(found.tasks.columns) == EVIDENCE_TASK_COLUMNS
    first = table.iloc[0]
    assert first["name"] == "PLANTED" and first["supported"] == "true"
    members = {f"r{n}:filter_{at + 1:03d}" for n, own in PLANTED.items() for at in own}
    assert members <= set(first["units"].split(","))
    assert first["direction"] == "raises" and first["alone"] > 0.7
    assert first["found_in"] >= 2 and first["replicates"] == 3
    assert first["positives_with_site"] > 0.6 > 0.2 > first["negatives_with_site"]
    assert first["gain_low"] < first["gain"] < first["gain_high"]
    # Filters at random hear something of the word too, and each is worth far less.
    assert first["gain"] > 5 * table["gain"].iloc[1]
    assert not table["overlaps_with"].any()  # a network is no sum of its groups
    assert {motif.id for motif in found.motifs.motifs} == set(table["motif"])
    assert len(rows) == len(table)


def logits_without(
    model: ConvNet, codes: np.ndarray, filters: Sequence[int], values: np.ndarray
) -> np.ndarray:
    """Give logits of the network itself with maps replaced by a hook, mean over strands."""

    def replace(*parts: torch.Tensor) -> torch.Tensor:
        maps = parts[2].clone()
        maps[:, list(filters)] = torch.from_numpy(values)[list(filters)][None, :, None]
        return maps

    handle = model.convolutions[2].register_forward_hook(replace)
    found = predict_logits(TorchModel(model), codes, average_strands=True)
    handle.remove()
    return found.astype(np.float64)


def mean_maps(model: ConvNet, codes: np.ndarray) -> np.ndarray:
    both = torch.from_numpy(np.concatenate([codes, dna.reverse_complement(codes)]))
    with torch.no_grad():
        maps = model.first_layer().maps(both)
    return maps.mean(dim=(0, 2)).numpy()


def fitted_loss(train: tuple[np.ndarray, ...], test: tuple[np.ndarray, ...]) -> np.ndarray:
    """Give the loss of each test sequence with the bias that is best in training."""

    def loss(bias: float, z: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.logaddexp(0, z + bias) - y * (z + bias)

    best = minimize_scalar(lambda b: loss(b, *train).mean(), bracket=(-1, 1), tol=1e-10).x
    return loss(best, *test)


def test_gain_is_the_loss_without_less_that_with_by_hand(one_split: Found) -> None:
    dataset, models, rows, found = one_split
    chosen = evidence._some(dataset.rows("train"), 400, 5)
    test = dataset.rows("test")
    y = dataset.labels[:, 0].astype(np.float64)
    for row in (of_word(found), next(r for r in found.names if r != of_word(found))):
        own = []
        for (_, model), filters in zip(models.items(), rows[row].row.units(3), strict=True):
            values = mean_maps(model, dataset.codes[chosen])
            whole = logits_without(model, dataset.codes, [], values)[:, 0]
            without = logits_without(model, dataset.codes, filters.tolist(), values)[:, 0]
            losses = [
                fitted_loss((z[chosen], y[chosen]), (z[test], y[test])) for z in (without, whole)
            ]
            own.append((losses[0] - losses[1]).mean() if len(filters) else 0.0)
        line = found.rows[found.rows["motif"] == found.names[row]].iloc[0]
        assert line["gain"] == pytest.approx(np.mean(own), abs=1e-6)
        assert line["gain_sd_replicates"] == pytest.approx(np.std(own, ddof=1), abs=1e-6)
    base = np.mean(y[chosen])
    expected = -(y[test] * np.log(base) + (1 - y[test]) * np.log(1 - base)).mean()
    assert found.tasks["base_loss"].iloc[0] == pytest.approx(expected, abs=1e-6)


def test_tasks_are_tested_each_by_its_own_logit() -> None:
    options = NullifyOptions(nullify_sequences=400, nullify_with="zero")
    _, _, rows, found = judged(data_set(tasks=2), (1, 2), options)
    table = found.rows
    assert sorted(table["task"].unique()) == ["a", "b"]
    assert len(table) == 2 * len(rows)
    assert table.iloc[0]["task"] == "a" and table.iloc[0]["name"] == "PLANTED"
    assert set(table.loc[table["supported"] == "true", "task"]) == {"a"}  # b is chance


def test_a_network_of_three_tasks_is_the_sum_that_is_tested() -> None:
    dataset = data_set(240, tasks=3)
    model = trained(dataset, PLANTED[1], 1)
    own = network(dataset, model)
    groups = [np.array([0, 3]), np.array([], dtype=np.int64), np.array([2])]
    options = NullifyOptions(nullify_sequences=50, nullify_with="zero")
    test = dataset.rows("test").astype(np.int64)
    found = evidence._replicate(1, own, dataset, test, groups, options, None)
    zero = np.zeros(FILTERS, dtype=np.float32)
    whole = logits_without(model, dataset.codes, [], zero)
    for part in (found.train, found.unseen):
        np.testing.assert_allclose(found.logits(part, slice(None)), whole[part.rows], atol=1e-5)
        for row, filters in enumerate(groups):
            lost = whole - logits_without(model, dataset.codes, filters.tolist(), zero)
            units = evidence._terms(row, [filters], 3)[0]
            for tasks in (slice(None), slice(1, 2)):
                given = found.contribution(part, units, tasks)
                np.testing.assert_allclose(given, lost[part.rows][:, tasks], atol=1e-5)
    assert len(found.train.rows) == 50 and not len(found.valid.rows)


def test_with_folds_each_replicate_judges_its_own_fold() -> None:
    dataset = data_set(folds=True)
    _, _, _, found = judged(dataset, (1, 2, 3), NullifyOptions(nullify_sequences=400))
    assert found.tasks["unseen"].iloc[0] == len(dataset)
    first = found.rows.iloc[0]
    assert first["name"] == "PLANTED" and first["supported"] == "true"


def test_rows_and_sequences_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = data_set()
    model = trained(dataset, PLANTED[1], 1)
    networks = {1: network(dataset, model)}
    every = filter_rows(networks, known_motifs(), AnnotateOptions(), 1)
    sites = sorted(one.row.sites for one in every)
    few = filter_rows(networks, known_motifs(), AnnotateOptions(), sites[-1])
    assert [one.row.sites for one in few] == sites[-1:]
    monkeypatch.setattr(evidence, "MOST_ROWS", 2)
    monkeypatch.setattr(evidence, "MOST_UNSEEN", 150)
    two = filter_rows(networks, known_motifs(), AnnotateOptions(), 1)
    assert [members_of(one) for one in two] == [members_of(one) for one in every[:2]]
    influence = [networks[1].influence[one.row.members[0].unit] for one in every]
    assert influence == sorted(influence, reverse=True)
    found = filter_evidence(dataset, "tiny", networks, two, NullifyOptions(nullify_sequences=100))
    assert found is not None and found.tasks["unseen"].tolist() == [150]
    assert filter_evidence(dataset, "tiny", networks, [], NullifyOptions()) is None


def run(script: str, *arguments: str) -> None:
    """Run a script of the pipeline in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [script, *arguments])
        runpy.run_path(str(BIN / script), run_name="__main__")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the scripts leave of two replicates that were not trained."""
    place = tmp_path_factory.mktemp("filters")
    dataset = data_set(240)
    write_dataset(dataset, place / "d.dataset.parquet")
    write_meme(known_motifs(), place / "known.meme")
    settings = {"min_sites": 5, "nullify_sequences": 40, "kernel": "torch"}
    (place / "options.json").write_text(json.dumps(settings))
    for number in (1, 2):
        torch.manual_seed(number)
        model = build("cnn1", {"length": LENGTH, "tasks": 1}).eval()
        name = f"{place}/d.cnn1.r{number}"
        config = {"length": LENGTH, "tasks": 1}
        header = ModelHeader("cnn1", config, ("a",), "binary", training={"loss": "bce"})
        save_module(f"{name}.model.safetensors", model, header)
        logits = predict_logits(TorchModel(model), dataset.codes, average_strands=True)
        write_predictions(dataset, logits, f"{name}.predictions.parquet")
        common = ["--model", f"{name}.model.safetensors", "--dataset", f"{place}/d.dataset.parquet"]
        common += ["--predictions", f"{name}.predictions.parquet", "--out", str(place)]
        common += ["--options", f"{place}/options.json", "--id", f"d.cnn1.r{number}"]
        run("read_filters.py", *common)
        run("nullify.py", *common)
    return place


def arguments(folder: Path) -> list[str]:
    found = ["--id", "d.cnn1", "--dataset", f"{folder}/d.dataset.parquet"]
    for name, end in (
        ("models", "model.safetensors"),
        ("sites", "filters.npz"),
        ("influence", "nullification.tsv"),
    ):
        found += [f"--{name}", *(f"{folder}/d.cnn1.r{number}.{end}" for number in (1, 2))]
    found += ["--motif-set", f"{folder}/known.meme", "--options", f"{folder}/options.json"]
    return [*found, "--out", str(folder)]


def test_the_scripts_write_what_the_report_reads(folder: Path) -> None:
    run("judge_filters.py", *arguments(folder))
    table = list(iterate_tsv(folder / "d.cnn1.evidence.tsv"))
    assert tuple(table[0]) == EVIDENCE_COLUMNS
    assert 0 < len(table) <= 60 and {row["model"] for row in table} == {"cnn1"}
    assert all(int(row["sites"]) >= 5 for row in table)
    members = [unit for row in table for unit in row["units"].split(",")]
    assert len(members) == len(set(members))
    (task,) = iterate_tsv(folder / "d.cnn1.evidence_tasks.tsv")
    assert tuple(task) == EVIDENCE_TASK_COLUMNS
    assert (task["unseen"], task["rows"], task["loss_function"]) == ("80", str(len(table)), "bce")
    motifs = read_meme(folder / "d.cnn1.evidence.meme").motifs
    assert [motif.id for motif in motifs] == sorted(row["motif"] for row in table)


def test_without_groups_the_tables_are_empty(folder: Path) -> None:
    options = folder / "many.json"
    options.write_text(json.dumps({"min_sites": 1_000_000}))
    out = ["--options", str(options), "--out", str(folder / "none")]
    run("judge_filters.py", *arguments(folder), *out)
    for name in ("evidence", "evidence_tasks"):
        text = (folder / "none" / f"d.cnn1.{name}.tsv").read_text()
        assert text.startswith("dataset\tmodel\t") and text.count("\n") == 1
    assert not read_meme(folder / "none" / "d.cnn1.evidence.meme", allow_empty=True).motifs


def test_files_of_another_model_or_data_set_are_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tmp_path / "d.cnn1.r1.nullification.tsv"
    few.write_text("unit\ttask\tinfluence\nfilter_001\ta\t1\n")
    other = data_set(252)
    write_dataset(other, tmp_path / "e.dataset.parquet")
    second = f"{folder}/d.cnn1.r2.nullification.tsv"
    for changed, said in (
        (["--influence", str(few), second], f"{few}: 1 filters, but the model has 100;"),
        (
            ["--dataset", f"{tmp_path}/e.dataset.parquet"],
            "the sites are not those of the data set d;",
        ),
    ):
        with pytest.raises(SystemExit) as ended:
            run("judge_filters.py", *arguments(folder), *changed)
        assert ended.value.code == 1 and said in capsys.readouterr().err
