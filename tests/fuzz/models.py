"""Small trained models of every kind that is read: ours, the authors' weights, and programs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch
from torch import Tensor, nn

from fuzz.inputs import LENGTH
from nfexplainn.models.checkpoint import ModelHeader
from nfexplainn.models.explainn import ExplaiNN, ExplaiNNConfig
from nfexplainn.models.modules import save_module


class Foreign(nn.Module):
    """Somebody's network over channels (B, 4, length)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 3, 7)
        self.dense = nn.Linear(3 * (LENGTH - 6), 1)

    def forward(self, channels: Tensor) -> Tensor:
        """Give (B, 1)."""
        return self.dense(torch.relu(self.conv(channels)).flatten(1))


def make_models(folder: Path) -> None:
    """Write a model of every kind."""
    torch.manual_seed(3)
    torch.set_num_threads(1)
    model = ExplaiNN(ExplaiNNConfig(LENGTH, 2, units=3, filter_length=9, hidden=4)).eval()
    header = ModelHeader("explainn", dataclasses.asdict(model.config), ("a", "b"), dataset="d")
    save_module(folder / "k.model.safetensors", model, header)
    authors = ExplaiNN(ExplaiNNConfig(LENGTH, 2, units=3, filter_length=19)).eval()
    torch.save(authors.state_dict(), folder / "authors.pth")
    torch.save(authors.state_dict(), folder / "weights.pt")
    old = {"_use_new_zipfile_serialization": False}
    torch.save(authors.state_dict(), folder / "old.pth", **old)
    example = torch.rand(2, 4, LENGTH)
    torch.jit.trace(Foreign().eval(), example).save(str(folder / "script.pt"))
    batch = torch.export.Dim("batch", min=1, max=100_000)
    program = torch.export.export(Foreign().eval(), (example,), dynamic_shapes=({0: batch},))
    torch.export.save(program, folder / "program.pt2")
