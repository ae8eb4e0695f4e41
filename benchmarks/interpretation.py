"""Filters to motifs: this package against the original's functions, on the same model and data.

Prints a line per case, tab-separated: ``benchmark case ours reference ratio`` (CPU seconds). Both
sides get the same sequences on both strands, in the form that each works on (codes here, one-hot
arrays there, whose making is not timed), and the motifs must agree.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from explainn.interpretation import interpretation
from explainn.models import networks

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn import dna
from nfexplainn.interpret.pwms import count_sites, strand_chunks
from nfexplainn.interpret.run import CHUNK, model_filters
from nfexplainn.interpret.scan import TableScanner
from nfexplainn.models.explainn import ExplaiNN, ExplaiNNConfig

LENGTH = 200
CASES = ((100, 500), (100, 2000), (300, 500))


def make_model(units: int, seed: int) -> ExplaiNN:
    """Give a model with random weights, whose batch norm has the statistics of random sequences."""
    torch.manual_seed(seed)
    model = ExplaiNN(ExplaiNNConfig(length=LENGTH, tasks=1, units=units))
    with torch.no_grad():
        for _ in range(50):
            model(torch.randint(0, 4, (100, LENGTH), dtype=torch.uint8))
    return model.eval()


def ours(model: ExplaiNN, codes: dna.Codes) -> np.ndarray:
    """Give probabilities, shape (units, 4, width), by the streaming passes."""
    scanner = TableScanner(model_filters(model))
    rows = np.arange(len(codes))
    table = count_sites(scanner, lambda: strand_chunks(codes, rows, CHUNK, True))
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
    activations = interpretation.get_explainn_unit_activations(
        loader, reference, torch.device("cpu")
    )
    return interpretation.get_pwms_explainn(activations, sequences, None, width)


def seconds(work: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """Give the CPU seconds of a call, and its result."""
    start = time.process_time()
    with contextlib.redirect_stderr(io.StringIO()):
        result = work()
    return time.process_time() - start, result


def measure(units: int, sequences: int, repeats: int = 3) -> tuple[float, float]:
    """Give the median CPU seconds, ours and the original's, of interleaved runs."""
    model = make_model(units, seed=1)
    codes = np.random.default_rng(2).integers(0, 4, (sequences, LENGTH)).astype(np.uint8)
    both = np.concatenate([codes, dna.reverse_complement(codes)])
    one_hot = np.eye(4, dtype=np.float32)[both].transpose(0, 2, 1).copy()
    reference, width = original_model(model), model.config.filter_length
    times: list[tuple[float, float]] = []
    for _ in range(repeats):
        fast, found = seconds(lambda: ours(model, codes))
        slow, expected = seconds(lambda: original(reference, one_hot, width))
        times.append((fast, slow))
        # The original takes what is strictly above the threshold, and rounds otherwise: a window
        # on the edge may differ.
        off = np.abs(found - expected).max(axis=(1, 2)) > 1e-6
        if off.mean() > 0.05:
            raise SystemExit(f"{int(off.sum())} of {units} motifs differ from the original's")
    return statistics.median(t[0] for t in times), statistics.median(t[1] for t in times)


def main() -> None:
    """Measure the cases and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    for units, sequences in CASES:
        fast, slow = measure(units, sequences, args.repeats)
        case = f"n{units}_s{sequences}_t1"
        print(f"interpretation\t{case}\t{fast:.4g}\t{slow:.4g}\t{slow / fast:.1f}", flush=True)


if __name__ == "__main__":
    main()
