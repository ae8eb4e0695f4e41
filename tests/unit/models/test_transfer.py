"""Transfer: trained models of any kind become units, and not a bit of them changes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nfexplainn.analyses.transfer.units import plugged_units
from nfexplainn.errors import UserError
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.models.checkpoint import ModelHeader
from nfexplainn.models.explainn import ExplaiNN, ExplaiNNConfig
from nfexplainn.models.modules import load_module, save_module
from nfexplainn.models.pretrained import fill_sources, fitting, read_sources
from nfexplainn.models.registry import build
from nfexplainn.models.torch_model import TorchModel
from nfexplainn.models.transfer import TransferModel, fit_length
from nfexplainn.models.transfer_config import TransferConfig
from nfexplainn.models.units import reverse_complement
from nfexplainn.training.loop import TrainingOptions
from nfexplainn.training.torch_learner import seeded, train_module
from nfexplainn.training.transfer import train_transfer
from training_fixtures import LENGTH, planted, quiet

CPU = torch.device("cpu")


class Foreign(nn.Module):
    """Somebody's network over channels (B, 4, length)."""

    def __init__(self, outputs: int, length: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 5, 7)
        self.norm = nn.BatchNorm1d(5)
        self.dense = nn.Linear(5 * (length - 6), outputs)

    def forward(self, channels: Tensor) -> Tensor:
        """Give (B, outputs)."""
        return self.dense(torch.relu(self.norm(self.conv(channels))).flatten(1))


def explainn(folder: Path, name: str, tasks: tuple[str, ...] = ("a",), **changes: Any) -> Path:
    """Write an ExplaiNN file with statistics that training has moved."""
    shape: dict[str, Any] = {
        "units": 4,
        "filter_length": 9,
        "hidden": 5,
        "length": LENGTH,
    } | changes
    model = seeded(len(name), lambda: ExplaiNN(ExplaiNNConfig(tasks=len(tasks), **shape)))
    codes = torch.randint(0, 4, (64, shape["length"]), dtype=torch.uint8)
    model.train()
    for _ in range(3):
        model(codes)
    path = folder / f"{name}.model.safetensors"
    header = ModelHeader("explainn", dataclasses.asdict(model.config), tasks, dataset=name)  # type: ignore[call-overload]
    save_module(path, model.eval(), header)
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Models of every kind: ours, ours of another length, the authors', and foreign programs."""
    torch.manual_seed(3)
    found = [
        explainn(tmp_path, "one.explainn.r1", ("a", "b")),
        explainn(tmp_path, "longer.explainn.r1", length=LENGTH + 9),
        explainn(tmp_path, "shorter.explainn.r1", length=LENGTH - 7),
    ]
    weights = seeded(1, lambda: ExplaiNN(ExplaiNNConfig(LENGTH, 2, units=3, filter_length=19)))
    torch.save(weights.state_dict(), tmp_path / "authors.pth")
    example = torch.rand(2, 4, LENGTH)
    scripted = torch.jit.trace(Foreign(2, LENGTH).eval(), example)
    scripted.save(str(tmp_path / "scripted.pt"))
    batch = torch.export.Dim("batch", min=1, max=100_000)
    program = torch.export.export(
        Foreign(1, LENGTH - 4).eval(), (torch.rand(2, 4, LENGTH - 4),), dynamic_shapes=({0: batch},)
    )
    torch.export.save(program, tmp_path / "exported.pt2")
    return [*found, *(tmp_path / n for n in ("authors.pth", "scripted.pt", "exported.pt2"))]


def over(paths: list[Path], head: str, tasks: int = 1, seed: int = 5) -> TransferModel:
    sources = read_sources(paths, dataset_length=LENGTH, trust_programs=True)
    config = {"length": LENGTH, "tasks": tasks, "sources": tuple(s.config for s in sources)}
    model = seeded(seed, lambda: build(head, config))
    assert isinstance(model, TransferModel)
    fill_sources(model, sources)
    return model


def frozen_state(model: TransferModel) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in model.sources.state_dict().items()}


def some_codes(n: int = 12, length: int = LENGTH) -> Tensor:
    return torch.randint(0, 5, (n, length), dtype=torch.uint8)


def test_every_kind_of_file_gives_its_own_outputs_as_units(files: list[Path]) -> None:
    model = over(files, "single_layer")
    names = [(source.name, len(source.tasks)) for source in model.config.sources]
    assert names == [
        ("authors", 2),
        ("exported", 1),
        ("longer.explainn.r1", 1),
        ("one.explainn.r1", 2),
        ("scripted", 2),
        ("shorter.explainn.r1", 1),
    ]
    codes = some_codes()
    outputs = model.source_outputs(codes)
    assert outputs.shape == (12, 9)
    # By hand: ours through its own file, the program through torch's own loader.
    one = load_module(files[0]).model
    scripted = torch.jit.load(str(files[4]))
    with torch.inference_mode():
        mean = (one(codes) + one(reverse_complement(codes))) / 2
        assert torch.allclose(outputs[:, 4:6], mean, atol=1e-6)

        def foreign(of: Tensor) -> Tensor:
            return scripted(nn.functional.one_hot(of.long(), 5)[..., :4].float().transpose(1, 2))

        mean = (foreign(codes) + foreign(reverse_complement(codes))) / 2
        assert torch.allclose(outputs[:, 6:8], mean, atol=1e-6)


