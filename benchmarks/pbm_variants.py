"""What single changed bases do, predicted and measured: words of protein-binding microarrays.

No two probes of an array are one base apart, so words are compared. Two words of 8 bp one base
apart, each in at least 8 probes (on any strand) of the array that no model was trained on, differ
by the difference of these probes' mean log intensity. Predicted is what the change does to the
logit when one word is put for the other into these probes: the mean over probes of the one word and
(less) of the other, over both strands and over three replicates, by what judges variants.

Lines ``pbm_variants <factor> <pairs> <what>``: over ``all`` pairs, and over the ``clear`` ones,
whose measured difference is four of its standard errors or more; Spearman's r, the share of right
signs, and how many pairs. ``reference``: what the array that was trained on measures of the same
words (of those that 8 of its probes have), as a measurement by one array predicts another's.
The real data are found in ``../shared/data`` beside the project, or where ``NFEXPLAINN_TEST_DATA``
says. With ``--folder`` the models are kept there, and what is there is not trained again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from assays import DATA, DATA_SEED, TARGETS, prepare, script
from harness import print_line
from numpy.typing import NDArray
from scipy.stats import spearmanr

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn import dna
from nfexplainn.analyses.explain.mutagenesis import mutate
from nfexplainn.data.dataset import read_dataset
from nfexplainn.data.padding import pad_codes
from nfexplainn.interpret.motif_rows import RowSplitter, read_motif_rows
from nfexplainn.models.checkpoint import load_model

K, LEAST_PROBES, CLEAR = 8, 8, 4.0
WORDS = 4**K
SEEDS = (101, 102, 103)
TRAINED, UNSEEN = "HK", "ME"

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def reverse_words(words: Ints) -> Ints:
    """Give the reverse complements of words, which hold two bits a base."""
    turned = np.zeros_like(words)
    for place in range(K):
        turned = turned << 2 | (3 - (words >> 2 * place & 3))
    return turned


CANONICAL = np.minimum(np.arange(WORDS), reverse_words(np.arange(WORDS)))


def words_of(codes: dna.Codes) -> Ints:
    """Give the words of sequences without N as they are read, int64 (n, length - 7)."""
    windows = np.lib.stride_tricks.sliding_window_view(codes.astype(np.int64), K, axis=1)
    return np.asarray(windows @ (4 ** np.arange(K)[::-1]), dtype=np.int64)


@dataclass(frozen=True)
class Measured:
    """Mean log intensity of the probes that hold a word, its variance, and how many they are."""

    mean: Floats
    variance: Floats
    count: Ints


def measure(codes: dna.Codes, logs: Floats) -> Measured:
    """Average the log intensities, shape (n,), of the probes of each word and its reverse."""
    canonical = np.sort(CANONICAL[words_of(codes)], axis=1)
    first = np.ones_like(canonical, dtype=bool)
    first[:, 1:] = canonical[:, 1:] != canonical[:, :-1]  # a probe counts once
    at, values = canonical[first], np.broadcast_to(logs[:, None], canonical.shape)[first]
    count = np.bincount(at, minlength=WORDS)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(at, values, WORDS) / count
        squares = np.bincount(at, (values - mean[at]) ** 2, WORDS)
        return Measured(mean, squares / (count - 1) / count, count)


def predict(codes: dna.Codes, splitters: list[RowSplitter]) -> Floats:
    """Sum up and count what changes do, by word, place and base: float64 (2, words, K, 4)."""
    found = np.zeros((2, WORDS, K, 4))
    pad = (splitters[0].length - codes.shape[1]) // 2  # the models read N round the probes
    padded = pad_codes(codes, pad)
    for splitter in splitters:
        for part in mutate(splitter, padded):
            change = part.change[:, 0, pad : pad + codes.shape[1]]
            words = words_of(codes[part.rows])
            for place in range(K):
                shifted = change[:, place : place + words.shape[1]].reshape(-1, 4)
                for base in range(4):
                    found[0, :, place, base] += np.bincount(words.ravel(), shifted[:, base], WORDS)
                    found[1, :, place, base] += np.bincount(words.ravel(), minlength=WORDS)
    return found


def pair_table(sums: Floats) -> pd.DataFrame:
    """Give each pair of words once, with the predicted change from the first to the second.

    Parameters
    ----------
    sums : float64 array, shape (2, words, K, 4)
        See :func:`predict`.
    """
    word, place, base = (axis.ravel() for axis in np.indices((WORDS, K, 4)))
    shift = 2 * (K - 1 - place)
    other = word & ~(3 << shift) | base << shift
    one, two = CANONICAL[word], CANONICAL[other]
    kept = one != two
    frame = pd.DataFrame(
        {
            "low": np.minimum(one, two)[kept],
            "high": np.maximum(one, two)[kept],
            "up": (one < two)[kept],
            "sum": sums[0].ravel()[kept],
            "count": sums[1].ravel()[kept],
        }
    )
    directed = frame.groupby(["low", "high", "up"], sort=True)[["sum", "count"]].sum()
    mean = (directed["sum"] / directed["count"]).unstack("up")
    return ((mean[True] - mean[False]) / 2).rename("predicted").reset_index()


def compare(pairs: pd.DataFrame, here: Measured, there: Measured) -> pd.DataFrame:
    """Put both measurements beside the prediction, for pairs that the unseen array holds enough."""
    low, high = pairs["low"].to_numpy(), pairs["high"].to_numpy()
    enough = np.minimum(here.count[low], here.count[high]) >= LEAST_PROBES
    table = pairs[enough].copy()
    low, high = low[enough], high[enough]
    table["measured"] = here.mean[high] - here.mean[low]
    table["error"] = np.sqrt(here.variance[low] + here.variance[high])
    known = np.minimum(there.count[low], there.count[high]) >= LEAST_PROBES
    table["trained"] = np.where(known, there.mean[high] - there.mean[low], np.nan)
    return table


def show(factor: str, table: pd.DataFrame) -> None:
    """Print a factor's lines."""
    clear = table["measured"].abs() >= CLEAR * table["error"]
    for name, some in (("all", table), ("clear", table[clear])):
        both = some.dropna(subset="trained")
        case = f"{factor} {name}"
        seen = [(some["predicted"], some["measured"]), (both["trained"], both["measured"])]
        found = [float(spearmanr(one, two).statistic) for one, two in seen]
        print_line("pbm_variants", f"{case} spearman", *found)
        signs = [float((np.sign(one) == np.sign(two)).mean()) for one, two in seen]
        print_line("pbm_variants", f"{case} signs", *signs)
        print_line("pbm_variants", f"{case} pairs", len(some), len(both))


