"""The whole discovery, from sequences to motifs and importances, against STREME.

Sequences of 200 bp with three planted motifs (``simulation.sequences``), as many background
sequences as negatives. Ours is training with the default settings, evaluation and interpretation,
by the scripts that the pipeline calls; the reference is ``streme`` where it is on PATH, looking for
one motif only unless told otherwise (on 50,000 positives even that takes the better part of an
hour, and its time grows with the number of motifs).

Lines ``discovery p<positives>_t<threads>``: wall seconds. ``discovery_auprc``: of the best motif on
sequences that neither has seen (chosen on those that both have); more is better there.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta, write_dataset
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.scan import average_precision, best_hits
from nfexplainn.simulation.sequences import background, plant

TOP = Path(__file__).resolve().parent.parent
LENGTH = 200
PLANTED = ("CTCF", "REST", "GATA1")
CHANCES = (0.4, 0.2, 0.4)
SIZES = (1000, 5000, 20000, 50000)
HELD_OUT = 1000
CHOICE = 5000


def simulate(positives: int, seed: int) -> Dataset:
    """Make the data set: training and validation 90 to 10, and a test part of fixed size."""
    known = read_meme(next((TOP / "assets" / "motifs").glob("*vertebrates*.meme"))).motifs
    motifs = [next(motif for motif in known if motif.name == name) for name in PLANTED]
    rng = np.random.default_rng(seed)
    n = positives + HELD_OUT
    with_sites, _ = plant(background(n, LENGTH, rng), motifs, rng, probability=CHANCES)
    codes = np.concatenate([with_sites, background(n, LENGTH, rng)])
    part = np.array(["train"] * 9 + ["valid"])[np.arange(n) % 10]
    part[positives:] = "test"
    labels = np.repeat(np.array([1, 0], dtype=np.float32), n)[:, None]
    meta = DatasetMeta("sim", "sequences", "binary", ("sim",), LENGTH, True, seed)
    return Dataset(meta, [f"s{i}" for i in range(2 * n)], codes, np.tile(part, 2), labels)


def ours(folder: Path, threads: int, options: dict[str, object]) -> float:
    """Run the three scripts; give their wall seconds."""
    (folder / "options.json").write_text(json.dumps(options))
    run, data = "sim.explainn.r1", ("--dataset", "sim.dataset.parquet")
    model = ("--model", f"{run}.model.safetensors")
    settings = ("--options", "options.json")
    both = ("--id", run, "--threads", str(threads))
    predictions = ("--predictions", f"{run}.predictions.parquet")
    started = time.perf_counter()
    for script, arguments in (
        ("train.py", (*data, *settings, *both)),
        ("evaluate.py", (*model, *data, *both)),
        ("interpret.py", (*model, *data, *predictions, *settings, *both)),
    ):
        command = [sys.executable, str(TOP / "bin" / script), *arguments]
        subprocess.run(command, cwd=folder, check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def streme(folder: Path, dataset: Dataset, motifs: int) -> float | None:
    """Run STREME on what ours was trained and validated on; None where there is no STREME."""
    if shutil.which("streme") is None:
        return None
    rows = dataset.rows("train", "valid")
    for name, label in (("pos.fa", 1), ("neg.fa", 0)):
        chosen = rows[dataset.labels[rows, 0] == label]
        pairs = zip(chosen, dna.decode(dataset.codes[chosen]), strict=True)
        (folder / name).write_text("".join(f">s{row}\n{text}\n" for row, text in pairs))
    command = ["streme", "--p", "pos.fa", "--n", "neg.fa", "--dna", "--hofract", "0"]
    command += ["--maxw", "19", "--nmotifs", str(motifs), "--oc", "streme"]
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - started


def best_auprc(path: Path, dataset: Dataset) -> float:
    """Choose a file's best motif on training and validation; give its AUPRC on the test part."""
    motifs = read_meme(path).motifs
    rows, test = dataset.rows("train", "valid"), dataset.rows("test")
    if len(rows) > CHOICE:
        rows = np.sort(np.random.default_rng(0).choice(rows, CHOICE, replace=False))
    areas = average_precision(best_hits(motifs, dataset.codes[rows]), dataset.labels[rows, 0])
    best = motifs[int(np.nanargmax(areas))]
    scores = best_hits([best], dataset.codes[test])
    return float(average_precision(scores, dataset.labels[test, 0])[0])


def line(name: str, case: str, mine: float, other: float | None, less: bool) -> None:
    """Print a line; without a reference its fields are empty."""
    reference, ratio = "", ""
    if other is not None:
        reference, ratio = f"{other:.4g}", f"{other / mine if less else mine / other:.3g}"
    print(name, case, f"{mine:.4g}", reference, ratio, sep="\t", flush=True)


def main() -> None:
    """Measure all sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--motifs", type=int, default=1, help="that STREME looks for (paper: 100)")
    parser.add_argument("--recipe", choices=("robust", "paper"), default="robust")
    parser.add_argument("--epochs", type=int, default=100, help="at most; fewer is a trial")
    args = parser.parse_args()
    for size in args.sizes:
        dataset = simulate(size, seed=size)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_dataset(dataset, folder / "sim.dataset.parquet")
            mine = ours(folder, args.threads, {"max_epochs": args.epochs, "recipe": args.recipe})
            reference = streme(folder, dataset, args.motifs)
            case = f"p{size}_t{args.threads}"
            line("discovery", case, mine, reference, less=True)
            found = best_auprc(folder / "sim.explainn.r1.units.meme", dataset)
            other = folder / "streme" / "streme.txt"
            theirs = best_auprc(other, dataset) if other.is_file() else None
            line("discovery_auprc", case, found, theirs, less=False)


if __name__ == "__main__":
    main()
