"""From a file to sequences that a model takes, CPU seconds: the artefact, against one-hot encoding.

Ours reads the data set artefact; the original encodes every sequence with its ``dna_one_hot``,
for one strand, from strings that are in memory already.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from explainn.utils.tools import dna_one_hot
from harness import interleaved, print_line

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta, read_dataset, write_dataset

LENGTH = 200
CASES = ((5_000, 3), (200_000, 1))


def measure(n: int, pairs: int) -> None:
    """Measure one number of sequences."""
    codes = np.random.default_rng(1).integers(0, 4, (n, LENGTH), dtype=np.uint8)
    meta = DatasetMeta("load", "sequences", "binary", ("task",), LENGTH, True, 1)
    split = np.where(np.arange(n) % 10, "train", "valid")
    labels = (np.arange(n) % 2).astype(np.float32)[:, None]
    dataset = Dataset(meta, [f"s{i}" for i in range(n)], codes, split, labels)
    sequences = dna.decode(codes)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "load.dataset.parquet"
        write_dataset(dataset, path)
        if not np.array_equal(read_dataset(path).codes, codes):
            raise SystemExit("what was read is not what was written")

        def encode_all() -> None:
            # Half precision: what the original's encoder gives for a sequence.
            encoded = np.empty((n, 4, LENGTH), dtype=np.float16)
            for row, sequence in enumerate(sequences):
                encoded[row] = dna_one_hot(sequence)

        seconds = interleaved(lambda: read_dataset(path), encode_all, pairs)
    print_line("load", f"n{n}_l{LENGTH}", *seconds)


def main() -> None:
    """Measure all cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, help="sequences, instead of all cases")
    args = parser.parse_args()
    for n, pairs in [(args.n, 1)] if args.n else CASES:
        measure(n, pairs)


if __name__ == "__main__":
    main()
