"""Archives of torch: what they claim is held against what they hold, and nothing in them is run."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from nfexplainn.errors import UserError
from nfexplainn.models.archives import check_archive
from nfexplainn.models.authors import read_authors_checkpoint
from nfexplainn.models.pretrained import check_readable


class Net(nn.Module):
    """A network with weights, and a constant that TorchScript keeps apart from them."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(12, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dense(x.flatten(1)) * torch.tensor([1.0, 2.0, 3.0])


def saved(folder: Path, kind: str) -> Path:
    """Save a network as weights or as TorchScript."""
    path = folder / ("m.pth" if kind == "weights" else "m.pt")
    if kind == "weights":
        torch.save({"linears.0.weight": torch.zeros(3), **Net().state_dict()}, path)
    else:
        torch.jit.trace(Net().eval(), torch.rand(2, 4, 3)).save(str(path))
    return path


def shortened(path: Path, part: str, left: int) -> None:
    """Cut a part of an archive, with a checksum that fits."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, content in parts.items():
            new.writestr(name, content[:left] if name == part else content)


@pytest.mark.parametrize("kind", ["weights", "program"])
def test_parts_that_hold_less_than_is_claimed(tmp_path: Path, kind: str) -> None:
    path = saved(tmp_path, kind)
    check_archive(path)
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        sizes = {one.filename: one.file_size for one in archive.infolist()}
    parts = {name: size for name, size in sizes.items() if re.search(r"/(data|constants)/\d", name)}
    assert len(parts) == 3
    for part, size in parts.items():
        for left in (0, size - 1):
            path.write_bytes(whole)
            shortened(path, part, left)
            says = f"m.p.*: its part {part} claims {size} bytes, but the file holds {left} at most"
            with pytest.raises(UserError, match=says):
                if kind == "weights":
                    read_authors_checkpoint(path)
                else:
                    check_readable(path, trust_programs=True)


class Planted:
    """What a pickle would run, if it were run."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, ("PWNED",)


def test_nothing_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"a": torch.zeros(3), "b": Planted(), "c": nn.Linear(2, 1)}, "m.pth")
    check_archive("m.pth")
    assert not Path("PWNED").exists()
