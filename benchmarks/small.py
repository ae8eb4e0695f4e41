"""CPU seconds of the pipeline on 12 small data sets, per process: what each task's start costs.

100, 250 and 600 random sequences of each of REST, GABPA, FOXA1 and CTCF, with shuffles as
negatives, ``--recipe robust``, three replicates. Needs a folder with ``chipseq/*.fa.gz``: ``--data
DIR``. Without it says so and measures nothing. About 10 minutes on two idle cores.

Lines ``small cpu_<process>``: CPU seconds of all tasks of a process; ``cpu``: of all tasks;
``wall``: seconds of the command; ``idle``: share of these in which no task runs; ``tasks``: their
number. ``reference`` is another checkout, run after this one: ``--checkout DIR``. Other arguments
go to Nextflow.
"""

from __future__ import annotations

import argparse
import gzip
import random
import tempfile
from pathlib import Path

from traced import TOP, measure

FACTORS = {
    "REST": "REST_GM12878.train_pos.fa.gz",
    "GABPA": "GABPA_GM12878.train_pos.fa.gz",
    "FOXA1": "FOXA1_HepG2.train_pos.fa.gz",
    "CTCF": "CTCF_100bp.fa.gz",
}
SIZES = (100, 250, 600)
SETTINGS = ("--recipe", "robust", "--replicates", "3")


def records(path: Path) -> list[str]:
    """Read the records of a gzipped FASTA file, each with its header."""
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        return [f">{record}" for record in handle.read().split(">")[1:]]


def write_sheet(data: Path, factors: list[str], sizes: list[int], folder: Path) -> Path:
    """Write the data sets and their samplesheet."""
    rows = ["sample,assay,data"]
    for factor in factors:
        every = records(data / FACTORS[factor])
        for size in sizes:
            name = f"{factor}_{size}"
            chosen = random.Random(size).sample(every, size)
            (folder / f"{name}.fa").write_text("".join(chosen), encoding="utf-8")
            rows.append(f"{name},sequences,{folder / name}.fa")
    sheet = folder / "small.csv"
    sheet.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return sheet


def main() -> None:
    """Draw the sequences, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--data", type=Path, default=TOP.parent / "shared" / "data")
    parser.add_argument("--factors", nargs="+", choices=FACTORS, default=list(FACTORS))
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--checkout", type=Path, help="another checkout, run as the reference")
    parser.add_argument("--folder", type=Path, help="where the runs stay; deleted by default")
    args, others = parser.parse_known_args()
    data = args.data.resolve() / "chipseq"
    if not data.is_dir():
        print(f"# small: no folder chipseq in {args.data.name}; give --data")
        return
    with tempfile.TemporaryDirectory() as scratch:
        sheet = write_sheet(data, args.factors, args.sizes, Path(scratch))
        given = set(others)
        settings = [
            word
            for name, value in zip(SETTINGS[::2], SETTINGS[1::2], strict=True)
            if name not in given
            for word in (name, value)
        ]
        measure("small", ["--input", str(sheet), *settings, *others], args.checkout, args.folder)


if __name__ == "__main__":
    main()
