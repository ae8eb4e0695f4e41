"""Splits by homology: what scores owe to copies, and what it costs to find them.

``gap``: families of diverged copies whose label is drawn per family, so that there is nothing to
learn but the families themselves. AUROC of three trainings on the test part of a split by homology
(ours) and of a random one (reference), and how many of the held-out sequences have a similar one in
training. ``cpu_s`` and ``peak_mib``: finding similar ones among so many sequences of 200 bp, of
which 40 % are copies of 500 families with a tenth of their bases changed; the bars are 60 s and
2 GiB.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from harness import peak, print_line
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.data.homology import similar_sequences
from nfexplainn.data.splits import make_groups, split_random
from nfexplainn.evaluation.metrics import auroc
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.io.coordinates import read_names
from nfexplainn.training.loop import TrainingOptions
from nfexplainn.training.run import Plan, train_model

LENGTH, FAMILIES, COPIES = 200, 200, 6
MOST_SECONDS, MOST_MIB = 60.0, 2048.0


def copies(families: int, count: int, rate: float, rng: np.random.Generator) -> dna.Codes:
    """Give copies of random sequences, some bases changed; that of row i is i modulo families."""
    base = rng.integers(0, 4, (families, LENGTH)).astype(np.uint8)
    found = base[np.arange(count) % families]
    changed = rng.random(found.shape) < rate
    return np.where(changed, (found + rng.integers(1, 4, found.shape)) % 4, found).astype(np.uint8)


def split(codes: dna.Codes, labels: NDArray[np.float32], similar: bool) -> NDArray[np.str_]:
    """Split as the preparation does."""
    where = read_names([f"s{row}" for row in range(len(codes))])
    groups = make_groups(codes, where, similar=similar)
    return split_random(groups, labels, 0.15, 0.25, np.random.default_rng(3))


def score(
    codes: dna.Codes, labels: NDArray[np.float32], parts: NDArray[np.str_], seed: int, epochs: int
) -> float:
    """Train a model, and give the AUROC of its test part."""
    meta = DatasetMeta("families", "sequences", "binary", ("a",), LENGTH, True, 1)
    dataset = Dataset(meta, [f"s{row}" for row in range(len(codes))], codes, parts, labels)
    plan = Plan("explainn", {"length": LENGTH, "tasks": 1, "units": 100}, device="cpu")
    options = TrainingOptions(max_epochs=epochs, seed=seed, recipe="paper")
    model = train_model(plan, dataset, options, report=lambda _: None).model
    test = dataset.rows("test")
    logits = predict_logits(model, codes[test], average_strands=True)
    return float(auroc(labels[test, 0], logits[:, 0]))


def show_gap(seeds: int, epochs: int) -> None:
    """Print the scores of both splits."""
    rng = np.random.default_rng(1)
    codes = copies(FAMILIES, FAMILIES * COPIES, 0.05, rng)
    labels = rng.integers(0, 2, FAMILIES).astype(np.float32)[np.arange(len(codes)) % FAMILIES]
    found, shared = [], []
    cluster = similar_sequences(codes)
    for similar in (True, False):
        parts = split(codes, labels[:, None], similar)
        train = parts == "train"
        shared.append(float(np.isin(cluster[~train], cluster[train]).sum()))
        runs = [score(codes, labels[:, None], parts, seed, epochs) for seed in range(1, seeds + 1)]
        found.append(float(np.mean(runs)))
    print_line("homology", "gap auroc", *found)
    print(
        "homology", "gap similar in training", *(f"{n:g}" for n in shared), "", sep="\t", flush=True
    )


def measure(count: int) -> None:
    """Print the CPU seconds and the peak memory of this process, in MiB."""
    rng = np.random.default_rng(2)
    few = copies(500, int(0.4 * count), 0.1, rng)
    rest = rng.integers(0, 4, (count - len(few), LENGTH)).astype(np.uint8)
    codes = np.concatenate([few, rest])[rng.permutation(count)]
    del few, rest
    begin = time.process_time()
    similar_sequences(codes)
    print(time.process_time() - begin, peak())


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=200_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=30, help="at most")
    parser.add_argument("--cost-of", type=int, help="find similar ones among so many, and print")
    args = parser.parse_args()
    if args.cost_of:
        measure(args.cost_of)
        return
    show_gap(args.seeds, args.epochs)
    command = [sys.executable, __file__, "--cost-of", str(args.n)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    print_line("homology", f"n{args.n} cpu_s", float(said[0]), MOST_SECONDS)
    print_line("homology", f"n{args.n} peak_mib", float(said[1]), MOST_MIB)


if __name__ == "__main__":
    main()
