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

import numpy as np
import torch
from explainn.models import networks
from harness import interleaved, print_line

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn.models.device import prepare_device
from nfexplainn.models.explainn import ExplaiNN, ExplaiNNConfig
from nfexplainn.models.explainn_weights import Weights
from nfexplainn.models.modules import put_weights, weights_of
from nfexplainn.native.library import ISA_VARIABLE
from nfexplainn.training.loop import Learner
from nfexplainn.training.losses import LOSSES
from nfexplainn.training.native_learner import NativeLearner
from nfexplainn.training.torch_learner import TorchLearner

LENGTH = 200
CASES = ((50, 100, 21), (100, 100, 21), (300, 100, 9), (100, 1000, 5))
AVX2_CASE = "n100_b100_t1"
CPU = torch.device("cpu")


def original_step(
    model: torch.nn.Module, x: torch.Tensor, labels: torch.Tensor
) -> Callable[[], None]:
    """Make a step of the original's training: forward, loss, backward, Adam."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)

    def step() -> None:
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(x), labels)
        loss.backward()
        optimizer.step()

    return step


def original_prediction(model: torch.nn.Module, x: torch.Tensor) -> Callable[[], np.ndarray]:
    """Make an evaluation of one batch."""

    def predict() -> np.ndarray:
        with torch.no_grad():
            return model(x).numpy()

    return predict


def learner_of(config: ExplaiNNConfig, weights: Weights, kernel: str) -> Learner:
    """Give what learns: by the kernel, or by plain torch."""
    learner: Learner
    if kernel == "torch":
        module = ExplaiNN(config)
        put_weights(module, weights)
        learner = TorchLearner(module, CPU)
    else:
        learner = NativeLearner(config, weights, seed=1)
    learner.start(0.003, hold_filters=False)
    return learner


def measure(units: int, batch: int, pairs: int, kernel: str) -> None:
    """Measure one case and print its lines."""
    torch.manual_seed(1)
    reference = networks.ExplaiNN(units, LENGTH, 1)
    config = ExplaiNNConfig(LENGTH, 1, units=units)
    ours = learner_of(config, weights_of(reference), kernel)
    codes = torch.randint(0, 4, (batch, LENGTH), dtype=torch.uint8).numpy()
    one_hot = (codes[:, None] == np.arange(4)[None, :, None]).astype(np.float32)
    labels = np.random.default_rng(1).integers(0, 2, (batch, 1)).astype(np.float32)

    x, y = torch.from_numpy(one_hot), torch.from_numpy(labels)
    expected = original_prediction(reference.eval(), x)
    off = float(np.abs(ours.logits(codes) - expected()).max())
    if off > 1e-4:
        raise SystemExit(f"the logits differ from the original's by {off}")
    case, suffix = f"n{units}_b{batch}_t1", "" if kernel == "auto" else f"_{kernel}"
    times = interleaved(lambda: ours.logits(codes), expected, pairs)
    print_line(f"eval{suffix}", case, *times)
    reference.train()
    their_step = original_step(reference, x, y)
    times = interleaved(lambda: ours.step(codes, labels, LOSSES["bce"]), their_step, pairs)
    print_line(f"step{suffix}", case, *times)


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
