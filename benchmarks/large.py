"""Peak memory of every step on 1.8 million x 200 bp with 50 tasks, in GiB; the bar is 8.

Random sequences and labels: the data set artefact is written, a model of 10 units is trained for an
epoch, evaluated and interpreted, by the scripts that the pipeline calls. What is held does not
depend on the number of units. There is no reference: the original's loader would hold the sequences
of both strands as float32, 11 GiB.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn.data.dataset import Dataset, DatasetMeta, write_dataset

TOP = Path(__file__).resolve().parent.parent
N, LENGTH, TASKS = 1_800_000, 200, 50
OPTIONS = {"units": 10, "max_epochs": 1, "batch_size": 1000}
RUN = "large.explainn.r1"


def random_dataset(n: int) -> Dataset:
    """Eight parts of ten for training; a label is 1 in one of ten."""
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (n, LENGTH), dtype=np.uint8)
    labels = np.empty((n, TASKS), dtype=np.float32)
    for task in range(TASKS):
        labels[:, task] = rng.random(n, dtype=np.float32) < 0.1
    split = np.array(["train"] * 8 + ["valid", "test"])[np.arange(n) % 10]
    tasks = tuple(f"task{task}" for task in range(TASKS))
    meta = DatasetMeta("large", "accessibility", "multilabel", tasks, LENGTH, True, 1)
    names = [f"chr1:{row * 200}-{row * 200 + LENGTH}(+)" for row in range(n)]
    return Dataset(meta, names, codes, split, labels)


def measured(case: str, command: list[str], folder: Path) -> None:
    """Run a command and print its peak memory; its time goes to stderr."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{case} failed:\n{said.decode()}")
    unit = 1 << 30 if sys.platform == "darwin" else 1 << 20
    print("large", f"{case}_gib", f"{usage.ru_maxrss / unit:.3g}", "", "", sep="\t", flush=True)
    print(f"{case}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)


def main() -> None:
    """Measure every step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=N, help="sequences")
    parser.add_argument("--write", metavar="PATH", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.write:
        write_dataset(random_dataset(args.n), args.write)
        return
    case = f"n{args.n}_l{LENGTH}_k{TASKS}"
    data, model = ("--dataset", "large.dataset.parquet"), ("--model", f"{RUN}.model.safetensors")
    options, run = ("--options", "options.json"), ("--id", RUN)
    predictions = ("--predictions", f"{RUN}.predictions.parquet")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "options.json").write_text(json.dumps(OPTIONS))
        this = str(Path(__file__).resolve())
        for step, script, arguments in (
            ("write", this, ("--n", str(args.n), "--write", data[1])),
            ("train", "train.py", (*data, *options, *run)),
            ("evaluate", "evaluate.py", (*model, *data, *run)),
            ("interpret", "interpret.py", (*model, *data, *predictions, *options, *run)),
        ):
            command = [sys.executable, str(TOP / "bin" / script), *arguments]
            measured(f"{case}_{step}", command, folder)


if __name__ == "__main__":
    main()
