"""Seconds and peak memory of `--predict`: 100,000 windows of 200 bp by three replicates.

Models of 100 units with random weights (what a model has learnt changes no time), their data set of
20,000 sequences with random labels, and as FASTA the windows; read and predicted by the scripts
that the pipeline calls, on two threads. Lines ``predict <case>``: ``ours``, the bar as
``reference``: 30 s for both steps together, and 2 GiB.
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
from harness import print_line

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta, write_dataset
from nfexplainn.models.checkpoint import ModelHeader, load_model, save_model
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import initial_weights
from nfexplainn.training.evaluate import evaluate

BIN = Path(__file__).resolve().parent.parent / "bin"
N, KNOWN, LENGTH, UNITS, REPLICATES = 100_000, 20_000, 200, 100, 3
MOST_SECONDS, MOST_GIB = 30.0, 2.0


def write_results(folder: Path) -> None:
    """Write a data set, and models with their calibrations, as a training run does."""
    rng = np.random.default_rng(1)
    split = np.array(["train"] * 8 + ["valid", "test"])[np.arange(KNOWN) % 10]
    dataset = Dataset(
        DatasetMeta("big", "sequences", "binary", ("big",), LENGTH, True, 1),
        [f"s{row}" for row in range(KNOWN)],
        rng.integers(0, 4, (KNOWN, LENGTH), dtype=np.uint8),
        split,
        rng.integers(0, 2, (KNOWN, 1)).astype(np.float32),
    )
    write_dataset(dataset, folder / "big.dataset.parquet")
    config = ExplaiNNConfig(LENGTH, 1, units=UNITS)
    for replicate in range(1, REPLICATES + 1):
        run = f"big.explainn.r{replicate}"
        header = ModelHeader("explainn", vars(config), ("big",), "binary", replicate=replicate)
        path = folder / f"{run}.model.safetensors"
        save_model(path, initial_weights(config, replicate), header)
        evaluate(load_model(path).model, header, dataset, run=run, folder=folder)


def measured(script: str, arguments: list[str], folder: Path) -> tuple[float, float]:
    """Run a script; give its seconds and its peak memory in GiB."""
    started = time.perf_counter()
    process = subprocess.Popen([str(BIN / script), *arguments], cwd=folder, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{script} failed:\n{said.decode()}")
    unit = 1 << 30 if sys.platform == "darwin" else 1 << 20
    return time.perf_counter() - started, usage.ru_maxrss / unit


def main() -> None:
    """Measure both steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=N, help="windows")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    args = parser.parse_args()
    case = f"n{args.n}_l{LENGTH}_u{UNITS}_r{REPLICATES}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_results(folder)
        codes = np.random.default_rng(2).integers(0, 4, (args.n, LENGTH), dtype=np.uint8)
        with (folder / "windows.fa").open("w", encoding="utf-8") as out:
            out.writelines(f">w{row}\n{text}\n" for row, text in enumerate(dna.decode(codes)))
        (folder / "spec.json").write_text(json.dumps({"name": "windows.fa"}))
        (folder / "options.json").write_text("{}")
        shape = ["--header", "big.dataset.parquet", "--id", "big", "--for", "predict"]
        read, read_gib = measured(
            "read_explained.py",
            ["--spec", "spec.json", "--sequences", "windows.fa", *shape],
            folder,
        )
        files = [path.name for path in sorted(folder.glob("big.*")) if "predict" not in path.name]
        asked = ["--id", "big", "--options", "options.json", "--threads", str(args.threads)]
        made, made_gib = measured(
            "predict.py", [*asked, "--sequences", "big.predict.parquet", "--files", *files], folder
        )
    print(f"read {read:.1f} s, predicted {made:.1f} s", file=sys.stderr)
    print_line("predict", f"{case}_s", read + made, MOST_SECONDS)
    print_line("predict", f"{case}_gib", max(read_gib, made_gib), MOST_GIB)


if __name__ == "__main__":
    main()
