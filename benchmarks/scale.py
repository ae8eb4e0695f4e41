"""Peak memory and CPU seconds of every process, as each dimension of the data grows.

Sequences of an order-1 background with ten planted 10-mers go through the whole pipeline with its
defaults (three replicates) but one epoch, since memory does not depend on it; a run per case:

``sequences``: 200,000 x 200 bp (half of them shuffles). ``length``: 8,000 x 2,000 bp. ``tasks``:
20,000 x 200 bp with 500 measured tasks. ``units``: 20,000 x 200 bp, 1,000 units. ``atlas``: 50,000
x 250 bp, 81 tasks, 300 units. ``reads``: 1,000,000 HT-SELEX reads of 20 bp in five cycles. The bar
is 8 GB for every process. Hours on two cores.

Lines ``scale <case> <PROCESS> gb`` (the largest task's peak, as Nextflow's trace has it) and
``cpu_s`` (of the longest task); ``wall_s`` of the run and ``results_gb``. There is no reference.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from traced import TOP, run_pipeline

sys.path.insert(0, str(TOP / "bin"))

from nfexplainn import dna
from nfexplainn.simulation.sequences import background

WORDS = 10
WORD = 10


@dataclass(frozen=True)
class Case:
    """Data of one size: who writes its sheet, and the parameters of its run."""

    sequences: int
    length: int
    tasks: int
    write: Callable[[Case, Path, np.random.Generator], list[str]]
    parameters: tuple[str, ...] = ()


def planted(
    n: int, length: int, share: float, rng: np.random.Generator
) -> tuple[dna.Codes, NDArray[np.bool_]]:
    """Draw sequences and plant each word into a share of them; say where."""
    codes = background(n, length, rng)
    words = np.random.default_rng(1).integers(0, 4, (WORDS, WORD), dtype=np.uint8)
    slot = length // WORDS
    has = rng.random((n, WORDS)) < share
    starts = rng.integers(0, slot - WORD + 1, (n, WORDS)) + slot * rng.permuted(
        np.tile(np.arange(WORDS), (n, 1)), axis=1
    )
    for word in range(WORDS):
        rows = np.flatnonzero(has[:, word])
        codes[rows[:, None], starts[rows, word][:, None] + np.arange(WORD)] = words[word]
    return codes, has


def write_fasta(codes: dna.Codes, path: Path) -> None:
    """Write sequences under their numbers."""
    with gzip.open(path, "wt", compresslevel=1) as handle:
        handle.writelines(f">s{row}\n{text}\n" for row, text in enumerate(dna.decode(codes)))


def bound(case: Case, folder: Path, rng: np.random.Generator) -> list[str]:
    """Write bound sequences; their shuffles are the other half."""
    codes, _ = planted(case.sequences // 2, case.length, 0.3, rng)
    write_fasta(codes, folder / "bound.fa.gz")
    return ["sample,assay,data", "bound,sequences,bound.fa.gz"]


def measured(case: Case, folder: Path, rng: np.random.Generator) -> list[str]:
    """Write a table of values, to each of which three of the words add."""
    codes, has = planted(case.sequences, case.length, 0.2, rng)
    weights = np.zeros((WORDS, case.tasks))
    for task in range(case.tasks):
        weights[rng.choice(WORDS, 3, replace=False), task] = rng.normal(0, 1, 3)
    values = has @ weights + rng.normal(0, 1, (case.sequences, case.tasks))
    with gzip.open(folder / "values.tsv.gz", "wt", compresslevel=1) as handle:
        handle.write("\t".join(["name", "sequence", *(f"t{t}" for t in range(case.tasks))]) + "\n")
        for row, text in enumerate(dna.decode(codes)):
            numbers = "\t".join(f"{value:.3f}" for value in values[row])
            handle.write(f"s{row}\t{text}\t{numbers}\n")
    return ["sample,assay,data", "values,table,values.tsv.gz"]


def selected(case: Case, folder: Path, rng: np.random.Generator) -> list[str]:
    """Write the reads of five cycles, in which one word becomes commoner."""
    rows = ["sample,assay,data,dataset,label"]
    word = np.random.default_rng(1).integers(0, 4, WORD, dtype=np.uint8)
    for cycle in range(5):
        codes = background(case.sequences // 5, case.length, rng)
        chosen = np.flatnonzero(rng.random(len(codes)) < 0.1 * cycle)
        starts = rng.integers(0, case.length - WORD + 1, len(chosen))
        codes[chosen[:, None], starts[:, None] + np.arange(WORD)] = word
        write_fasta(codes, folder / f"cycle{cycle}.fa.gz")
        rows.append(f"c{cycle},htselex,cycle{cycle}.fa.gz,selex,{cycle}")
    return rows


CASES = {
    "sequences": Case(200_000, 200, 1, bound),
    "length": Case(8_000, 2_000, 1, bound),
    "tasks": Case(20_000, 200, 500, measured),
    "units": Case(20_000, 200, 1, bound, ("--units", "1000")),
    "atlas": Case(50_000, 250, 81, measured, ("--units", "300")),
    "reads": Case(1_000_000, 20, 5, selected),
}


def main() -> None:
    """Write the data of each case, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--shrink", type=int, default=1, help="divide the numbers of sequences")
    parser.add_argument("--folder", type=Path, help="where the runs stay; deleted by default")
    args, others = parser.parse_known_args()
    for name in args.cases:
        with tempfile.TemporaryDirectory() as scratch:
            folder = ((args.folder or Path(scratch)) / name).resolve()
            folder.mkdir(parents=True, exist_ok=True)
            measure(name, CASES[name], args.shrink, folder, others)


def measure(name: str, case: Case, shrink: int, folder: Path, others: list[str]) -> None:
    """Run one case and print its lines."""
    small = Case(case.sequences // shrink, case.length, case.tasks, case.write, case.parameters)
    rows = small.write(small, folder, np.random.default_rng(0))
    (folder / "sheet.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    arguments = ["--input", "sheet.csv", "--max_epochs", "1", *case.parameters, *others]
    ran = run_pipeline(TOP, arguments, folder)
    for process in ran.cpu:
        print_scale(name, f"{process} gb", ran.peak[process])
        print_scale(name, f"{process} cpu_s", ran.longest[process])
    size = sum(path.stat().st_size for path in (folder / "results").rglob("*") if path.is_file())
    print_scale(name, "results_gb", size / 1e9)
    print_scale(name, "wall_s", ran.wall)


def print_scale(case: str, what: str, value: float) -> None:
    """Print a line of the table."""
    print("scale", f"{case} {what}", f"{value:.3g}", "", "", sep="\t", flush=True)


if __name__ == "__main__":
    main()