def test_lengths_are_cut_and_padded_in_the_middle_and_said(files: list[Path]) -> None:
    codes = torch.arange(10, dtype=torch.uint8)[None] % 4
    assert fit_length(codes, 6).tolist() == [codes[0, 2:8].tolist()]
    assert fit_length(codes, 13).tolist() == [[4, *codes[0].tolist(), 4, 4]]
    assert fit_length(codes, 10).tolist() == codes.tolist()
    sources = read_sources(files, dataset_length=LENGTH, trust_programs=True)
    said = {source.config.name: fitting(source.config, LENGTH) for source in sources}
    assert said["one.explainn.r1"] == ""
    assert said["shorter.explainn.r1"] == "shorter.explainn.r1 reads the middle 33 of the 40 bp"
    assert "reads 49 bp: the 40 bp are padded with N on both sides" in said["longer.explainn.r1"]
    assert "reads the middle 36" in said["exported"]


@pytest.mark.parametrize("head", ["single_layer", "nam"])
def test_training_changes_nothing_of_the_sources(files: list[Path], head: str) -> None:
    data = planted(300, "regression")
    model = over(files, head)
    before = frozen_state(model)
    start = {name: tensor.clone() for name, tensor in model.head.state_dict().items()}
    options = TrainingOptions(max_epochs=3, batch_size=50, recipe="paper")
    result = train_transfer(model, data, options, device=CPU, report=quiet)
    after = model.sources.state_dict()
    assert before.keys() == after.keys() and any("running_mean" in name for name in before)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not torch.equal(model.head.final.weight, start["final.weight"])
    assert not result.both_strands  # every source is a mean over the strands
    # In training mode, too, the sources stay in evaluation mode.
    model.train()
    assert model.head.training and not any(m.training for m in model.sources.modules())
    model(some_codes())
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("head", ["single_layer", "nam"])
def test_logits_are_the_sum_of_weight_times_unit(files: list[Path], head: str) -> None:
    model = over(files, head, tasks=3).eval()
    codes = some_codes()
    with torch.inference_mode():
        units = model.unit_outputs(codes)
        logits = model.final.bias + units @ model.final.weight.T
        assert torch.allclose(model(codes), logits, atol=1e-5)
        if head == "single_layer":
            assert torch.equal(units, model.source_outputs(codes))
            return
        assert (units < 0).any()  # no last ReLU
        # Unit 0 hears only its own source: all others' outputs may be anything.
        inputs = model.source_outputs(codes)
        changed = torch.cat([inputs[:, :1], torch.randn(len(inputs), inputs.shape[1] - 1)], dim=1)
        assert torch.allclose(model.head.unit_outputs(changed)[:, 0], units[:, 0], atol=1e-6)
        assert not torch.allclose(model.head.unit_outputs(changed)[:, 1], units[:, 1], atol=1e-3)


def test_the_number_of_trained_parameters_is_the_papers(files: list[Path]) -> None:
    def size(head: str) -> int:
        model = over(files, head, tasks=81)
        return sum(p.numel() for p in model.parameters() if p.requires_grad)

    units = 9
    assert size("single_layer") == units * 81 + 81
    assert size("nam") == units * (2 * 200 + 2 * 200 + 200 + 1) + units * 81 + 81


def test_precomputed_training_is_plain_training(files: list[Path]) -> None:
    data = planted(200, "regression")
    options = TrainingOptions(max_epochs=2, batch_size=40, reverse_complement=False, recipe="paper")
    plain, quick = over(files, "nam"), over(files, "nam")
    expected = train_module(plain, data, options, report=quiet)
    found = train_transfer(quick, data, options, device=CPU, report=quiet)
    assert [row.train_loss for row in found.history] == pytest.approx(
        [row.train_loss for row in expected.history], rel=1e-4
    )
    assert torch.allclose(quick.final.weight, plain.final.weight, atol=1e-4)


def test_a_source_that_knows_one_strand_is_trained_on_both(tmp_path: Path) -> None:
    path = explainn(tmp_path, "one.explainn.r1")
    loaded = load_module(path)
    save_module(path, loaded.model, dataclasses.replace(loaded.header, strand_symmetric=False))
    model = over([path], "single_layer")
    assert not model.symmetric
    options = TrainingOptions(max_epochs=1, recipe="paper")
    assert train_transfer(model, planted(), options, device=CPU, report=quiet).both_strands


