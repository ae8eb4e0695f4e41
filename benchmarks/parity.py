"""Test AUPRC of models trained by the native kernel against plain torch, over five seeds.

MAFK in H1 cells from the demonstration's data, 1,500 peaks with their dinucleotide shuffles. Both
kernels start from the same weights and see the same batches; their dropout and the order of their
sums differ, and so do the models, as those of two seeds do. Lines: means, then standard deviations
over the seeds (whose ratio says nothing). It fails where the means differ by more than the spread.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import sys
from pathlib import Path

import numpy as np
import torch
from harness import print_line

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.data.shuffle import dinucleotide_shuffle
from nfexplainn.evaluation.metrics import average_precision
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.models.device import prepare_device
from nfexplainn.training.loop import TrainingOptions
from nfexplainn.training.run import Plan, train_model

PEAKS = Path(__file__).resolve().parent.parent / "assets/demo/MAFK_H1hESC_200bp.1500.fa.gz"
SEEDS = 5


def peaks() -> Dataset:
    """Give peaks and shuffles, six parts for training, two each for validation and test."""
    with gzip.open(PEAKS, "rt") as lines:
        positives = dna.encode([line.strip() for line in lines if not line.startswith(">")])
    codes = np.concatenate([positives, dinucleotide_shuffle(positives, 1)])
    n = len(positives)
    part = np.array(["train"] * 6 + ["valid"] * 2 + ["test"] * 2)[np.arange(n) % 10]
    labels = np.repeat(np.array([1, 0], dtype=np.float32), n)[:, None]
    meta = DatasetMeta("mafk", "sequences", "binary", ("MAFK",), codes.shape[1], True, 1)
    return Dataset(meta, [f"s{row}" for row in range(2 * n)], codes, np.tile(part, 2), labels)


def score(dataset: Dataset, seed: int, kernel: str, options: argparse.Namespace) -> float:
    """Train a model and give its AUPRC on the test part."""
    config = {"length": dataset.meta.length, "tasks": 1, "units": options.units}
    plan = Plan("explainn", config, kernel=kernel, device="cpu")
    settings = TrainingOptions(max_epochs=options.epochs, seed=seed)
    model = train_model(plan, dataset, settings, report=lambda _: None).model
    test = dataset.rows("test")
    logits = predict_logits(model, dataset.codes[test], average_strands=True)
    return average_precision(dataset.labels[test, 0], logits[:, 0])


def main() -> None:
    """Train, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=30)
    parser.add_argument("--epochs", type=int, default=15, help="at most")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    options = parser.parse_args()
    seeds = range(1, options.seeds + 1)
    prepare_device(torch.device("cpu"), 1)
    dataset = peaks()
    scores = {
        kernel: [score(dataset, seed, kernel, options) for seed in seeds]
        for kernel in ("native", "torch")
    }
    means = [statistics.fmean(scores[kernel]) for kernel in scores]
    spreads = [statistics.stdev(scores[kernel]) for kernel in scores]
    case = f"mafk_n{options.units}_s{len(seeds)}"
    print_line("parity", f"{case}_auprc", means[0], means[1])
    print_line("parity", f"{case}_sd", spreads[0], spreads[1])
    if abs(means[0] - means[1]) > max(spreads):
        sys.exit("the kernels differ by more than the seeds")


if __name__ == "__main__":
    main()
