"""Planted truth: unseen sequences should support the motifs that were planted, and no others.

Sets of random sequences on an order-1 background against their dinucleotide shuffles, without a
motif (``null``) or with four in 50, 20, 10 and 5 % of them (``planted``), trained with either
recipe, each by the scripts of the pipeline. A row counts as planted where its motif looks like one
of the four (Tomtom, q at most 0.05).

Lines ``evidence <kind> <positives> <recipe>``: ``ours`` is the mean number of planted motifs that
are supported, ``reference`` that of supported rows that are none of them, ``ratio`` the number of
sets; ``# ...`` tells each set. Takes hours; ``--sets`` and ``--positives`` make it short.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn.data.dataset import Dataset, DatasetMeta, write_dataset
from nfexplainn.data.shuffle import dinucleotide_shuffle
from nfexplainn.data.splits import make_groups, split_random
from nfexplainn.evidence.tables import evidence_of
from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.interpret.outputs import read_outputs
from nfexplainn.io.coordinates import read_names, shuffle_name
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.tomtom import tomtom
from nfexplainn.simulation.sequences import background, plant

BIN = Path(__file__).resolve().parent.parent / "bin"
LENGTH = 200
PLANTED = {"TGACGTCATC": 0.5, "GGGCGGAAGT": 0.2, "CACGTGACCT": 0.1, "TTGCGCAATC": 0.05}


def motif(word: str) -> Motif:
    """A motif of a word, with 90 % of its letter in each column."""
    ppm = np.full((len(word), 4), 0.1 / 3)
    ppm[np.arange(len(word)), ["ACGT".index(letter) for letter in word]] = 0.9
    return Motif(word, word, ppm, 100)


def data_set(positives: int, planted: bool, seed: int) -> Dataset:
    """Make a set of sequences and their shuffles, split in groups of both."""
    rng = np.random.default_rng([seed, positives])
    own = background(positives, LENGTH, rng)
    for word, probability in PLANTED.items() if planted else ():
        own, _ = plant(own, [motif(word)], rng, probability=probability)
    codes = np.concatenate([own, dinucleotide_shuffle(own, rng)])
    names = [f"s{row}" for row in range(positives)]
    names += [shuffle_name(name, 1) for name in names]
    labels = np.repeat(np.float32([1, 0]), positives)[:, None]
    groups = make_groups(codes, read_names(names))
    split = split_random(groups, labels, 0.1, 0.1, rng)
    extra = {"negatives": "shuffle"}
    meta = DatasetMeta("s", "sequences", "binary", ("t",), LENGTH, True, seed, extra=extra)
    return Dataset(meta, names, codes, split, labels)


def supported_rows(dataset: Dataset, recipe: str, replicates: int, units: int) -> pd.DataFrame:
    """Train, interpret and measure; give the supported rows with the planted motif of each."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_dataset(dataset, folder / "s.dataset.parquet")
        options = {"recipe": recipe, "units": units}
        (folder / "o.json").write_text(json.dumps(options))
        stored, tables = {}, []
        for replicate in range(1, replicates + 1):
            run = f"s.explainn.r{replicate}"
            common = ["--dataset", "s.dataset.parquet", "--options", "o.json", "--id", run]
            seeds = ["--replicate", str(replicate), "--seed", str(replicate)]
            model = ["--model", f"{run}.model.safetensors"]
            read = [*model, "--predictions", f"{run}.predictions.parquet"]
            _call(folder, "train.py", *common, *seeds, "--evaluate")
            _call(folder, "interpret.py", *common, *read)
            stored[replicate] = read_outputs(folder / f"{run}.outputs.npz", dataset)
            states = pd.read_csv(folder / f"{run}.units.tsv", sep="\t")[["unit", "status"]]
            effects = pd.read_csv(folder / f"{run}.effects.tsv", sep="\t")[["unit", "effect"]]
            table = states.merge(effects.rename(columns={"effect": "effect:t"}))
            tables.append(table.assign(replicate=replicate))
        found = evidence_of(
            dataset, "explainn", stored, pd.concat(tables), MotifSet(()), AnnotateOptions()
        )
    rows = found.rows[found.rows["supported"] == "true"]
    truth = MotifSet(tuple(motif(word) for word in PLANTED))
    hits = tomtom(found.motifs, truth, max_q=0.05).drop_duplicates("query_id")
    return rows.merge(hits, left_on="motif", right_on="query_id", how="left")


def _call(folder: Path, script: str, *arguments: str) -> None:
    command = [sys.executable, str(BIN / script), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"ERROR: {script} did not finish:\n{done.stderr}")


def main() -> None:
    """Judge every set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--positives", nargs="+", type=int, default=[1000, 3000])
    parser.add_argument("--recipes", nargs="+", default=["robust", "paper"])
    parser.add_argument("--kinds", nargs="+", default=["null", "planted"])
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--units", type=int, default=100)
    args = parser.parse_args()
    for kind in args.kinds:
        for positives in args.positives:
            for recipe in args.recipes:
                true, false = [], []
                for seed in range(1, args.sets + 1):
                    dataset = data_set(positives, kind == "planted", seed)
                    rows = supported_rows(dataset, recipe, args.replicates, args.units)
                    own = rows["target_id"].dropna() if kind == "planted" else rows["target_id"][:0]
                    true.append(own.nunique())
                    false.append(len(rows) - len(own))
                    said = ", ".join(
                        f"{target if isinstance(target, str) else 'none'} {share:.1%}"
                        for target, share in zip(rows["target_id"], rows["share"], strict=True)
                    )
                    print(f"# {kind} {positives} {recipe} {seed}: {said or 'nothing'}", flush=True)
                case = f"{kind} {positives} {recipe}"
                means = (f"{np.mean(some):.3g}" for some in (true, false))
                print("evidence", case, *means, args.sets, sep="\t", flush=True)


if __name__ == "__main__":
    main()
