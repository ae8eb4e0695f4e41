"""One training step and one evaluation of ExplaiNN: this package against the original, one thread.

``step`` and ``eval`` are the kernel that a user gets by default, ``step_avx2`` and ``eval_avx2``
what a processor without AVX-512 gets, ``step_torch`` and ``eval_torch`` the plain torch path. Both
sides hold the same weights and see the same sequences; a step is forward, loss, backward and Adam.
The original's one-hot encoding is not timed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from explainn.models import networks
from harness import interleaved, print_line

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn.models.device import prepare_device
from nfexplainn.models.explainn import ExplaiNN, ExplaiNNConfig
from nfexplainn.models.kernels import choose_kernel
from nfexplainn.native.library import ISA_VARIABLE

LENGTH = 200
CASES = ((50, 100, 21), (100, 100, 21), (300, 100, 9), (100, 1000, 5))
AVX2_CASE = "n100_b100_t1"
CPU = torch.device("cpu")


def training_step(
    model: torch.nn.Module, x: torch.Tensor, labels: torch.Tensor, fused: bool
) -> Callable[[], None]:
    """Make a step of training: forward, loss, backward, Adam."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003, fused=fused)

    def step() -> None:
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(x), labels)
        loss.backward()
        optimizer.step()

    return step


def prediction(model: torch.nn.Module, x: torch.Tensor) -> Callable[[], torch.Tensor]:
    """Make an evaluation of one batch."""

    def predict() -> torch.Tensor:
        with torch.no_grad():
            return model(x)

    return predict


def measure(units: int, batch: int, pairs: int, kernel: str) -> None:
    """Measure one case and print its lines."""
    torch.manual_seed(1)
    reference = networks.ExplaiNN(units, LENGTH, 1)
    ours = ExplaiNN(ExplaiNNConfig(LENGTH, 1, units=units))
    ours.load_state_dict(reference.state_dict())
    choose_kernel(ours, "torch" if kernel == "torch" else "auto", CPU)
    codes = torch.randint(0, 4, (batch, LENGTH), dtype=torch.uint8)
    one_hot = (codes[:, None] == torch.arange(4)[None, :, None]).float()
    labels = torch.randint(0, 2, (batch, 1)).float()

    predict, expected = prediction(ours.eval(), codes), prediction(reference.eval(), one_hot)
    off = float((predict() - expected()).abs().max())
    if off > 1e-4:
        raise SystemExit(f"the logits differ from the original's by {off}")
    case, suffix = f"n{units}_b{batch}_t1", "" if kernel == "auto" else f"_{kernel}"
    print_line(f"eval{suffix}", case, *interleaved(predict, expected, pairs))
    ours.train()
    reference.train()
    step = training_step(ours, codes, labels, fused=True)
    their_step = training_step(reference, one_hot, labels, fused=False)
    print_line(f"step{suffix}", case, *interleaved(step, their_step, pairs))


def main() -> None:
    """Measure all cases with both kernels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", choices=("auto", "avx2", "torch"), help="only this one")
    parser.add_argument("--case", help="only this one, such as n100_b100_t1")
    parser.add_argument("--pairs", type=int, help="timed calls of each side")
    args = parser.parse_args()
    prepare_device(CPU, 1)
    for units, batch, pairs in CASES:
        case = f"n{units}_b{batch}_t1"
        if args.case in (None, case):
            for kernel in [args.kernel] if args.kernel else ["auto", "torch"]:
                measure(units, batch, args.pairs or pairs, kernel)
            if case == AVX2_CASE and args.kernel is None:
                avx2()


def avx2() -> None:
    """Measure what a processor without AVX-512 gets, in a process of its own."""
    command = [sys.executable, __file__, "--kernel", "avx2", "--case", AVX2_CASE]
    subprocess.run(command, env={**os.environ, ISA_VARIABLE: "avx2"}, check=True)


if __name__ == "__main__":
    main()
