"""Filters to motifs: this package against the original's functions, on the same model and data.

``interpretation`` is the scan that a user gets by default, ``interpretation_numpy`` the one
by NumPy alone. Both sides get the same sequences on both strands, in the form that each works on
(codes here, one-hot arrays there, whose making is not timed), and the motifs must agree.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from explainn.interpretation import interpretation
from explainn.models import networks
from harness import interleaved, print_line

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn import dna
from nfexplainn.filters import Filters
from nfexplainn.interpret.pwms import count_sites, strand_chunks
from nfexplainn.models.device import prepare_device
from nfexplainn.models.explainn import ExplaiNN, ExplaiNNConfig
from nfexplainn.models.kernels import choose_kernel
from nfexplainn.models.torch_model import TorchModel
from nfexplainn.scanner import Scanner, TableScanner

LENGTH = 200
CASES = ((100, 1000, 3), (100, 4000, 3), (300, 1000, 3))
CPU = torch.device("cpu")


def make_model(units: int, seed: int) -> ExplaiNN:
    """Give a model with random weights, whose batch norm has the statistics of random sequences."""
    torch.manual_seed(seed)
    model = ExplaiNN(ExplaiNNConfig(length=LENGTH, tasks=1, units=units))
    with torch.no_grad():
        for _ in range(50):
            model(torch.randint(0, 4, (100, LENGTH), dtype=torch.uint8))
    return model.eval()


def scanner_of(kernel: str) -> Callable[[Filters], Scanner]:
    """Give what makes the scanner of a kernel."""
    if kernel == "numpy":
        return TableScanner
    from nfexplainn.native.scan import NativeScanner

    return NativeScanner


def ours(model: ExplaiNN, codes: dna.Codes, kernel: str) -> np.ndarray:
    """Give probabilities, shape (units, 4, width), by the streaming passes."""
    scanner = scanner_of(kernel)(TorchModel(model).filters())
    rows = np.arange(len(codes))
    table = count_sites(scanner, lambda: strand_chunks(codes, rows, scanner.chunk, True))
    counts = table.counts[:, :, :4]
    return (counts / counts.sum(axis=2, keepdims=True)).transpose(0, 2, 1)


def original_model(model: ExplaiNN) -> torch.nn.Module:
    """Give the original's model with the same weights."""
    config = model.config
    reference = networks.ExplaiNN(
        config.units, config.length, config.tasks, config.filter_length, config.num_fc
    )
    reference.load_state_dict(model.state_dict())
    return reference.eval()


def original(reference: torch.nn.Module, sequences: np.ndarray, width: int) -> np.ndarray:
    """Give the same by the PyPI package explainn, from one-hot arrays of both strands."""
    tensors = torch.from_numpy(sequences)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(tensors, torch.zeros(len(tensors), 1)), batch_size=100
    )
    with contextlib.redirect_stderr(io.StringIO()):
        activations = interpretation.get_explainn_unit_activations(loader, reference, CPU)
        return interpretation.get_pwms_explainn(activations, sequences, None, width)


def measure(units: int, sequences: int, pairs: int, kernels: list[str]) -> None:
    """Measure one case and print its lines."""
    model = make_model(units, seed=1)
    reference, width = original_model(model), model.config.filter_length
    codes = np.random.default_rng(2).integers(0, 4, (sequences, LENGTH)).astype(np.uint8)
    both = np.concatenate([codes, dna.reverse_complement(codes)])
    one_hot = np.eye(4, dtype=np.float32)[both].transpose(0, 2, 1).copy()
    expected = original(reference, one_hot, width)
    for kernel in kernels:
        # The original takes what is strictly above the threshold, and rounds otherwise: a window
        # on the edge may differ.
        off = np.abs(ours(model, codes, kernel) - expected).max(axis=(1, 2)) > 1e-6
        if off.mean() > 0.05:
            raise SystemExit(f"{int(off.sum())} of {units} motifs differ from the original's")
        name = "interpretation" + ("_numpy" if kernel == "numpy" else "")
        times = interleaved(
            lambda kernel=kernel: ours(model, codes, kernel),
            lambda: original(reference, one_hot, width),
            pairs,
        )
        print_line(name, f"n{units}_s{sequences}_t1", *times)


def main() -> None:
    """Measure all cases with both kernels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", help="only this one, such as n100_s1000_t1")
    parser.add_argument("--pairs", type=int, help="timed calls of each side")
    args = parser.parse_args()
    prepare_device(CPU, 1)
    native = choose_kernel(ExplaiNNConfig(LENGTH, 1), "auto") == "native"
    for units, sequences, pairs in CASES:
        if args.case in (None, f"n{units}_s{sequences}_t1"):
            kernels = ["native", "numpy"] if native else ["numpy"]
            measure(units, sequences, args.pairs or pairs, kernels)


if __name__ == "__main__":
    main()
