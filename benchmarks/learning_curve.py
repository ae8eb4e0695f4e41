#!/usr/bin/env python3
"""How well the learning curve of half of the data tells the score that all of it gives.

``learning_curve``: per set the score that is forecast from an eighth, a quarter and half of the
training sequences (``ours``) beside the mean score with all of them (``reference``);
``inside, half width``: 1 where that lies in the interval (95 %), and half of the interval's width;
``gain, low and high``: what the curve of all data expects of twice as many; ``cpu seconds,
trainings``. At last how many of how many lie inside.

Sets: ChIP-seq peaks and demo sets (their shuffles are the negatives), a split each.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn import dna
from nfexplainn.analyses.learning_curve.fit import doubled
from nfexplainn.analyses.learning_curve.measure import Point, measure
from nfexplainn.analyses.learning_curve.subsets import draws
from nfexplainn.cpu import prepare_cpu
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.data.shuffle import dinucleotide_shuffle
from nfexplainn.io.coordinates import shuffle_name

TOP = Path(__file__).resolve().parent.parent
DATA = TOP.parent / "shared" / "data" / "chipseq"
DEMO = TOP / "assets" / "demo"
SETS = {
    "FOXA1": DATA / "FOXA1_HepG2.train_pos.fa.gz",
    "GABPA": DATA / "GABPA_GM12878.train_pos.fa.gz",
    "REST": DATA / "REST_GM12878.train_pos.fa.gz",
    "CTCF": DATA / "CTCF_100bp.fa.gz",
    "OCT4": DEMO / "OCT4_H1hESC_200bp.1500.fa.gz",
    "MAFK": DEMO / "MAFK_H1hESC_200bp.1500.fa.gz",
}


def read_set(path: Path, most: int, seed: int) -> Dataset:
    """Make a data set of a FASTA file; a positive and its shuffle stay in one part."""
    texts: list[str] = []
    with gzip.open(path, "rt") as handle:
        for line in handle:
            if line.startswith(">"):
                texts.append("")
            else:
                texts[-1] += line.strip().upper()
    length = min(map(len, texts))
    middles = [text[(len(text) - length) // 2 :][:length] for text in texts]
    whole = sorted({text for text in middles if set(text) <= set("ACGT")})
    rng = np.random.default_rng(seed)
    own = dna.encode([whole[row] for row in rng.permutation(len(whole))[:most].tolist()])
    part = rng.choice(["train", "valid", "test"], len(own), p=[0.7, 0.15, 0.15])
    names = [f"s{row}" for row in range(len(own))]
    name = path.name.split("_")[0]
    about = {"negatives": "shuffle"}
    meta = DatasetMeta(name, "sequences", "binary", (name,), length, True, seed, extra=about)
    return Dataset(
        meta,
        names + [shuffle_name(one, 1) for one in names],
        np.concatenate([own, dinucleotide_shuffle(own, rng)]),
        np.concatenate([part, part]),
        np.repeat(np.float32([1, 0]), len(own))[:, None],
    )


def curves(names: list[str], most: int, seeds: int) -> Iterator[tuple[str, Dataset]]:
    """Give every set, with each seed of its draw and split."""
    for name in names:
        for seed in range(1, seeds + 1):
            if SETS[name].is_file():
                yield f"{name}_s{seed}", read_set(SETS[name], most, seed)
            else:
                print(f"# learning_curve: {name}: its file is not here", file=sys.stderr)


def main() -> None:
    """Measure each set, and print a line per case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--positives", type=int, default=1500, help="at most")
    parser.add_argument("--epochs", type=int, default=100, help="at most; fewer is a trial")
    args = parser.parse_args()
    prepare_cpu(1)
    met: list[bool] = []
    for case, dataset in curves(args.sets, args.positives, args.seeds):
        began = time.process_time()
        values = {"seed": 42, "max_epochs": args.epochs}
        points: list[Point] = [
            measure(share, number, own, values, 1) for share, number, own in draws(dataset)
        ]
        seconds = time.process_time() - began
        most = max(one.train_share for one in points)
        seen = float(np.mean([one.value for one in points if one.train_share == most]))
        forecast, twice = (
            doubled([one for one in points if one.train_share < most]),
            doubled(points),
        )
        if forecast is None or twice is None:
            print(f"# learning_curve: {case}: too few sequences for a curve", file=sys.stderr)
            continue
        met.append(forecast.low <= seen <= forecast.high)
        width = (forecast.high - forecast.low) / 2
        tell(case, forecast.score, seen)
        tell(f"{case} inside, half width", met[-1], width)
        tell(f"{case} gain, low and high", *twice.gain[1:])
        tell(f"{case} cpu seconds, trainings", seconds, len(points))
    tell("inside, of", sum(met), len(met))


def tell(case: str, ours: float, reference: float) -> None:
    """Print a line; what stands in it is no pair of speeds."""
    print(f"learning_curve\t{case}\t{float(ours):.4g}\t{float(reference):.4g}\t", flush=True)


if __name__ == "__main__":
    main()
