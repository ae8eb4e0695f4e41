#!/usr/bin/env python3
"""Split predictions of given sequences over the units of the best replicate, with positions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nfexplainn.arguments import add_replicates
from nfexplainn.errors import run_script
from nfexplainn.explain.run import ExplainOptions, explain, thresholds, unit_labels
from nfexplainn.explain.sequences import read_located
from nfexplainn.interpret.options import read_options
from nfexplainn.interpret.replicates import best_of, of_replicate
from nfexplainn.interpret.unit_files import UNIT_COLUMNS, read_tsv


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_replicates(parser, "models", "history", "units")
    parser.add_argument("--named", required=True, help="D.<model>.units.tsv")
    parser.add_argument("--sequences", required=True, help="D.explain.parquet")
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--id", required=True, help="prefix of the files written: D.<model>")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Choose the replicate, split, write."""
    args = parse()
    options = read_options(args.options, ExplainOptions)
    best = best_of(args.history)

    import torch

    from nfexplainn.device import prepare_device
    from nfexplainn.explain.split import Splitter
    from nfexplainn.models.checkpoint import load_model
    from nfexplainn.models.kernels import choose_kernel

    cpu = torch.device("cpu")
    prepare_device(cpu, args.threads)
    loaded = load_model(of_replicate(args.models, best))
    choose_kernel(loaded.model, options.kernel, cpu)
    located = read_located(args.sequences)
    units = read_tsv(of_replicate(args.units, best), UNIT_COLUMNS)
    named = read_tsv(args.named, ("replicate", "unit", "status", "annotation", "consensus"))
    count = loaded.header.config["units"]
    splitter = Splitter(
        loaded.model,  # type: ignore[arg-type]
        loaded.header.strand_symmetric,
        thresholds(units, count),
    )
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    prefix = folder / f"{args.id}.r{best}"
    labels = unit_labels(named[named["replicate"] == best])
    explain(splitter, located, loaded.header.tasks, labels, prefix, options.explain_pictures)
    print(f"{args.id}: {len(located):,} sequences explained by replicate {best}", file=sys.stderr)


if __name__ == "__main__":
    run_script(main)
