"""Growth of peak memory when a model is trained on 200,000 x 200 bp, both strands, in MiB.

Each side runs in a process of its own; what counts is the growth of its peak over a process that
has imported everything and done one step. Ours reads the data set artefact and trains an epoch by
the paper's recipe, as the original does (``large`` measures the default).
The original holds float32 one-hot sequences of both strands, made, as its loader makes them, from
an array on disk (half precision, its encoder's type), and does a few steps, which add nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from explainn.models import networks
from harness import peak, print_line

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta, read_dataset, write_dataset
from nfexplainn.models.device import prepare_device
from nfexplainn.training.loop import TrainingOptions
from nfexplainn.training.run import Plan, train_model

N, LENGTH, UNITS, BATCH, STEPS = 200_000, 200, 10, 100, 20
CPU = torch.device("cpu")


def random_dataset(n: int, codes: dna.Codes) -> Dataset:
    """Nine parts of ten for training, one for validation."""
    meta = DatasetMeta("memory", "sequences", "binary", ("task",), LENGTH, True, 1)
    split = np.where(np.arange(n) % 10, "train", "valid")
    labels = (np.arange(n) // 10 % 2).astype(np.float32)[:, None]
    return Dataset(meta, [f"s{i}" for i in range(n)], codes, split, labels)


def train_ours(dataset: Dataset) -> None:
    """Train one epoch."""
    plan = Plan("explainn", {"length": LENGTH, "tasks": 1, "units": UNITS})
    options = TrainingOptions(max_epochs=1, batch_size=BATCH, recipe="paper")
    train_model(plan, dataset, options, report=lambda _: None)


def train_theirs(sequences: torch.Tensor, steps: int) -> None:
    """Take some steps of the original's loop."""
    labels = (torch.arange(len(sequences)) % 2).float()[:, None]
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(sequences, labels), batch_size=BATCH, shuffle=True
    )
    model = networks.ExplaiNN(UNITS, LENGTH, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for (x, y), _ in zip(loader, range(steps), strict=False):
        optimizer.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(model(x), y).backward()
        optimizer.step()


def child(side: str, path: str) -> None:
    """Print the growth of one side."""
    prepare_device(CPU, 1)
    few = np.random.default_rng(0).integers(0, 4, (10 * BATCH, LENGTH)).astype(np.uint8)
    if side == "ours":
        train_ours(random_dataset(len(few), few))
        before = peak()
        train_ours(read_dataset(path))
    else:
        train_theirs(torch.from_numpy(one_hot(few).astype(np.float32)), 1)
        before = peak()
        train_theirs(torch.Tensor(np.array(np.load(path, mmap_mode="r"))), STEPS)
    print(peak() - before)


def one_hot(codes: dna.Codes) -> np.ndarray:
    """Channels of codes, float16, shape (n, 4, length)."""
    return (codes[:, None] == np.arange(4, dtype=np.uint8)[:, None]).astype(np.float16)


def growth(side: str, path: Path) -> float:
    """Run one side in a process of its own."""
    run = subprocess.run(
        [sys.executable, __file__, "--child", side, str(path)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return float(run.stdout)


def main() -> None:
    """Measure both sides."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=N, help="sequences")
    parser.add_argument("--child", nargs=2, metavar=("SIDE", "PATH"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(*args.child)
        return
    n = args.n
    codes = np.random.default_rng(1).integers(0, 4, (n, LENGTH), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "memory.dataset.parquet", Path(folder) / "memory.npy"
        write_dataset(random_dataset(n, codes), ours)
        mapped = np.lib.format.open_memmap(theirs, "w+", np.float16, (2 * n, 4, LENGTH))
        for first in range(0, n, 10_000):
            part = one_hot(codes[first : first + 10_000])
            mapped[first : first + len(part)] = part
            mapped[n + first : n + first + len(part)] = part[:, ::-1, ::-1]
        del mapped
        print_line("memory", f"n{n}_l{LENGTH}_mib", growth("ours", ours), growth("theirs", theirs))


if __name__ == "__main__":
    main()
