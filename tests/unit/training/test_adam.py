"""Our Adam against torch's, and that a training leaves torch's compiler alone."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

import torch

from nfexplainn.training.torch_adam import FusedAdam


def test_steps_are_those_of_torch_to_the_bit() -> None:
    torch.manual_seed(0)
    ours = torch.nn.Sequential(
        torch.nn.Linear(6, 5), torch.nn.BatchNorm1d(5), torch.nn.Linear(5, 2)
    )
    theirs = copy.deepcopy(ours)
    pairs = list(zip(ours.parameters(), theirs.parameters(), strict=True))
    one = FusedAdam(ours.parameters(), 0.01)
    two = torch.optim.Adam(theirs.parameters(), lr=0.01, fused=True)
    for number in range(12):
        x = torch.randn(8, 6)
        for model, optimizer in ((ours, one), (theirs, two)):
            model.zero_grad()
            model(x).pow(2).sum().backward()
            if number < 4:  # a weight that joins later
                next(iter(model.parameters())).grad = None
            optimizer.step()
        assert all(torch.equal(a, b) for a, b in pairs)
    ours.zero_grad()
    assert all(a.grad is None for a, _ in pairs)
    one.step()
    assert all(torch.equal(a, b) for a, b in pairs)


def test_training_does_not_load_the_compiler(root: Path) -> None:
    code = (
        "import sys, torch; from nfexplainn.training.torch_adam import FusedAdam;"
        "m = torch.nn.Linear(2, 1); o = FusedAdam(m.parameters(), 0.1);"
        "m(torch.ones(3, 2)).sum().backward(); o.step();"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=root / "bin", check=True)
