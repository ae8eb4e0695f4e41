"""Programs of others in model files: code, which nothing runs unless the user trusts it."""

from __future__ import annotations

import dataclasses
import io
import json
import runpy
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from nfexplainn.errors import UserError
from nfexplainn.models.checkpoint import ModelHeader, load_model
from nfexplainn.models.modules import load_module, save_module
from nfexplainn.models.pretrained import check_readable, fill_sources, read_sources
from nfexplainn.models.registry import build
from nfexplainn.models.transfer_config import SourceConfig, TransferConfig

LENGTH = 30
PLANTED = "PWNED"


class Foreign(nn.Module):
    """A network of somebody else's."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4 * LENGTH, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.layer(x.flatten(1))
        return found


class Writing(Foreign):
    """TorchScript needs no pickle to do harm."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        torch.save(x[:1], "PWNED")
        return x.sum(dim=(1, 2)).unsqueeze(1)


class Evil:
    """What pickle does with this leaves a file where it runs."""

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, (PLANTED, "w")


def exported(path: Path, evil: bool) -> Path:
    """Write an exported program, whose example inputs may be code."""
    batch = torch.export.Dim("batch", min=1, max=100_000)
    shapes = ({0: batch},)
    program = torch.export.export(
        Foreign().eval(), (torch.rand(2, 4, LENGTH),), dynamic_shapes=shapes
    )
    torch.export.save(program, path)
    if evil:
        content = io.BytesIO()
        torch.save((Evil(),), content)
        with zipfile.ZipFile(path) as archive:
            parts = {info.filename: archive.read(info) for info in archive.infolist()}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for name, part in parts.items():
                archive.writestr(name, content.getvalue() if "sample_inputs" in name else part)
    return path


def innocent(path: Path, program: Path, kind: str, depth: int = 1) -> Path:
    """Write a model file of ours that holds a program; with more depth, a model of a model."""
    content = program.read_bytes()
    source: Any = SourceConfig("x", "0" * 64, kind, ("a",), LENGTH, True, size=len(content))  # type: ignore[arg-type]
    for _ in range(depth):
        config = TransferConfig(length=LENGTH, tasks=1, sources=(source,))
        inner = dataclasses.asdict(config)
        source = SourceConfig("m", "0" * 64, "model", ("a",), LENGTH, True, "single_layer", inner)
    model = build("single_layer", inner)
    (buffer,) = (tensor for name, tensor in model.named_buffers() if name.endswith("content"))
    buffer.copy_(torch.frombuffer(bytearray(content), dtype=torch.uint8))
    save_module(path, model, ModelHeader("single_layer", inner, ("a",)))
    return path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_planted_code_is_code(place: Path) -> None:
    """What the other tests look for would be there if anything were run."""
    with pytest.raises(UserError, match="cannot be used as an exported program"):
        read_sources([exported(place / "e.pt2", True)], dataset_length=LENGTH, trust_programs=True)
    assert (place / PLANTED).exists()
    (place / PLANTED).unlink()
    torch.jit.script(Writing()).save(str(place / "e.pt"))
    read_sources([place / "e.pt"], dataset_length=LENGTH, trust_programs=True)
    assert (place / PLANTED).exists()


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("kind", ["exported", "torchscript"])
def test_a_program_is_refused_and_not_run(place: Path, kind: str, depth: int) -> None:
    """As a file of its own, and in a model file of ours, also deep inside."""
    path = place / ("e.pt2" if kind == "exported" else "e.pt")
    if kind == "exported":
        exported(path, True)
    else:
        torch.jit.script(Writing()).save(str(path))
    if depth:
        path = innocent(place / "innocent.model.safetensors", path, kind, depth)
        with pytest.raises(UserError, match="--trust_programs"):
            load_model(path)
    for name in (None, "given/by me"):
        with pytest.raises(UserError) as error:
            check_readable(path, name=name)
        with pytest.raises(UserError) as other:
            read_sources([path], dataset_length=LENGTH, names=[name] if name else ())
        assert str(error.value) == str(other.value)
        assert str(error.value).startswith(f"{name or path}: this model holds a program")
        assert "\n" not in str(error.value) and "--trust_programs" in str(error.value)
    assert not (place / PLANTED).exists()


def test_a_script_asks_for_trust(place: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(*more: str) -> dict[str, str]:
        arguments = ["--holds", "models", "--names", "names.json", "--files", "shared.pt2", *more]
        monkeypatch.setattr(sys, "argv", ["read_shared.py", *arguments])
        runpy.run_path(str(root / "bin" / "read_shared.py"), run_name="__main__")
        state: dict[str, str] = json.loads((place / "shared.status.json").read_text())
        return state

    exported(place / "shared.pt2", False)
    (place / "names.json").write_text('["their net.pt2"]')
    assert said()["reason"].startswith("their net.pt2: this model holds a program")
    assert said("--trust-programs")["state"] == "ok"


def test_what_is_trusted_is_used(place: Path) -> None:
    path = exported(place / "net.pt2", False)
    sources = read_sources([path], dataset_length=LENGTH, names=["my/net.pt2"], trust_programs=True)
    assert [source.config.name for source in sources] == ["net"]
    config = {"length": LENGTH, "tasks": 1, "sources": tuple(one.config for one in sources)}
    model = build("nam", config)
    fill_sources(model, sources)  # type: ignore[arg-type]
    save_module(place / "m.model.safetensors", model, ModelHeader("nam", config, ("a",)))
    again = load_module(place / "m.model.safetensors", trust_programs=True).model
    assert again(torch.zeros(2, LENGTH, dtype=torch.uint8)).shape == (2, 1)