def log_intensities(factor: str, design: str) -> tuple[dna.Codes, Floats]:
    """Read an array's probes and their log intensities."""
    table = pd.read_csv(DATA / "pbm" / f"DREAM5_{factor}_{design}.tsv.gz", sep="\t")
    table = table[table["mean_signal_intensity"] > 0].dropna()
    logs = np.log(table["mean_signal_intensity"].to_numpy(dtype=np.float64))
    return dna.encode(table["pbm_sequence"].tolist()), logs


def trained(factor: str, folder: Path, seeds: Sequence[int], epochs: int) -> list[RowSplitter]:
    """Train the replicates that are not there yet, and load all."""
    data = folder / f"{factor}.dataset.parquet"
    (folder / "options.json").write_text(json.dumps({"max_epochs": epochs}))
    if not data.exists():
        prepare(factor, TARGETS[factor], DATA_SEED, folder)
    rows = read_motif_rows([])
    found = []
    for number, seed in enumerate(seeds, 1):
        run = f"{factor}.explainn.r{number}"
        path = folder / f"{run}.model.safetensors"
        if not path.exists():
            options = ("--dataset", data, "--options", "options.json", "--id", run)
            script(folder, "train.py", *options, "--seed", str(seed))
        loaded = load_model(path)
        found.append(RowSplitter(loaded.model, loaded.header.strand_symmetric, rows, number))
    return found


def main() -> None:
    """Train, change, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", default=["Cebpb", "Sp1", "Esr1"])
    parser.add_argument("--folder", type=Path, help="where models are kept and looked for")
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--epochs", type=int, default=100, help="at most; fewer is a trial")
    parser.add_argument("--probes", type=int, help="judge so many; fewer than all is a trial")
    args = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(
            f"ERROR: the real data are missing; NFEXPLAINN_TEST_DATA names their folder, {DATA}"
        )
    with tempfile.TemporaryDirectory() as scratch:
        for factor in args.only:
            folder = (args.folder or Path(scratch)).resolve() / factor
            folder.mkdir(parents=True, exist_ok=True)
            splitters = trained(factor, folder, args.seeds, args.epochs)
            sequences = read_dataset(folder / f"{factor}.dataset.parquet")
            unseen, there = (log_intensities(factor, design) for design in (UNSEEN, TRAINED))
            # No probe of the array that is judged was trained on.
            known = set(dna.decode(sequences.codes[sequences.rows("train", "valid")]))
            new = np.array([text not in known for text in dna.decode(unseen[0])])
            codes, logs = unseen[0][new][: args.probes], unseen[1][new][: args.probes]
            pairs = pair_table(predict(codes, splitters))
            show(factor, compare(pairs, measure(codes, logs), measure(*there)))


if __name__ == "__main__":
    main()
