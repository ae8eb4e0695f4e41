"""Test AUPRC of models trained by the native kernel against plain torch, over some seeds.

MAFK in H1 cells from the demonstration's data, 1,500 peaks with their dinucleotide shuffles; with
``--data``, eight ChIP-seq sets (four human, at most 2,000 peaks of each, and four of yeast). Both
learners start from the same weights and see the same batches; their dropout and the order of their
sums differ, and so do the models, as those of two seeds do. Lines: means, then standard deviations
over the seeds (whose ratio says nothing), and with ``--data`` a paired t test over all models. It
fails where the means differ by more than the spread, or p is below .01.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from harness import print_line
from scipy.stats import ttest_1samp

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
HUMAN = (
    "FOXA1_HepG2.train_pos.fa.gz",
    "GABPA_GM12878.train_pos.fa.gz",
    "REST_GM12878.train_pos.fa.gz",
    "CTCF_100bp.fa.gz",
)
YEAST = ("Reb1", "Abf1", "Rap1", "Cbf1")
MOST, WINDOW, LEAST_P = 2000, 200, 0.01


def read_fasta(path: Path) -> dna.Codes:
    """Give the sequences of a file, a line each; those of most of them with another length not."""
    with gzip.open(path, "rt") as lines:
        found = [line.strip() for line in lines if not line.startswith(">")][:MOST]
    return dna.encode([text for text in found if len(text) == len(found[0])])


def read_peaks(bed: Path, genome: Path) -> dna.Codes:
    """Give windows round the middle of peaks."""
    with gzip.open(genome, "rt") as lines:
        records = [record.split("\n", 1) for record in lines.read().split(">")[1:]]
    chromosomes = {head.split()[0]: text.replace("\n", "") for head, text in records}
    found = []
    for line in bed.read_text().splitlines():
        name, start, end = line.split("\t")[:3]
        first = (int(start) + int(end)) // 2 - WINDOW // 2
        if 0 <= first <= len(chromosomes[name]) - WINDOW:
            found.append(chromosomes[name][first : first + WINDOW])
    return dna.encode(found)


def real_sets(data: Path) -> Iterator[tuple[str, Dataset]]:
    """Yield the eight sets by name."""
    folder = data / "chipseq"
    for name in HUMAN:
        yield name.split("_")[0].lower(), with_shuffles(read_fasta(folder / name))
    for name in YEAST:
        codes = read_peaks(
            folder / f"yeast_{name}_chexmix.bed", data / "genome" / "sacCer3_R64.fa.gz"
        )
        yield name.lower(), with_shuffles(codes)


def with_shuffles(positives: dna.Codes) -> Dataset:
    """Give peaks and shuffles, six parts for training, two each for validation and test."""
    codes = np.concatenate([positives, dinucleotide_shuffle(positives, 1)])
    n = len(positives)
    part = np.array(["train"] * 6 + ["valid"] * 2 + ["test"] * 2)[np.arange(n) % 10]
    labels = np.repeat(np.array([1, 0], dtype=np.float32), n)[:, None]
    meta = DatasetMeta("peaks", "sequences", "binary", ("peaks",), codes.shape[1], True, 1)
    return Dataset(meta, [f"s{row}" for row in range(2 * n)], codes, np.tile(part, 2), labels)


def score(dataset: Dataset, seed: int, kernel: str, options: argparse.Namespace) -> float:
    """Train a model and give its AUPRC on the test part."""
    config = {"length": dataset.meta.length, "tasks": 1, "units": options.units}
    plan = Plan("explainn", config, kernel=kernel, device="cpu")
    settings = TrainingOptions(max_epochs=options.epochs, seed=seed, recipe="paper")
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
    parser.add_argument("--data", type=Path, help="folder of the real sets")
    options = parser.parse_args()
    seeds = range(1, options.seeds + 1)
    prepare_device(torch.device("cpu"), 1)
    sets = real_sets(options.data) if options.data else [("mafk", with_shuffles(read_fasta(PEAKS)))]
    scores: dict[str, list[float]] = {"native": [], "torch": []}
    apart = []
    for name, dataset in sets:
        found = {k: [score(dataset, seed, k, options) for seed in seeds] for k in scores}
        means = [statistics.fmean(found[kernel]) for kernel in scores]
        spreads = [statistics.stdev(found[kernel]) for kernel in scores]
        case = f"{name}_n{options.units}_s{len(seeds)}"
        print_line("parity", f"{case}_auprc", means[0], means[1])
        print_line("parity", f"{case}_sd", spreads[0], spreads[1])
        if abs(means[0] - means[1]) > max(spreads):
            apart.append(name)
        for kernel in scores:
            scores[kernel] += found[kernel]
    if options.data:
        differences = np.subtract(scores["native"], scores["torch"])
        found_p = float(ttest_1samp(differences, 0).pvalue)
        error = differences.std(ddof=1) / len(differences) ** 0.5
        print(f"# all: {differences.mean():+.5f} +- {error:.5f}, paired t test p {found_p:.3f}")
        if found_p < LEAST_P:
            sys.exit("the learners differ over all sets")
    elif apart:
        sys.exit("the learners differ by more than the seeds")


if __name__ == "__main__":
    main()