def test_a_file_holds_all_that_it_needs(files: list[Path], tmp_path: Path) -> None:
    model = over(files, "nam", tasks=2).eval()
    header = ModelHeader("nam", dataclasses.asdict(model.config), ("a", "b"))
    save_module(tmp_path / "x.model.safetensors", model, header)
    for path in files:
        path.unlink()
    loaded = load_module(tmp_path / "x.model.safetensors", trust_programs=True)
    codes = some_codes().numpy()
    for strands in (True, False):
        expected = predict_logits(TorchModel(model), codes, average_strands=strands)
        found = predict_logits(TorchModel(loaded.model), codes, average_strands=strands)
        assert np.array_equal(found, expected)
    digests = [source["digest"] for source in loaded.header.config["sources"]]
    assert len(set(digests)) == 6 and all(len(digest) == 64 for digest in digests)
    # What was learnt by transfer can be a source itself.
    again = over([tmp_path / "x.model.safetensors"], "single_layer")
    assert again.config.units == 2 and again(some_codes()).shape == (12, 1)


def test_the_unit_that_says_the_target_is_first() -> None:
    data = planted(400, "regression")
    model = TransferModel.__new__(TransferModel)  # a stand-in for sources with known outputs

    class Known(nn.Module):
        """Outputs by the number of a sequence: the target, its opposite, and noise."""

        def __init__(self) -> None:
            super().__init__()
            self.table = {row.tobytes(): at for at, row in enumerate(data.codes)}
            noise = np.random.default_rng(0).normal(size=len(data.codes))
            target = data.labels[:, 0]
            self.values = torch.tensor(np.stack([noise, -target, target], 1), dtype=torch.float32)

        def forward(self, codes: Tensor) -> Tensor:
            """Look up."""
            return self.values[[self.table[row.tobytes()] for row in codes.numpy()]]

    nn.Module.__init__(model)
    from nfexplainn.models.transfer import UnitHead
    from nfexplainn.models.transfer_config import SourceConfig

    tasks = ("noise", "opposite", "target")
    source = SourceConfig("known", "0", "torchscript", tasks, LENGTH, both_strands=False)
    model.config = TransferConfig(LENGTH, 1, (source,))
    model.head = UnitHead("single_layer", model.config)
    model.sources = nn.ModuleList([Known()])
    with torch.no_grad():
        model.final.weight[:] = torch.tensor([[1.0, 1.0, 2.0]])
    logits = predict_logits(TorchModel(model, CPU), data.codes, average_strands=False)
    table = plugged_units(TorchModel(model, CPU), data, logits, both_strands=False).set_index(
        "source_task"
    )
    assert table.loc["target", "effect"] == pytest.approx(2, abs=1e-6)
    assert table.loc["opposite", "effect"] == pytest.approx(-1, abs=1e-6)
    assert list(table["rank"]) == [2, 3, 1]
    assert list(table["weight"]) == [1, 1, 2]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gone.pt", None, "there is no such pretrained model"),
        ("model.onnx", b"x", "a pretrained model cannot have this extension; give a *.safetensors"),
        ("broken.pt2", b"PK nothing", "this cannot be used as an exported program"),
        ("broken.pt", b"nothing", "this is not a readable checkpoint"),
        ("broken.pth", b"nothing", "this is not a readable checkpoint"),
        ("broken.model.safetensors", b"nothing", "this is not a readable safetensors file"),
    ],
)
def test_bad_files(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as error:
        read_sources([tmp_path / name], dataset_length=LENGTH, trust_programs=True)
    assert says in str(error.value) and name in str(error.value)


def test_an_output_that_is_no_number_is_told_with_its_file(tmp_path: Path) -> None:
    path = explainn(tmp_path, "large")
    model = over([path], "single_layer")
    with torch.no_grad():
        next(iter(model.sources[0].parameters())).fill_(3e38)
    says = "my/large.pth: its output a is not a finite number for some sequences of"
    with pytest.raises(UserError, match=says):
        train_transfer(
            model,
            planted(),
            TrainingOptions(recipe="paper"),
            device=CPU,
            files=["my/large.pth"],
            report=quiet,
        )


def test_programs_that_do_not_fit_and_names_that_clash(tmp_path: Path) -> None:
    traced = torch.jit.trace(Foreign(1, 31).eval(), torch.rand(2, 4, 31))
    traced.save(str(tmp_path / "short.pt"))
    with pytest.raises(UserError, match="give --pretrained_length"):
        read_sources([tmp_path / "short.pt"], dataset_length=LENGTH, trust_programs=True)
    assert read_sources(
        [tmp_path / "short.pt"], length=31, dataset_length=LENGTH, trust_programs=True
    )
    one = explainn(tmp_path, "same")
    other = tmp_path / "same.safetensors"
    other.write_bytes(one.read_bytes())
    with pytest.raises(UserError, match="another pretrained model called same"):
        read_sources([one, other], dataset_length=LENGTH)
    with pytest.raises(UserError, match="give --pretrained"):
        build("nam", {"length": LENGTH, "tasks": 1})
    model = over([one], "single_layer")
    options = TrainingOptions()  # robust
    with pytest.raises(UserError, match="recipe robust changes the sequences"):
        train_transfer(model, planted(), options, device=CPU, report=quiet)
