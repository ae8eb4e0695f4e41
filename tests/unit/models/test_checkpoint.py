"""Model files: one file is enough, the same model gives the same bytes, wrong files are named."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from nfexplainn import dna
from nfexplainn.errors import UserError
from nfexplainn.models.authors import read_authors_checkpoint
from nfexplainn.models.checkpoint import (
    ModelHeader,
    check_tasks,
    load_model,
    read_checkpoint,
    save_model,
)
from nfexplainn.models.explainn import ExplaiNN, ExplaiNNConfig
from nfexplainn.models.modules import load_module, save_module

CONFIG = ExplaiNNConfig(length=60, tasks=2, units=4, hidden=6)
HEADER = ModelHeader(
    "explainn",
    dataclasses.asdict(CONFIG),
    ("a", "b b"),
    task_type="multilabel",
    strand_symmetric=False,
    training={"learning_rate": 0.003, "best_epoch": 4, "best_valid_loss": 0.1 + 0.2},
    dataset="demo",
    dataset_digest="abc",
    replicate=2,
    seed=9,
    versions={"torch": "2"},
)
GOLDEN = "explainn_MAX_JUND_FOXA1_model_epoch_best_4.pth"


@pytest.fixture
def model() -> ExplaiNN:
    torch.manual_seed(0)
    return ExplaiNN(CONFIG).eval()


def test_round_trip(model: ExplaiNN, tmp_path: Path) -> None:
    path = tmp_path / "m.model.safetensors"
    save_module(path, model, HEADER)
    loaded = load_module(path)
    assert loaded.header == HEADER
    assert loaded.model.config == CONFIG
    assert not loaded.model.training
    codes = torch.randint(0, 5, (7, 60), dtype=torch.uint8)
    assert torch.equal(loaded.model(codes), model(codes))
    again = tmp_path / "again.model.safetensors"
    save_model(again, *reversed(read_checkpoint(path)))
    assert path.read_bytes() == again.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == [again.name, path.name]


def test_authors_model_gives_the_golden_logits(data_dir: Path) -> None:
    folder = data_dir / "models"
    header, _ = read_authors_checkpoint(folder / GOLDEN, tasks=("MAX", "FOXA1", "JUND"))
    assert header.config == dataclasses.asdict(ExplaiNNConfig(200, 3))
    assert header.tasks == ("MAX", "FOXA1", "JUND")
    text = (folder / "golden_inputs_200bp.fa").read_text().split(">")[1:]
    sequences = ["".join(entry.splitlines()[1:]) for entry in text]
    lines = (folder / "golden_logits_MAX_FOXA1_JUND.tsv").read_text().splitlines()
    golden = np.array([line.split("\t")[1:] for line in lines[1:]], dtype=np.float64)
    for kernel in ("auto", "torch"):
        model = load_model(folder / GOLDEN, kernel=kernel).model
        assert np.abs(model.logits(dna.encode(sequences)) - golden).max() < 1e-4


def test_authors_models_become_ours(data_dir: Path, tmp_path: Path) -> None:
    for name in (GOLDEN, "explainn_paper_checkpoint_model_epoch_best_5_.pth"):
        loaded = load_model(data_dir / "models" / name)
        save_model(tmp_path / "x.model.safetensors", loaded.model.weights(), loaded.header)
        again = load_model(tmp_path / "x.model.safetensors")
        codes = np.random.default_rng(0).integers(0, 4, (5, 200)).astype(np.uint8)
        assert np.array_equal(again.model.logits(codes), loaded.model.logits(codes))


def test_weights_may_lie_in_any_order_in_a_file(tmp_path: Path) -> None:
    config = ExplaiNNConfig(74, 3, units=5, filter_length=12, num_fc=2, hidden=9)
    state = {name: part.detach() for name, part in ExplaiNN(config).state_dict().items()}
    torch.save(state, tmp_path / "plain.pth")
    for name in ("linears.0.weight", "linears.6.weight"):
        state[name] = state[name].permute(2, 1, 0).contiguous().permute(2, 1, 0)
    state["final.weight"] = torch.nn.Parameter(state["final.weight"].t().contiguous().t())
    torch.save(state, tmp_path / "turned.pth")
    codes = np.random.default_rng(0).integers(0, 5, (5, 74)).astype(np.uint8)
    for kernel in ("auto", "torch"):
        plain, turned = (
            load_model(tmp_path / name, kernel=kernel).model for name in ("plain.pth", "turned.pth")
        )
        assert np.array_equal(turned.logits(codes), plain.logits(codes))


@pytest.mark.parametrize("num_fc", [0, 1, 2, 3, 4])
def test_shape_is_read_off_the_weights(num_fc: int, tmp_path: Path) -> None:
    config = ExplaiNNConfig(74, 3, units=5, filter_length=12, num_fc=num_fc, hidden=9)
    config = dataclasses.replace(config, hidden=9 if num_fc > 1 else 100)
    torch.save(ExplaiNN(config).state_dict(), tmp_path / "m.pth")
    header, _ = read_authors_checkpoint(tmp_path / "m.pth", length=74)
    assert ExplaiNNConfig(**header.config) == config
    shortest = load_model(tmp_path / "m.pth").model.config
    assert isinstance(shortest, ExplaiNNConfig)
    assert shortest.pooled_positions == config.pooled_positions
    assert shortest.length <= 74


class TestWrongFiles:
    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="no such file"):
            load_model(tmp_path / "nothing.model.safetensors")

    def test_not_safetensors(self, tmp_path: Path) -> None:
        path = tmp_path / "m.model.safetensors"
        for content in (b"", b"hello", b"\xff" * 100):
            path.write_bytes(content)
            with pytest.raises(UserError, match="not a readable safetensors"):
                load_model(path)

    def test_cut_off(self, model: ExplaiNN, tmp_path: Path) -> None:
        path = tmp_path / "m.model.safetensors"
        save_module(path, model, HEADER)
        path.write_bytes(path.read_bytes()[:-10])
        with pytest.raises(UserError, match="not a readable safetensors"):
            load_model(path)

    def test_of_another_program(self, tmp_path: Path) -> None:
        save_file({"x": torch.zeros(1)}, str(tmp_path / "m.safetensors"))
        with pytest.raises(UserError, match="not a model of nf-explainn"):
            load_model(tmp_path / "m.safetensors")

    def test_of_another_version(self, model: ExplaiNN, tmp_path: Path) -> None:
        path = tmp_path / "m.model.safetensors"
        save_module(path, model, HEADER)
        content = path.read_bytes()
        old = b'format_version\\":1'
        assert old in content
        path.write_bytes(content.replace(old, b'format_version\\":7'))
        with pytest.raises(UserError, match="model format 7, this release reads 1"):
            load_model(path)

    def test_pickle_is_not_run(self, tmp_path: Path) -> None:
        class Bomb:
            def __reduce__(self) -> tuple[object, ...]:
                return (Path.write_text, (tmp_path / "ran", "x"))

        torch.save({"linears.0.weight": Bomb()}, tmp_path / "m.pth")
        with pytest.raises(UserError, match="not a readable checkpoint") as told:
            load_model(tmp_path / "m.pth")
        # torch's own words advise the very thing that this is to prevent
        assert "weights_only" not in str(told.value)
        assert not (tmp_path / "ran").exists()

    def test_other_checkpoints(self, tmp_path: Path) -> None:
        path = tmp_path / "m.pth"
        path.write_text("text")
        with pytest.raises(UserError, match="not a readable checkpoint"):
            load_model(path)
        torch.save({"weight": torch.zeros(2)}, path)
        with pytest.raises(UserError, match="holds no ExplaiNN"):
            load_model(path)
        state = ExplaiNN(CONFIG).state_dict()
        del state["final.weight"]
        torch.save(state, path)
        with pytest.raises(UserError, match="not those of an ExplaiNN"):
            load_model(path)

    def test_wrong_length_or_tasks(self, tmp_path: Path) -> None:
        torch.save(ExplaiNN(CONFIG).state_dict(), tmp_path / "m.pth")
        with pytest.raises(UserError, match="60 to 66 bp"):
            read_authors_checkpoint(tmp_path / "m.pth", length=100)
        with pytest.raises(UserError, match="2 outputs, not 1"):
            read_authors_checkpoint(tmp_path / "m.pth", tasks=("x",))


def test_a_data_set_of_other_tasks_is_refused() -> None:
    check_tasks("m.safetensors", ("a", "b"), "d.parquet", ("a", "b"))
    sentence = (
        "m.safetensors: the model's tasks are a, b, but d.parquet has b, a; give the data set"
    )
    with pytest.raises(UserError, match=sentence):
        check_tasks("m.safetensors", ("a", "b"), "d.parquet", ("b", "a"))
